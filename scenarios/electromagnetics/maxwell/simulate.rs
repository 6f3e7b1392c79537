//! `curlwind simulate` for a scene: solve it, write what it came to.

use super::Loaded;
use super::output;
use super::solve::Solution;
use crate::error::Result;
use crate::run_folder::{RunFolder, Scores};
use indicatif::ProgressBar;

/// Solves the scene into a run folder: Touchstone, scores, figures.
///
/// # Errors
/// What [`Loaded::solve`] refuses, and files that cannot be written.
pub fn simulate(
    loaded: &Loaded,
    folder: &RunFolder,
    bar: &ProgressBar,
) -> Result<(Solution, Scores)> {
    let solution = {
        let _phase = folder.phase("simulate")?;
        loaded.solve_together(bar)?
    };
    bar.finish_and_clear();
    let scores = output::scores(loaded, &solution);
    output::write(loaded, &solution, &scores, folder)?;
    folder.note("simulation", &solution.runs)?;
    Ok((solution, scores))
}
