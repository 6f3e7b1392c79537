//! What the equations keep without diffusion, as means over the torus (per unit density):
//!
//! ```text
//! mass                 h
//! energy               h (u^2 + v^2)/2 + g h^2/2
//! potential enstrophy  (zeta + f)^2 / (2 h)
//! ```
//!
//! (G. K. Vallis, Atmospheric and Oceanic Fluid Dynamics, 2nd ed., section 3.6.) The solver keeps
//! mass to rounding, the others as far as time step and resolution go.

use super::ShallowWater;

/// Means over the torus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Invariants {
    /// Mean thickness in m.
    pub mass: f64,
    /// Total energy in m^3/s^2.
    pub energy: f64,
    /// Potential enstrophy in 1/(m s^2).
    pub potential_enstrophy: f64,
}

impl Invariants {
    /// Of u, v, h and zeta on the grid.
    pub(super) fn of(equation: &ShallowWater, [u, v, h, zeta]: &[Vec<f64>; 4]) -> Self {
        let mean = |value: &dyn Fn(usize) -> f64| -> f64 {
            (0..h.len()).map(value).sum::<f64>() / h.len() as f64
        };
        Self {
            mass: mean(&|p| h[p]),
            energy: mean(&|p| 0.5 * h[p] * (u[p] * u[p] + v[p] * v[p] + equation.gravity * h[p])),
            potential_enstrophy: mean(&|p| 0.5 * (zeta[p] + equation.coriolis).powi(2) / h[p]),
        }
    }
}
