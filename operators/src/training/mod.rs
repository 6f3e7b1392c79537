//! Training of surrogates on windows of trajectories.
//!
//! [`train`] runs stages of growing roll-out length over shuffled [`Windows`], writes metrics and
//! checkpoints, and resumes a killed run with the same bits: shuffles follow from the seed and the
//! epoch, and every number that the next step depends on is in the checkpoint.

mod checkpoint;
mod config;
mod loader;
mod metrics;
mod optimiser;
mod trainer;
mod windows;

pub use config::{Stage, TrainingConfig};
pub use optimiser::{AdamW, AdamWConfig};
pub use trainer::{Outcome, RunOptions, train};
pub use windows::{MemoryWindows, Windows};
