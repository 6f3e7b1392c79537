//! `curlwind run`: everything that a scenario asks for, end to end.

use super::{Options, ScenarioRun};
use crate::catalogue::Scenario;
use crate::coordinate;
use crate::electromagnetics::maxwell::sweep::Beyond;
use crate::electromagnetics::{design_table, scattering};
use crate::error::Result;
use crate::flow;
use crate::ranks;
use crate::weather::{analyses, shallow_water::pipeline};

/// Weather: solver, training set, training, forecast, scores, figures, report. A scene: its sweep
/// with a surrogate, or the solver alone where it has none. A table: a surrogate of it, judged by
/// designs left out. Bodies in a plane wave: scenes, training, the comparison on held-out scenes. A
/// flow: samples, training, the operator judged by samples left out. A coordinate
/// network: solver, training, the comparison, the ablation. Analyses: training, forecasts of the test
/// period by the surrogate, its partners and trivial models, scores.
pub fn run(run: &ScenarioRun, options: &Options) -> Result<()> {
    let scenario = run.load(options)?;
    if !matches!(scenario, Scenario::Maxwell(_)) {
        ranks::refuse(&format!("`curlwind run {}`", run.scenario))?;
    }
    let loaded = match scenario {
        Scenario::ShallowWater(loaded) => loaded,
        Scenario::Maxwell(loaded) if loaded.scene.sweep.is_some() => {
            let beyond = Beyond {
                surrogate: !loaded.scene.ports.is_empty(),
                optimise: false,
            };
            return super::sweep::sweep_scene(&loaded, run, beyond, options);
        }
        Scenario::Flow(loaded) => {
            let summary = run.in_folder(
                (&loaded.name, &loaded.settings, loaded.settings.seed),
                options,
                |folder| flow::pipeline::run(&loaded, folder, options),
            )?;
            return options.report(&summary.scores, &summary.text);
        }
        Scenario::DesignTable(loaded) => {
            let summary = run.in_folder(
                (&loaded.name, &loaded.settings, loaded.settings.seed),
                options,
                |folder| design_table::run::run(&loaded, folder, options),
            )?;
            return options.report(&summary.scores, &summary.text);
        }
        Scenario::Scattering(loaded) => {
            let summary = run.in_folder(
                (&loaded.name, &loaded.settings, loaded.settings.seed),
                options,
                |folder| scattering::pipeline::run(&loaded, folder, options),
            )?;
            return options.report(&summary.scores, &summary.text);
        }
        Scenario::Coordinate(loaded) => {
            let summary = run.in_folder(
                (&loaded.name, &loaded.settings, loaded.settings.seed),
                options,
                |folder| coordinate::pipeline::run(&loaded, folder, options),
            )?;
            return options.report(&summary.scores, &summary.text);
        }
        Scenario::Analyses(loaded) => {
            let summary = run.in_folder(
                (&loaded.name, &loaded.settings, loaded.settings.seed),
                options,
                |folder| analyses::pipeline::run(&loaded, folder, options),
            )?;
            return options.report(&summary.scores, &summary.text);
        }
        Scenario::Maxwell(loaded) => return super::simulate::scene(&loaded, run, options),
    };
    let summary = run.in_folder(
        (&loaded.name, &loaded.settings, loaded.settings.seed),
        options,
        |folder| pipeline::run(&loaded, folder, options),
    )?;
    options.report(&summary.scores, &summary.text(&run.output))
}
