//! Training of networks.
//!
//! [`fit`] trains the network of a [`Task`]: it runs stages over shuffled samples, writes metrics
//! and checkpoints, and resumes a killed run with the same bits: shuffles and random choices follow
//! from the seed and the epoch, and every number that the next step depends on is in the
//! checkpoint. [`train`] is the task of a time stepper: roll-outs of growing length on [`Windows`]
//! of trajectories, [`crate::field::train`] that of an operator of fields. A third task is the
//! surrogate of a design sweep. Several processes train one network together with
//! [`DataParallel`].

mod checkpoint;
mod config;
mod loader;
mod metrics;
mod optimiser;
mod parallel;
mod recompute;
mod roll_out;
mod run;
mod task;
mod trainer;
mod windows;

pub use config::{Precision, ResidualConfig, ResidualForm, Stage, TrainingConfig};
pub use optimiser::{AdamW, AdamWConfig, Norm};
pub use parallel::DataParallel;
pub(crate) use recompute::full;
pub use recompute::recomputed_gradients;
pub use roll_out::train;
pub use run::{Fitted, RunOptions, TrainingFacts};
pub(crate) use task::share_of;
pub use task::{Part, Task};
pub use trainer::fit;
pub use windows::{MemoryWindows, Windows};
