//! What a training run is told.

use super::optimiser::AdamWConfig;
use crate::error::{Error, Result};
use crate::loss::LossKind;
use crate::residuals::TimeDifference;
use serde::{Deserialize, Serialize};

/// Configuration of a training run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingConfig {
    /// Stages in order; each starts its own warm-up and cosine.
    pub stages: Vec<Stage>,
    /// Samples per optimiser step.
    pub batch_size: usize,
    /// Parts that a batch is worked off in, one after the other: gradients add up, and memory is
    /// needed for one part at a time.
    pub accumulate: usize,
    /// Whether activations are forgotten in the forward pass and computed again, layer by layer, in
    /// the backward pass (Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016).
    pub checkpoint_activations: bool,
    /// In what numbers fields are kept between layers.
    pub precision: Precision,
    /// Numbers of points along the longest side that training fields are brought to, another for
    /// each batch; their own where this is empty. Fields that are not periodic are only thinned out.
    /// Validation is at the last of them.
    pub resolutions: Vec<usize>,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Share of a stage's steps in which the learning rate rises linearly from 0.
    pub warm_up: f64,
    /// Learning rate at the end of a stage, in units of its highest.
    pub final_learning_rate: f64,
    /// Decoupled weight decay of weights; biases are not decayed.
    pub weight_decay: f64,
    /// Bound of the global gradient norm; 0 for none.
    pub gradient_clip: f64,
    /// Decay of the moving average of the weights; 0 for none.
    pub ema_decay: f64,
    /// What is minimised.
    pub loss: LossKind,
    /// Seed of the weights and shuffles.
    pub seed: u64,
    /// Optimiser steps between checkpoints; 0 for one at the end of each epoch.
    pub checkpoint_interval: usize,
    /// Whether the weights with the best validation loss of the last stage are kept, not the last.
    pub keep_best: bool,
    /// The residual of the fields' equation as a further term of the loss; of operators of fields alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub residual: Option<ResidualConfig>,
}

/// A residual as a term of the loss (Li et al., Physics-Informed Neural Operator for Learning Partial
/// Differential Equations, arXiv 2111.03794, section 3.1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResidualConfig {
    /// What the residual counts beside the loss of the labels; 0 for no residual.
    pub weight: f64,
    /// Further inputs that have no labels. Each part of a batch has as many of them, drawn anew, as it
    /// has labelled ones.
    pub unlabelled: usize,
    /// Whether labels are looked at; without them the residual is all of the loss, in validation too.
    pub labels: bool,
    /// Points along the longest side of the grid that outputs are asked for and have their residual on,
    /// no fewer than in training; that of the batch where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<usize>,
    /// Its form in time.
    pub form: ResidualForm,
    /// Order of the difference or the integral in time.
    pub difference: TimeDifference,
}

/// In what form an equation `dq/dt = f(q)` is asked to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResidualForm {
    /// `dq/dt - f(q)`, which counts an error the more the faster it changes from state to state, though
    /// it be gone by the next.
    Differential,
    /// `q(t) - q(0)` less the integral of `f(q)`: what the differential form adds up to, and of the size
    /// of the error itself.
    #[default]
    Integral,
}

impl Default for ResidualConfig {
    fn default() -> Self {
        Self {
            weight: 0.0,
            unlabelled: 0,
            labels: true,
            points: None,
            form: ResidualForm::default(),
            difference: TimeDifference::Fourth,
        }
    }
}

/// In what numbers fields are kept between layers. Weights, gradients of weights and arithmetic are
/// always f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 4 bytes a number.
    #[default]
    F32,
    /// 2 bytes a number, of 8 significant bits.
    Bf16,
}

/// A part of a training run with one roll-out length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stage {
    /// Steps that the network takes from each initial state.
    pub roll_out: usize,
    /// Passes over the data.
    pub epochs: usize,
    /// Highest learning rate of this stage; the run's when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Whether only the last step of a roll-out is judged and differentiated, so that the network
    /// learns to start from its own outputs (Brandstetter, Worrall and Welling, Message Passing
    /// Neural PDE Solvers, ICLR 2022, section 3.1).
    pub push_forward: bool,
    /// Most modes of the spectral layers along each dimension; all of the network's when absent.
    /// Stages of growing numbers train modes incrementally (George et al., Incremental Spatial and
    /// Spectral Learning of Neural Operators, TMLR 2024).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modes: Option<usize>,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            roll_out: 1,
            epochs: 20,
            learning_rate: None,
            push_forward: false,
            modes: None,
        }
    }
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            stages: vec![Stage::default()],
            batch_size: 4,
            accumulate: 1,
            checkpoint_activations: false,
            precision: Precision::F32,
            resolutions: Vec::new(),
            learning_rate: 2e-3,
            warm_up: 0.05,
            final_learning_rate: 0.01,
            weight_decay: 1e-4,
            gradient_clip: 1.0,
            ema_decay: 0.99,
            loss: LossKind::RelativeL2,
            seed: 0,
            checkpoint_interval: 0,
            keep_best: true,
            residual: None,
        }
    }
}

impl burn::config::Config for TrainingConfig {}

impl TrainingConfig {
    /// The residual, if it counts.
    pub fn active_residual(&self) -> Option<&ResidualConfig> {
        self.residual.as_ref().filter(|r| r.weight != 0.0)
    }

    /// Refuses values that no run can work with.
    pub fn check(&self) -> Result<()> {
        let check = |ok: bool, key: &str, expected: &str, found: f64| match ok {
            true => Ok(()),
            false => Err(Error::config(key, expected, found)),
        };
        if self.stages.is_empty() {
            return Err(Error::config("stages", "at least one stage", 0));
        }
        for (index, stage) in self.stages.iter().enumerate() {
            let key = |name| format!("stages[{index}].{name}");
            check(stage.roll_out > 0, &key("roll_out"), "at least 1", 0.0)?;
            check(stage.epochs > 0, &key("epochs"), "at least 1", 0.0)?;
            let rate = stage.learning_rate.unwrap_or(self.learning_rate);
            let ok = rate.is_finite() && rate > 0.0;
            check(ok, &key("learning_rate"), "a positive number", rate)?;
            check(stage.modes != Some(0), &key("modes"), "at least 1", 0.0)?;
            let ok = !stage.push_forward || stage.roll_out > 1;
            check(ok, &key("roll_out"), "2 or more with push_forward", 1.0)?;
        }
        check(self.batch_size > 0, "batch_size", "at least 1", 0.0)?;
        check(self.accumulate > 0, "accumulate", "at least 1", 0.0)?;
        let coarsest = self.resolutions.iter().copied().min().unwrap_or(4);
        check(
            coarsest >= 4,
            "resolutions",
            "at least 4 points",
            coarsest as f64,
        )?;
        check(
            (0.0..1.0).contains(&self.warm_up),
            "warm_up",
            "0 to below 1",
            self.warm_up,
        )?;
        if let Some(residual) = &self.residual {
            let weight = residual.weight;
            let ok = weight.is_finite() && weight >= 0.0;
            check(ok, "residual.weight", "0 or more", weight)?;
            let ok = residual.labels || weight > 0.0;
            check(ok, "residual.weight", "above 0 without labels", weight)?;
        }
        let rate = self.final_learning_rate;
        check(
            (0.0..=1.0).contains(&rate),
            "final_learning_rate",
            "0 to 1",
            rate,
        )?;
        let decay = self.weight_decay;
        check(
            decay.is_finite() && decay >= 0.0,
            "weight_decay",
            "0 or more",
            decay,
        )?;
        let clip = self.gradient_clip;
        check(
            clip.is_finite() && clip >= 0.0,
            "gradient_clip",
            "0 or more",
            clip,
        )?;
        check(
            (0.0..1.0).contains(&self.ema_decay),
            "ema_decay",
            "0 to below 1",
            self.ema_decay,
        )
    }

    /// Learning rate at `step` of the `steps` of a stage: linear warm-up, then half a cosine.
    pub fn learning_rate_at(&self, stage: &Stage, step: usize, steps: usize) -> f64 {
        let peak = stage.learning_rate.unwrap_or(self.learning_rate);
        let warm_up = (self.warm_up * steps as f64).ceil() as usize;
        if step < warm_up {
            return peak * (step + 1) as f64 / warm_up as f64;
        }
        let progress = (step - warm_up) as f64 / (steps - warm_up).max(1) as f64;
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
        peak * (self.final_learning_rate + (1.0 - self.final_learning_rate) * cosine)
    }

    pub(super) fn optimiser(&self) -> AdamWConfig {
        AdamWConfig {
            weight_decay: self.weight_decay,
            ..AdamWConfig::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_learning_rate_rises_then_falls() {
        let config = TrainingConfig::default();
        let stage = &config.stages[0];
        let rate = |step| config.learning_rate_at(stage, step, 100);
        assert!((rate(4) - 2e-3).abs() < 1e-15 && (rate(0) - 4e-4).abs() < 1e-15);
        assert!((5..100).all(|s| rate(s) <= rate(s - 1) + 1e-18));
        assert!(rate(99) < 3e-5 && rate(99) >= 2e-5);
    }

    #[test]
    fn wrong_values_are_named() {
        let config = TrainingConfig {
            batch_size: 0,
            ..Default::default()
        };
        assert!(
            config
                .check()
                .expect_err("refused")
                .to_string()
                .contains("`batch_size`")
        );
        let stage = Stage {
            roll_out: 0,
            ..Default::default()
        };
        let config = TrainingConfig {
            stages: vec![stage],
            ..Default::default()
        };
        assert!(
            config
                .check()
                .expect_err("refused")
                .to_string()
                .contains("`stages[0].roll_out`")
        );
        assert!(TrainingConfig::default().check().is_ok());
    }
}
