//! Networks that are a function of the coordinates, trained by an equation: physics-informed
//! networks (Raissi, Perdikaris and Karniadakis, J. Comput. Phys. 378, 2019).
//!
//! A [`Problem`] says where in a [`Domain`] which residual is to vanish, a [`NetworkConfig`] what the
//! function looks like, a [`TrainingConfig`] how it is found. Derivatives are exact: a [`Jet`] carries
//! them through the network (Taylor's method in forward direction), and one backward pass gives the
//! gradient of a loss of any of them. Everything is f64: an equation's residual is squared, and f32
//! ends at errors of 1e-3.
//!
//! What decides is the optimiser. Losses of residuals are so badly conditioned that Adam stalls; the
//! rows of the Jacobian, point by point, are cheap for networks of some thousand weights, and
//! Levenberg's and Marquardt's method with them gains orders of magnitude in the same time.

mod balance;
pub mod cases;
mod checkpoint;
mod config;
mod evaluate;
mod features;
mod field;
mod gauss_newton;
mod gradient;
mod jet;
mod network;
mod problem;
mod sampling;
#[cfg(test)]
mod tests;
mod training;

pub use crate::kernels::jets::{Activation, JetOrder};
pub use balance::Balance;
pub use config::{Causal, Optimiser, Stage, TrainingConfig};
pub use features::{Fourier, Periodic};
pub use field::Field;
pub use jet::Jet;
pub use network::{Network, NetworkConfig};
pub use problem::{Domain, Place, Problem, Term};
pub use sampling::Sampling;
pub use training::{Progress, Trained, train};
