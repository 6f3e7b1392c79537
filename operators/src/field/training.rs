//! Training of an operator of fields.

mod term;

pub use term::Physics;

use super::operator::per_channel;
use super::resolution::Resolution;
use super::{FieldOperator, FieldSamples, SampleFacts};
use crate::error::{Error, Result};
use crate::loss::GridLoss;
use crate::network::Network;
use crate::training::{
    Fitted, Part, Precision, RunOptions, Stage, Task, TrainingConfig, fit, full,
    recomputed_gradients, share_of,
};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::path::Path;
use term::ResidualTerm;

/// Trains an operator and writes `metrics.jsonl` and `checkpoint.safetensors` into `folder`. The
/// loss is that of the physical outputs, each channel in units of its deviation. Training pairs are
/// drawn with their symmetries, validation pairs as they are. In roll-outs the first inputs are the
/// outputs of the step before; what other inputs there are stays.
///
/// # Errors
/// When the samples do not fit the operator or the configuration, reading or writing fails, or the
/// loss or gradient is not finite ([`Error::NotFinite`]; the last checkpoint stays).
pub fn train(
    operator: FieldOperator,
    config: &TrainingConfig,
    data: &dyn FieldSamples,
    validation: Option<&dyn FieldSamples>,
    folder: &Path,
    options: RunOptions,
) -> Result<Fitted<FieldOperator>> {
    train_with_residual(operator, config, data, validation, None, folder, options)
}

/// As [`train`], with the residual of the fields' equation as a further term of the loss where
/// `config.residual` has a weight: its mean over the inputs of a batch and as many unlabelled ones,
/// drawn anew for each batch ([`FieldResidual`](super::FieldResidual)). Without a weight every bit is that of [`train`].
///
/// # Errors
/// As [`train`], and where a residual is asked for that `physics` does not have, or of another equation
/// or grid than the fields; [`Error::NotFinite`] names the residual where it was the one to go.
pub fn train_with_residual(
    operator: FieldOperator,
    config: &TrainingConfig,
    data: &dyn FieldSamples,
    validation: Option<&dyn FieldSamples>,
    physics: Option<Physics>,
    folder: &Path,
    options: RunOptions,
) -> Result<Fitted<FieldOperator>> {
    let about = operator.config();
    let [_, _, rows, columns] = data.shape();
    let expected = [about.inputs.len(), about.outputs.len(), rows, columns];
    let unlabelled = physics.as_ref().and_then(|physics| physics.unlabelled);
    for samples in [Some(data), validation, unlabelled].into_iter().flatten() {
        if samples.shape() != expected {
            return Err(Error::TensorShape {
                tensor: "fields of the training data (inputs, outputs, rows, columns)".into(),
                expected: expected.to_vec(),
                found: samples.shape().to_vec(),
            });
        }
    }
    for samples in [Some(data), validation].into_iter().flatten() {
        SampleFacts::of(samples).check(&about.network, config)?;
    }
    let (size, periodic) = ([rows, columns], data.periodic());
    let mut grids = vec![Resolution::new(size, rows.max(columns), periodic)?];
    for points in &config.resolutions {
        grids.push(Resolution::new(size, *points, periodic)?);
    }
    let device = operator.device();
    let residual = match config.active_residual() {
        Some(wanted) => Some(ResidualTerm::new(wanted, &operator, data, physics, &grids)?),
        None => None,
    };
    let task = Pairs {
        grids: grids
            .into_iter()
            .map(|grid| {
                let loss =
                    GridLoss::uniform(config.loss, grid.size(), periodic, &device, DType::F32);
                (grid, loss)
            })
            .collect(),
        operator,
        config,
        data,
        validation,
        residual,
    };
    let fitted = fit(&task, config, folder, options)?;
    Ok(fitted.map(|network| task.operator.with_network(network)))
}

struct Pairs<'a> {
    operator: FieldOperator,
    config: &'a TrainingConfig,
    /// The grid of the samples, then those to train on.
    grids: Vec<(Resolution, GridLoss)>,
    data: &'a dyn FieldSamples,
    validation: Option<&'a dyn FieldSamples>,
    residual: Option<ResidualTerm<'a>>,
}

/// Normalised inputs, and outputs over their deviation, step by step: shifted they would have another
/// relative error.
struct Batch {
    inputs: Vec<f32>,
    outputs: Vec<Vec<f32>>,
    size: usize,
    /// Which of the grids.
    grid: usize,
    /// Normalised inputs on the grid of the residual, where it is wanted.
    residual: Option<Vec<f32>>,
    training: bool,
}

impl Pairs<'_> {
    /// Reads a sequence of `targets.len()` pairs that contains the pair `index`.
    fn read_sequence(
        &self,
        samples: &dyn FieldSamples,
        index: usize,
        symmetry: Option<&mut ChaCha8Rng>,
        input: &mut Vec<f32>,
        targets: &mut [Vec<f32>],
    ) -> Result<()> {
        let [inputs, outputs, rows, columns] = samples.shape();
        let points = rows * columns;
        let sequence = samples.sequence();
        // near the end of a sequence it is its last pairs
        let start = index - (index % sequence + targets.len()).saturating_sub(sequence);
        let mut first = vec![0.0; inputs * points];
        let mut before = vec![0.0; inputs * points];
        let generator = symmetry.as_deref().cloned();
        for (step, target) in targets.iter_mut().enumerate() {
            let mut output = vec![0.0; outputs * points];
            let from = if step == 0 { &mut first } else { &mut before };
            // all pairs of a sequence in the same symmetry
            let mut rng = generator.clone();
            samples.read(start + step, rng.as_mut(), from, &mut output)?;
            target.extend(output);
        }
        if let (Some(rng), Some(_)) = (symmetry, generator) {
            samples.read(
                start,
                Some(rng),
                &mut before,
                &mut vec![0.0; outputs * points],
            )?;
        }
        input.extend(first);
        Ok(())
    }

    /// What the next step sees of a prediction in units of the outputs' deviations.
    fn next_input(&self, prediction: Tensor<4>, input: Tensor<4>) -> Tensor<4> {
        let n = &self.operator.config().normalisation;
        let states = prediction.dims()[1];
        let ratio = |a: &[f64]| -> Vec<f64> {
            let pairs = a.iter().zip(&n.input_std).take(states);
            pairs.map(|(a, std)| a / std).collect()
        };
        let scale = per_channel(ratio(&n.output_std), &prediction);
        let shift = per_channel(ratio(&n.input_mean), &prediction);
        let next = prediction * scale - shift;
        let [_, inputs, ..] = input.dims();
        match inputs > states {
            true => {
                let constant = input.narrow(1, states, inputs - states);
                Tensor::cat(vec![next, constant], 1)
            }
            false => next,
        }
    }

    /// Input and targets as tensors.
    fn tensors(&self, batch: Batch, device: &Device) -> (Tensor<4>, Vec<Tensor<4>>) {
        let [inputs, outputs, ..] = self.data.shape();
        let [rows, columns] = self.grids[batch.grid].0.size();
        let tensor = |values: Vec<f32>, channels: usize| {
            let data = TensorData::new(values, [batch.size, channels, rows, columns]);
            Tensor::<4>::from_data(data, (device, DType::F32))
        };
        let targets = batch.outputs.into_iter().map(|t| tensor(t, outputs));
        (tensor(batch.inputs, inputs), targets.collect())
    }

    /// The mean of each output in units of its deviation, which the network leaves out.
    fn shift(&self, like: &Tensor<4>) -> Tensor<4> {
        let n = &self.operator.config().normalisation;
        let means = n.output_mean.iter().zip(&n.output_std);
        per_channel(means.map(|(mean, std)| mean / std).collect(), like)
    }

    /// In the numbers that fields are kept in.
    fn rounded(&self, x: Tensor<4>) -> Tensor<4> {
        match self.config.precision {
            Precision::F32 => x,
            Precision::Bf16 => x.cast(FloatDType::BF16),
        }
    }
}

impl Task for Pairs<'_> {
    type Network = Network;
    type Batch = Batch;

    fn network(&self) -> &Network {
        self.operator.network()
    }

    fn device(&self) -> Device {
        self.operator.device()
    }

    fn identity(&self) -> String {
        let [_, _, rows, columns] = self.data.shape();
        let config = serde_json::to_string(self.operator.config()).unwrap_or_default();
        let residual = self.residual.as_ref().map_or(String::new(), |term| {
            let further = term.unlabelled.map_or(0, |samples| samples.len());
            format!(" {:?} {further}", term.equation)
        });
        format!("{config} {rows}x{columns} {}{residual}", self.data.len())
    }

    fn samples(&self, part: Part) -> usize {
        match part {
            Part::Training => self.data.len(),
            Part::Validation => self.validation.map_or(0, |samples| samples.len()),
        }
    }

    fn read(
        &self,
        part: Part,
        indices: &[usize],
        stage: &Stage,
        rng: &mut ChaCha8Rng,
    ) -> Result<Batch> {
        let samples = match (part, self.validation) {
            (Part::Validation, Some(samples)) => samples,
            _ => self.data,
        };
        let [_, _, rows, columns] = samples.shape();
        let points = rows * columns;
        let training = part == Part::Training;
        let grid = match training && self.grids.len() > 1 {
            true => rng.random_range(1..self.grids.len()),
            // the last of those to train on, or that of the samples
            false => self.grids.len() - 1,
        };
        let mut inputs = Vec::new();
        let mut outputs = vec![Vec::new(); stage.roll_out];
        for &index in indices {
            let symmetry = training.then_some(&mut *rng);
            self.read_sequence(samples, index, symmetry, &mut inputs, &mut outputs)?;
        }
        let n = &self.operator.config().normalisation;
        let normalise = |inputs: &mut [f32]| {
            for (c, field) in inputs.chunks_mut(points).enumerate() {
                let c = c % n.input_std.len();
                scale(field, n.input_mean[c], n.input_std[c]);
            }
        };
        normalise(&mut inputs);
        for fields in &mut outputs {
            for (c, field) in fields.chunks_mut(points).enumerate() {
                scale(field, 0.0, n.output_std[c % n.output_std.len()]);
            }
        }
        let resolution = &self.grids[grid].0;
        let residual = match &self.residual {
            Some(term) if training || !term.config.labels => {
                let mut further = match term.own_grid {
                    Some(_) => inputs.clone(),
                    None => Vec::new(),
                };
                if training {
                    let mut drawn = term.draw(indices.len(), rng)?;
                    normalise(&mut drawn);
                    further.extend(drawn);
                }
                let on = term.own_grid.as_ref().unwrap_or(resolution);
                Some(on.apply(further))
            }
            _ => None,
        };
        Ok(Batch {
            residual,
            training,
            inputs: resolution.apply(inputs),
            outputs: outputs.into_iter().map(|o| resolution.apply(o)).collect(),
            size: indices.len(),
            grid,
        })
    }

    /// Mean loss over the steps of a roll-out, or that of its last step alone.
    fn loss(
        &self,
        network: &Network,
        mut batch: Batch,
        stage: &Stage,
        device: &Device,
    ) -> Tensor<1> {
        if let (Some(term), Some(further)) = (&self.residual, batch.residual.take()) {
            return self.with_residual(network, batch, term, further, stage, device);
        }
        let loss = &self.grids[batch.grid].1;
        let (mut input, targets) = self.tensors(batch, device);
        let limited = network.limited(stage.modes);
        let network = limited.as_ref().unwrap_or(network);
        let last = targets.len() - 1;
        let mut losses = Vec::new();
        for (step, target) in targets.into_iter().enumerate() {
            let unseen = stage.push_forward && step < last;
            let output = match unseen {
                // what the gradient does not see is a constant
                true => network.valid().forward(self.rounded(input.clone().inner())),
                false => network.forward(self.rounded(input.clone())),
            };
            let output = full(output);
            let prediction = output.clone() + self.shift(&output);
            if step < last {
                input = self.next_input(prediction.clone(), input);
            }
            if !unseen {
                losses.push(loss.forward(prediction, target));
            }
        }
        match losses.len() {
            1 => losses.remove(0),
            _ => Tensor::cat(losses, 0).mean(),
        }
    }

    fn term_not_finite(&self) -> &'static str {
        match &self.residual {
            Some(term) => term.term_not_finite(),
            None => "loss",
        }
    }

    /// With forgotten activations where that was asked for.
    fn gradients(
        &self,
        network: &Network,
        batch: Batch,
        stage: &Stage,
        share: f64,
        device: &Device,
    ) -> (Tensor<1>, GradientsParams) {
        if !self.config.checkpoint_activations {
            let loss = share_of(self.loss(network, batch, stage, device), share);
            let value = loss.clone().inner();
            return (value, GradientsParams::from_grads(loss.backward(), network));
        }
        let limited = network.limited(stage.modes);
        let network = limited.as_ref().unwrap_or(network);
        let loss = &self.grids[batch.grid].1;
        let (input, mut targets) = self.tensors(batch, &device.clone().without_autodiff());
        let target = targets.remove(0);
        let found = recomputed_gradients(network, self.rounded(input), |output| {
            let output = full(output);
            let prediction = output.clone() + self.shift(&output);
            share_of(loss.forward(prediction, target), share)
        });
        found.expect("checked: the network is a chain of parts")
    }
}

fn scale(field: &mut [f32], mean: f64, std: f64) {
    for value in field {
        *value = ((f64::from(*value) - mean) / std) as f32;
    }
}

#[cfg(test)]
mod tests;
