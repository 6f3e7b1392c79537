//! `curlwind generate`: training data from the solver.

use super::{Options, ScenarioRun};
use crate::catalogue::Scenario;
use crate::electromagnetics::scattering;
use crate::error::{Error, Result};
use crate::flow;
use crate::ranks;
use crate::weather::{
    analyses,
    shallow_water::{self, pipeline},
};
use indicatif::ProgressBar;

/// Makes the flows or scenes that the folder still lacks, shared out among the processes.
pub fn generate(run: &ScenarioRun, options: &Options) -> Result<()> {
    let scenario = run.load(options)?;
    let options = &options.of_solver(&scenario)?;
    if ranks::rank() > 0 {
        let (place, bar) = (run.output.join("data"), ProgressBar::hidden());
        match &scenario {
            Scenario::ShallowWater(loaded) => {
                ranks::meet()?;
                let input = run.output.join("input");
                let device = options.device()?;
                shallow_water::generate::generate(&loaded.settings, &device, &place, &input, &bar)?;
            }
            Scenario::Scattering(loaded) => {
                ranks::meet()?;
                let device = options.device()?;
                scattering::generate::generate(&loaded.settings, &device, &place, &bar)?;
            }
            Scenario::Flow(loaded) => {
                ranks::meet()?;
                let samples = loaded.settings.training_set.samples;
                // carried ones are refused by rank 0
                if !loaded.settings.training_set.carried {
                    flow::generate::generate(loaded, samples, &place, &bar)?;
                }
            }
            // refused by rank 0
            _ => {}
        }
        return Ok(());
    }
    match scenario {
        Scenario::ShallowWater(loaded) => {
            let summary = run.in_folder(
                (&loaded.name, &loaded.settings, loaded.settings.seed),
                options,
                |folder| pipeline::generate(&loaded, folder, options),
            )?;
            let text = format!("{} flows in {}", summary.flows, run.output.display());
            options.report(&summary, &text)
        }
        Scenario::Analyses(loaded) => {
            ranks::refuse("reading analyses")?;
            let read = run.in_folder(
                (&loaded.name, &loaded.settings, loaded.settings.seed),
                options,
                |folder| analyses::pipeline::generate(&loaded, folder, options),
            )?;
            let text = format!(
                "{} times from {} to {}, {} members, {} gaps; in {}",
                read.times,
                read.from,
                read.to,
                read.members,
                read.gaps,
                run.output.display()
            );
            options.report(&read, &text)
        }
        Scenario::Scattering(loaded) => {
            let summary = run.in_folder(
                (&loaded.name, &loaded.settings, loaded.settings.seed),
                options,
                |folder| scattering::pipeline::generate(&loaded, folder, options),
            )?;
            let text = format!("{} scenes in {}", summary.scenes, run.output.display());
            options.report(&summary, &text)
        }
        Scenario::Flow(loaded) => {
            let samples = run.in_folder(
                (&loaded.name, &loaded.settings, loaded.settings.seed),
                options,
                |folder| flow::pipeline::generate(&loaded, folder, options),
            )?;
            let text = format!("{samples} samples in {}", run.output.display());
            options.report(&serde_json::json!({ "samples": samples }), &text)
        }
        Scenario::Maxwell(loaded) => Err(Error::unusable(format!(
            "`generate` does not know the equation of `{}`, maxwell; `curlwind sweep` solves its designs",
            loaded.name
        ))),
        Scenario::Coordinate(loaded) => Err(Error::unusable(format!(
            "`{}` needs no data: its network is trained by the equation; `train` and `run` know it",
            loaded.name
        ))),
        Scenario::DesignTable(loaded) => Err(Error::unusable(format!(
            "`generate` needs a solver, and `{}` is a table; `train` and `run` know it",
            loaded.name
        ))),
    }
}
