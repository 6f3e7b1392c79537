//! `fields.h5`, and pictures of the planes in it.

use super::Loaded;
use super::field_monitors::FieldPart;
use super::output::Gallery;
use super::solve::Solution;
use crate::error::{Error, Result};
use crate::figures::{ColourMap, Plane, Planes, frequency_label};
use curlwind_datasets::array_file::{NamedArray, write_arrays};
use curlwind_solvers::maxwell::Component;
use ndarray::{Array1, Axis};
use std::collections::BTreeMap;
use std::path::Path;

/// Rows of a picture: frequencies shown of a monitor.
const SHOWN: usize = 4;

/// Writes all field monitors: a group each, with `ez_re` and `ez_im` `[frequency][z][y][x]` and the
/// coordinates `ez_x`, `ez_y`, `ez_z` of every component, and `frequency`.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, loaded: &Loaded, solution: &Solution) -> Result<()> {
    let mut arrays = Vec::new();
    for field in &solution.fields {
        let array =
            |name: String, values, dimensions: &str, units: &str, long_name: String| NamedArray {
                name: format!("{}/{name}", field.name),
                values,
                dimensions: dimensions.into(),
                units: units.into(),
                long_name,
            };
        let frequencies = Array1::from(field.frequencies.clone()).into_dyn();
        let about = "frequency".to_string();
        arrays.push(array(
            "frequency".into(),
            frequencies,
            "frequency",
            "Hz",
            about,
        ));
        for part in &field.parts {
            let name = component_name(part.component);
            let unit = unit(part.component);
            for (end, values, what) in [
                ("re", part.values.map(|v| v.re), "real"),
                ("im", part.values.map(|v| v.im), "imaginary"),
            ] {
                let about = format!("{what} part of the phasor of {name}");
                let values = values.into_dyn();
                let dimensions = "frequency z y x";
                arrays.push(array(
                    format!("{name}_{end}"),
                    values,
                    dimensions,
                    unit,
                    about,
                ));
            }
            for (axis, coordinates) in ["x", "y", "z"].into_iter().zip(&part.coordinates) {
                let values = Array1::from(coordinates.clone()).into_dyn();
                let about = format!("coordinate of {name} along {axis}");
                arrays.push(array(format!("{name}_{axis}"), values, axis, "m", about));
            }
        }
    }
    let attributes = BTreeMap::from([
        ("title".to_string(), loaded.scene.title.clone()),
        (
            "source".to_string(),
            format!("curlwind {} maxwell solver", env!("CARGO_PKG_VERSION")),
        ),
        ("excitation".to_string(), loaded.excitation()),
        ("time_convention".to_string(), "exp(+j omega t)".to_string()),
    ]);
    write_arrays(path, &arrays, &attributes).map_err(Error::failed)
}

/// A picture for each monitor that has a plane: a flat one whole, of a box the middle across its
/// shortest side.
///
/// # Errors
/// A plane that cannot be drawn.
pub fn pictures(title: &str, solution: &Solution) -> Result<Gallery> {
    let mut gallery = Gallery::new();
    for field in &solution.fields {
        let Some(across) = field.parts.first().and_then(normal) else {
            continue;
        };
        let [u, v] = [[1, 2], [0, 2], [0, 1]][across];
        let axes = ["x (mm)", "y (mm)", "z (mm)"];
        let mut planes = Planes::new(axes[u], axes[v]).title(&format!("{title}: {}", field.name));
        for part in &field.parts {
            let name = component_name(part.component);
            planes = planes
                .scale(
                    &format!("|{name}| ({})", unit(part.component)),
                    ColourMap::Plasma,
                )
                .column(&format!("|{name}|"))
                .scale(
                    &format!("Re {name} ({})", unit(part.component)),
                    ColourMap::BlueWhiteRed,
                )
                .column(&format!("Re {name}"));
        }
        for (n, f) in field.frequencies.iter().enumerate().take(SHOWN) {
            let mut row = Vec::new();
            for part in &field.parts {
                row.extend(cut(part, n, across, [u, v])?);
            }
            planes = planes.row(&frequency_label(*f), row);
        }
        let columns = 2.0 * field.parts.len() as f64;
        let caption = format!("Fields {}: magnitude and real part.", field.name);
        gallery.push((
            planes.figure((300.0 * columns).min(1400.0) + 100.0),
            caption,
        ));
    }
    Ok(gallery)
}

/// The axis across the plane that is shown; `None` where there are no two axes with values.
fn normal(part: &FieldPart) -> Option<usize> {
    let counts: [usize; 3] = std::array::from_fn(|a| part.coordinates[a].len());
    let shortest = (0..3).min_by_key(|&a| counts[a])?;
    let wide = (0..3).filter(|&a| a != shortest && counts[a] >= 2);
    (wide.count() == 2).then_some(shortest)
}

/// Magnitude and real part on a plane, in mm.
fn cut(
    part: &FieldPart,
    frequency: usize,
    across: usize,
    [u, v]: [usize; 2],
) -> Result<Vec<Plane>> {
    let middle = part.coordinates[across].len() / 2;
    let values = part.values.index_axis(Axis(0), frequency);
    // [z, y, x]: what is left is [v, u], since v is the later axis
    let plane = values.index_axis(Axis(2 - across), middle);
    let millimetres =
        |axis: usize| -> Vec<f64> { part.coordinates[axis].iter().map(|x| 1e3 * x).collect() };
    let (x, y) = (millimetres(u), millimetres(v));
    [plane.map(|e| e.norm()), plane.map(|e| e.re)]
        .iter()
        .map(|values| Plane::new(&x, &y, values.view()).map_err(Error::failed))
        .collect()
}

/// `ex` to `hz`.
fn component_name(component: Component) -> String {
    format!("{component:?}").to_lowercase()
}

fn unit(component: Component) -> &'static str {
    if component.is_electric() {
        "V/m"
    } else {
        "A/m"
    }
}

impl Loaded {
    /// What fields and fluxes are relative to, in words.
    pub(super) fn excitation(&self) -> String {
        match (self.scene.ports.first(), &self.scene.source) {
            (Some(port), _) => format!("1 W available at port {}", port.name),
            (None, Some(source)) if source.plane_wave.is_some() => {
                "a plane wave of 1 V/m, phase 0 at the origin".into()
            }
            (None, Some(source)) if source.dipole.is_some_and(|d| d.magnetic) => {
                "a magnetic dipole of 1 V m".into()
            }
            _ => "an electric dipole of 1 A m".into(),
        }
    }
}
