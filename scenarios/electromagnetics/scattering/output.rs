//! Fields of a scene in HDF5, as `simulate` and `forecast` write them and `forecast --init` reads
//! them.

use super::settings::SolverSettings;
use super::solve::points;
use crate::error::{Error, Result};
use curlwind_datasets::array_file::{NamedArray, write_arrays};
use curlwind_datasets::arrays::read_array;
use ndarray::{Array1, Array2, Ix2};
use num_complex::Complex64;
use std::collections::BTreeMap;
use std::path::Path;

/// Writes `permittivity`, `incident_re`, `incident_im`, `scattered_re`, `scattered_im` `[y][x]`, the
/// coordinates and the angle of travel.
///
/// # Errors
/// When the file cannot be written.
pub fn write_fields(
    path: &Path,
    solver: &SolverSettings,
    (title, model): (&str, &str),
    angle: f64,
    (permittivity, incident, scattered): (&Array2<f64>, &Array2<Complex64>, &Array2<Complex64>),
) -> Result<()> {
    let array = |name: &str, values: Array2<f64>, long_name: String| NamedArray {
        name: name.into(),
        values: values.into_dyn(),
        dimensions: "y x".into(),
        units: String::new(),
        long_name,
    };
    let component = solver.polarization.component();
    let mut arrays = vec![array(
        "permittivity",
        permittivity.clone(),
        "relative permittivity, mean over the cell of each point".into(),
    )];
    for (name, field, what) in [
        ("incident", incident, "without bodies"),
        ("scattered", scattered, "that the bodies add"),
    ] {
        for (part, values) in [("re", field.map(|u| u.re)), ("im", field.map(|u| u.im))] {
            let about = format!("{component} {what}, over the incident amplitude, {part}");
            arrays.push(array(&format!("{name}_{part}"), values, about));
        }
    }
    let coordinates = points(solver.side.si(), solver.points);
    for name in ["x", "y"] {
        arrays.push(NamedArray {
            name: name.into(),
            values: Array1::from(coordinates.clone()).into_dyn(),
            dimensions: name.into(),
            units: "m".into(),
            long_name: format!("coordinate along {name}"),
        });
    }
    arrays.push(NamedArray {
        name: "angle".into(),
        values: Array1::from(vec![angle]).into_dyn(),
        dimensions: "scene".into(),
        units: "rad".into(),
        long_name: "direction of travel, from x towards y".into(),
    });
    let attributes = BTreeMap::from([
        ("title".to_string(), title.to_string()),
        (
            "source".to_string(),
            format!("curlwind {}, {model}", env!("CARGO_PKG_VERSION")),
        ),
        ("frequency".to_string(), solver.frequency.to_string()),
        ("time_convention".to_string(), "exp(+j omega t)".to_string()),
    ]);
    write_arrays(path, &arrays, &attributes).map_err(Error::failed)
}

/// What a file says of a scene.
pub struct FileScene {
    /// Relative permittivity, `[y][x]`.
    pub permittivity: Array2<f64>,
    /// Direction of travel in rad.
    pub angle: f64,
    /// The scattered field, if the file has one.
    pub scattered: Option<Array2<Complex64>>,
}

/// Reads `permittivity` `[side][side]`, `angle` (one number in rad; 0 where it is missing) and, if
/// there, the scattered field.
///
/// # Errors
/// A file without these, of another shape, or with permittivities below 1.
pub fn read_fields(path: &Path, side: usize) -> Result<FileScene> {
    let read = |name: &str| -> Result<Array2<f64>, curlwind_datasets::Error> {
        let values = read_array(path, name, Some(&[Some(side), Some(side)]))?;
        let values = values.mapv(f64::from).into_dimensionality::<Ix2>();
        // the shape was asked for
        Ok(values.unwrap_or_else(|_| Array2::zeros([side, side])))
    };
    let permittivity = read("permittivity").map_err(Error::unusable)?;
    if let Some(((j, i), bad)) = permittivity
        .indexed_iter()
        .find(|(_, e)| !(e.is_finite() && **e >= 1.0))
    {
        return Err(Error::unusable(format!(
            "{}: `permittivity` [{j}][{i}]: expected 1 or more, found {bad}",
            path.display()
        )));
    }
    let angle = read_array(path, "angle", None).ok();
    let angle = angle.and_then(|a| a.first().copied()).unwrap_or(0.0);
    let scattered = match (read("scattered_re"), read("scattered_im")) {
        (Ok(re), Ok(im)) => Some(
            ndarray::Zip::from(&re)
                .and(&im)
                .map_collect(|&a, &b| Complex64::new(a, b)),
        ),
        _ => None,
    };
    Ok(FileScene {
        permittivity,
        angle: f64::from(angle),
        scattered,
    })
}
