//! `curlwind simulate`: the solver alone.

use super::{Options, ScenarioRun, daily};
use crate::catalogue::Scenario;
use crate::config::Pascals;
use crate::coordinate;
use crate::electromagnetics::{maxwell, scattering};
use crate::error::{Error, Result};
use crate::flow;
use crate::ranks;
use crate::weather::shallow_water::{pipeline, settings::Initial};
use indicatif::ProgressBar;
use std::path::Path;

/// Integrates the scenario's case, or the state in `init`.
pub fn simulate(run: &ScenarioRun, init: Option<&Path>, options: &Options) -> Result<()> {
    let scenario = run.load(options)?;
    let options = &options.of_solver(&scenario)?;
    if !matches!(scenario, Scenario::Maxwell(_)) {
        ranks::refuse(&format!("simulating `{}`", run.scenario))?;
    }
    let mut loaded = match scenario {
        Scenario::ShallowWater(loaded) => loaded,
        Scenario::Maxwell(_) | Scenario::Scattering(_) if init.is_some() => {
            return Err(Error::unusable(
                "--init is a weather state; a scene starts from empty space",
            ));
        }
        Scenario::Scattering(loaded) => {
            let summary = run.in_folder(
                (&loaded.name, &loaded.settings, loaded.settings.seed),
                options,
                |folder| scattering::pipeline::simulate(&loaded, folder, options),
            )?;
            return options.report(&summary.scores, &summary.text);
        }
        Scenario::Flow(_) if init.is_some() => {
            return Err(Error::unusable(
                "--init is a weather state; a flow starts from the seed's own (--seed)",
            ));
        }
        Scenario::Coordinate(_) if init.is_some() => {
            return Err(Error::unusable(
                "--init is a weather state; a case starts as its equation's conditions say",
            ));
        }
        Scenario::Coordinate(loaded) => {
            let summary = run.in_folder(
                (&loaded.name, &loaded.settings, loaded.settings.seed),
                options,
                |folder| coordinate::pipeline::simulate(&loaded, folder),
            )?;
            return options.report(&summary.scores, &summary.text);
        }
        Scenario::Flow(loaded) => {
            let summary = run.in_folder(
                (&loaded.name, &loaded.settings, loaded.settings.seed),
                options,
                |folder| flow::pipeline::simulate(&loaded, folder),
            )?;
            return options.report(&summary.scores, &summary.text);
        }
        Scenario::Analyses(loaded) => {
            return Err(Error::unusable(format!(
                "`{}` has no solver of its own; `curlwind run` has its partners forecast, \
                 `simulate shallow-water --init FILE` starts from an analysis",
                loaded.name
            )));
        }
        Scenario::DesignTable(loaded) => {
            return Err(Error::unusable(format!(
                "`{}` is a table and has no solver; `curlwind run` trains on it",
                loaded.name
            )));
        }
        Scenario::Maxwell(loaded) => return scene(&loaded, run, options),
    };
    if let Some(file) = init {
        // A state of the user's own is taken as it is.
        let (level, time, balanced) = match &loaded.settings.initial {
            Initial::Analysis {
                level,
                time,
                balanced,
                ..
            } => (*level, time.clone(), *balanced),
            _ => (Pascals::from_si(50_000.0), None, false),
        };
        loaded.settings.initial = Initial::Analysis {
            file: Some(file.to_path_buf()),
            level,
            time,
            balanced,
        };
    }
    let scores = run.in_folder(
        (&loaded.name, &loaded.settings, loaded.settings.seed),
        options,
        |folder| pipeline::simulate(&loaded, folder, options),
    )?;
    let text = format!(
        "{}\nwritten to {}",
        daily(&scores, 100),
        run.output.display()
    );
    options.report(&scores, &text)
}

/// Solves a scene, all processes together.
pub(super) fn scene(loaded: &maxwell::Loaded, run: &ScenarioRun, options: &Options) -> Result<()> {
    if ranks::rank() > 0 {
        ranks::meet()?;
        loaded.solve_together(&ProgressBar::hidden())?;
        return Ok(());
    }
    let (solution, scores) = run.in_folder(
        (&loaded.name, &loaded.scene, loaded.scene.seed),
        options,
        |folder| maxwell::simulate::simulate(loaded, folder, &options.progress("steps")),
    )?;
    let text = format!(
        "{}\n{}\nReport: {}",
        super::score_table(&scores.rows, 100),
        maxwell::output::summary(loaded, &solution),
        run.output.join("report.html").display()
    );
    options.report(&scores, &text)
}
