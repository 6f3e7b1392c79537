//! The design that serves the sweep's goal best: searched for on the surrogate, or on the solver.
//!
//! Both by Nelder and Mead's simplex ([`curlwind_operators::design::optimise`]). On the solver each
//! simplex has a core, starts at one of the best designs solved so far, and every design that it
//! asks for is kept like those of the sweep: a search that was killed goes through what it has
//! solved in no time.

use super::super::Loaded;
use super::super::measures::decibel;
use super::super::output::s11;
use super::cache::Cache;
use super::designs::{Plan, Range};
use super::queue::{self, Solved};
use super::table::{self, goal};
use crate::error::{Error, Result};
use crate::on_cores::on_cores;
use curlwind_operators::design::DesignSurrogate;
use curlwind_operators::design::optimise::{Search, SearchError, minimise};
use indicatif::ProgressBar;
use std::sync::{Mutex, PoisonError};

/// The search on the surrogate: its answers cost next to nothing.
const EVALUATIONS: usize = 300;

fn bounds(ranges: &[Range]) -> Vec<[f64; 2]> {
    ranges.iter().map(|r| [r.low, r.high]).collect()
}

/// Values as a scene can be written with them.
fn rounded(ranges: &[Range], values: &[f64]) -> Vec<f64> {
    let round = |(r, v): (&Range, &f64)| match r.high - r.low {
        span if span > 0.0 => r.at((v - r.low) / span),
        _ => *v,
    };
    ranges.iter().zip(values).map(round).collect()
}

/// What the surrogate takes for the best design within the sweep's ranges.
///
/// # Errors
/// When the surrogate cannot answer.
pub fn on_surrogate(
    loaded: &Loaded,
    plan: &Plan,
    surrogate: &DesignSurrogate,
    frequencies: &[f64],
) -> Result<Vec<f64>> {
    let search = Search {
        evaluations: EVALUATIONS,
        ..Search::default()
    };
    let optima = surrogate
        .optimise(&bounds(&plan.ranges), &search, |prediction, design| {
            let row = prediction.curve_decibel(design, 0);
            goal(loaded, frequencies, &row).unwrap_or(f64::INFINITY)
        })
        .map_err(Error::failed)?;
    match optima.first() {
        Some(best) => Ok(rounded(&plan.ranges, &best.parameters)),
        None => Err(Error::failed("the search on the surrogate found no design")),
    }
}

/// What a search on the solver came to.
pub struct Searched {
    /// The designs it asked for that were not among those it started from.
    pub solved: Vec<Solved>,
    /// For the terminal.
    pub sentence: String,
}

/// Goes on from the best of `known`, of as many designs as the sweep's `search.starts`.
///
/// # Errors
/// When none of `known` has a number for the goal, or a result cannot be kept.
pub fn on_solver(
    loaded: &Loaded,
    plan: &Plan,
    known: &[&Solved],
    cache: &Cache,
    bar: &ProgressBar,
) -> Result<Searched> {
    let Some(sweep) = &loaded.scene.sweep else {
        return Err(loaded.refuse("sweep", "the scene has no [sweep]"));
    };
    let value = |solved: &Solved| {
        let network = solved.result.as_ref().ok()?.network.as_ref()?;
        let values: Vec<f64> = s11(network).into_iter().map(decibel).collect();
        goal(loaded, &network.frequencies, &values)
    };
    let mut ranked: Vec<(f64, &Solved)> = known
        .iter()
        .filter_map(|solved| Some((value(solved)?, *solved)))
        .collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    ranked.dedup_by(|a, b| a.1.key == b.1.key);
    let Some(&(first, _)) = ranked.first() else {
        return Err(Error::failed("no solved design to start a search from"));
    };
    let starts: Vec<&[f64]> = ranked
        .iter()
        .take(sweep.search.starts)
        .map(|(_, solved)| solved.values.as_slice())
        .collect();
    let search = Search {
        starts: sweep.search.starts,
        evaluations: sweep.search.evaluations,
        tolerance: sweep.search.tolerance_db,
        ..Search::default()
    };
    bar.set_length((starts.len() * sweep.search.evaluations) as u64);
    let bounds = bounds(&plan.ranges);
    let found: Mutex<Vec<Solved>> = Mutex::new(Vec::new());
    let one = |values: &[f64]| -> Result<f64> {
        let solved = queue::solve_one(loaded, &plan.ranges, &rounded(&plan.ranges, values), cache)?;
        bar.inc(1);
        let value = value(&solved).unwrap_or(f64::INFINITY);
        found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(solved);
        Ok(value)
    };
    let optima = on_cores(starts.len(), |n| {
        minimise(&bounds, &[starts[n].to_vec()], &search, one).map_err(|error| match error {
            SearchError::Search(error) => Error::unusable(error),
            SearchError::Objective(error) => error,
        })
    })?;
    let best = optima
        .into_iter()
        .flatten()
        .min_by(|a, b| a.value.total_cmp(&b.value));
    let mut solved = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let asked = solved.len();
    solved.sort_by(|a, b| a.key.cmp(&b.key));
    solved.dedup_by(|a, b| a.key == b.key);
    solved.retain(|s| !known.iter().any(|k| k.key == s.key));
    let Some(best) = best else {
        return Err(Error::failed("the search on the solver found no design"));
    };
    let sentence = format!(
        "Search on the solver: {asked} designs asked for from {} starts, {} of them new; best goal {:.2} dB (before it {first:.2} dB) with{}.",
        starts.len(),
        solved.len(),
        best.value,
        table::values_text(&plan.ranges, &rounded(&plan.ranges, &best.parameters)),
    );
    Ok(Searched { solved, sentence })
}
