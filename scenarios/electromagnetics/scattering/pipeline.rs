//! The commands of the scenario, phase by phase, inside a run folder.

use super::evaluation::{Case, Evaluation, evaluate, mean, median, operator_name, solver_name};
use super::generate::generate as make_scenes;
use super::output::write_fields;
use super::pictures::{Album, Shown};
use super::rivals::TrainingScenes;
use super::solve::{self, Fields, relative_l2};
use super::train::{StoredScenes, scenes, split, train_operator};
use super::{Loaded, Settings};
use crate::commands::Options;
use crate::compare::{Curve, Estimate, Point};
use crate::config::to_toml;
use crate::error::{Error, Result};
use crate::figures::Figure;
use crate::report::run_page;
use crate::run_folder::{
    Align, RunFolder, ScoreRow, Scores, Table, format_value, write_atomically,
};
use crate::training_data::store_folder;
use curlwind_datasets::samples::SampleStore;
use curlwind_datasets::store::Split;
use curlwind_operators::field::FieldOperator;
use curlwind_operators::training::{Fitted, TrainingFacts};
use curlwind_solvers::maxwell::analytic::{Body, Cylinder};
use ndarray::Array2;
use num_complex::Complex64;
use serde::Serialize;
use std::path::Path;

/// What a command found.
pub struct Summary {
    /// Every score.
    pub scores: Scores,
    /// Tables and sentences for the terminal.
    pub text: String,
}

/// The scene of the file through the solver.
///
/// # Errors
/// Bodies that the solver refuses; files that cannot be written.
pub fn simulate(loaded: &Loaded, folder: &RunFolder, options: &Options) -> Result<Summary> {
    let settings = &loaded.settings;
    let (solver, scene) = (&settings.solver, &settings.scene);
    let fields = {
        let _phase = folder.phase("solver")?;
        solve::solve(solver, solver.cells, scene, &options.device()?)?
    };
    let model = solver_name(solver.cells);
    let angle = scene.angle.si();
    let parts = (&fields.permittivity, &fields.incident, &fields.scattered);
    write_fields(
        &folder.file("output.h5"),
        solver,
        (&settings.title, &model),
        angle,
        parts,
    )?;
    let mut scores = Scores::new();
    let row = |metric: &str, value: f64| {
        let variable = format!("scattered {}", solver.polarization.component());
        ScoreRow::new(&loaded.name, &model, &variable, metric, value)
            .at_frequency(solver.frequency.si())
    };
    let largest = fields
        .scattered
        .iter()
        .map(|u| u.norm())
        .fold(0.0, f64::max);
    scores.push(row("largest", largest).noted("over the incident amplitude"));
    scores.push(row("seconds", fields.seconds).in_unit("s"));
    let mut text = format!(
        "{}: {} bodies on {} x {} cells in {:.2} s, largest scattered field {largest:.3} of the incident one.",
        settings.title,
        scene.bodies.len(),
        solver.cells,
        solver.cells,
        fields.seconds
    );
    if let Some(error) = against_series(settings, &fields) {
        scores
            .push(row("relative_l2", error).noted("against the exact series, outside of the body"));
        text += &format!(" Error against the exact series: {error:.2e}.");
    }
    scores.write(&folder.file("scores.json"))?;
    let _phase = folder.phase("figures")?;
    let place = folder.folder("figures")?;
    let mut album = Album::new(&place, solver);
    album.fields("fields", &settings.title, &fields)?;
    report(loaded, folder, &text, &album.figures, &scores)?;
    text += &format!("\nReport: {}", folder.file("report.html").display());
    Ok(Summary { scores, text })
}

/// The error where the exact solution is known: a single round body.
fn against_series(settings: &Settings, fields: &Fields) -> Option<f64> {
    let solver = &settings.solver;
    let [body] = &settings.scene.bodies[..] else {
        return None;
    };
    let circle = body.circle?;
    let ([x, y], radius) = (circle.centre.map(|c| c.si()), circle.radius.si());
    let angle = settings.scene.angle.si();
    let exact = Cylinder::new(
        radius,
        Body::Dielectric(body.permittivity.into()),
        solver.polarization.polarization(),
        solver.frequency.si(),
    );
    let k = solve::wave_number(solver.frequency.si());
    let there = Complex64::cis(-k * (x * angle.cos() + y * angle.sin()));
    let points = solve::points(solver.side.si(), solver.points);
    let outside = |j: usize, i: usize| (points[i] - x).hypot(points[j] - y) > radius;
    let shape = fields.scattered.dim();
    let series = Array2::from_shape_fn(shape, |(j, i)| {
        let (dx, dy) = (points[i] - x, points[j] - y);
        match outside(j, i) {
            true => there * exact.scattered(dx.hypot(dy), dy.atan2(dx) - angle),
            false => Complex64::default(),
        }
    });
    let found = Array2::from_shape_fn(shape, |(j, i)| match outside(j, i) {
        true => fields.scattered[[j, i]],
        false => Complex64::default(),
    });
    Some(relative_l2(&found, &series))
}

/// What `generate` made.
#[derive(Serialize)]
pub struct Generated {
    /// Scenes in the folder.
    pub scenes: usize,
    /// Wall time in seconds of this call.
    pub seconds: f64,
}

/// Training scenes, and who trains on which.
///
/// # Errors
/// As [`super::generate::generate`].
pub fn generate(loaded: &Loaded, folder: &RunFolder, options: &Options) -> Result<Generated> {
    let (store, _) = stored(loaded, folder, options)?;
    Ok(Generated {
        scenes: store.complete().len(),
        seconds: folder.manifest().phase_seconds("generate"),
    })
}

/// The training scenes of a run, made where they are missing, and who trains on which.
///
/// # Errors
/// As [`super::generate::generate`].
pub fn stored(
    loaded: &Loaded,
    folder: &RunFolder,
    options: &Options,
) -> Result<(SampleStore, Split)> {
    let place = folder.folder("data")?;
    let all = loaded.settings.training_set.scenes;
    let complete = SampleStore::open(&place).is_ok_and(|store| store.complete().len() == all);
    // what was made before is not paid for twice
    let _phase = (!complete).then(|| folder.phase("generate")).transpose()?;
    let (device, bar) = (options.device()?, options.progress("scenes"));
    let store = make_scenes(&loaded.settings, &device, &place, &bar)?;
    let split = split(&loaded.settings, &store)?;
    Ok((store, split))
}

/// An operator trained on `data`, or on scenes generated into the run.
///
/// # Errors
/// As [`train_operator`].
pub fn train(
    loaded: &Loaded,
    folder: &RunFolder,
    data: Option<&Path>,
    options: &Options,
) -> Result<TrainingFacts> {
    let (store, split) = match data {
        Some(data) => {
            let store = SampleStore::open(store_folder(data)).map_err(Error::unusable)?;
            let split = split(&loaded.settings, &store)?;
            (store, split)
        }
        None => stored(loaded, folder, options)?,
    };
    let trained = operator(loaded, folder, &store, &split, options)?;
    Ok(trained.facts)
}

fn operator(
    loaded: &Loaded,
    folder: &RunFolder,
    store: &SampleStore,
    split: &Split,
    options: &Options,
) -> Result<Fitted<FieldOperator>> {
    let _phase = folder.phase("train")?;
    let how = (options.device.as_str(), options.quiet);
    let trained = train_operator(&loaded.settings, store, split, (folder.path(), 0), how)?;
    folder.note("training", &trained.facts)?;
    Ok(trained)
}

/// Everything the scenario asks for: scenes, training, the comparison.
///
/// # Errors
/// Whatever a phase returns; what was finished is kept, and `--resume` goes on.
pub fn run(loaded: &Loaded, folder: &RunFolder, options: &Options) -> Result<Summary> {
    let settings = &loaded.settings;
    let (store, split) = stored(loaded, folder, options)?;
    let trained = operator(loaded, folder, &store, &split, options)?;
    let evaluation = {
        let _phase = folder.phase("evaluate")?;
        let training = StoredScenes::new(&store, scenes(&split.train));
        let scales = &trained.model.config().normalisation.input_std;
        let training = TrainingScenes::read(&training, scales)?;
        let held = scenes(&split.test);
        let bar = options.progress("evaluate");
        let device = options.device()?;
        evaluate(settings, &trained.model, &training, &held, (&device, &bar))?
    };
    let scores = evaluation.scores(settings);
    scores.write(&folder.file("scores.json"))?;
    let sentences = verdict(settings, &evaluation, folder);
    let _phase = folder.phase("figures")?;
    let place = folder.folder("figures")?;
    let mut album = Album::new(&place, &settings.solver);
    let truth = solver_name(settings.evaluation.reference_cells);
    for (n, case) in evaluation.cases.iter().enumerate() {
        let name = ["fields", "fields_permittivity", "fields_bodies"][n.min(2)];
        let title = format!("{}: {}", settings.title, case.name);
        album.comparison(name, &title, (&truth, operator_name()), &typical(case))?;
    }
    album.errors(&evaluation)?;
    album.cost(&evaluation)?;
    report(
        loaded,
        folder,
        &sentences.join(" "),
        &album.figures,
        &scores,
    )?;
    let text = format!(
        "{}\n{}\nReport: {}",
        table(&evaluation),
        sentences.join("\n"),
        folder.file("report.html").display()
    );
    Ok(Summary { scores, text })
}

/// The best, the median and the worst scene of the operator.
fn typical(case: &Case) -> Vec<Shown<'_>> {
    let errors = case.errors(operator_name());
    let mut order: Vec<usize> = (0..errors.len()).collect();
    order.sort_by(|&a, &b| errors[a].total_cmp(&errors[b]));
    let last = order.len().saturating_sub(1);
    let answers = case
        .answers
        .iter()
        .find(|(name, _)| name == operator_name());
    let mut shown = Vec::new();
    for (what, place) in [("best", 0), ("median", last / 2), ("worst", last)] {
        if let (Some(&scene), Some((_, fields))) = (order.get(place), answers) {
            shown.push(Shown {
                label: format!("{what}: {:.1} %", 100.0 * errors[scene]),
                permittivity: &case.truth[scene].permittivity,
                truth: &case.truth[scene].scattered,
                prediction: &fields[scene],
            });
        }
    }
    shown
}

/// Mean errors by model and case, with the time of a scene.
fn table(evaluation: &Evaluation) -> String {
    let heads = evaluation
        .cases
        .iter()
        .map(|case| (case.name.as_str(), Align::Right));
    let heads = std::iter::once(("model", Align::Left))
        .chain(heads)
        .chain([("s per scene", Align::Right)]);
    let mut table = Table::new(heads);
    let Some(first) = evaluation.cases.first() else {
        return String::new();
    };
    for (model, _) in &first.answers {
        let errors = evaluation
            .cases
            .iter()
            .map(|c| format_value(mean(&c.errors(model))));
        let seconds = evaluation
            .seconds_of(model)
            .map_or("-".into(), format_value);
        table.push(
            std::iter::once(model.clone())
                .chain(errors)
                .chain([seconds]),
        );
    }
    format!(
        "mean relative L2 error of the scattered field\n{}",
        table.render(140)
    )
}

fn verdict(settings: &Settings, evaluation: &Evaluation, folder: &RunFolder) -> Vec<String> {
    let Some(held) = evaluation.cases.first() else {
        return Vec::new();
    };
    let own = held.errors(operator_name());
    let error = mean(&own);
    let reference = solver_name(settings.evaluation.reference_cells);
    let mut sentences = vec![format!(
        "On {} held-out scenes the operator errs by {:.1} % (median {:.1} %, relative L2 of the scattered field, against {reference}, which a finer mesh changes by {:.2} %).",
        own.len(),
        100.0 * error,
        100.0 * median(&own),
        100.0 * evaluation.reference_error,
    )];
    for case in &evaluation.cases[1..] {
        let beyond = mean(&case.errors(operator_name()));
        sentences.push(format!("{}: {:.1} %.", case.name, 100.0 * beyond));
    }
    let manifest = folder.manifest();
    let cost = ["generate", "train"].map(|phase| manifest.phase_seconds(phase));
    // On the processor scenes are made and the operator is trained on all cores, answers are timed on one.
    let (cores, all, one) = match manifest.device.as_str() {
        "cpu" => (
            manifest.threads as f64,
            format!("{} cores", manifest.threads),
            "one core",
        ),
        device => (1.0, device.to_string(), device),
    };
    sentences.push(format!(
        "It cost {:.0} s of data generation and {:.0} s of training on {all}, with one seed; no setting was tuned in this run.",
        cost[0], cost[1]
    ));
    let invested = cores * (cost[0] + cost[1]);
    sentences.push(break_even(evaluation, error, invested, one));
    sentences
}

/// The run time of the solver at the operator's error, and the number of scenes from which on the
/// operator has paid for itself.
fn break_even(evaluation: &Evaluation, error: f64, invested: f64, place: &str) -> String {
    let held = &evaluation.cases[0];
    let solvers = evaluation
        .seconds
        .iter()
        .filter(|(model, _)| model != operator_name());
    let curve = Curve::new(solvers.map(|(model, seconds)| Point {
        name: model.clone(),
        error: mean(&held.errors(model)),
        seconds: *seconds,
    }));
    let own = evaluation.seconds_of(operator_name()).unwrap_or(f64::NAN);
    let (Some(equal), Some(finest)) = (curve.seconds_at(error), curve.points().last()) else {
        return String::new();
    };
    if matches!(equal, Estimate::Above(_)) {
        return format!(
            "It errs less than the finest solver compared with it ({:.1} %).",
            100.0 * finest.error
        );
    }
    let (seconds, bound) = (equal.value(), equal.words());
    let saved = seconds - own;
    let pays = match saved > 0.0 {
        true => format!("after {:.0} scenes", invested / saved),
        false => "never".to_string(),
    };
    format!(
        "At equal error the solver takes {bound}{:.0} ms for a scene on {place}, the operator {:.0} ms: its data and training pay {pays}.",
        1e3 * seconds,
        1e3 * own,
    )
}

fn report(
    loaded: &Loaded,
    folder: &RunFolder,
    summary: &str,
    figures: &[(Figure, String)],
    scores: &Scores,
) -> Result<()> {
    let configuration = to_toml(&loaded.settings)?;
    let page = run_page(&folder.manifest(), summary, figures, scores, &configuration);
    write_atomically(&folder.file("report.html"), page.to_html().as_bytes())?;
    Ok(())
}
