//! A sine carried around a circle sixteen times, `u_t + c u_x = 0` with c = 100, `u(0, x) = sin x` on 0
//! to 2 pi (Krishnapriyan et al., NeurIPS 2021, make it fail at c = 30; Wang et al., An Expert's Guide
//! to Training PINNs, 2023, section 7.2, at 80).

use super::{Case, Conditions, Quantity, Reference, Solved, Steps, even};
use crate::coordinate::problem::OfCoordinates;
use crate::coordinate::{Domain, Field, Jet, Place, Problem, Term};
use crate::error::Result;
use crate::kernels::jets::JetOrder;
use crate::residuals::pointwise;
use curlwind_solvers::advection;
use ndarray::Array2;
use std::f64::consts::TAU;
use std::sync::Arc;
use std::time::Instant;

/// The wave, with its speed in rad/s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Advection {
    /// Speed c.
    pub speed: f64,
}

impl Default for Advection {
    fn default() -> Self {
        Self { speed: 100.0 }
    }
}

/// Longest stable step of the solver, in cells; see [`advection::Differences::new`].
const STABLE: f64 = 2.06;

impl Case for Advection {
    fn coordinates(&self) -> Vec<(&'static str, &'static str)> {
        vec![("t", "s"), ("x", "rad")]
    }

    fn domain(&self) -> Result<Domain> {
        Domain::new(&[("t", 0.0, 1.0), ("x", 0.0, TAU)])
    }

    fn quantities(&self) -> Vec<Quantity> {
        vec![("u", "1", "tracer")]
    }

    fn problem(
        &self,
        conditions: &Conditions,
        [start, end]: [f64; 2],
        before: Option<&Field>,
    ) -> Result<Problem> {
        let speed = self.speed;
        let domain = Domain::new(&[("t", start, end), ("x", 0.0, TAU)])?;
        // In units of the speed, so that the residual is of the size of the wave.
        let mut terms = vec![Term::equation(
            "equation",
            Place::interior(&domain),
            conditions.interior,
            move |u, _| pointwise::advection(speed, u).div_scalar(speed),
        )];
        let initial = super::initial_state(before, start, |at| at.channel(1).sin(0.0));
        let (mut lift, mut distance): (Option<OfCoordinates>, Option<OfCoordinates>) = (None, None);
        if conditions.exact {
            lift = Some(initial);
            let scale = 1.0 / (end - start);
            distance = Some(Arc::new(move |at: &Jet| {
                at.channel(0).plus(-start).scaled(scale)
            }));
        } else {
            let Conditions {
                boundary, weight, ..
            } = *conditions;
            terms.push(super::starts_as(&domain, initial, boundary, weight, 1));
        }
        Ok(Problem {
            domain,
            order: JetOrder::new(2, &[]),
            outputs: 1,
            terms,
            lift,
            distance,
        })
    }

    fn axes(&self) -> Vec<Vec<f64>> {
        vec![even(0.0, 1.0, 201), even(0.0, TAU, 129)]
    }

    fn reference_on(&self, axes: Vec<Vec<f64>>) -> Result<Reference> {
        Ok(Reference::of(axes, 1, |p| {
            vec![(p[1] - self.speed * p[0]).sin()]
        }))
    }

    fn source(&self) -> &'static str {
        "exact solution"
    }

    fn solver(&self) -> (&'static str, Vec<usize>) {
        let name = "fourth-order differences, Runge-Kutta";
        (name, vec![16, 32, 64, 128, 256])
    }

    fn order(&self) -> &'static str {
        "4, 4"
    }

    fn steps(&self, resolution: usize, share: Option<f64>, at: &Reference) -> Result<Steps> {
        let cell = TAU / (resolution as f64 * self.speed);
        let stable = STABLE * cell;
        // A cell a step: as accurate in time as in space.
        let step = share.map_or(cell, |share| share * stable);
        Ok(Steps::dividing(at, step, stable))
    }

    fn checks(&self, at: &Reference, values: &Array2<f64>) -> Vec<(String, f64)> {
        // around the circle the last point is the first
        let length = at.axes[1].len();
        let values = values.column(0).to_vec();
        let states: Vec<&[f64]> = values.chunks(length).map(|u| &u[1..]).collect();
        let mean = |f: &dyn Fn(f64) -> f64| -> Vec<f64> {
            let means = states
                .iter()
                .map(|u| u.iter().map(|v| f(*v)).sum::<f64>() / u.len() as f64);
            means.collect()
        };
        let (mass, energy) = (mean(&|u| u), mean(&|u| u * u));
        let drift = super::largest(energy.iter().map(|e| e / energy[0] - 1.0));
        vec![
            (
                "largest drift of the mass, over the amplitude".into(),
                super::largest(mass.iter().map(|m| m - mass[0])),
            ),
            ("largest drift of the energy".into(), drift),
        ]
    }

    /// The solver for any speed: that of a constant one is exact, and no contest.
    fn solve_in(&self, resolution: usize, share: Option<f64>, at: &Reference) -> Result<Solved> {
        let equation = advection::Advection {
            speed: self.speed,
            length: TAU,
        };
        let times = &at.axes[0];
        let step = self.steps(resolution, share, at)?.taken;
        let begun = Instant::now();
        let solver = advection::Differences::new(equation, resolution, step)?;
        let initial: Vec<f64> = solver
            .line()
            .coordinates()
            .iter()
            .map(|x| x.sin())
            .collect();
        let states = solver.trajectory(&initial, times[times.len() - 1], times[1] - times[0])?;
        let seconds = begun.elapsed().as_secs_f64();
        let wanted = at.axes[1].len() - 1;
        let fine = super::resampled(solver.line(), &states, wanted)?;
        let values = (0..at.values.nrows())
            .map(|n| fine[[n / (wanted + 1), n % (wanted + 1) % wanted]])
            .collect();
        let values = Array2::from_shape_vec((at.values.nrows(), 1), values);
        Ok(Solved {
            values: values.unwrap_or_default(),
            seconds,
        })
    }
}
