//! From the fields on a box to those far away, and the power through planes.
//!
//! Currents on a closed surface that radiate the field outside and nothing inside (C. A. Balanis,
//! Advanced Engineering Electromagnetics, 2nd ed., section 7.8): `J = n x H`, `M = -n x E`. In the
//! scheme such currents exist exactly: J on the edges of the surface from H half a cell outside it,
//! and M on those faces from E on the surface, which are the terms of a total-field boundary. So
//! E and H are never averaged, and with N and L summed over the true places of the currents with
//! the numerical wave vector k along r and its `kappa` (see [`super::DispersionRelation`]),
//!
//! ```text
//! N = sum J dV exp(j k.r')        L = sum M dV exp(j k.r')
//! E(r) = - j k0 / (4 pi) exp(-j k0 r) / r  (eta (N - kappa^ kappa^.N) - kappa^ x L)       3-D
//! E(r) = - j sqrt(k0 / (8 pi r)) exp(-j (k0 r + pi / 4)) (the same, per metre)           2-D
//! ```
//!
//! the bracket does not depend on where the box is: it is that of the currents within, as if they
//! radiated into the continuum. What the mesh would do to the waves on the way to infinity, faster
//! along its diagonals than along its axes, is left out by k0.
//!
//! Spectra are sums over time and not phasors, so that powers come in J/Hz; ratios of powers (gain,
//! efficiency) and cross sections are free of that.

mod radiation;
mod surface;

pub use radiation::{Cut, FarField};

use super::{Axis, DispersionRelation, Engine, Model, Wall};
use crate::{Error, Result};
use surface::{PairSpectra, Plane};

/// What a face of the box is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Fields are recorded there.
    Recorded,
    /// Left out: nothing radiates through it, as behind a large conductor. An approximation.
    Omitted,
    /// A perfectly conducting plane without end, on the face's line: the currents are mirrored.
    Ground,
}

/// The box around everything that radiates or scatters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FarFieldBox {
    /// First and last line along each axis; `None` along the idle axis of a 2-D problem.
    pub lines: [Option<[usize; 2]>; 3],
    /// Its faces, `[axis][first, last]`; those along an axis without lines do not exist.
    pub faces: [[Face; 2]; 3],
}

/// A far-field box in a model.
#[derive(Clone, Debug)]
pub struct FarFieldMonitor {
    planes: Vec<(Plane, f64)>,
    ground: Option<(Axis, f64, f64)>,
    idle: Option<Axis>,
    idle_length: f64,
    relation: DispersionRelation,
    frequencies: Vec<f64>,
    radius: f64,
}

/// The power through a plane, or out of a box, in a model.
#[derive(Clone, Debug)]
pub struct FluxMonitor {
    planes: Vec<(Plane, f64)>,
}

impl FarFieldBox {
    /// A box with all its faces recorded.
    pub fn closed(lines: [Option<[usize; 2]>; 3]) -> Self {
        Self {
            lines,
            faces: [[Face::Recorded; 2]; 3],
        }
    }

    /// The same with a perfectly conducting plane on the first (`side` 0) or last (1) line.
    pub fn over_ground(mut self, axis: Axis, side: usize) -> Self {
        self.faces[axis as usize][side.min(1)] = Face::Ground;
        self
    }

    /// Adds the regions of the box to the model, transformed at `frequencies` in Hz from every
    /// `interval`-th step. The box must be surrounded by empty space.
    ///
    /// # Errors
    /// [`Error::Size`] for lines outside the mesh or within an absorbing layer, more than one axis
    /// without lines, or more than one ground plane; [`Error::Parameter`] when an axis without
    /// lines is not periodic.
    pub fn install(
        &self,
        model: &mut Model,
        frequencies: &[f64],
        interval: usize,
    ) -> Result<FarFieldMonitor> {
        let without: Vec<Axis> = Axis::ALL
            .into_iter()
            .filter(|&a| self.lines[a as usize].is_none())
            .collect();
        if without.len() > 1 {
            return Err(Error::Size {
                what: "number of axes that the far-field box goes through",
                expected: "0 in three dimensions, 1 in two".into(),
                found: without.len(),
            });
        }
        let idle = without.first().copied();
        if let Some(axis) = idle
            && model.walls[axis as usize] != [Wall::Periodic; 2]
        {
            return Err(Error::Parameter {
                name: "number of periodic walls along the idle axis of the far-field box",
                value: 0.0,
                expected: "2: the fields must not vary along it",
            });
        }
        let grounds = self.faces.iter().flatten().filter(|f| **f == Face::Ground);
        let grounds = grounds.count();
        if grounds > 1 {
            return Err(Error::Size {
                what: "number of ground planes of the far-field box",
                expected: "0 or 1".into(),
                found: grounds,
            });
        }
        let mut relation = DispersionRelation::of(&model.mesh, model.time_step);
        let (mut centre, mut square, mut idle_length) = ([0.0; 3], 0.0, 1.0);
        for axis in Axis::ALL {
            let (a, x) = (axis as usize, model.mesh.lines(axis));
            let cells = x.len() - 1;
            let Some([low, high]) = self.lines[a] else {
                idle_length = x[cells] - x[0];
                continue;
            };
            if low >= high || high > cells {
                return Err(Error::Size {
                    what: "line of the far-field box",
                    expected: format!("two increasing lines from 0 to {cells} along {axis:?}"),
                    found: high,
                });
            }
            for (side, line) in [low, high].into_iter().enumerate() {
                if let (Wall::Cpml(layer), Face::Recorded) =
                    (model.walls[a][side], self.faces[a][side])
                {
                    let depth = if side == 0 { line } else { cells - line };
                    if depth <= layer.cells {
                        return Err(Error::Size {
                            what: "distance in cells of the far-field box from the outer wall",
                            expected: format!(
                                "more than the {} cells of the absorbing layer along {axis:?}",
                                layer.cells
                            ),
                            found: depth,
                        });
                    }
                }
            }
            relation.spacing[a] = (x[high] - x[low]) / (high - low) as f64;
            centre[a] = 0.5 * (x[low] + x[high]);
            square += (0.5 * (x[high] - x[low])).powi(2);
        }
        for &f in frequencies {
            let coarse = |axis: Axis| {
                let mut direction = [0.0; 3];
                direction[axis as usize] = 1.0;
                relation.wave_number(f, direction).is_none()
            };
            let axes = Axis::ALL.into_iter().filter(|&a| Some(a) != idle);
            if f <= 0.0 || f.is_nan() || axes.into_iter().any(coarse) {
                return Err(Error::Parameter {
                    name: "frequency of the far field",
                    value: f,
                    expected: "above 0 Hz, with more than two cells per wavelength",
                });
            }
        }
        let mut planes = Vec::new();
        let mut ground = None;
        for axis in Axis::ALL {
            let a = axis as usize;
            let Some(lines) = self.lines[a] else { continue };
            for (side, sign) in [(0, -1.0), (1, 1.0)] {
                let behind = side == 1;
                match self.faces[a][side] {
                    Face::Omitted => {}
                    Face::Ground => {
                        let z = model.mesh.lines(axis)[lines[side]];
                        ground = Some((axis, z, -sign));
                    }
                    Face::Recorded => {
                        let plane = Plane::install(
                            model,
                            axis,
                            lines[side],
                            behind,
                            &self.lines,
                            frequencies,
                            interval,
                        )?;
                        planes.push((plane, sign));
                    }
                }
            }
        }
        let mut radius: f64 = square.sqrt();
        if let Some((axis, z, _)) = ground {
            // the body and its image are one, centred on the plane
            let a = axis as usize;
            let height = 2.0 * (centre[a] - z).abs();
            let half = 0.5 * height;
            radius = (square - half * half + height * height).sqrt();
        }
        Ok(FarFieldMonitor {
            planes,
            ground,
            idle,
            idle_length,
            relation,
            frequencies: frequencies.to_vec(),
            radius,
        })
    }
}

impl FarFieldMonitor {
    /// The far field of a run of the model, or of one with the same regions.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn evaluate(&self, run: &dyn Engine) -> Result<FarField> {
        let faces: Result<Vec<(Plane, f64, [PairSpectra; 2])>> = self
            .planes
            .iter()
            .map(|(plane, sign)| Ok((plane.clone(), *sign, plane.spectra(run)?)))
            .collect();
        Ok(FarField::new(self, faces?))
    }
}

impl FluxMonitor {
    /// Adds to the model the regions of the plane of a line along `axis`, over the extent of
    /// `lines` along the two other axes (`None`: all of it).
    ///
    /// # Errors
    /// [`Error::Size`] for lines outside the mesh; the plane's own is 1 or more.
    pub fn install(
        model: &mut Model,
        axis: Axis,
        line: usize,
        lines: [Option<[usize; 2]>; 3],
        frequencies: &[f64],
        interval: usize,
    ) -> Result<Self> {
        let plane = Plane::install(model, axis, line, false, &lines, frequencies, interval)?;
        Ok(Self {
            planes: vec![(plane, 1.0)],
        })
    }

    /// The same for the faces of a box, its normals outwards. Faces on the outermost lines of the mesh
    /// are left out: nothing goes through a conducting wall, and behind an absorbing layer there is
    /// one. Without sources or losses in the box, the sum is zero to rounding.
    ///
    /// # Errors
    /// [`Error::Size`] for lines outside the mesh.
    pub fn install_box(
        model: &mut Model,
        lines: [Option<[usize; 2]>; 3],
        frequencies: &[f64],
        interval: usize,
    ) -> Result<Self> {
        let mut planes = Vec::new();
        for axis in Axis::ALL {
            let Some(ends) = lines[axis as usize] else {
                continue;
            };
            let last = model.mesh.lines(axis).len() - 1;
            for (line, behind) in ends.into_iter().zip([false, true]) {
                if line != if behind { last } else { 0 } {
                    let plane =
                        Plane::install(model, axis, line, behind, &lines, frequencies, interval)?;
                    planes.push((plane, if behind { 1.0 } else { -1.0 }));
                }
            }
        }
        Ok(Self { planes })
    }

    /// Flux along the axis, or out of the box, per frequency in J/Hz; empty for a box without faces.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn evaluate(&self, run: &dyn Engine) -> Result<Vec<f64>> {
        let mut sum: Vec<f64> = Vec::new();
        for (plane, sign) in &self.planes {
            let flux = plane.flux(&plane.spectra(run)?);
            sum.resize(flux.len(), 0.0);
            for (sum, flux) in sum.iter_mut().zip(flux) {
                *sum += sign * flux;
            }
        }
        Ok(sum)
    }
}

#[cfg(test)]
mod tests;
