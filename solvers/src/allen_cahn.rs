//! The Allen-Cahn equation in one dimension.
//!
//! `du/dt = epsilon d2u/dx2 + r (u - u^3)`, periodic (S. M. Allen and J. W. Cahn, Acta Metall. 27,
//! 1085-1095, 1979). Pseudo-spectral, the cubic product free of aliases, with
//! [`Etdrk4`].

use crate::time_stepping::etdrk4::march;
use crate::time_stepping::{Etdrk4, Schedule};
use crate::torus::{Line, positive};
use crate::{Error, Result};
use ndarray::{Array2, ArrayView1};
use num_complex::Complex64;
use std::ops::ControlFlow;

/// The equation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AllenCahn {
    /// Diffusivity epsilon in m^2/s.
    pub diffusivity: f64,
    /// Rate r in 1/s.
    pub rate: f64,
    /// Length of the interval in m.
    pub length: f64,
}

/// An equation, a grid and a time step.
#[derive(Clone, Debug)]
pub struct Solver {
    equation: AllenCahn,
    line: Line,
    time_step: f64,
}

impl Solver {
    /// With `points` points `x_j = j L / N` and steps of at most `time_step` seconds.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a value that is not above 0, or a step over `2 / r`, with which the
    /// reaction overshoots; [`Error::Size`] for fewer than 4 points.
    pub fn new(equation: AllenCahn, points: usize, time_step: f64) -> Result<Self> {
        positive("diffusivity", equation.diffusivity)?;
        positive("rate", equation.rate)?;
        positive("time_step", time_step)?;
        let limit = 2.0 / equation.rate;
        if time_step > limit {
            return Err(Error::UnstableTimeStep {
                time_step,
                limit,
                integrator: "etdrk4",
            });
        }
        Ok(Self {
            line: Line::new(points, equation.length, 3)?,
            equation,
            time_step,
        })
    }

    /// The equation.
    pub fn equation(&self) -> &AllenCahn {
        &self.equation
    }

    /// The line that the solution is represented on.
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// The states `[time][x]` at 0, `output_interval`, ..., `duration` (seconds).
    ///
    /// # Errors
    /// [`Error::Shape`] when the field has not N values; [`Error::Parameter`] when the duration is
    /// no whole number of intervals; [`Error::NotFinite`].
    pub fn trajectory(
        &self,
        initial: &[f64],
        duration: f64,
        output_interval: f64,
    ) -> Result<Array2<f64>> {
        let points = self.line.points();
        self.line.check("order parameter", initial)?;
        let schedule = Schedule::new(duration, output_interval, self.time_step)?;
        let mut states = Array2::zeros((schedule.outputs as usize + 1, points));
        let (mut work, mut outer) = (self.line.workspace(), self.line.workspace());
        let mut spectrum = vec![Complex64::ZERO; self.line.spectrum_len()];
        self.line.analysis(initial, &mut spectrum, &mut work);
        let AllenCahn {
            diffusivity, rate, ..
        } = self.equation;
        let rates: Vec<f64> = (0..spectrum.len())
            .map(|k| rate - diffusivity * self.line.wavenumber(k).powi(2))
            .collect();
        let mut method = Etdrk4::new(&rates, schedule.time_step);
        let (mut product, mut field) = (vec![0.0; points], vec![0.0; points]);
        let mut output = 0;
        march(
            schedule,
            &mut spectrum,
            "order parameter",
            |state| {
                method.step(state, |u, slope| {
                    self.line.synthesis(u, &mut product, &mut work);
                    product.iter_mut().for_each(|u| *u = -rate * u.powi(3));
                    self.line.analysis(&product, slope, &mut work);
                });
            },
            |_| Ok(()),
            |_, state| {
                self.line.synthesis(state, &mut field, &mut outer);
                states.row_mut(output).assign(&ArrayView1::from(&field[..]));
                output += 1;
                ControlFlow::Continue(())
            },
        )?;
        Ok(states)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// A front between -1 and 1, `tanh(x sqrt(r / (2 epsilon)))`, is at rest; two of them far apart
    /// on a torus are, up to exponentially small forces.
    #[test]
    fn a_front_is_at_rest() {
        let equation = AllenCahn {
            diffusivity: 1e-3,
            rate: 5.0,
            length: 2.0,
        };
        let solver = Solver::new(equation, 1024, 0.05).unwrap();
        let front = |x: f64| (x * (5.0f64 / 2e-3).sqrt()).tanh();
        let initial: Vec<f64> = (0..1024)
            .map(|j| j as f64 / 512.0)
            .map(|x| front(x - 0.5) * front(1.5 - x))
            .collect();
        let states = solver.trajectory(&initial, 1.0, 1.0).unwrap();
        let moved = states
            .row(1)
            .iter()
            .zip(&initial)
            .fold(0.0f64, |s, (a, b)| s.max((a - b).abs()));
        println!("a front moved by {moved:.1e}");
        assert!(moved < 1e-6, "{moved:e}");
    }

    #[test]
    fn fourth_order_in_time() {
        let equation = AllenCahn {
            diffusivity: 1e-2,
            rate: 5.0,
            length: 2.0,
        };
        let end = |time_step| {
            let solver = Solver::new(equation, 64, time_step).unwrap();
            let start: Vec<f64> = (0..64)
                .map(|j| 0.6 * (TAU * j as f64 / 64.0).sin() + 0.1)
                .collect();
            solver
                .trajectory(&start, 1.0, 1.0)
                .unwrap()
                .row(1)
                .to_owned()
        };
        let (coarse, middle, fine) = (end(0.02), end(0.01), end(0.005));
        let norm = |d: ndarray::Array1<f64>| d.dot(&d).sqrt();
        let order = (norm(&coarse - &middle) / norm(&middle - &fine)).log2();
        println!("order {order:.2}");
        assert!((order - 4.0).abs() < 0.3, "{order}");
        assert!(Solver::new(equation, 64, 1.0).is_err());
    }
}
