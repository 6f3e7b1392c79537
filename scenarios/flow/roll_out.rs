//! Operators of one step applied to their own outputs, beside solvers that do the same.

use super::evaluate::Judged;
use super::pictures::Captioned;
use super::problem::Problem;
use super::samples::{TestSet, relative_errors};
use crate::error::{Error, Result};
use crate::figures::{Axis as PlotAxis, Curves, Series};
use crate::run_folder::{ScoreRow, Scores};
use curlwind_operators::field::{FieldOperator, FieldSamples as _};
use ndarray::{Array4, Axis};
use std::collections::BTreeMap;

/// Mean relative L2 errors at each step of roll-outs from the first state of every test sample, of
/// the operator, of the solvers in `judged`, and of the first state itself; `None` where samples are
/// of one pair.
///
/// # Errors
/// A solver that fails other than by its own coarseness.
pub fn roll_out(
    problem: &dyn Problem,
    operator: &FieldOperator,
    test: &TestSet,
    judged: &[Judged],
) -> Result<Option<BTreeMap<String, Vec<f64>>>> {
    let (inputs, outputs) = (test.samples.inputs(), test.samples.outputs());
    if test.pairs < 2 || inputs.dim() != outputs.dim() || !problem.persists() {
        return Ok(None);
    }
    let starts: Vec<usize> = (0..test.samples.len()).step_by(test.pairs).collect();
    let first = inputs.select(Axis(0), &starts);
    let error = |states: &Array4<f32>, step: usize| -> f64 {
        let places: Vec<usize> = starts.iter().map(|start| start + step).collect();
        let errors = relative_errors(states, &outputs.select(Axis(0), &places));
        errors.iter().sum::<f64>() / errors.len() as f64
    };
    let strides = judged.iter().filter_map(|j| {
        let stride = j.model.strip_prefix("solver/")?.parse::<usize>().ok()?;
        Some((j.model.clone(), stride))
    });
    let strides: Vec<(String, usize)> = strides.collect();
    let mut curves = BTreeMap::new();
    let mut states = first.clone();
    let mut of_operator = Vec::new();
    for step in 0..test.pairs {
        states = operator.predict(&states).map_err(Error::failed)?;
        of_operator.push(error(&states, step));
    }
    curves.insert(operator.config().network.name().to_string(), of_operator);
    for (model, stride) in strides {
        let mut states = first.clone();
        let mut errors = Vec::new();
        for step in 0..test.pairs {
            for mut state in states.axis_iter_mut(Axis(0)) {
                let next = problem.coarse(&test.grid, stride, state.view())?;
                let next = next.map(|n| n.mapv(|v| v as f32));
                next.into_iter().for_each(|next| state.assign(&next));
            }
            errors.push(error(&states, step));
        }
        curves.insert(model, errors);
    }
    let persistence = (0..test.pairs).map(|step| error(&first, step)).collect();
    curves.insert("persistence".into(), persistence);
    Ok(Some(curves))
}

/// A row for every model and lead; `interval` in s.
pub fn rows(curves: &BTreeMap<String, Vec<f64>>, variable: &str, interval: f64) -> Scores {
    let mut scores = Scores::new();
    for (model, errors) in curves {
        for (step, error) in errors.iter().enumerate() {
            let hours = interval * (step + 1) as f64 / 3600.0;
            let row = ScoreRow::new("roll_out", model, variable, "relative_l2", *error);
            scores.push(row.at_lead(hours));
        }
    }
    scores
}

/// Errors against time.
pub fn figure(curves: &BTreeMap<String, Vec<f64>>, interval: f64) -> Captioned {
    let mut plot = Curves::new(
        PlotAxis::linear("time (s)"),
        PlotAxis::log("relative L2 error"),
    );
    for (model, errors) in curves {
        let times: Vec<f64> = (1..=errors.len()).map(|n| interval * n as f64).collect();
        plot = plot.series(Series::new(model, &times, errors));
    }
    let caption = "Errors of roll-outs from the first state of every test sample.";
    (plot.figure(720.0, 340.0), caption.into())
}
