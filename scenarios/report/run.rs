//! The page of a run: its figures, its scores, where its time went, how to repeat it.

use super::{Block, Cell, Page, Section, Tone};
use crate::config::to_toml;
use crate::error::{Error, Result};
use crate::figures::Figure;
use crate::run_folder::{
    At, Manifest, RunFolder, Scores, Status, describe_bytes, in_common, write_atomically,
};
use serde::Serialize;
use std::path::Path;

/// Writes the figures of a run and its report, with the configuration that it was made from.
///
/// # Errors
/// When a file cannot be written.
pub fn write_run<S: Serialize>(
    folder: &RunFolder,
    settings: &S,
    summary: &str,
    figures: &[(Figure, String)],
    scores: &Scores,
) -> Result<()> {
    save_figures(&folder.folder("figures")?, figures)?;
    let configuration = to_toml(settings)?;
    let page = run_page(&folder.manifest(), summary, figures, scores, &configuration);
    write_atomically(&folder.file("report.html"), page.to_html().as_bytes())?;
    Ok(())
}

/// Writes the figures of a run into a folder as `figure_1.svg`, `figure_1.png`, ...
///
/// # Errors
/// When a file cannot be written.
pub fn save_figures(pictures: &Path, figures: &[(Figure, String)]) -> Result<()> {
    for (number, (figure, _)) in figures.iter().enumerate() {
        figure
            .save(&pictures.join(format!("figure_{}", number + 1)))
            .map_err(Error::failed)?;
    }
    Ok(())
}

/// The report of a run.
///
/// `summary` says in a sentence or two what came out; `figures` come with captions in
/// the order they are read; `configuration` is the scenario as TOML.
pub fn run_page(
    manifest: &Manifest,
    summary: &str,
    figures: &[(Figure, String)],
    scores: &Scores,
    configuration: &str,
) -> Page {
    let kicker = format!(
        "{} {} · {}",
        manifest.program, manifest.version, manifest.started
    );
    let mut result = Section::new("Result");
    if let Status::Failed { reason } = &manifest.status {
        result = result.remark(Tone::Failure, reason);
    }
    for (figure, caption) in figures {
        result = result.figure(figure, caption);
    }
    Page::new(&manifest.scenario, summary)
        .kicker(&kicker)
        .section(result)
        .section(score_section(scores))
        .section(time_section(manifest))
        .section(run_section(manifest, configuration))
}

fn score_section(scores: &Scores) -> Section {
    let section = Section::new("Scores");
    if scores.rows.is_empty() {
        return section;
    }
    let frequency = scores
        .rows
        .iter()
        .any(|row| matches!(row.at(), At::Frequency(_)));
    let at = if frequency {
        "frequency (Hz)"
    } else {
        "lead (h)"
    };
    let heads = [
        "case", "model", "variable", "metric", at, "value", "baseline", "unit", "note",
    ];
    let rows: Vec<Vec<Cell>> = scores
        .rows
        .iter()
        .map(|row| {
            let note = row.note.clone().unwrap_or_default();
            let at = match row.at() {
                // Leads and frequencies are exact: four digits would round them.
                At::Lead(at) | At::Frequency(at) => Cell::Text(at.to_string()),
                At::Whole => Cell::Empty,
            };
            let value = row
                .value
                .map_or_else(|| Cell::Failed(note.clone()), Cell::from);
            vec![
                (&*row.case).into(),
                (&*row.model).into(),
                (&*row.variable).into(),
                (&*row.metric).into(),
                at,
                value,
                row.baseline.into(),
                row.unit.clone().unwrap_or_default().into(),
                note.into(),
            ]
        })
        .collect();
    // Columns that hold nothing, or the same in every row, only take room.
    let common = in_common(&scores.rows);
    let used: Vec<usize> = (0..heads.len())
        .filter(|&column| {
            let empty = |cell: &Cell| match cell {
                Cell::Empty => true,
                Cell::Text(text) => text.is_empty(),
                _ => false,
            };
            !common.iter().any(|(name, _)| *name == heads[column])
                && rows.iter().any(|row| !empty(&row[column]))
        })
        .collect();
    let shared: Vec<String> = common
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    let mut caption = "All scores of the run".to_string();
    if !shared.is_empty() {
        caption.push_str(&format!(" ({})", shared.join(", ")));
    }
    caption.push_str(". A click on a column sorts by it.");
    let heads: Vec<&str> = used.iter().map(|&column| heads[column]).collect();
    let rows = rows
        .into_iter()
        .map(|row| used.iter().map(|&column| row[column].clone()).collect())
        .collect();
    section.table(&caption, &heads, rows)
}

fn time_section(manifest: &Manifest) -> Section {
    let section = Section::new("Time");
    if manifest.phases.is_empty() {
        return section;
    }
    let total: f64 = manifest.phases.iter().map(|phase| phase.seconds).sum();
    let share = |seconds: f64| {
        if total > 0.0 {
            100.0 * seconds / total
        } else {
            0.0
        }
    };
    let rows = manifest.phases.iter().map(|phase| {
        vec![
            (&*phase.name).into(),
            phase.seconds.into(),
            Cell::Number(share(phase.seconds)),
        ]
    });
    section.table(
        "Wall time by phase.",
        &["phase", "seconds", "share (%)"],
        rows.collect(),
    )
}

fn run_section(manifest: &Manifest, configuration: &str) -> Section {
    let status = match &manifest.status {
        Status::Running => "not finished".to_string(),
        Status::Finished => "finished".to_string(),
        Status::Failed { .. } => "failed".to_string(),
    };
    let resumed = match manifest.resumed {
        0 => String::new(),
        1 => ", resumed once".to_string(),
        times => format!(", resumed {times} times"),
    };
    let machine = &manifest.machine;
    let mut facts: Vec<(String, String)> = [
        ("Status", status + &resumed),
        ("Started", manifest.started.clone()),
        (
            "Finished",
            manifest.finished.clone().unwrap_or_else(|| "—".to_string()),
        ),
        (
            "Device",
            format!("{}, {} threads", manifest.device, manifest.threads),
        ),
        (
            "Machine",
            format!(
                "{}, {} processors, {}, {}",
                machine.cpu,
                machine.processors,
                describe_bytes(machine.memory_bytes),
                machine.os
            ),
        ),
        ("Seed", manifest.seed.to_string()),
    ]
    .map(|(name, value)| (name.to_string(), value))
    .to_vec();
    for input in &manifest.inputs {
        let short: String = input.sha256.chars().take(16).collect();
        let value = format!(
            "{}, sha256 {short}…, {}",
            input.path,
            describe_bytes(input.bytes)
        );
        facts.push(("Input".to_string(), value));
    }
    // The program is called by its name: where it was installed is nobody's business.
    let words = std::iter::once(manifest.program.as_str());
    let words = words.chain(manifest.command.iter().skip(1).map(String::as_str));
    let command: Vec<String> = words.map(quote).collect();
    let fold = Block::Fold {
        title: "Full configuration".to_string(),
        blocks: vec![Block::Code(configuration.trim_end().to_string())],
    };
    Section::new("How to reproduce")
        .paragraph("The same program, configuration and seed give the same result:")
        .block(Block::Code(command.join(" ")))
        .facts(facts)
        .block(fold)
}

/// A word as a shell takes it.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_folder::{RunFolder, ScoreRow, Setup};

    #[test]
    fn a_run_and_its_failures_are_told() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("run");
        let setup = Setup::new("galewsky", &serde_json::json!({"a": 1})).unwrap();
        let run = RunFolder::create(&path, setup).unwrap();
        drop(run.phase("integrate").unwrap());
        let mut scores = Scores::new();
        scores.push(ScoreRow::new("galewsky", "sfno", "h", "l2", f64::NAN).at_lead(24.0));
        scores.push(ScoreRow::new("galewsky", "sfno", "h", "l2", 0.5).at_lead(48.0));
        run.fail("h is NaN at 24 h").unwrap();
        let manifest = Manifest::read(&path).unwrap();
        let html = run_page(&manifest, "It failed.", &[], &scores, "a = 1\n").to_html();
        for text in [
            "h is NaN at 24 h",
            ">failed</td>",
            "integrate",
            "a = 1",
            "lead (h)",
        ] {
            assert!(html.contains(text), "{text}");
        }
        assert!(!html.contains(">baseline<"), "empty columns are left out");
    }

    #[test]
    fn words_for_a_shell() {
        assert_eq!(
            quote("solver.time_step=15 min"),
            "'solver.time_step=15 min'"
        );
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote("-o"), "-o");
    }
}
