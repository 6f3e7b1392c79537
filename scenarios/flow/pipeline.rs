//! The commands of a flow, phase by phase, inside a run folder.

use super::evaluate::{Judged, judge, judge_operator, mean_and_spread, rows};
use super::generate as generation;
use super::samples::{self, Samples};
use super::teach::{Pupil, Taught, fit, fit_all};
use super::{Loaded, darcy, hybrid, physics_informed, pictures, roll_out};
use crate::commands::Options;
use crate::error::{Error, Result};
use crate::report::write_run;
use crate::run_folder::{RunFolder, ScoreRow, Scores, format_value, score_table};
use crate::training_data::{split, store_folder};
use curlwind_datasets::store::Store;
use curlwind_operators::field::FieldOperator;
use ndarray::{ArrayView4, Axis};
use std::path::Path;

/// What a command came to, for the terminal.
pub struct Summary {
    /// All rows.
    pub scores: Scores,
    /// Tables and sentences.
    pub text: String,
}

/// One sample by the solver, and what its coarser versions make of the same input.
///
/// # Errors
/// A solver that fails; files that cannot be written.
pub fn simulate(loaded: &Loaded, folder: &RunFolder) -> Result<Summary> {
    let settings = &loaded.settings;
    let problem = settings.problem();
    let store = {
        let _phase = folder.phase("solver")?;
        let hidden = indicatif::ProgressBar::hidden();
        generation::generate(loaded, 1, &folder.folder("data")?, &hidden)?
    };
    let seconds = folder.manifest().phase_seconds("solver");
    let layout = store.layout();
    let mut buffer = vec![0.0; layout.steps * layout.state_len()];
    store
        .read_window(0, 0, layout.steps, &mut buffer)
        .map_err(Error::failed)?;
    let states = ArrayView4::from_shape(layout.shape(), &buffer).map_err(Error::failed)?;
    let (input, output) = problem.pair(states, problem.pairs() - 1);
    let mut scores = Scores::new();
    let (_, outputs) = problem.names();
    for &stride in &settings.evaluation.coarse {
        let Some(found) = problem.coarse(&layout.grid, stride, input)? else {
            continue;
        };
        let found = found.insert_axis(Axis(0));
        let truth = output.to_owned().insert_axis(Axis(0));
        let error = samples::relative_errors(&found, &truth);
        let model = format!("solver/{stride}");
        let row = ScoreRow::new(&loaded.name, &model, &outputs[0], "relative_l2", error[0]);
        scores.push(row);
    }
    scores.write(&folder.file("scores.json"))?;
    let figures = vec![pictures::states(&settings.title, layout, &states)];
    let summary = format!(
        "One sample by the {} solver in {seconds:.2} s.",
        problem.physics()
    );
    write_run(folder, settings, &summary, &figures, &scores)?;
    let text = format!(
        "{}\n{summary}\nReport: {}",
        score_table(&scores.rows, 100),
        folder.file("report.html").display()
    );
    Ok(Summary { scores, text })
}

/// Samples of the solver; returns how many there are.
///
/// # Errors
/// As [`generation::generate`].
pub fn generate(loaded: &Loaded, folder: &RunFolder, options: &Options) -> Result<usize> {
    if loaded.settings.training_set.carried {
        return Err(loaded.refuse(
            "training_set.carried",
            "the samples are in the program; there is nothing to generate",
        ));
    }
    Ok(made(loaded, folder, options)?.complete().len())
}

fn made(loaded: &Loaded, folder: &RunFolder, options: &Options) -> Result<Store> {
    let _phase = folder.phase("generate")?;
    generation::generate(
        loaded,
        loaded.settings.training_set.samples,
        &folder.folder("data")?,
        &options.progress("samples"),
    )
}

/// The samples of a run, for tests at the resolutions asked for, and the names of inputs and
/// outputs.
pub(super) fn gather(
    loaded: &Loaded,
    folder: &RunFolder,
    data: Option<&Path>,
    options: &Options,
) -> Result<(Samples, [Vec<String>; 2])> {
    if let (Some(key), true) = (loaded.needs_own_samples(), data.is_some_and(Path::is_file)) {
        let reason = "expected nothing: the solver does not know the samples of a file";
        return Err(loaded.refuse(key, reason));
    }
    let (mut samples, mut names) = collect(loaded, folder, data, options)?;
    if let Some(labelled) = loaded.settings.training_set.labelled {
        samples = physics_informed::withhold(loaded.settings.problem(), samples, labelled)?;
    }
    let resolutions = &loaded.settings.evaluation.resolutions;
    if !resolutions.is_empty() {
        let tests = samples.tests.iter().flat_map(|test| {
            let each = resolutions.iter().map(|points| test.at_resolution(*points));
            each.collect::<Vec<_>>()
        });
        samples.tests = tests
            .collect::<Result<_>>()
            .map_err(|error| loaded.refuse("evaluation.resolutions", error))?;
    }
    if !loaded.settings.training_set.symmetries {
        samples.training = samples.training.without_symmetry();
        samples.withheld = samples.withheld.map(|pairs| pairs.without_symmetry());
    }
    let stride = loaded.settings.training_set.coarse_input;
    if stride > 0 {
        if data.is_some_and(Path::is_file) {
            let reason = "expected 0: the solver does not know the samples of a file";
            return Err(loaded.refuse("training_set.coarse_input", reason));
        }
        samples = hybrid::with_coarse(loaded.settings.problem(), samples, stride)?;
        let [inputs, outputs] = &mut names;
        inputs.extend(
            outputs
                .iter()
                .map(|name| format!("{name} by solver/{stride}")),
        );
    }
    Ok((samples, names))
}

fn collect(
    loaded: &Loaded,
    folder: &RunFolder,
    data: Option<&Path>,
    options: &Options,
) -> Result<(Samples, [Vec<String>; 2])> {
    let settings = &loaded.settings;
    let problem = settings.problem();
    let (inputs, outputs) = problem.names();
    let names = [inputs, outputs];
    if let Some(file) = data.filter(|path| path.is_file()) {
        folder.record_input(file)?;
        return samples::from_file(file, settings);
    }
    if data.is_none() && settings.training_set.carried {
        let validation = settings.training_set.validation;
        return Ok((darcy::carried(folder, validation, settings.seed)?, names));
    }
    let store = match data {
        Some(data) => Store::open(store_folder(data)).map_err(Error::unusable)?,
        None => made(loaded, folder, options)?,
    };
    let set = &settings.training_set;
    let (states, shares) = (store.layout().steps, [set.validation, set.test]);
    let split = split(
        store.path(),
        store.complete(),
        states,
        shares,
        settings.seed,
    )?;
    Ok((samples::from_store(&store, &split, problem)?, names))
}

/// An operator trained on `data` (a folder made by `generate`, or a file of another simulation in
/// a layout known to [`curlwind_datasets::simulations`]), or on samples made in the run; judged by
/// the samples left out, without solvers.
///
/// # Errors
/// Samples that do not fit the scenario, a loss that is not finite, files that cannot be written.
pub fn train(
    loaded: &Loaded,
    folder: &RunFolder,
    data: Option<&Path>,
    options: &Options,
) -> Result<Summary> {
    let (samples, names) = gather(loaded, folder, data, options)?;
    let (lesson, _) = physics_informed::lessons(&loaded.settings, &samples)?;
    let (operators, sentence) = fit_all(loaded, folder, &lesson, &samples, &names, options)?;
    let (scores, _) = evaluate(loaded, folder, &operators, &[], &samples, None)?;
    let text = format!(
        "{}\n{sentence}\nModel in {}",
        score_table(&scores.rows, 100),
        folder.file("model").display()
    );
    Ok(Summary { scores, text })
}

/// Samples, training, the operator against solvers and baselines, figures and report.
///
/// # Errors
/// As [`train`]; a solver that fails.
pub fn run(loaded: &Loaded, folder: &RunFolder, options: &Options) -> Result<Summary> {
    let settings = &loaded.settings;
    let (samples, names) = gather(loaded, folder, None, options)?;
    let (lesson, others) = physics_informed::lessons(settings, &samples)?;
    let (operators, sentence) = fit_all(loaded, folder, &lesson, &samples, &names, options)?;
    let mut sentences = vec![sentence];
    let mut rivals = Vec::new();
    for (rival, lesson) in &others {
        let _phase = folder.phase("rivals")?;
        let (words, name) = rival.names();
        let home = folder.folder(&format!("rivals/{name}"))?;
        let pupil = Pupil {
            network: &settings.operator,
            lesson,
            home: &home,
            number: 0,
        };
        let taught = fit(loaded, &pupil, &samples, &names, options)?;
        sentences.push(format!("{words}: {}", taught.sentence));
        rivals.push((format!("{}, {words}", settings.operator.name()), taught));
    }
    let operator = &operators[0].operator;
    let coarse = &settings.evaluation.coarse;
    let (mut scores, judged) =
        evaluate(loaded, folder, &operators, &rivals, &samples, Some(coarse))?;
    let problem = settings.problem();
    let mut figures = Vec::new();
    for (test, judged) in samples.tests.iter().zip(&judged) {
        sentences.push(verdict(&test.name, judged));
        figures.extend(pictures::comparison(test, judged));
        let _phase = folder.phase("roll_out")?;
        if let Some(curves) = roll_out::roll_out(problem, operator, test, judged)? {
            let interval = problem.layout().time_step;
            let variable = variable(operator);
            let rows = roll_out::rows(&curves, &variable, interval).rows;
            rows.into_iter().for_each(|row| scores.push(row));
            figures.push(roll_out::figure(&curves, interval));
        }
    }
    scores.write(&folder.file("scores.json"))?;
    let manifest = folder.manifest();
    let cost = manifest.phase_seconds("generate");
    if cost > 0.0 {
        sentences.push(format!("Making the samples took {cost:.0} s."));
    }
    write_run(folder, settings, &sentences.join(" "), &figures, &scores)?;
    // roll-outs are in the report
    let whole: Vec<ScoreRow> = scores
        .rows
        .iter()
        .filter(|row| row.lead_hours.is_none())
        .cloned()
        .collect();
    let text = format!(
        "{}\n{}\nReport: {}",
        score_table(&whole, 100),
        sentences.join("\n"),
        folder.file("report.html").display()
    );
    Ok(Summary { scores, text })
}

/// What is judged, in a word: the names of the outputs, the first and the last of many.
fn variable(operator: &FieldOperator) -> String {
    match operator.config().outputs.as_slice() {
        [first, _, .., last] => format!("{first} .. {last}"),
        few => few.join(", "),
    }
}

fn evaluate(
    loaded: &Loaded,
    folder: &RunFolder,
    taught: &[Taught],
    rivals: &[(String, Taught)],
    samples: &Samples,
    coarse: Option<&[usize]>,
) -> Result<(Scores, Vec<Vec<Judged>>)> {
    let _phase = folder.phase("evaluate")?;
    let problem = loaded.settings.problem();
    let operators: Vec<FieldOperator> = taught.iter().map(|t| t.operator.clone()).collect();
    let network = operators[0].config().network.name();
    let variable = variable(&operators[0]);
    let (mut scores, mut all) = (Scores::new(), Vec::new());
    for test in &samples.tests {
        let mut judged = judge(
            problem,
            &operators,
            samples,
            test,
            coarse.unwrap_or_default(),
        )?;
        // where ways of training are compared, their time is told
        for (one, taught) in judged.iter_mut().zip(taught).filter(|_| !rivals.is_empty()) {
            one.training = Some(taught.seconds);
        }
        for (name, rival) in rivals {
            judged.push(Judged {
                training: Some(rival.seconds),
                ..judge_operator(name, &rival.operator, test)?
            });
        }
        // with solvers alone: `train` has no time for either
        if let (Some(how), Some(_)) = (loaded.settings.evaluation.refine, coarse) {
            let _phase = folder.phase("refine")?;
            let (settings, operator) = (&loaded.settings, &operators[0]);
            let found = physics_informed::refined(settings, how, network, operator, test)?;
            judged.extend(found);
        }
        for row in rows(&test.name, &variable, network, &judged).rows {
            scores.push(row);
        }
        all.push(judged);
    }
    scores.write(&folder.file("scores.json"))?;
    Ok((scores, all))
}

/// Who is how good, and whether a coarse solver is both better and faster.
fn verdict(name: &str, judged: &[Judged]) -> String {
    let (trained, rivals): (Vec<_>, Vec<_>) = judged.iter().partition(|j| j.trained);
    let Some(operator) = trained.first() else {
        return String::new();
    };
    let (mean, spread) = mean_and_spread(judged);
    let list: Vec<String> = rivals
        .iter()
        .map(|j| format!("{} {}", j.model, format_value(j.mean())))
        .collect();
    let better = rivals.iter().find(|j| {
        let solver = j.model.starts_with("solver/");
        let faster = solver && j.seconds.zip(operator.seconds).is_some_and(|(a, b)| a <= b);
        faster && j.mean() <= mean
    });
    let error = match trained.len() {
        1 => format_value(mean),
        seeds => format!("{} +- {spread:.1e} of {seeds} seeds", format_value(mean)),
    };
    let end = match better {
        Some(j) => format!(" {} is better and no slower than the operator.", j.model),
        None => String::new(),
    };
    format!(
        "{name}: relative L2 error {error} ({}).{end}",
        list.join(", ")
    )
}
