//! The residual as a term of the training loss, and the inputs without labels that it sees.

use super::{Batch, Pairs};
use crate::error::{Error, Result};
use crate::field::operator::per_channel;
use crate::field::resolution::Resolution;
use crate::field::{FieldEquation, FieldOperator, FieldResidual, FieldSamples};
use crate::network::Network;
use crate::training::{ResidualConfig, Stage, full};
use burn::tensor::{DType, Device, Tensor, TensorData};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::sync::{Mutex, PoisonError};

/// What a residual loss needs beside labelled samples.
#[derive(Clone, Copy)]
pub struct Physics<'a> {
    /// What the fields obey.
    pub equation: FieldEquation,
    /// Samples of whom only the inputs are looked at.
    pub unlabelled: Option<&'a dyn FieldSamples>,
}

/// The residual's part of the loss.
pub(super) struct ResidualTerm<'a> {
    pub config: &'a ResidualConfig,
    pub equation: FieldEquation,
    pub unlabelled: Option<&'a dyn FieldSamples>,
    /// Where it is not the grid of the batch.
    pub own_grid: Option<Resolution>,
    /// On its own grid, or on all of the batches'.
    residuals: Vec<FieldResidual>,
    /// Sums over all batches of the loss of the labels and of the residual's: what once left the
    /// numbers stays outside, and no device is waited for.
    sums: Mutex<[Option<Tensor<1>>; 2]>,
}

impl<'a> ResidualTerm<'a> {
    pub fn new(
        config: &'a ResidualConfig,
        operator: &FieldOperator,
        data: &dyn FieldSamples,
        physics: Option<Physics<'a>>,
        grids: &[Resolution],
    ) -> Result<Self> {
        let Some(Physics {
            equation,
            unlabelled,
        }) = physics
        else {
            let expected = "none: the physics of these fields has none as a loss";
            return Err(Error::config("residual", expected, config.weight));
        };
        let found = unlabelled.map_or(0, |samples| samples.len());
        if found < config.unlabelled {
            let expected = format!("at most {found}, the inputs there are");
            let key = "residual.unlabelled";
            return Err(Error::config(key, expected, config.unlabelled));
        }
        let [_, _, rows, columns] = data.shape();
        let periodic = data.periodic();
        let own_grid = config
            .points
            .map(|points| Resolution::new([rows, columns], points, periodic))
            .transpose()?;
        let on: Vec<&Resolution> = match &own_grid {
            Some(own) => vec![own],
            None => grids.iter().collect(),
        };
        let residuals = on.into_iter().map(|grid| {
            FieldResidual::of_operator(operator, &equation, grid.size(), periodic, config)
        });
        Ok(Self {
            config,
            equation,
            unlabelled,
            residuals: residuals.collect::<Result<_>>()?,
            own_grid,
            sums: Mutex::default(),
        })
    }

    /// So many unlabelled inputs, physical and in their symmetries; none where there are none.
    pub fn draw(&self, count: usize, rng: &mut ChaCha8Rng) -> Result<Vec<f32>> {
        let mut inputs = Vec::new();
        let Some(samples) = self.unlabelled.filter(|samples| !samples.is_empty()) else {
            return Ok(inputs);
        };
        let [channels, outputs, rows, columns] = samples.shape();
        let mut input = vec![0.0; channels * rows * columns];
        let mut ignored = vec![0.0; outputs * rows * columns];
        for _ in 0..count {
            let index = rng.random_range(0..samples.len());
            samples.read(index, Some(rng), &mut input, &mut ignored)?;
            inputs.extend_from_slice(&input);
        }
        Ok(inputs)
    }

    fn remember(&self, data: Option<&Tensor<1>>, residual: &Tensor<1>) {
        let mut sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        for (sum, value) in sums.iter_mut().zip([data, Some(residual)]) {
            let Some(value) = value else { continue };
            let value = match value.is_autodiff() {
                true => value.clone().inner(),
                false => value.clone(),
            };
            *sum = Some(match sum.take() {
                Some(sum) => sum + value,
                None => value,
            });
        }
    }

    pub fn term_not_finite(&self) -> &'static str {
        let sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        let [data, residual] = sums.each_ref().map(|sum| {
            let value = sum.as_ref().map(|sum| sum.clone().into_scalar::<f64>());
            value.is_none_or(f64::is_finite)
        });
        match (data, residual) {
            (true, false) => "residual loss",
            _ => "loss",
        }
    }
}

impl Pairs<'_> {
    /// The loss of the labels and the residual's, of `further` inputs too.
    pub(super) fn with_residual(
        &self,
        network: &Network,
        batch: Batch,
        term: &ResidualTerm,
        further: Vec<f32>,
        stage: &Stage,
        device: &Device,
    ) -> Tensor<1> {
        let (grid, training) = (batch.grid, batch.training);
        let loss = &self.grids[grid].1;
        let on = term.own_grid.as_ref().unwrap_or(&self.grids[grid].0);
        let limited = network.limited(stage.modes);
        let network = limited.as_ref().unwrap_or(network);
        let forward = |input: &Tensor<4>| {
            let output = full(network.forward(self.rounded(input.clone())));
            let shift = self.shift(&output);
            output + shift
        };
        let (input, mut targets) = self.tensors(batch, device);
        let mut states = Vec::new();
        let mut data = None;
        if term.config.labels || term.own_grid.is_none() {
            let prediction = forward(&input);
            if term.config.labels {
                data = Some(loss.forward(prediction.clone(), targets.remove(0)));
            }
            if term.own_grid.is_none() {
                states.push((input, prediction));
            }
        }
        if !further.is_empty() {
            let [rows, columns] = on.size();
            let shape = [further.len() / (rows * columns), 1, rows, columns];
            let data = TensorData::new(further, shape);
            let input = Tensor::<4>::from_data(data, (device, DType::F32));
            let prediction = forward(&input);
            states.push((input, prediction));
        }
        let (inputs, outputs): (Vec<_>, Vec<_>) = states.into_iter().unzip();
        let (inputs, outputs) = (Tensor::cat(inputs, 0), Tensor::cat(outputs, 0));
        let n = &self.operator.config().normalisation;
        let inputs = inputs.clone() * per_channel(n.input_std.clone(), &inputs)
            + per_channel(n.input_mean.clone(), &inputs);
        let outputs = outputs.clone() * per_channel(n.output_std.clone(), &outputs);
        let residual = term.residuals[if term.own_grid.is_some() { 0 } else { grid }]
            .losses(inputs, outputs)
            .expect("checked: the fields are a trajectory on the grid")
            .mean();
        if training {
            term.remember(data.as_ref(), &residual);
        }
        let residual = residual * term.config.weight;
        match data {
            Some(data) => data + residual,
            None => residual,
        }
    }
}
