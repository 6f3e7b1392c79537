//! The Fourier layer of the Fourier neural operator in one to three dimensions.
//!
//! Li et al., Fourier Neural Operator for Parametric Partial Differential Equations (ICLR 2021),
//! eqs. 2 and 4: `v = F^-1(R_k F(a)_k) + W a + b` with one complex channel matrix `R_k` per kept mode
//! `k`. The modes are those of PyTorch's neuraloperator: `n` modes of both signs along all
//! dimensions but the last (`-n/2 ..= (n-1)/2`) and `n / 2 + 1` along the last, and transforms carry
//! the `1/N` in the forward direction, so that weights mean the same on every grid.

use super::dft::{self, ComplexOrder};
use super::weight::{Factorization, KeptModes, SpectralWeight};
use crate::buffers::{GridCache, matrix};
use crate::error::{Error, Result};
use crate::kernels::{self, FourierGrid};
use crate::pointwise::{Bias, ChannelMix, gelu};
use burn::module::Module;
use burn::tensor::{DType, Device, Tensor};

/// Configuration of [`FourierLayer`].
#[derive(Clone, Debug, PartialEq)]
pub struct FourierLayerConfig {
    /// Input channels.
    pub in_channels: usize,
    /// Output channels.
    pub out_channels: usize,
    /// Modes along each dimension, slowest first, as if both signs were kept everywhere.
    pub n_modes: Vec<usize>,
    /// Form of the spectral weights.
    pub factorization: Factorization,
    /// Share of the dense weights' parameters that factorised ones have; 1 for dense ones.
    pub rank: f64,
    /// Standard deviation of the skip's output for an input of variance 1.
    pub skip_gain: f64,
}

/// `F^-1(R F(a)) + W a + b` of `[B, Ci, P]`, on any grid size.
///
/// Modes that a grid cannot carry are left out; the weights of the others stay in place.
#[derive(Module, Debug)]
pub struct FourierLayer {
    /// `R`.
    pub weight: SpectralWeight,
    /// `W`.
    pub skip: ChannelMix,
    /// `b`.
    pub bias: Bias,
    /// Most modes in use along each dimension, counted with both signs; the others' weights rest.
    #[module(skip)]
    pub(crate) mode_limit: Option<usize>,
    #[module(skip)]
    cache: GridCache<Tensor<1>>,
}

impl FourierLayerConfig {
    /// Creates the layer with spectral weights that keep the variance of white noise in the kept
    /// modes: `E|R|^2 = 1 / in_channels`.
    ///
    /// # Errors
    /// When a size is zero, there are not one to three dimensions, or `rank` is not in 0..1 or for
    /// dense weights not 1.
    pub fn init(&self, device: &Device) -> Result<FourierLayer> {
        let modes = three(&self.n_modes, 1)
            .ok_or_else(|| Error::config("n_modes", "one to three numbers", self.n_modes.len()))?;
        for (name, value) in [
            ("in_channels", self.in_channels),
            ("out_channels", self.out_channels),
            ("n_modes", modes.into_iter().min().unwrap_or(0)),
        ] {
            if value == 0 {
                return Err(Error::config(name, "at least 1", value));
            }
        }
        match self.factorization {
            Factorization::Dense if self.rank != 1.0 => {
                let expected = "1 with factorization = \"dense\"";
                return Err(Error::config("rank", expected, self.rank));
            }
            _ if !(self.rank > 0.0 && self.rank <= 1.0) => {
                let expected = "a share of the dense parameters, above 0 and at most 1";
                return Err(Error::config("rank", expected, self.rank));
            }
            _ => {}
        }
        let mut stored = self.n_modes.clone();
        if let Some(last) = stored.last_mut() {
            *last = *last / 2 + 1;
        }
        Ok(FourierLayer {
            weight: SpectralWeight::new(self, &stored, device),
            skip: ChannelMix::new(self.in_channels, self.out_channels, self.skip_gain, device),
            bias: Bias::new(self.out_channels, device),
            mode_limit: None,
            cache: GridCache::default(),
        })
    }
}

/// One to three sizes as three, absent ones in front.
pub(crate) fn three(sizes: &[usize], absent: usize) -> Option<[usize; 3]> {
    match *sizes {
        [x] => Some([absent, absent, x]),
        [y, x] => Some([absent, y, x]),
        [z, y, x] => Some([z, y, x]),
        _ => None,
    }
}

impl FourierLayer {
    /// `[B, Ci, P]` on a grid `[D, H, W]` to `[B, Co, P]`; with `activate`, of `gelu(x)`.
    pub fn forward(&self, x: Tensor<3>, sizes: [usize; 3], activate: bool) -> Tensor<3> {
        let grid = self.grid(sizes);
        let [depth, height, width] = grid.sizes;
        let [kz, ky, kx] = grid.modes;
        let key = [depth, height, width, kz, ky, kx];
        // fields may have fewer bits
        let dtype = self.bias.bias.val().dtype();
        let transforms = self.cache.get(key, &x.device(), dtype, |device| {
            transforms(grid, device, dtype)
        });
        let transforms = (*transforms).clone();
        let kept = KeptModes {
            all: self.weight.mode_counts(),
            kept: grid.modes,
        };
        match &self.weight {
            SpectralWeight::Dense(weight) => kernels::fourier_block(
                x,
                kept.of_dense(weight.val()),
                self.skip.weight.val(),
                self.bias.bias.val(),
                transforms,
                grid,
                activate,
            ),
            SpectralWeight::Tensorised(weight) => {
                let a = if activate { gelu(x) } else { x };
                let spectrum = kernels::fourier_analysis(a.clone(), transforms.clone(), grid);
                let mixed = weight.apply(spectrum, kept);
                let convolved = kernels::fourier_synthesis(mixed, transforms, grid);
                self.bias.forward(convolved + self.skip.forward(a))
            }
        }
    }

    /// The modes in use that a grid of these sizes can carry.
    fn grid(&self, sizes: [usize; 3]) -> FourierGrid {
        let [kz, ky, kx] = self.weight.mode_counts();
        let limit = self.mode_limit.map_or(usize::MAX, |limit| limit.max(1));
        let [depth, height, width] = sizes.map(|n| n.min(limit));
        FourierGrid {
            sizes,
            modes: [kz.min(depth), ky.min(height), kx.min(width / 2 + 1)],
        }
    }
}

/// The matrices of a grid one after the other, see [`FourierGrid::matrices`].
pub fn transforms(grid: FourierGrid, device: &Device, dtype: DType) -> Tensor<1> {
    let order = ComplexOrder::Split;
    let [depth, height, width] = grid.sizes;
    let [kz, ky, kx] = grid.modes;
    let mut values = dft::real_analysis(width, kx, order);
    values.extend(dft::real_synthesis(width, kx, order));
    for (points, modes) in [(height, ky), (depth, kz)]
        .into_iter()
        .take(grid.matrices().count() - 1)
    {
        values.extend(dft::complex_analysis(points, modes));
        values.extend(dft::complex_synthesis(points, modes));
    }
    let count = values.len();
    matrix(values, [count], device, dtype)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::Param;
    use burn::tensor::TensorData;
    use rustfft::{FftPlanner, num_complex::Complex64};

    fn weights(layer: &FourierLayer) -> Tensor<6> {
        match &layer.weight {
            SpectralWeight::Dense(weight) => weight.val(),
            SpectralWeight::Tensorised(_) => panic!("dense weights"),
        }
    }

    fn noise(count: usize, seed: u64) -> Vec<f64> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        (0..count)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
            })
            .collect()
    }

    /// A layer with no skip in f64.
    fn layer(modes: [usize; 2], i: usize, o: usize, device: &Device) -> FourierLayer {
        let config = FourierLayerConfig {
            in_channels: i,
            out_channels: o,
            n_modes: modes.to_vec(),
            factorization: Factorization::Dense,
            rank: 1.0,
            skip_gain: 1.0,
        };
        let layer = config.init(device).expect("valid configuration");
        let shape = [1, modes[0], modes[1] / 2 + 1, i, o, 2];
        let data = TensorData::new(noise(shape.iter().product(), 7), shape);
        let weight = Tensor::<6>::from_data(data, (device, DType::F64));
        let zero = Tensor::<2>::zeros([o, i], (device, DType::F64));
        FourierLayer {
            weight: SpectralWeight::Dense(Param::from_tensor(weight)),
            skip: ChannelMix {
                weight: Param::from_tensor(zero.clone()),
            },
            bias: Bias {
                bias: Param::from_tensor(Tensor::zeros([o], (device, DType::F64))),
            },
            ..layer
        }
    }

    /// What neuraloperator does, by full FFTs: rfft2, weights on the kept modes, irfft2.
    fn by_fft(x: &[f64], w: &[f64], dims: [usize; 5], modes: [usize; 2]) -> Vec<f64> {
        let [batch, i, o, h, wd] = dims;
        let (max_ky, max_kx) = (modes[0], modes[1] / 2 + 1);
        let mut planner = FftPlanner::new();
        let mut two = |data: &mut Vec<Complex64>, inverse: bool| {
            let plan = |p: &mut FftPlanner<f64>, n| {
                if inverse {
                    p.plan_fft_inverse(n)
                } else {
                    p.plan_fft_forward(n)
                }
            };
            let row = plan(&mut planner, wd);
            data.chunks_mut(wd).for_each(|r| row.process(r));
            let column = plan(&mut planner, h);
            for c in 0..wd {
                let mut line: Vec<_> = (0..h).map(|r| data[r * wd + c]).collect();
                column.process(&mut line);
                (0..h).for_each(|r| data[r * wd + c] = line[r]);
            }
        };
        let mut y = vec![0.0; batch * o * h * wd];
        for b in 0..batch {
            let spectra: Vec<Vec<Complex64>> = (0..i)
                .map(|c| {
                    let start = (b * i + c) * h * wd;
                    let mut data: Vec<_> = x[start..start + h * wd]
                        .iter()
                        .map(|&v| Complex64::from(v / (h * wd) as f64))
                        .collect();
                    two(&mut data, false);
                    data
                })
                .collect();
            for out in 0..o {
                let mut mixed = vec![Complex64::default(); h * wd];
                for k in dft::centred_modes(max_ky.min(h)) {
                    let wr = (k + (max_ky / 2) as i64) as usize;
                    for kx in 0..max_kx.min(wd / 2 + 1) {
                        let at = k.rem_euclid(h as i64) as usize * wd + kx;
                        let mut sum = Complex64::default();
                        for (c, s) in spectra.iter().enumerate() {
                            let index = (((wr * max_kx + kx) * i + c) * o + out) * 2;
                            sum += s[at] * Complex64::new(w[index], w[index + 1]);
                        }
                        // As a C2R transform: weight 2 with the real part taken afterwards.
                        let weight = if kx == 0 || 2 * kx == wd { 1.0 } else { 2.0 };
                        mixed[at] = sum * weight;
                    }
                }
                // Along rows first, then drop imaginary parts of zero and Nyquist columns.
                let mut planner = FftPlanner::new();
                let column = planner.plan_fft_inverse(h);
                for c in 0..wd {
                    let mut line: Vec<_> = (0..h).map(|r| mixed[r * wd + c]).collect();
                    column.process(&mut line);
                    for r in 0..h {
                        mixed[r * wd + c] = if c == 0 || 2 * c == wd {
                            line[r].re.into()
                        } else {
                            line[r]
                        };
                    }
                }
                let row = planner.plan_fft_inverse(wd);
                mixed.chunks_mut(wd).for_each(|r| row.process(r));
                for (p, v) in mixed.iter().enumerate() {
                    y[(b * o + out) * h * wd + p] = v.re;
                }
            }
        }
        y
    }

    #[test]
    fn matches_full_ffts_on_any_grid() {
        let device = Device::flex();
        for (h, w, modes) in [
            (8, 8, [4, 4]),
            (7, 11, [5, 6]),
            (6, 10, [12, 12]),
            (13, 5, [13, 5]),
        ] {
            let layer = layer(modes, 2, 3, &device);
            let x = noise(2 * 2 * h * w, 3);
            let input = Tensor::<3>::from_data(
                TensorData::new(x.clone(), [2, 2, h * w]),
                (&device, DType::F64),
            );
            let y = layer
                .forward(input, [1, h, w], false)
                .into_data()
                .try_to_vec::<f64>()
                .expect("f64");
            let weights = weights(&layer)
                .into_data()
                .try_to_vec::<f64>()
                .expect("f64");
            let expected = by_fft(&x, &weights, [2, 2, 3, h, w], modes);
            for (a, b) in y.iter().zip(&expected) {
                assert!((a - b).abs() < 1e-13, "{h}x{w}: {a} != {b}");
            }
        }
    }

    #[test]
    fn gradients_match_finite_differences() {
        let device = Device::flex().autodiff();
        let layer = layer([5, 4], 2, 2, &device);
        let (h, w) = (7, 6);
        let x = noise(2 * 2 * h * w, 5);
        let make = |x: Vec<f64>| {
            Tensor::<3>::from_data(TensorData::new(x, [2, 2, h * w]), (&device, DType::F64))
                .require_grad()
        };
        let loss = |layer: &FourierLayer, x: Tensor<3>| {
            layer.forward(x, [1, h, w], false).powi_scalar(3).sum()
        };
        let input = make(x.clone());
        let grads = loss(&layer, input.clone()).backward();
        let dx = input
            .grad(&grads)
            .expect("dx")
            .into_data()
            .try_to_vec::<f64>()
            .expect("f64");
        let dw = weights(&layer)
            .grad(&grads)
            .expect("dw")
            .into_data()
            .try_to_vec::<f64>()
            .expect("f64");
        let eps = 1e-5;
        for at in [0, 17, 80, 167] {
            let value = |d: f64| {
                let mut x = x.clone();
                x[at] += d;
                loss(&layer, make(x)).into_scalar::<f64>()
            };
            let fd = (value(eps) - value(-eps)) / (2.0 * eps);
            assert!(
                (fd - dx[at]).abs() < 1e-8 * fd.abs().max(1e-2),
                "dx[{at}] {fd} != {}",
                dx[at]
            );
        }
        let weights = weights(&layer)
            .into_data()
            .try_to_vec::<f64>()
            .expect("f64");
        for at in [0, 33, 90, 119] {
            let value = |d: f64| {
                let mut weights = weights.clone();
                weights[at] += d;
                let data = TensorData::new(weights, [1, 5, 3, 2, 2, 2]);
                let moved = FourierLayer {
                    weight: SpectralWeight::Dense(Param::from_tensor(Tensor::from_data(
                        data,
                        (&device, DType::F64),
                    ))),
                    ..layer.clone()
                };
                loss(&moved, make(x.clone())).into_scalar::<f64>()
            };
            let fd = (value(eps) - value(-eps)) / (2.0 * eps);
            assert!(
                (fd - dw[at]).abs() < 1e-8 * fd.abs().max(1e-2),
                "dw[{at}] {fd} != {}",
                dw[at]
            );
        }
    }
}
