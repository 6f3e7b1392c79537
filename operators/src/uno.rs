//! The U-shaped neural operator.
//!
//! Rahman, Ross and Azizzadenesheli, U-NO: U-shaped Neural Operators (TMLR 2023): Fourier layers as in
//! [`crate::fno`], each on a grid of its own, coarser with more channels on the way down and finer
//! again on the way up, where a layer also sees the output of its partner on the way down.
//!
//! A layer brings its input to its own grid by Fourier interpolation and works there. Since the
//! interpolation keeps the modes that the layer mixes, this is the paper's layer, which takes the
//! modes on one grid and evaluates them on the other, and interpolates what the channel matrix at each
//! point sees. Partners share a grid when the scalings are symmetric, so that nothing of the finest
//! grid is lost.

use crate::embedding::PositionalEmbedding;
use crate::error::{Error, Result};
use crate::fno::{Lifting, at_least_one, resize};
use crate::pointwise::{ChannelMlp, GELU_GAIN, gelu};
use crate::spectral::{Factorization, FourierLayer, FourierLayerConfig, Resample};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Configuration of [`Uno`]. The lists have an entry for each layer, and are symmetric as a rule: of
/// `n` layers the last sees the output of the first, the last but one that of the second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnoConfig {
    /// Input channels; set from the data.
    pub in_channels: usize,
    /// Output channels; set from the data.
    pub out_channels: usize,
    /// Channels of the lifted input.
    pub hidden_channels: usize,
    /// Output channels of each layer.
    pub channels: Vec<usize>,
    /// Modes of each layer along each dimension, counted with both signs, slowest dimension first.
    pub n_modes: Vec<Vec<usize>>,
    /// Points of each layer's output in units of those of its input, along each dimension; their
    /// product is 1.
    pub scalings: Vec<f64>,
    /// Width of the hidden layer of the lifting, in units of `hidden_channels`; 0 for a single layer.
    pub lifting_ratio: usize,
    /// Width of the hidden layer of the projection, in units of `hidden_channels`.
    pub projection_ratio: usize,
    /// Whether the coordinates in 0..1 are appended to the input.
    pub positional_embedding: bool,
    /// Zeros appended along each dimension of the lifted field and cut off behind the layers, as a
    /// share of its length; 0 for a periodic field.
    pub domain_padding: f64,
}

impl Default for UnoConfig {
    fn default() -> Self {
        Self {
            in_channels: 1,
            out_channels: 1,
            hidden_channels: 32,
            channels: vec![32, 64, 64, 64, 32],
            n_modes: [16, 8, 8, 8, 16].map(|n| vec![n, n]).to_vec(),
            scalings: vec![1.0, 0.5, 1.0, 1.0, 2.0],
            lifting_ratio: 2,
            projection_ratio: 2,
            positional_embedding: true,
            domain_padding: 0.0,
        }
    }
}

impl burn::config::Config for UnoConfig {}

/// How far the product of the scalings may be from 1, for factors like 0.333.
const ROUNDING: f64 = 0.01;

/// U-shaped neural operator `[B, Ci, H, W]` to `[B, Co, H, W]`, on any grid size; lines have H = 1.
#[derive(Module, Debug)]
pub struct Uno {
    /// To the hidden channels.
    pub lifting: Lifting,
    /// The layers.
    pub layers: Vec<FourierLayer>,
    /// To the output.
    pub projection: ChannelMlp,
    #[module(skip)]
    dimensions: usize,
    /// Points of each layer's grid in units of the input's.
    #[module(skip)]
    shares: Vec<f64>,
    #[module(skip)]
    domain_padding: f64,
    #[module(skip)]
    embedding: Option<PositionalEmbedding>,
    #[module(skip)]
    resample: Resample,
}

/// The layer whose output a layer sees beside that of the layer in front.
fn partner(layer: usize, layers: usize) -> Option<usize> {
    let partner = layers - 1 - layer;
    (partner + 1 < layer).then_some(partner)
}

impl UnoConfig {
    /// Creates the network with fresh weights.
    ///
    /// # Errors
    /// When a size is zero, the lists differ in length, the layers' numbers of dimensions differ or
    /// are neither 1 nor 2, the scalings are not positive or do not multiply to 1, or `domain_padding`
    /// is not in 0 to 1.
    pub fn init(&self, device: &Device) -> Result<Uno> {
        let shares = self.check()?;
        let count = self.channels.len();
        let dimensions = self.n_modes[0].len();
        let hidden = self.hidden_channels;
        let mut layers = Vec::with_capacity(count);
        for (layer, n_modes) in self.n_modes.iter().enumerate() {
            let before = match layer {
                0 => hidden,
                _ => self.channels[layer - 1],
            };
            let config = FourierLayerConfig {
                in_channels: before + partner(layer, count).map_or(0, |n| self.channels[n]),
                out_channels: self.channels[layer],
                n_modes: n_modes.clone(),
                // The skip alone keeps the variance of a GELU output.
                skip_gain: if layer > 0 { GELU_GAIN } else { 1.0 },
                factorization: Factorization::Dense,
                rank: 1.0,
            };
            layers.push(config.init(device)?);
        }
        let embedded = if self.positional_embedding {
            dimensions
        } else {
            0
        };
        let inputs = self.in_channels + embedded;
        let width = self.projection_ratio * hidden;
        let last = self.channels[count - 1];
        Ok(Uno {
            lifting: Lifting::new(inputs, hidden, self.lifting_ratio, device),
            layers,
            projection: ChannelMlp::new(last, width, self.out_channels, 1.0, device),
            dimensions,
            shares,
            domain_padding: self.domain_padding,
            embedding: self.positional_embedding.then(PositionalEmbedding::default),
            resample: Resample::default(),
        })
    }

    /// The points of each layer's grid in units of the input's, when all is well.
    fn check(&self) -> Result<Vec<f64>> {
        at_least_one(&[
            ("in_channels", self.in_channels),
            ("out_channels", self.out_channels),
            ("hidden_channels", self.hidden_channels),
            ("projection_ratio", self.projection_ratio),
            ("channels", self.channels.len()),
            ("channels", self.channels.iter().copied().min().unwrap_or(0)),
        ])?;
        let count = self.channels.len();
        for (name, found) in [
            ("n_modes", self.n_modes.len()),
            ("scalings", self.scalings.len()),
        ] {
            if found != count {
                let expected = format!("{count} entries, one for each of `channels`");
                return Err(Error::config(name, expected, found));
            }
        }
        let dimensions = self.n_modes[0].len();
        for modes in &self.n_modes {
            if !(1..=2).contains(&modes.len()) || modes.len() != dimensions {
                let expected = "one number for each layer of lines, two for each of planes";
                return Err(Error::config(
                    "n_modes",
                    expected,
                    format!("{:?}", self.n_modes),
                ));
            }
        }
        if !(0.0..=1.0).contains(&self.domain_padding) {
            return Err(Error::config(
                "domain_padding",
                "0 to 1",
                self.domain_padding,
            ));
        }
        let mut share = 1.0;
        let mut shares = Vec::with_capacity(count);
        for &scaling in &self.scalings {
            if !(1.0 / 16.0..=16.0).contains(&scaling) {
                return Err(Error::config(
                    "scalings",
                    "numbers from 1/16 to 16",
                    scaling,
                ));
            }
            share *= scaling;
            shares.push(share);
        }
        if (share - 1.0).abs() > ROUNDING {
            let expected = "a product of 1, back to the grid of the input";
            return Err(Error::config("scalings", expected, share));
        }
        // The last layer is on the grid of the input, whatever the rounding.
        shares[count - 1] = 1.0;
        Ok(shares)
    }

    /// Whether fields of `rows` x `columns` points have the dimensions of the network.
    ///
    /// # Errors
    /// When they have not.
    pub(crate) fn check_plane(&self, [rows, columns]: [usize; 2]) -> Result<()> {
        let of_fields = if rows > 1 { 2 } else { 1 };
        match self.n_modes.iter().find(|modes| modes.len() != of_fields) {
            None => Ok(()),
            Some(modes) => {
                let fields = format!("fields of {rows} x {columns} points");
                let expected = format!("modes along {of_fields} dimensions for {fields}");
                Err(Error::config("n_modes", expected, format!("{modes:?}")))
            }
        }
    }
}

impl Uno {
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
        let sizes = [1, rows, columns];
        let mut x = x.reshape([batch, inputs, rows * columns]);
        if let Some(embedding) = &self.embedding {
            x = embedding.of_plane(x, [rows, columns], self.dimensions);
        }
        let padded = scaled(sizes, 1.0 + self.domain_padding, f64::ceil);
        let lifted = resize(self.lifting.forward(x), sizes, padded);
        // Before their activation, as between the layers of an FNO.
        let mut outputs: Vec<(Tensor<3>, [usize; 3])> = Vec::with_capacity(self.layers.len());
        for (number, layer) in self.layers.iter().enumerate() {
            let grid = scaled(padded, self.shares[number], f64::round);
            let before = match number {
                0 => (lifted.clone(), padded),
                _ => outputs[number - 1].clone(),
            };
            let mut seen = vec![before];
            if let Some(partner) = partner(number, self.layers.len()) {
                seen.push(outputs[partner].clone());
            }
            // The layer activates what it reads where nothing comes between.
            let in_place = seen.iter().all(|(_, sizes)| *sizes == grid);
            let parts = seen.into_iter().map(|(v, sizes)| match (in_place, number) {
                (true, _) => v,
                (false, 0) => self.resample.forward(v, sizes, grid),
                (false, _) => self.resample.forward(gelu(v), sizes, grid),
            });
            let mut parts: Vec<_> = parts.collect();
            let v = match parts.len() {
                1 => parts.remove(0),
                _ => Tensor::cat(parts, 1),
            };
            outputs.push((layer.forward(v, grid, in_place && number > 0), grid));
        }
        let last = outputs.pop().map_or(lifted, |(v, _)| v);
        let y = self.projection.forward(resize(last, padded, sizes));
        let outputs = y.dims()[1];
        y.reshape([batch, outputs, rows, columns])
    }
}

/// Sizes of a grid that is finer or coarser; one point stays one.
fn scaled(sizes: [usize; 3], share: f64, to_whole: fn(f64) -> f64) -> [usize; 3] {
    sizes.map(|n| match n {
        1 => 1,
        _ => (to_whole(n as f64 * share) as usize).max(1),
    })
}

#[cfg(test)]
mod tests;
