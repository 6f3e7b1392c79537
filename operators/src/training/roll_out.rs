//! Training of surrogates of a time step on windows of trajectories.

use super::config::{Precision, Stage, TrainingConfig};
use super::run::{Fitted, RunOptions};
use super::task::{Part, Task};
use super::trainer;
use super::windows::Windows;
use crate::error::{Error, Result};
use crate::loss::GridLoss;
use crate::network::Network;
use crate::surrogate::Surrogate;
use burn::module::Module;
use burn::tensor::{DType, Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use std::path::Path;

/// Trains a surrogate and writes `metrics.jsonl` and `checkpoint.safetensors` into `folder`.
///
/// # Errors
/// When the configuration does not fit the data, reading or writing fails, or the loss or gradient
/// is not finite ([`Error::NotFinite`]; the last checkpoint stays).
pub fn train(
    surrogate: Surrogate,
    config: &TrainingConfig,
    data: &dyn Windows,
    validation: Option<&dyn Windows>,
    folder: &Path,
    options: RunOptions,
) -> Result<Fitted<Surrogate>> {
    config.check()?;
    check_ways(config)?;
    for windows in [Some(data), validation].into_iter().flatten() {
        check_windows(&surrogate, config, windows)?;
    }
    let device = surrogate.device();
    let mut loss = surrogate.domain().loss(config.loss, &device, DType::F32)?;
    if !surrogate.config().channel_weights.is_empty() {
        loss = loss.with_channel_weights(&surrogate.config().channel_weights)?;
    }
    let task = RollOut {
        loss,
        surrogate,
        data,
        validation,
    };
    let fitted = trainer::fit(&task, config, folder, options)?;
    Ok(fitted.map(|network| task.surrogate.with_network(network)))
}

/// Roll-outs from the first states of windows, compared with the states that follow.
struct RollOut<'a> {
    surrogate: Surrogate,
    loss: GridLoss,
    data: &'a dyn Windows,
    validation: Option<&'a dyn Windows>,
}

/// Normalised states of a batch: for each time `[B][C][H][W]`, and the forcings of each step
/// `[B][F][H][W]`.
struct Batch {
    states: Vec<Vec<f32>>,
    forcings: Vec<Vec<f32>>,
    size: usize,
}

impl Task for RollOut<'_> {
    type Network = Network;
    type Batch = Batch;

    fn network(&self) -> &Network {
        self.surrogate.network()
    }

    fn device(&self) -> Device {
        self.surrogate.device()
    }

    fn identity(&self) -> String {
        let [nlat, nlon] = self.surrogate.domain().shape();
        format!(
            "{} {nlat}x{nlon} {}",
            serde_json::to_string(self.surrogate.config()).unwrap_or_default(),
            self.data.len(),
        )
    }

    fn samples(&self, part: Part) -> usize {
        match part {
            Part::Training => self.data.len(),
            Part::Validation => self.validation.map_or(0, |windows| windows.len()),
        }
    }

    fn read(
        &self,
        part: Part,
        indices: &[usize],
        stage: &Stage,
        _rng: &mut ChaCha8Rng,
    ) -> Result<Batch> {
        let windows = match (part, self.validation) {
            (Part::Validation, Some(windows)) => windows,
            _ => self.data,
        };
        let normalisation = &self.surrogate.config().normalisation;
        let steps = stage.roll_out;
        let [channels, height, width] = windows.state_shape();
        let points = height * width;
        let size = channels * points;
        let mut window = vec![0.0f32; (steps + 1) * size];
        let mut states = vec![Vec::with_capacity(indices.len() * size); steps + 1];
        let forced = windows.forcings() * points;
        let mut forcing = vec![0.0f32; steps * forced];
        let mut forcings = match forced {
            0 => Vec::new(),
            _ => vec![Vec::with_capacity(indices.len() * forced); steps],
        };
        for &index in indices {
            windows.read(index, steps, &mut window)?;
            if forced > 0 {
                windows.read_forcings(index, steps, &mut forcing)?;
                for (fields, target) in forcing.chunks(forced).zip(&mut forcings) {
                    target.extend_from_slice(fields);
                }
            }
            for (state, target) in window.chunks(size).zip(&mut states) {
                for (channel, field) in state.chunks(points).enumerate() {
                    let (mean, std) = (normalisation.mean[channel], normalisation.std[channel]);
                    target.extend(field.iter().map(|&v| ((f64::from(v) - mean) / std) as f32));
                }
            }
        }
        Ok(Batch {
            states,
            forcings,
            size: indices.len(),
        })
    }

    /// Mean loss over the steps of a roll-out, or that of its last step alone.
    fn loss(&self, network: &Network, batch: Batch, stage: &Stage, device: &Device) -> Tensor<1> {
        let surrogate = self.surrogate.with_network(network.clone());
        let [nlat, nlon] = surrogate.domain().shape();
        let channels = surrogate.config().channels.len();
        let shape = [batch.size, channels, nlat, nlon];
        let forced = [batch.size, surrogate.config().forcings.len(), nlat, nlon];
        let mut forcings = batch.forcings.into_iter();
        let mut states = batch.states.into_iter().map(|values| {
            Tensor::<4>::from_data(TensorData::new(values, shape), (device, DType::F32))
        });
        let mut x = states
            .next()
            .unwrap_or_else(|| Tensor::zeros(shape, device));
        let mut losses = Vec::new();
        let before = surrogate.with_network(network.valid());
        for (step, target) in (1..).zip(states) {
            let forcing = forcings.next().map(|values| {
                Tensor::<4>::from_data(TensorData::new(values, forced), (device, DType::F32))
            });
            if stage.push_forward && step < stage.roll_out {
                x = before.step_normalised(x.inner(), forcing.map(Tensor::inner));
                continue;
            }
            x = surrogate.step_normalised(x, forcing);
            losses.push(self.loss.forward(x.clone(), target));
        }
        Tensor::cat(losses, 0).mean()
    }
}

/// Ways of training that operators of fields have, and time steppers of spheres have not.
fn check_ways(config: &TrainingConfig) -> Result<()> {
    let modes = config.stages.iter().any(|stage| stage.modes.is_some());
    for (key, asked) in [
        ("stages.modes", modes),
        ("resolutions", !config.resolutions.is_empty()),
        ("precision", config.precision != Precision::F32),
        ("checkpoint_activations", config.checkpoint_activations),
        ("residual", config.active_residual().is_some()),
    ] {
        if asked {
            let expected = "nothing: fields on a sphere are trained without it";
            return Err(Error::config(key, expected, "a value"));
        }
    }
    Ok(())
}

fn check_windows(
    surrogate: &Surrogate,
    config: &TrainingConfig,
    windows: &dyn Windows,
) -> Result<()> {
    let [nlat, nlon] = surrogate.domain().shape();
    let expected = [surrogate.config().channels.len(), nlat, nlon];
    if windows.state_shape() != expected {
        return Err(Error::TensorShape {
            tensor: "state of the training data".into(),
            expected: expected.to_vec(),
            found: windows.state_shape().to_vec(),
        });
    }
    let forcings = surrogate.config().forcings.len();
    if windows.forcings() != forcings {
        return Err(Error::config("forcings", windows.forcings(), forcings));
    }
    if windows.is_empty() {
        return Err(Error::Data(
            "expected at least one window, found none".into(),
        ));
    }
    let longest = config.stages.iter().map(|s| s.roll_out).max().unwrap_or(1);
    if longest > windows.steps() {
        let expected = format!("at most the {} steps of a window", windows.steps());
        return Err(Error::config("stages.roll_out", expected, longest));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
