//! `curlwind inspect`: what a file holds.

use super::Options;
use super::options::say;
use crate::error::{Error, Result};
use std::path::Path;

/// Prints the description of a NetCDF, HDF5, Touchstone or safetensors file.
pub fn inspect(file: &Path, options: &Options) -> Result<()> {
    let description = curlwind_datasets::inspect::inspect(file).map_err(Error::unusable)?;
    if options.json {
        say(&serde_json::json!(description).to_string())
    } else {
        say(description.to_string().trim_end_matches('\n'))
    }
}
