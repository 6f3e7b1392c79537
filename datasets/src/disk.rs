//! Room on the disk, asked for before a file is touched: HDF5 cannot take back
//! a half-written index, so a disk that fills up in the middle of a write may
//! cost what was written before.

use std::io::{Error as IoError, ErrorKind};
use std::path::Path;

use crate::{Error, Result};

/// Room kept for indices and headers.
const SLACK: u64 = 1 << 20;

/// Checks that `bytes` more fit on the disk of `folder`.
///
/// # Errors
/// [`Error::Io`] naming `path`, the bytes needed and the bytes free.
pub(crate) fn require(folder: &Path, bytes: u64, path: &Path) -> Result<()> {
    match free(folder) {
        Some(free) if free < bytes + SLACK => Err(Error::Io {
            path: path.to_path_buf(),
            source: IoError::new(
                ErrorKind::StorageFull,
                format!(
                    "no space left on the disk: {:.1} MB needed, {:.1} MB free",
                    (bytes + SLACK) as f64 / 1e6,
                    free as f64 / 1e6
                ),
            ),
        }),
        _ => Ok(()),
    }
}

/// Bytes an ordinary user may still write; `None` if the system does not say.
#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail * stat.f_frsize)
}

#[cfg(not(unix))]
fn free(_folder: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_any_disk_has_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out.nc");
        assert!(require(folder.path(), 10, &file).is_ok());
        let message = require(folder.path(), 1 << 60, &file)
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("out.nc") && message.contains("no space left"),
            "{message}"
        );
    }
}
