//! The commands of a coordinate network, phase by phase, inside a run folder.

use super::evaluate::{rows, solver_curve, verdict, worst};
use super::train::{Outcome, train_all, values_at};
use super::{Loaded, ablation, output, pictures};
use crate::commands::Options;
use crate::error::{Error, Result};
use crate::report::write_run;
use crate::run_folder::{RunFolder, ScoreRow, Scores, format_duration, score_table};
use curlwind_operators::coordinate::cases::{Case, Reference};

/// What a command came to, for the terminal.
pub struct Summary {
    /// All rows.
    pub scores: Scores,
    /// Tables and sentences.
    pub text: String,
}

fn truth(loaded: &Loaded, folder: &RunFolder) -> Result<(Box<dyn Case>, Reference)> {
    let case = loaded.settings.case().map_err(Error::unusable)?;
    let _phase = folder.phase("reference")?;
    let truth = case.reference().map_err(Error::failed)?;
    Ok((case, truth))
}

/// The solver alone, at all its resolutions.
///
/// # Errors
/// A solver that fails; files that cannot be written.
pub fn simulate(loaded: &Loaded, folder: &RunFolder) -> Result<Summary> {
    let (case, truth) = truth(loaded, folder)?;
    let curve = {
        let _phase = folder.phase("solver")?;
        solver_curve(&*case, &truth)?
    };
    let mut scores = Scores::new();
    for point in &curve {
        let model = format!("solver@{}", point.resolution);
        for (quantity, error) in case.quantities().iter().zip(&point.errors) {
            let row = ScoreRow::new(&loaded.name, &model, quantity.0, "relative_l2", *error);
            scores.push(row);
        }
        let row = ScoreRow::new(&loaded.name, &model, "all", "seconds", point.seconds);
        scores.push(row.in_unit("s"));
    }
    scores.write(&folder.file("scores.json"))?;
    let text = score_table(&scores.rows, 100);
    Ok(Summary { scores, text })
}

/// The network, and its error.
///
/// # Errors
/// A residual that is not a number; files that cannot be written.
pub fn train(loaded: &Loaded, folder: &RunFolder, options: &Options) -> Result<Summary> {
    let (case, truth) = truth(loaded, folder)?;
    let outcome = fit(loaded, &*case, &truth, folder, options)?;
    let mut scores = Scores::new();
    for row in rows(&loaded.name, &*case, &[], NETWORK, &outcome, &truth) {
        scores.push(row);
    }
    scores.write(&folder.file("scores.json"))?;
    let text = format!(
        "{}\n{} steps in {}\nModel in {}",
        score_table(&scores.rows, 100),
        outcome.steps,
        format_duration(outcome.seconds),
        folder.file("model").display()
    );
    Ok(Summary { scores, text })
}

/// What the network is called in tables.
const NETWORK: &str = "network";

fn fit(
    loaded: &Loaded,
    case: &dyn Case,
    truth: &Reference,
    folder: &RunFolder,
    options: &Options,
) -> Result<Outcome> {
    let outcome = {
        let _phase = folder.phase("train")?;
        let home = folder.folder("checkpoint")?;
        train_all(&loaded.settings, case, truth, &home, options)?
    };
    output::write_model(&folder.folder("model")?, loaded, &outcome)?;
    let title = &loaded.settings.title;
    let file = folder.file("output.h5");
    output::write_fields(&file, title, case, truth, &outcome.values)?;
    Ok(outcome)
}

/// The network, and what the run calls the truth, against somebody else's solution.
fn against_file(
    loaded: &Loaded,
    case: &dyn Case,
    outcome: &Outcome,
    folder: &RunFolder,
) -> Result<Vec<ScoreRow>> {
    let Some(path) = &loaded.settings.reference_file else {
        return Ok(Vec::new());
    };
    folder.record_input(path)?;
    let theirs = output::read_reference(path, case)?;
    let values = values_at(case, &outcome.fields, &theirs.points())?;
    let name = path
        .file_stem()
        .map_or("file".into(), |s| s.to_string_lossy());
    let quantities = case.quantities();
    let errors = theirs.errors(&values);
    let rows = quantities.iter().zip(errors).map(|(quantity, error)| {
        let row = ScoreRow::new(&loaded.name, NETWORK, quantity.0, "relative_l2", error);
        row.noted(format!("against {name}"))
    });
    Ok(rows.collect())
}

/// Solver, network, the comparison, the ablation if it is asked for, figures and report.
///
/// # Errors
/// As [`train`]; a solver that fails.
pub fn run(loaded: &Loaded, folder: &RunFolder, options: &Options) -> Result<Summary> {
    let (case, truth) = truth(loaded, folder)?;
    let curve = {
        let _phase = folder.phase("solver")?;
        solver_curve(&*case, &truth)?
    };
    let outcome = fit(loaded, &*case, &truth, folder, options)?;
    let error = worst(&truth.errors(&outcome.values));
    let mut scores = Scores::new();
    for row in rows(&loaded.name, &*case, &curve, NETWORK, &outcome, &truth) {
        scores.push(row);
    }
    let mut sentences = vec![verdict(&*case, &curve, &outcome, error)];
    for (quantity, drift) in case.drifts(&truth, &outcome.values) {
        let row = ScoreRow::new(&loaded.name, NETWORK, quantity, "largest_drift", drift);
        scores.push(row);
        sentences.push(format!(
            "Its {quantity} drifts by up to {:.2} %.",
            100.0 * drift
        ));
    }
    for row in against_file(loaded, &*case, &outcome, folder)? {
        scores.push(row);
    }
    if loaded.settings.ablation.run {
        let table = ablation::ablate(loaded, &*case, &truth, folder, options)?;
        for row in ablation::rows(&loaded.name, NETWORK, &table, error) {
            scores.push(row);
        }
        sentences.push(ablation::sentence(&table, error));
    }
    scores.write(&folder.file("scores.json"))?;
    let mut figures = pictures::fields(&*case, &truth, &outcome.values);
    figures.push(pictures::race(&*case, NETWORK, &curve, &outcome));
    figures.push(pictures::losses(&outcome));
    let settings = &loaded.settings;
    write_run(folder, settings, &sentences.join(" "), &figures, &scores)?;
    let text = format!(
        "{}\n{}\nReport: {}",
        score_table(&scores.rows, 100),
        sentences.join("\n"),
        folder.file("report.html").display()
    );
    Ok(Summary { scores, text })
}
