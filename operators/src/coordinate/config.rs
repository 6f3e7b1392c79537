//! What a training run is told.

use super::balance::Balance;
use super::sampling::Sampling;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// A method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Optimiser {
    /// Adam, with a learning rate that falls to a hundredth along half a cosine.
    Adam,
    /// L-BFGS with a line search; its memory begins anew every 50 steps.
    Lbfgs,
    /// Levenberg's and Marquardt's method.
    #[default]
    GaussNewton,
}

/// Steps of one method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stage {
    /// Method.
    pub optimiser: Optimiser,
    /// Steps, at most.
    pub steps: usize,
    /// Highest learning rate of Adam.
    pub learning_rate: f64,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            optimiser: Optimiser::GaussNewton,
            steps: 200,
            learning_rate: 2e-3,
        }
    }
}

/// Weights of points by what came before them in time: `exp(-tolerance sum of the losses of earlier
/// times)` (Wang, Sankaran and Perdikaris, Comput. Methods Appl. Mech. Eng. 421, 2024, eq. 3.8).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Causal {
    /// Slices of the time.
    pub slices: usize,
    /// Tolerances in order; the next once all weights exceed `reached`. After the last, none.
    pub tolerances: Vec<f64>,
    /// See `tolerances`.
    pub reached: f64,
}

impl Default for Causal {
    fn default() -> Self {
        Self {
            slices: 32,
            tolerances: vec![1e-2, 1e-1, 1.0, 10.0, 100.0],
            reached: 0.95,
        }
    }
}

/// Configuration of a training run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingConfig {
    /// Methods in order.
    pub stages: Vec<Stage>,
    /// Balancing of the terms.
    pub balance: Balance,
    /// Steps between updates of the balance.
    pub balance_interval: usize,
    /// Causal weighting, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causal: Option<Causal>,
    /// Choice of points.
    pub sampling: Sampling,
    /// Loss at which training ends.
    pub tolerance: f64,
    /// Seed of points and looks back.
    pub seed: u64,
    /// Steps between checkpoints.
    pub checkpoint_interval: usize,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            stages: vec![Stage::default()],
            balance: Balance::None,
            balance_interval: 10,
            causal: None,
            sampling: Sampling::default(),
            tolerance: 0.0,
            seed: 0,
            checkpoint_interval: 100,
        }
    }
}

impl TrainingConfig {
    /// Refuses values that no run can work with.
    ///
    /// # Errors
    /// With the key and what was expected.
    pub fn check(&self) -> Result<()> {
        if self.stages.is_empty() {
            return Err(Error::config("stages", "at least one stage", 0));
        }
        for (n, stage) in self.stages.iter().enumerate() {
            let rate = stage.learning_rate;
            if !(rate.is_finite() && rate > 0.0) {
                let key = format!("stages[{n}].learning_rate");
                return Err(Error::config(&key, "a positive number", rate));
            }
        }
        if self.balance_interval == 0 {
            return Err(Error::config("balance_interval", "at least 1", 0));
        }
        if self.checkpoint_interval == 0 {
            return Err(Error::config("checkpoint_interval", "at least 1", 0));
        }
        if let Some(causal) = &self.causal
            && causal.slices == 0
        {
            return Err(Error::config("causal.slices", "at least 1", 0));
        }
        if self.sampling.adaptive && self.sampling.candidates == 0 {
            return Err(Error::config("sampling.candidates", "at least 1", 0));
        }
        Ok(())
    }
}
