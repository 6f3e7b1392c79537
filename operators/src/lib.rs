//! The learning side of Curlwind: spectral layers, neural operators, losses, residuals, training.
#![warn(missing_docs)]

mod buffers;
pub mod convolutional;
pub mod coordinate;
pub mod deeponet;
pub mod design;
pub mod device;
mod embedding;
pub mod error;
pub mod field;
pub mod fno;
pub mod kernels;
pub mod loss;
pub mod network;
pub mod neuraloperator;
mod normal_equations;
pub mod pointwise;
pub mod pytorch;
pub mod residuals;
pub mod sfno;
pub mod spectral;
pub mod spherical;
pub mod stepping;
pub mod surrogate;
pub mod training;
#[cfg(test)]
mod trials;
pub mod unet;
pub mod uno;
pub mod weights;

pub use error::{Error, Result};
