//! A folder of training files that one run at a time makes or completes.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{File, TryLockError};
use std::path::Path;

use super::layout::{read_json, write_json};
use crate::{Error, Result};

/// What all files of a folder have in common, kept beside them as JSON.
pub(crate) trait FolderLayout: Serialize + DeserializeOwned + PartialEq {
    /// The file that holds it.
    const FILE: &'static str;

    /// sha256 of the configuration that makes the files.
    fn fingerprint(&self) -> &str;

    /// Refuses what makes no sense.
    fn check(&self) -> Result<()>;

    /// In words, for messages.
    fn summary(&self) -> String;
}

/// Refuses a folder that was made by another configuration.
///
/// # Errors
/// [`Error::Fingerprint`] or [`Error::Shape`] if it was; [`Error::Io`] if there is none.
pub(crate) fn agree<L: FolderLayout>(folder: &Path, layout: &L) -> Result<()> {
    let found: L = read_json(&folder.join(L::FILE), "the layout of a training store")?;
    if found.fingerprint() != layout.fingerprint() {
        return Err(Error::Fingerprint {
            path: folder.to_path_buf(),
            expected: layout.fingerprint().to_string(),
            found: found.fingerprint().to_string(),
        });
    }
    if found != *layout {
        return Err(Error::Shape {
            what: format!("{}: layout of the store", folder.display()),
            expected: layout.summary(),
            found: found.summary(),
        });
    }
    Ok(())
}

/// Makes the folder, or goes on with it if its layout is the same, and removes half-written files.
/// The folder is the caller's as long as the file returned is held.
///
/// # Errors
/// [`Error::Fingerprint`] if another configuration made it; [`Error::Shape`] if the layout differs
/// all the same; [`Error::Io`] if the folder cannot be made, holds something else, or is being
/// written by another process.
pub(crate) fn claim<L: FolderLayout>(folder: &Path, layout: &L) -> Result<File> {
    layout.check()?;
    let io = |source| Error::Io {
        path: folder.to_path_buf(),
        source,
    };
    let described = folder.join(L::FILE);
    let is_ours = described.is_file();
    if is_ours {
        agree(folder, layout)?;
    } else {
        std::fs::create_dir_all(folder).map_err(io)?;
        let stranger = std::fs::read_dir(folder)
            .map_err(io)?
            .flatten()
            .find(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                !name.starts_with(L::FILE) && !name.starts_with("store.")
            });
        if let Some(entry) = stranger {
            return Err(io(std::io::Error::new(
                std::io::ErrorKind::AlreadyExists,
                format!(
                    "is no training store, but has files in it ('{}')",
                    entry.file_name().to_string_lossy()
                ),
            )));
        }
    }
    let lock = File::create(folder.join("store.lock")).map_err(io)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(io(std::io::Error::new(
                std::io::ErrorKind::ResourceBusy,
                "another process is writing this store",
            )));
        }
        // file systems without locks: go on, as most programs do
        Err(TryLockError::Error(_)) => {}
    }
    if !is_ours {
        write_json(&described, layout)?;
    }
    for entry in std::fs::read_dir(folder).map_err(io)?.flatten() {
        if entry.file_name().to_string_lossy().ends_with(".partial") {
            let _ = std::fs::remove_file(entry.path());
        }
    }
    Ok(lock)
}
