//! `curlwind run`: everything that a scenario asks for, end to end.

use super::{Options, ScenarioRun};
use crate::error::Result;
use crate::weather::shallow_water::pipeline;

/// Solver, training set, training, forecast, scores, figures, report.
pub fn run(run: &ScenarioRun, options: &Options) -> Result<()> {
    let loaded = run.load(options)?;
    let summary = run.in_folder(&loaded, options, |folder| {
        pipeline::run(&loaded, folder, options)
    })?;
    options.report(&summary.scores, &summary.text(&run.output))
}
