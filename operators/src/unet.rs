//! The U-Net.
//!
//! Ronneberger, Fischer and Brox, U-Net: Convolutional Networks for Biomedical Image Segmentation
//! (MICCAI 2015): two convolutions a level, the grid halved from level to level by pooling with twice
//! as many channels, then back up by transposed convolutions, beside each level's field of the way
//! down. As surrogate of a solver it has normalisation and GELU after each convolution and keeps the
//! grid (Gupta and Brandstetter, Towards Multi-spatiotemporal-scale Generalized PDE Modeling, 2022).
//!
//! Its kernels are a number of points wide, not a length: unlike a neural operator it has to be used
//! on grids as fine as those that it was trained on.

use crate::convolutional::{ConvolutionLayer, UpConvolution, halved, pool};
use crate::embedding::PositionalEmbedding;
use crate::error::{Error, Result};
use crate::fno::at_least_one;
use crate::kernels::grid::Plane;
use crate::pointwise::{Bias, ChannelMix, GELU_GAIN};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// What a convolution sees beyond the edges of a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// Zeros.
    #[default]
    Zeros,
    /// The other side of the field, which is periodic.
    Circular,
}

/// Configuration of [`Unet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnetConfig {
    /// Input channels; set from the data.
    pub in_channels: usize,
    /// Output channels; set from the data.
    pub out_channels: usize,
    /// Dimensions of the fields: 1 for lines, 2 for planes.
    pub dimensions: usize,
    /// Channels of the first level; each level below has twice as many.
    pub hidden_channels: usize,
    /// How many times the grid is halved.
    pub levels: usize,
    /// What lies beyond the edges.
    pub padding: Padding,
    /// Whether the coordinates in 0..1 are appended to the input.
    pub positional_embedding: bool,
}

impl Default for UnetConfig {
    fn default() -> Self {
        Self {
            in_channels: 1,
            out_channels: 1,
            dimensions: 2,
            hidden_channels: 32,
            levels: 3,
            padding: Padding::Zeros,
            positional_embedding: false,
        }
    }
}

impl burn::config::Config for UnetConfig {}

/// Halvings at most: a grid of 4096 points becomes a point.
const LEVELS: usize = 12;

/// Channels of the lowest level at most.
const CHANNELS: usize = 1 << 14;

/// U-Net `[B, Ci, H, W]` to `[B, Co, H, W]`, on any grid size; lines have H = 1.
#[derive(Module, Debug)]
pub struct Unet {
    /// The levels on the way down, the finest first.
    pub encoder: Vec<Level>,
    /// To the finer grid, the coarsest first.
    pub up: Vec<UpConvolution>,
    /// The levels on the way up, the coarsest first.
    pub decoder: Vec<Level>,
    /// To the output.
    pub head: ChannelMix,
    /// Bias of the output.
    pub bias: Bias,
    #[module(skip)]
    dimensions: usize,
    #[module(skip)]
    padding: Padding,
    #[module(skip)]
    embedding: Option<PositionalEmbedding>,
}

/// Two convolutions.
#[derive(Module, Debug)]
pub struct Level {
    /// To the channels of the level.
    pub first: ConvolutionLayer,
    /// Between them.
    pub second: ConvolutionLayer,
}

impl Level {
    fn new(inputs: usize, outputs: usize, dimensions: usize, device: &Device) -> Self {
        Self {
            first: ConvolutionLayer::new(inputs, outputs, dimensions, device),
            second: ConvolutionLayer::new(outputs, outputs, dimensions, device),
        }
    }

    fn forward(&self, x: Tensor<3>, plane: Plane) -> Tensor<3> {
        self.second.forward(self.first.forward(x, plane), plane)
    }
}

impl UnetConfig {
    /// Creates the network with fresh weights.
    ///
    /// # Errors
    /// When a size is zero, `dimensions` is neither 1 nor 2, or there are more than 12 levels or
    /// more than 16384 channels.
    pub fn init(&self, device: &Device) -> Result<Unet> {
        at_least_one(&[
            ("in_channels", self.in_channels),
            ("out_channels", self.out_channels),
            ("hidden_channels", self.hidden_channels),
            ("levels", self.levels),
        ])?;
        let dimensions = self.dimensions;
        if !(1..=2).contains(&dimensions) {
            return Err(Error::config("dimensions", "1 or 2", dimensions));
        }
        if self.levels > LEVELS {
            return Err(Error::config(
                "levels",
                format!("at most {LEVELS}"),
                self.levels,
            ));
        }
        let most = CHANNELS >> self.levels;
        if self.hidden_channels > most {
            let expected = format!("at most {most} with {} levels", self.levels);
            return Err(Error::config(
                "hidden_channels",
                expected,
                self.hidden_channels,
            ));
        }
        let embedded = if self.positional_embedding {
            dimensions
        } else {
            0
        };
        let width = |level: usize| self.hidden_channels << level;
        let encoder = (0..=self.levels).map(|level| {
            let inputs = match level {
                0 => self.in_channels + embedded,
                _ => width(level - 1),
            };
            Level::new(inputs, width(level), dimensions, device)
        });
        let upwards = (0..self.levels).rev();
        let up = upwards
            .clone()
            .map(|level| UpConvolution::new(width(level + 1), width(level), dimensions, device));
        let decoder =
            upwards.map(|level| Level::new(width(level + 1), width(level), dimensions, device));
        Ok(Unet {
            encoder: encoder.collect(),
            up: up.collect(),
            decoder: decoder.collect(),
            head: ChannelMix::new(self.hidden_channels, self.out_channels, GELU_GAIN, device),
            bias: Bias::new(self.out_channels, device),
            dimensions,
            padding: self.padding,
            embedding: self.positional_embedding.then(PositionalEmbedding::default),
        })
    }

    /// Whether fields of `rows` x `columns` points have the dimensions of the network.
    ///
    /// # Errors
    /// When they have not.
    pub(crate) fn check_plane(&self, [rows, columns]: [usize; 2]) -> Result<()> {
        let of_fields = if rows > 1 { 2 } else { 1 };
        match of_fields == self.dimensions {
            true => Ok(()),
            false => {
                let expected = format!("{of_fields} for fields of {rows} x {columns} points");
                Err(Error::config("dimensions", expected, self.dimensions))
            }
        }
    }
}

impl Unet {
    /// Applies the network to `[B, Ci, H, W]`.
    ///
    /// # Panics
    /// When a network for lines is given more than one row.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, inputs, rows, columns] = x.dims();
        assert!(
            self.dimensions == 2 || rows == 1,
            "a network for lines, a field of {rows} rows"
        );
        let mut plane = Plane {
            rows,
            columns,
            periodic: self.padding == Padding::Circular,
        };
        let mut v = x.reshape([batch, inputs, rows * columns]);
        if let Some(embedding) = &self.embedding {
            v = embedding.of_plane(v, [rows, columns], self.dimensions);
        }
        let mut passed = Vec::with_capacity(self.up.len());
        for (number, level) in self.encoder.iter().enumerate() {
            if number > 0 {
                passed.push((v.clone(), plane));
                v = pool(v, plane);
                plane = halved(plane);
            }
            v = level.forward(v, plane);
        }
        for (up, level) in self.up.iter().zip(&self.decoder) {
            let Some((beside, finer)) = passed.pop() else {
                unreachable!("as many ways up as levels passed")
            };
            v = Tensor::cat(vec![beside, up.forward(v, finer)], 1);
            v = level.forward(v, finer);
        }
        let y = self.bias.forward(self.head.forward(v));
        let outputs = y.dims()[1];
        y.reshape([batch, outputs, rows, columns])
    }
}

#[cfg(test)]
mod tests;
