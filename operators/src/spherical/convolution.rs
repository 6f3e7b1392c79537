//! The spherical convolution of the spherical Fourier neural operator.
//!
//! Bonev et al., Spherical Fourier Neural Operators (ICML 2023), eq. 10: by the convolution
//! theorem of Driscoll and Healy a convolution on the sphere multiplies every order of degree `l`
//! by the same matrix, `y_l^m = R_l x_l^m` with complex `R_l` `[Ci, Co]`. Weights know nothing of
//! the grid.

use super::transform::HarmonicTransform;
use crate::buffers::{GridCache, matrix};
use crate::error::{Error, Result};
use burn::module::{Initializer, Module, Param};
use burn::tensor::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};

/// How `R_l` depends on the degree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// One free matrix for each degree.
    #[default]
    Free,
    /// Piecewise linear in `log(1 + l)` between a few knots: fewer weights, and a meaning for
    /// degrees beyond those trained (the last knot's).
    Smooth,
}

/// Configuration of [`SphericalConv`].
#[derive(Clone, Debug, PartialEq)]
pub struct SphericalConvConfig {
    /// Input channels.
    pub in_channels: usize,
    /// Output channels.
    pub out_channels: usize,
    /// Number of degrees the weights are for.
    pub degrees: usize,
    /// Dependence on the degree.
    pub filter: Filter,
    /// Number of knots of a smooth filter.
    pub knots: usize,
}

/// Spherical convolution `[B, Ci, nlat, nlon]` to `[B, Co, nlat, nlon]`.
#[derive(Module, Debug)]
pub struct SphericalConv {
    /// Complex weights `[K, Ci, 2 Co]`: for each degree or knot a row per input channel that
    /// holds the real parts, then the imaginary parts.
    pub weight: Param<Tensor<3>>,
    #[module(skip)]
    degrees: usize,
    #[module(skip)]
    filter: Filter,
    #[module(skip)]
    interpolation: GridCache<Tensor<2>>,
}

impl SphericalConvConfig {
    /// Creates the layer with weights that keep the variance of a field: `E|R|^2 = 1 / Ci`.
    pub fn init(&self, device: &Device) -> Result<SphericalConv> {
        for (name, value) in [
            ("in_channels", self.in_channels),
            ("out_channels", self.out_channels),
            ("degrees", self.degrees),
        ] {
            if value == 0 {
                return Err(Error::config(name, "at least 1", value));
            }
        }
        let rows = match self.filter {
            Filter::Free => self.degrees,
            Filter::Smooth if self.knots < 2 => {
                return Err(Error::config("knots", "at least 2", self.knots));
            }
            Filter::Smooth => self.knots,
        };
        let std = (0.5 / self.in_channels as f64).sqrt();
        let initializer = Initializer::Normal { mean: 0.0, std };
        Ok(SphericalConv {
            weight: initializer.init([rows, self.in_channels, 2 * self.out_channels], device),
            degrees: self.degrees,
            filter: self.filter,
            interpolation: GridCache::default(),
        })
    }
}

impl SphericalConv {
    /// Convolves `[B, Ci, nlat, nlon]` to `[B, Co, nlat, nlon]` on the transform's grid.
    ///
    /// The transform may hold fewer degrees than the weights (the others rest), and with a smooth
    /// filter more.
    ///
    /// # Panics
    /// When the transform holds more degrees than a free filter has weights for.
    pub fn forward(&self, x: Tensor<4>, transform: &HarmonicTransform) -> Tensor<4> {
        transform.convolve(x, self.degree_weights(transform.degrees()))
    }

    /// Weights of each degree, `[L, Ci, 2 Co]`.
    fn degree_weights(&self, degrees: usize) -> Tensor<3> {
        let weight = self.weight.val();
        let [rows, in_channels, pairs] = weight.dims();
        match self.filter {
            Filter::Free if degrees == rows => weight,
            Filter::Free => weight.narrow(0, 0, degrees),
            Filter::Smooth => {
                let (device, dtype) = (weight.device(), weight.dtype());
                let hats = self.interpolation.get([degrees], &device, dtype, |device| {
                    knot_hats(rows, self.degrees, degrees, device, dtype)
                });
                let flat = weight.reshape([rows, in_channels * pairs]);
                (*hats)
                    .clone()
                    .matmul(flat)
                    .reshape([degrees, in_channels, pairs])
            }
        }
    }

    /// Number of degrees the weights were made for.
    pub fn degrees(&self) -> usize {
        self.degrees
    }

    /// Whether the weights have a value at every degree.
    pub fn extends(&self) -> bool {
        self.filter == Filter::Smooth
    }
}

/// Hat functions `[degrees, knots]` of knots evenly spaced in `log(1 + l)` over the trained degrees.
fn knot_hats(
    knots: usize,
    trained: usize,
    degrees: usize,
    device: &Device,
    dtype: DType,
) -> Tensor<2> {
    let last = (trained as f64).ln().max(f64::MIN_POSITIVE);
    let mut hats = vec![0.0; degrees * knots];
    for l in 0..degrees {
        let position = ((1.0 + l as f64).ln() / last).min(1.0) * (knots - 1) as f64;
        let left = (position.floor() as usize).min(knots - 2);
        let share = position - left as f64;
        hats[l * knots + left] = 1.0 - share;
        hats[l * knots + left + 1] = share;
    }
    matrix(hats, [degrees, knots], device, dtype)
}

#[cfg(test)]
mod tests {
    use super::super::transform::tests::{max_abs, spectrum};
    use super::*;
    use burn::tensor::TensorData;
    use curlwind_solvers::sphere::grid::SphereGrid;

    fn layer(filter: Filter, device: &Device) -> SphericalConv {
        let config = SphericalConvConfig {
            in_channels: 2,
            out_channels: 3,
            degrees: 8,
            filter,
            knots: 4,
        };
        let mut layer = config.init(device).expect("valid");
        let dims = layer.weight.shape().dims::<3>();
        let values: Vec<f64> = (0..dims.iter().product())
            .map(|i| (i as f64 * 0.61).cos())
            .collect();
        let data = TensorData::new(values, dims);
        layer.weight = Param::from_tensor(Tensor::<3>::from_data(data, (device, DType::F64)));
        layer
    }

    fn transform(nlat: usize, degrees: usize, device: &Device) -> HarmonicTransform {
        let grid = SphereGrid::gaussian(nlat, 2 * nlat).expect("grid");
        HarmonicTransform::new(&grid, degrees, degrees, device, DType::F64).expect("transform")
    }

    /// A rotation about the axis shifts longitudes; the layer must not notice.
    #[test]
    fn commutes_with_rotations_about_the_axis() {
        let device = Device::flex();
        let transform = transform(8, 8, &device);
        let layer = layer(Filter::Free, &device);
        let x = transform.synthesis(spectrum(1, 8, 8, 2, &device, DType::F64));
        let roll =
            |x: Tensor<4>| Tensor::cat(vec![x.clone().narrow(3, 11, 5), x.narrow(3, 0, 11)], 3);
        let a = roll(layer.forward(x.clone(), &transform));
        let b = layer.forward(roll(x), &transform);
        assert!(max_abs(a - b) < 1e-12);
    }

    /// A band-limited field gives the same function on a finer grid, without retraining.
    #[test]
    fn the_same_function_on_a_finer_grid() {
        let device = Device::flex();
        let (coarse, fine) = (transform(8, 8, &device), transform(20, 8, &device));
        for filter in [Filter::Free, Filter::Smooth] {
            let layer = layer(filter, &device);
            let x = spectrum(2, 8, 8, 2, &device, DType::F64);
            let a = coarse.analysis(layer.forward(coarse.synthesis(x.clone()), &coarse));
            let b = fine.analysis(layer.forward(fine.synthesis(x), &fine));
            assert!(max_abs(a - b) < 1e-12);
        }
    }

    #[test]
    fn a_smooth_filter_meets_its_knots_and_extends() {
        let device = Device::flex();
        let hats = knot_hats(4, 8, 12, &device, DType::F64)
            .into_data()
            .try_to_vec::<f64>()
            .expect("f64");
        assert_eq!(hats[..4], [1.0, 0.0, 0.0, 0.0]);
        assert!((hats[7 * 4 + 3] - 1.0).abs() < 1e-15);
        assert_eq!(hats[7 * 4..8 * 4], hats[11 * 4..12 * 4]);
        assert!(
            hats.chunks(4)
                .all(|row| (row.iter().sum::<f64>() - 1.0).abs() < 1e-15)
        );
    }

    #[test]
    fn gradients_match_finite_differences() {
        let device = Device::flex().autodiff();
        let transform = transform(6, 6, &device);
        for filter in [Filter::Free, Filter::Smooth] {
            let layer = layer(filter, &device);
            let x = transform
                .synthesis(spectrum(2, 6, 6, 2, &device, DType::F64))
                .detach()
                .require_grad();
            let loss = |layer: &SphericalConv, x: Tensor<4>| {
                layer.forward(x, &transform).powi_scalar(3).sum()
            };
            let grads = loss(&layer, x.clone()).backward();
            let vec = |t: TensorData| t.try_to_vec::<f64>().expect("f64");
            let dw = vec(layer.weight.val().grad(&grads).expect("dw").into_data());
            let dx = vec(x.grad(&grads).expect("dx").into_data());
            let eps = 1e-5;
            let (weights, dims) = (vec(layer.weight.val().into_data()), layer.weight.dims());
            for at in [0, 20, weights.len() - 30] {
                let value = |d: f64| {
                    let mut weights = weights.clone();
                    weights[at] += d;
                    let data = TensorData::new(weights, dims);
                    let weight = Tensor::<3>::from_data(data, (&device, DType::F64));
                    let moved = SphericalConv {
                        weight: Param::from_tensor(weight),
                        ..layer.clone()
                    };
                    loss(&moved, x.clone()).into_scalar::<f64>()
                };
                let fd = (value(eps) - value(-eps)) / (2.0 * eps);
                assert!(
                    (fd - dw[at]).abs() < 1e-7 * fd.abs().max(1.0),
                    "{filter:?} dw {fd} != {}",
                    dw[at]
                );
            }
            let values = vec(x.clone().into_data());
            for at in [3, 100, 270] {
                let value = |d: f64| {
                    let mut values = values.clone();
                    values[at] += d;
                    let data = TensorData::new(values, [2, 2, 6, 12]);
                    loss(&layer, Tensor::from_data(data, (&device, DType::F64)))
                        .into_scalar::<f64>()
                };
                let fd = (value(eps) - value(-eps)) / (2.0 * eps);
                assert!(
                    (fd - dx[at]).abs() < 1e-7 * fd.abs().max(1.0),
                    "{filter:?} dx {fd} != {}",
                    dx[at]
                );
            }
        }
    }
}
