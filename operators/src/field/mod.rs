//! An operator from fields to fields on a rectangle: a medium and what shines on it to what comes
//! of it, by [`Fno`](crate::fno::Fno).
//!
//! * [`FieldOperator`]: the network with its normalisation; saved to a folder, asked in batches.
//! * [`FieldSamples`]: where training pairs come from, with the symmetries that their equation has.
//! * [`train`]: the task for the trainer.

mod operator;
mod samples;
mod task;

pub use operator::{FieldOperator, FieldOperatorConfig};
pub use samples::{FieldSamples, scales};
pub use task::{Trained, train};
