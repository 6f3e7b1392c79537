//! The designs through the solver, several at a time, none twice.

use super::super::Loaded;
use super::super::solve::Solution;
use super::cache::Cache;
use super::designs::Range;
use crate::claims::{Claims, Pace, share_out};
use crate::error::{Error, Result};
use crate::on_cores::on_cores;
use crate::ranks;
use indicatif::ProgressBar;
use std::path::Path;

/// Above this many cells a design gets all threads, one design after the other: its fields do
/// not fit the caches of single cores anyway, and memory is not multiplied.
const SHARED: u64 = 3_000_000;

/// A design and what became of it.
pub struct Solved {
    /// Values of the variables in SI units.
    pub values: Vec<f64>,
    /// Its folder in the cache.
    pub key: String,
    /// The solution, or why there is none.
    pub result: Result<Solution, String>,
    /// Whether it was there already.
    pub cached: bool,
}

/// Values as they are written: `(parameter, "58 mm")`.
pub fn written(ranges: &[Range], values: &[f64]) -> Vec<(String, String)> {
    ranges
        .iter()
        .zip(values)
        .map(|(range, &value)| (range.name.clone(), range.unit.text(value)))
        .collect()
}

/// Solves the designs in order of nothing in particular; returns them in theirs.
///
/// # Errors
/// When the first design is unusable (so is the scene, then), or a result cannot be kept. A
/// single design that fails is kept as such.
pub fn solve(
    loaded: &Loaded,
    ranges: &[Range],
    designs: &[Vec<f64>],
    cache: &Cache,
    bar: &ProgressBar,
) -> Result<Vec<Solved>> {
    bar.set_length(designs.len() as u64);
    bar.set_position(0);
    let pace = pace(loaded, ranges, designs)?;
    let one = |values: &Vec<f64>| {
        let solved = solve_one(loaded, ranges, values, cache);
        bar.inc(1);
        solved
    };
    match pace {
        Pace::InTurn => designs.iter().map(one).collect(),
        Pace::OnCores => on_cores(designs.len(), |n| one(&designs[n])),
    }
}

/// How designs like the first are solved.
fn pace(loaded: &Loaded, ranges: &[Range], designs: &[Vec<f64>]) -> Result<Pace> {
    let Some(first) = designs.first() else {
        return Ok(Pace::OnCores);
    };
    let problem = loaded
        .with_parameters(&written(ranges, first))?
        .assemble()?;
    Ok(match problem.estimate.cells > SHARED {
        true => Pace::InTurn,
        false => Pace::OnCores,
    })
}

/// The same by all processes together: each solves its share and then what is left, and keeps it in
/// the cache, from where rank 0 takes them all; the others get none.
///
/// # Errors
/// As [`solve`], by any process.
pub fn solve_together(
    loaded: &Loaded,
    ranges: &[Range],
    designs: &[Vec<f64>],
    folder: &Path,
    bar: &ProgressBar,
) -> Result<Vec<Solved>> {
    // before anything is made in the folder: rank 0 has it when all have met
    let claims = Claims::begin(&folder.join("claims"))?;
    let cache = Cache::open(folder)?;
    let Some(claims) = claims else {
        return solve(loaded, ranges, designs, &cache, bar);
    };
    bar.set_length(designs.len() as u64);
    let scenes: Vec<_> = designs
        .iter()
        .map(|values| {
            let scene = loaded.with_parameters(&written(ranges, values));
            scene.map(|scene| Cache::key(&scene))
        })
        .collect();
    // a design that makes no scene has no key, and is told from the scene by whoever collects
    let pieces: Vec<usize> = (0..designs.len()).filter(|n| scenes[*n].is_ok()).collect();
    let names: Vec<String> = scenes
        .iter()
        .filter_map(|s| s.as_ref().ok().cloned())
        .collect();
    let is_done = |n: usize| cache.get(&names[n]).is_some();
    let work = |n: usize| {
        let solved = solve_one(loaded, ranges, &designs[pieces[n]], &cache)?;
        bar.set_position(claims.count() as u64);
        match solved.result {
            Ok(_) => Ok(()),
            Err(reason) => claims.note(&names[n], &reason),
        }
    };
    let pace = pace(loaded, ranges, designs)?;
    share_out(Some(&claims), &names, pace, is_done, work)?;
    if ranks::rank() > 0 {
        return Ok(Vec::new());
    }
    let solved = designs.iter().zip(&scenes).map(|(values, scene)| {
        let key = scene.as_ref().cloned().unwrap_or_default();
        let result = match (scene, cache.get(&key)) {
            (Err(error), _) => Err(error.to_string()),
            (_, Some(solution)) => Ok(solution),
            (_, None) => Err(claims.noted(&key).ok_or_else(|| {
                Error::failed(format!(
                    "design {key} was taken by a process and is not in {}: do all processes see \
                     this folder?",
                    folder.display()
                ))
            })?),
        };
        Ok(Solved {
            values: values.clone(),
            cached: result.is_ok() && !claims.is_taken(&key),
            key,
            result,
        })
    });
    let solved = solved.collect::<Result<_>>()?;
    claims.end();
    Ok(solved)
}

/// A design from the cache, or solved and kept.
///
/// # Errors
/// When the result cannot be kept; a design that fails is kept as such.
pub fn solve_one(
    loaded: &Loaded,
    ranges: &[Range],
    values: &[f64],
    cache: &Cache,
) -> Result<Solved> {
    let texts = written(ranges, values);
    let of = |key: String, result, cached| Solved {
        values: values.to_vec(),
        key,
        result,
        cached,
    };
    let design = match loaded.with_parameters(&texts) {
        Err(error) => return Ok(of(String::new(), Err(error.to_string()), false)),
        Ok(design) => design,
    };
    let key = Cache::key(&design);
    if let Some(solution) = cache.get(&key) {
        return Ok(of(key, Ok(solution), true));
    }
    let result = design.solve(&ProgressBar::hidden());
    if let Ok(solution) = &result {
        cache.put(&key, &loaded.name, solution, &texts)?;
    }
    Ok(of(key, result.map_err(|e| e.to_string()), false))
}
