//! Plain arrays in HDF5 files.
use std::path::Path;
use ndarray::ArrayD;
use crate::Result;

/// Reads dataset `name` of an HDF5 file; `shape` (with `None` for any length) is checked if given.
pub fn read_array(path: impl AsRef<Path>, name: &str, shape: Option<&[Option<usize>]>) -> Result<ArrayD<f32>> { let _ = (path, name, shape); todo!() }
