//! One training: window after window, its error against the truth as it goes.

use super::Settings;
use crate::commands::Options;
use crate::error::{Error, Result};
use curlwind_operators::coordinate::cases::{Case, Reference};
use curlwind_operators::coordinate::{Field, Progress, train};
use curlwind_operators::{Error as OperatorError, device};
use ndarray::Array2;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

/// Looks at the error during a window's training.
const LOOKS: usize = 40;

/// What a training came to.
pub struct Outcome {
    /// The functions, by window.
    pub fields: Vec<Field>,
    /// Quantities at the reference's points.
    pub values: Array2<f64>,
    /// Wall time of training in seconds, the looks at the error left out.
    pub seconds: f64,
    /// Steps.
    pub steps: usize,
    /// Seconds of training and the relative L2 errors of the quantities then; what is not trained
    /// yet counts as 0.
    pub progress: Vec<(f64, Vec<f64>)>,
    /// Terms with the seconds and mean squares of each; a window may have others than the one before.
    pub history: Vec<(String, Vec<(f64, f64)>)>,
    /// Seconds that the trained network takes for all points of the reference.
    pub evaluation: f64,
}

/// Trains into `folder`, where a run that was interrupted goes on.
///
/// # Errors
/// A residual that is not a number, files that cannot be written.
pub fn train_all(
    settings: &Settings,
    case: &dyn Case,
    truth: &Reference,
    folder: &Path,
    options: &Options,
) -> Result<Outcome> {
    let device = device::select(&options.device).map_err(Error::unusable)?;
    let windows = settings.windows;
    let mut config = settings.training.clone();
    config.seed ^= settings.seed;
    let network = settings.seeded_network();
    let mut outcome = Outcome {
        fields: Vec::new(),
        values: Array2::zeros(truth.values.dim()),
        seconds: 0.0,
        steps: 0,
        progress: Vec::new(),
        history: Vec::new(),
        evaluation: 0.0,
    };
    let planned: usize = config.stages.iter().map(|s| s.steps).sum();
    let bar = options.progress("training");
    bar.set_length((windows * planned) as u64);
    let points = truth.points();
    for window in 0..windows {
        let range = settings.window(case, window)?;
        let problem = case
            .problem(&settings.conditions, range, outcome.fields.last())
            .map_err(Error::unusable)?;
        let d = truth.axes.len();
        let within = Within::new(&points, d, range, window + 1 == windows);
        let file = folder.join(format!("window_{}.json", window + 1));
        let before = outcome.seconds;
        let every = (planned / LOOKS).max(1);
        let mut looked = 0;
        let values = &mut outcome.values;
        let progress = &mut outcome.progress;
        let watch = |p: &Progress| {
            bar.set_position((window * planned + p.steps.0) as u64);
            bar.set_message(format!("loss {:.1e}", p.loss));
            if p.steps.0 / every > looked || p.steps.0 == 1 {
                looked = p.steps.0 / every;
                let field = Field::new(&problem, p.network.clone(), p.parameters.to_vec());
                if within.fill(case, &field, values).is_ok() {
                    let errors = truth.errors(values);
                    progress.push((before + p.seconds, errors));
                }
            }
            ControlFlow::Continue(())
        };
        let trained =
            train(&problem, &network, &config, Some(&file), &device, watch).map_err(|error| {
                match error {
                    OperatorError::Config { .. } => Error::unusable(error),
                    error => Error::failed(error),
                }
            })?;
        for (n, term) in problem.terms.iter().enumerate() {
            let found = outcome
                .history
                .iter()
                .position(|(name, _)| *name == term.name);
            let at = found.unwrap_or_else(|| {
                outcome.history.push((term.name.clone(), Vec::new()));
                outcome.history.len() - 1
            });
            let losses = trained.history.iter();
            let losses = losses.map(|(_, seconds, losses)| (before + seconds, losses[n]));
            outcome.history[at].1.extend(losses);
        }
        outcome.seconds += trained.seconds;
        outcome.steps += trained.steps;
        let begun = Instant::now();
        within
            .fill(case, &trained.field, &mut outcome.values)
            .map_err(Error::failed)?;
        outcome.evaluation += begun.elapsed().as_secs_f64();
        let errors = truth.errors(&outcome.values);
        outcome.progress.push((outcome.seconds, errors));
        outcome.fields.push(trained.field);
    }
    bar.finish_and_clear();
    Ok(outcome)
}

/// The quantities at points, `D` numbers each, from the networks of all windows.
///
/// # Errors
/// When a point lies outside the domain.
pub fn values_at(case: &dyn Case, fields: &[Field], points: &[f64]) -> Result<Array2<f64>> {
    let d = case.coordinates().len();
    let mut values = Array2::zeros((points.len() / d, case.quantities().len()));
    for (n, field) in fields.iter().enumerate() {
        let range = [field.domain.lower[0], field.domain.upper[0]];
        let within = Within::new(points, d, range, n + 1 == fields.len());
        within
            .fill(case, field, &mut values)
            .map_err(Error::unusable)?;
    }
    Ok(values)
}

/// The points in a window of time.
struct Within {
    rows: Vec<usize>,
    points: Vec<f64>,
}

impl Within {
    fn new(points: &[f64], d: usize, [start, end]: [f64; 2], last: bool) -> Self {
        let slack = 1e-9 * (end - start);
        let inside = |t: f64| t >= start - slack && (t < end - slack || last);
        let rows: Vec<usize> = (0..points.len() / d)
            .filter(|n| inside(points[n * d]))
            .collect();
        let points = rows
            .iter()
            .flat_map(|n| points[n * d..(n + 1) * d].to_vec());
        Self {
            points: points.collect(),
            rows,
        }
    }

    fn fill(
        &self,
        case: &dyn Case,
        field: &Field,
        values: &mut Array2<f64>,
    ) -> curlwind_operators::Result<()> {
        let jets = field.first_jets(&self.points)?;
        let d = self.points.len() / self.rows.len().max(1);
        let points = self.points.chunks(d.max(1));
        for ((row, point), jet) in self.rows.iter().zip(points).zip(jets.outer_iter()) {
            let quantities = case.quantities_at(point, jet);
            for (to, value) in values.row_mut(*row).iter_mut().zip(quantities) {
                *to = value;
            }
        }
        Ok(())
    }
}
