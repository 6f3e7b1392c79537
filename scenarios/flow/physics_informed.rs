//! Operators that learn from few labels and the residual of their equation, beside the same network
//! taught otherwise, and refined when they are asked.
//!
//! Li et al., Physics-Informed Neural Operator for Learning Partial Differential Equations (arXiv
//! 2111.03794). All ways of training take as many steps as the scenario's own.

use super::Loaded;
use super::evaluate::Judged;
use super::problem::Problem;
use super::samples::{Samples, TestSet};
use super::settings::Settings;
use crate::error::{Error, Result};
use crate::on_cores::on_cores;
use curlwind_operators::field::{
    FieldNames, FieldOperator, FieldPairs, FieldResidual, FieldSamples as _, Refinement, refine,
};
use curlwind_operators::training::{ResidualConfig, TrainingConfig};
use ndarray::{Array4, Axis, Slice, concatenate};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Another way to train the network of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rival {
    /// All samples with their labels, without a residual.
    AllLabels,
    /// The labelled samples without a residual.
    NoResidual,
    /// The residual without labels, those of the labelled samples left out too.
    ResidualAlone,
}

impl Rival {
    /// Its words in tables and its name in folders.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::AllLabels => ("all labels", "all_labels"),
            Self::NoResidual => ("no residual", "no_residual"),
            Self::ResidualAlone => ("residual alone", "residual_alone"),
        }
    }
}

/// How the operator is refined on single test samples.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refine {
    /// Optimiser steps of each.
    pub steps: usize,
    /// Samples of each test set, the first.
    pub samples: usize,
    /// The first learning rate.
    #[serde(default = "rate")]
    pub learning_rate: f64,
}

fn rate() -> f64 {
    Refinement::default().learning_rate
}

/// What a network is trained on, and how.
pub struct Lesson {
    /// Labelled samples.
    pub samples: FieldPairs,
    /// Inputs without labels, beside outputs of zero.
    pub unlabelled: Option<FieldPairs>,
    /// How.
    pub training: TrainingConfig,
}

impl Loaded {
    /// What the keys of residuals, labels and refinement ask for that cannot be.
    pub(super) fn check_physics_informed(&self) -> Result<()> {
        let s = &self.settings;
        let active = s.training.active_residual();
        let alone = s.evaluation.rivals.contains(&Rival::ResidualAlone);
        if alone && active.is_none() {
            let reason = "expected `training.residual` with a weight for `residual_alone`";
            return Err(self.refuse("evaluation.rivals", reason));
        }
        if let Some(labelled) = s.training_set.labelled {
            let most = s.training_set.samples;
            if labelled == 0 || labelled > most {
                let reason = format!(
                    "expected 1 to {most}, the samples; for none set `training.residual.labels` to false"
                );
                return Err(self.refuse("training_set.labelled", reason));
            }
            if s.training_set.carried {
                let reason = "expected nothing: carried samples have all their labels";
                return Err(self.refuse("training_set.labelled", reason));
            }
        }
        if let Some(refine) = s.evaluation.refine {
            for (key, ok) in [
                ("steps", refine.steps > 0),
                ("samples", refine.samples > 0),
                (
                    "learning_rate",
                    refine.learning_rate > 0.0 && refine.learning_rate.is_finite(),
                ),
            ] {
                if !ok {
                    let key = format!("evaluation.refine.{key}");
                    return Err(self.refuse(&key, "expected a number above 0"));
                }
            }
        }
        let key = match (active, s.evaluation.refine) {
            (Some(_), _) => "training.residual",
            (None, Some(_)) => "evaluation.refine",
            (None, None) => return Ok(()),
        };
        let problem = s.problem();
        let equation = problem.law().map_err(|reason| self.refuse(key, reason))?;
        let [rows, columns] = problem
            .layout()
            .grid
            .coordinates()
            .map(|(.., lines)| lines.len());
        let (inputs, outputs) = problem.names();
        let names = FieldNames {
            inputs: &inputs,
            outputs: &outputs,
        };
        equation
            .check(
                names,
                [rows, columns],
                problem.periodic(),
                residual_config(s).difference,
            )
            .map_err(|error| self.refuse(key, error))
    }

    /// Whether anything is asked for that only the solver's own samples can give.
    pub(super) fn needs_own_samples(&self) -> Option<&'static str> {
        let s = &self.settings;
        let keys = [
            ("training.residual", s.training.active_residual().is_some()),
            ("training_set.labelled", s.training_set.labelled.is_some()),
            ("evaluation.refine", s.evaluation.refine.is_some()),
        ];
        keys.into_iter()
            .find(|(_, asked)| *asked)
            .map(|(key, _)| key)
    }
}

fn residual_config(settings: &Settings) -> ResidualConfig {
    settings.training.residual.clone().unwrap_or_default()
}

/// Takes the labels from all but the first `labelled` samples.
///
/// # Errors
/// When there are not as many to train on.
pub fn withhold(problem: &dyn Problem, samples: Samples, labelled: usize) -> Result<Samples> {
    let pairs = labelled * problem.pairs();
    let found = samples.training.len();
    if pairs > found {
        return Err(Error::unusable(format!(
            "`training_set.labelled`: expected at most {}, the samples left to train on, found {labelled}",
            found / problem.pairs()
        )));
    }
    let (training, withheld) = samples.training.split_at(pairs).map_err(Error::failed)?;
    Ok(Samples {
        training,
        withheld,
        ..samples
    })
}

/// The scenario's own lesson, and those of its rivals.
///
/// # Errors
/// A solver that fails on an input without label.
pub fn lessons(settings: &Settings, samples: &Samples) -> Result<(Lesson, Vec<(Rival, Lesson)>)> {
    let own = Lesson {
        samples: samples.training.clone(),
        unlabelled: match settings.training.active_residual() {
            Some(residual) => unlabelled(settings, samples, residual.unlabelled)?,
            None => None,
        },
        training: settings.training.clone(),
    };
    let rivals = settings.evaluation.rivals.iter().map(|rival| {
        let mut training = own.training.clone();
        let mut pairs = own.samples.clone();
        match (rival, &mut training.residual) {
            (Rival::ResidualAlone, Some(residual)) => residual.labels = false,
            _ => training.residual = None,
        }
        if let (Rival::AllLabels, Some(withheld)) = (rival, &samples.withheld) {
            pairs = joined(&pairs, withheld)?;
            let steps = |count: usize| count.div_ceil(training.batch_size);
            let ratio = steps(own.samples.len()) as f64 / steps(pairs.len()) as f64;
            for stage in &mut training.stages {
                stage.epochs = ((stage.epochs as f64 * ratio).round() as usize).max(1);
            }
        }
        let unlabelled = match training.residual {
            Some(_) => own.unlabelled.clone(),
            None => None,
        };
        let lesson = Lesson {
            samples: pairs,
            unlabelled,
            training,
        };
        Ok((*rival, lesson))
    });
    let rivals = rivals.collect::<Result<_>>()?;
    Ok((own, rivals))
}

/// The inputs whose labels are withheld and `count` more.
fn unlabelled(settings: &Settings, samples: &Samples, count: usize) -> Result<Option<FieldPairs>> {
    let problem = settings.problem();
    let drawn = on_cores(count, |index| {
        // the second half of the seeds between this scenario's first and the next one's
        let seed = settings.seed.wrapping_mul(1_000_003);
        problem.input(seed.wrapping_add(500_000 + index as u64))
    })?;
    let withheld = samples.withheld.as_ref().map(|w| w.inputs().view());
    let drawn = drawn.iter().map(|input| input.view().insert_axis(Axis(0)));
    let all: Vec<_> = withheld.into_iter().chain(drawn).collect();
    if all.is_empty() {
        return Ok(None);
    }
    let inputs = concatenate(Axis(0), &all).map_err(Error::unusable)?;
    let (count, _, rows, columns) = inputs.dim();
    let outputs = Array4::zeros((count, samples.training.outputs().dim().1, rows, columns));
    let pairs = FieldPairs::new(inputs, outputs).map_err(Error::failed)?;
    let pairs = match problem.periodic() {
        true => pairs.on_a_torus(),
        false => pairs,
    };
    Ok(Some(match samples.training.symmetry() {
        Some(symmetry) => pairs.with_symmetry(symmetry),
        None => pairs,
    }))
}

fn joined(first: &FieldPairs, second: &FieldPairs) -> Result<FieldPairs> {
    let both = |a: &Array4<f32>, b: &Array4<f32>| {
        concatenate(Axis(0), &[a.view(), b.view()]).map_err(Error::failed)
    };
    let inputs = both(first.inputs(), second.inputs())?;
    let outputs = both(first.outputs(), second.outputs())?;
    first.with_samples(inputs, outputs).map_err(Error::failed)
}

/// The operator on the first samples of a test set as it is and refined on each, with the seconds that
/// took.
///
/// # Errors
/// A residual that is not of the operator's fields, or not finite.
pub fn refined(
    settings: &Settings,
    how: Refine,
    name: &str,
    operator: &FieldOperator,
    test: &TestSet,
) -> Result<Vec<Judged>> {
    let equation = settings.problem().law().map_err(Error::unusable)?;
    let (grid, config) = (test.samples.grid(), residual_config(settings));
    let periodic = test.samples.periodic();
    let residual = FieldResidual::of_operator(operator, &equation, grid, periodic, &config)
        .map_err(Error::unusable)?;
    let count = how.samples.min(test.samples.len());
    let first = |fields: &Array4<f32>| {
        let slice = Slice::from(0..count);
        fields.slice_axis(Axis(0), slice).to_owned()
    };
    let (inputs, truth) = (first(test.samples.inputs()), first(test.samples.outputs()));
    let before = operator.predict(&inputs).map_err(Error::failed)?;
    let how = Refinement {
        steps: how.steps,
        learning_rate: how.learning_rate,
    };
    let mut outputs = Vec::new();
    let mut times = Vec::new();
    for index in 0..count {
        let started = Instant::now();
        let input = inputs.select(Axis(0), &[index]);
        let found = refine(operator, &residual, &input, how).map_err(Error::failed)?;
        times.push(started.elapsed().as_secs_f64());
        outputs.push(found.outputs);
    }
    times.sort_by(f64::total_cmp);
    let views: Vec<_> = outputs.iter().map(|o| o.view()).collect();
    let outputs = concatenate(Axis(0), &views).map_err(Error::failed)?;
    let on = format!("{name} on {count} samples");
    Ok(vec![
        Judged::of(&on, before, &truth, None),
        Judged::of(
            &format!("{on}, refined"),
            outputs,
            &truth,
            Some(times[count / 2]),
        ),
    ])
}
