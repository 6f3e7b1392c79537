//! `curlwind sweep`: designs through the solver, and a surrogate checked by it.

use super::{Options, ScenarioRun};
use crate::catalogue::Scenario;
use crate::electromagnetics::maxwell::{self, sweep::Beyond};
use crate::error::{Error, Result};
use crate::ranks;

/// Sweeps the scene's variables.
pub fn sweep(run: &ScenarioRun, beyond: Beyond, options: &Options) -> Result<()> {
    match run.load(options)? {
        Scenario::Maxwell(loaded) => sweep_scene(&loaded, run, beyond, options),
        Scenario::DesignTable(loaded) => Err(Error::unusable(format!(
            "`{}` is a table of designs that are solved already; `curlwind run` trains on it",
            loaded.name
        ))),
        Scenario::Scattering(loaded) => Err(Error::unusable(format!(
            "`{}` has no design to sweep; `curlwind run` compares its solver and operator",
            loaded.name
        ))),
        Scenario::Coordinate(loaded) => Err(Error::unusable(format!(
            "`{}` has no design to sweep; `curlwind run` compares its solver and network",
            loaded.name
        ))),
        Scenario::Analyses(loaded) => Err(Error::unusable(format!(
            "`{}` has no design to sweep; `curlwind run` trains on its analyses",
            loaded.name
        ))),
        Scenario::Flow(loaded) => Err(Error::unusable(format!(
            "`{}` has no design to sweep; `curlwind run` compares its solver and operator",
            loaded.name
        ))),
        Scenario::ShallowWater(loaded) => Err(Error::unusable(format!(
            "`{}` has no design to sweep; `curlwind run` compares its solver and operator",
            loaded.name
        ))),
    }
}

/// The sweep of a scene, its designs shared out among the processes.
pub(super) fn sweep_scene(
    loaded: &maxwell::Loaded,
    run: &ScenarioRun,
    beyond: Beyond,
    options: &Options,
) -> Result<()> {
    if ranks::rank() > 0 {
        ranks::meet()?;
        return maxwell::sweep::assist(loaded, &run.output);
    }
    let summary = run.in_folder(
        (&loaded.name, &loaded.scene, loaded.scene.seed),
        options,
        |folder| maxwell::sweep::sweep(loaded, folder, beyond, options),
    )?;
    options.report(&summary.scores, &summary.text)
}
