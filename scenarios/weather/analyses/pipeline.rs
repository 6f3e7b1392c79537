//! The commands of the scenario, phase by phase, inside a run folder.

use super::Loaded;
use super::ensemble::calibration::calibrate;
use super::evaluation::{Forecasts, forecast_all, history, score_all, starts};
use super::ingest::{Ingested, files, ingest};
use super::learned::{Learned, model_in};
use super::pictures::figures;
use super::train::{Sets, TrainingRun, split, train_all};
use crate::commands::Options;
use crate::error::{Error, Result};
use crate::report::write_run;
use crate::run_folder::{RunFolder, ScoreRow, Scores, format_duration, score_table};
use crate::training_data::store_folder;
use curlwind_operators::training::TrainingFacts;
use serde::Serialize;
use std::path::Path;

/// Steps at most that amplitudes are chosen by, as far as the forecasts go.
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
    /// First and last time.
    pub from: String,
    /// First and last time.
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

/// The model, trained and with its ensemble calibrated; one that is complete is read back.
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
    let done = folder.manifest().notes.contains_key("calibrated");
    let (mut learned, facts) = train_all(loaded, &run)?;
    if done && model_in(folder.path()).is_some() {
        return Ok((
            Learned::load(&folder.file("model"), &options.device)?,
            facts,
        ));
    }
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
    let summary = sentences(&loaded.name, &learned, &made, &scores, &facts).join(" ");
    let _phase = folder.phase("figures")?;
    let figures = figures(&loaded.name, &scores, &made, &learned.about.channels)?;
    write_run(folder, settings, &summary, &figures, &scores)?;
    let last = made.steps as f64 * learned.step_hours();
    let metrics = ["rmse", "acc", "crps", "spread_skill_ratio"];
    let in_table = |hours: f64| hours > 0.0 && (hours % 24.0 == 0.0 || hours == last);
    let shown: Vec<_> = scores
        .rows
        .iter()
        .filter(|row| metrics.contains(&row.metric.as_str()))
        .filter(|row| row.lead_hours.is_some_and(in_table))
        .map(|row| ScoreRow {
            note: None,
            ..row.clone()
        })
        .collect();
    let home = folder.path().display();
    let text = format!(
        "{}\n{summary}\nreport in {home}/report.html",
        score_table(&shown, 100)
    );
    Ok(Summary { scores, text })
}

/// Who is best, how long the surrogate is of use, what it cost.
fn sentences(
    case: &str,
    learned: &Learned,
    made: &Forecasts,
    scores: &Scores,
    facts: &[TrainingFacts],
) -> Vec<String> {
    let surrogate = &made.models[0];
    let last = made.steps as f64 * learned.step_hours();
    let mut all = vec![format!(
        "{} initial times, {} h ahead.",
        made.starts.len(),
        last
    )];
    for channel in &learned.about.channels {
        let label = channel.label();
        let useful: Vec<String> = made
            .models
            .iter()
            .filter_map(|model| {
                let hours = useful(&scores.series(case, model, &label, "acc"), last)?;
                Some(format!("{model} {hours}"))
            })
            .collect();
        if !useful.is_empty() {
            all.push(format!(
                "{label}: anomaly correlation above 0.6 until {}.",
                useful.join(", ")
            ));
        }
        let ratios = scores.series(case, surrogate, &label, "spread_skill_ratio");
        let ratios: Vec<f64> = ratios
            .iter()
            .filter(|(lead, _)| *lead > 0.0)
            .map(|(_, r)| *r)
            .collect();
        if !ratios.is_empty() {
            let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
            let high = ratios.iter().copied().fold(0.0, f64::max);
            all.push(format!(
                "Spread over error of {label}: {low:.2} to {high:.2}."
            ));
        }
    }
    let seconds: f64 = facts.iter().map(|f| f.seconds).sum();
    let waited: f64 = facts.iter().map(|f| f.waited).sum();
    let share = if seconds > 0.0 {
        100.0 * waited / seconds
    } else {
        0.0
    };
    all.push(format!(
        "Training took {}, {share:.1} % of it waiting for data.",
        format_duration(seconds)
    ));
    for (model, seconds) in made.models.iter().zip(&made.seconds) {
        if let Some(seconds) = seconds {
            all.push(format!(
                "A forecast by {model} takes {}.",
                format_duration(*seconds)
            ));
        }
    }
    all
}

/// The last lead before the correlation falls to 0.6; beyond the last one if it never does.
fn useful(series: &[(f64, f64)], last: f64) -> Option<String> {
    if series.is_empty() {
        return None;
    }
    let above = series.iter().take_while(|(_, acc)| *acc > 0.6).last();
    Some(match above {
        Some((hours, _)) if *hours >= last => format!("{hours} h or more"),
        Some((hours, _)) => format!("{hours} h"),
        None => "no lead".into(),
    })
}
