//! A pulse in a closed box of perfect conductors, two-dimensional, TM: `Ez = exp(-25 r^2)` at rest in the
//! middle of a square of 2 m, until after its first reflection. Lengths in metres, times in metres of
//! light, H times the impedance of the vacuum.
//!
//! The network is a potential p with `Ez = p_t, Hx = -p_y, Hy = p_x`, so that Faraday's law holds exactly
//! and Ampere's is the residual.

use super::fdtd::{self, Square};
use super::{Case, Conditions, Quantity, Reference, Solved, Steps, even};
use crate::coordinate::problem::OfCoordinates;
use crate::coordinate::{Domain, Field, Jet, Place, Problem, Term};
use crate::error::Result;
use crate::kernels::jets::JetOrder;
use crate::residuals::pointwise;
use curlwind_solvers::maxwell::constants::{SPEED_OF_LIGHT, VACUUM_PERMEABILITY};
use curlwind_solvers::maxwell::{Component, Mesh, Model, Wall};
use ndarray::{Array2, Array3, ArrayView2};
use std::f64::consts::{FRAC_PI_2, PI};
use std::sync::Arc;

/// The box; `duration` in metres of light.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxwellCavity {
    /// Length of the run.
    pub duration: f64,
}

impl Default for MaxwellCavity {
    fn default() -> Self {
        Self { duration: 1.5 }
    }
}

/// Decay of the pulse in 1/m^2: it has fallen to 1e-11 at the walls.
const DECAY: f64 = 25.0;
/// Modes along each side; the pulse has none beyond to speak of.
const MODES: usize = 44;

/// Coefficients of `exp(-25 x^2)` in `sin(m pi (x + 1) / 2)`, m from 1: those of the whole line.
fn coefficients() -> Vec<f64> {
    (1..=MODES)
        .map(|m| {
            let k = m as f64 * FRAC_PI_2;
            (PI / DECAY).sqrt() * (-k * k / (4.0 * DECAY)).exp() * k.sin()
        })
        .collect()
}

impl MaxwellCavity {
    /// Hx, Hy, Ez at t, x, y as a sum of the box's modes.
    fn exact(coefficients: &[f64], point: &[f64]) -> Vec<f64> {
        let (t, x, y) = (point[0], point[1], point[2]);
        let along = |x: f64| -> Vec<(f64, f64)> {
            let modes = 1..=coefficients.len();
            let modes = modes.map(|m| (m as f64 * FRAC_PI_2 * (x + 1.0)).sin_cos());
            modes.collect()
        };
        let (x, y) = (along(x), along(y));
        let mut fields = vec![0.0; 3];
        for (m, a) in coefficients.iter().enumerate() {
            let kx = (m + 1) as f64 * FRAC_PI_2;
            for (n, b) in coefficients.iter().enumerate() {
                let amplitude = a * b;
                if amplitude.abs() < 1e-14 {
                    continue;
                }
                let ky = (n + 1) as f64 * FRAC_PI_2;
                let omega = kx.hypot(ky);
                let (sin, cos) = (omega * t).sin_cos();
                fields[0] -= amplitude * sin / omega * ky * x[m].0 * y[n].1;
                fields[1] += amplitude * sin / omega * kx * x[m].1 * y[n].0;
                fields[2] += amplitude * cos * x[m].0 * y[n].0;
            }
        }
        fields
    }

    /// Electric and magnetic energy per depth, relative to that at the start, of values on a
    /// reference's axes, at each time.
    fn energies(&self, at: &Reference, values: &Array2<f64>) -> Vec<f64> {
        let (nx, ny) = (at.axes[1].len(), at.axes[2].len());
        let weight = |n: usize, count: usize| if n == 0 || n + 1 == count { 0.5 } else { 1.0 };
        let energy: Vec<f64> = (0..at.axes[0].len())
            .map(|n| {
                let mut sum = 0.0;
                for i in 0..nx {
                    for j in 0..ny {
                        let row = values.row((n * nx + i) * ny + j);
                        sum += weight(i, nx) * weight(j, ny) * row.dot(&row);
                    }
                }
                sum
            })
            .collect();
        energy.iter().map(|e| e / energy[0]).collect()
    }
}

/// The pulse, of the jets of one coordinate after another: `exp(-25 x^2)` by its own derivatives.
fn pulse(at: &Jet) -> Jet {
    let square = |axis: usize| {
        let x = at.channel(axis);
        x.times(&x)
    };
    super::exponential(&square(1).add(&square(2)).scaled(-DECAY))
}

impl Case for MaxwellCavity {
    fn coordinates(&self) -> Vec<(&'static str, &'static str)> {
        vec![("t", "m"), ("x", "m"), ("y", "m")]
    }

    fn domain(&self) -> Result<Domain> {
        let sides = [("x", -1.0, 1.0), ("y", -1.0, 1.0)];
        Domain::new(&[("t", 0.0, self.duration), sides[0], sides[1]])
    }

    fn quantities(&self) -> Vec<Quantity> {
        vec![
            ("hx", "V m-1", "magnetic field along x"),
            ("hy", "V m-1", "magnetic field along y"),
            ("ez", "V m-1", "electric field along z"),
        ]
    }

    fn problem(
        &self,
        conditions: &Conditions,
        [start, end]: [f64; 2],
        before: Option<&Field>,
    ) -> Result<Problem> {
        let domain = Domain::new(&[("t", start, end), ("x", -1.0, 1.0), ("y", -1.0, 1.0)])?;
        let interior = Place::interior(&domain);
        let equation = Term::equation("equation", interior, conditions.interior, pointwise::wave);
        let mut terms = vec![equation.given(1, |_, to| to[0] = 0.0)];
        let Conditions {
            exact,
            boundary,
            weight,
            ..
        } = *conditions;
        let starts = before.is_none();
        let mut lift: Option<OfCoordinates> = None;
        if exact && starts {
            lift = Some(Arc::new(|at: &Jet| at.channel(0).times(&pulse(at))));
        } else {
            // The first slope is the pulse itself.
            let pulse = |p: &[f64]| [0.0, (-DECAY * (p[1] * p[1] + p[2] * p[2])).exp(), 0.0, 0.0];
            terms.push(super::continues(&domain, before, boundary, weight, pulse));
        }
        let mut distance: Option<OfCoordinates> = None;
        if exact {
            // The potential vanishes at the walls, and with it E along them and H into them.
            distance = Some(Arc::new(move |at: &Jet| {
                let wall = |axis: usize| {
                    let x = at.channel(axis);
                    x.times(&x).scaled(-1.0).plus(1.0)
                };
                let walls = wall(1).times(&wall(2));
                if !starts {
                    return walls;
                }
                let t = at.channel(0).plus(-start).scaled(1.0 / (end - start));
                t.times(&t).times(&walls)
            }));
        } else {
            for (name, axis, wall) in [
                ("left", 1, -1.0),
                ("right", 1, 1.0),
                ("lower", 2, -1.0),
                ("upper", 2, 1.0),
            ] {
                let place = Place::slice(&domain, axis, wall);
                let zero = Term::equation(name, place, boundary, |u, _| u.value());
                terms.push(zero.condition().weighted(weight));
            }
        }
        Ok(Problem {
            domain,
            order: JetOrder::new(3, &[[0, 0], [1, 1], [2, 2]]),
            outputs: 1,
            terms,
            lift,
            distance,
        })
    }

    fn axes(&self) -> Vec<Vec<f64>> {
        let times = (10.0 * self.duration).round() as usize + 1;
        let side = even(-1.0, 1.0, 41);
        vec![even(0.0, self.duration, times), side.clone(), side]
    }

    fn reference_on(&self, axes: Vec<Vec<f64>>) -> Result<Reference> {
        let coefficients = coefficients();
        Ok(Reference::of(axes, 3, |p| Self::exact(&coefficients, p)))
    }

    fn drifts(&self, at: &Reference, values: &Array2<f64>) -> Vec<(&'static str, f64)> {
        let energies = self.energies(at, values);
        let drift = energies
            .iter()
            .fold(0.0, |m: f64, e| m.max((e - 1.0).abs()));
        vec![("energy", drift)]
    }

    fn checks(&self, at: &Reference, values: &Array2<f64>) -> Vec<(String, f64)> {
        let mut checks: Vec<(String, f64)> = Vec::new();
        for (what, drift) in self.drifts(at, values) {
            checks.push((format!("largest drift of the {what}"), drift));
        }
        let divergence = super::divergence(at, values, [0, 1]);
        checks.push((
            "divergence of H at the last time, over its slopes".into(),
            divergence,
        ));
        checks
    }

    fn quantities_at(&self, _point: &[f64], jet: ArrayView2<f64>) -> Vec<f64> {
        vec![-jet[[3, 0]], jet[[2, 0]], jet[[1, 0]]]
    }

    fn source(&self) -> &'static str {
        "exact sum of the box's modes"
    }

    fn solver(&self) -> (&'static str, Vec<usize>) {
        ("FDTD (Yee)", vec![40, 80, 160, 320])
    }

    fn order(&self) -> &'static str {
        "2, 2"
    }

    fn steps(&self, resolution: usize, _: Option<f64>, at: &Reference) -> Result<Steps> {
        fdtd::steps(at, resolution, 2.0)
    }

    fn solve_in(&self, resolution: usize, share: Option<f64>, at: &Reference) -> Result<Solved> {
        let square = Square {
            corner: -1.0,
            side: 2.0,
            cells: resolution,
            margin: 0,
        };
        let lines = square.lines();
        let mesh = Mesh::new([lines.clone(), lines, vec![0.0, square.spacing()]])?;
        let walls = [[Wall::Pec; 2], [Wall::Pec; 2], [Wall::Periodic; 2]];
        let mut model = Model::vacuum(mesh, walls);
        model.time_step = self.steps(resolution, share, at)?.taken / SPEED_OF_LIGHT;
        let components = [Component::Hx, Component::Hy, Component::Ez];
        let step = model.time_step;
        fdtd::run(&model, square, components, at, |simulation| {
            let electric = |i: usize, j: usize| {
                let [x, y] = [i, j].map(|n| square.coordinate(n as f64));
                (-DECAY * (x * x + y * y)).exp()
            };
            // H is zero at the start; half a step before, it was what Faraday's law makes of that.
            let half = 0.5 * step / (VACUUM_PERMEABILITY * square.spacing());
            let mut set = |component, value: &dyn Fn(usize, usize) -> f64| {
                let shape = model.mesh.shape();
                let values = Array3::from_shape_fn(shape, |(_, j, i)| match i.max(j) {
                    last if last >= resolution && component != Component::Ez => 0.0,
                    _ => value(i, j),
                });
                simulation.set_field(component, values.view())
            };
            set(Component::Ez, &electric)?;
            set(Component::Hx, &|i, j| {
                half * (electric(i, j + 1) - electric(i, j))
            })?;
            set(Component::Hy, &|i, j| {
                half * (electric(i, j) - electric(i + 1, j))
            })?;
            Ok(())
        })
    }
}
