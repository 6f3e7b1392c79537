//! Fourier layers on the torus and on any periodic box.

pub mod dft;
pub mod fourier;
pub(crate) mod rank;
pub mod resample;
pub mod tensorised;
pub mod weight;

pub use fourier::{FourierLayer, FourierLayerConfig, transforms};
pub(crate) use resample::Resample;
pub use tensorised::TensorisedWeight;
pub use weight::{Factorization, SpectralWeight};
