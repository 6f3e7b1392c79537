//! The pseudo-spectral solver.

use super::{Burgers, Ends};
use crate::time_stepping::etdrk4::march;
use crate::time_stepping::{Etdrk4, Schedule};
use crate::torus::{Line, positive};
use crate::{Error, Result};
use ndarray::parallel::prelude::*;
use ndarray::{Array2, Array3, ArrayView1, ArrayView2, Axis};
use num_complex::Complex64;
use std::ops::ControlFlow;

/// Fourier pseudo-spectral in space with products free of aliases, [`Etdrk4`] in time.
///
/// Fields are given at N points: `x_j = j L / N` for j below N where periodic, and
/// `x_j = j L / (N - 1)`, ends included, where the ends are zero.
#[derive(Clone, Debug)]
pub struct Solver {
    equation: Burgers,
    points: usize,
    time_step: f64,
    /// The torus that the solution lives on; twice as long with zero ends.
    line: Line,
}

impl Solver {
    /// With `points` points and steps of at most `time_step` seconds.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an unusable equation or step; [`Error::Size`] for fewer than 4
    /// points.
    pub fn new(equation: Burgers, points: usize, time_step: f64) -> Result<Self> {
        let equation = equation.validated()?;
        positive("time_step", time_step)?;
        let line = match equation.ends {
            Ends::Periodic => Line::new(points, equation.length, 2)?,
            Ends::Zero => {
                let doubled = 2 * points.saturating_sub(1);
                Line::new(doubled, 2.0 * equation.length, 2)?
            }
        };
        Ok(Self {
            equation,
            points,
            time_step,
            line,
        })
    }

    /// The equation.
    pub fn equation(&self) -> &Burgers {
        &self.equation
    }

    /// The periodic line that the solution is represented on.
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// The points in m.
    pub fn coordinates(&self) -> Vec<f64> {
        let mut points = self.line.coordinates();
        points.truncate(self.points);
        points
    }

    /// The longest stable step in seconds for a velocity in m/s: `sqrt(8) / (k max|u|)` with the
    /// largest wavenumber kept, the limit of the fourth-order method for advection.
    pub fn stable_time_step(&self, velocity: &[f64]) -> f64 {
        let fastest = velocity.iter().fold(0.0f64, |s, u| s.max(u.abs()));
        8f64.sqrt() / (fastest * self.line.wavenumber(self.line.spectrum_len() - 1))
    }

    /// The states `[time][x]` at 0, `output_interval`, ..., `duration` (seconds).
    ///
    /// # Errors
    /// [`Error::Shape`] when the field has not N values; [`Error::Parameter`] when the duration is
    /// no whole number of intervals or zero ends are not zero; [`Error::UnstableTimeStep`];
    /// [`Error::NotFinite`].
    pub fn trajectory(
        &self,
        initial: &[f64],
        duration: f64,
        output_interval: f64,
    ) -> Result<Array2<f64>> {
        let schedule = Schedule::new(duration, output_interval, self.time_step)?;
        let mut states = Array2::zeros((schedule.outputs as usize + 1, self.points));
        let mut work = self.line.workspace();
        let mut field = self.whole(initial)?;
        let mut spectrum = vec![Complex64::ZERO; self.line.spectrum_len()];
        self.line.analysis(&field, &mut spectrum, &mut work);

        let square = |k: usize| self.line.wavenumber(k).powi(2);
        let rates: Vec<f64> = (0..spectrum.len())
            .map(|k| -self.equation.viscosity * square(k))
            .collect();
        let mut method = Etdrk4::new(&rates, schedule.time_step);
        let mut product = vec![0.0; self.line.points()];
        let odd = self.equation.ends == Ends::Zero;
        let mut inner = self.line.workspace();
        let mut checked = vec![0.0; self.line.points()];
        let mut output = 0;
        march(
            schedule,
            &mut spectrum,
            "velocity",
            |state| {
                method.step(state, |u, slope| {
                    self.line.synthesis(u, &mut product, &mut work);
                    product.iter_mut().for_each(|u| *u *= *u);
                    self.line.analysis(&product, slope, &mut work);
                    for (k, s) in slope.iter_mut().enumerate() {
                        // -d/dx (u^2 / 2)
                        *s *= Complex64::new(0.0, -0.5 * self.line.wavenumber(k));
                    }
                });
                if odd {
                    // round-off in the even part would grow where the flow converges
                    state.iter_mut().for_each(|c| c.re = 0.0);
                }
            },
            |state| {
                self.line.synthesis(state, &mut checked, &mut inner);
                let limit = self.stable_time_step(&checked);
                schedule.check(limit, "etdrk4")
            },
            |_, state| {
                let mut work = self.line.workspace();
                self.line.synthesis(state, &mut field, &mut work);
                let inside = ArrayView1::from(&field[..self.points]);
                states.row_mut(output).assign(&inside);
                output += 1;
                ControlFlow::Continue(())
            },
        )?;
        Ok(states)
    }

    /// The trajectories `[sample][time][x]` from many initial states `[sample][x]`, side by side.
    ///
    /// # Errors
    /// As [`Self::trajectory`].
    pub fn trajectories(
        &self,
        initial: ArrayView2<f64>,
        duration: f64,
        output_interval: f64,
    ) -> Result<Array3<f64>> {
        let schedule = Schedule::new(duration, output_interval, self.time_step)?;
        let times = schedule.outputs as usize + 1;
        let mut all = Array3::zeros((initial.nrows(), times, self.points));
        all.axis_iter_mut(Axis(0))
            .into_par_iter()
            .zip(initial.axis_iter(Axis(0)))
            .try_for_each(|(mut states, initial)| {
                let found = self.trajectory(&initial.to_vec(), duration, output_interval)?;
                states.assign(&found);
                Ok(())
            })?;
        Ok(all)
    }

    /// The field on the whole torus.
    fn whole(&self, field: &[f64]) -> Result<Vec<f64>> {
        if field.len() != self.points {
            return Err(Error::Shape {
                what: "velocity",
                expected: vec![self.points],
                found: vec![field.len()],
            });
        }
        let mut whole = field.to_vec();
        if self.equation.ends == Ends::Zero {
            let last = field.len() - 1;
            let size = field.iter().fold(0.0f64, |s, u| s.max(u.abs()));
            for end in [field[0], field[last]] {
                if end.abs() > 1e-9 * size {
                    return Err(Error::Parameter {
                        name: "velocity at an end",
                        value: end,
                        expected: "0, as the ends are",
                    });
                }
            }
            whole.extend(field[1..last].iter().rev().map(|u| -u));
        }
        Ok(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::burgers::cole_hopf;
    use std::f64::consts::{PI, TAU};

    fn smooth(x: f64) -> f64 {
        0.3 + (TAU * x).sin() + 0.5 * (2.0 * TAU * x + 1.0).cos()
    }

    fn smooth_potential(x: f64) -> f64 {
        0.3 * x - (TAU * x).cos() / TAU + 0.25 * (2.0 * TAU * x + 1.0).sin() / TAU
    }

    fn largest_error(points: usize, time_step: f64, viscosity: f64, end: f64) -> f64 {
        let equation = Burgers::new(viscosity, 1.0).unwrap();
        let solver = Solver::new(equation, points, time_step).unwrap();
        let x = solver.coordinates();
        let initial: Vec<f64> = x.iter().map(|x| smooth(*x)).collect();
        let states = solver.trajectory(&initial, end, end).unwrap();
        x.iter()
            .zip(states.row(1))
            .map(|(x, u)| (u - cole_hopf(viscosity, smooth, smooth_potential, *x, end)).abs())
            .fold(0.0, f64::max)
    }

    /// Domain: (0, 1), t = 0.3, against the exact solution. nu = 0.05 and halved steps: 2^4.
    /// nu = 0.02 and more points: faster than any power.
    #[test]
    fn fourth_order_in_time_and_spectral_in_space() {
        let orders = [1e-2, 5e-3, 2.5e-3].map(|dt| largest_error(96, dt, 0.05, 0.3));
        let order = (orders[1] / orders[2]).log2();
        println!("errors {orders:?}, order {order:.2}");
        assert!((order - 4.0).abs() < 0.3, "{orders:?}");
        let points = [24, 48, 96, 192].map(|n| largest_error(n, 5e-4, 0.02, 0.3));
        println!("points 24, 48, 96, 192: errors {points:?}");
        assert!(points[1] < 0.1 * points[0] && points[2] < 0.01 * points[1]);
        assert!(points[3] < 1e-8, "{points:?}");
    }

    /// Zero ends give the half of an odd solution, and `-sin(pi x)` its shock: nu = 0.01 / pi.
    #[test]
    fn zero_ends_are_an_odd_torus_and_a_shock_is_resolved() {
        let viscosity = 0.01 / PI;
        let walled = Burgers {
            viscosity,
            length: 2.0,
            ends: Ends::Zero,
        };
        let solver = Solver::new(walled, 1025, 1e-3).unwrap();
        let initial: Vec<f64> = solver
            .coordinates()
            .iter()
            .map(|x| -(PI * (x - 1.0)).sin())
            .collect();
        let initial: Vec<f64> = (0..initial.len())
            .map(|j| if j == 0 || j == 1024 { 0.0 } else { initial[j] })
            .collect();
        let states = solver.trajectory(&initial, 0.8, 0.4).unwrap();
        let velocity = |x: f64| -(PI * (x - 1.0)).sin();
        let potential = |x: f64| (PI * (x - 1.0)).cos() / PI;
        for (row, t) in [(1, 0.4), (2, 0.8)] {
            let worst = (0..1025)
                .step_by(16)
                .map(|j| {
                    let x = j as f64 / 512.0;
                    (states[[row, j]] - cole_hopf(viscosity, velocity, potential, x, t)).abs()
                })
                .fold(0.0, f64::max);
            println!("t = {t}: largest error {worst:.1e}");
            assert!(worst < 1e-6, "t = {t}: {worst:e}");
        }
    }

    #[test]
    fn batches_are_the_samples_and_bad_input_is_refused() {
        let equation = Burgers::new(0.1, 1.0).unwrap();
        let solver = Solver::new(equation, 32, 1e-2).unwrap();
        let initial = Array2::from_shape_fn((3, 32), |(s, j)| {
            ((s + 1) as f64 * TAU * j as f64 / 32.0).sin()
        });
        let all = solver.trajectories(initial.view(), 0.2, 0.1).unwrap();
        let one = solver.trajectory(&initial.row(1).to_vec(), 0.2, 0.1);
        assert_eq!(all.index_axis(Axis(0), 1), one.unwrap());
        assert!(solver.trajectory(&[0.0; 31], 0.2, 0.1).is_err());
        assert!(solver.trajectory(&[0.0; 32], 0.25, 0.1).is_err());
        let fast = vec![1e3; 32];
        let error = solver.trajectory(&fast, 0.2, 0.1).unwrap_err();
        assert!(matches!(error, Error::UnstableTimeStep { .. }), "{error}");
        assert!(solver.trajectory(&[f64::NAN; 32], 0.2, 0.1).is_err());
        assert!(Burgers::new(-0.1, 1.0).is_err() && Solver::new(equation, 3, 0.1).is_err());
        let ends = Ends::Zero;
        let walled = Solver::new(Burgers { ends, ..equation }, 33, 1e-2).unwrap();
        let message = walled.trajectory(&[1.0; 33], 0.2, 0.1).unwrap_err();
        assert!(message.to_string().contains("end"), "{message}");
    }
}
