//! A sine carried around a circle sixteen times, `u_t + c u_x = 0` with c = 100, `u(0, x) = sin x` on 0
//! to 2 pi (Krishnapriyan et al., NeurIPS 2021, make it fail at c = 30; Wang et al., An Expert's Guide
//! to Training PINNs, 2023, section 7.2, at 80).

use super::{Case, Conditions, Quantity, Reference, Solved, even};
use crate::coordinate::problem::OfCoordinates;
use crate::coordinate::{Domain, Field, Jet, Place, Problem, Term};
use crate::error::Result;
use crate::kernels::jets::JetOrder;
use crate::residuals::pointwise;
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

    fn reference(&self) -> Result<Reference> {
        let axes = vec![even(0.0, 1.0, 201), even(0.0, TAU, 129)];
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

    /// A solver as one would write for any speed that varies: the exact one of a constant speed is no
    /// contest.
    fn solve(&self, resolution: usize, at: &Reference) -> Result<Solved> {
        let n = resolution;
        let spacing = TAU / n as f64;
        let begun = Instant::now();
        let mut u: Vec<f64> = (0..n).map(|j| (spacing * j as f64).sin()).collect();
        let factor = -self.speed / (12.0 * spacing);
        let slope = |u: &[f64]| -> Vec<f64> {
            let at = |j: usize, shift: usize| u[(j + n + shift - 2) % n];
            let slope = |j| 8.0 * (at(j, 3) - at(j, 1)) - (at(j, 4) - at(j, 0));
            (0..n).map(|j| factor * slope(j)).collect()
        };
        let times = &at.axes[0];
        let interval = times[1] - times[0];
        // The method is stable to 2.06 cells a step; one is as accurate in time as in space.
        let steps = (interval * self.speed / spacing).ceil().max(1.0) as usize;
        let dt = interval / steps as f64;
        let mut states = Array2::zeros((times.len(), n));
        for (output, mut row) in states.rows_mut().into_iter().enumerate() {
            for _ in 0..if output == 0 { 0 } else { steps } {
                let moved = |k: &[f64], h: f64| -> Vec<f64> {
                    u.iter().zip(k).map(|(u, k)| u + h * k).collect()
                };
                let a = slope(&u);
                let b = slope(&moved(&a, 0.5 * dt));
                let c = slope(&moved(&b, 0.5 * dt));
                let d = slope(&moved(&c, dt));
                for (j, u) in u.iter_mut().enumerate() {
                    *u += dt / 6.0 * (a[j] + 2.0 * (b[j] + c[j]) + d[j]);
                }
            }
            row.iter_mut().zip(&u).for_each(|(to, u)| *to = *u);
        }
        let seconds = begun.elapsed().as_secs_f64();
        let line = curlwind_solvers::torus::Line::new(n, TAU, 1)?;
        let wanted = at.axes[1].len() - 1;
        let fine = super::resampled(&line, &states, wanted)?;
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
