//! What can go wrong, in words that say what was expected and what was found.

use std::fmt::Display;
use std::path::PathBuf;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A configuration value outside its range.
    #[error("`{key}`: expected {expected}, found {found}")]
    Config {
        /// The key.
        key: String,
        /// What is allowed.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A grid that the operation cannot work on.
    #[error("grid of {nlat} x {nlon} points: {reason}")]
    Grid {
        /// Number of latitudes or rows.
        nlat: usize,
        /// Number of longitudes or columns.
        nlon: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor whose shape does not fit its place.
    #[error("tensor `{tensor}`: expected shape {expected:?}, found {found:?}")]
    TensorShape {
        /// Name of the tensor.
        tensor: String,
        /// Expected shape.
        expected: Vec<usize>,
        /// Shape found.
        found: Vec<usize>,
    },
    /// A file whose tensors are not those of the model.
    #[error("{file}: {problem}")]
    Weights {
        /// The file.
        file: PathBuf,
        /// Which tensors are missing, left over or of another kind.
        problem: String,
    },
    /// A file that cannot be read or written.
    #[error("{file}: {source}")]
    Io {
        /// The file.
        file: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// A file that is not what its name says.
    #[error("{file}: not a valid {kind}: {reason}")]
    Corrupt {
        /// The file.
        file: PathBuf,
        /// What it should hold.
        kind: &'static str,
        /// Why it does not.
        reason: String,
    },
    /// A device that is not there.
    #[error("device `{name}`: {reason}")]
    Device {
        /// Its name.
        name: String,
        /// Why it cannot be used.
        reason: String,
    },
    /// The data source failed.
    #[error("training data: {0}")]
    Data(String),
    /// The loss left the numbers.
    #[error(
        "the {term} became {value} at step {step} (epoch {epoch}, learning rate {learning_rate:.3e}); \
         the last good checkpoint is kept"
    )]
    NotFinite {
        /// Which quantity: the loss or the gradient norm.
        term: &'static str,
        /// Its value.
        value: f64,
        /// Optimiser step, from 0.
        step: u64,
        /// Epoch, from 0.
        epoch: usize,
        /// Learning rate of that step.
        learning_rate: f64,
    },
    /// A residual left the numbers.
    #[error("the residual of term `{term}` became {value} at the point {point:?}")]
    ResidualNotFinite {
        /// Which term of the loss.
        term: String,
        /// Its value.
        value: f64,
        /// Coordinates of the point.
        point: Vec<f64>,
    },
    /// A run was stopped from outside.
    #[error("training was stopped; its checkpoint is in {folder}")]
    Stopped {
        /// Folder of the checkpoint.
        folder: PathBuf,
    },
    /// The solver crate refused.
    #[error(transparent)]
    Solver(#[from] curlwind_solvers::Error),
}

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn config(key: &str, expected: impl Display, found: impl Display) -> Self {
        Self::Config {
            key: key.to_owned(),
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }

    pub(crate) fn io(file: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io {
            file: file.into(),
            source,
        }
    }
}
