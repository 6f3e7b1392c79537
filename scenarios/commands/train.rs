//! `curlwind train`: a surrogate of the solver.

use super::{Options, ScenarioRun};
use crate::catalogue::Scenario;
use crate::coordinate;
use crate::electromagnetics::{design_table, scattering};
use crate::error::{Error, Result};
use crate::flow;
use crate::weather::{analyses, shallow_water::pipeline};
use std::path::Path;

/// Trains on `data`, or on flows generated into the run.
pub fn train(run: &ScenarioRun, data: Option<&Path>, options: &Options) -> Result<()> {
    let loaded = match run.load(options)? {
        Scenario::ShallowWater(loaded) => loaded,
        Scenario::Flow(loaded) => {
            let summary = run.in_folder(
                (&loaded.name, &loaded.settings, loaded.settings.seed),
                options,
                |folder| flow::pipeline::train(&loaded, folder, data, options),
            )?;
            return options.report(&summary.scores, &summary.text);
        }
        Scenario::DesignTable(_) if data.is_some() => {
            return Err(Error::unusable(
                "--data is a folder made by `generate`; a table names its designs in [table]",
            ));
        }
        Scenario::DesignTable(loaded) => {
            let summary = run.in_folder(
                (&loaded.name, &loaded.settings, loaded.settings.seed),
                options,
                |folder| design_table::run::train(&loaded, folder, options),
            )?;
            return options.report(&summary.scores, &summary.text);
        }
        Scenario::Coordinate(_) if data.is_some() => {
            return Err(Error::unusable(
                "--data: a coordinate network is trained by its equation, without data",
            ));
        }
        Scenario::Coordinate(loaded) => {
            let summary = run.in_folder(
                (&loaded.name, &loaded.settings, loaded.settings.seed),
                options,
                |folder| coordinate::pipeline::train(&loaded, folder, options),
            )?;
            return options.report(&summary.scores, &summary.text);
        }
        Scenario::Analyses(loaded) => {
            let summary = run.in_folder(
                (&loaded.name, &loaded.settings, loaded.settings.seed),
                options,
                |folder| analyses::pipeline::train(&loaded, folder, data, options),
            )?;
            let text = outcome(
                run,
                summary.steps,
                summary.seconds,
                summary.train_loss,
                summary.validation_loss,
            );
            return options.report(&summary, &text);
        }
        Scenario::Scattering(loaded) => {
            let summary = run.in_folder(
                (&loaded.name, &loaded.settings, loaded.settings.seed),
                options,
                |folder| scattering::pipeline::train(&loaded, folder, data, options),
            )?;
            let text = outcome(
                run,
                summary.steps,
                summary.seconds,
                summary.train_loss,
                summary.validation_loss,
            );
            return options.report(&summary, &text);
        }
        Scenario::Maxwell(loaded) => {
            return Err(Error::unusable(format!(
                "`{}` has no training data; `curlwind sweep --surrogate` trains on its designs",
                loaded.name
            )));
        }
    };
    let summary = run.in_folder(
        (&loaded.name, &loaded.settings, loaded.settings.seed),
        options,
        |folder| pipeline::train(&loaded, folder, data, options),
    )?;
    let text = outcome(
        run,
        summary.steps,
        summary.seconds,
        summary.train_loss,
        summary.validation_loss,
    );
    options.report(&summary, &text)
}

/// A line about a trained model.
fn outcome(
    run: &ScenarioRun,
    steps: u64,
    seconds: f64,
    loss: f64,
    validation: Option<f64>,
) -> String {
    let validation = validation.map_or("none".into(), |loss| format!("{loss:.4}"));
    format!(
        "{steps} steps in {seconds:.0} s, loss {loss:.4}, validation {validation}; model in {}",
        run.output.join("model").display()
    )
}
