//! `curlwind train`: a surrogate of the solver.

use super::{Options, ScenarioRun};
use crate::error::Result;
use crate::weather::shallow_water::pipeline;
use std::path::Path;

/// Trains on `data`, or on flows generated into the run.
pub fn train(run: &ScenarioRun, data: Option<&Path>, options: &Options) -> Result<()> {
    let loaded = run.load_shallow_water(
        options,
        "train",
        "`curlwind sweep --surrogate` trains on its designs",
    )?;
    let summary = run.in_folder(&loaded, options, |folder| {
        pipeline::train(&loaded, folder, data, options)
    })?;
    let validation = summary
        .validation_loss
        .map_or("none".into(), |loss| format!("{loss:.4}"));
    let text = format!(
        "{} steps in {:.0} s, loss {:.4}, validation {validation}; model in {}",
        summary.steps,
        summary.seconds,
        summary.train_loss,
        run.output.join("model").display()
    );
    options.report(&summary, &text)
}
