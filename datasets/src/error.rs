//! What can go wrong with a file, said with the file's name, what was expected
//! and what was found.

use std::path::PathBuf;

/// Result of every fallible function of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a file or an argument was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused: no such file, no permission, disk full.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not of the expected kind, is cut short or is damaged.
    #[error("{}: expected {expected}, but {found}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What was expected, e.g. "a NetCDF file".
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// The library could not write; the text says whether the disk is full.
    #[error("{}: cannot write: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the library said.
        reason: String,
    },
    /// No variable answers to any of the names.
    #[error("{}: no variable {wanted}; the file has {present}{}", path.display(), suggestion(nearest))]
    VariableMissing {
        /// The file.
        path: PathBuf,
        /// The names looked for.
        wanted: String,
        /// The names present.
        present: String,
        /// The most similar name present.
        nearest: Option<String>,
    },
    /// Two or more variables answer to the names.
    #[error("{}: {wanted} could be any of {candidates}; name the variable itself", path.display())]
    VariableAmbiguous {
        /// The file.
        path: PathBuf,
        /// The names looked for.
        wanted: String,
        /// Those that fit.
        candidates: String,
    },
    /// A dimension has no coordinate, or is not where it is needed.
    #[error("{}: variable '{variable}': expected {expected}, found {found}", path.display())]
    Coordinate {
        /// The file.
        path: PathBuf,
        /// The variable.
        variable: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// The unit cannot be read or cannot be converted.
    #[error("{}: variable '{variable}' is in {found}, expected {expected}", path.display())]
    Units {
        /// The file.
        path: PathBuf,
        /// The variable.
        variable: String,
        /// The unit in the file.
        found: String,
        /// The unit wanted.
        expected: String,
    },
    /// Cells without a value where a full field is needed.
    #[error("{}: variable '{variable}' has no value in {count} of {total} cells, the first at {place}", path.display())]
    MissingValues {
        /// The file.
        path: PathBuf,
        /// The variable.
        variable: String,
        /// Cells without a value.
        count: usize,
        /// All cells read.
        total: usize,
        /// Where the first is.
        place: String,
    },
    /// The level, time, member or lead asked for is not in the file.
    #[error("{}: variable '{variable}' has no {axis} {wanted}; {hint}", path.display())]
    Absent {
        /// The file.
        path: PathBuf,
        /// The variable.
        variable: String,
        /// "level", "time", "member", "lead".
        axis: &'static str,
        /// What was asked for.
        wanted: String,
        /// What there is, the nearest first.
        hint: String,
    },
    /// A file being resumed was made by another configuration.
    #[error("{}: made by another configuration (fingerprint {found}, this run has {expected}); choose another output or remove it", path.display())]
    Fingerprint {
        /// The file or folder.
        path: PathBuf,
        /// Fingerprint of this run.
        expected: String,
        /// Fingerprint in the file.
        found: String,
    },
    /// An array has another shape than needed.
    #[error("{what}: expected shape {expected}, found {found}")]
    Shape {
        /// Which array.
        what: String,
        /// The shape needed.
        expected: String,
        /// The shape given.
        found: String,
    },
    /// An argument makes no sense.
    #[error("{what}: expected {expected}, found {found}")]
    Invalid {
        /// Which argument.
        what: String,
        /// What is allowed.
        expected: String,
        /// What was given.
        found: String,
    },
}

fn suggestion(nearest: &Option<String>) -> String {
    nearest
        .as_ref()
        .map(|name| format!("; did you mean '{name}'?"))
        .unwrap_or_default()
}

impl Error {
    /// An [`Error::Invalid`].
    pub fn invalid(
        what: impl Into<String>,
        expected: impl Into<String>,
        found: impl ToString,
    ) -> Self {
        Self::Invalid {
            what: what.into(),
            expected: expected.into(),
            found: found.to_string(),
        }
    }
}
