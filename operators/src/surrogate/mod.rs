//! A trained step of an equation: network, normalisation, channels, grid and time step.
//!
//! States are physical (SI) on the outside. Inside every channel has mean 0 and deviation 1, and
//! with [`Predict::Tendency`] the network gives the change over one step in units of its own mean
//! and deviation, so that doing nothing is where learning starts from.

use crate::buffers::matrix;
use crate::error::{Error, Result};
use crate::fno::append_channels;
use crate::network::{Network, NetworkConfig};
use crate::training::Windows;
use burn::module::Module;
use burn::tensor::{DType, Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

mod domain;
mod normalisation;
mod storage;

pub use domain::{Domain, Region};
pub use normalisation::Normalisation;

/// What the network's output means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Predict {
    /// The normalised change over one step.
    #[default]
    Tendency,
    /// The normalised next state.
    State,
}

/// A surrogate of one time step.
#[derive(Clone, Debug)]
pub struct Surrogate {
    network: Network,
    config: SurrogateConfig,
    domain: Domain,
    /// `[1, S, nlat, nlon]`
    statics: Option<Tensor<4>>,
    /// 1 where a channel has values and 0 where it never has, `[1, C, nlat, nlon]`.
    mask: Option<Tensor<4>>,
}

/// All of a surrogate but its weights and static fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurrogateConfig {
    /// The network.
    pub network: NetworkConfig,
    /// Names of the channels of a state, in order.
    pub channels: Vec<String>,
    /// Names of the constant input fields, in order.
    #[serde(default)]
    pub static_channels: Vec<String>,
    /// Names of the input fields that change with time and are known beforehand, in order.
    #[serde(default)]
    pub forcings: Vec<String>,
    /// What each channel counts in the loss; equally much when empty.
    #[serde(default)]
    pub channel_weights: Vec<f64>,
    /// Normalisation of the channels of a state.
    pub normalisation: Normalisation,
    /// Time that one step advances, in seconds.
    pub time_step: f64,
    /// What the network's output means.
    #[serde(default)]
    pub predict: Predict,
}

impl Surrogate {
    /// An untrained surrogate on `grid`, with constant input fields `statics` `[S][nlat][nlon]`
    /// (already of order 1, e.g. sin(latitude), orography over its maximum).
    ///
    /// # Errors
    /// When sizes disagree or the network's configuration is refused.
    pub fn new(
        mut config: SurrogateConfig,
        domain: impl Into<Domain>,
        statics: &[f32],
        device: &Device,
    ) -> Result<Self> {
        let domain = domain.into();
        let channels = config.channels.len();
        config.normalisation.check(channels)?;
        let weights = config.channel_weights.len();
        if ![0, channels].contains(&weights) {
            let expected = format!("none or {channels} values");
            return Err(Error::config("channel_weights", expected, weights));
        }
        let inputs = channels + config.static_channels.len() + config.forcings.len();
        config.network = config.network.with_channels(inputs, channels);
        if let (NetworkConfig::Stepping(_), Predict::Tendency) = (&config.network, config.predict) {
            let expected = "`state`: a stepping network gives the next state itself";
            return Err(Error::config("predict", expected, "`tendency`"));
        }
        if matches!(config.network, NetworkConfig::Stepping(_)) && !config.forcings.is_empty() {
            let expected = "none: a stepping network has its inputs as sources";
            return Err(Error::config("forcings", expected, config.forcings.len()));
        }
        let network = domain.network(&config.network, device)?;
        let statics = static_fields(&config, &domain, statics, device)?;
        Ok(Self {
            network,
            config,
            domain,
            statics,
            mask: None,
        })
    }

    /// The same with channels that have no values where `mask` `[C][nlat][nlon]` is 0, such as the
    /// temperature of the sea over land: there states are the channel's mean, and nothing is learned.
    ///
    /// # Errors
    /// When the mask has another size.
    pub fn masked(mut self, mask: &[f32]) -> Result<Self> {
        let [nlat, nlon] = self.domain.shape();
        let shape = [1, self.config.channels.len(), nlat, nlon];
        self.mask = Some(constant("mask", mask, shape, &self.device())?);
        Ok(self)
    }

    /// The mask `[C][nlat][nlon]`, where there is one.
    pub fn mask(&self) -> Option<Vec<f32>> {
        let values = self.mask.clone()?.into_data_as::<f32>().try_into_vec();
        values.ok()
    }

    /// Everything but the weights.
    pub fn config(&self) -> &SurrogateConfig {
        &self.config
    }

    /// Where the states are.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The same surrogate with other weights.
    pub fn with_network(&self, network: Network) -> Self {
        Self {
            network,
            ..self.clone()
        }
    }

    /// Fits what the network wants to know of its inputs before training, from the first states of
    /// up to 200 windows spread over the data. Nothing happens when it wants nothing or was fitted.
    ///
    /// # Errors
    /// When reading fails or the states have another shape.
    pub fn fitted(self, data: &dyn Windows) -> Result<Self> {
        if !self.network.wants_fit() {
            return Ok(self);
        }
        let [channels, nlat, nlon] = data.state_shape();
        let size = channels * nlat * nlon;
        let samples = data.len().min(200);
        let mut states = Vec::with_capacity(samples * size);
        let mut window = vec![0.0f32; 2 * size];
        for sample in 0..samples {
            data.read(sample * data.len() / samples, 1, &mut window)?;
            states.extend_from_slice(&window[..size]);
        }
        let data = TensorData::new(states, [samples, channels, nlat, nlon]);
        let mut inputs = self.normalise(Tensor::from_data(data, &self.device()));
        if let Some(statics) = &self.statics {
            inputs = append_channels(inputs, statics);
        }
        let network = self.network.clone().fit(inputs)?;
        Ok(self.with_network(network))
    }

    /// The device of the weights, without autodiff.
    pub fn device(&self) -> Device {
        self.network
            .devices()
            .into_iter()
            .next()
            .unwrap_or_else(Device::flex)
            .without_autodiff()
    }

    /// The surrogate on another grid, with its constant fields there. A mask does not go with it.
    ///
    /// # Errors
    /// When the network or the constant fields do not fit the grid.
    pub fn at_grid(&self, domain: impl Into<Domain>, statics: &[f32]) -> Result<Self> {
        let domain = domain.into();
        Ok(Self {
            network: domain.adapt(&self.network)?,
            config: self.config.clone(),
            statics: static_fields(&self.config, &domain, statics, &self.device())?,
            domain,
            mask: None,
        })
    }

    /// One step of a physical state `[B, C, nlat, nlon]`, in SI units.
    pub fn step(&self, state: Tensor<4>) -> Tensor<4> {
        self.denormalise(self.step_normalised(self.normalise(state), None))
    }

    /// `steps` steps from a physical state; returns the states after 1, 2, ... steps.
    pub fn roll_out(&self, state: Tensor<4>, steps: usize) -> Vec<Tensor<4>> {
        let mut x = self.normalise(state);
        let mut states = Vec::with_capacity(steps);
        for _ in 0..steps {
            x = self.step_normalised(x, None);
            states.push(self.denormalise(x.clone()));
        }
        states
    }

    /// One step of a single state given and returned as plain values
    /// `[channel][latitude][longitude]`, in SI units, for callers without tensors.
    ///
    /// # Errors
    /// When the number of values is not that of the grid and channels.
    pub fn step_values(&self, state: &[f32]) -> Result<Vec<f32>> {
        self.step_forced(state, &[])
    }

    /// One step of states `[state][channel][latitude][longitude]` in SI units, with the forcings
    /// `[state][forcing][latitude][longitude]` at their times.
    ///
    /// # Errors
    /// When the numbers of values do not fit the grid, the channels and one another.
    pub fn step_forced(&self, states: &[f32], forcings: &[f32]) -> Result<Vec<f32>> {
        let [nlat, nlon] = self.domain.shape();
        let (points, channels) = (nlat * nlon, self.config.channels.len());
        let batch = (states.len() / (channels * points)).max(1);
        let device = self.device();
        let tensor = |name: &str, values: &[f32], channels: usize| {
            let shape = [batch, channels, nlat, nlon];
            match values.len() == shape.iter().product::<usize>() {
                true => Ok(Tensor::from_data(
                    TensorData::new(values.to_vec(), shape),
                    &device,
                )),
                false => Err(Error::TensorShape {
                    tensor: name.into(),
                    expected: shape.to_vec(),
                    found: vec![values.len()],
                }),
            }
        };
        let state = tensor("state", states, channels)?;
        let count = self.config.forcings.len();
        let forcings = match count + forcings.len() {
            0 => None,
            _ => Some(tensor("forcings", forcings, count)?),
        };
        let next = self.denormalise(self.step_normalised(self.normalise(state), forcings));
        let values = next.into_data_as::<f32>().try_into_vec();
        Ok(values.unwrap_or_default())
    }

    /// `steps` steps of many states `[channel][latitude][longitude]` at once, in SI units, for callers
    /// without tensors: `[state][step]`, values as in [`Self::step_values`].
    ///
    /// # Errors
    /// When the number of values is not that of the grid and channels.
    pub fn roll_out_values(&self, states: &[Vec<f32>], steps: usize) -> Result<Vec<Vec<Vec<f32>>>> {
        let shape = [
            states.len(),
            self.config.channels.len(),
            self.domain.shape()[0],
            self.domain.shape()[1],
        ];
        let size: usize = shape[1..].iter().product();
        if let Some(wrong) = states.iter().find(|state| state.len() != size) {
            return Err(Error::TensorShape {
                tensor: "state".into(),
                expected: shape[1..].to_vec(),
                found: vec![wrong.len()],
            });
        }
        let start = Tensor::from_data(TensorData::new(states.concat(), shape), &self.device());
        let mut all = vec![Vec::with_capacity(steps); states.len()];
        for state in self.roll_out(start, steps) {
            let values: Vec<f32> = state
                .into_data_as::<f32>()
                .try_into_vec()
                .unwrap_or_default();
            for (own, values) in all.iter_mut().zip(values.chunks(size)) {
                own.push(values.to_vec());
            }
        }
        Ok(all)
    }

    /// `(state - mean) / std`.
    pub fn normalise(&self, state: Tensor<4>) -> Tensor<4> {
        let [mean, std] = [
            &self.config.normalisation.mean,
            &self.config.normalisation.std,
        ]
        .map(|v| per_channel(v, &state));
        (state - mean) / std
    }

    /// `mean + std x`.
    pub fn denormalise(&self, x: Tensor<4>) -> Tensor<4> {
        let [mean, std] = [
            &self.config.normalisation.mean,
            &self.config.normalisation.std,
        ]
        .map(|v| per_channel(v, &x));
        x * std + mean
    }

    /// One step of a normalised state, with the forcings `[B, F, nlat, nlon]` at its time.
    pub fn step_normalised(&self, x: Tensor<4>, forcings: Option<Tensor<4>>) -> Tensor<4> {
        let mut input = match &self.statics {
            Some(statics) => append_channels(x.clone(), statics),
            None => x.clone(),
        };
        if let Some(forcings) = forcings {
            input = Tensor::cat(vec![input, forcings], 1);
        }
        let output = self.network.forward(input);
        let next = match self.config.predict {
            Predict::State => output,
            Predict::Tendency => {
                let n = &self.config.normalisation;
                let ratio =
                    |a: &[f64]| a.iter().zip(&n.std).map(|(a, s)| a / s).collect::<Vec<_>>();
                let scale = per_channel(&ratio(&n.difference_std), &x);
                let shift = per_channel(&ratio(&n.difference_mean), &x);
                output * scale + (x + shift)
            }
        };
        match &self.mask {
            Some(mask) if next.is_autodiff() => next * mask.clone().autodiff(),
            Some(mask) => next * mask.clone(),
            None => next,
        }
    }
}

fn per_channel(values: &[f64], like: &Tensor<4>) -> Tensor<4> {
    matrix(
        values.to_vec(),
        [1, values.len(), 1, 1],
        &like.device(),
        like.dtype(),
    )
}

fn static_fields(
    config: &SurrogateConfig,
    domain: &Domain,
    values: &[f32],
    device: &Device,
) -> Result<Option<Tensor<4>>> {
    let [nlat, nlon] = domain.shape();
    let count = config.static_channels.len();
    let name = format!("static fields {:?}", config.static_channels);
    let fields = constant(&name, values, [1, count, nlat, nlon], device)?;
    Ok((count > 0).then_some(fields))
}

fn constant(name: &str, values: &[f32], shape: [usize; 4], device: &Device) -> Result<Tensor<4>> {
    if values.len() != shape.iter().product::<usize>() {
        return Err(Error::TensorShape {
            tensor: name.into(),
            expected: shape[1..].to_vec(),
            found: vec![values.len()],
        });
    }
    let values = values.iter().map(|&v| f64::from(v)).collect();
    Ok(matrix(values, shape, device, DType::F32))
}

#[cfg(test)]
mod tests;
