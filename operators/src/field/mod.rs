//! Operators from fields to fields on a rectangle or a line: a medium to its pressure, a state to a
//! later one, what shines on a body to what comes of it.
//!
//! * [`FieldOperator`]: the network with its normalisation; saved to a folder, asked in batches.
//! * [`FieldSamples`]: where training pairs come from, with the symmetries that their equation has;
//!   [`FieldPairs`] are pairs in memory.
//! * [`train`]: the task for the trainer; [`SampleFacts`] tell beforehand whether it can be.

mod operator;
mod resolution;
mod samples;
mod training;

pub use operator::{FieldNormalisation, FieldOperator, FieldOperatorConfig};
pub use samples::{FieldPairs, FieldSamples, Symmetry};
pub use training::{SampleFacts, train};
