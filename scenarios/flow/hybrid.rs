//! Operators that see what a coarse solver makes of the input, and correct it.
//!
//! Kochkov et al., Machine Learning Accelerated Computational Fluid Dynamics (PNAS 118, 2021), correct
//! a coarse solver at every step; here it is one more input of any network. Such an operator is no
//! cheaper than its solver, which is counted wherever it is timed.

use super::problem::Problem;
use super::samples::{Samples, TestSet};
use crate::error::{Error, Result};
use curlwind_datasets::store::Grid;
use curlwind_operators::field::{FieldPairs, Symmetry};
use ndarray::{Array3, Array4, ArrayViewMut3, Axis, concatenate, s};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::sync::Arc;
use std::time::Instant;

/// Gives all samples the outputs of the solver on every `stride`th point as further inputs.
///
/// # Errors
/// A solver that fails, or a stride that does not go into a grid.
pub fn with_coarse(problem: &dyn Problem, samples: Samples, stride: usize) -> Result<Samples> {
    let dress = |pairs: FieldPairs, grid: &Grid| dressed(problem, pairs, grid, stride);
    let Samples {
        training,
        withheld,
        validation,
        tests,
        grid,
    } = samples;
    let tests = tests.into_iter().map(|test| {
        let (samples, seconds) = dress(test.samples, &test.grid)?;
        Ok(TestSet {
            samples,
            seconds_before: seconds,
            ..test
        })
    });
    Ok(Samples {
        tests: tests.collect::<Result<_>>()?,
        training: dress(training, &grid)?.0,
        withheld: withheld
            .map(|w| Ok::<_, Error>(dress(w, &grid)?.0))
            .transpose()?,
        validation: validation
            .map(|v| Ok::<_, Error>(dress(v, &grid)?.0))
            .transpose()?,
        grid,
    })
}

/// The pairs with further inputs, and the median of the solver's seconds for one.
fn dressed(
    problem: &dyn Problem,
    pairs: FieldPairs,
    grid: &Grid,
    stride: usize,
) -> Result<(FieldPairs, f64)> {
    let solve = |input| -> Result<Array3<f32>> {
        let found = problem.coarse(grid, stride, input)?;
        let found = found.ok_or_else(|| {
            Error::unusable(format!(
                "`training_set.coarse_input` {stride} does not go into the grid of the samples"
            ))
        })?;
        Ok(found.mapv(|v| v as f32))
    };
    // alone, for the time it takes; then all
    let mut times = Vec::new();
    for input in pairs.inputs().axis_iter(Axis(0)).take(9) {
        let started = Instant::now();
        solve(input)?;
        times.push(started.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let inputs: Vec<_> = pairs.inputs().axis_iter(Axis(0)).collect();
    let coarse: Vec<Array3<f32>> = inputs.into_par_iter().map(solve).collect::<Result<_>>()?;
    let views: Vec<_> = coarse
        .iter()
        .map(|c| c.view().insert_axis(Axis(0)))
        .collect();
    let coarse = concatenate(Axis(0), &views).map_err(Error::failed)?;
    let own = pairs.inputs().dim().1;
    let inputs: Array4<f32> =
        concatenate(Axis(1), &[pairs.inputs().view(), coarse.view()]).map_err(Error::failed)?;
    let dressed = pairs.with_inputs(inputs).map_err(Error::failed)?;
    let dressed = match dressed.symmetry() {
        Some(symmetry) => dressed.with_symmetry(of_outputs_too(symmetry, own)),
        None => dressed,
    };
    Ok((dressed, times[times.len() / 2]))
}

/// The symmetry where inputs beyond the first `own` are outputs of another solver.
fn of_outputs_too(symmetry: Arc<Symmetry>, own: usize) -> Arc<Symmetry> {
    Arc::new(
        move |rng: &mut ChaCha8Rng,
              mut input: ArrayViewMut3<f32>,
              mut output: ArrayViewMut3<f32>| {
            let outputs = output.dim().0;
            let (first, mut further) = input.view_mut().split_at(Axis(0), own);
            let both = [output.view(), further.view()];
            let Ok(mut both) = concatenate(Axis(0), &both) else {
                return;
            };
            symmetry(rng, first, both.view_mut());
            output.assign(&both.slice(s![..outputs, .., ..]));
            further.assign(&both.slice(s![outputs.., .., ..]));
        },
    )
}
