//! Fields of network and truth in one file, and the trained network.

use super::train::Outcome;
use super::{Loaded, Settings};
use crate::error::{Error, Result};
use crate::run_folder::write_atomically;
use curlwind_datasets::array_file::{NamedArray, write_arrays};
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

/// What `model/network.json` holds: the scenario and the weights of each window. Weights are f64.
#[derive(serde::Serialize, serde::Deserialize)]
struct Model {
    scenario: Settings,
    weights: Vec<Vec<f64>>,
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
    Ok(write_atomically(
        &folder.join("network.json"),
        text.as_bytes(),
    )?)
}
