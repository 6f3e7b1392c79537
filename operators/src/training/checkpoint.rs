//! Everything that the next step of a training run depends on, in one safetensors file.

use super::optimiser::AdamW;
use crate::error::{Error, Result};
use crate::weights::{self, NamedTensors};
use burn::module::Module;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// Place of a run; sums as bits, so that a file changes nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Optimiser steps taken.
    pub step: u64,
    /// Epochs done.
    pub epoch: u64,
    /// Stage and, in it, epoch and batch of the next step.
    pub stage: usize,
    pub stage_epoch: usize,
    pub batch: usize,
    /// Sum of the losses of this epoch so far.
    pub loss_sum: u64,
    /// Best validation loss of this stage.
    pub best: u64,
    /// Training and validation loss of the last epoch.
    pub train_loss: u64,
    pub validation_loss: Option<u64>,
    /// Wall time of training so far, in seconds.
    pub seconds: f64,
    /// Seconds of it that the optimiser waited for data.
    #[serde(default)]
    pub waited: f64,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            step: 0,
            epoch: 0,
            stage: 0,
            stage_epoch: 0,
            batch: 0,
            loss_sum: 0,
            best: f64::INFINITY.to_bits(),
            train_loss: f64::NAN.to_bits(),
            validation_loss: None,
            seconds: 0.0,
            waited: 0.0,
        }
    }
}

/// A run's state.
pub(super) struct State<N> {
    pub progress: Progress,
    pub network: N,
    pub optimiser: AdamW,
    /// Weights of the best validation of this stage.
    pub best: Option<NamedTensors>,
}

const FIRST: &str = "first_moment/";
const SECOND: &str = "second_moment/";
const AVERAGE: &str = "average/";
const BEST: &str = "best/";
const WEIGHTS: &str = "weights/";

impl<N: Module> State<N> {
    /// Writes the state; `run` identifies the configuration that it belongs to.
    pub fn save(&self, file: &Path, run: &str) -> Result<()> {
        let mut tensors = NamedTensors::new();
        let mut slots = self.optimiser.slots.iter();
        weights::for_each(&self.network, |name, data| {
            let shape: Vec<usize> = data.shape().iter().copied().collect();
            let values = data.try_into_vec::<f32>().unwrap_or_default();
            tensors.insert(format!("{WEIGHTS}{name}"), (shape.clone(), values));
            if let Some(slot) = slots.next() {
                for (kind, values) in [
                    (FIRST, &slot.first),
                    (SECOND, &slot.second),
                    (AVERAGE, &slot.average),
                ] {
                    tensors.insert(format!("{kind}{name}"), (shape.clone(), values.to_vec()));
                }
            }
        });
        for (name, tensor) in self.best.iter().flatten() {
            tensors.insert(format!("{BEST}{name}"), tensor.clone());
        }
        let progress = serde_json::to_string(&self.progress)
            .map_err(|e| Error::io(file, std::io::Error::other(e)))?;
        let text = HashMap::from([
            ("progress".to_owned(), progress),
            ("run".to_owned(), run.to_owned()),
            ("time".to_owned(), self.optimiser.time.to_string()),
        ]);
        weights::write(file, &tensors, text)
    }

    /// Reads a state, the content of `file`, into a network and optimiser of the same shapes.
    ///
    /// # Errors
    /// When it is broken or belongs to another configuration than `run`.
    pub fn load(
        data: &[u8],
        file: &Path,
        run: &str,
        network: N,
        mut optimiser: AdamW,
    ) -> Result<Self> {
        let corrupt = |reason: String| Error::Corrupt {
            file: file.to_owned(),
            kind: "checkpoint",
            reason,
        };
        let (tensors, text) = weights::parse(data, file)?;
        let get = |key: &str| {
            text.get(key)
                .ok_or_else(|| corrupt(format!("`{key}` is missing")))
        };
        if get("run")? != run {
            return Err(corrupt(
                "it belongs to a run with another configuration; remove it or restore the configuration".into(),
            ));
        }
        let progress = serde_json::from_str(get("progress")?)
            .map_err(|e| corrupt(format!("progress: {e}")))?;
        optimiser.time = get("time")?
            .parse()
            .map_err(|e| corrupt(format!("time: {e}")))?;
        let group = |kind: &str| -> NamedTensors {
            let group = tensors.iter().filter_map(|(name, tensor)| {
                Some((name.strip_prefix(kind)?.to_owned(), tensor.clone()))
            });
            group.collect()
        };
        let mut names = Vec::new();
        weights::for_each(&network, |name, _| names.push(name.to_owned()));
        let network = weights::apply(network, &group(WEIGHTS), file)?;
        for (name, slot) in names.iter().zip(&mut optimiser.slots) {
            for (kind, values) in [
                (FIRST, &mut slot.first),
                (SECOND, &mut slot.second),
                (AVERAGE, &mut slot.average),
            ] {
                match tensors.get(&format!("{kind}{name}")) {
                    Some((_, stored)) if stored.len() == values.len() => {
                        *values = stored.clone().into();
                    }
                    _ => return Err(corrupt(format!("`{kind}{name}` is missing"))),
                }
            }
        }
        let best = Some(group(BEST)).filter(|best| !best.is_empty());
        Ok(Self {
            progress,
            network,
            optimiser,
            best,
        })
    }

    /// The network with the averaged weights, for validation and use.
    pub fn averaged(&self, file: &Path) -> Result<N> {
        let mut tensors = NamedTensors::new();
        let mut slots = self.optimiser.slots.iter();
        weights::for_each(&self.network, |name, data| {
            let shape = data.shape().iter().copied().collect();
            if let Some(slot) = slots.next() {
                tensors.insert(name.to_owned(), (shape, slot.average.to_vec()));
            }
        });
        weights::apply(self.network.clone(), &tensors, file)
    }
}
