//! The design that serves a goal best, found on a surrogate or on the solver itself.
//!
//! Nelder and Mead's simplex method (Comput. J. 7, 1965; the `argmin` crate's) from several starts,
//! in parameters scaled to 0..1 over their bounds. It needs no derivatives, bears the little jumps
//! that a mesh makes in a solver's answer, and is deterministic. Beyond a bound the objective is
//! continued by its mirror image, so that every evaluated design lies within the bounds and a
//! minimum on a bound is found there.
//!
//! ```
//! use curlwind_operators::design::optimise::{Search, minimise};
//!
//! // Rosenbrock's valley (Comput. J. 3, 1960).
//! let valley = |x: &[f64]| -> Result<f64, std::convert::Infallible> {
//!     Ok((1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2))
//! };
//! let bounds = [[-2.0, 2.0], [-1.0, 3.0]];
//! let search = Search { evaluations: 400, tolerance: 1e-12, ..Default::default() };
//! let optima = minimise(&bounds, &[vec![-1.2, 1.0]], &search, valley)?;
//! assert!(optima[0].value < 1e-8);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::ensemble::DesignSurrogate;
use super::prediction::Prediction;
use crate::error::Error;
use argmin::core::{CostFunction, Executor};
use argmin::solver::neldermead::NelderMead;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;

/// How a search is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Search {
    /// Designs spread over the bounds that the surrogate is asked for first.
    pub candidates: usize,
    /// How many of the best of them a simplex starts at.
    pub starts: usize,
    /// Most evaluations of the objective by one simplex.
    pub evaluations: usize,
    /// Standard deviation of the objective over the simplex at which it ends, in the unit of the
    /// objective.
    pub tolerance: f64,
    /// Edge of the first simplex in units of the bounds' widths.
    pub edge: f64,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            candidates: 1000,
            starts: 3,
            evaluations: 200,
            tolerance: 1e-4,
            edge: 0.1,
        }
    }
}

/// The best design that one simplex saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    /// The design, in the units of the bounds.
    pub parameters: Vec<f64>,
    /// The objective there; infinite where it was nowhere a number.
    pub value: f64,
    /// How many designs the objective was evaluated for.
    pub evaluations: usize,
}

/// Stands for an objective that is no number: finite, so that the simplex can be sorted, and worse
/// than any real one.
const NO_NUMBER: f64 = 1e100;

/// Minimises `objective` within `bounds` `[lowest, highest]` from each of the `starts`; the best
/// optimum comes first. A parameter of one value is kept. An objective that is not finite counts
/// as worse than any other.
///
/// # Errors
/// When bounds or starts do not fit each other, and with the first error of the objective.
pub fn minimise<E>(
    bounds: &[[f64; 2]],
    starts: &[Vec<f64>],
    search: &Search,
    mut objective: impl FnMut(&[f64]) -> Result<f64, E>,
) -> Result<Vec<Optimum>, SearchError<E>> {
    check(bounds, starts, search)?;
    let mut optima = Vec::with_capacity(starts.len());
    for start in starts {
        optima
            .push(descend(bounds, start, search, &mut objective).map_err(SearchError::Objective)?);
    }
    optima.sort_by(|a: &Optimum, b| a.value.total_cmp(&b.value));
    Ok(optima)
}

/// What ends a search.
#[derive(Debug, thiserror::Error)]
pub enum SearchError<E> {
    /// Bounds, starts or settings that do not fit.
    #[error(transparent)]
    Search(#[from] Error),
    /// The objective's own error.
    #[error(transparent)]
    Objective(E),
}

impl DesignSurrogate {
    /// Minimises a goal over the surrogate's answers within `bounds`: many candidates at once, then
    /// a simplex from each of the best. `goal` gives a number for each design of a prediction,
    /// e.g. the highest mean S11 in a band in dB, with or without a share of its interval.
    ///
    /// # Errors
    /// When the bounds do not fit the parameters, or settings are outside their range.
    pub fn optimise(
        &self,
        bounds: &[[f64; 2]],
        search: &Search,
        goal: impl Fn(&Prediction, usize) -> f64,
    ) -> crate::error::Result<Vec<Optimum>> {
        check(bounds, &[], search)?;
        let count = search.candidates.max(search.starts);
        let candidates = spread(bounds, count);
        let rows = candidates.iter().flatten().copied().collect();
        let matrix = Array2::from_shape_vec((count, bounds.len()), rows)
            .map_err(|e| Error::Data(e.to_string()))?;
        let prediction = self.predict(&matrix)?;
        let mut ranked: Vec<(f64, &Vec<f64>)> = candidates
            .iter()
            .enumerate()
            .map(|(design, candidate)| (number(goal(&prediction, design)), candidate))
            .collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        let best = apart(bounds, &ranked, search);
        let one = |design: &[f64]| -> crate::error::Result<f64> {
            let asked = Array2::from_shape_fn((1, design.len()), |(_, p)| design[p]);
            Ok(goal(&self.predict(&asked)?, 0))
        };
        minimise(bounds, &best, search, one).map_err(|error| match error {
            SearchError::Search(error) | SearchError::Objective(error) => error,
        })
    }
}

/// The best candidates that are at least an edge of the simplex apart, so that each start is in a
/// valley of its own; the next best where there are too few.
fn apart(bounds: &[[f64; 2]], ranked: &[(f64, &Vec<f64>)], search: &Search) -> Vec<Vec<f64>> {
    let mut starts: Vec<Vec<f64>> = Vec::new();
    let near = |a: &[f64], b: &[f64]| {
        bounds
            .iter()
            .zip(a.iter().zip(b))
            .all(|([low, high], (a, b))| (a - b).abs() <= search.edge * (high - low))
    };
    for (_, candidate) in ranked {
        if starts.len() < search.starts && !starts.iter().any(|start| near(start, candidate)) {
            starts.push(candidate.to_vec());
        }
    }
    for (_, candidate) in ranked {
        if starts.len() < search.starts && !starts.contains(candidate) {
            starts.push(candidate.to_vec());
        }
    }
    starts
}

/// Designs that fill the bounds evenly: the additive recurrence on the generalised golden ratio
/// (Roberts, The unreasonable effectiveness of quasirandom sequences, 2018), whose `d` steps are the
/// powers of the root of `x^(d+1) = x + 1`.
fn spread(bounds: &[[f64; 2]], count: usize) -> Vec<Vec<f64>> {
    let exponent = 1.0 / (bounds.len() as f64 + 1.0);
    let root = (0..64).fold(1.5_f64, |x, _| (1.0 + x).powf(exponent));
    let place = |i: usize, p: usize| {
        let step = root.powi(-(p as i32) - 1);
        (0.5 + step * (i + 1) as f64).fract()
    };
    let design = |i: usize| {
        let bounds = bounds.iter().enumerate();
        bounds
            .map(|(p, [low, high])| low + (high - low) * place(i, p))
            .collect()
    };
    (0..count).map(design).collect()
}

fn check(bounds: &[[f64; 2]], starts: &[Vec<f64>], search: &Search) -> crate::error::Result<()> {
    if let Some([low, high]) = bounds
        .iter()
        .find(|[low, high]| !(low <= high && low.is_finite() && high.is_finite()))
    {
        let found = format!("{low} to {high}");
        return Err(Error::config("bounds", "lowest to highest, finite", found));
    }
    if let Some(start) = starts.iter().find(|start| start.len() != bounds.len()) {
        return Err(Error::TensorShape {
            tensor: "start [parameter]".into(),
            expected: vec![bounds.len()],
            found: vec![start.len()],
        });
    }
    for (key, found) in [
        ("starts", search.starts),
        ("evaluations", search.evaluations),
    ] {
        if found == 0 {
            return Err(Error::config(key, "at least 1", found));
        }
    }
    for (key, found, ok) in [
        ("tolerance", search.tolerance, search.tolerance >= 0.0),
        ("edge", search.edge, search.edge > 0.0 && search.edge <= 1.0),
    ] {
        if !ok {
            let expected = if key == "edge" { "0 to 1" } else { "0 or more" };
            return Err(Error::config(key, expected, found));
        }
    }
    Ok(())
}

/// One simplex from one start.
fn descend<E>(
    bounds: &[[f64; 2]],
    start: &[f64],
    search: &Search,
    objective: &mut dyn FnMut(&[f64]) -> Result<f64, E>,
) -> Result<Optimum, E> {
    let free: Vec<usize> = (0..bounds.len())
        .filter(|&p| bounds[p][1] > bounds[p][0])
        .collect();
    let scaled = |&p: &usize| {
        let [low, high] = bounds[p];
        ((start[p] - low) / (high - low)).clamp(0.0, 1.0)
    };
    let first: Vec<f64> = free.iter().map(scaled).collect();
    let run = RefCell::new(Run {
        bounds,
        free: &free,
        objective,
        simplex: free.len() + 1,
        most: search.evaluations,
        calls: 0,
        best: None,
        failure: None,
    });
    let mut simplex = vec![first.clone()];
    for at in 0..free.len() {
        let mut corner = first.clone();
        // Inwards, where a mirror image could not be told from the corner itself.
        corner[at] += match corner[at] > 0.5 {
            true => -search.edge,
            false => search.edge,
        };
        simplex.push(corner);
    }
    if free.is_empty() {
        let _ = run.borrow_mut().evaluate(&first);
    } else if let Ok(solver) = NelderMead::new(simplex).with_sd_tolerance(search.tolerance) {
        // An error only says that the evaluations are spent or that the objective failed; both are
        // known to the run, and so is the best design.
        let _ = Executor::new(Objective(&run), solver)
            .configure(|state| state.max_iters(search.evaluations as u64))
            .run();
    }
    let run = run.into_inner();
    if let Some(failure) = run.failure {
        return Err(failure);
    }
    let (value, parameters) = run.best.unwrap_or((f64::INFINITY, start.to_vec()));
    Ok(Optimum {
        parameters,
        value,
        evaluations: run.calls,
    })
}

/// The objective, and what has been seen of it.
struct Run<'a, E> {
    bounds: &'a [[f64; 2]],
    free: &'a [usize],
    objective: &'a mut dyn FnMut(&[f64]) -> Result<f64, E>,
    /// Corners of the simplex.
    simplex: usize,
    most: usize,
    calls: usize,
    best: Option<(f64, Vec<f64>)>,
    failure: Option<E>,
}

impl<E> Run<'_, E> {
    /// The objective at a scaled design; nothing when the search is to end.
    fn evaluate(&mut self, scaled: &[f64]) -> Option<f64> {
        if self.failure.is_some() || self.calls >= self.most {
            return None;
        }
        self.calls += 1;
        let mut design: Vec<f64> = self.bounds.iter().map(|[low, _]| *low).collect();
        for (&p, &at) in self.free.iter().zip(scaled) {
            let [low, high] = self.bounds[p];
            design[p] = (low + (high - low) * mirrored(at)).clamp(low, high);
        }
        match (self.objective)(&design) {
            Err(failure) => {
                self.failure = Some(failure);
                None
            }
            Ok(value) => {
                if value.is_finite() && self.best.as_ref().is_none_or(|(best, _)| value < *best) {
                    self.best = Some((value, design));
                }
                Some(number(value))
            }
        }
    }
}

struct Objective<'a, 'b, E>(&'a RefCell<Run<'b, E>>);

impl<E> CostFunction for Objective<'_, '_, E> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, scaled: &Vec<f64>) -> Result<f64, argmin::core::Error> {
        let mut run = self.0.borrow_mut();
        let simplex = run.simplex;
        match run.evaluate(scaled) {
            Some(value) => Ok(value),
            // The method takes no error while it sets up its simplex.
            None if run.calls <= simplex => Ok(NO_NUMBER),
            None => Err(argmin::core::Error::msg("the search ends")),
        }
    }
}

fn number(value: f64) -> f64 {
    match value.is_finite() {
        true => value.clamp(-NO_NUMBER, NO_NUMBER),
        false => NO_NUMBER,
    }
}

/// Back and forth over 0..1.
fn mirrored(at: f64) -> f64 {
    let place = at.rem_euclid(2.0);
    place.min(2.0 - place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn search() -> Search {
        Search {
            evaluations: 300,
            tolerance: 1e-12,
            ..Default::default()
        }
    }

    /// Himmelblau's function has four minima of 0; two are within these bounds.
    #[test]
    fn each_start_finds_its_minimum() {
        let himmelblau = |x: &[f64]| -> Result<f64, Infallible> {
            assert!(
                (0.0..=5.0).contains(&x[0]) && (-3.0..=5.0).contains(&x[1]),
                "{x:?}"
            );
            Ok((x[0] * x[0] + x[1] - 11.0).powi(2) + (x[0] + x[1] * x[1] - 7.0).powi(2))
        };
        let bounds = [[0.0, 5.0], [-3.0, 5.0]];
        let starts = [vec![1.0, 1.0], vec![5.0, -3.0]];
        let optima = minimise(&bounds, &starts, &search(), himmelblau).expect("found");
        for (optimum, expected) in optima.iter().zip([[3.0, 2.0], [3.584_428, -1.848_126]]) {
            let found = optimum.parameters.iter().zip(expected);
            let away = found.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            // The two values are both 0 to round-off: either may come first.
            let other = (optimum.parameters[0] - 3.0).abs() < 1e-4
                || (optimum.parameters[0] - 3.584_428).abs() < 1e-4;
            assert!(away < 1e-4 || other, "{optimum:?}");
            assert!(optimum.value < 1e-9 && optimum.evaluations <= 300);
        }
        let again = minimise(&bounds, &starts, &search(), himmelblau).expect("found");
        assert_eq!(again, optima);
    }

    #[test]
    fn bounds_hold_and_single_values_are_kept() {
        let slope = |x: &[f64]| -> Result<f64, Infallible> {
            // Not a number in a corner, as where a goal cannot be judged.
            Ok(if x[0] > 9.0 { f64::NAN } else { x[0] - x[2] })
        };
        let bounds = [[2.0, 10.0], [4.0, 4.0], [0.0, 1.0]];
        let optima = minimise(&bounds, &[vec![9.5, 4.0, 0.2]], &search(), slope).expect("found");
        let best = &optima[0];
        assert!((best.value - 1.0).abs() < 1e-4, "{best:?}");
        assert_eq!(best.parameters[1], 4.0);
        let one = minimise(&[[4.0, 4.0]], &[vec![4.0]], &search(), |x| {
            Ok::<_, Infallible>(x[0])
        });
        assert_eq!(one.expect("found")[0].value, 4.0);
    }

    #[test]
    fn evaluations_are_bounded_and_failures_come_back() {
        for limit in [1, 2, 3, 17] {
            let mut calls = 0;
            let search = Search {
                evaluations: limit,
                ..Search::default()
            };
            let bowl = |x: &[f64]| {
                calls += 1;
                Ok::<_, Infallible>(x.iter().map(|v| v * v).sum())
            };
            let bounds = [[-1.0, 1.0]; 2];
            let optima = minimise(&bounds, &[vec![0.7, 0.6]], &search, bowl).expect("found");
            assert_eq!((calls, optima[0].evaluations), (limit, limit));
        }
        for failing in [1, 2, 9] {
            let mut calls = 0;
            let fails = |x: &[f64]| {
                calls += 1;
                match calls == failing {
                    true => Err("the solver refused"),
                    false => Ok(x[0]),
                }
            };
            let found = minimise(&[[0.0, 1.0]; 2], &[vec![0.5, 0.5]], &search(), fails);
            assert!(matches!(
                found,
                Err(SearchError::Objective("the solver refused"))
            ));
            assert_eq!(calls, failing);
        }
        let refused = minimise(&[[1.0, 0.0]], &[], &search(), |_| Ok::<_, Infallible>(0.0));
        let message = match refused {
            Err(SearchError::Search(error)) => error.to_string(),
            _ => String::new(),
        };
        assert!(message.contains("`bounds`"), "{message}");
    }

    #[test]
    fn candidates_fill_the_bounds() {
        let designs = spread(&[[0.0, 1.0], [10.0, 30.0]], 64);
        for i in 0..4 {
            for j in 0..4 {
                let within = |d: &&Vec<f64>| {
                    (d[0] * 4.0) as usize == i && ((d[1] - 10.0) / 5.0) as usize == j
                };
                let count = designs.iter().filter(within).count();
                assert!((2..=6).contains(&count), "{i} {j}: {count}");
            }
        }
    }
}
