//! `curlwind compare`: the benchmark report of solver against operator.

use super::{Options, ScenarioRun, in_folder};
use crate::catalogue::Scenario;
use crate::compare::{self, Measurements};
use crate::coordinate;
use crate::electromagnetics::{maxwell, scattering};
use crate::error::{Error, Result};
use crate::flow;
use crate::run_folder::Setup;
use crate::weather::shallow_water;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Compares what a scenario pairs; of measurements in a file only the report is made again.
pub fn compare(run: &ScenarioRun, against: Option<&Path>, options: &Options) -> Result<()> {
    // refused before hours of work, not after
    against.map(Measurements::read).transpose()?;
    let file = PathBuf::from(&run.scenario);
    if file.extension().is_some_and(|e| e == "json") && file.is_file() {
        return again(&file, run, against, options);
    }
    let text = match run.load(options)? {
        Scenario::Flow(loaded) => run.in_folder(
            (&loaded.name, &loaded.settings, loaded.settings.seed),
            options,
            |folder| flow::compare::compare(&loaded, folder, against, options),
        )?,
        Scenario::ShallowWater(loaded) => run.in_folder(
            (&loaded.name, &loaded.settings, loaded.settings.seed),
            options,
            |folder| shallow_water::compare::compare(&loaded, folder, against, options),
        )?,
        Scenario::Scattering(loaded) => run.in_folder(
            (&loaded.name, &loaded.settings, loaded.settings.seed),
            options,
            |folder| scattering::compare::compare(&loaded, folder, against, options),
        )?,
        Scenario::Coordinate(loaded) => run.in_folder(
            (&loaded.name, &loaded.settings, loaded.settings.seed),
            options,
            |folder| coordinate::compare::compare(&loaded, folder, against, options),
        )?,
        Scenario::Maxwell(loaded) => run.in_folder(
            (&loaded.name, &loaded.scene, loaded.scene.seed),
            options,
            |folder| maxwell::compare::compare(&loaded, folder, against, options),
        )?,
        _ => {
            return Err(Error::unusable(format!(
                "`{}` has no comparison",
                run.scenario
            )));
        }
    };
    tell(&run.output, &text, options)
}

/// The report of stored measurements.
fn again(file: &Path, run: &ScenarioRun, against: Option<&Path>, options: &Options) -> Result<()> {
    if !run.set.is_empty() || run.preset.is_some() {
        return Err(Error::unusable(
            "--set and --preset: measurements that are stored have no settings any more",
        ));
    }
    let configuration = json!({ "measurements": file, "against": against });
    let setup = Setup::new("compare", &configuration)?.device(options.device()?);
    let text = in_folder(&run.output, setup, run.resume, |folder| {
        compare::rebuild(file, against, folder)
    })?;
    tell(&run.output, &text, options)
}

fn tell(output: &Path, text: &str, options: &Options) -> Result<()> {
    let report = output.join("report.html");
    let text = format!("{text}\nReport: {}", report.display());
    let found = std::fs::read_to_string(output.join("comparison.json")).map_err(Error::failed)?;
    let found: serde_json::Value = serde_json::from_str(&found).map_err(Error::failed)?;
    options.report(&found, &text)
}
