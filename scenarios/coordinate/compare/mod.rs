//! `compare` for coordinate networks: the solver at its resolutions against networks of several seeds,
//! each of which knows this one problem.

mod experiment;
mod settings;

pub use settings::CompareSettings;

use self::experiment::{Asked, CoordinateExperiment, SolverAt};
use super::Loaded;
use super::train::train_all;
use crate::commands::Options;
use crate::compare::experiment::axis;
use crate::compare::measurements::{Cost, TimeStep};
use crate::compare::rules::EXACT;
use crate::compare::{self, About, Contestant, Effort, Kind, Relation, Task, TestSet};
use crate::config::to_toml;
use crate::error::{Error, Result};
use crate::run_folder::{RunFolder, write_atomically};
use curlwind_operators::coordinate::cases::{Case, Reference};
use curlwind_solvers::maxwell::constants::SPEED_OF_LIGHT;
use ndarray::Array2;
use std::path::Path;

/// Share of the longest stable time step that is tried beside a solver's own choice.
const BOLD: f64 = 0.95;
/// The same problem several times at once: larger batches would tell no more.
const EFFORT: Effort = Effort {
    calls: 9,
    largest_batch: 4,
    patience: 4.0,
};

/// Trains networks of several seeds, asks them and the solver for the same problem, and writes the
/// report.
///
/// # Errors
/// A training or a solver that fails; files that cannot be written.
pub fn compare(
    loaded: &Loaded,
    folder: &RunFolder,
    against: Option<&Path>,
    options: &Options,
) -> Result<String> {
    let settings = &loaded.settings;
    let c = &settings.compare;
    let case = settings.case().map_err(Error::unusable)?;
    loaded.check_compare(&*case)?;
    let device = compare::device_name(options)?;
    let sets = {
        let _phase = folder.phase("reference")?;
        sets(&*case, folder)?
    };
    let (mut networks, mut entered, mut times) = (Vec::new(), Vec::new(), Vec::new());
    {
        let _phase = folder.phase("train")?;
        for number in 0..options.seeds.unwrap_or(c.seeds) {
            let mut own = settings.clone();
            own.seed = settings.seed.wrapping_add(number as u64);
            let home = folder.folder(&format!("operators/network_{}", number + 1))?;
            let trained = train_all(&own, &*case, &sets[0].truth, &home, options)?;
            let weights: usize = trained.fields.iter().map(|f| f.parameters.len()).sum();
            let about = format!(
                "physics-informed network of coordinates, {weights} weights, {} steps, trained for {:.0} s",
                trained.steps, trained.seconds
            );
            entered.push(Contestant {
                precision: "f64".into(),
                ..Contestant::operator("network", number, own.seed, &about, &device)
            });
            times.push(trained.seconds);
            networks.push(trained.fields);
        }
    }
    let at = &sets[0].truth;
    let (mut contestants, mut solvers) = (truths(&*case, at)?, Vec::new());
    for (solver, contestant) in curve(loaded, &*case, at)? {
        solvers.push(solver);
        contestants.push(contestant);
    }
    contestants.extend(entered);
    contestants.extend(["mean", "persistence"].map(Contestant::baseline));
    let about = About {
        title: settings.title.clone(),
        configuration: to_toml(settings)?,
        costs: costs(loaded, &times),
        published: c.published.clone(),
        against: against.map(Path::to_path_buf),
    };
    let experiment = CoordinateExperiment {
        check: check_resolution(&*case),
        task: task(loaded, &*case, at),
        case,
        contestants,
        networks,
        solvers,
        sets,
    };
    compare::compare(&experiment, EFFORT, about, folder, options)
}

/// The reference's points, and the same at other times.
fn sets(case: &dyn Case, folder: &RunFolder) -> Result<Vec<Asked>> {
    let asked = |name: &str, relation, axes: Vec<Vec<f64>>| -> Result<Asked> {
        let file = folder.file(&format!("truth_{}.json", axes[0].len()));
        let truth = match kept(&file, &axes) {
            Some(truth) => truth,
            None => {
                let found = case.reference_on(axes).map_err(Error::failed)?;
                let text = serde_json::to_vec(&(&found.axes, &found.values.as_slice()))
                    .map_err(Error::failed)?;
                write_atomically(&file, &text)?;
                found
            }
        };
        Ok(Asked {
            about: TestSet {
                name: name.into(),
                relation,
                samples: 1,
            },
            truth,
        })
    };
    let axes = case.axes();
    let start = case.domain().map_err(Error::unusable)?.lower[0];
    let mut others = axes.clone();
    others[0] = other_times(&axes[0], start);
    Ok(vec![
        asked("points of the reference", Relation::HeldOut, axes)?,
        asked("other times", Relation::OffResolution, others)?,
    ])
}

/// A truth that an earlier call has found on the same axes.
fn kept(file: &Path, axes: &[Vec<f64>]) -> Option<Reference> {
    let text = std::fs::read(file).ok()?;
    let (found, values): (Vec<Vec<f64>>, Vec<f64>) = serde_json::from_slice(&text).ok()?;
    let points: usize = axes.iter().map(Vec::len).product();
    let shape = (points, values.len() / points);
    let values = Array2::from_shape_vec(shape, values).ok()?;
    (found == axes).then_some(Reference {
        axes: found,
        values,
    })
}

/// Times to the same end in three quarters as many intervals, most of them between the times; without
/// the start where it is left out.
fn other_times(times: &[f64], start: f64) -> Vec<f64> {
    let intervals = (3 * (times.len() - 1)).div_ceil(4).max(1);
    let first = usize::from(times[0] > start);
    let end = times[times.len() - 1];
    (first..=intervals)
        .map(|n| start + (end - start) * n as f64 / intervals as f64)
        .collect()
}

/// Points of the solver that the truth is checked by.
fn check_resolution(case: &dyn Case) -> usize {
    match case.reference_resolution() {
        // three quarters, which fit every grid that the truth fits
        Some(own) => own / 4 * 3,
        None => 2 * case.solver().1.into_iter().max().unwrap_or_default(),
    }
}

/// Reference and check.
fn truths(case: &dyn Case, at: &Reference) -> Result<Vec<Contestant>> {
    let reference = match case.reference_resolution() {
        Some(own) => solver(case, at, own, None, format!("reference@{own}"))?,
        None => Contestant {
            resolution: None,
            order: Some(EXACT.into()),
            ..Contestant::solver(case.source(), 0.0, "known in closed form")
        },
    };
    let own = check_resolution(case);
    let check = solver(case, at, own, None, format!("check@{own}"))?;
    Ok(vec![
        reference.of_kind(Kind::Reference),
        check.of_kind(Kind::Check),
    ])
}

/// The solver at every resolution, with its own time step and with one near the longest stable.
fn curve(loaded: &Loaded, case: &dyn Case, at: &Reference) -> Result<Vec<(SolverAt, Contestant)>> {
    let mut all: Vec<(SolverAt, Contestant)> = Vec::new();
    for resolution in loaded.settings.compare.resolutions_of(case) {
        for share in [None, Some(BOLD)] {
            let steps = case
                .steps(resolution, share, at)
                .map_err(|error| loaded.refuse("compare.resolutions", error))?;
            let known = |(other, _): &(SolverAt, Contestant)| {
                other.resolution == resolution && other.taken == steps.taken
            };
            if all.iter().any(known) {
                continue;
            }
            let name = format!("solver@{resolution}, step {:.2}", steps.taken / steps.limit);
            let taken = steps.taken;
            all.push((
                SolverAt {
                    resolution,
                    share,
                    taken,
                },
                solver(case, at, resolution, share, name)?,
            ));
        }
    }
    Ok(all)
}

fn solver(
    case: &dyn Case,
    at: &Reference,
    resolution: usize,
    share: Option<f64>,
    name: String,
) -> Result<Contestant> {
    let steps = case.steps(resolution, share, at).map_err(Error::unusable)?;
    // times in metres of light
    let unit = match case.coordinates()[0].1 {
        "m" => SPEED_OF_LIGHT,
        _ => 1.0,
    };
    Ok(Contestant {
        order: Some(case.order().into()),
        time_step: Some(TimeStep {
            seconds: steps.taken / unit,
            limit: Some(steps.limit / unit),
        }),
        ..Contestant::solver(name, resolution as f64, case.solver().0)
    })
}

fn costs(loaded: &Loaded, times: &[f64]) -> Vec<Cost> {
    let mut training = Cost::training("network", times);
    training.note += "; a new problem is a new training";
    let none = "needs none: it learns from the equation and its conditions";
    vec![
        Cost::data(0.0, none),
        training,
        Cost::tuning(&loaded.settings.compare.tuning),
    ]
}

fn task(loaded: &Loaded, case: &dyn Case, at: &Reference) -> Task {
    let (time, unit) = case.coordinates()[0];
    let unit = match unit {
        "m" => "m of light",
        unit => unit,
    };
    let quantities: Vec<&str> = case.quantities().iter().map(|q| q.2).collect();
    let shape: Vec<String> = at.axes.iter().map(|a| a.len().to_string()).collect();
    Task {
        equation: format!("{} (truth: {})", loaded.settings.title, case.source()),
        work: format!(
            "{} of this one problem at {} points of {}",
            quantities.join(", "),
            shape.join(" x "),
            case.coordinates()
                .iter()
                .map(|c| c.0)
                .collect::<Vec<_>>()
                .join(", ")
        ),
        metric: match quantities.len() {
            1 => "relative L2 error over all points and times".into(),
            _ => "relative L2 error over all points and times, largest of the quantities".into(),
        },
        unit: String::new(),
        resolution: "points or cells along a side".into(),
        axis: axis(&format!("{time} ({unit})"), at.axes[0].iter().copied()),
        spectrum: None,
        without: [
            ("climatology", "there is one problem, and no seasons"),
            (
                "nearest neighbour",
                "nothing was learned from other problems",
            ),
        ]
        .map(|(name, reason)| (name.to_string(), reason.to_string()))
        .to_vec(),
        limitations: vec![
            "The network knows this one problem: another one is another training. The number of runs after which it pays counts repetitions of the same question.".into(),
            "Nothing out of distribution can be asked: there is no distribution of problems. Only other times than those of the reference can.".into(),
            "Samples at once are the same problem asked for several times.".into(),
            "Errors are of one problem: intervals come from seeds and timed calls alone.".into(),
            "The mean baseline knows the mean of the truth; persistence keeps the state at the start.".into(),
            "Errors along the time are of all quantities at a time, over the root mean square of each at all times.".into(),
            "Solvers deliver their answer at the points of the reference, which is part of their time; a solver steps to every time that is asked for.".into(),
            format!("What the checks say of {} is the floor that the spacing of the points leaves.", case.source()),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_times_end_where_the_times_end() {
        assert_eq!(other_times(&[0.0, 1.0, 2.0, 3.0, 4.0], 0.0).len(), 4);
        assert_eq!(other_times(&[2.0, 4.0, 6.0], 0.0), [3.0, 6.0]);
    }
}
