//! Complex fields and fluxes at frequencies: from the scene to the engine's transforms and back.

use super::Loaded;
use super::assemble::{FAR_FREQUENCIES, Problem, corners, spread};
use super::scene::{Block, ComponentName, Point};
use crate::config::Hertz;
use crate::error::Result;
use curlwind_solvers::maxwell::{Axis, Component, Engine, FieldRegion, FluxMonitor, Model};
use ndarray::Array4;
use num_complex::Complex64;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Fields of a monitor.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldSpectrum {
    /// Name in the scene.
    pub name: String,
    /// Frequencies in Hz.
    pub frequencies: Vec<f64>,
    /// Its components.
    pub parts: Vec<FieldPart>,
}

/// One component of a monitor.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldPart {
    /// Which.
    pub component: Component,
    /// Coordinates in m along x, y, z: each component has its own places on the mesh.
    pub coordinates: [Vec<f64>; 3],
    /// V/m or A/m, `[frequency, z, y, x]`.
    pub values: Array4<Complex64>,
}

/// Power of a monitor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FluxSpectrum {
    /// Name in the scene.
    pub name: String,
    /// Frequencies in Hz.
    pub frequencies: Vec<f64>,
    /// W.
    pub watts: Vec<f64>,
}

/// Monitors in a model.
pub(super) struct Installed {
    fields: Vec<(String, Vec<f64>, Vec<Part>)>,
    fluxes: Vec<(String, Vec<f64>, FluxMonitor)>,
}

/// A component, where it is, and its region's number.
type Part = (Component, [Vec<f64>; 3], usize);

impl Loaded {
    /// Adds the regions of all field and flux monitors to a model.
    ///
    /// # Errors
    /// Names that are there twice, no components, corners outside of the mesh, frequencies outside of
    /// the band, boxes that are flat along several axes.
    pub(super) fn install_monitors(
        &self,
        model: &mut Model,
        problem: &Problem,
        interval: usize,
    ) -> Result<Installed> {
        let monitors = &self.scene.monitors;
        let band = self.scene.frequency;
        let (low, high) = (band.from.si(), band.to.si());
        let mut names = Vec::new();
        let mut installed = Installed {
            fields: Vec::new(),
            fluxes: Vec::new(),
        };
        for (n, entry) in monitors.fields.iter().enumerate() {
            let path = format!("monitors.fields.{n}");
            self.check_name(&path, &entry.name, &mut names)?;
            if entry.components.is_empty() {
                let reason = "expected one component or more of ex, ey, ez, hx, hy, hz";
                return Err(self.refuse(&format!("{path}.components"), reason));
            }
            let middle = vec![(low + high) / 2.0];
            let frequencies = self.within_band(&path, &entry.frequencies, middle)?;
            let [min, max] = self.inside(&path, &problem.model, entry.from, entry.to)?;
            let mut parts = Vec::new();
            for name in &entry.components {
                let component = component(*name);
                let (ranges, coordinates) = between(model, component, min, max);
                model.regions.push(FieldRegion {
                    component,
                    ranges,
                    frequencies: frequencies.clone(),
                    interval,
                });
                parts.push((component, coordinates, model.regions.len() - 1));
            }
            installed
                .fields
                .push((entry.name.clone(), frequencies, parts));
        }
        for (n, entry) in monitors.fluxes.iter().enumerate() {
            let path = format!("monitors.fluxes.{n}");
            self.check_name(&path, &entry.name, &mut names)?;
            let all = spread(low, high, if low < high { FAR_FREQUENCIES } else { 1 });
            let frequencies = self.within_band(&path, &entry.frequencies, all)?;
            let [min, max] = self.inside(&path, &problem.model, entry.from, entry.to)?;
            let monitor = self.flux(&path, model, min, max, &frequencies, interval)?;
            installed
                .fluxes
                .push((entry.name.clone(), frequencies, monitor));
        }
        Ok(installed)
    }

    fn check_name(&self, path: &str, name: &str, names: &mut Vec<String>) -> Result<()> {
        let problem = if name.is_empty() || name.contains('/') {
            "expected a name without a slash"
        } else if names.iter().any(|known| known == name) {
            "another monitor has this name"
        } else {
            names.push(name.to_string());
            return Ok(());
        };
        Err(self.refuse(&format!("{path}.name"), problem))
    }

    fn within_band(&self, path: &str, listed: &[Hertz], none: Vec<f64>) -> Result<Vec<f64>> {
        let band = self.scene.frequency;
        let inside = band.from.si()..=band.to.si();
        match listed.iter().find(|f| !inside.contains(&f.si())) {
            _ if listed.is_empty() => Ok(none),
            None => Ok(listed.iter().map(|f| f.si()).collect()),
            Some(f) => Err(self.refuse(
                &format!("{path}.frequencies"),
                format!(
                    "{f} is outside of the band that is excited, {} to {} (frequency.from, frequency.to)",
                    band.from, band.to
                ),
            )),
        }
    }

    /// The corners, lowest and highest, which the mesh must hold.
    fn inside(&self, path: &str, model: &Model, from: Point, to: Point) -> Result<[[f64; 3]; 2]> {
        let both = corners(&Block { from, to });
        for axis in Axis::ALL {
            let lines = model.mesh.lines(axis);
            let (first, last) = (lines[0], lines[lines.len() - 1]);
            let slack = 1e-9 * (last - first);
            for p in both {
                let x = p[axis as usize];
                if !(first - slack..=last + slack).contains(&x) {
                    return Err(self.refuse(
                        path,
                        format!(
                            "{x} m along {axis:?} is outside of the mesh, which goes from {first} to {last} m"
                        ),
                    ));
                }
            }
        }
        Ok(both)
    }

    fn flux(
        &self,
        path: &str,
        model: &mut Model,
        min: [f64; 3],
        max: [f64; 3],
        frequencies: &[f64],
        interval: usize,
    ) -> Result<FluxMonitor> {
        let line = |axis: Axis, x: f64| {
            let lines = model.mesh.lines(axis);
            (0..lines.len())
                .min_by(|&i, &j| (lines[i] - x).abs().total_cmp(&(lines[j] - x).abs()))
                .unwrap_or(0)
        };
        let ends = Axis::ALL.map(|axis| [min, max].map(|p| line(axis, p[axis as usize])));
        let lines = ends.map(Some);
        let flat: Vec<Axis> = Axis::ALL
            .into_iter()
            .filter(|&a| ends[a as usize][0] == ends[a as usize][1])
            .collect();
        let monitor = match flat[..] {
            [] => FluxMonitor::install_box(model, lines, frequencies, interval),
            [axis] => {
                let at = ends[axis as usize][0];
                FluxMonitor::install(model, axis, at, lines, frequencies, interval)
            }
            _ => {
                return Err(self.refuse(
                    path,
                    format!(
                        "expected a box, or a plane that is flat along one axis; on the mesh it is flat along {}",
                        flat.len()
                    ),
                ));
            }
        };
        monitor.map_err(|error| self.refuse(path, error))
    }
}

impl Installed {
    /// What a run recorded, fields times `scale` of the frequency, and the powers that go with them.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn evaluate(
        self,
        run: &dyn Engine,
        scale: impl Fn(f64) -> Complex64,
    ) -> curlwind_solvers::Result<(Vec<FieldSpectrum>, Vec<FluxSpectrum>)> {
        let fields = self.fields.into_iter().map(|(name, frequencies, parts)| {
            let parts = parts.into_iter().map(|(component, coordinates, region)| {
                let mut values = run.spectrum(region)?;
                for (mut values, &f) in values.outer_iter_mut().zip(&frequencies) {
                    let scale = scale(f);
                    values.mapv_inplace(|v| v * scale);
                }
                Ok(FieldPart {
                    component,
                    coordinates,
                    values,
                })
            });
            Ok(FieldSpectrum {
                parts: parts.collect::<curlwind_solvers::Result<_>>()?,
                name,
                frequencies,
            })
        });
        let fields = fields.collect::<curlwind_solvers::Result<_>>()?;
        let fluxes = self.fluxes.into_iter().map(|(name, frequencies, monitor)| {
            let joules = monitor.evaluate(run)?;
            let watts = joules.iter().zip(&frequencies);
            Ok(FluxSpectrum {
                watts: watts.map(|(p, &f)| p * scale(f).norm_sqr()).collect(),
                name,
                frequencies,
            })
        });
        Ok((fields, fluxes.collect::<curlwind_solvers::Result<_>>()?))
    }
}

/// The solver's name of a component.
pub(super) fn component(name: ComponentName) -> Component {
    match name {
        ComponentName::Ex => Component::Ex,
        ComponentName::Ey => Component::Ey,
        ComponentName::Ez => Component::Ez,
        ComponentName::Hx => Component::Hx,
        ComponentName::Hy => Component::Hy,
        ComponentName::Hz => Component::Hz,
    }
}

/// The values of a component between two corners, along each axis at least the nearest: their
/// indices and coordinates in m.
fn between(
    model: &Model,
    component: Component,
    min: [f64; 3],
    max: [f64; 3],
) -> ([Range<usize>; 3], [Vec<f64>; 3]) {
    let (extent, offset) = (component.extent(model.mesh.cells()), component.offset());
    let places = Axis::ALL.map(|axis| {
        let (a, lines) = (axis as usize, model.mesh.lines(axis));
        let place = |i: usize| match offset[a] {
            0.0 => lines[i],
            _ => (lines[i] + lines[i + 1]) / 2.0,
        };
        (0..extent[a]).map(place).collect::<Vec<f64>>()
    });
    let ranges: [Range<usize>; 3] = std::array::from_fn(|a| {
        let slack = 1e-9 * (max[a] - min[a]);
        let first = places[a].partition_point(|&x| x < min[a] - slack);
        let end = places[a].partition_point(|&x| x <= max[a] + slack);
        if min[a] < max[a] && first < end {
            return first..end;
        }
        let middle = (min[a] + max[a]) / 2.0;
        let distance = |i: usize| (places[a][i] - middle).abs();
        let nearest = (0..places[a].len()).min_by(|&i, &j| distance(i).total_cmp(&distance(j)));
        let nearest = nearest.unwrap_or(0);
        nearest..nearest + 1
    });
    let coordinates = std::array::from_fn(|a| places[a][ranges[a].clone()].to_vec());
    (ranges, coordinates)
}
