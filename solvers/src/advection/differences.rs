//! Fourth-order differences with Runge and Kutta's method: what one would write for a speed that varies.
//!
//! The exact [`Solver`](super::Solver) knows that a constant speed only shifts a field; as a rival of
//! anything that has to learn that, it is no contest. This one is of fourth order in space and time.

use super::Advection;
use crate::time_stepping::Schedule;
use crate::torus::{Line, positive};
use crate::{Error, Result};
use ndarray::Array2;

/// An equation on a periodic line of equal cells.
#[derive(Clone, Debug)]
pub struct Differences {
    equation: Advection,
    line: Line,
    time_step: f64,
}

/// Longest stable step in cells: `sqrt(8)` over the largest slope of the difference, 1.372.
const LONGEST: f64 = 2.061;

impl Differences {
    /// With `points` points `x_j = j L / N` and steps of at most `time_step` seconds.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an unusable equation or step; [`Error::Size`] for fewer than 4 points;
    /// [`Error::UnstableTimeStep`] for one of more than 2.06 cells.
    pub fn new(equation: Advection, points: usize, time_step: f64) -> Result<Self> {
        let equation = equation.validated()?;
        positive("time_step", time_step)?;
        let line = Line::new(points, equation.length, 1)?;
        let limit = LONGEST * equation.length / (points as f64 * equation.speed.abs());
        if time_step > limit {
            return Err(Error::UnstableTimeStep {
                time_step,
                limit,
                integrator: "rk4",
            });
        }
        Ok(Self {
            equation,
            line,
            time_step,
        })
    }

    /// The line.
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// The states `[time][x]` at 0, `output_interval`, ..., `duration` (seconds).
    ///
    /// # Errors
    /// [`Error::Shape`] when the field has not N values; [`Error::Parameter`] when the duration is
    /// no whole number of intervals.
    pub fn trajectory(
        &self,
        initial: &[f64],
        duration: f64,
        output_interval: f64,
    ) -> Result<Array2<f64>> {
        let n = self.line.points();
        self.line.check("tracer", initial)?;
        let schedule = Schedule::new(duration, output_interval, self.time_step)?;
        let dt = schedule.time_step;
        let mut u = initial.to_vec();
        let mut slopes: [Vec<f64>; 4] = std::array::from_fn(|_| vec![0.0; n]);
        let mut stage = vec![0.0; n];
        let mut states = Array2::zeros((schedule.outputs as usize + 1, n));
        for (output, mut row) in states.rows_mut().into_iter().enumerate() {
            let steps = if output == 0 {
                0
            } else {
                schedule.steps_per_output
            };
            for _ in 0..steps {
                for k in 0..4 {
                    stage.copy_from_slice(&u);
                    if k > 0 {
                        let share = if k == 3 { dt } else { 0.5 * dt };
                        let moved = stage.iter_mut().zip(&slopes[k - 1]);
                        moved.for_each(|(s, slope)| *s += share * slope);
                    }
                    self.slope(&stage, &mut slopes[k]);
                }
                let [a, b, c, d] = &slopes;
                for (j, u) in u.iter_mut().enumerate() {
                    *u += dt / 6.0 * (a[j] + 2.0 * (b[j] + c[j]) + d[j]);
                }
            }
            row.iter_mut().zip(&u).for_each(|(to, u)| *to = *u);
        }
        Ok(states)
    }

    /// `-c (8 (u_1 - u_-1) - (u_2 - u_-2)) / 12 d`
    fn slope(&self, u: &[f64], slope: &mut [f64]) {
        let n = u.len();
        let factor = -self.equation.speed * n as f64 / (12.0 * self.equation.length);
        let at = |j: usize, shift: usize| u[(j + n + shift - 2) % n];
        for j in 0..2 {
            for j in [j, n - 1 - j] {
                slope[j] = factor * (8.0 * (at(j, 3) - at(j, 1)) - (at(j, 4) - at(j, 0)));
            }
        }
        for (slope, u) in slope[2..n - 2].iter_mut().zip(u.windows(5)) {
            *slope = factor * (8.0 * (u[3] - u[1]) - (u[4] - u[0]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn of_fourth_order() {
        let equation = Advection {
            speed: 3.0,
            length: TAU,
        };
        let error = |n: usize| {
            let solver = Differences::new(equation, n, TAU / (3.0 * n as f64)).unwrap();
            let start: Vec<f64> = solver
                .line()
                .coordinates()
                .iter()
                .map(|x| x.sin())
                .collect();
            let states = solver.trajectory(&start, 1.0, 0.5).unwrap();
            let places = solver.line().coordinates();
            let last = states.row(2);
            let errors = places.iter().zip(last);
            errors.fold(0.0f64, |m, (x, u)| m.max((u - (x - 3.0).sin()).abs()))
        };
        let (coarse, fine) = (error(32), error(64));
        let order = (coarse / fine).log2();
        println!("{coarse:.1e} {fine:.1e}, order {order:.2}");
        assert!((order - 4.0).abs() < 0.2, "{order}");
        assert!(Differences::new(equation, 32, 0.2).is_err());
    }
}
