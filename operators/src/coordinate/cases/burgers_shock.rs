//! The steepening wave of Burgers' equation, `u(0, x) = -sin(pi x)`, nu = 0.01 / pi: a shock as thin as
//! a hundredth of the interval (Raissi, Perdikaris and Karniadakis, J. Comput. Phys. 378, 2019,
//! section 2.1.1; C. Basdevant et al., Computers and Fluids 14, 1986).

use super::{Case, Conditions, Quantity, Reference, Solved, Steps, even};
use crate::coordinate::{Domain, Field, Jet, Place, Problem, Term};
use crate::error::Result;
use crate::kernels::jets::JetOrder;
use crate::residuals::pointwise;
use curlwind_solvers::burgers::{Burgers, Ends, Solver, cole_hopf};
use ndarray::{Array2, s};
use std::f64::consts::PI;
use std::sync::Arc;
use std::time::Instant;

/// The wave, with its viscosity in m^2/s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurgersShock {
    /// Kinematic viscosity.
    pub viscosity: f64,
}

impl Default for BurgersShock {
    fn default() -> Self {
        Self {
            viscosity: 0.01 / PI,
        }
    }
}

impl BurgersShock {
    fn equation(&self) -> Result<Burgers> {
        let equation = Burgers {
            viscosity: self.viscosity,
            length: 2.0,
            ends: Ends::Zero,
        };
        Ok(equation.validated()?)
    }
}

impl Case for BurgersShock {
    fn coordinates(&self) -> Vec<(&'static str, &'static str)> {
        vec![("t", "s"), ("x", "m")]
    }

    fn domain(&self) -> Result<Domain> {
        Domain::new(&[("t", 0.0, 1.0), ("x", -1.0, 1.0)])
    }

    fn quantities(&self) -> Vec<Quantity> {
        vec![("u", "m s-1", "velocity")]
    }

    fn problem(
        &self,
        conditions: &Conditions,
        [start, end]: [f64; 2],
        before: Option<&Field>,
    ) -> Result<Problem> {
        let equation = self.equation()?;
        let domain = Domain::new(&[("t", start, end), ("x", -1.0, 1.0)])?;
        let interior = Place::interior(&domain);
        let mut terms = vec![Term::equation(
            "equation",
            interior,
            conditions.interior,
            move |u, _| pointwise::burgers(&equation, u),
        )];
        let initial = super::initial_state(before, start, |at| {
            at.channel(1).scaled(PI).sin(0.0).scaled(-1.0)
        });
        let (mut lift, mut distance): (Option<_>, Option<_>) = (None, None);
        if conditions.exact {
            lift = Some(initial);
            distance = Some(Arc::new(move |at: &Jet| {
                let x = at.channel(1);
                let wall = x.times(&x).scaled(-1.0).plus(1.0);
                at.channel(0).plus(-start).times(&wall)
            }) as super::super::problem::OfCoordinates);
        } else {
            let (count, weight) = (conditions.boundary, conditions.weight);
            terms.push(super::starts_as(&domain, initial, count, weight, 1));
            for (name, wall) in [("left", -1.0), ("right", 1.0)] {
                let place = Place::slice(&domain, 1, wall);
                let zero = Term::equation(name, place, count, |u, _| u.value());
                terms.push(zero.condition().weighted(weight));
            }
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
        vec![even(0.0, 1.0, 101), even(-1.0, 1.0, 257)]
    }

    fn reference_on(&self, axes: Vec<Vec<f64>>) -> Result<Reference> {
        let nu = self.viscosity;
        Ok(Reference::of(axes, 1, |p| {
            vec![match p[0] {
                0.0 => -(PI * p[1]).sin(),
                t => cole_hopf(nu, |y| -(PI * y).sin(), |y| (PI * y).cos() / PI, p[1], t),
            }]
        }))
    }

    fn source(&self) -> &'static str {
        "exact solution of Cole and Hopf"
    }

    fn solver(&self) -> (&'static str, Vec<usize>) {
        ("pseudo-spectral, ETDRK4", vec![65, 129, 257, 513, 1025])
    }

    fn order(&self) -> &'static str {
        "spectral, 4"
    }

    fn steps(&self, resolution: usize, share: Option<f64>, at: &Reference) -> Result<Steps> {
        // a whole step at most, so that the solver tells its own limit
        let solver = Solver::new(self.equation()?, resolution, 1.0)?;
        let stable = solver.stable_time_step(&[1.0]);
        let step = share.map_or(0.5 / resolution as f64, |share| share * stable);
        Ok(Steps::dividing(at, step, stable))
    }

    fn checks(&self, at: &Reference, values: &Array2<f64>) -> Vec<(String, f64)> {
        let odd = super::asymmetry(values, at.axes[1].len(), -1.0);
        let above = super::excess(values, 1.0);
        vec![
            ("lack of odd symmetry".into(), odd),
            ("excess over the largest initial speed".into(), above),
        ]
    }

    fn solve_in(&self, resolution: usize, share: Option<f64>, at: &Reference) -> Result<Solved> {
        let equation = self.equation()?;
        let step = self.steps(resolution, share, at)?.taken;
        let begun = Instant::now();
        let solver = Solver::new(equation, resolution, step)?;
        let places = solver.coordinates();
        // x counts from the left end
        let initial: Vec<f64> = places.iter().map(|x| -(PI * (x - 1.0)).sin()).collect();
        let times = &at.axes[0];
        let states = solver.trajectory(&initial, times[times.len() - 1], times[1] - times[0])?;
        let seconds = begun.elapsed().as_secs_f64();
        // The odd, periodic function of twice the length that the solution is half of.
        let points = solver.line().points();
        let whole = Array2::from_shape_fn((states.nrows(), points), |(n, j)| match j {
            j if j < resolution => states[[n, j]],
            j => -states[[n, points - j]],
        });
        let wanted = at.axes[1].len();
        let fine = super::resampled(solver.line(), &whole, 2 * (wanted - 1))?;
        let values = fine.slice(s![.., ..wanted]).to_owned();
        let values = values.into_shape_with_order((times.len() * wanted, 1));
        let values = values.unwrap_or_default();
        Ok(Solved { values, seconds })
    }
}
