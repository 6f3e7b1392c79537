//! Operators from fields to fields on a rectangle or a line: a medium to its pressure, a state to a
//! later one, what shines on a body to what comes of it.
//!
//! * [`FieldOperator`]: the network with its normalisation; saved to a folder, asked in batches.
//! * [`FieldSamples`]: where training pairs come from, with the symmetries that their equation has;
//!   [`FieldPairs`] are pairs in memory.
//! * [`train`]: the task for the trainer; [`SampleFacts`] tell beforehand whether it can be.
//! * [`FieldResidual`]: the residual of the fields' equation as a loss, which needs no labels; in
//!   [`train_with_residual`] a term beside that of the labels, in [`refine`] all there is.

mod facts;
mod operator;
mod refine;
mod residual;
mod resolution;
mod samples;
mod training;

pub use facts::SampleFacts;

pub use operator::{FieldNormalisation, FieldOperator, FieldOperatorConfig};
pub use refine::{Refined, Refinement, refine};
pub use residual::{FieldEquation, FieldNames, FieldResidual, Law};
pub use samples::{FieldPairs, FieldSamples, Symmetry};
pub use training::{Physics, train, train_with_residual};
