//! Asking for disk space before the work, not after it.

use super::RunError;
use std::path::Path;

/// Refuses when the disk of `path` has less than `bytes` free. `path` need not exist:
/// its nearest existing parent is asked.
///
/// A disk that does not tell is not refused.
///
/// # Errors
/// [`RunError::NoSpace`], with what is needed and what is free.
pub fn require_free_space(path: &Path, bytes: u64) -> Result<(), RunError> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let Some(existing) = absolute.ancestors().find(|parent| parent.exists()) else {
        return Ok(());
    };
    match fs4::available_space(existing) {
        Ok(free) if free < bytes => Err(RunError::NoSpace {
            path: path.to_path_buf(),
            needed: describe_bytes(bytes),
            free: describe_bytes(free),
        }),
        _ => Ok(()),
    }
}

/// A size in words: `3.2 GiB`.
pub fn describe_bytes(bytes: u64) -> String {
    let mut size = bytes as f64;
    let mut units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    for next in units {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = next;
    }
    if unit == "bytes" {
        format!("{bytes} bytes")
    } else {
        format!("{size:.1} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_any_disk_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("not/yet/there");
        require_free_space(&path, 1).unwrap();
        let error = require_free_space(&path, u64::MAX).unwrap_err().to_string();
        assert!(error.contains("16.0 EiB needed"), "{error}");
    }

    #[test]
    fn sizes_in_words() {
        assert_eq!(describe_bytes(512), "512 bytes");
        assert_eq!(describe_bytes(1536), "1.5 KiB");
        assert_eq!(describe_bytes(3 << 30), "3.0 GiB");
    }
}
