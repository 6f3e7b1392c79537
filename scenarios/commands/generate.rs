//! `curlwind generate`: training data from the solver.

use super::{Options, ScenarioRun};
use crate::error::Result;
use crate::weather::shallow_water::pipeline;

/// Makes the flows that the folder still lacks.
pub fn generate(run: &ScenarioRun, options: &Options) -> Result<()> {
    let loaded =
        run.load_shallow_water(options, "generate", "`curlwind sweep` solves its designs")?;
    let summary = run.in_folder(&loaded, options, |folder| {
        pipeline::generate(&loaded, folder, options)
    })?;
    let text = format!("{} flows in {}", summary.flows, run.output.display());
    options.report(&summary, &text)
}
