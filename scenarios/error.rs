//! What a command ends with when it does not end well.

use crate::config::ConfigError;
use crate::run_folder::RunError;
use std::fmt::Display;

/// Why a command stopped; decides the exit status.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input was unusable: nothing was computed. Exit status 2.
    #[error("{0}")]
    Unusable(String),
    /// The run itself failed; what it had finished is kept. Exit status 1.
    #[error("{0}")]
    Failed(String),
}

/// Result of a command.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The input was unusable.
    pub fn unusable(reason: impl Display) -> Self {
        Self::Unusable(reason.to_string())
    }

    /// The run failed.
    pub fn failed(reason: impl Display) -> Self {
        Self::Failed(reason.to_string())
    }

    /// 2 for unusable input, 1 for a failed run.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Unusable(_) => 2,
            Self::Failed(_) => 1,
        }
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::unusable(error)
    }
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Self {
        if error.is_input() {
            Self::unusable(error)
        } else {
            Self::failed(error)
        }
    }
}
