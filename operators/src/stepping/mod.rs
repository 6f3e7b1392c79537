//! A learned time stepper for quadratic, rotation-equivariant dynamics on the sphere.
//!
//! Flows on a sphere are driven by products of fields and of their gradients, and they do not care
//! how the sphere is turned about its axis, mirrored at the equator or, without friction, run
//! backwards. The network is told this class of terms and these symmetries, not the equations:
//!
//! ```text
//! tendency of channel c:  F_c = sum_k w_ck q_k      q_k: the terms that the symmetries allow
//! one network step:       K inner multistep steps of F with learned weights, each with a damping
//! ```
//!
//! * [`config`]: what is chosen, and how truncation and inner steps follow the grid;
//! * [`symmetry`]: the list of terms of each channel;
//! * [`harmonics`]: spherical harmonics, their gradients and analysis as dense matrices;
//! * [`whitening`]: coordinates of the weights in which every direction matters alike, fitted once
//!   to the training inputs;
//! * [`network`]: the forward pass.
//!
//! What it learns are the coefficients of equations and of their time integration, about a hundred
//! numbers. On data of an explicit time stepper it therefore repeats that stepper, including its
//! error; it is a learned solver rather than a rival of a neural operator in generality.

pub mod config;
mod geometry;
pub mod harmonics;
pub mod network;
pub mod symmetry;
pub mod whitening;

pub use config::SteppingConfig;
pub use network::Stepping;

#[cfg(test)]
mod tests;
