//! Fronts of the Allen-Cahn equation, `u(0, x) = x^2 cos(pi x)`, periodic, D = 1e-4, r = 5 (Raissi,
//! Perdikaris and Karniadakis, J. Comput. Phys. 378, 2019, section 3.2.2): plain networks fail on it.

use super::{Case, Conditions, Quantity, Reference, Solved, Steps, even};
use crate::coordinate::problem::OfCoordinates;
use crate::coordinate::{Domain, Field, Jet, Place, Problem, Term};
use crate::error::Result;
use crate::kernels::jets::JetOrder;
use crate::residuals::pointwise;
use curlwind_solvers::allen_cahn::{AllenCahn, Solver};
use ndarray::Array2;
use std::f64::consts::{FRAC_PI_2, PI};
use std::sync::Arc;
use std::time::Instant;

/// The fronts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AllenCahnFronts {
    /// Diffusivity in m^2/s.
    pub diffusivity: f64,
    /// Rate in 1/s.
    pub rate: f64,
}

impl Default for AllenCahnFronts {
    fn default() -> Self {
        Self {
            diffusivity: 1e-4,
            rate: 5.0,
        }
    }
}

impl AllenCahnFronts {
    fn equation(&self) -> AllenCahn {
        AllenCahn {
            diffusivity: self.diffusivity,
            rate: self.rate,
            length: 2.0,
        }
    }

    /// States `[time][x]` at x = -1 and on around the circle.
    fn states(&self, resolution: usize, step: f64, times: &[f64]) -> Result<Array2<f64>> {
        let solver = Solver::new(self.equation(), resolution, step)?;
        let initial: Vec<f64> = (0..resolution)
            .map(|j| 2.0 * j as f64 / resolution as f64 - 1.0)
            .map(|x| x * x * (PI * x).cos())
            .collect();
        let states = solver.trajectory(&initial, times[times.len() - 1], times[1] - times[0])?;
        super::resampled(solver.line(), &states, POINTS)
    }
}

const TIMES: usize = 101;
const POINTS: usize = 256;
/// Points of the truth.
const FINEST: usize = 4096;

impl Case for AllenCahnFronts {
    fn coordinates(&self) -> Vec<(&'static str, &'static str)> {
        vec![("t", "s"), ("x", "m")]
    }

    fn domain(&self) -> Result<Domain> {
        Domain::new(&[("t", 0.0, 1.0), ("x", -1.0, 1.0)])
    }

    fn quantities(&self) -> Vec<Quantity> {
        vec![("u", "1", "order parameter")]
    }

    fn problem(
        &self,
        conditions: &Conditions,
        [start, end]: [f64; 2],
        before: Option<&Field>,
    ) -> Result<Problem> {
        let equation = self.equation();
        let domain = Domain::new(&[("t", start, end), ("x", -1.0, 1.0)])?;
        let mut terms = vec![Term::equation(
            "equation",
            Place::interior(&domain),
            conditions.interior,
            move |u, _| pointwise::allen_cahn(&equation, u),
        )];
        let initial = super::initial_state(before, start, |at| {
            let x = at.channel(1);
            x.times(&x).times(&x.scaled(PI).sin(FRAC_PI_2))
        });
        let (mut lift, mut distance): (Option<OfCoordinates>, Option<OfCoordinates>) = (None, None);
        if conditions.exact {
            lift = Some(initial);
            distance = Some(Arc::new(move |at: &Jet| at.channel(0).plus(-start)));
        } else {
            let Conditions {
                boundary, weight, ..
            } = *conditions;
            terms.push(super::starts_as(&domain, initial, boundary, weight, 1));
        }
        Ok(Problem {
            domain,
            order: JetOrder::new(2, &[[1, 1]]),
            outputs: 1,
            terms,
            lift,
            distance,
        })
    }

    fn axes(&self) -> Vec<Vec<f64>> {
        vec![even(0.0, 1.0, TIMES), even(-1.0, 1.0, POINTS + 1)]
    }

    fn reference_on(&self, axes: Vec<Vec<f64>>) -> Result<Reference> {
        let mut reference = Reference::of(axes, 1, |_| vec![0.0]);
        reference.values = self.solve(FINEST, &reference)?.values;
        Ok(reference)
    }

    fn reference_resolution(&self) -> Option<usize> {
        Some(FINEST)
    }

    fn source(&self) -> &'static str {
        "pseudo-spectral solution on 4096 points"
    }

    fn solver(&self) -> (&'static str, Vec<usize>) {
        ("pseudo-spectral, ETDRK4", vec![64, 128, 256, 512, 1024])
    }

    fn order(&self) -> &'static str {
        "spectral, 4"
    }

    /// The reaction overshoots in steps over `2 / r`; diffusion is exact in any.
    fn steps(&self, resolution: usize, share: Option<f64>, at: &Reference) -> Result<Steps> {
        let stable = 2.0 / self.rate;
        let step = share.map_or(0.5 / resolution as f64, |share| {
            share * stable.min(at.interval())
        });
        Ok(Steps::dividing(at, step, stable))
    }

    fn checks(&self, at: &Reference, values: &Array2<f64>) -> Vec<(String, f64)> {
        let even = super::asymmetry(values, at.axes[1].len(), 1.0);
        let above = super::excess(values, 1.0);
        vec![
            ("lack of even symmetry".into(), even),
            ("excess over the pure phases".into(), above),
        ]
    }

    fn solve_in(&self, resolution: usize, share: Option<f64>, at: &Reference) -> Result<Solved> {
        let step = self.steps(resolution, share, at)?.taken;
        let begun = Instant::now();
        let states = self.states(resolution, step, &at.axes[0])?;
        let seconds = begun.elapsed().as_secs_f64();
        let values = (0..at.values.nrows())
            .map(|n| states[[n / (POINTS + 1), n % (POINTS + 1) % POINTS]])
            .collect();
        let values = Array2::from_shape_vec((at.values.nrows(), 1), values);
        Ok(Solved {
            values: values.unwrap_or_default(),
            seconds,
        })
    }
}
