//! A pulse that meets a dielectric, in one dimension: `E = exp(-((x + 1/2 - t) / w)^2)` in a vacuum, another
//! medium from x = 0 on. One smooth network cannot have the kink that E and H have there; this one has
//! outputs for each medium and the conditions at the interface between them. Lengths in metres, times
//! in metres of light, H times the impedance of the vacuum.

use super::{Case, Conditions, Quantity, Reference, Solved, Steps, even};
use crate::coordinate::problem::OfCoordinates;
use crate::coordinate::{Domain, Field, Jet, Place, Problem, Term};
use crate::error::Result;
use crate::kernels::jets::JetOrder;
use crate::residuals::pointwise;
use burn::tensor::Tensor;
use curlwind_solvers::maxwell::analytic::Interface;
use curlwind_solvers::maxwell::constants::{SPEED_OF_LIGHT, VACUUM_IMPEDANCE};
use curlwind_solvers::maxwell::line::{End, Section, Solver};
use ndarray::{Array2, ArrayView2};
use std::sync::Arc;
use std::time::Instant;

/// The pulse and the medium.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxwellInterface {
    /// Relative permittivity beyond the interface.
    pub permittivity: f64,
    /// Half width w of the pulse in m.
    pub width: f64,
}

impl Default for MaxwellInterface {
    fn default() -> Self {
        Self {
            permittivity: 4.0,
            width: 0.1,
        }
    }
}

const DURATION: f64 = 1.2;
/// Where the pulse is at the start.
const START: f64 = -0.5;
/// Points of the reference along x, and times.
const POINTS: usize = 101;
const TIMES: usize = 31;

impl MaxwellInterface {
    fn pulse(&self, t: f64) -> f64 {
        (-((t + START) / self.width).powi(2)).exp()
    }

    /// E, and H times the impedance, of the exact solution.
    fn exact(&self, t: f64, x: f64) -> [f64; 2] {
        let interface = Interface {
            position: 0.0,
            permittivity: [1.0, self.permittivity],
            permeability: [1.0; 2],
        };
        let fields = interface.fields(x, t / SPEED_OF_LIGHT, |t| self.pulse(t * SPEED_OF_LIGHT));
        [fields[0], VACUUM_IMPEDANCE * fields[1]]
    }
}

impl Case for MaxwellInterface {
    fn coordinates(&self) -> Vec<(&'static str, &'static str)> {
        vec![("t", "m"), ("x", "m")]
    }

    fn domain(&self) -> Result<Domain> {
        Domain::new(&[("t", 0.0, DURATION), ("x", -1.0, 1.0)])
    }

    fn quantities(&self) -> Vec<Quantity> {
        vec![
            ("ez", "V m-1", "electric field"),
            ("hy", "V m-1", "magnetic field"),
        ]
    }

    fn problem(
        &self,
        conditions: &Conditions,
        [start, end]: [f64; 2],
        before: Option<&Field>,
    ) -> Result<Problem> {
        let domain = Domain::new(&[("t", start, end), ("x", -1.0, 1.0)])?;
        let Conditions {
            interior,
            boundary,
            weight,
            ..
        } = *conditions;
        let mut terms = Vec::new();
        let index = self.permittivity.sqrt();
        for (name, side, eps) in [("vacuum", 0, 1.0), ("medium", 1, self.permittivity)] {
            let mut place = Place::interior(&domain);
            if let Place::Box { lower, upper } = &mut place {
                match side {
                    0 => upper[1] = 0.0,
                    _ => lower[1] = 0.0,
                }
            }
            let equation = Term::equation(name, place, interior / 2, move |u, media| {
                let fields = u.channel(2 * side).beside(u.channel(2 * side + 1));
                pointwise::maxwell_line(&fields, media)
            });
            terms.push(equation.given(2, move |_, to| to.copy_from_slice(&[eps, 1.0])));
        }
        let jump = |u: &Jet, _: &Tensor<2>| {
            let value = |n: usize| u.channel(n).value();
            Tensor::cat(vec![value(0) - value(2), value(1) - value(3)], 1)
        };
        let interface = Term::equation("interface", Place::slice(&domain, 1, 0.0), boundary, jump);
        terms.push(interface.condition().weighted(weight));
        // Nothing comes in: E = H where waves leave to the left, H = -n E to the right.
        for (name, wall, side, admittance) in [("left", -1.0, 0, 1.0), ("right", 1.0, 1, -index)] {
            let open = move |u: &Jet, _: &Tensor<2>| {
                let value = |n: usize| u.channel(2 * side + n).value();
                value(1) - value(0).mul_scalar(admittance)
            };
            let term = Term::equation(name, Place::slice(&domain, 1, wall), boundary, open);
            terms.push(term.condition().weighted(weight));
        }
        let width = self.width;
        let initial = super::initial_state(before, start, move |at| {
            let x = at.channel(1).plus(-START).scaled(1.0 / width);
            let e = super::exponential(&x.times(&x).scaled(-1.0));
            let zero = e.scaled(0.0);
            let h = e.scaled(-1.0);
            e.beside(h).beside(zero.clone()).beside(zero)
        });
        let (mut lift, mut distance): (Option<OfCoordinates>, Option<OfCoordinates>) = (None, None);
        if conditions.exact {
            let scale = 1.0 / (end - start);
            lift = Some(initial);
            distance = Some(Arc::new(move |at: &Jet| {
                at.channel(0).plus(-start).scaled(scale)
            }));
        } else {
            terms.push(super::starts_as(&domain, initial, boundary, weight, 4));
        }
        Ok(Problem {
            domain,
            order: JetOrder::new(2, &[]),
            outputs: 4,
            terms,
            lift,
            distance,
        })
    }

    fn axes(&self) -> Vec<Vec<f64>> {
        vec![even(0.0, DURATION, TIMES), even(-1.0, 1.0, POINTS)]
    }

    fn reference_on(&self, axes: Vec<Vec<f64>>) -> Result<Reference> {
        Ok(Reference::of(axes, 2, |p| self.exact(p[0], p[1]).to_vec()))
    }

    fn source(&self) -> &'static str {
        "exact solution of d'Alembert"
    }

    fn solver(&self) -> (&'static str, Vec<usize>) {
        ("FDTD (Yee)", vec![100, 200, 400, 800, 1600])
    }

    fn order(&self) -> &'static str {
        "2 (1 at the interface), 2"
    }

    fn steps(&self, resolution: usize, _: Option<f64>, at: &Reference) -> Result<Steps> {
        super::a_node_at_each_point(at, resolution)?;
        let spacing = 2.0 / resolution as f64;
        Ok(Steps::dividing(at, 0.95 * spacing, spacing))
    }

    /// Neither part of the pulse has reached an end: the energy is that of the start.
    fn checks(&self, at: &Reference, values: &Array2<f64>) -> Vec<(String, f64)> {
        let xs = &at.axes[1];
        let energy = |n: usize| -> f64 {
            let points = xs.iter().enumerate().map(|(j, x)| {
                let permittivity = match *x {
                    x if x < -1e-9 => 1.0,
                    x if x > 1e-9 => self.permittivity,
                    _ => 0.5 * (1.0 + self.permittivity),
                };
                let row = values.row(n * xs.len() + j);
                permittivity * row[0] * row[0] + row[1] * row[1]
            });
            points.sum()
        };
        let first = energy(0);
        let drift = super::largest((0..at.axes[0].len()).map(|n| energy(n) / first - 1.0));
        vec![("largest drift of the energy".into(), drift)]
    }

    fn solve_in(&self, resolution: usize, share: Option<f64>, at: &Reference) -> Result<Solved> {
        let spacing = 2.0 / resolution as f64;
        let step = self.steps(resolution, share, at)?.taken;
        let (steps, courant) = ((at.interval() / step).round(), step / spacing);
        let begun = Instant::now();
        let sections = [
            Section::vacuum(1.0),
            Section::dielectric(1.0, self.permittivity),
        ];
        let solver = Solver::new(&sections, [End::Absorbing; 2], resolution, courant)?;
        // The line counts from the left end.
        let mut state = solver.state(|x, t| {
            let [e, h] = self.exact(t * SPEED_OF_LIGHT, x - 1.0);
            [e, h / VACUUM_IMPEDANCE]
        });
        let per_point = resolution / (POINTS - 1);
        let mut values = Array2::zeros((at.values.nrows(), 2));
        for n in 0..at.axes[0].len() {
            if n > 0 {
                // The last step of the interval was taken to see H beyond it.
                solver.advance(&mut state, steps as u64 - 1)?;
            }
            let now = state.clone();
            solver.advance(&mut state, 1)?;
            let h = |i: usize| {
                let both = |i: usize| 0.5 * (now.magnetic[i] + state.magnetic[i]);
                match i {
                    0 => 1.5 * both(0) - 0.5 * both(1),
                    i if i == resolution => 1.5 * both(i - 1) - 0.5 * both(i - 2),
                    i => 0.5 * (both(i - 1) + both(i)),
                }
            };
            for j in 0..POINTS {
                let i = j * per_point;
                values[[n * POINTS + j, 0]] = now.electric[i];
                values[[n * POINTS + j, 1]] = VACUUM_IMPEDANCE * h(i);
            }
        }
        let seconds = begun.elapsed().as_secs_f64();
        Ok(Solved { values, seconds })
    }

    fn quantities_at(&self, point: &[f64], jet: ArrayView2<f64>) -> Vec<f64> {
        let first = if point[1] <= 0.0 { 0 } else { 2 };
        vec![jet[[0, first]], jet[[0, first + 1]]]
    }
}
