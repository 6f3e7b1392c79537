//! Layers of convolutional networks on a grid: convolution, normalisation with activation, and the
//! two ways between a grid and the one of half as many points.
//!
//! Fields are `[B, C, P]` with the points of a [`Plane`] row by row. A line has one row, kernels of
//! one row, and is halved along its length alone.

use crate::kernels::grid::{self, Plane};
use crate::pointwise::{Bias, ChannelMix, GELU_GAIN};
use burn::module::{Initializer, Module, Param};
use burn::tensor::{Device, Tensor, module::max_pool2d, ops::MaxPoolOptions};

/// A convolution that keeps the grid, followed by normalisation over a sample (one group) with a gain
/// and a shift for each channel, and GELU.
///
/// Without the bias of the convolution the size of the input would be lost in the normalisation.
#[derive(Module, Debug)]
pub struct ConvolutionLayer {
    /// Kernels `[Co, Ci, Ky, Kx]`.
    pub weight: Param<Tensor<4>>,
    /// What is added to each channel, `[Co]`.
    pub bias: Param<Tensor<1>>,
    /// Factor of each normalised channel, `[Co]`.
    pub gain: Param<Tensor<1>>,
    /// What is added to the normalised channel, `[Co]`.
    pub shift: Param<Tensor<1>>,
}

impl ConvolutionLayer {
    /// Kernels of 3 points along each of one or two dimensions.
    pub fn new(inputs: usize, outputs: usize, dimensions: usize, device: &Device) -> Self {
        let ky = if dimensions > 1 { 3 } else { 1 };
        let deviation = ((inputs * ky * 3) as f64).sqrt().recip();
        let std = GELU_GAIN * deviation;
        let normal = Initializer::Normal { mean: 0.0, std };
        let (min, max) = (-deviation, deviation);
        Self {
            weight: normal.init([outputs, inputs, ky, 3], device),
            bias: Initializer::Uniform { min, max }.init([outputs], device),
            gain: Initializer::Ones.init([outputs], device),
            shift: Initializer::Zeros.init([outputs], device),
        }
    }

    /// `[B, Ci, P]` to `[B, Co, P]`.
    pub fn forward(&self, x: Tensor<3>, plane: Plane) -> Tensor<3> {
        let x = grid::convolution(x, self.weight.val(), plane);
        grid::norm_gelu(x, self.bias.val(), self.gain.val(), self.shift.val())
    }
}

/// How many points of a grid, along rows and columns, become one of the coarser grid.
fn factors(plane: Plane) -> [usize; 2] {
    [
        if plane.rows > 1 { 2 } else { 1 },
        if plane.columns > 1 { 2 } else { 1 },
    ]
}

/// The grid of half as many points along each dimension, rounded up.
pub fn halved(plane: Plane) -> Plane {
    Plane {
        rows: plane.rows.div_ceil(2),
        columns: plane.columns.div_ceil(2),
        ..plane
    }
}

/// The largest of each two by two points: `[B, C, P]` to `[B, C, P']` on the [`halved`] grid. An odd
/// row or column is left alone.
pub fn pool(x: Tensor<3>, plane: Plane) -> Tensor<3> {
    let [batch, channels, _] = x.dims();
    let kernel = factors(plane);
    let x = x.reshape([batch, channels, plane.rows, plane.columns]);
    let options = MaxPoolOptions {
        kernel_size: kernel,
        stride: kernel,
        padding: [(0, 0); 2],
        dilation: [1, 1],
        ceil_mode: true,
    };
    let half = halved(plane);
    max_pool2d(x, options).reshape([batch, channels, half.rows * half.columns])
}

/// The transposed convolution of two by two points with as large a stride ("up-convolution"): each
/// point becomes four, with a channel matrix for each.
#[derive(Module, Debug)]
pub struct UpConvolution {
    /// The matrices, `[Co 4, Ci]` with the four places innermost; two on a line.
    pub mix: ChannelMix,
    /// Bias of the output.
    pub bias: Bias,
}

impl UpConvolution {
    /// To fields of one or two dimensions.
    pub fn new(inputs: usize, outputs: usize, dimensions: usize, device: &Device) -> Self {
        let places = 1 << dimensions;
        Self {
            mix: ChannelMix::new(inputs, outputs * places, GELU_GAIN, device),
            bias: Bias::new(outputs, device),
        }
    }

    /// `[B, Ci, P']` on the [`halved`] grid to `[B, Co, P]` on `plane`.
    pub fn forward(&self, x: Tensor<3>, plane: Plane) -> Tensor<3> {
        let [batch, _, _] = x.dims();
        let half = halved(plane);
        let [outputs] = self.bias.bias.dims();
        let y = self.mix.forward(x);
        let places = y.dims()[1] / outputs;
        let [down, across] = [places / 2, 2];
        // (channel, place along y, place along x, row, column)
        let y = y.reshape([batch, outputs, down, across, half.rows, half.columns]);
        let y = y.permute([0, 1, 4, 2, 5, 3]);
        let (rows, columns) = (half.rows * down, half.columns * across);
        let y = y.reshape([batch, outputs, rows, columns]);
        let y = y.narrow(2, 0, plane.rows).narrow(3, 0, plane.columns);
        let y = y.reshape([batch, outputs, plane.rows * plane.columns]);
        self.bias.forward(y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::TensorData;

    /// Normalisation over all channels of a sample forgets its size, which the bias in front of it keeps
    /// and the shift behind it cannot.
    #[test]
    fn the_bias_keeps_the_size_of_the_input() {
        let device = Device::flex();
        device.seed(1);
        let plane = Plane {
            rows: 6,
            columns: 8,
            periodic: true,
        };
        let values: Vec<f64> = (0..2 * 48).map(|n| (1.7 * f64::from(n)).sin()).collect();
        let data = TensorData::new(values, [1, 2, 48]);
        let x = Tensor::<3>::from_data(data, &device);
        let mut layer = ConvolutionLayer::new(2, 4, 2, &device);
        let change = |layer: &ConvolutionLayer| {
            let [once, thrice] = [1.0, 3.0].map(|size| layer.forward(x.clone() * size, plane));
            (once - thrice).abs().max().into_scalar::<f64>()
        };
        let with_bias = change(&layer);
        layer.bias = Param::from_tensor(Tensor::zeros([4], &device));
        let without = change(&layer);
        assert!(with_bias > 0.1 && without < 1e-3, "{with_bias} {without}");
    }
}
