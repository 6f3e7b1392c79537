//! What a physics brings to the pipeline.

use super::ladder::{Checks, Rung, Wanted};
use crate::error::{Error, Result};
use curlwind_datasets::store::{Channel, Grid};
use curlwind_operators::field::{FieldEquation, FieldPairs, Symmetry};
use ndarray::{Array3, ArrayView3, ArrayView4};
use std::sync::Arc;

/// A key of a scenario and what is wrong with its value.
pub type Refusal = (String, String);

/// The states of a sample, as they are stored.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Fields of a state.
    pub channels: Vec<Channel>,
    /// States of a sample.
    pub steps: usize,
    /// Where the values are.
    pub grid: Grid,
    /// Time between states in s; 1 where there is no time.
    pub time_step: f64,
}

/// A task: samples that a solver makes, and pairs of input and output in them. Fields are
/// `[channel][row][column]`; on a line there is one row.
pub trait Problem: Send + Sync {
    /// The name of the physics in files.
    fn physics(&self) -> &'static str;

    /// Values that no solver can work with.
    ///
    /// # Errors
    /// The key and the reason.
    fn check(&self) -> std::result::Result<(), Refusal>;

    /// How samples are stored.
    fn layout(&self) -> Layout;

    /// Makes the states `[step][channel][row][column]` of the sample of a seed.
    ///
    /// # Errors
    /// A solver that fails.
    fn sample(&self, seed: u64) -> Result<Vec<f32>>;

    /// Makes the input of the first pair of that sample alone, without the states that follow where they
    /// can be spared.
    ///
    /// # Errors
    /// A solver that fails.
    fn input(&self, seed: u64) -> Result<Array3<f32>> {
        let layout = self.layout();
        let [y, x] = layout.grid.coordinates().map(|(.., lines)| lines.len());
        let shape = (layout.steps, layout.channels.len(), y, x);
        let states = self.sample(seed)?;
        let states = ArrayView4::from_shape(shape, &states).map_err(Error::failed)?;
        Ok(self.pair(states, 0).0.to_owned())
    }

    /// The equation as a residual of the outputs.
    ///
    /// # Errors
    /// Why there is none.
    fn law(&self) -> std::result::Result<FieldEquation, String> {
        let physics = self.physics();
        Err(format!(
            "expected none: the outputs of {physics} are no trajectory with a residual"
        ))
    }

    /// Names of inputs and outputs.
    fn names(&self) -> (Vec<String>, Vec<String>);

    /// Pairs in a sample.
    fn pairs(&self) -> usize;

    /// A pair in the states of a sample: input and output.
    fn pair<'s>(
        &self,
        states: ArrayView4<'s, f32>,
        pair: usize,
    ) -> (ArrayView3<'s, f32>, ArrayView3<'s, f32>);

    /// The output that the solver gives on every `stride`th point of a grid, from the input on the
    /// grid, brought back to the grid; `None` when the stride does not go into it.
    ///
    /// # Errors
    /// A solver that fails.
    fn coarse(
        &self,
        grid: &Grid,
        stride: usize,
        input: ArrayView3<f32>,
    ) -> Result<Option<Array3<f64>>>;

    /// The equation and what is done with it, for a reader.
    fn words(&self) -> String;

    /// Points or cells along a side of the solver that makes the samples; nothing where somebody else has.
    fn solver_resolution(&self) -> Option<usize>;

    /// The fewest points along a side that a solver can have.
    fn fewest_points(&self) -> usize;

    /// A solver prepared for inputs on a grid like these; `None` where the resolution does not fit the grid.
    ///
    /// # Errors
    /// A solver that refuses its settings.
    fn rung(&self, grid: &Grid, inputs: ArrayView4<f32>, wanted: Wanted) -> Result<Option<Rung>>;

    /// The same samples by a solver so many times finer, on the same points; `None` where a rung that
    /// starts from the input is the better reference.
    fn refined(&self, factor: usize) -> Option<Box<dyn Problem>> {
        let _ = factor;
        None
    }

    /// What physics demands of an answer `[step][channel][row][column]` to an input, beside the truth.
    fn checks(
        &self,
        grid: &Grid,
        input: ArrayView3<f32>,
        answer: ArrayView4<f32>,
        truth: ArrayView4<f32>,
    ) -> Checks;

    /// Whether the input is an earlier state of the output, so that it may be taken to persist.
    fn persists(&self) -> bool;

    /// Whether fields go on at one side as at the other.
    fn periodic(&self) -> bool;

    /// What makes of a pair another that solves the equation; training pairs are drawn with it.
    fn symmetry(&self) -> Option<Arc<Symmetry>>;

    /// Whether the program carries samples of this problem.
    fn has_carried(&self) -> bool {
        false
    }
}

/// Pairs of a sample of which each goes on where the one before has ended.
pub fn sequence(problem: &dyn Problem) -> usize {
    let (inputs, outputs) = problem.names();
    match problem.persists() && inputs.len() == outputs.len() {
        true => problem.pairs(),
        false => 1,
    }
}

/// Training pairs as the physics has them: where they repeat, which follow each other, what is as good.
///
/// # Errors
/// When the pairs are not those of whole samples.
pub fn with_physics(problem: &dyn Problem, mut pairs: FieldPairs) -> Result<FieldPairs> {
    if problem.periodic() {
        pairs = pairs.on_a_torus();
    }
    pairs = pairs
        .in_sequences(sequence(problem))
        .map_err(Error::failed)?;
    Ok(match problem.symmetry() {
        Some(symmetry) => pairs.with_symmetry(symmetry),
        None => pairs,
    })
}
