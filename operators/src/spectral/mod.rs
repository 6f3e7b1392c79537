//! Fourier layers on the torus and on any periodic box.

pub mod dft;
pub mod fourier;
pub(crate) mod rank;
pub mod tensorised;
pub mod weight;

pub use fourier::{FourierLayer, FourierLayerConfig, transforms};
pub use tensorised::TensorisedWeight;
pub use weight::{Factorization, SpectralWeight};
