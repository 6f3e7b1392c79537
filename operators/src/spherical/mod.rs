//! Spherical-harmonic transforms and convolutions on tensors.

pub mod convolution;
pub mod transform;
pub mod vector;

pub use convolution::{Filter, SphericalConv, SphericalConvConfig};
pub use transform::HarmonicTransform;
pub use vector::VectorTransform;
