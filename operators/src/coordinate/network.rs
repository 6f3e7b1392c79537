//! Networks of coordinates: their layers, whose weights are kept as one vector.

use super::features::{Features, Fourier, Periodic};
use super::jet::Jet;
use super::problem::Domain;
use crate::error::{Error, Result};
use crate::kernels::jets::{Activation, JetOrder};
use burn::tensor::{DType, Device, Tensor, TensorData};
use rand::SeedableRng;
use rand::distr::Uniform;
use rand::prelude::Distribution;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Configuration of a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// Channels of the hidden layers.
    pub hidden: usize,
    /// Number of hidden layers.
    pub layers: usize,
    /// Activation; `sine` makes it a network of sines (Sitzmann et al., NeurIPS 2020).
    #[serde(with = "activation_name")]
    pub activation: Activation,
    /// Factor of the normalised coordinates in the first layer: the highest frequencies that the
    /// network begins with.
    pub input_scale: f64,
    /// Whether two gates mix every layer's output (modified MLP: Wang, Teng and Perdikaris, SIAM J.
    /// Sci. Comput. 43, 2021, eq. 37 to 42).
    pub gated: bool,
    /// Whether weights are `exp(s) V`, a factor for each neuron (random weight factorisation: Wang
    /// et al. 2022, arXiv 2210.01274).
    pub factorised: bool,
    /// Random Fourier features (Tancik et al., NeurIPS 2020).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fourier: Option<Fourier>,
    /// Coordinates in which the function is exactly periodic (Dong and Ni, J. Comput. Phys. 435,
    /// 2021).
    pub periodic: Vec<Periodic>,
    /// Seed of the first weights.
    pub seed: u64,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            hidden: 32,
            layers: 4,
            activation: Activation::Tanh,
            input_scale: 1.0,
            gated: false,
            factorised: false,
            fourier: None,
            periodic: Vec::new(),
            seed: 0,
        }
    }
}

mod activation_name {
    use super::Activation;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &Activation, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(match value {
            Activation::Identity => "identity",
            Activation::Tanh => "tanh",
            Activation::Sine => "sine",
        })
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Activation, D::Error> {
        match String::deserialize(from)?.as_str() {
            "tanh" => Ok(Activation::Tanh),
            "sine" => Ok(Activation::Sine),
            other => Err(D::Error::custom(format!(
                "expected activation `tanh` or `sine`, found `{other}`"
            ))),
        }
    }
}

/// A layer's places in the vector of weights: matrix `[I, O]` row by row, factors, bias.
#[derive(Clone, Debug)]
pub(super) struct Dense {
    pub inputs: usize,
    pub outputs: usize,
    pub weight: Range<usize>,
    pub factor: Option<Range<usize>>,
    pub bias: Range<usize>,
}

/// The shape of a network on a domain; its weights are a vector beside it.
#[derive(Clone, Debug)]
pub struct Network {
    order: JetOrder,
    activation: Activation,
    gated: bool,
    /// Two gates where there are any, hidden layers, output layer.
    pub(super) layers: Vec<Dense>,
    hidden: usize,
    parameters: usize,
    features: Features,
    device: Device,
}

/// The weights of all layers as tensors.
pub(super) struct Weights {
    pub layers: Vec<(Tensor<2>, Tensor<1>)>,
    /// What they are made of, where gradients are asked for: matrix, factors, bias.
    pub leaves: Vec<(Tensor<2>, Option<Tensor<2>>, Tensor<1>)>,
}

/// What a pass hands to each layer in their order: input jets, sum before the activation.
pub(super) type Tap<'a> = &'a mut dyn FnMut(&Jet, Tensor<3>) -> Tensor<3>;

impl NetworkConfig {
    /// The network of `outputs` functions on a domain, and its first weights.
    ///
    /// # Errors
    /// When a number is out of its range.
    pub fn init(
        &self,
        domain: &Domain,
        order: JetOrder,
        outputs: usize,
        device: &Device,
    ) -> Result<(Network, Vec<f64>)> {
        for (key, value) in [("hidden", self.hidden), ("layers", self.layers)] {
            if value == 0 {
                return Err(Error::config(key, "at least 1", value));
            }
        }
        if !self.input_scale.is_finite() || self.input_scale <= 0.0 {
            let found = self.input_scale;
            return Err(Error::config("input_scale", "a positive number", found));
        }
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let waves = (self.fourier.as_ref(), &self.periodic[..]);
        let described = Features::new(domain, waves, &mut random)?;
        let features = described.count();
        let mut layers = Vec::new();
        let mut parameters = 0;
        let mut layer = |inputs: usize, outputs: usize, factorised: bool| {
            let mut take = |count: usize| {
                parameters += count;
                parameters - count..parameters
            };
            layers.push(Dense {
                inputs,
                outputs,
                weight: take(inputs * outputs),
                factor: factorised.then(|| take(outputs)),
                bias: take(outputs),
            });
        };
        if self.gated {
            layer(features, self.hidden, self.factorised);
            layer(features, self.hidden, self.factorised);
        }
        for n in 0..self.layers {
            let inputs = if n == 0 { features } else { self.hidden };
            layer(inputs, self.hidden, self.factorised);
        }
        layer(self.hidden, outputs, self.factorised);
        let gates = if self.gated { 2 } else { 0 };
        let weights = self.first_weights(&layers, gates, parameters, &mut random);
        let network = Network {
            order,
            activation: self.activation,
            gated: self.gated,
            layers,
            hidden: self.layers,
            parameters,
            features: described,
            device: device.clone().without_autodiff(),
        };
        Ok((network, weights))
    }

    /// Glorot's uniform initialisation; that of Sitzmann et al. for sines.
    fn first_weights(
        &self,
        layers: &[Dense],
        gates: usize,
        parameters: usize,
        random: &mut ChaCha8Rng,
    ) -> Vec<f64> {
        let mut weights = vec![0.0; parameters];
        for (n, layer) in layers.iter().enumerate() {
            let Dense {
                inputs, outputs, ..
            } = *layer;
            let first = n <= gates;
            let limit = match self.activation {
                Activation::Sine if first => self.input_scale / (inputs as f64).sqrt(),
                Activation::Sine => (6.0 / inputs as f64).sqrt(),
                _ if first => self.input_scale * (6.0 / (inputs + outputs) as f64).sqrt(),
                _ => (6.0 / (inputs + outputs) as f64).sqrt(),
            };
            let uniform = |limit: f64| Uniform::new_inclusive(-limit, limit).ok();
            let mut fill = |to: &mut [f64], limit: f64| {
                if let Some(uniform) = uniform(limit) {
                    to.iter_mut().for_each(|w| *w = uniform.sample(random));
                }
            };
            fill(&mut weights[layer.weight.clone()], limit);
            // Hidden layers begin with different phases.
            if n + 1 < layers.len() {
                let limit = match self.activation {
                    Activation::Sine => std::f64::consts::PI,
                    _ => 0.5 * self.input_scale.min(2.0),
                };
                fill(&mut weights[layer.bias.clone()], limit);
            }
            if let Some(factor) = &layer.factor {
                // Means 1 and deviations 0.1, as in the paper; the product stays what it was.
                fill(&mut weights[factor.clone()], 0.1 * 3f64.sqrt());
                for q in 0..outputs {
                    weights[factor.start + q] += 1.0;
                    let scale = weights[factor.start + q].exp();
                    for p in 0..inputs {
                        weights[layer.weight.start + p * outputs + q] /= scale;
                    }
                }
            }
        }
        weights
    }
}

impl Network {
    /// Number of weights.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// The derivatives that its jets carry.
    pub fn order(&self) -> JetOrder {
        self.order
    }

    /// The same network with jets of another order in the same coordinates.
    pub fn with_order(&self, order: JetOrder) -> Self {
        Self {
            order,
            ..self.clone()
        }
    }

    /// Where its tensors are.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Features `[N, C, F]` of points, each `D` numbers: what the first layer sees.
    pub fn features(&self, points: &[f64]) -> Jet {
        let at = Jet::coordinates(points, self.order, &self.device);
        self.features.of(&at, &self.device)
    }

    /// Tensors of a vector of weights, with gradients or without.
    pub(super) fn weights(&self, parameters: &[f64], tracked: bool) -> Weights {
        let device = match tracked {
            true => self.device.clone().autodiff(),
            false => self.device.clone(),
        };
        let tensor = |range: &Range<usize>, shape: [usize; 2]| {
            let data = TensorData::new(parameters[range.clone()].to_vec(), shape);
            let tensor = Tensor::<2>::from_data(data, (&device, DType::F64));
            if tracked {
                tensor.require_grad()
            } else {
                tensor
            }
        };
        let leaves: Vec<_> = self
            .layers
            .iter()
            .map(|layer| {
                let matrix = tensor(&layer.weight, [layer.inputs, layer.outputs]);
                let factor = layer.factor.as_ref();
                let factor = factor.map(|range| tensor(range, [1, layer.outputs]));
                let data =
                    TensorData::new(parameters[layer.bias.clone()].to_vec(), [layer.outputs]);
                let bias = Tensor::<1>::from_data(data, (&device, DType::F64));
                let bias = if tracked { bias.require_grad() } else { bias };
                (matrix, factor, bias)
            })
            .collect();
        let layers = leaves
            .iter()
            .map(|(matrix, factor, bias)| {
                let weight = match factor {
                    Some(factor) => matrix.clone() * factor.clone().exp(),
                    None => matrix.clone(),
                };
                (weight, bias.clone())
            })
            .collect();
        Weights { layers, leaves }
    }

    /// The functions at points, from their [`Network::features`].
    pub(super) fn forward(&self, features: &Jet, weights: &Weights, tap: Tap) -> Jet {
        let mut dense = |n: usize, x: &Jet, activation: Activation| {
            let (weight, bias) = &weights.layers[n];
            let z = x.linear(weight.clone());
            let z = tap(x, z.parts);
            Jet {
                parts: z,
                order: self.order,
            }
            .activated(bias.clone(), activation)
        };
        let gates = self.gated.then(|| {
            let [u, v] = [0, 1].map(|n| dense(n, features, self.activation));
            let difference = v.sub(&u);
            (u, difference)
        });
        let first = if self.gated { 2 } else { 0 };
        let mut x = features.clone();
        for n in first..first + self.hidden {
            x = dense(n, &x, self.activation);
            if let Some((u, difference)) = &gates {
                x = u.add(&x.times(difference));
            }
        }
        dense(first + self.hidden, &x, Activation::Identity)
    }

    /// The functions at points, from their features; without gradients.
    pub fn at(&self, parameters: &[f64], features: &Jet) -> Jet {
        let weights = self.weights(parameters, false);
        self.forward(features, &weights, &mut |_, z| z)
    }
}
