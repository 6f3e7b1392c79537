//! The benchmark report: a solver and operators of the same equation, compared without flattery.
//!
//! A physics brings an [`Experiment`]: solvers at several resolutions, a finer reference, operators of
//! several seeds, what needs neither, and sets of samples. [`experiment::measure`] asks everyone, keeps
//! every raw number in [`Measurements`], and goes on where it was interrupted. All that follows is made of
//! that file alone: the [`Curve`] of the solver, the [`Verdict`] at equal error and in equal time, the
//! [`rules`](rules::rules) with what breaks them, and the [report].

pub mod against;
pub mod curve;
pub mod experiment;
pub mod measurements;
pub mod pictures;
pub mod report;
pub mod rules;
pub mod settings;
#[cfg(test)]
mod tests;
pub mod verdict;
pub mod words;

pub use curve::{Curve, Estimate, Point};
pub use experiment::{Answered, Effort, Experiment};
pub use measurements::{Contestant, Kind, Measurements, Outcome, Relation, Task, TestSet};
pub use settings::Published;
pub use verdict::Verdict;

use crate::commands::Options;
use crate::error::{Error, Result};
use crate::run_folder::RunFolder;
use curlwind_operators::device;
use measurements::{Cost, FILE, FORMAT, Timing};
use std::path::Path;

/// Measures an experiment in a run's folder, or what is still missing of it, and writes the report.
///
/// # Errors
/// A reference that fails, files that cannot be written.
pub fn compare<E: Experiment>(
    experiment: &E,
    effort: Effort,
    about: About,
    folder: &RunFolder,
    options: &Options,
) -> Result<String> {
    let file = folder.file(FILE);
    let manifest = folder.manifest();
    let mut kept = match file.exists() {
        true => Measurements::read(&file)?,
        false => Measurements {
            format: FORMAT,
            program: format!("{} {}", manifest.program, manifest.version),
            scenario: manifest.scenario.clone(),
            title: about.title,
            started: manifest.started.clone(),
            machine: manifest.machine.clone(),
            threads: manifest.threads,
            seed: manifest.seed,
            command: manifest.command.clone(),
            configuration: about.configuration,
            task: Task::default(),
            contestants: Vec::new(),
            sets: Vec::new(),
            outcomes: Vec::new(),
            timings: Vec::new(),
            costs: Vec::new(),
            panels: Vec::new(),
        },
    };
    // a resumed run reads its trainings back in no time
    if kept.costs.is_empty() {
        kept.costs = about.costs;
    }
    {
        let _phase = folder.phase("measure")?;
        let bar = options.progress("compare");
        let save = |kept: &Measurements| kept.write(&file);
        experiment::measure(experiment, effort, &mut kept, &bar, save)?;
        bar.finish_and_clear();
        enter_published(&mut kept, &about.published);
        kept.write(&file)?;
    }
    let other = about
        .against
        .as_deref()
        .map(Measurements::read)
        .transpose()?;
    let _phase = folder.phase("report")?;
    report::write(&kept, other.as_ref(), folder.path())
}

/// What a comparison is told of its scenario.
pub struct About {
    /// Title of the scenario.
    pub title: String,
    /// The scenario as TOML.
    pub configuration: String,
    /// What it took to have the operators.
    pub costs: Vec<Cost>,
    /// Figures of the literature.
    pub published: Vec<Published>,
    /// Measurements to set beside.
    pub against: Option<std::path::PathBuf>,
}

/// Figures of the literature are answers as well, to no sample in particular.
fn enter_published(kept: &mut Measurements, published: &[Published]) {
    let Some(set) = kept.sets.first().cloned() else {
        return;
    };
    for entry in published {
        if kept.contestant(&entry.name).is_some() {
            continue;
        }
        kept.contestants.push(Contestant {
            about: entry.source.clone(),
            device: entry.device.clone(),
            precision: "f32".into(),
            family: entry.name.clone(),
            claim: entry.claim,
            ..Contestant::baseline(&entry.name).of_kind(Kind::Published)
        });
        kept.outcomes.push(Outcome {
            contestant: entry.name.clone(),
            set: set.name.clone(),
            errors: vec![Some(entry.error); set.samples],
            failure: None,
            by_step: Vec::new(),
            spectrum: Vec::new(),
            checks: Vec::new(),
        });
        kept.timings.extend(entry.seconds.map(|seconds| Timing {
            contestant: entry.name.clone(),
            batch: 1,
            warm_up: 0,
            synchronised: false,
            seconds: vec![seconds],
        }));
    }
}

/// The report of measurements in a file, made again.
///
/// # Errors
/// Not such a file, or a report that cannot be written.
pub fn rebuild(file: &Path, against: Option<&Path>, folder: &RunFolder) -> Result<String> {
    let found = Measurements::read(file)?;
    let other = against.map(Measurements::read).transpose()?;
    folder.record_input(file)?;
    found.write(&folder.file(FILE))?;
    report::write(&found, other.as_ref(), folder.path())
}

/// The name of the device that operators run on, and how a solver's is called.
///
/// # Errors
/// A device that is not there.
pub fn device_name(options: &Options) -> Result<String> {
    let device = device::select(&options.device).map_err(Error::unusable)?;
    Ok(device::name(&device))
}
