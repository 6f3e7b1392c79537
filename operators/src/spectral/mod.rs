//! Fourier layers on the torus and on any periodic rectangle.

pub mod dft;
pub mod fourier;

pub use fourier::{SpectralConv2d, SpectralConv2dConfig};
