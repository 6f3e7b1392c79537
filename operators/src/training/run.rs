//! What a training run is asked, and what it gives.

use super::parallel::DataParallel;
use serde::{Deserialize, Serialize};
use std::sync::atomic::AtomicBool;

/// How a run behaves on this machine; nothing here changes its numbers beyond rounding.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions<'a> {
    /// No progress bar. There is none either when standard error is not a terminal.
    pub quiet: bool,
    /// Continue from the folder's checkpoint if it holds one, else start anew.
    pub resume: bool,
    /// Ends the run at the next step, with a checkpoint, when set from outside.
    pub stop: Option<&'a AtomicBool>,
    /// The processes that train together, all with the same task, configuration and options. The
    /// sums of their gradients are rounded otherwise than one process's.
    pub ranks: Option<&'a DataParallel>,
}

/// What was trained, and how it got there.
#[derive(Debug)]
pub struct Fitted<M> {
    /// The network with its final weights, without autodiff, or what holds it.
    pub model: M,
    /// The run.
    pub facts: TrainingFacts,
}

impl<M> Fitted<M> {
    /// The same run of what `f` makes of the model.
    pub fn map<N>(self, f: impl FnOnce(M) -> N) -> Fitted<N> {
        Fitted {
            model: f(self.model),
            facts: self.facts,
        }
    }
}

/// How a training run went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingFacts {
    /// Optimiser steps.
    pub steps: u64,
    /// Wall time of training, over all resumed parts, in seconds.
    pub seconds: f64,
    /// Seconds of it that the optimiser waited for data.
    pub waited: f64,
    /// Mean loss of the last epoch.
    pub train_loss: f64,
    /// Validation loss of the weights returned.
    pub validation_loss: Option<f64>,
    /// `false` when stopped from outside.
    #[serde(skip)]
    pub finished: bool,
}
