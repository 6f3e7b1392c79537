//! Engines: what runs a [`Model`](super::Model).
//!
//! [`Engine`] is what they have in common, and all that what reads a run (ports, far fields) needs
//! to know. [`Simulation`] is the engine of the processors of one machine; a [`Scheme`] picks how
//! its steps are organised. The plain reference walks through the values one by one, the others
//! update whole rows in vectors, several rows, planes and steps at a time, on all threads of the
//! rayon pool they are called in (as threads of their own). [`Distributed`] is the engine of several
//! processes, each with a block of the mesh. All give the same numbers bit for bit.

mod block;
mod blocked;
mod branches;
mod buffer;
mod check;
mod coefficients;
mod cpml;
mod decomposition;
mod denormals;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod device;
mod distributed;
mod energy;
mod fused;
mod gathering;
mod grid;
mod halo;
mod hooks;
mod kernels;
mod lanes;
mod layout;
mod lines;
mod probes;
mod products;
mod real;
mod reference;
mod row;
mod row_table;
mod run;
mod simulation;
mod sources;
mod spacing;
mod stepper;
mod stop;
mod sweeps;
#[cfg(test)]
mod tests;
mod threads;
mod transform;

pub use distributed::Distributed;
pub use real::Real;
pub use run::{Engine, engine, shared_engine};
pub use simulation::{Scheme, Simulation};
pub use stop::{Outcome, Progress, Stop, StopReason};
