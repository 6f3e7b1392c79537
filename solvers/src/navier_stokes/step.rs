//! Methods in time.

use crate::time_stepping::Etdrk4;
use num_complex::Complex64;

/// The method in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Integrator {
    /// Exponential time differencing of fourth order.
    #[default]
    Etdrk4,
    /// Crank-Nicolson for viscosity and drag, Heun's method for the rest, of second order: the
    /// usual choice of the neural-operator literature.
    CrankNicolsonHeun,
}

impl Integrator {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Etdrk4 => "etdrk4",
            Self::CrankNicolsonHeun => "crank_nicolson_heun",
        }
    }

    /// The largest product of frequency and step with which advection is stable. Heun's method is
    /// weakly unstable at any: with 0.5 a wave grows by less than 1 per cent in a step, which
    /// viscosity takes away at the wavenumbers concerned.
    pub(super) fn advective_limit(self) -> f64 {
        match self {
            Self::Etdrk4 => 8f64.sqrt(),
            Self::CrankNicolsonHeun => 0.5,
        }
    }
}

/// A method with its buffers.
pub(super) enum Method {
    Etdrk4(Etdrk4),
    CrankNicolsonHeun {
        /// `(1 + L dt/2) / (1 - L dt/2)` and `dt / (1 - L dt/2)`.
        factors: Vec<[f64; 2]>,
        first: Vec<Complex64>,
        second: Vec<Complex64>,
        predicted: Vec<Complex64>,
    },
}

impl Method {
    /// For growth rates in 1/s per coefficient and a step in seconds.
    pub(super) fn new(integrator: Integrator, rates: &[f64], time_step: f64) -> Self {
        let zeros = || vec![Complex64::ZERO; rates.len()];
        match integrator {
            Integrator::Etdrk4 => Self::Etdrk4(Etdrk4::new(rates, time_step)),
            Integrator::CrankNicolsonHeun => Self::CrankNicolsonHeun {
                factors: rates
                    .iter()
                    .map(|l| {
                        let half = 0.5 * l * time_step;
                        [(1.0 + half) / (1.0 - half), time_step / (1.0 - half)]
                    })
                    .collect(),
                first: zeros(),
                second: zeros(),
                predicted: zeros(),
            },
        }
    }

    pub(super) fn step(
        &mut self,
        state: &mut [Complex64],
        mut nonlinear: impl FnMut(&[Complex64], &mut [Complex64]),
    ) {
        match self {
            Self::Etdrk4(method) => method.step(state, nonlinear),
            Self::CrankNicolsonHeun {
                factors,
                first,
                second,
                predicted,
            } => {
                nonlinear(state, first);
                for i in 0..state.len() {
                    let [a, b] = factors[i];
                    predicted[i] = state[i] * a + first[i] * b;
                }
                nonlinear(predicted, second);
                for i in 0..state.len() {
                    let [a, b] = factors[i];
                    state[i] = state[i] * a + (first[i] + second[i]) * (0.5 * b);
                }
            }
        }
    }
}
