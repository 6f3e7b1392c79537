//! `curlwind sweep`: designs through the solver, a surrogate of them, and the solver's check of what
//! the surrogate says.
//!
//! Every design's result is kept in `designs/` under a hash of what produced it, so that a run
//! that was killed continues with nothing computed twice. `designs.csv` has a line for each.

pub mod cache;
mod checks;
pub mod designs;
pub mod queue;
pub mod search;
pub mod surrogate;
pub mod table;

use super::Loaded;
use super::output;
use crate::commands::Options;
use crate::config::to_toml;
use crate::error::{Error, Result};
use crate::report::run_page;
use crate::run_folder::{RunFolder, Scores, write_atomically};
use cache::Cache;
use indicatif::ProgressBar;
use std::path::Path;

/// What a sweep came to, for the terminal.
pub struct Summary {
    /// All rows.
    pub scores: Scores,
    /// The table and a few sentences.
    pub text: String,
}

/// What to do beside solving the designs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beyond {
    /// Train a surrogate, rank candidates, check some.
    pub surrogate: bool,
    /// Search on for the best design with the solver.
    pub optimise: bool,
}

/// Solves designs for rank 0, which has the run in this folder, until none is left.
///
/// # Errors
/// As [`sweep`].
pub fn assist(loaded: &Loaded, run: &Path) -> Result<()> {
    let plan = loaded.plan()?;
    let bar = ProgressBar::hidden();
    queue::solve_together(
        loaded,
        &plan.ranges,
        &plan.designs,
        &run.join("designs"),
        &bar,
    )?;
    Ok(())
}

/// Runs the sweep of a scene. Where there are several processes, they share the designs; all that
/// comes after is rank 0's.
///
/// # Errors
/// A sweep that does not fit the scene, files that cannot be written, all designs failed.
pub fn sweep(
    loaded: &Loaded,
    folder: &RunFolder,
    beyond: Beyond,
    options: &Options,
) -> Result<Summary> {
    let plan = loaded.plan()?;
    if (beyond.surrogate || beyond.optimise) && loaded.scene.ports.is_empty() {
        return Err(loaded.refuse(
            "ports",
            "surrogate and search are for S parameters; the scene has no ports",
        ));
    }
    let designs = folder.folder("designs")?;
    let cache = Cache::open(&designs)?;
    let solved = {
        let _phase = folder.phase("solve")?;
        let bar = options.progress("designs");
        let solved = queue::solve_together(loaded, &plan.ranges, &plan.designs, &designs, &bar)?;
        bar.finish_and_clear();
        solved
    };
    if let Some(failed) = solved.iter().find_map(|s| s.result.as_ref().err())
        && solved.iter().all(|s| s.result.is_err())
    {
        return Err(Error::failed(format!(
            "every design failed; the first: {failed}"
        )));
    }
    let rows: Vec<table::Row> = solved
        .iter()
        .map(|s| table::Row::solved(loaded, "solver", s))
        .collect();
    let mut scores = table::scores(loaded, &plan.ranges, &rows);
    let mut gallery = table::figures(loaded, &plan.ranges, &solved);
    let mut sentences = vec![table::sentence(&solved)];
    let mut rows = rows;
    let mut checks = Vec::new();
    if beyond.surrogate {
        let outcome = surrogate::run(loaded, &plan, &solved, &cache, folder, options)?;
        rows.extend(outcome.rows);
        scores.rows.extend(outcome.scores.rows);
        gallery.extend(outcome.gallery);
        sentences.extend(outcome.sentences);
        checks = outcome.checks;
    }
    if beyond.optimise {
        let _phase = folder.phase("optimise")?;
        let bar = options.progress("search");
        let known: Vec<&queue::Solved> = solved.iter().chain(&checks).collect();
        let searched = search::on_solver(loaded, &plan, &known, &cache, &bar)?;
        bar.finish_and_clear();
        let found = searched.solved.iter();
        let found: Vec<_> = found
            .map(|s| table::Row::solved(loaded, "solver (search)", s))
            .collect();
        scores
            .rows
            .extend(table::scores(loaded, &plan.ranges, &found).rows);
        rows.extend(found);
        sentences.push(searched.sentence);
    }
    write_atomically(
        &folder.file("designs.csv"),
        table::csv(&plan.ranges, &rows).as_bytes(),
    )?;
    output::save(&gallery, folder)?;
    scores.write(&folder.file("scores.json"))?;
    let summary = sentences.join(" ");
    let page = run_page(
        &folder.manifest(),
        &summary,
        &gallery,
        &scores,
        &to_toml(&loaded.scene)?,
    );
    write_atomically(&folder.file("report.html"), page.to_html().as_bytes())?;
    let text = format!(
        "{}\n{}\nReport: {}",
        table::text(&plan.ranges, &rows),
        sentences.join("\n"),
        folder.file("report.html").display()
    );
    Ok(Summary { scores, text })
}
