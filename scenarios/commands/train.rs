//! `curlwind train`: a surrogate of the solver.

use super::{Options, ScenarioRun};
use crate::catalogue::Scenario;
use crate::electromagnetics::design_table;
use crate::error::{Error, Result};
use crate::flow;
use crate::weather::shallow_water::pipeline;
use std::path::Path;

/// Trains on `data`, or on flows generated into the run.
pub fn train(run: &ScenarioRun, data: Option<&Path>, options: &Options) -> Result<()> {
    let loaded = match run.load(options)? {
        Scenario::ShallowWater(loaded) => loaded,
        Scenario::Flow(loaded) => {
            let summary = run.in_flow_folder(&loaded, options, |folder| {
                flow::pipeline::train(&loaded, folder, data, options)
            })?;
            return options.report(&summary.scores, &summary.text);
        }
        Scenario::DesignTable(_) if data.is_some() => {
            return Err(Error::unusable(
                "--data is a folder made by `generate`; a table names its designs in [table]",
            ));
        }
        Scenario::DesignTable(loaded) => {
            let summary = run.in_table_folder(&loaded, options, |folder| {
                design_table::run::train(&loaded, folder, options)
            })?;
            return options.report(&summary.scores, &summary.text);
        }
        Scenario::Maxwell(loaded) => {
            return Err(Error::unusable(format!(
                "`{}` has no training data; `curlwind sweep --surrogate` trains on its designs",
                loaded.name
            )));
        }
    };
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
