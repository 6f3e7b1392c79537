//! What the solver's checks say of the surrogate.

use super::super::Loaded;
use super::super::measures::decibel;
use super::queue::Solved;
use super::surrogate::Outcome;
use crate::run_folder::ScoreRow;
use curlwind_operators::design::{DesignSurrogate, Prediction};
use num_complex::Complex64;

/// What the surrogate was asked, and how long it took.
pub(super) struct Answers {
    pub candidates: usize,
    pub seconds: f64,
}

/// Errors over the checked designs.
#[derive(Default)]
pub(super) struct Errors {
    surrogate: Vec<f64>,
    nearest: Vec<f64>,
    surrogate_db: Vec<f64>,
    inside: usize,
    values: usize,
}

impl Errors {
    /// Adds a checked candidate; the relative L2 errors of the surrogate and of the nearest design.
    pub(super) fn add(
        &mut self,
        truth: &[Complex64],
        predicted: &[Complex64],
        nearest: Vec<Complex64>,
        prediction: &Prediction,
        candidate: usize,
    ) -> [f64; 2] {
        let size = truth.iter().map(|s| s.norm_sqr()).sum::<f64>().sqrt();
        let away = |other: &[Complex64]| {
            let sum: f64 = truth
                .iter()
                .zip(other)
                .map(|(a, b)| (a - b).norm_sqr())
                .sum();
            sum.sqrt() / size
        };
        let pair = [away(predicted), away(&nearest)];
        self.surrogate.push(pair[0]);
        self.nearest.push(pair[1]);
        let db = |s: &[Complex64]| -> Vec<f64> { s.iter().map(|&x| decibel(x)).collect() };
        let (a, b) = (db(truth), db(predicted));
        let norm = a.iter().map(|x| x * x).sum::<f64>().sqrt();
        let miss: f64 = a.iter().zip(&b).map(|(x, y)| (x - y) * (x - y)).sum();
        self.surrogate_db.push(miss.sqrt() / norm);
        for (f, (t, p)) in truth.iter().zip(predicted).enumerate() {
            self.values += 1;
            self.inside += usize::from((t - p).norm() <= prediction.radius[[candidate, 0, f]]);
        }
        pair
    }

    /// Puts scores and sentences.
    pub(super) fn report(
        &self,
        outcome: &mut Outcome,
        loaded: &Loaded,
        surrogate: &DesignSurrogate,
        answers: Answers,
        solved: &[Solved],
    ) {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        let done: Vec<_> = solved
            .iter()
            .filter_map(|s| s.result.as_ref().ok())
            .collect();
        let each = done.iter().map(|s| s.seconds).sum::<f64>() / done.len().max(1) as f64;
        let about = surrogate.description();
        if self.surrogate.is_empty() {
            outcome
                .sentences
                .push("No candidate could be checked by the solver.".into());
            return;
        }
        let (ours, table) = (mean(&self.surrogate), mean(&self.nearest));
        let covered = self.inside as f64 / self.values.max(1) as f64;
        let name = &loaded.name;
        let mut push = |metric: &str, value: f64, baseline: Option<f64>, note: &str| {
            let mut row = ScoreRow::new(name, "surrogate", "S11", metric, value);
            if let Some(baseline) = baseline {
                row = row.against(baseline);
            }
            outcome.scores.push(row.noted(note));
        };
        push(
            "relative_l2_mean",
            ours,
            Some(table),
            "checked candidates; baseline: nearest solved design",
        );
        push(
            "relative_l2_db_mean",
            mean(&self.surrogate_db),
            None,
            "checked candidates, of dB",
        );
        push(
            "interval_coverage",
            covered,
            Some(about.config.coverage),
            "checked candidates, half of them chosen for their doubt; baseline: nominal",
        );
        push(
            "out_of_fold_error",
            about.out_of_fold_error,
            None,
            "members on the designs each left out",
        );
        outcome.sentences.push(format!(
            "Surrogate: {} members on {} designs, trained in {:.1} s; {} candidates answered and the best searched for in {:.2} s (the solver takes {each:.1} s for one).",
            about.config.members,
            done.len(),
            about.training_seconds,
            answers.candidates,
            answers.seconds,
        ));
        outcome.sentences.push(format!(
            "Checked by the solver: {} candidates, relative L2 error of S11 {ours:.4} (nearest solved design: {table:.4}); {:.0} % of values within the {:.0} % intervals.",
            self.surrogate.len(),
            100.0 * covered,
            100.0 * about.config.coverage,
        ));
        let solving: f64 = done.iter().map(|s| s.seconds).sum();
        outcome.sentences.push(format!(
            "Behind it stand {solving:.0} s of solving on one core and {:.0} s of training: it pays from {:.0} designs on that nobody solves.",
            about.training_seconds,
            ((solving + about.training_seconds) / each.max(1e-9)).ceil(),
        ));
    }
}
