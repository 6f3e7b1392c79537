//! The numerics of Curlwind: grids, transforms and time stepping in plain Rust.
//!
//! * [`sphere`]: grids on the sphere with their quadrature, associated Legendre
//!   functions and the spherical-harmonic transform.
#![warn(missing_docs)]

mod error;
pub mod sphere;

pub use error::{Error, Result};
