//! `compare` for shallow water: truncations of the solver against surrogates of several seeds.

mod experiment;
mod rungs;
mod sets;
pub mod settings;

pub use settings::CompareSettings;

use self::experiment::{TrainingFlows, WeatherExperiment};
use self::rungs::{Rung, Wanted};
use self::sets::{Set, sets};
use super::pipeline::flows;
use super::settings::IntegratorName;
use super::train::{TrainingRun, climatology, sin_latitude, train_surrogate};
use super::{Loaded, Settings};
use crate::commands::Options;
use crate::compare::experiment::axis;
use crate::compare::measurements::Cost;
use crate::compare::{self, About, Answered, Contestant, Effort, Kind, Task};
use crate::config::to_toml;
use crate::error::{Error, Result};
use crate::run_folder::RunFolder;
use curlwind_datasets::store::{Split, Store};
use curlwind_operators::surrogate::{Predict, Surrogate};
use std::path::Path;

/// Trains surrogates with several seeds, has solvers and surrogates forecast the same flows, and writes
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
    let (store, split) = flows(loaded, folder, options)?;
    let (surrogates, entered, mut costs) =
        trained(loaded, c, (&store, &split), folder, (options, &device))?;
    let made = format!(
        "{} flows of the solver, those held out included",
        settings.training_set.trajectories
    );
    let seconds = folder.manifest().phase_seconds("generate");
    costs.insert(0, Cost::data(seconds, made));
    let sets = sets(loaded, c, (&store, &split), &folder.file("input"))?;
    let wanted = wanted(settings, c);
    let mut rungs = Vec::new();
    for set in &sets {
        let each = wanted.iter().enumerate().map(|(number, wanted)| {
            // the check is for the truth, and takes no time that counts
            let device = if number == 1 { "cpu" } else { &device };
            Rung::new(set, &settings.solver, *wanted, device)
        });
        rungs.push(each.collect::<Result<Vec<_>>>()?);
    }
    let interval = settings.training_set.interval.si();
    let leads = (
        (settings.forecast.duration.si() / interval).round() as usize,
        interval,
    );
    let experiment = WeatherExperiment {
        contestants: contestants(c, &wanted, &rungs[0], entered),
        operators: surrogates.iter().map(|s| on_grids(s, &sets)).collect(),
        training: training_flows(&store, &split, &sets[0])?,
        task: task(settings, &sets[0], leads),
        rungs,
        sets,
        leads,
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

/// Surrogates of all families and seeds, their entries, and what their training took.
fn trained(
    loaded: &Loaded,
    c: &CompareSettings,
    (store, split): (&Store, &Split),
    folder: &RunFolder,
    (options, device): (&Options, &str),
) -> Result<(Vec<Surrogate>, Vec<Contestant>, Vec<Cost>)> {
    let settings = &loaded.settings;
    let own = (
        settings.operator.name().to_string(),
        settings.operator.clone(),
    );
    let rivals = c
        .rivals
        .iter()
        .map(|r| (r.family.clone(), r.operator.clone()));
    let seeds = options.seeds.unwrap_or(c.seeds);
    let (mut surrogates, mut entered, mut costs) = (Vec::new(), Vec::new(), Vec::new());
    let _phase = folder.phase("train")?;
    for (family, network) in std::iter::once(own).chain(rivals) {
        let mut times = Vec::new();
        for number in 0..seeds {
            let mut own = settings.clone();
            own.operator = network.clone();
            own.training.seed = own.training.seed.wrapping_add(number as u64);
            let home = folder.folder(&format!("operators/{family}_{}", number + 1))?;
            let run = TrainingRun {
                store,
                split,
                folder: &home,
                device: &options.device,
                quiet: options.quiet,
                resume: true,
            };
            let fitted = train_surrogate(&own, &run)?;
            let seconds = fitted.facts.seconds;
            times.push(seconds);
            let about = format!(
                "{}, {} weights, trained for {seconds:.0} s",
                network.name(),
                fitted.model.network().weight_count()
            );
            let seed = settings.seed.wrapping_add(number as u64);
            entered.push(Contestant {
                // of the solver that it learned from
                resolution: Some(settings.solver.truncation as f64),
                ..Contestant::operator(&family, number, seed, &about, device)
            });
            surrogates.push(fitted.model);
        }
        costs.push(Cost::training(&family, &times));
    }
    costs.push(Cost::tuning(&c.tuning));
    Ok((surrogates, entered, costs))
}

/// A surrogate on the grid of each set.
fn on_grids(surrogate: &Surrogate, sets: &[Set]) -> Vec<Answered<Surrogate>> {
    sets.iter()
        .map(|set| {
            let grid = set.gridded.grid();
            let statics = match surrogate.config().predict {
                Predict::State => Vec::new(),
                Predict::Tendency => sin_latitude(grid),
            };
            surrogate.at_grid(grid, &statics).map_err(|e| e.to_string())
        })
        .collect()
}

/// Reference, check and the solvers of the curve.
fn wanted(settings: &Settings, c: &CompareSettings) -> Vec<Wanted> {
    // the method of fourth order where there is one
    let best = match c.integrators.contains(&IntegratorName::Rk4) {
        true => IntegratorName::Rk4,
        false => settings.solver.integrator,
    };
    let fine = |truncation, share| Wanted {
        truncation,
        integrator: best,
        share,
    };
    let mut wanted = vec![fine(c.reference, 0.5), fine(c.check, 0.9)];
    for &truncation in &c.truncations {
        for &integrator in &c.integrators {
            for &share in &c.steps {
                wanted.push(Wanted {
                    truncation,
                    integrator,
                    share,
                });
            }
        }
    }
    wanted
}

fn contestants(
    c: &CompareSettings,
    wanted: &[Wanted],
    rungs: &[Rung],
    operators: Vec<Contestant>,
) -> Vec<Contestant> {
    let coarsest = c.truncations.iter().min().copied().unwrap_or_default();
    let mut all = Vec::new();
    for (number, (wanted, rung)) in wanted.iter().zip(rungs).enumerate() {
        let Wanted {
            truncation,
            integrator,
            share,
        } = *wanted;
        let (method, order, short) = match integrator {
            IntegratorName::Rk4 => ("Runge-Kutta of order 4", "spectral, 4", "rk4"),
            IntegratorName::SemiImplicit => ("semi-implicit leapfrog", "spectral, 2", "si"),
        };
        let (name, kind) = match number {
            0 => (format!("reference@T{truncation}"), Kind::Reference),
            1 => (format!("check@T{truncation}"), Kind::Check),
            _ => (
                format!("solver@T{truncation}, {short}, step {share}"),
                Kind::Solver,
            ),
        };
        let (device, precision) = rung.place();
        let truth = match kind == Kind::Reference && device != "cpu" {
            true => "; the truth in f64 by the processor, timed on the device",
            false => "",
        };
        all.push(Contestant {
            kind,
            device: device.into(),
            precision: precision.into(),
            order: Some(order.into()),
            time_step: Some(rung.time_step.clone()),
            // below lies no flow that could be called one
            coarsest: truncation == coarsest && truncation <= 5,
            ..Contestant::solver(
                name,
                truncation as f64,
                &format!("spherical harmonics, {method}{truth}"),
            )
        });
    }
    all.extend(operators);
    all.extend(["persistence", "climatology", "nearest neighbour"].map(Contestant::baseline));
    all
}

/// All flows that were trained on.
fn training_flows(store: &Store, split: &Split, held_out: &Set) -> Result<TrainingFlows> {
    let gridded = &held_out.gridded;
    let size = gridded.state_len();
    let mut states = Vec::new();
    for segment in &split.train {
        let count = segment.end - segment.start;
        let mut buffer = vec![0.0; size * count];
        store
            .read_window(segment.trajectory, segment.start, count, &mut buffer)
            .map_err(Error::failed)?;
        states.push(buffer.chunks(size).map(<[f32]>::to_vec).collect::<Vec<_>>());
    }
    let mean = climatology(store, split, gridded)?;
    let points = size / 3;
    let std = [0, 1, 2].map(|channel| {
        let range = channel * points..(channel + 1) * points;
        let mut sum = 0.0;
        let mut count = 0.0;
        for state in states.iter().flatten() {
            let pairs = state[range.clone()].iter().zip(&mean[range.clone()]);
            sum += pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
            count += points as f64;
        }
        f64::sqrt(sum / count).max(f64::MIN_POSITIVE)
    });
    Ok(TrainingFlows { states, mean, std })
}

fn task(settings: &Settings, held_out: &Set, (steps, interval): (usize, f64)) -> Task {
    let hours = |k: usize| k as f64 * interval / 3600.0;
    let grid = held_out.gridded.grid();
    Task {
        equation: "rotating shallow water on the sphere, flat ground".into(),
        work: format!(
            "a forecast over {} h, a state every {} h on {} x {} points, from a state of truncation T{}",
            hours(steps),
            hours(1),
            grid.nlat(),
            grid.nlon(),
            held_out.from
        ),
        metric: "root mean square error of the height over all leads, area-weighted".into(),
        unit: "m".into(),
        resolution: "truncation".into(),
        axis: axis("lead time (h)", (1..=steps).map(hours)),
        spectrum: axis(
            "degree",
            (1..=held_out.gridded.truncation()).map(|n| n as f64),
        ),
        without: vec![(
            "mean".into(),
            "the mean of the training states is the climatology".into(),
        )],
        limitations: vec![
            "Flat ground, one layer, no forcing: no weather forecast in earnest.".into(),
            format!(
                "All start from what the operators' grid carries (T{}); solvers deliver their states on that \
                 grid, which is part of their time.",
                held_out.from
            ),
            format!(
                "Operators learned from flows of the solver at T{} ({} of them), not of the reference.",
                settings.solver.truncation, settings.training_set.trajectories
            ),
        ],
    }
}
