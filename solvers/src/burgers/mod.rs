//! Burgers' equation with viscosity in one dimension.
//!
//! `du/dt + u du/dx = nu d2u/dx2` on an interval of length L, periodic or with `u = 0` at its ends.
//! J. M. Burgers, Adv. Appl. Mech. 1, 171-199, 1948. The solver is pseudo-spectral, dealiased, with
//! [`Etdrk4`](crate::time_stepping::Etdrk4); [`cole_hopf`] is the exact solution.
//!
//! ```
//! use curlwind_solvers::burgers::{Burgers, Solver};
//!
//! let solver = Solver::new(Burgers::new(0.1, 1.0)?, 64, 1e-3)?;
//! let initial: Vec<f64> = solver.coordinates().iter().map(|x| (6.283185307 * x).sin()).collect();
//! let states = solver.trajectory(&initial, 0.2, 0.1)?;
//! assert_eq!(states.shape(), [3, 64]);
//! # Ok::<(), curlwind_solvers::Error>(())
//! ```

mod exact;
mod solver;

pub use exact::cole_hopf;
pub use solver::Solver;

use crate::Result;
use crate::torus::positive;

/// What holds at the ends of the interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ends {
    /// They are one point.
    #[default]
    Periodic,
    /// `u = 0`: the solution is the half of an odd, periodic one.
    Zero,
}

/// The equation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burgers {
    /// Kinematic viscosity nu in m^2/s.
    pub viscosity: f64,
    /// Length of the interval in m.
    pub length: f64,
    /// What holds at its ends.
    pub ends: Ends,
}

impl Burgers {
    /// Periodic.
    ///
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter) when a value is not above 0.
    pub fn new(viscosity: f64, length: f64) -> Result<Self> {
        let ends = Ends::Periodic;
        Self {
            viscosity,
            length,
            ends,
        }
        .validated()
    }

    /// The equation, if its parameters are usable.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn validated(self) -> Result<Self> {
        positive("viscosity", self.viscosity)?;
        positive("length", self.length)?;
        Ok(self)
    }
}
