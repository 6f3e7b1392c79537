//! The operator against solvers and against what needs no learning, on samples it has not seen.

use super::problem::Problem;
use super::samples::{Samples, TestSet, relative_errors};
use crate::error::{Error, Result};
use crate::run_folder::{ScoreRow, Scores};
use curlwind_operators::field::FieldOperator;
use ndarray::{Array4, ArrayView3, ArrayView4, Axis, concatenate, s};
use rayon::prelude::*;
use std::time::Instant;

/// One model on one test set.
pub struct Judged {
    /// `fno`, `fno, seed 2`, `solver/8`, `mean`, `nearest_neighbour`, `persistence`.
    pub model: String,
    /// Whether it is one of the trained networks.
    pub trained: bool,
    /// Outputs `[sample][channel][row][column]`.
    pub outputs: Array4<f32>,
    /// Relative L2 error of each sample.
    pub errors: Vec<f64>,
    /// Seconds a sample, one after the other; `None` where it is no model's own work.
    pub seconds: Option<f64>,
    /// Seconds that its training took, where that is told.
    pub training: Option<f64>,
}

impl Judged {
    /// Outputs against the truth of as many samples.
    pub fn of(
        model: &str,
        outputs: Array4<f32>,
        truth: &Array4<f32>,
        seconds: Option<f64>,
    ) -> Self {
        Self {
            errors: relative_errors(&outputs, truth),
            model: model.into(),
            trained: false,
            outputs,
            seconds,
            training: None,
        }
    }

    /// Mean of the errors.
    pub fn mean(&self) -> f64 {
        self.errors.iter().sum::<f64>() / self.errors.len() as f64
    }

    /// The sample of the middle error, and that of the largest.
    pub fn median_and_worst(&self) -> [usize; 2] {
        let mut order: Vec<usize> = (0..self.errors.len()).collect();
        order.sort_by(|&a, &b| self.errors[a].total_cmp(&self.errors[b]));
        [order[order.len() / 2], order[order.len() - 1]]
    }
}

/// Mean and standard deviation of the errors of the trained networks.
pub fn mean_and_spread(judged: &[Judged]) -> (f64, f64) {
    let errors: Vec<f64> = judged
        .iter()
        .filter(|j| j.trained)
        .map(Judged::mean)
        .collect();
    let count = errors.len() as f64;
    let mean = errors.iter().sum::<f64>() / count;
    let squares = errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>();
    (mean, (squares / (count - 1.0).max(1.0)).sqrt())
}

/// Every model on a test set, the operators first, which differ in their seeds alone.
///
/// # Errors
/// A solver that fails.
pub fn judge(
    problem: &dyn Problem,
    operators: &[FieldOperator],
    samples: &Samples,
    test: &TestSet,
    coarse: &[usize],
) -> Result<Vec<Judged>> {
    let truth = test.samples.outputs();
    let judged = |model: &str, outputs: Array4<f32>, seconds: Option<f64>| {
        Judged::of(model, outputs, truth, seconds)
    };
    let mut all = Vec::new();
    for (number, operator) in (1..).zip(operators) {
        let name = operator.config().network.name();
        let name = match operators.len() {
            1 => name.to_string(),
            _ => format!("{name}, seed {number}"),
        };
        all.push(Judged {
            trained: true,
            ..judge_operator(&name, operator, test)?
        });
    }
    for &stride in coarse {
        if let Some((outputs, seconds)) = solve(problem, test, stride)? {
            all.push(judged(&format!("solver/{stride}"), outputs, Some(seconds)));
        }
    }
    let same_grid = samples.training.grid() == test.samples.grid();
    if same_grid {
        let mean = samples
            .training
            .outputs()
            .mapv(f64::from)
            .mean_axis(Axis(0));
        let mean = mean.unwrap_or_default().mapv(|v| v as f32);
        let copies = mean.broadcast(truth.dim()).map(|m| m.to_owned());
        all.extend(copies.map(|outputs| judged("mean", outputs, None)));
        let nearest: Vec<usize> = test
            .samples
            .inputs()
            .axis_iter(Axis(0))
            .into_par_iter()
            .map(|input| nearest(samples.training.inputs(), input))
            .collect();
        let outputs = samples.training.outputs().select(Axis(0), &nearest);
        all.push(judged("nearest_neighbour", outputs, None));
    }
    let own = own_inputs(problem, test);
    let times = truth.dim().1 / own.dim().1;
    if problem.persists() && own.dim().1 * times == truth.dim().1 {
        let copies = concatenate(Axis(1), &vec![own; times]).map_err(Error::failed)?;
        all.push(judged("persistence", copies, None));
    }
    Ok(all)
}

/// One operator on a test set.
///
/// # Errors
/// Inputs that do not fit.
pub fn judge_operator(name: &str, operator: &FieldOperator, test: &TestSet) -> Result<Judged> {
    let predict = |inputs: &Array4<f32>| operator.predict(inputs).map_err(Error::failed);
    // one call to warm up, then one by one as the solvers go
    let outputs = predict(test.samples.inputs())?;
    let first = test.samples.inputs().select(Axis(0), &[0]);
    predict(&first)?;
    let mut times: Vec<f64> = Vec::new();
    for _ in 0..9 {
        let started = Instant::now();
        predict(&first)?;
        times.push(started.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let seconds = Some(times[4] + test.seconds_before);
    Ok(Judged::of(name, outputs, test.samples.outputs(), seconds))
}

/// The inputs without what a solver has made of them.
fn own_inputs<'t>(problem: &dyn Problem, test: &'t TestSet) -> ArrayView4<'t, f32> {
    let inputs = test.samples.inputs();
    let own = problem.names().0.len().min(inputs.dim().1);
    inputs.slice(s![.., ..own, .., ..])
}

/// The coarse solver's outputs of all samples and the median of its seconds.
fn solve(
    problem: &dyn Problem,
    test: &TestSet,
    stride: usize,
) -> Result<Option<(Array4<f32>, f64)>> {
    let mut outputs = Array4::zeros(test.samples.outputs().dim());
    let mut times = Vec::new();
    let inputs = own_inputs(problem, test);
    for (input, mut output) in inputs
        .axis_iter(Axis(0))
        .zip(outputs.axis_iter_mut(Axis(0)))
    {
        let started = Instant::now();
        let Some(found) = problem.coarse(&test.grid, stride, input)? else {
            return Ok(None);
        };
        times.push(started.elapsed().as_secs_f64());
        if found.dim() != output.dim() {
            return Ok(None);
        }
        output.assign(&found.mapv(|v| v as f32));
    }
    times.sort_by(f64::total_cmp);
    Ok(Some((outputs, times[times.len() / 2])))
}

/// The training sample with the nearest input.
fn nearest(inputs: &Array4<f32>, input: ArrayView3<f32>) -> usize {
    let distance = |other: ArrayView3<f32>| -> f64 {
        let pairs = other.iter().zip(&input);
        pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum()
    };
    let distances = inputs.axis_iter(Axis(0)).map(distance).enumerate();
    distances
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(0, |(index, _)| index)
}

/// Rows of the mean, the largest error and the time of every model; the baseline is the best of
/// those that need neither solver nor learning. Of several seeds also the mean, as `network`.
pub fn rows(case: &str, variable: &str, network: &str, judged: &[Judged]) -> Scores {
    let trivial = ["mean", "nearest_neighbour", "persistence"];
    let baseline = judged
        .iter()
        .filter(|j| trivial.contains(&j.model.as_str()))
        .map(Judged::mean)
        .fold(f64::INFINITY, f64::min);
    let mut scores = Scores::new();
    let seeds = judged.iter().filter(|j| j.trained).count();
    if seeds > 1 {
        let (mean, spread) = mean_and_spread(judged);
        let mut row = ScoreRow::new(case, network, variable, "relative_l2", mean);
        if baseline.is_finite() {
            row = row.against(baseline);
        }
        scores.push(row.noted(format!("mean of {seeds} seeds")));
        let row = ScoreRow::new(case, network, variable, "relative_l2_spread", spread);
        scores.push(row.noted(format!("standard deviation of {seeds} seeds")));
    }
    for j in judged {
        let row = |metric: &str, value| ScoreRow::new(case, &j.model, variable, metric, value);
        let mut mean = row("relative_l2", j.mean());
        if baseline.is_finite() {
            mean = mean.against(baseline);
        }
        scores.push(mean);
        let worst = j.errors.iter().copied().fold(0.0, f64::max);
        scores.push(row("worst_relative_l2", worst));
        if let Some(seconds) = j.seconds {
            scores.push(row("seconds_per_sample", seconds).in_unit("s"));
        }
        if let Some(seconds) = j.training {
            scores.push(row("seconds_of_training", seconds).in_unit("s"));
        }
    }
    scores
}
