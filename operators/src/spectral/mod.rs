//! Fourier layers on the torus and on any periodic box.

pub mod dft;
pub mod fourier;

pub use fourier::{FourierLayer, FourierLayerConfig};
