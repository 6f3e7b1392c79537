//! What a file holds.
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use crate::Result;

/// A variable or dataset.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VariableDescription {
    /// Name, with groups.
    pub name: String,
    /// Element type.
    pub kind: String,
    /// `(dimension name, length)`.
    pub dimensions: Vec<(String, usize)>,
    /// Unit.
    pub units: Option<String>,
    /// Attributes, as text.
    pub attributes: BTreeMap<String, String>,
}

/// A file described.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Description {
    /// The file.
    pub path: PathBuf,
    /// "NetCDF-4", "NetCDF classic", "HDF5", "safetensors", "Touchstone", "training store".
    pub kind: String,
    /// Bytes.
    pub bytes: u64,
    /// Dimensions.
    pub dimensions: Vec<(String, usize)>,
    /// Variables.
    pub variables: Vec<VariableDescription>,
    /// Global attributes.
    pub attributes: BTreeMap<String, String>,
}

/// Describes a file.
pub fn inspect(path: impl AsRef<Path>) -> Result<Description> { let _ = path; todo!() }
