//! The shallow-water equations on a torus that rotates as one (f-plane, doubly periodic).
//!
//! ```text
//! du/dt =  (zeta + f) v - d/dx (g h + (u^2 + v^2)/2) + nu laplacian u      zeta = dv/dx - du/dy
//! dv/dt = -(zeta + f) u - d/dy (g h + (u^2 + v^2)/2) + nu laplacian v
//! dh/dt = -d(h u)/dx - d(h v)/dy                     + nu laplacian h
//! ```
//!
//! over a flat bottom (G. K. Vallis, Atmospheric and Oceanic Fluid Dynamics, 2nd ed., section 3.1),
//! with a diffusivity that may be 0. All products are quadratic, and free of aliases on the
//! wavenumbers kept. [`InertiaGravityWave`] and [`jet`] are exact: the one for small amplitudes, the
//! other at any.
//!
//! ```
//! use curlwind_solvers::shallow_water::torus::{ShallowWater, Solver, jet};
//!
//! let equation = ShallowWater::default();
//! let solver = Solver::new(equation, [16, 16], 300.0)?;
//! let states = solver.trajectory(jet(&solver, 20.0, 1).view(), 86400.0, 43200.0)?;
//! assert_eq!(states.shape(), [3, 3, 16, 16]);
//! let difference = &states.index_axis(ndarray::Axis(0), 2) - &states.index_axis(ndarray::Axis(0), 0);
//! assert!(difference.iter().all(|d| d.abs() < 1e-8)); // steady
//! # Ok::<(), curlwind_solvers::Error>(())
//! ```

mod exact;
mod invariants;
mod solver;
#[cfg(test)]
mod tests;

pub use exact::{InertiaGravityWave, jet};
pub use invariants::Invariants;
pub use solver::Solver;

use crate::torus::positive;
use crate::{Error, Result};

/// The equation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShallowWater {
    /// Acceleration of gravity g in m/s^2.
    pub gravity: f64,
    /// Coriolis parameter f in 1/s.
    pub coriolis: f64,
    /// Mean thickness H of the layer in m, about which initial states are made.
    pub depth: f64,
    /// Diffusivity nu of momentum and thickness in m^2/s, 0 for none.
    pub diffusivity: f64,
    /// Lengths of the torus in m, `[y, x]`.
    pub lengths: [f64; 2],
}

impl Default for ShallowWater {
    /// A square of 4000 km at 45 degrees north, with waves of 99 m/s and a radius of deformation of
    /// 960 km.
    fn default() -> Self {
        Self {
            gravity: 9.80616,
            coriolis: 1.03e-4,
            depth: 1000.0,
            diffusivity: 0.0,
            lengths: [4e6; 2],
        }
    }
}

impl ShallowWater {
    /// The equation, if its parameters are usable.
    ///
    /// # Errors
    /// [`Error::Parameter`] when gravity, depth or a length is not above 0, the diffusivity below 0,
    /// or the Coriolis parameter not finite.
    pub fn validated(self) -> Result<Self> {
        positive("gravity", self.gravity)?;
        positive("depth", self.depth)?;
        for length in self.lengths {
            positive("length", length)?;
        }
        let refused = |name, value, expected| {
            Err(Error::Parameter {
                name,
                value,
                expected,
            })
        };
        if !(self.diffusivity >= 0.0 && self.diffusivity.is_finite()) {
            return refused("diffusivity", self.diffusivity, "0 m^2/s or more");
        }
        match self.coriolis.is_finite() {
            true => Ok(self),
            false => refused("coriolis", self.coriolis, "a finite number"),
        }
    }
}
