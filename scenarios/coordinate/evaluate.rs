//! The network against the solver: errors, times, and what each costs at equal error.

use super::train::Outcome;
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

/// Time that the solver takes to an error, between its resolutions by straight lines in logarithms; that
/// of its coarsest where that is better already, nothing where its finest is not good enough.
pub fn seconds_at(curve: &[SolverPoint], error: f64) -> Option<f64> {
    let points: Vec<(f64, f64)> = curve
        .iter()
        .map(|p| (worst(&p.errors), p.seconds))
        .collect();
    let first = points.first()?;
    if first.0 <= error {
        return Some(first.1);
    }
    let pair = points.windows(2).find(|pair| pair[1].0 <= error)?;
    let ((e0, t0), (e1, t1)) = (pair[0], pair[1]);
    let share = (e0 / error).ln() / (e0 / e1).ln();
    Some(t0 * (t1 / t0).powf(share))
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
    let Some(equal) = seconds_at(curve, error) else {
        let best = curve
            .iter()
            .map(|p| worst(&p.errors))
            .fold(f64::NAN, f64::min);
        return format!(
            "{cost} The solver ({solver}) was not run finely enough for that error: its best is {}.",
            format_value(best)
        );
    };
    let coarse = curve.first().is_some_and(|p| worst(&p.errors) <= error);
    let how = if coarse { " at most" } else { "" };
    let gain = equal - outcome.evaluation;
    let break_even = if gain > 0.0 {
        let runs = (outcome.seconds / gain).ceil();
        format!("Asked for the same problem again, it pays from {runs:.0} times on.")
    } else {
        "It never pays: even when trained, it is the slower one.".to_string()
    };
    format!(
        "{cost} The solver ({solver}) takes{how} {} to the same error: {:.0} times less than the \
         training. {break_even}",
        format_duration(equal),
        outcome.seconds / equal
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_error_is_found_between_resolutions() {
        let point = |resolution, error: f64, seconds| SolverPoint {
            resolution,
            errors: vec![error, 0.1 * error],
            seconds,
        };
        let curve = [point(10, 1e-1, 1.0), point(20, 1e-3, 4.0)];
        assert_eq!(seconds_at(&curve, 0.2), Some(1.0));
        assert!((seconds_at(&curve, 1e-2).unwrap_or(0.0) - 2.0).abs() < 1e-12);
        assert_eq!(seconds_at(&curve, 1e-4), None);
        assert!(worst(&[1.0, f64::NAN]).is_nan());
    }
}
