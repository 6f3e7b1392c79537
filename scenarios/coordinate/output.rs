//! Fields of network and truth in one file, and the trained network.

use super::train::Outcome;
use super::{Loaded, Settings};
use crate::error::{Error, Result};
use crate::run_folder::write_atomically;
use curlwind_datasets::array_file::{NamedArray, write_arrays};
use curlwind_datasets::arrays::read_array;
use curlwind_operators::coordinate::cases::{Case, Reference};
use ndarray::{Array1, Array2, ArrayD};
use std::collections::BTreeMap;
use std::path::Path;

/// Writes coordinates, and each quantity by the network and in truth, as HDF5.
///
/// # Errors
/// When the file cannot be written.
pub fn write_fields(
    path: &Path,
    title: &str,
    case: &dyn Case,
    truth: &Reference,
    values: &Array2<f64>,
) -> Result<()> {
    let coordinates = case.coordinates();
    let names: Vec<&str> = coordinates.iter().map(|c| c.0).collect();
    let shape: Vec<usize> = truth.axes.iter().map(Vec::len).collect();
    let mut arrays = Vec::new();
    for ((name, unit), axis) in coordinates.iter().zip(&truth.axes) {
        arrays.push(NamedArray {
            name: (*name).into(),
            values: Array1::from(axis.clone()).into_dyn(),
            dimensions: (*name).into(),
            units: (*unit).into(),
            long_name: format!("coordinate {name}"),
        });
    }
    for (q, (name, unit, about)) in case.quantities().into_iter().enumerate() {
        for (group, of, who) in [
            ("network", values, "of the network"),
            ("truth", &truth.values, "in truth"),
        ] {
            let column = of.column(q).to_vec();
            arrays.push(NamedArray {
                name: format!("{group}/{name}"),
                values: ArrayD::from_shape_vec(shape.clone(), column).map_err(Error::failed)?,
                dimensions: names.join(" "),
                units: if unit == "1" {
                    String::new()
                } else {
                    unit.into()
                },
                long_name: format!("{about} {who}"),
            });
        }
    }
    let attributes = BTreeMap::from([
        ("title".to_string(), title.to_string()),
        (
            "source".to_string(),
            format!(
                "curlwind {}; truth: {}",
                env!("CARGO_PKG_VERSION"),
                case.source()
            ),
        ),
    ]);
    write_arrays(path, &arrays, &attributes).map_err(Error::failed)
}

/// Somebody else's solution: an array for each coordinate and each quantity.
///
/// # Errors
/// When the file cannot be read, or an array is missing or of another shape.
pub fn read_reference(path: &Path, case: &dyn Case) -> Result<Reference> {
    let refused = |reason: String| Error::unusable(format!("{}: {reason}", path.display()));
    let read = |name: &str| read_array(path, name, None).map_err(Error::unusable);
    let axes = case
        .coordinates()
        .iter()
        .map(|(name, _)| Ok(read(name)?.iter().map(|v| f64::from(*v)).collect()))
        .collect::<Result<Vec<Vec<f64>>>>()?;
    let quantities = case.quantities();
    let count: usize = axes.iter().map(Vec::len).product();
    let mut values = Array2::zeros((count, quantities.len()));
    for (q, (name, ..)) in quantities.iter().enumerate() {
        let found = read(name)?;
        let shape: Vec<usize> = axes.iter().map(Vec::len).collect();
        if found.shape() != shape {
            return Err(refused(format!(
                "array `{name}`: expected shape {shape:?}, one number for each coordinate, found {:?}",
                found.shape()
            )));
        }
        for (to, value) in values.column_mut(q).iter_mut().zip(found.iter()) {
            *to = f64::from(*value);
        }
    }
    Ok(Reference { axes, values })
}

/// The file of a trained network in its folder.
pub const MODEL: &str = "network.json";

/// A trained network.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Model {
    /// What it was trained for, and how.
    pub scenario: Settings,
    /// The weights of each window; f64, which numbers in JSON keep to the bit.
    pub weights: Vec<Vec<f64>>,
}

/// Writes the trained network.
///
/// # Errors
/// When the file cannot be written.
pub fn write_model(folder: &Path, loaded: &Loaded, outcome: &Outcome) -> Result<()> {
    let model = Model {
        scenario: loaded.settings.clone(),
        weights: outcome
            .fields
            .iter()
            .map(|f| f.parameters.clone())
            .collect(),
    };
    let text = serde_json::to_string(&model).map_err(Error::failed)?;
    Ok(write_atomically(&folder.join(MODEL), text.as_bytes())?)
}
