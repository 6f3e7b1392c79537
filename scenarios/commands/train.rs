//! `curlwind train`: a surrogate of the solver.

use super::{Options, ScenarioRun};
use crate::catalogue::Scenario;
use crate::coordinate;
use crate::electromagnetics::{design_table, scattering};
use crate::error::{Error, Result};
use crate::flow;
use crate::ranks;
use crate::weather::{analyses, shallow_water};
use std::path::Path;

/// Trains on `data`, or on flows generated into the run. Several processes train on `data` together.
pub fn train(run: &ScenarioRun, data: Option<&Path>, options: &Options) -> Result<()> {
    let scenario = run.load(options)?;
    match &scenario {
        Scenario::Flow(loaded) if loaded.settings.training_set.carried => {}
        Scenario::ShallowWater(_) | Scenario::Scattering(_) | Scenario::Flow(_) => match data {
            Some(_) => {}
            None => ranks::refuse(
                "making training data as part of a training (`generate` them and name them by --data)",
            )?,
        },
        _ => ranks::refuse(&format!("training `{}`", run.scenario))?,
    }
    let facts = match scenario {
        Scenario::ShallowWater(loaded) => run.in_folder(
            (&loaded.name, &loaded.settings, loaded.settings.seed),
            options,
            |folder| shallow_water::pipeline::train(&loaded, folder, data, options),
        )?,
        Scenario::Analyses(loaded) => run.in_folder(
            (&loaded.name, &loaded.settings, loaded.settings.seed),
            options,
            |folder| analyses::pipeline::train(&loaded, folder, data, options),
        )?,
        Scenario::Scattering(loaded) => run.in_folder(
            (&loaded.name, &loaded.settings, loaded.settings.seed),
            options,
            |folder| scattering::pipeline::train(&loaded, folder, data, options),
        )?,
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
        Scenario::Maxwell(loaded) => {
            return Err(Error::unusable(format!(
                "`{}` has no training data; `curlwind sweep --surrogate` trains on its designs",
                loaded.name
            )));
        }
    };
    let validation = facts
        .validation_loss
        .map_or("none".into(), |loss| format!("{loss:.4}"));
    let text = format!(
        "{} steps in {:.0} s, loss {:.4}, validation {validation}; model in {}",
        facts.steps,
        facts.seconds,
        facts.train_loss,
        run.output.join("model").display()
    );
    options.report(&facts, &text)
}
