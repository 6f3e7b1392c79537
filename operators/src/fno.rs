//! The Fourier neural operator in two dimensions.
//!
//! Li et al., Fourier Neural Operator for Parametric Partial Differential Equations (ICLR 2021):
//! lifting, layers `v' = gelu(K v + W v + b)` with the spectral convolution `K`, projection. The
//! last layer has no activation, as in the authors' code.

use crate::buffers::{GridCache, matrix};
use crate::error::{Error, Result};
use crate::pointwise::{Bias, BiasGelu, ChannelMix, ChannelMlp, GELU_GAIN};
use crate::spectral::{SpectralConv2d, SpectralConv2dConfig};
use burn::module::Module;
use burn::tensor::ops::PadMode;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Configuration of [`Fno2d`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fno2dConfig {
    /// Input channels; set from the data.
    pub in_channels: usize,
    /// Output channels; set from the data.
    pub out_channels: usize,
    /// Modes along rows and columns, counted with both signs.
    pub n_modes: [usize; 2],
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
    /// Zeros appended behind the rows and columns of the hidden field before the layers, and cut off
    /// after them, as a share of its length: the layers are periodic, a field that is not needs room
    /// between its ends. 0 for a periodic field.
    pub domain_padding: f64,
}

impl Default for Fno2dConfig {
    fn default() -> Self {
        Self {
            in_channels: 1,
            out_channels: 1,
            n_modes: [16, 16],
            hidden_channels: 32,
            layers: 4,
            lifting_ratio: 2,
            projection_ratio: 2,
            positional_embedding: true,
            domain_padding: 0.0,
        }
    }
}

impl burn::config::Config for Fno2dConfig {}

/// Fourier neural operator `[B, Ci, H, W]` to `[B, Co, H, W]`, on any grid size.
#[derive(Module, Debug)]
pub struct Fno2d {
    lifting: Lifting,
    blocks: Vec<Block>,
    projection: ChannelMlp,
    projection_bias: Bias,
    #[module(skip)]
    embedding: Option<GridCache<Tensor<4>>>,
    #[module(skip)]
    domain_padding: f64,
}

/// One layer or two from the input to the hidden channels.
#[derive(Module, Debug)]
pub(crate) struct Lifting {
    single: Option<ChannelMix>,
    double: Option<ChannelMlp>,
    bias: Bias,
}

impl Lifting {
    pub(crate) fn new(inputs: usize, hidden: usize, ratio: usize, device: &Device) -> Self {
        Self {
            single: (ratio == 0).then(|| ChannelMix::new(inputs, hidden, 1.0, device)),
            double: (ratio > 0)
                .then(|| ChannelMlp::new(inputs, ratio * hidden, hidden, 1.0, device)),
            bias: Bias::new(hidden, device),
        }
    }

    pub(crate) fn forward(&self, mut x: Tensor<3>) -> Tensor<3> {
        if let Some(layer) = &self.single {
            x = layer.forward(x);
        }
        if let Some(layer) = &self.double {
            x = layer.forward(x);
        }
        self.bias.forward(x)
    }
}

#[derive(Module, Debug)]
struct Block {
    spectral: SpectralConv2d,
    skip: ChannelMix,
    activation: Option<BiasGelu>,
    bias: Option<Bias>,
}

/// Refuses zero where a configuration needs at least 1.
pub(crate) fn at_least_one(values: &[(&str, usize)]) -> Result<()> {
    match values.iter().find(|(_, value)| *value == 0) {
        Some((name, value)) => Err(Error::config(name, "at least 1", value)),
        None => Ok(()),
    }
}

impl Fno2dConfig {
    /// Creates the network with fresh weights.
    ///
    /// # Errors
    /// When a size is zero, or the padding is negative or more than 1.
    pub fn init(&self, device: &Device) -> Result<Fno2d> {
        if !(0.0..=1.0).contains(&self.domain_padding) {
            let found = self.domain_padding;
            return Err(Error::config("domain_padding", "0 to 1", found));
        }
        at_least_one(&[
            ("in_channels", self.in_channels),
            ("out_channels", self.out_channels),
            ("hidden_channels", self.hidden_channels),
            ("layers", self.layers),
            ("projection_ratio", self.projection_ratio),
        ])?;
        let hidden = self.hidden_channels;
        let spectral = SpectralConv2dConfig {
            in_channels: hidden,
            out_channels: hidden,
            n_modes: self.n_modes,
        };
        let blocks = (1..=self.layers)
            .map(|layer| {
                let last = layer == self.layers;
                // The skip alone keeps the variance of a GELU output.
                let gain = if layer == 1 { 1.0 } else { GELU_GAIN };
                Ok(Block {
                    spectral: spectral.init(device)?,
                    skip: ChannelMix::new(hidden, hidden, gain, device),
                    activation: (!last).then(|| BiasGelu::new(hidden, device)),
                    bias: last.then(|| Bias::new(hidden, device)),
                })
            })
            .collect::<Result<_>>()?;
        let inputs = self.in_channels + if self.positional_embedding { 2 } else { 0 };
        let width = self.projection_ratio * hidden;
        Ok(Fno2d {
            lifting: Lifting::new(inputs, hidden, self.lifting_ratio, device),
            blocks,
            projection: ChannelMlp::new(hidden, width, self.out_channels, 1.0, device),
            projection_bias: Bias::new(self.out_channels, device),
            embedding: self.positional_embedding.then(GridCache::default),
            domain_padding: self.domain_padding,
        })
    }
}

impl Fno2d {
    /// Applies the network to `[B, Ci, H, W]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, _, height, width] = x.dims();
        let points = height * width;
        let x = match &self.embedding {
            Some(cache) => {
                let dtype = x.dtype();
                let grid = cache.get([height, width], &x.device(), dtype, |device| {
                    matrix(
                        coordinates(height, width),
                        [1, 2, height, width],
                        device,
                        dtype,
                    )
                });
                append_channels(x, &grid)
            }
            None => x,
        };
        let channels = x.dims()[1];
        let v = self.lifting.forward(x.reshape([batch, channels, points]));
        let inner = [height, width];
        let [height, width] = inner.map(|n| n + (self.domain_padding * n as f64).ceil() as usize);
        let points = height * width;
        let mut v = padded(v, inner, [height, width]);
        for block in &self.blocks {
            let hidden = v.dims()[1];
            let spectral = block
                .spectral
                .forward(v.clone().reshape([batch, hidden, height, width]));
            let sum = spectral.reshape([batch, hidden, points]) + block.skip.forward(v);
            v = match (&block.activation, &block.bias) {
                (Some(activation), _) => activation.forward(sum),
                (None, Some(bias)) => bias.forward(sum),
                (None, None) => sum,
            };
        }
        let v = cut(v, [height, width], inner);
        let y = self.projection_bias.forward(self.projection.forward(v));
        let outputs = y.dims()[1];
        y.reshape([batch, outputs, inner[0], inner[1]])
    }
}

/// `[B, C, h w]` with zeros behind its rows and columns, `[B, C, H W]`.
fn padded(v: Tensor<3>, inner: [usize; 2], outer: [usize; 2]) -> Tensor<3> {
    if inner == outer {
        return v;
    }
    let [batch, channels, _] = v.dims();
    let [below, right] = [outer[0] - inner[0], outer[1] - inner[1]];
    v.reshape([batch, channels, inner[0], inner[1]])
        .pad([(0, below), (0, right)], PadMode::Constant(0.0))
        .reshape([batch, channels, outer[0] * outer[1]])
}

/// The inverse of [`padded`].
fn cut(v: Tensor<3>, outer: [usize; 2], inner: [usize; 2]) -> Tensor<3> {
    if inner == outer {
        return v;
    }
    let [batch, channels, _] = v.dims();
    v.reshape([batch, channels, outer[0], outer[1]])
        .narrow(2, 0, inner[0])
        .narrow(3, 0, inner[1])
        .reshape([batch, channels, inner[0] * inner[1]])
}

/// Appends constant channels `[1, C, H, W]` to every sample.
pub(crate) fn append_channels(x: Tensor<4>, constant: &Tensor<4>) -> Tensor<4> {
    let [batch, ..] = x.dims();
    let mut constant = constant.clone();
    if x.is_autodiff() {
        constant = constant.autodiff();
    }
    Tensor::cat(vec![x, constant.repeat_dim(0, batch)], 1)
}

/// Row and column coordinate in 0..1, `[2, H, W]`.
fn coordinates(height: usize, width: usize) -> Vec<f64> {
    let rows = (0..height * width).map(|p| (p / width) as f64 / height as f64);
    let columns = (0..height * width).map(|p| (p % width) as f64 / width as f64);
    rows.chain(columns).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Distribution;

    #[test]
    fn any_grid_and_gradients_everywhere() {
        let device = Device::flex().autodiff();
        device.seed(1);
        let config = Fno2dConfig {
            in_channels: 2,
            n_modes: [6, 6],
            hidden_channels: 8,
            layers: 2,
            ..Default::default()
        };
        let network = config.init(&device).expect("network");
        for (h, w) in [(8, 8), (7, 11), (4, 30)] {
            let x = Tensor::<4>::random([3, 2, h, w], Distribution::Normal(0.0, 1.0), &device);
            let y = network.forward(x);
            assert_eq!(y.dims(), [3, 1, h, w]);
            let grads = burn::optim::GradientsParams::from_grads(
                y.powi_scalar(2).mean().backward(),
                &network,
            );
            let mut parameters = Vec::new();
            crate::weights::for_each(&network, |name, _| parameters.push(name.to_owned()));
            assert_eq!(grads.len(), parameters.len());
        }
    }

    /// What is padded is cut off again, at every size and with gradients; without the wrap-round a
    /// disturbance at one end is felt less at the other.
    #[test]
    fn padding_keeps_the_ends_apart() {
        let device = Device::flex().autodiff();
        let felt = |domain_padding: f64| {
            device.seed(2);
            let config = Fno2dConfig {
                n_modes: [8, 8],
                hidden_channels: 8,
                layers: 1,
                positional_embedding: false,
                domain_padding,
                ..Default::default()
            };
            let network = config.init(&device).expect("network");
            let x = Tensor::<4>::zeros([1, 1, 16, 15], &device).require_grad();
            let y = network.forward(x.clone());
            assert_eq!(y.dims(), [1, 1, 16, 15]);
            // how much the first value feels the last column
            let grads = y.narrow(2, 0, 1).narrow(3, 0, 1).sum().backward();
            let gradient = x.grad(&grads).expect("gradient");
            gradient.narrow(3, 14, 1).abs().sum().into_scalar::<f64>()
        };
        let (apart, joined) = (felt(0.5), felt(0.0));
        println!("across the seam: {joined:.2e} without, {apart:.2e} with padding");
        assert!(apart < joined);
        let config = Fno2dConfig {
            domain_padding: -0.1,
            ..Default::default()
        };
        assert!(config.init(&Device::flex()).is_err());
    }

    /// Variance of the hidden field stays within a factor of a few through the layers.
    #[test]
    fn initial_variance_is_tame() {
        let device = Device::flex();
        device.seed(3);
        let network = Fno2dConfig {
            layers: 8,
            ..Default::default()
        }
        .init(&device)
        .expect("network");
        let x = Tensor::<4>::random([4, 1, 32, 32], Distribution::Normal(0.0, 1.0), &device);
        let variance = network.forward(x).var(0).mean().into_scalar::<f64>();
        println!("output variance {variance:.4} after 8 layers");
        assert!((0.02..50.0).contains(&variance), "{variance}");
    }

    #[test]
    fn zero_sizes_are_refused() {
        let config = Fno2dConfig {
            layers: 0,
            ..Default::default()
        };
        let message = config
            .init(&Device::flex())
            .expect_err("refused")
            .to_string();
        assert_eq!(message, "`layers`: expected at least 1, found 0");
    }
}
