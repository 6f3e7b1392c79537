//! Linear advection in one dimension.
//!
//! `du/dt + c du/dx = 0`, periodic. Every wave of the Fourier series keeps its amplitude and turns
//! its phase by `k c t`, so the solution is `u(x - c t)` at any time to rounding, for what the points
//! resolve (J. P. Boyd, Chebyshev and Fourier Spectral Methods, 2nd ed., section 9.1).
//!
//! ```
//! use curlwind_solvers::advection::{Advection, Solver};
//!
//! let solver = Solver::new(Advection { speed: 0.25, length: 1.0 }, 64)?;
//! let wave = |x: f64| (6.283185307179586 * x).sin().exp();
//! let initial: Vec<f64> = solver.line().coordinates().into_iter().map(wave).collect();
//! let states = solver.trajectory(&initial, 2.0, 1.0)?;
//! assert!((states[[1, 0]] - wave(-0.25)).abs() < 1e-13);
//! # Ok::<(), curlwind_solvers::Error>(())
//! ```

mod differences;

pub use differences::Differences;

use crate::time_stepping::Schedule;
use crate::torus::{Line, positive};
use crate::{Error, Result};
use ndarray::Array2;
use num_complex::Complex64;

/// The equation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Advection {
    /// Speed c in m/s; negative to the left.
    pub speed: f64,
    /// Length of the interval in m.
    pub length: f64,
}

impl Advection {
    /// The equation, if its parameters are usable.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the speed is not finite or the length not above 0.
    pub fn validated(self) -> Result<Self> {
        positive("length", self.length)?;
        match self.speed.is_finite() {
            true => Ok(self),
            false => Err(Error::Parameter {
                name: "speed",
                value: self.speed,
                expected: "a finite number",
            }),
        }
    }
}

/// An equation and a grid; there is no time step.
#[derive(Clone, Debug)]
pub struct Solver {
    equation: Advection,
    line: Line,
}

impl Solver {
    /// With `points` points `x_j = j L / N`, which keep the waves of fewer than N/2 lengths.
    ///
    /// # Errors
    /// As [`Advection::validated`]; [`Error::Size`] for fewer than 4 points.
    pub fn new(equation: Advection, points: usize) -> Result<Self> {
        let equation = equation.validated()?;
        Ok(Self {
            line: Line::new(points, equation.length, 1)?,
            equation,
        })
    }

    /// The equation.
    pub fn equation(&self) -> &Advection {
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
        self.line.check("advected field", initial)?;
        if !initial.iter().all(|u| u.is_finite()) {
            return Err(Error::NotFinite {
                field: "advected field",
                time: 0.0,
                step: 0,
            });
        }
        let schedule = Schedule::new(duration, output_interval, output_interval)?;
        let mut work = self.line.workspace();
        let mut start = vec![Complex64::ZERO; self.line.spectrum_len()];
        self.line.analysis(initial, &mut start, &mut work);
        let mut states = Array2::zeros((schedule.outputs as usize + 1, points));
        let (mut spectrum, mut field) = (start.clone(), vec![0.0; points]);
        for (output, mut state) in states.outer_iter_mut().enumerate() {
            let way = self.equation.speed * output as f64 * output_interval;
            for (k, (now, then)) in spectrum.iter_mut().zip(&start).enumerate() {
                *now = then * Complex64::cis(-self.line.wavenumber(k) * way);
            }
            self.line.synthesis(&spectrum, &mut field, &mut work);
            state
                .iter_mut()
                .zip(&field)
                .for_each(|(to, from)| *to = *from);
        }
        Ok(states)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// `exp(sin)` moved along, whose waves have fallen below rounding at 20 lengths.
    #[test]
    fn a_wave_moves_along() {
        for (points, speed) in [(48, 0.3), (51, -1.7)] {
            let equation = Advection { speed, length: 2.0 };
            let solver = Solver::new(equation, points).unwrap();
            let wave = |x: f64| (0.5 * TAU * x).sin().exp();
            let x = solver.line().coordinates();
            let initial: Vec<f64> = x.iter().map(|&x| wave(x)).collect();
            let states = solver.trajectory(&initial, 30.0, 0.1).unwrap();
            assert_eq!(states.dim(), (301, points));
            let mut worst = 0.0f64;
            for (n, state) in states.outer_iter().enumerate() {
                for (u, x) in state.iter().zip(&x) {
                    worst = worst.max((u - wave(x - speed * 0.1 * n as f64)).abs());
                }
            }
            println!("{points} points: largest error {worst:.1e}");
            assert!(worst < 1e-12, "{worst:e}");
        }
    }

    #[test]
    fn bad_input_is_refused() {
        let equation = Advection {
            speed: 1.0,
            length: 1.0,
        };
        let solver = Solver::new(equation, 8).unwrap();
        assert!(solver.trajectory(&[0.0; 7], 1.0, 0.5).is_err());
        assert!(solver.trajectory(&[f64::NAN; 8], 1.0, 0.5).is_err());
        assert!(solver.trajectory(&[0.0; 8], 1.0, 0.3).is_err());
        assert!(Solver::new(equation, 3).is_err());
        for (speed, length) in [(f64::NAN, 1.0), (1.0, 0.0)] {
            assert!(Solver::new(Advection { speed, length }, 8).is_err());
        }
    }
}
