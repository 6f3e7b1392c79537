//! One process at a time holds the folder of a run.

use super::RunError;
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::path::Path;

/// The lock file's name.
pub(super) const LOCK: &str = ".lock";

/// Takes the folder for this process, until the file is dropped.
pub(super) fn lock(folder: &Path) -> Result<File, RunError> {
    let path = folder.join(LOCK);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|reason| RunError::io("write", &path, reason))?;
    match file.try_lock() {
        Ok(()) => {
            remove_begun_manifests(folder)?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => Err(RunError::InUse(folder.to_path_buf())),
        // Some network file systems have no locks; one process is then the user's care.
        Err(TryLockError::Error(reason)) if reason.kind() == std::io::ErrorKind::Unsupported => {
            Ok(file)
        }
        Err(TryLockError::Error(reason)) => Err(RunError::io("lock", &path, reason)),
    }
}

/// Takes away the manifests that killed processes had not finished writing. Called by the
/// holder of the lock: nobody else writes one.
fn remove_begun_manifests(folder: &Path) -> Result<(), RunError> {
    let entries = fs::read_dir(folder).map_err(|reason| RunError::io("read", folder, reason))?;
    for entry in entries.flatten() {
        if is_begun_manifest(&entry.file_name()) {
            fs::remove_file(entry.path())
                .map_err(|reason| RunError::io("remove", &entry.path(), reason))?;
        }
    }
    Ok(())
}

/// A file that [`super::write_atomically`] began for a manifest and did not rename.
pub(super) fn is_begun_manifest(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("manifest.json.") && name.ends_with(".part")
}
