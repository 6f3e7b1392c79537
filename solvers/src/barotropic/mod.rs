//! The non-divergent barotropic vorticity equation on the rotating sphere.
//!
//! ```text
//! d zeta/dt = -div(u eta, v eta)      eta = zeta + 2 Omega sin(phi)
//! ```
//!
//! with the wind that belongs to the vorticity alone. Rossby-Haurwitz waves are exact solutions,
//! which makes it the sharpest test of the transform and the time stepping.
//!
//! ```
//! use curlwind_solvers::barotropic::{Barotropic, Solver, rossby_haurwitz};
//! use curlwind_solvers::sphere::{SphereGrid, SphericalTransform};
//! use std::{ops::ControlFlow, sync::Arc};
//!
//! let transform = Arc::new(SphericalTransform::new(SphereGrid::for_truncation(21)?, 21)?);
//! let equation = Barotropic::default();
//! let wave = rossby_haurwitz(&transform, equation, 4, 7.848e-6, 7.848e-6)?;
//! let solver = Solver::builder(transform, equation).time_step(1800.0).build()?;
//! let end = solver.run(wave.at(0.0), 86400.0, 86400.0, |_| ControlFlow::Continue(()))?;
//! let error = (&end.vorticity - &wave.at(86400.0)).iter().fold(0.0f64, |a, x| a.max(x.norm()));
//! assert!(error < 1e-6 * 7.848e-6);
//! # Ok::<(), curlwind_solvers::Error>(())
//! ```

mod rossby_haurwitz;
mod solver;

pub use rossby_haurwitz::{RossbyHaurwitz, rossby_haurwitz};
pub use solver::{Checkpoint, Snapshot, Solver, SolverBuilder};

use crate::{Error, Result};

/// The parameters of the equation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Barotropic {
    /// Radius a of the sphere in m.
    pub radius: f64,
    /// Angular velocity Omega in rad/s.
    pub rotation: f64,
}

impl Default for Barotropic {
    /// The Earth of Williamson et al. (1992), table 1.
    fn default() -> Self {
        Self {
            radius: 6.37122e6,
            rotation: 7.292e-5,
        }
    }
}

impl Barotropic {
    /// Refuses parameters that no sphere has.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the first one out of range.
    pub fn validated(self) -> Result<Self> {
        if !(self.radius > 0.0 && self.radius.is_finite()) {
            return Err(Error::Parameter {
                name: "radius",
                value: self.radius,
                expected: "a finite number above 0",
            });
        }
        if !self.rotation.is_finite() {
            return Err(Error::Parameter {
                name: "rotation",
                value: self.rotation,
                expected: "a finite number",
            });
        }
        Ok(self)
    }
}
