//! `compare` for flows: the solver's ladder against networks of several seeds.

mod experiment;
mod sets;
pub mod settings;

pub use settings::CompareSettings;

use self::experiment::{FlowExperiment, axes};
use self::sets::{Set, Source, settings_of};
use super::physics_informed::{self, Lesson};
use super::pipeline::gather;
use super::problem::Problem;
use super::samples::Samples;
use super::teach::{Pupil, Taught, fit};
use super::{Loaded, Settings};
use crate::commands::Options;
use crate::compare::measurements::Cost;
use crate::compare::{self, About, Contestant, Effort, Kind, Task};
use crate::config::to_toml;
use crate::error::{Error, Result};
use crate::run_folder::RunFolder;
use crate::training_data::{split, store_folder};
use curlwind_datasets::store::Store;
use curlwind_operators::network::NetworkConfig;
use std::path::Path;

/// Trains what the scenario names with several seeds, asks solvers and operators the same, and writes
/// the report.
///
/// # Errors
/// A scenario without `[compare]`; a solver that fails; files that cannot be written.
pub fn compare(
    loaded: &Loaded,
    folder: &RunFolder,
    against: Option<&Path>,
    options: &Options,
) -> Result<String> {
    let settings = &loaded.settings;
    let Some(c) = &settings.compare else {
        return Err(loaded.refuse("compare", "expected a table `[compare]` to compare by"));
    };
    loaded.check_compare(c)?;
    let device = compare::device_name(options)?;
    let (samples, names) = gather(loaded, folder, None, options)?;
    let pupils = pupils(settings, c, &samples)?;
    let seeds = options.seeds.unwrap_or(c.seeds);
    let mut operators = Vec::new();
    let mut entered = Vec::new();
    let mut costs = vec![data_cost(settings, folder)?];
    {
        let _phase = folder.phase("train")?;
        for (family, lesson, network) in &pupils {
            let mut times = Vec::new();
            for number in 0..seeds {
                let home = folder.folder(&format!("operators/{family}_{}", number + 1))?;
                let pupil = Pupil {
                    network,
                    lesson,
                    home: &home,
                    number: number as u64,
                };
                let taught = fit(loaded, &pupil, &samples, &names, options)?;
                times.push(taught.seconds);
                entered.push(entry(family, number, settings, network, &taught, &device));
                operators.push(taught.operator);
            }
            costs.push(Cost::training(family, &times));
        }
    }
    costs.push(Cost::tuning(&c.tuning));
    let held_out = held_out(loaded, folder)?;
    let sets = sets::sets(loaded, c, &samples, &held_out)?;
    let problem = settings.problem();
    let experiment = FlowExperiment {
        contestants: contestants(problem, c, &sets[0], entered),
        operators,
        training: samples.training.without_symmetry(),
        task: task(problem, &sets[0], settings),
        sets,
    };
    let about = About {
        title: settings.title.clone(),
        configuration: to_toml(settings)?,
        costs,
        published: c.published.clone(),
        against: against.map(Path::to_path_buf),
    };
    compare::compare(&experiment, Effort::default(), about, folder, options)
}

/// The scenario's own operator and its rivals, each with what it learns from.
fn pupils(
    settings: &Settings,
    c: &CompareSettings,
    samples: &Samples,
) -> Result<Vec<(String, Lesson, NetworkConfig)>> {
    let lesson = || -> Result<Lesson> { Ok(physics_informed::lessons(settings, samples)?.0) };
    let family = settings.own_family().to_string();
    let mut pupils = vec![(family, lesson()?, settings.operator.clone())];
    for rival in &c.rivals {
        let mut lesson = lesson()?;
        if !rival.residual {
            lesson.training.residual = None;
            lesson.unlabelled = None;
        }
        let network = rival.operator.clone().unwrap_or(settings.operator.clone());
        // resolutions to train at are of networks that work on any
        if !matches!(network, NetworkConfig::Fno(_)) {
            lesson.training.resolutions.clear();
        }
        pupils.push((rival.family.clone(), lesson, network));
    }
    Ok(pupils)
}

fn entry(
    family: &str,
    number: usize,
    settings: &Settings,
    network: &NetworkConfig,
    taught: &Taught,
    device: &str,
) -> Contestant {
    let about = format!(
        "{}, {} weights, trained for {:.0} s",
        network.name(),
        taught.weights,
        taught.seconds
    );
    let seed = settings.seed.wrapping_add(number as u64);
    Contestant {
        // of the solver that it learned from
        resolution: settings.problem().solver_resolution().map(|n| n as f64),
        ..Contestant::operator(family, number, seed, &about, device)
    }
}

/// Data are made once for all.
fn data_cost(settings: &Settings, folder: &RunFolder) -> Result<Cost> {
    let set = &settings.training_set;
    if set.carried {
        let one = sets::seconds_of_a_sample(settings.problem())?;
        let count = 1000.0;
        return Ok(Cost::data(
            count * one,
            format!(
                "{count} samples that somebody else has made; as long as our solver would take, one after the other"
            ),
        ));
    }
    let seconds = folder.manifest().phase_seconds("generate");
    Ok(Cost::data(
        seconds,
        format!(
            "{} samples of the solver, those held out included",
            set.samples
        ),
    ))
}

/// Numbers of the samples that nobody has trained on.
fn held_out(loaded: &Loaded, folder: &RunFolder) -> Result<Vec<usize>> {
    let settings = &loaded.settings;
    if settings.training_set.carried {
        return Ok(Vec::new());
    }
    let store = Store::open(store_folder(folder.path())).map_err(Error::failed)?;
    let set = &settings.training_set;
    let split = split(
        store.path(),
        store.complete(),
        store.layout().steps,
        [set.validation, set.test],
        settings.seed,
    )?;
    let held: Vec<usize> = split.test.iter().map(|s| s.trajectory).collect();
    match held.is_empty() {
        true => Err(loaded.refuse("training_set.test", "expected samples to compare on")),
        false => Ok(held),
    }
}

fn contestants(
    problem: &dyn Problem,
    c: &CompareSettings,
    held_out: &Set,
    operators: Vec<Contestant>,
) -> Vec<Contestant> {
    let mut all = Vec::new();
    let finer = |n: usize| match problem.refined(n) {
        Some(_) => problem.solver_resolution().map_or(n, |own| own * n),
        None => n,
    };
    for (source, kind, n) in [
        (&held_out.references[0], Kind::Reference, c.reference),
        (&held_out.references[1], Kind::Check, c.check),
    ] {
        let n = finer(n);
        all.push(
            match source {
                Source::Rung(rung) => Contestant {
                    order: Some(rung.order.into()),
                    time_step: rung.time_step.clone(),
                    ..Contestant::solver(format!("{}@{n}", words(kind)), n as f64, &rung.about)
                },
                Source::Finer(..) => {
                    let about =
                        "the samples' own solver on finer cells, which knows the whole medium";
                    Contestant::solver(format!("{}@{n}", words(kind)), n as f64, about)
                }
                Source::Labels(_) => Contestant {
                    resolution: None,
                    ..Contestant::solver("labels of the set", 0.0, "made by somebody else")
                },
                Source::Nothing(_) => continue,
            }
            .of_kind(kind),
        );
    }
    let coarsest = c.resolutions.iter().min().copied().unwrap_or_default();
    let rungs = settings_of(problem, c).into_iter().zip(&held_out.rungs);
    for ((resolution, share), rung) in rungs {
        let name = match problem.persists() {
            true => format!("solver@{resolution}, step {share}"),
            false => format!("solver@{resolution}"),
        };
        let entry = Contestant::solver(name, resolution as f64, "does not fit the grid");
        all.push(match rung {
            Some(rung) => Contestant {
                about: rung.about.clone(),
                order: Some(rung.order.into()),
                time_step: rung.time_step.clone(),
                precision: rung.precision.into(),
                coarsest: resolution == coarsest && resolution <= problem.fewest_points(),
                ..entry
            },
            None => entry,
        });
    }
    all.extend(operators);
    all.extend(["mean", "nearest neighbour"].map(Contestant::baseline));
    if problem.persists() {
        all.push(Contestant::baseline("persistence"));
    }
    all
}

fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Check => "check",
        _ => "reference",
    }
}

fn task(problem: &dyn Problem, held_out: &Set, settings: &Settings) -> Task {
    let [axis, spectrum] = axes(problem, held_out);
    let layout = problem.layout();
    let work = match problem.persists() {
        true => format!(
            "from one state to the {} that follow within {} s, on {} points along a side",
            sets::steps(problem),
            layout.time_step * sets::steps(problem) as f64,
            held_out.inputs.dim().3
        ),
        false => format!(
            "from a medium to its pressure, on {} points along a side",
            held_out.inputs.dim().3
        ),
    };
    let mut without = vec![(
        "climatology".to_string(),
        "there are no seasons; the mean is the climatology".to_string(),
    )];
    if !problem.persists() {
        without.push((
            "persistence".into(),
            "input and output are different quantities".into(),
        ));
    }
    let mut limitations = vec![
        "Solvers deliver their answer on the points of the operator, by interpolation with their own \
         functions, which is part of their time."
            .to_string(),
        "A solver of one run uses one thread, an operator all; in batches both use all.".to_string(),
    ];
    if settings.training_set.symmetries && problem.symmetry().is_some() {
        limitations.push("Operators were trained in the symmetries of the equation.".into());
    }
    Task {
        equation: problem.words(),
        work,
        metric: "relative L2 error over all states and points".into(),
        unit: String::new(),
        resolution: "points along a side".into(),
        axis,
        spectrum,
        without,
        limitations,
    }
}
