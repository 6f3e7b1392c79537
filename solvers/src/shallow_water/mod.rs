//! The shallow-water equations on the rotating sphere, in vorticity-divergence form.
//!
//! ```text
//! d zeta/dt  = -div(u eta, v eta)                           eta = zeta + f
//! d delta/dt =  curl(u eta, v eta) - laplacian(Phi + Phi_s + (u^2 + v^2)/2)
//! d Phi/dt   = -div(u Phi, v Phi)
//! ```
//!
//! with the geopotential `Phi = g h` of the layer thickness and `Phi_s = g h_s` of the orography.
//! Products are formed on a grid on which they are not aliased (Williamson et al. 1992, J. Comput.
//! Phys. 102, 211-224; Hack and Jakob 1992, NCAR/TN-343). [`torus`] has them on a plane that is
//! periodic both ways. A [`Forcing`] keeps a flow going for years.
//!
//! ```
//! use curlwind_solvers::shallow_water::{Solver, cases};
//! use curlwind_solvers::sphere::{SphereGrid, SphericalTransform};
//! use std::{ops::ControlFlow, sync::Arc};
//!
//! let transform = Arc::new(SphericalTransform::new(SphereGrid::for_truncation(21)?, 21)?);
//! let case = cases::williamson_2(&transform, 0.0)?;
//! let solver = Solver::builder(transform.clone(), case.equation).time_step(1200.0).build()?;
//! let end = solver.run(case.initial.clone(), 86400.0, 21600.0, |_| ControlFlow::Continue(()))?;
//! let difference = (&end.state.geopotential - &case.initial.geopotential)
//!     .iter()
//!     .fold(0.0f64, |a, x| a.max(x.norm()));
//! assert!(difference < 1e-8); // steady: m^2/s^2, of 29400
//! # Ok::<(), curlwind_solvers::Error>(())
//! ```

pub mod balance;
pub mod cases;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
pub mod device;
pub mod equation;
pub mod forcing;
pub mod invariants;
pub mod mountains;
mod on_device;
pub mod semi_implicit;
pub mod solver;
pub mod stability;
pub mod state;
mod stepper;
pub mod tendency;
pub mod torus;
pub mod zonal_jets;

pub use equation::ShallowWater;
pub use forcing::Forcing;
pub use invariants::Invariants;
pub use mountains::Mountain;
pub use on_device::Forecaster;
pub use semi_implicit::RawFilter;
pub use solver::{Checkpoint, Integrator, Snapshot, Solver, SolverBuilder};
pub use state::State;
pub use tendency::Tendency;
pub use zonal_jets::ZonalJets;
