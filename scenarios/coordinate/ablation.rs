//! Trainings with one feature off at a time: what each is worth.

use super::evaluate::worst;
use super::train::train_all;
use super::{Loaded, Settings};
use crate::commands::Options;
use crate::config::{Configuration, Document, Source, to_toml};
use crate::error::{Error, Result};
use crate::run_folder::{RunFolder, ScoreRow, format_duration, format_value};
use curlwind_operators::coordinate::cases::{Case, Reference};

/// A training without a feature.
pub struct Without {
    /// The feature.
    pub feature: String,
    /// Largest relative L2 error; not a number where the training failed.
    pub error: f64,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// The scenario with some keys overridden.
///
/// # Errors
/// As for `--set`.
pub fn overridden(settings: &Settings, name: &str, sets: &[String]) -> Result<Settings> {
    let source = Source::built_in(name, to_toml(settings)?);
    Settings::decode(&Document::read(&source, sets)?)
}

/// Trains once for each feature, the worst last. A training that fails stays in the table.
///
/// # Errors
/// Overrides that do not fit; files that cannot be written.
pub fn ablate(
    loaded: &Loaded,
    case: &dyn Case,
    truth: &Reference,
    folder: &RunFolder,
    options: &Options,
) -> Result<Vec<Without>> {
    let _phase = folder.phase("ablation")?;
    let mut table = Vec::new();
    for (n, feature) in loaded.settings.ablation.features.iter().enumerate() {
        let settings = overridden(&loaded.settings, &loaded.name, &feature.set)?;
        let home = folder.folder(&format!("without_{}", n + 1))?;
        let row = match train_all(&settings, case, truth, &home, options) {
            Ok(outcome) => Without {
                feature: feature.without.clone(),
                error: worst(&truth.errors(&outcome.values)),
                seconds: outcome.seconds,
                failure: None,
            },
            Err(Error::Failed(reason)) => Without {
                feature: feature.without.clone(),
                error: f64::NAN,
                seconds: 0.0,
                failure: Some(reason),
            },
            Err(error) => return Err(error),
        };
        table.push(row);
    }
    table.sort_by(|a, b| a.error.total_cmp(&b.error));
    Ok(table)
}

/// Rows of scores, each beside the error with everything on.
pub fn rows(name: &str, network: &str, table: &[Without], whole: f64) -> Vec<ScoreRow> {
    let row = |row: &Without| {
        let model = format!("{network} without {}", row.feature);
        let score = ScoreRow::new(name, &model, "all", "relative_l2", row.error).against(whole);
        match &row.failure {
            Some(reason) => score.noted(reason.clone()),
            None => score,
        }
    };
    table.iter().map(row).collect()
}

/// The features, the one that is worth most first.
pub fn sentence(table: &[Without], whole: f64) -> String {
    let each = table.iter().rev().map(|row| match row.failure {
        Some(_) => format!("{}: fails", row.feature),
        None => format!(
            "{}: {} ({:.1} times, {})",
            row.feature,
            format_value(row.error),
            row.error / whole,
            format_duration(row.seconds)
        ),
    });
    format!(
        "Error with one feature off, against {} with all: {}.",
        format_value(whole),
        each.collect::<Vec<_>>().join("; ")
    )
}
