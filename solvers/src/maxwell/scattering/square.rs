//! The solver: a square in a total-field box in an absorbing layer.

use super::field::ScatteredField;
use crate::maxwell::analytic::Polarization;
use crate::maxwell::constants::SPEED_OF_LIGHT;
use crate::maxwell::geometry::{Solid, voxelise};
use crate::maxwell::{
    Axis, Component, Cpml, EdgeMedium, FieldRegion, Mesh, Model, PlaneWave, Stop, TotalField, Wall,
    Waveform, engine,
};
use crate::{Error, Result};
use ndarray::Array2;
use num_complex::Complex64;
use std::ops::ControlFlow;

/// Lines between the square and the boundary of the total field.
const TOTAL_FIELD_GAP: usize = 2;
/// Cells of the absorbing layer.
const ABSORBING: usize = 10;
/// Free space between that boundary and the layer, in wavelengths and at least in cells.
const MARGIN: (f64, usize) = (0.25, 4);
/// Steps between looks at the energy.
const CHECK_INTERVAL: usize = 100;
/// Longest run, in periods.
const LONGEST: f64 = 400.0;
/// Samples of the transform per period of the highest frequency of the pulse.
const SAMPLES_PER_PERIOD: f64 = 8.0;

/// A square of empty space round the origin, with equal cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScatteringSquare {
    /// Length of its sides in m.
    pub side: f64,
    /// Cells along each.
    pub cells: usize,
    /// Frequency in Hz.
    pub frequency: f64,
    /// TM: E along z; TE: H along z.
    pub polarization: Polarization,
    /// The run ends when the energy has fallen to this fraction of the most seen. What is left
    /// then is missing in the transform: about its root, relative.
    pub energy_fraction: f64,
    /// Whether every step is transformed, so that the result solves the scheme's own equation at
    /// the frequency to rounding; else eight samples per period of the pulse's highest frequency.
    pub every_step: bool,
}

impl ScatteringSquare {
    /// Solves for bodies in a wave that travels at `angle` rad from x towards y. Bodies must lie
    /// in the square, and reach through `-h..h` along z, h one cell or more: [`Self::depth`]. On the
    /// processors (`cpu`) or a [device](engine), in f64 (`double`) or f32.
    ///
    /// # Errors
    /// [`Error::Size`] for fewer than 8 cells; [`Error::Parameter`] for a length, frequency or
    /// fraction out of range, or fewer than 4 cells per wavelength of empty space;
    /// [`Error::Solid`] for a body that sticks out of the square, or leaves no trace in the mesh;
    /// [`Error::NoConvergence`] when the energy has not fallen so far after 400 periods;
    /// [`Error::Device`] for a device that is not there or failed.
    pub fn solve(
        &self,
        (device, double): (&str, bool),
        bodies: &[Solid],
        angle: f64,
    ) -> Result<ScatteredField> {
        self.check(bodies)?;
        let d = self.side / self.cells as f64;
        let margin = (MARGIN.0 * SPEED_OF_LIGHT / self.frequency / d).ceil() as usize;
        let outer = ABSORBING + margin.max(MARGIN.1);
        let first = outer + TOTAL_FIELD_GAP;
        let mut model = self.model(first)?;
        if !bodies.is_empty() {
            voxelise(&mut model, bodies)?;
        }
        let end = first + self.cells;
        let box_lines = Some([outer, end + TOTAL_FIELD_GAP]);
        let total = TotalField {
            lines: [box_lines, box_lines, None],
        };
        let direction = [angle.cos(), angle.sin(), 0.0];
        let (component, polarization) = match self.polarization {
            Polarization::Tm => (Component::Ez, [0.0, 0.0, 1.0]),
            Polarization::Te => (Component::Hz, [direction[1], -direction[0], 0.0]),
        };
        let pulse = Waveform::ModulatedGaussian {
            centre: self.frequency,
            bandwidth: self.frequency,
        };
        let samples = pulse.sample(model.time_step, usize::MAX);
        let wave = PlaneWave::new(direction, polarization)?;
        let incident = total.install(&mut model, &wave, &samples)?;

        let offset = component.offset();
        let count = self.cells + usize::from(offset[0] == 0.0);
        let interval = SAMPLES_PER_PERIOD * 1.5 * self.frequency * model.time_step;
        model.regions.push(FieldRegion {
            component,
            ranges: [first..first + count, first..first + count, 0..1],
            frequencies: vec![self.frequency],
            interval: if self.every_step {
                1
            } else {
                ((1.0 / interval) as usize).max(1)
            },
        });
        let mut simulation = engine(&model, double, device)?;
        let outcome = simulation.run(
            &Stop {
                max_steps: (LONGEST / self.frequency / model.time_step) as usize,
                energy_fraction: Some(self.energy_fraction),
                check_interval: CHECK_INTERVAL,
            },
            &mut |_| ControlFlow::Continue(()),
        )?;
        if !outcome.reached() {
            return Err(Error::NoConvergence {
                what: "decay of the scattered energy",
                residual: outcome.energy_fraction(),
                iterations: outcome.step,
                tolerance: self.energy_fraction,
            });
        }

        let lines = model.mesh.lines(Axis::X);
        let points: Vec<f64> = (first..first + count)
            .map(|i| lines[i] + offset[0] * d)
            .collect();
        let unit = incident.field(component, [0.0; 3], self.frequency);
        let k = incident.wave_number(self.frequency).unwrap_or(f64::NAN);
        let spectrum = simulation.spectrum(0)?;
        let shape = [count, count];
        let wave_there = Array2::from_shape_fn(shape, |(j, i)| {
            Complex64::cis(-k * (points[i] * direction[0] + points[j] * direction[1]))
        });
        let scattered = Array2::from_shape_fn(shape, |(j, i)| {
            spectrum[[0, 0, j, i]] / unit - wave_there[[j, i]]
        });
        Ok(ScatteredField {
            frequency: self.frequency,
            time_step: model.time_step,
            steps: outcome.step,
            points,
            incident: wave_there,
            scattered,
        })
    }

    /// Half the extent in m along z that bodies need, whatever the resolution.
    pub fn depth(&self) -> f64 {
        self.side
    }

    /// Relative permittivity (the mean over each point's cell) that a mesh with lines through
    /// `points x points` has for E along z, `[y, x]`. At least two points, increasing.
    ///
    /// # Errors
    /// As [`Self::solve`].
    pub fn permittivity(&self, bodies: &[Solid], points: &[f64]) -> Result<Array2<f64>> {
        self.check(bodies)?;
        let n = points.len();
        let d = points.windows(2).map(|p| p[1] - p[0]).fold(0.0, f64::max);
        // a line more on both sides, so that the cells of the outermost points are whole
        let mut lines = vec![points.first().copied().unwrap_or(0.0) - d];
        lines.extend_from_slice(points);
        lines.push(points.last().copied().unwrap_or(0.0) + d);
        let mesh = Mesh::new([lines.clone(), lines, vec![0.0, d]])?;
        let mut walls = [[Wall::Pec; 2]; 3];
        walls[2] = [Wall::Periodic; 2];
        let mut model = Model::vacuum(mesh, walls);
        if !bodies.is_empty() {
            voxelise(&mut model, bodies)?;
        }
        Ok(Array2::from_shape_fn([n, n], |(j, i)| {
            let number = usize::from(model.edges[2][[0, j + 1, i + 1]]);
            match &model.edge_media[number] {
                EdgeMedium::Dielectric { permittivity, .. } => *permittivity,
                EdgeMedium::Pec => f64::INFINITY,
            }
        }))
    }

    /// Time step in s that a run takes, and the longest stable one.
    ///
    /// # Errors
    /// As [`Self::solve`].
    pub fn time_step(&self) -> Result<[f64; 2]> {
        self.check(&[])?;
        let model = self.model(0)?;
        Ok([model.time_step, model.mesh.courant_limit(SPEED_OF_LIGHT)])
    }

    /// Empty space whose line `first` is the square's first.
    fn model(&self, first: usize) -> Result<Model> {
        let d = self.side / self.cells as f64;
        let lines: Vec<f64> = (0..=self.cells + 2 * first)
            .map(|i| (i as f64 - first as f64) * d - self.side / 2.0)
            .collect();
        let mesh = Mesh::new([lines.clone(), lines, vec![0.0, d]])?;
        let open = [Wall::Cpml(Cpml::new(ABSORBING)); 2];
        Ok(Model::vacuum(mesh, [open, open, [Wall::Periodic; 2]]))
    }

    /// Checks the numbers and the places of bodies, before any work.
    ///
    /// # Errors
    /// As [`Self::solve`].
    pub fn check(&self, bodies: &[Solid]) -> Result<()> {
        let positive = |name, value: f64| match value > 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err(Error::Parameter {
                name,
                value,
                expected: "a finite number above 0",
            }),
        };
        positive("side of the square", self.side)?;
        positive("frequency", self.frequency)?;
        positive("energy fraction", self.energy_fraction)?;
        if self.cells < 8 {
            return Err(Error::Size {
                what: "cells along the square",
                expected: "8 or more".into(),
                found: self.cells,
            });
        }
        let per_wavelength = SPEED_OF_LIGHT / self.frequency * self.cells as f64 / self.side;
        if per_wavelength < 4.0 {
            return Err(Error::Parameter {
                name: "cells per wavelength",
                value: per_wavelength,
                expected: "4 or more: take more cells",
            });
        }
        let half = self.side / 2.0 * (1.0 + 1e-12);
        for body in bodies {
            let [low, high] = body.shape.bounds();
            if (0..2).any(|a| low[a] < -half || high[a] > half) {
                return Err(Error::Solid {
                    name: body.name.clone(),
                    problem: format!(
                        "it sticks out of the square, which goes from {} to {half} m along x and y",
                        -half
                    ),
                });
            }
        }
        Ok(())
    }
}
