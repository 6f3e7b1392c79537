//! What can go wrong with a run folder, in words that say what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why a run folder could not be made, read or written.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The folder holds something already.
    #[error("the output folder {} is not empty; give another one with -o, remove it, or resume the run in it", .0.display())]
    NotEmpty(PathBuf),
    /// The path names a file.
    #[error("the output folder {} is a file; give the path of a folder with -o", .0.display())]
    NotAFolder(PathBuf),
    /// There is nothing to resume.
    #[error("there is no run to resume in {}: it has no manifest.json", .0.display())]
    NothingToResume(PathBuf),
    /// The run to resume was made with another configuration.
    #[error("the run in {} was started with another configuration ({difference}); resume with the same one or give another folder with -o", path.display())]
    OtherConfiguration {
        /// The folder.
        path: PathBuf,
        /// The first key that differs, with both values.
        difference: String,
    },
    /// Another process works in the folder.
    #[error("another process is working in {}; wait for it to end or give another folder with -o", .0.display())]
    InUse(PathBuf),
    /// The disk is full, or will be.
    #[error("not enough disk space for {}: {needed} needed, {free} free; free some or give a folder on another disk with -o", path.display())]
    NoSpace {
        /// What was to be written.
        path: PathBuf,
        /// How much it needs.
        needed: String,
        /// How much there is.
        free: String,
    },
    /// The disk filled up during a write. What was there before is untouched.
    #[error("the disk is full: could not write {}; what was written before is kept, so the run can be resumed once there is space", .0.display())]
    DiskFull(PathBuf),
    /// Anything else that the operating system refuses.
    #[error("cannot {action} {}: {reason}", path.display())]
    Io {
        /// What was tried: `write`, `read`, `create`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// A file that is not what its name says.
    #[error("{}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the row or line.
        message: String,
    },
    /// A configuration that cannot be expressed as JSON.
    #[error("the configuration cannot be written as JSON: {0}")]
    Configuration(serde_json::Error),
}

impl RunError {
    /// The error for a failed call on `path`, with a full disk told apart.
    pub(crate) fn io(action: &'static str, path: &Path, reason: io::Error) -> Self {
        match reason.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull(path.to_path_buf())
            }
            _ => Self::Io {
                action,
                path: path.to_path_buf(),
                reason,
            },
        }
    }

    /// Whether the input was at fault (exit status 2) rather than the run (1).
    pub fn is_input(&self) -> bool {
        !matches!(self, Self::DiskFull(_))
    }
}
