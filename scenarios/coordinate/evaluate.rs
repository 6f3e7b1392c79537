//! The network against the solver: errors, times, and what each costs at equal error.

use super::train::Outcome;
use crate::compare::{Curve, Estimate, Point};
use crate::error::{Error, Result};
use crate::run_folder::{ScoreRow, format_duration, format_value};
use curlwind_operators::coordinate::cases::{Case, Reference};

/// The solver at one resolution.
pub struct SolverPoint {
    /// Points or cells along a side.
    pub resolution: usize,
    /// Relative L2 error of each quantity.
    pub errors: Vec<f64>,
    /// Median wall time of the runs, in seconds.
    pub seconds: f64,
}

/// Timed runs at each resolution, after one that is not counted.
const RUNS: usize = 3;

/// The solver at all its resolutions.
///
/// # Errors
/// When it fails.
pub fn solver_curve(case: &dyn Case, truth: &Reference) -> Result<Vec<SolverPoint>> {
    let (_, resolutions) = case.solver();
    resolutions
        .into_iter()
        .map(|resolution| {
            let first = case.solve(resolution, truth).map_err(Error::failed)?;
            let mut times = Vec::new();
            for _ in 0..RUNS {
                let again = case.solve(resolution, truth).map_err(Error::failed)?;
                times.push(again.seconds);
            }
            times.sort_by(f64::total_cmp);
            Ok(SolverPoint {
                resolution,
                errors: truth.errors(&first.values),
                seconds: times[RUNS / 2],
            })
        })
        .collect()
}

/// Largest of the errors: the one that is compared.
pub fn worst(errors: &[f64]) -> f64 {
    // A comparison that NaN wins.
    errors
        .iter()
        .fold(0.0, |m, e| if *e > m || e.is_nan() { *e } else { m })
}

/// The solver as a curve of error against time.
fn as_curve(curve: &[SolverPoint]) -> Curve {
    Curve::new(curve.iter().map(|point| Point {
        name: point.resolution.to_string(),
        error: worst(&point.errors),
        seconds: point.seconds,
    }))
}

/// Rows of scores: solver and network, error of each quantity, and seconds.
pub fn rows(
    name: &str,
    case: &dyn Case,
    curve: &[SolverPoint],
    network: &str,
    outcome: &Outcome,
    truth: &Reference,
) -> Vec<ScoreRow> {
    let mut rows = Vec::new();
    let quantities = case.quantities();
    let mut judged = |model: &str, errors: &[f64], seconds: f64| {
        for (quantity, error) in quantities.iter().zip(errors) {
            rows.push(ScoreRow::new(
                name,
                model,
                quantity.0,
                "relative_l2",
                *error,
            ));
        }
        let all = "all";
        rows.push(ScoreRow::new(name, model, all, "seconds", seconds).in_unit("s"));
    };
    judged(network, &truth.errors(&outcome.values), outcome.seconds);
    for point in curve {
        let model = format!("solver@{}", point.resolution);
        judged(&model, &point.errors, point.seconds);
    }
    let mean = truth.values.mean_axis(ndarray::Axis(0)).unwrap_or_default();
    let constant = ndarray::Array2::from_shape_fn(truth.values.dim(), |(_, q)| mean[q]);
    judged("mean", &truth.errors(&constant), 0.0);
    rows.retain(|row| !(row.model == "mean" && row.metric == "seconds"));
    rows
}

/// Who is how good at what cost, and whether the network ever pays.
pub fn verdict(case: &dyn Case, curve: &[SolverPoint], outcome: &Outcome, error: f64) -> String {
    let solver = case.solver().0;
    let cost = format!(
        "The network reached a relative L2 error of {} in {} of training ({} steps), and takes {} for \
         all points of the reference.",
        format_value(error),
        format_duration(outcome.seconds),
        outcome.steps,
        format_duration(outcome.evaluation)
    );
    let estimate = as_curve(curve).seconds_at(error);
    let Some(estimate) = estimate.filter(|e| !matches!(e, Estimate::Above(_))) else {
        let best = curve
            .iter()
            .map(|p| worst(&p.errors))
            .fold(f64::NAN, f64::min);
        return format!(
            "{cost} The solver ({solver}) was not run finely enough for that error: its best is {}.",
            format_value(best)
        );
    };
    let (equal, how) = (estimate.value(), estimate.words());
    let gain = equal - outcome.evaluation;
    let break_even = if gain > 0.0 {
        let runs = (outcome.seconds / gain).ceil();
        format!("Asked for the same problem again, it pays from {runs:.0} times on.")
    } else {
        "It never pays: even when trained, it is the slower one.".to_string()
    };
    format!(
        "{cost} The solver ({solver}) takes {how}{} to the same error: {:.0} times less than the \
         training. {break_even}",
        format_duration(equal),
        outcome.seconds / equal
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_quantity_is_compared() {
        let point = |resolution, error: f64, seconds| SolverPoint {
            resolution,
            errors: vec![error, 0.1 * error],
            seconds,
        };
        let curve = [point(10, 1e-1, 1.0), point(20, 1e-3, 4.0)];
        let at = |error| as_curve(&curve).seconds_at(error);
        assert_eq!(at(0.2), Some(Estimate::AtMost(1.0)));
        assert!((at(1e-2).map_or(0.0, Estimate::value) - 2.0).abs() < 1e-12);
        assert!(worst(&[1.0, f64::NAN]).is_nan());
    }
}
