//! The designs through the solver, several at a time, none twice.

use super::super::Loaded;
use super::super::solve::Solution;
use super::cache::Cache;
use super::designs::Range;
use crate::error::Result;
use crate::on_cores::on_cores;
use indicatif::ProgressBar;

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
    let Some(first) = designs.first() else {
        return Ok(Vec::new());
    };
    let cells = loaded
        .with_parameters(&written(ranges, first))?
        .assemble()?
        .estimate
        .cells;
    let one = |values: &Vec<f64>| {
        let solved = solve_one(loaded, ranges, values, cache);
        bar.inc(1);
        solved
    };
    if cells > SHARED {
        return designs.iter().map(one).collect();
    }
    on_cores(designs.len(), |n| one(&designs[n]))
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
