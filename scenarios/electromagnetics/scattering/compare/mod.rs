//! `compare` for the scattering pair: meshes of the solver against networks of several seeds.

mod experiment;
mod power;
mod sets;
mod settings;

pub use settings::CompareSettings;

use self::experiment::ScatteringExperiment;
use super::pipeline::stored;
use super::rivals::TrainingScenes;
use super::settings::{PolarizationName, Settings};
use super::solve::square;
use super::train::{StoredScenes, scenes, train_operator};
use super::{Loaded, evaluation::operator_name};
use crate::commands::Options;
use crate::compare::measurements::{Cost, TimeStep};
use crate::compare::{self, About, Contestant, Effort, Kind, Task};
use crate::config::to_toml;
use crate::error::{Error, Result};
use crate::run_folder::RunFolder;
use std::path::Path;

/// A solver has nothing from large batches but busy cores.
const EFFORT: Effort = Effort {
    calls: 9,
    largest_batch: 16,
    patience: 1.0,
};

/// Makes the training scenes, trains with several seeds, asks solvers and operators for the same
/// scenes, and writes the report.
///
/// # Errors
/// A scenario without `[compare]`; a scene that the reference cannot solve; files that cannot be written.
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
    settings::check(loaded, c)?;
    let device = compare::device_name(options)?;
    let (store, split) = stored(loaded, folder, options)?;
    let held_out = scenes(&split.test);
    if held_out.is_empty() {
        return Err(loaded.refuse("training_set.test", "expected scenes to compare on"));
    }
    let family = operator_name();
    let (mut operators, mut entered, mut times) = (Vec::new(), Vec::new(), Vec::new());
    {
        let _phase = folder.phase("train")?;
        let how = (options.device.as_str(), options.quiet);
        for number in 0..options.seeds.unwrap_or(c.seeds) {
            let home = folder.folder(&format!("operators/{family}_{}", number + 1))?;
            let home = (home.as_path(), number as u64);
            let trained = train_operator(settings, &store, &split, home, how)?;
            let about = format!(
                "Fourier neural operator, {} weights, trained for {:.0} s",
                trained.model.network().weight_count(),
                trained.facts.seconds
            );
            let seed = settings.seed.wrapping_add(number as u64);
            entered.push(Contestant {
                // of the solver that it learned from
                resolution: Some(settings.solver.cells as f64),
                ..Contestant::operator(family, number, seed, &about, &device)
            });
            times.push(trained.facts.seconds);
            operators.push(trained.model);
        }
    }
    let Some(first) = operators.first() else {
        return Err(loaded.refuse("compare.seeds", "expected 1 or more"));
    };
    let scales = &first.config().normalisation.input_std;
    let training = StoredScenes::new(&store, scenes(&split.train));
    let experiment = ScatteringExperiment {
        training: TrainingScenes::read(&training, scales)?,
        contestants: contestants(settings, c, entered, &device)?,
        operators,
        solver: settings.solver,
        sets: sets::sets(settings, c, &held_out)?,
        task: task(settings),
    };
    let about = About {
        title: settings.title.clone(),
        configuration: to_toml(settings)?,
        costs: costs(settings, c, folder, &times),
        published: c.published.clone(),
        against: against.map(Path::to_path_buf),
    };
    compare::compare(&experiment, EFFORT, about, folder, options)
}

fn costs(settings: &Settings, c: &CompareSettings, folder: &RunFolder, times: &[f64]) -> Vec<Cost> {
    vec![
        Cost::data(
            folder.manifest().phase_seconds("generate"),
            format!(
                "{} scenes of the solver with {} cells along a side, those held out included",
                settings.training_set.scenes, settings.solver.cells
            ),
        ),
        Cost::training("fno", times),
        Cost::tuning(&c.tuning),
    ]
}

fn contestants(
    settings: &Settings,
    c: &CompareSettings,
    operators: Vec<Contestant>,
    device: &str,
) -> Result<Vec<Contestant>> {
    let about = "FDTD on Yee's mesh, total-field boundary, absorbing layer of 10 cells, materials averaged in cells";
    let solver = |what: &str, cells: usize, kind: Kind| -> Result<Contestant> {
        let [seconds, limit] = square(&settings.solver, cells)
            .time_step()
            .map_err(Error::unusable)?;
        Ok(Contestant {
            order: Some("2 (1 at edges of bodies), 2".into()),
            time_step: Some(TimeStep {
                seconds,
                limit: Some(limit),
            }),
            // with a cell less there were fewer than 4 in a wavelength, or fewer than 8 in all
            coarsest: square(&settings.solver, cells - 1).check(&[]).is_err(),
            precision: "f32".into(),
            device: device.into(),
            ..Contestant::solver(format!("{what}@{cells}"), cells as f64, about).of_kind(kind)
        })
    };
    let mut all = vec![
        solver("reference", c.reference, Kind::Reference)?,
        solver("check", c.check, Kind::Check)?,
    ];
    for cells in &c.resolutions {
        all.push(solver("solver", *cells, Kind::Solver)?);
    }
    all.extend(operators);
    all.extend(["mean", "nearest neighbour", "zero"].map(Contestant::baseline));
    if settings.solver.polarization == PolarizationName::Tm {
        all.push(Contestant {
            about: "first-order approximation: a convolution with Green's function".into(),
            ..Contestant::baseline("Born approximation")
        });
    }
    Ok(all)
}

fn task(settings: &Settings) -> Task {
    let solver = &settings.solver;
    let component = solver.polarization.component();
    let no_time = "there is no time: the field is that of one frequency";
    Task {
        equation: format!(
            "Maxwell's equations in two dimensions, {component} of a plane wave of {} on dielectric bodies in a square of {}",
            solver.frequency, solver.side
        ),
        work: format!(
            "the complex field that the bodies of a scene add to the wave, on {0} x {0} points",
            solver.points
        ),
        metric: format!("relative L2 error of the scattered {component}, complex, over all points"),
        unit: String::new(),
        resolution: "cells along a side of the mesh".into(),
        axis: None,
        spectrum: None,
        without: ["persistence", "climatology"]
            .map(|name| (name.to_string(), no_time.to_string()))
            .to_vec(),
        limitations: vec![
            "Solvers deliver the field on the points of the operator, by cubic interpolation, which is part of their time.".into(),
            "Bodies are drawn into the mesh in the solver's time. Permittivity and incident field on the points, the operator's input, were there before: they are in nobody's time.".into(),
            "On the processor a solver of one scene uses a thread for each 16384 cells, as many as there are, an operator all; in batches both use all. On a device scenes of a batch are one run each, begun by as many threads as there are cores.".into(),
            "Operators were trained in the symmetries of the equation: scenes turned, mirrored, and with another phase.".into(),
            "The Born approximation is beside the trivial baselines since it solves nothing; it is not timed.".into(),
            "Physics-informed networks are not asked here: one would be trained for each scene. The scenarios of coordinate networks set them beside the solver.".into(),
        ],
    }
}
