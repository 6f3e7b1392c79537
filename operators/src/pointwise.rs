//! Channel mixing at each grid point, `y_o = sum_i W_oi x_i + b_o`, and its activation.
//!
//! Fields stay `[B, C, P]` with the points innermost, so that mixing is one matrix product per
//! sample and nothing is transposed.

use crate::kernels;
use burn::module::{Initializer, Module, Param};
use burn::tensor::{Device, Tensor};

/// A 1x1 convolution without bias: `[B, Ci, P]` to `[B, Co, P]`.
#[derive(Module, Debug)]
pub struct ChannelMix {
    /// Weights `[Co, Ci]`.
    pub weight: Param<Tensor<2>>,
}

impl ChannelMix {
    /// Weights with variance `gain^2 / in_channels`.
    pub fn new(in_channels: usize, out_channels: usize, gain: f64, device: &Device) -> Self {
        let std = gain / (in_channels as f64).sqrt();
        let initializer = Initializer::Normal { mean: 0.0, std };
        Self {
            weight: initializer.init([out_channels, in_channels], device),
        }
    }

    /// `[B, Ci, P]` to `[B, Co, P]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.weight.val().unsqueeze::<3>().matmul(x)
    }

    /// `s + W x` of `[B, Co, P]` and `[B, Ci, P]`.
    pub fn added_to(&self, s: Tensor<3>, x: Tensor<3>) -> Tensor<3> {
        let outputs = s.dims()[1];
        let none = Tensor::zeros([outputs], (&s.device(), s.dtype()));
        kernels::channel_add(s, x, self.weight.val(), none, false)
    }
}

/// A bias per channel followed by GELU.
#[derive(Module, Debug)]
pub struct BiasGelu {
    /// Bias `[C]`.
    pub bias: Param<Tensor<1>>,
}

impl BiasGelu {
    /// Zero bias.
    pub fn new(channels: usize, device: &Device) -> Self {
        Self {
            bias: Initializer::Zeros.init([channels], device),
        }
    }

    /// `gelu(x + b)` of `[B, C, P]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        kernels::bias_gelu(x, self.bias.val())
    }
}

/// A bias per channel.
#[derive(Module, Debug)]
pub struct Bias {
    /// Bias `[C]`.
    pub bias: Param<Tensor<1>>,
}

impl Bias {
    /// Zero bias.
    pub fn new(channels: usize, device: &Device) -> Self {
        Self {
            bias: Initializer::Zeros.init([channels], device),
        }
    }

    /// `x + b` of `[B, C, P]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let channels = x.dims()[1];
        x + self.bias.val().reshape([1, channels, 1])
    }
}

/// Two layers with GELU between: the lifting and projection of neural operators.
#[derive(Module, Debug)]
pub struct ChannelMlp {
    /// To the hidden channels.
    pub first: ChannelMix,
    /// Bias of the hidden channels, and GELU.
    pub activation: BiasGelu,
    /// To the output.
    pub second: ChannelMix,
    /// Bias of the output.
    pub bias: Bias,
}

impl ChannelMlp {
    /// `in_channels` to `hidden` to `out_channels`; the last layer's weights are scaled by `gain`.
    pub fn new(
        in_channels: usize,
        hidden: usize,
        out_channels: usize,
        gain: f64,
        device: &Device,
    ) -> Self {
        Self {
            first: ChannelMix::new(in_channels, hidden, 1.0, device),
            activation: BiasGelu::new(hidden, device),
            second: ChannelMix::new(hidden, out_channels, GELU_GAIN * gain, device),
            bias: Bias::new(out_channels, device),
        }
    }

    /// `[B, Ci, P]` to `[B, Co, P]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        kernels::channel_mlp(
            x,
            self.first.weight.val(),
            self.activation.bias.val(),
            self.second.weight.val(),
            self.bias.bias.val(),
        )
    }
}

/// `gelu(x)` of `[B, C, P]`.
pub(crate) fn gelu(x: Tensor<3>) -> Tensor<3> {
    let (channels, device, dtype) = (x.dims()[1], x.device(), x.dtype());
    kernels::bias_gelu(x, Tensor::zeros([channels], (&device, dtype)))
}

/// `1 / sqrt(E[gelu(z)^2])` for a standard normal `z`: keeps the variance through a layer.
pub(crate) const GELU_GAIN: f64 = 1.5335;
