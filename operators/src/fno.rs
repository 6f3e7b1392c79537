//! The Fourier neural operator in one, two and three dimensions.
//!
//! Li et al., Fourier Neural Operator for Parametric Partial Differential Equations (ICLR 2021):
//! lifting, layers `v' = gelu(K v + W v + b)` with the spectral convolution `K`, projection. The
//! last layer has no activation, as in the authors' code. With `channel_mlp` each layer is followed
//! by two channel layers and a gated skip, as in PyTorch's neuraloperator; with `factorization` the
//! network is its TFNO.
//!
//! Between layers travels what comes before the activation: the next layer activates what it reads,
//! so that a layer keeps one field for its backward pass.

use crate::buffers::GridCache;
use crate::error::{Error, Result};
use crate::pointwise::{Bias, ChannelMix, ChannelMlp, GELU_GAIN, gelu};
use crate::spectral::{Factorization, FourierLayer, FourierLayerConfig};
use burn::module::{Initializer, Module, Param};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

mod steps;

pub use steps::HiddenGrid;
pub(crate) use steps::{coordinates, resize};

/// Configuration of [`Fno`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FnoConfig {
    /// Input channels; set from the data.
    pub in_channels: usize,
    /// Output channels; set from the data.
    pub out_channels: usize,
    /// Modes along each dimension, counted with both signs, slowest dimension first.
    pub n_modes: Vec<usize>,
    /// Form of the spectral weights: `"dense"`, or in factors `"tucker"` or `"cp"`.
    pub factorization: Factorization,
    /// Share of the dense spectral weights' parameters that factorised ones have, in 0..1; 0.1 is
    /// usual. 1 for dense ones.
    pub rank: f64,
    /// Channels of the layers.
    pub hidden_channels: usize,
    /// Number of layers.
    pub layers: usize,
    /// Width of the hidden layer of the lifting, in units of `hidden_channels`; 0 for a single layer.
    pub lifting_ratio: usize,
    /// Width of the hidden layer of the projection, in units of `hidden_channels`.
    pub projection_ratio: usize,
    /// Whether the coordinates in 0..1 are appended to the input.
    pub positional_embedding: bool,
    /// Width of the two channel layers after each layer, in units of `hidden_channels`; 0 for none.
    pub channel_mlp: f64,
    /// Whether layers without channel layers are activated twice, as PyTorch's neuraloperator has it.
    pub activate_twice: bool,
    /// Zeros appended along each dimension of the hidden field before the layers, and cut off after
    /// them, as a share of its length: the layers are periodic, a field that is not needs room
    /// between its ends. 0 for a periodic field.
    pub domain_padding: f64,
}

impl Default for FnoConfig {
    fn default() -> Self {
        Self {
            in_channels: 1,
            out_channels: 1,
            n_modes: vec![16, 16],
            factorization: Factorization::Dense,
            rank: 1.0,
            hidden_channels: 32,
            layers: 4,
            lifting_ratio: 2,
            projection_ratio: 2,
            positional_embedding: true,
            channel_mlp: 0.0,
            activate_twice: false,
            domain_padding: 0.0,
        }
    }
}

impl burn::config::Config for FnoConfig {}

/// Fourier neural operator `[B, Ci, ...]` to `[B, Co, ...]`, on any grid size.
#[derive(Module, Debug)]
pub struct Fno {
    /// To the hidden channels.
    pub lifting: Lifting,
    /// The layers.
    pub blocks: Vec<Block>,
    /// To the output.
    pub projection: ChannelMlp,
    #[module(skip)]
    dimensions: usize,
    #[module(skip)]
    activate_twice: bool,
    #[module(skip)]
    domain_padding: f64,
    #[module(skip)]
    embedding: Option<GridCache<Tensor<3>>>,
}

/// One layer or two from the input to the hidden channels.
#[derive(Module, Debug)]
pub struct Lifting {
    single: Option<(ChannelMix, Bias)>,
    /// The usual two layers.
    pub double: Option<ChannelMlp>,
}

impl Lifting {
    pub(crate) fn new(inputs: usize, hidden: usize, ratio: usize, device: &Device) -> Self {
        let single = || {
            let mix = ChannelMix::new(inputs, hidden, 1.0, device);
            (mix, Bias::new(hidden, device))
        };
        Self {
            single: (ratio == 0).then(single),
            double: (ratio > 0)
                .then(|| ChannelMlp::new(inputs, ratio * hidden, hidden, 1.0, device)),
        }
    }

    pub(crate) fn forward(&self, mut x: Tensor<3>) -> Tensor<3> {
        if let Some((mix, bias)) = &self.single {
            x = bias.forward(mix.forward(x));
        }
        if let Some(layer) = &self.double {
            x = layer.forward(x);
        }
        x
    }
}

/// A Fourier layer and what may follow it.
#[derive(Module, Debug)]
pub struct Block {
    /// The Fourier layer.
    pub fourier: FourierLayer,
    /// What follows.
    pub mlp: Option<GatedMlp>,
}

/// `mlp(gelu(v)) + gate a`, where `a` is what the Fourier layer saw.
#[derive(Module, Debug)]
pub struct GatedMlp {
    /// The activation in front.
    #[module(skip)]
    activate: bool,
    /// Two channel layers.
    pub mlp: ChannelMlp,
    /// A factor for each channel, `[C]`.
    pub gate: Param<Tensor<1>>,
}

impl GatedMlp {
    fn forward(&self, mut v: Tensor<3>, a: Tensor<3>) -> Tensor<3> {
        if self.activate {
            v = gelu(v);
        }
        let channels = a.dims()[1];
        self.mlp.forward(v) + a * self.gate.val().reshape([1, channels, 1])
    }
}

/// Refuses zero where a configuration needs at least 1.
pub(crate) fn at_least_one(values: &[(&str, usize)]) -> Result<()> {
    match values.iter().find(|(_, value)| *value == 0) {
        Some((name, value)) => Err(Error::config(name, "at least 1", value)),
        None => Ok(()),
    }
}

impl FnoConfig {
    /// Whether fields may have 16 bits where weights have 32: not in the plain layers of a lifting
    /// without hidden channels, of gates and of factorised weights.
    pub fn takes_bf16(&self) -> bool {
        let dense = self.factorization == Factorization::Dense;
        dense && self.lifting_ratio > 0 && self.channel_mlp == 0.0 && !self.activate_twice
    }

    /// Creates the network with fresh weights.
    ///
    /// # Errors
    /// When a size is zero, `n_modes` has not one to three numbers, a ratio is negative, or `rank` is
    /// not the share of parameters that `factorization` asks for.
    pub fn init(&self, device: &Device) -> Result<Fno> {
        at_least_one(&[
            ("in_channels", self.in_channels),
            ("out_channels", self.out_channels),
            ("hidden_channels", self.hidden_channels),
            ("layers", self.layers),
            ("projection_ratio", self.projection_ratio),
        ])?;
        for (name, value, most) in [
            ("domain_padding", self.domain_padding, 1.0),
            ("channel_mlp", self.channel_mlp, 16.0),
        ] {
            if !(0.0..=most).contains(&value) {
                return Err(Error::config(name, format!("0 to {most}"), value));
            }
        }
        let hidden = self.hidden_channels;
        let blocks = (1..=self.layers)
            .map(|layer| {
                // The skip alone keeps the variance of a GELU output.
                let activated = layer > 1 && self.channel_mlp == 0.0;
                let fourier = FourierLayerConfig {
                    in_channels: hidden,
                    out_channels: hidden,
                    n_modes: self.n_modes.clone(),
                    factorization: self.factorization,
                    rank: self.rank,
                    skip_gain: if activated { GELU_GAIN } else { 1.0 },
                };
                let mlp = || {
                    let width = ((self.channel_mlp * hidden as f64) as usize).max(1);
                    GatedMlp {
                        activate: layer < self.layers,
                        mlp: ChannelMlp::new(hidden, width, hidden, 1.0, device),
                        gate: Initializer::Ones.init([hidden], device),
                    }
                };
                Ok(Block {
                    fourier: fourier.init(device)?,
                    mlp: (self.channel_mlp > 0.0).then(mlp),
                })
            })
            .collect::<Result<_>>()?;
        let dimensions = self.n_modes.len();
        let coordinates = if self.positional_embedding {
            dimensions
        } else {
            0
        };
        let width = self.projection_ratio * hidden;
        Ok(Fno {
            lifting: Lifting::new(
                self.in_channels + coordinates,
                hidden,
                self.lifting_ratio,
                device,
            ),
            blocks,
            projection: ChannelMlp::new(hidden, width, self.out_channels, 1.0, device),
            dimensions,
            activate_twice: self.activate_twice,
            domain_padding: self.domain_padding,
            embedding: self.positional_embedding.then(GridCache::default),
        })
    }
}

impl Fno {
    /// Applies the network to `[B, Ci, (D,) (H,) W]`: [`Fno::lift`], every [`Fno::block`],
    /// [`Fno::project`]. More axes than the network has modes for are fine where they have one point.
    ///
    /// # Panics
    /// As [`Fno::hidden_grid`].
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let mut shape = x.dims();
        let grid = self.hidden_grid(&shape[2..]);
        let points = grid.sizes.iter().product();
        let mut v = self.lift(x.reshape([shape[0], shape[1], points]), grid);
        for number in 0..self.blocks.len() {
            v = self.block(number, v, grid);
        }
        let y = self.project(v, grid);
        shape[1] = y.dims()[1];
        y.reshape(shape)
    }

    /// The same parameters with at most `modes` modes in use along each dimension, counted with both
    /// signs as `n_modes` are; the mean always stays. The weights of the others stay in place, with
    /// gradients of zero. `None` for all modes.
    ///
    /// George et al., Incremental Spatial and Spectral Learning of Neural Operators for Solving
    /// Large-Scale PDEs (TMLR 2024), train with few modes first.
    pub fn limited(&self, modes: Option<usize>) -> Self {
        let mut network = self.clone();
        for block in &mut network.blocks {
            block.fourier.mode_limit = modes;
        }
        network
    }
}

/// Appends constant channels (of a batch of one) to every sample.
pub(crate) fn append_channels<const D: usize>(x: Tensor<D>, constant: &Tensor<D>) -> Tensor<D> {
    let batch = x.dims()[0];
    let mut constant = constant.clone();
    if x.is_autodiff() {
        constant = constant.autodiff();
    }
    Tensor::cat(vec![x, constant.repeat_dim(0, batch)], 1)
}

#[cfg(test)]
mod tests;
