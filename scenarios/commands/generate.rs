//! `curlwind generate`: training data from the solver.

use super::{Options, ScenarioRun};
use crate::catalogue::Scenario;
use crate::error::Result;
use crate::flow;
use crate::weather::shallow_water::pipeline;

/// Makes the flows that the folder still lacks.
pub fn generate(run: &ScenarioRun, options: &Options) -> Result<()> {
    let loaded = match run.load(options)? {
        Scenario::Flow(loaded) => {
            let samples = run.in_flow_folder(&loaded, options, |folder| {
                flow::pipeline::generate(&loaded, folder, options)
            })?;
            let text = format!("{samples} samples in {}", run.output.display());
            return options.report(&serde_json::json!({ "samples": samples }), &text);
        }
        _ => run.load_shallow_water(options, "generate", "`curlwind sweep` solves its designs")?,
    };
    let summary = run.in_folder(&loaded, options, |folder| {
        pipeline::generate(&loaded, folder, options)
    })?;
    let text = format!("{} flows in {}", summary.flows, run.output.display());
    options.report(&summary, &text)
}
