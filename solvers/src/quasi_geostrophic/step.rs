//! Methods in time, and the filter of small scales.

use crate::time_stepping::{AdamsBashforth3, Etdrk4};
use num_complex::Complex64;
use std::f64::consts::PI;

/// The method in time. Hyperviscosity is exact in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Integrator {
    /// Exponential time differencing of fourth order.
    #[default]
    Etdrk4,
    /// The three-step method of Adams and Bashforth, started by steps of first and second order: that
    /// of pyqg, one right-hand side a step.
    AdamsBashforth3,
}

impl Integrator {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Etdrk4 => "etdrk4",
            Self::AdamsBashforth3 => "adams_bashforth_3",
        }
    }

    /// The largest product of frequency and step with which waves are stable: of the classical
    /// Runge-Kutta method, and of the Adams-Bashforth method (D. R. Durran, Numerical Methods for
    /// Fluid Dynamics, 2nd ed., section 2.4).
    pub(super) fn wave_limit(self) -> f64 {
        match self {
            Self::Etdrk4 => 8f64.sqrt(),
            Self::AdamsBashforth3 => 0.72,
        }
    }
}

/// A factor on every wave after every step, 1 below a wavenumber and falling fast above it:
///
/// ```text
/// exp(-strength (kappa - cut_off)^4) for kappa > cut_off,   kappa = sqrt((kx dx)^2 + (ky dy)^2)
/// ```
///
/// Together with all wavenumbers below the grid's largest it takes the place of truncation: what
/// aliases is damped before it comes back (J. H. LaCasce, Baroclinic vortices over a sloping bottom,
/// thesis, MIT/WHOI, 1996; B. K. Arbic and G. R. Flierl, J. Phys. Oceanogr. 33, 1999-2015, 2003; pyqg's
/// documentation). How much it takes in a given time depends on the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExponentialFilter {
    /// Strength, without unit.
    pub strength: f64,
    /// Where it begins, in rad per grid point.
    pub cut_off: f64,
}

impl Default for ExponentialFilter {
    /// That of pyqg: 23.6, so that the factor at the largest wavenumber is of the size of round-off,
    /// and 0.65 pi.
    fn default() -> Self {
        Self {
            strength: 23.6,
            cut_off: 0.65 * PI,
        }
    }
}

impl ExponentialFilter {
    /// The factor at `kappa` rad per grid point.
    pub fn factor(&self, kappa: f64) -> f64 {
        (-self.strength * (kappa - self.cut_off).max(0.0).powi(4)).exp()
    }
}

/// A method with its buffers.
pub(super) enum Method {
    Etdrk4(Etdrk4),
    AdamsBashforth3(AdamsBashforth3),
}

impl Method {
    /// For growth rates in 1/s per coefficient and a step in seconds.
    pub(super) fn new(integrator: Integrator, rates: &[f64], time_step: f64) -> Self {
        match integrator {
            Integrator::Etdrk4 => Self::Etdrk4(Etdrk4::new(rates, time_step)),
            Integrator::AdamsBashforth3 => {
                Self::AdamsBashforth3(AdamsBashforth3::new(rates, time_step))
            }
        }
    }

    pub(super) fn step(
        &mut self,
        state: &mut [Complex64],
        nonlinear: impl FnMut(&[Complex64], &mut [Complex64]),
    ) {
        match self {
            Self::Etdrk4(method) => method.step(state, nonlinear),
            Self::AdamsBashforth3(method) => method.step(state, nonlinear),
        }
    }
}
