//! The numerics of Curlwind: grids, transforms and time stepping in plain Rust.
//!
//! * [`sphere`]: grids on the sphere with their quadrature, associated Legendre functions and the
//!   spherical-harmonic transform.
//! * [`time_stepping`]: Runge-Kutta with exact damping, diffusion, the division of a run into
//!   steps.
//! * [`barotropic`]: the non-divergent vorticity equation, with its exact waves.
//! * [`shallow_water`]: the shallow-water equations on the sphere, with the standard cases.
#![warn(missing_docs)]

pub mod barotropic;
mod error;
pub mod shallow_water;
pub mod sphere;
pub mod time_stepping;

pub use error::{Error, Result};
