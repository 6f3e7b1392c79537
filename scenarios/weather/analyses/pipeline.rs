//! The commands of the scenario, phase by phase, inside a run folder.

use super::Loaded;
use super::ensemble::calibration::calibrate;
use super::evaluation::{Forecasts, forecast_all, history, score_all, starts};
use super::ingest::{Ingested, files, ingest};
use super::learned::Learned;
use super::pictures::figures;
use super::train::{Sets, TrainingRun, split, train_all};
use super::verdict::Verdict;
use crate::commands::Options;
use crate::config::to_toml;
use crate::error::{Error, Result};
use crate::report::{run_page, save_figures};
use crate::run_folder::{RunFolder, ScoreRow, Scores, format_duration, score_table};
use crate::training_data::store_folder;
use curlwind_operators::training::TrainingFacts;
use serde::Serialize;
use std::path::Path;

/// Hours at most that amplitudes are chosen by, as far as the forecasts go.
const CALIBRATION_HOURS: f64 = 120.0;

/// What was brought in.
#[derive(Serialize)]
pub struct Read {
    /// Times.
    pub times: usize,
    /// Members at each.
    pub members: usize,
    /// Gaps between times.
    pub gaps: usize,
    /// First time.
    pub from: String,
    /// Last time.
    pub to: String,
}

/// Brings the analyses into the folder.
///
/// # Errors
/// As [`ingest`].
pub fn generate(loaded: &Loaded, folder: &RunFolder, options: &Options) -> Result<Read> {
    let data = read(loaded, folder, options)?;
    let timeline = data.timeline();
    let date = |index: usize| {
        timeline
            .date(index)
            .map_or(String::new(), |d| d.to_string())
    };
    Ok(Read {
        times: timeline.len(),
        members: data.members(),
        gaps: timeline.runs().len() - 1,
        from: date(0),
        to: date(timeline.len() - 1),
    })
}

fn read(loaded: &Loaded, folder: &RunFolder, options: &Options) -> Result<Ingested> {
    let _phase = folder.phase("read")?;
    let place = folder.folder("data")?;
    let settings = &loaded.settings.data;
    let files = files(settings, &folder.file("input"))?;
    let names: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    folder.note("analyses", &names)?;
    ingest(settings, &files, &place, &options.progress("analyses"))
}

/// Networks trained on the analyses, or on a folder that `generate` made.
///
/// # Errors
/// As [`train_all`].
pub fn train(
    loaded: &Loaded,
    folder: &RunFolder,
    data: Option<&Path>,
    options: &Options,
) -> Result<TrainingFacts> {
    let data = match data {
        Some(given) => Ingested::open(&store_folder(given))?,
        None => read(loaded, folder, options)?,
    };
    let sets = split(loaded, &data)?;
    let (_, facts) = trained(loaded, folder, &data, &sets, options)?;
    facts
        .last()
        .copied()
        .ok_or_else(|| Error::failed("nothing was trained"))
}

/// The model, trained and with its ensemble calibrated; where the manifest says that it is complete, it is
/// read back.
fn trained(
    loaded: &Loaded,
    folder: &RunFolder,
    data: &Ingested,
    sets: &Sets,
    options: &Options,
) -> Result<(Learned, Vec<TrainingFacts>)> {
    let settings = &loaded.settings;
    let run = TrainingRun {
        data,
        sets,
        folder,
        device: &options.device,
        quiet: options.quiet,
    };
    let notes = folder.manifest().notes;
    if let (Some(facts), Some(_)) = (notes.get("training"), notes.get("calibrated")) {
        let facts = serde_json::from_value(facts.clone()).map_err(Error::unusable)?;
        return Ok((
            Learned::load(&folder.file("model"), &options.device)?,
            facts,
        ));
    }
    let (mut learned, facts) = train_all(loaded, &run)?;
    let _phase = folder.phase("calibrate")?;
    let hours = CALIBRATION_HOURS.min(settings.forecast.duration.si() / 3600.0);
    let steps = ((hours * 3600.0 / data.step()) as usize).max(1);
    let count = settings.ensemble.calibration_starts;
    let starts = starts(data, &sets.validation, steps, history(settings), count);
    let place = folder.file("calibration");
    let progress = options.progress("calibrate");
    let trials = calibrate(
        &mut learned,
        data,
        &starts,
        steps,
        settings.seed,
        &place,
        &progress,
    )?;
    let _ = std::fs::remove_dir_all(&place);
    learned.save(&folder.file("model"))?;
    folder.note("calibrated", &trials)?;
    Ok((learned, facts))
}

/// What `run` found.
pub struct Summary {
    /// Every score.
    pub scores: Scores,
    /// For the terminal.
    pub text: String,
}

/// Everything the scenario asks for.
///
/// # Errors
/// Whatever a phase returns; what was finished is kept, and `--resume` goes on.
pub fn run(loaded: &Loaded, folder: &RunFolder, options: &Options) -> Result<Summary> {
    let settings = &loaded.settings;
    let data = read(loaded, folder, options)?;
    let sets = split(loaded, &data)?;
    let (learned, facts) = trained(loaded, folder, &data, &sets, options)?;
    let made = forecast_all(settings, &learned, &data, &sets, folder, options)?;
    let scores = score_all(&loaded.name, &made, folder, options)?;
    scores.write(&folder.file("scores.json"))?;
    let verdict = Verdict {
        case: &loaded.name,
        scores: &scores,
        models: &made.models,
        channels: &learned.about.channels,
        last: made.steps as f64 * learned.step_hours(),
    };
    let mut summary = verdict.sentences();
    summary.extend(costs(&made, &facts));
    let summary = summary.join(" ");
    // every lead is in scores.json, days are enough to read
    let daily = |hours: f64| hours > 0.0 && (hours % 24.0 == 0.0 || hours == verdict.last);
    let days = Scores {
        rows: scores
            .rows
            .iter()
            .filter(|row| row.lead_hours.is_some_and(daily))
            .cloned()
            .collect(),
    };
    let _phase = folder.phase("figures")?;
    let figures = figures(&loaded.name, &scores, &made, &learned.about.channels)?;
    save_figures(&folder.folder("figures")?, &figures)?;
    let configuration = to_toml(settings)?;
    let page = run_page(
        &folder.manifest(),
        &summary,
        &figures,
        &days,
        &configuration,
    );
    page.opening(verdict.section())
        .write(&folder.file("report.html"))?;
    let metrics = ["rmse", "acc", "crps", "spread_skill_ratio"];
    let shown: Vec<_> = days
        .rows
        .into_iter()
        .filter(|row| metrics.contains(&row.metric.as_str()))
        .map(|row| ScoreRow { note: None, ..row })
        .collect();
    let home = folder.path().display();
    let text = format!(
        "{}\n{summary}\nreport in {home}/report.html",
        score_table(&shown, 100)
    );
    Ok(Summary { scores, text })
}

/// What training and forecasts cost.
fn costs(made: &Forecasts, facts: &[TrainingFacts]) -> Vec<String> {
    let seconds: f64 = facts.iter().map(|f| f.seconds).sum();
    let waited: f64 = facts.iter().map(|f| f.waited).sum();
    let share = if seconds > 0.0 {
        100.0 * waited / seconds
    } else {
        0.0
    };
    let mut all = vec![format!(
        "Training took {}, {share:.2} % of it waiting for data.",
        format_duration(seconds)
    )];
    for (model, seconds) in made.models.iter().zip(&made.seconds) {
        if let Some(seconds) = seconds {
            let took = format_duration(*seconds);
            all.push(format!("A forecast by {model} takes {took}."));
        }
    }
    all
}
