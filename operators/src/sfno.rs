//! The spherical Fourier neural operator.
//!
//! Bonev et al., Spherical Fourier Neural Operators: Learning Stable Dynamics on the Sphere
//! (ICML 2023): lifting, blocks around a spherical convolution, projection with a skip from the
//! input. A block is
//!
//! ```text
//! h = gelu(K v + W v + b)        K: spherical convolution, W: channel mixing
//! v' = v + W2 h                  mlp_ratio = 0
//! v' = v + W3 gelu(W2 h + b2)    mlp_ratio > 0
//! ```
//!
//! Nothing learned depends on the grid; [`Sfno::at_grid`] moves a network to another one.

use crate::buffers::matrix;
use crate::error::{Error, Result};
use crate::fno::{Lifting, append_channels, at_least_one};
use crate::kernels;
use crate::pointwise::{Bias, BiasGelu, ChannelMix, ChannelMlp, GELU_GAIN};
use crate::spherical::{Filter, HarmonicTransform, SphericalConv, SphericalConvConfig};
use burn::module::Module;
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::sphere::grid::SphereGrid;
use serde::{Deserialize, Serialize};

/// Configuration of [`Sfno`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SfnoConfig {
    /// Input channels; set from the data.
    pub in_channels: usize,
    /// Output channels; set from the data.
    pub out_channels: usize,
    /// Total degrees that the convolutions act on (truncation + 1). A grid that carries fewer
    /// uses fewer. 0 stands for all that the first grid tells apart
    /// ([`HarmonicTransform::max_degrees`]).
    pub degrees: usize,
    /// Zonal orders; 0 stands for as many as degrees.
    pub orders: usize,
    /// Channels of the blocks.
    pub hidden_channels: usize,
    /// Number of blocks.
    pub layers: usize,
    /// Dependence of the weights on the degree.
    pub filter: Filter,
    /// Knots of a smooth filter.
    pub knots: usize,
    /// Hidden width of the MLP of each block, in units of `hidden_channels`; 0 for none.
    pub mlp_ratio: usize,
    /// Width of the hidden layer of the lifting, in units of `hidden_channels`; 0 for one layer.
    pub lifting_ratio: usize,
    /// Width of the hidden layer of the projection, in units of `hidden_channels`.
    pub projection_ratio: usize,
    /// Whether the point in space (sin of the latitude and two more) is appended to the input. A
    /// convolution cannot know the latitude, and so not the Coriolis parameter, without it.
    pub positional_embedding: bool,
    /// Whether the projection also sees the input.
    pub big_skip: bool,
}

impl Default for SfnoConfig {
    fn default() -> Self {
        Self {
            in_channels: 3,
            out_channels: 3,
            degrees: 0,
            orders: 0,
            hidden_channels: 32,
            layers: 4,
            filter: Filter::Free,
            knots: 10,
            mlp_ratio: 0,
            lifting_ratio: 0,
            projection_ratio: 2,
            positional_embedding: true,
            big_skip: true,
        }
    }
}

impl burn::config::Config for SfnoConfig {}

/// Spherical Fourier neural operator `[B, Ci, nlat, nlon]` to `[B, Co, nlat, nlon]`.
#[derive(Module, Debug)]
pub struct Sfno {
    lifting: Lifting,
    blocks: Vec<Block>,
    projection: ChannelMix,
    projection_skip: Option<ChannelMix>,
    projection_activation: BiasGelu,
    output: ChannelMix,
    output_bias: Bias,
    #[module(skip)]
    transform: HarmonicTransform,
    #[module(skip)]
    embedding: Option<Tensor<4>>,
}

#[derive(Module, Debug)]
struct Block {
    convolution: SphericalConv,
    skip: ChannelMix,
    activation: BiasGelu,
    mix: Option<ChannelMix>,
    mlp: Option<ChannelMlp>,
}

impl SfnoConfig {
    /// Creates the network with fresh weights, for fields on `grid`.
    ///
    /// # Errors
    /// When a size is zero, or the grid does not carry the degrees and orders asked for.
    pub fn init(&self, grid: &SphereGrid, device: &Device) -> Result<Sfno> {
        at_least_one(&[
            ("in_channels", self.in_channels),
            ("out_channels", self.out_channels),
            ("hidden_channels", self.hidden_channels),
            ("layers", self.layers),
            ("projection_ratio", self.projection_ratio),
        ])?;
        let degrees = match self.degrees {
            0 => HarmonicTransform::max_degrees(grid),
            degrees => degrees,
        };
        let orders = match self.orders {
            0 => degrees.min(grid.nlon() / 2 + 1),
            orders => orders,
        };
        let dtype = DType::F32;
        let transform = HarmonicTransform::new(grid, degrees, orders, device, dtype)?;
        let hidden = self.hidden_channels;
        let convolution = SphericalConvConfig {
            in_channels: hidden,
            out_channels: hidden,
            degrees,
            filter: self.filter,
            knots: self.knots,
        };
        // The branches of all blocks together add about as much variance as the input brings.
        let branch = 1.0 / (self.layers as f64).sqrt();
        let mlp = |ratio| ChannelMlp::new(hidden, ratio * hidden, hidden, branch, device);
        let mix = || ChannelMix::new(hidden, hidden, branch * GELU_GAIN, device);
        let blocks = (0..self.layers)
            .map(|_| {
                Ok(Block {
                    convolution: convolution.init(device)?,
                    skip: ChannelMix::new(hidden, hidden, 1.0, device),
                    activation: BiasGelu::new(hidden, device),
                    mix: (self.mlp_ratio == 0).then(mix),
                    mlp: (self.mlp_ratio > 0).then(|| mlp(self.mlp_ratio)),
                })
            })
            .collect::<Result<_>>()?;
        let inputs = self.in_channels + if self.positional_embedding { 3 } else { 0 };
        let width = self.projection_ratio * hidden;
        Ok(Sfno {
            lifting: Lifting::new(inputs, hidden, self.lifting_ratio, device),
            blocks,
            projection: ChannelMix::new(hidden, width, 1.0, device),
            projection_skip: self
                .big_skip
                .then(|| ChannelMix::new(inputs, width, 1.0, device)),
            projection_activation: BiasGelu::new(width, device),
            output: ChannelMix::new(width, self.out_channels, 1.0, device),
            output_bias: Bias::new(self.out_channels, device),
            embedding: self
                .positional_embedding
                .then(|| coordinates(grid, device, dtype)),
            transform,
        })
    }
}

impl Sfno {
    /// The grid of the fields.
    pub fn grid(&self) -> &SphereGrid {
        self.transform.grid()
    }

    /// The transform of the current grid.
    pub fn transform(&self) -> &HarmonicTransform {
        &self.transform
    }

    /// The same weights for fields on another grid (zero-shot super-resolution).
    ///
    /// The convolutions act on the degrees they were made for, or as many as the grid carries;
    /// beyond those only the pointwise paths act.
    pub fn at_grid(&self, grid: &SphereGrid) -> Result<Self> {
        let trained = self
            .blocks
            .first()
            .map_or(1, |block| block.convolution.degrees());
        let orders = self.transform.orders();
        let degrees = trained.min(HarmonicTransform::max_degrees(grid));
        self.with_truncation(grid, degrees, orders.min(degrees).min(grid.nlon() / 2 + 1))
    }

    /// As [`Sfno::at_grid`] with chosen numbers of degrees and orders. A smooth filter has weights
    /// at every degree, a free one only at those it was made for.
    pub fn with_truncation(
        &self,
        grid: &SphereGrid,
        degrees: usize,
        orders: usize,
    ) -> Result<Self> {
        for block in &self.blocks {
            let trained = block.convolution.degrees();
            if degrees > trained && !block.convolution.extends() {
                let expected = format!("at most {trained} with a free filter");
                return Err(Error::config("degrees", expected, degrees));
            }
        }
        let device = self.output_bias.bias.val().device();
        let dtype = self.output_bias.bias.val().dtype();
        let transform = HarmonicTransform::new(grid, degrees, orders, &device, dtype)?;
        let embedding = self
            .embedding
            .as_ref()
            .map(|_| coordinates(grid, &device, dtype));
        Ok(Self {
            transform,
            embedding,
            ..self.clone()
        })
    }

    /// Applies the network to `[B, Ci, nlat, nlon]` on its grid.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = match &self.embedding {
            Some(embedding) => append_channels(x, embedding),
            None => x,
        };
        let [batch, inputs, nlat, nlon] = x.dims();
        let points = nlat * nlon;
        let x = x.reshape([batch, inputs, points]);
        let mut v = self.lifting.forward(x.clone());
        for block in &self.blocks {
            v = block.forward(v, [nlat, nlon], &self.transform);
        }
        let mut first = self.projection.weight.val();
        if let Some(skip) = &self.projection_skip {
            v = Tensor::cat(vec![v, x], 1);
            first = Tensor::cat(vec![first, skip.weight.val()], 1);
        }
        let y = kernels::channel_mlp(
            v,
            first,
            self.projection_activation.bias.val(),
            self.output.weight.val(),
            self.output_bias.bias.val(),
        );
        let outputs = y.dims()[1];
        y.reshape([batch, outputs, nlat, nlon])
    }
}

impl Block {
    fn forward(
        &self,
        v: Tensor<3>,
        [nlat, nlon]: [usize; 2],
        transform: &HarmonicTransform,
    ) -> Tensor<3> {
        let [batch, hidden, points] = v.dims();
        let field = v.clone().reshape([batch, hidden, nlat, nlon]);
        let spectral = self
            .convolution
            .forward(field, transform)
            .reshape([batch, hidden, points]);
        let (weight, bias) = (self.skip.weight.val(), self.activation.bias.val());
        let h = kernels::channel_add(spectral, v.clone(), weight, bias, true);
        match (&self.mix, &self.mlp) {
            (Some(layer), _) => layer.added_to(v, h),
            (_, Some(layer)) => v + layer.forward(h),
            _ => v + h,
        }
    }
}

/// sin(latitude), cos(longitude) cos(latitude), sin(longitude) cos(latitude): the point in space,
/// smooth at the poles; `[1, 3, nlat, nlon]`.
fn coordinates(grid: &SphereGrid, device: &Device, dtype: DType) -> Tensor<4> {
    let (nlat, nlon) = (grid.nlat(), grid.nlon());
    let mut values = Vec::with_capacity(3 * nlat * nlon);
    let lines = || grid.sin_latitudes().iter().zip(grid.cos_latitudes());
    for axis in 0..3 {
        for (sin, cos) in lines() {
            values.extend(grid.longitudes().iter().map(|lon| match axis {
                0 => *sin,
                1 => cos * lon.cos(),
                _ => cos * lon.sin(),
            }));
        }
    }
    matrix(values, [1, 3, nlat, nlon], device, dtype)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Distribution;

    fn config() -> SfnoConfig {
        SfnoConfig {
            hidden_channels: 8,
            layers: 2,
            positional_embedding: true,
            ..Default::default()
        }
    }

    #[test]
    fn gradients_reach_every_parameter() {
        let device = Device::flex().autodiff();
        let grid = SphereGrid::gaussian(8, 16).expect("grid");
        for (filter, mlp_ratio, lifting_ratio) in [(Filter::Free, 0, 0), (Filter::Smooth, 2, 1)] {
            let config = SfnoConfig {
                filter,
                mlp_ratio,
                lifting_ratio,
                knots: 4,
                ..config()
            };
            let network = config.init(&grid, &device).expect("network");
            let x = Tensor::<4>::random([2, 3, 8, 16], Distribution::Normal(0.0, 1.0), &device);
            let loss = network.forward(x).powi_scalar(2).mean();
            let grads = burn::optim::GradientsParams::from_grads(loss.backward(), &network);
            let mut count = 0;
            crate::weights::for_each(&network, |_, _| count += 1);
            assert_eq!(grads.len(), count);
        }
    }

    /// On a band-limited input the network is nearly the same function at twice the resolution.
    #[test]
    fn moves_to_a_finer_grid() {
        let device = Device::flex();
        device.seed(5);
        let coarse = SphereGrid::gaussian(16, 32).expect("grid");
        let fine = SphereGrid::gaussian(32, 64).expect("grid");
        let network = SfnoConfig {
            degrees: 8,
            ..config()
        }
        .init(&coarse, &device)
        .expect("network");
        let finer = network.at_grid(&fine).expect("finer");
        let smooth = |grid: &SphereGrid| {
            let values = grid.sin_latitudes().iter().flat_map(|s| {
                grid.longitudes()
                    .iter()
                    .map(move |l| s + (1.0 - s * s) * (2.0 * l).cos())
            });
            matrix::<4>(
                values.collect(),
                [1, 1, grid.nlat(), grid.nlon()],
                &device,
                DType::F32,
            )
            .repeat_dim(1, 3)
        };
        let means = |network: &Sfno, grid: &SphereGrid| {
            let spectrum =
                HarmonicTransform::new(grid, 6, 6, &device, DType::F32).expect("transform");
            spectrum.analysis(network.forward(smooth(grid)))
        };
        let (a, b) = (means(&network, &coarse), means(&finer, &fine));
        let difference = (a.clone() - b).abs().max().into_scalar::<f64>();
        let scale = a.abs().max().into_scalar::<f64>();
        assert!(difference < 1e-3 * scale, "{difference} of {scale}");
    }

    #[test]
    fn initial_variance_is_tame() {
        let device = Device::flex();
        device.seed(3);
        let grid = SphereGrid::gaussian(32, 64).expect("grid");
        for layers in [1, 4, 12] {
            let config = SfnoConfig {
                layers,
                degrees: 32,
                ..Default::default()
            };
            let network = config.init(&grid, &device).expect("network");
            let x = Tensor::<4>::random([4, 3, 32, 64], Distribution::Normal(0.0, 1.0), &device);
            let variance = network
                .forward(x)
                .powi_scalar(2)
                .mean()
                .into_scalar::<f64>();
            println!("{layers} layers: output variance {variance:.3} for unit input");
            assert!(
                (0.1..10.0).contains(&variance),
                "{layers} layers: {variance}"
            );
        }
    }

    #[test]
    fn impossible_truncations_are_refused() {
        let device = Device::flex();
        let grid = SphereGrid::gaussian(8, 16).expect("grid");
        let message = SfnoConfig {
            degrees: 9,
            ..config()
        }
        .init(&grid, &device)
        .expect_err("refused")
        .to_string();
        assert!(
            message.contains("expected 1 to 8 degrees, found 9"),
            "{message}"
        );
        let network = config().init(&grid, &device).expect("network");
        let finer = SphereGrid::gaussian(16, 32).expect("grid");
        assert!(network.with_truncation(&finer, 12, 12).is_err());
    }
}
