//! Fourier layers on the torus and on any periodic box.

pub mod dft;
pub mod fourier;
pub mod resample;

pub use fourier::{FourierLayer, FourierLayerConfig, transforms};
pub(crate) use resample::Resample;
