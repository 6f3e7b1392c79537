//! The spectral convolution of the Fourier neural operator in two dimensions.
//!
//! Li et al., Fourier Neural Operator for Parametric Partial Differential Equations (ICLR 2021),
//! eq. 4: `y = F^-1(R_k F(x)_k)` with one complex channel matrix `R_k` per kept mode `k`. The modes
//! are those of PyTorch's neuraloperator: `n_modes[0]` modes of both signs along rows
//! (`-n/2 ..= (n-1)/2`) and `n_modes[1] / 2 + 1` along columns, and transforms carry the `1/N` in
//! the forward direction, so that weights mean the same on every grid.

use super::dft::{self, ComplexOrder};
use crate::buffers::{GridCache, matrix};
use crate::error::{Error, Result};
use crate::kernels;
use burn::module::{Initializer, Module, Param};
use burn::tensor::{DType, Device, Tensor};

/// Configuration of [`SpectralConv2d`].
#[derive(Clone, Debug, PartialEq)]
pub struct SpectralConv2dConfig {
    /// Input channels.
    pub in_channels: usize,
    /// Output channels.
    pub out_channels: usize,
    /// Modes along rows (both signs together) and along columns (as if both signs were kept).
    pub n_modes: [usize; 2],
}

/// Spectral convolution `[B, Ci, H, W]` to `[B, Co, H, W]`, on any grid size.
///
/// Modes that a grid cannot carry are left out; the weights of the others stay in place.
#[derive(Module, Debug)]
pub struct SpectralConv2d {
    /// Complex weights `[Ky, Kx, Ci, Co, 2]`, real part first.
    pub weight: Param<Tensor<5>>,
    #[module(skip)]
    cache: GridCache<Buffers>,
}

/// Transform matrices of one grid: columns `[2 Kx, W]`, rows `[2 Ky, 2 H]`.
#[derive(Clone, Debug)]
struct Buffers {
    modes: [usize; 2],
    analysis: (Tensor<2>, Tensor<2>),
    synthesis: (Tensor<2>, Tensor<2>),
}

impl SpectralConv2dConfig {
    /// Creates the layer with weights that keep the variance of white noise in the kept modes:
    /// `E|R|^2 = 1 / in_channels`.
    pub fn init(&self, device: &Device) -> Result<SpectralConv2d> {
        for (name, value) in [
            ("in_channels", self.in_channels),
            ("out_channels", self.out_channels),
            ("n_modes[0]", self.n_modes[0]),
            ("n_modes[1]", self.n_modes[1]),
        ] {
            if value == 0 {
                return Err(Error::config(name, "at least 1", value));
            }
        }
        let shape = [
            self.n_modes[0],
            self.n_modes[1] / 2 + 1,
            self.in_channels,
            self.out_channels,
            2,
        ];
        let std = (0.5 / self.in_channels as f64).sqrt();
        let initializer = Initializer::Normal { mean: 0.0, std };
        Ok(SpectralConv2d {
            weight: initializer.init(shape, device),
            cache: GridCache::default(),
        })
    }
}

impl SpectralConv2d {
    /// Convolves `[B, Ci, H, W]` to `[B, Co, H, W]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, in_channels, height, width] = x.dims();
        let [max_ky, max_kx, _, out_channels, _] = self.weight.shape().dims();
        let dtype = x.dtype();
        let buffers = self
            .cache
            .get([height, width], &x.device(), dtype, |device| {
                Buffers::new(height, width, [max_ky, max_kx], device, dtype)
            });
        let [ky, kx] = buffers.modes;
        let (columns, rows) = buffers.analysis.clone();
        let spectrum = kernels::fourier_analysis(x, columns, rows);
        // [modes, B, 2 Ci] times [modes, 2 Ci, 2 Co]
        let spectrum = spectrum
            .reshape([batch, 2 * in_channels, ky * kx])
            .permute([2, 0, 1]);
        let mixed = spectrum.matmul(self.stacked_weight(ky, kx));
        let mixed = mixed
            .permute([1, 2, 0])
            .reshape([batch, 2 * out_channels, ky, kx]);
        let (columns, rows) = buffers.synthesis.clone();
        kernels::fourier_synthesis(mixed, columns, rows)
    }

    /// The weights of the central `ky` by lowest `kx` modes as real matrices `[modes, 2 Ci, 2 Co]`
    /// on (channel, part) vectors: rows `[Re, Im]` for a real and `[-Im, Re]` for an imaginary part.
    fn stacked_weight(&self, ky: usize, kx: usize) -> Tensor<3> {
        let weight = self.weight.val();
        let [max_ky, max_kx, in_channels, out_channels, _] = weight.dims();
        let mut weight = weight;
        if ky < max_ky {
            // The mode k sits at row k + max_ky / 2.
            weight = weight.narrow(0, max_ky / 2 - ky / 2, ky);
        }
        if kx < max_kx {
            weight = weight.narrow(1, 0, kx);
        }
        let modes = ky * kx;
        let weight = weight.reshape([modes, in_channels, out_channels, 2]);
        let real = weight.clone().narrow(3, 0, 1);
        let imaginary = weight.clone().narrow(3, 1, 1);
        let rotated = Tensor::cat(vec![-imaginary, real], 3);
        let weight = weight.reshape([modes, in_channels, 1, 2 * out_channels]);
        let rotated = rotated.reshape([modes, in_channels, 1, 2 * out_channels]);
        Tensor::cat(vec![weight, rotated], 2).reshape([modes, 2 * in_channels, 2 * out_channels])
    }

    /// The weights as neuraloperator stores them: real and imaginary part, each `[Ci, Co, Ky, Kx]`.
    pub fn to_neuraloperator(&self) -> (Tensor<4>, Tensor<4>) {
        let weight = self.weight.val().permute([2, 3, 0, 1, 4]);
        let [i, o, ky, kx, _] = weight.dims();
        let part = |index| weight.clone().narrow(4, index, 1).reshape([i, o, ky, kx]);
        (part(0), part(1))
    }

    /// Replaces the weights by neuraloperator's real and imaginary part, each `[Ci, Co, Ky, Kx]`.
    pub fn from_neuraloperator(mut self, real: Tensor<4>, imaginary: Tensor<4>) -> Result<Self> {
        let [ky, kx, i, o, _]: [usize; 5] = self.weight.shape().dims();
        for (name, found) in [("real", real.dims()), ("imaginary", imaginary.dims())] {
            if found != [i, o, ky, kx] {
                return Err(Error::TensorShape {
                    tensor: format!("spectral weight, {name} part"),
                    expected: vec![i, o, ky, kx],
                    found: found.to_vec(),
                });
            }
        }
        let weight: Tensor<5> = Tensor::stack(vec![real, imaginary], 4);
        let weight = weight.permute([2, 3, 0, 1, 4]).reshape([ky, kx, i, o, 2]);
        self.weight = self.weight.map(|_| weight);
        Ok(self)
    }
}

impl Buffers {
    fn new(
        height: usize,
        width: usize,
        max_modes: [usize; 2],
        device: &Device,
        dtype: DType,
    ) -> Self {
        let ky = max_modes[0].min(height);
        let kx = max_modes[1].min(width / 2 + 1);
        let order = ComplexOrder::Split;
        let pair = |columns: Vec<f64>, rows: Vec<f64>| {
            (
                matrix(columns, [2 * kx, width], device, dtype),
                matrix(rows, [2 * ky, 2 * height], device, dtype),
            )
        };
        Self {
            modes: [ky, kx],
            analysis: pair(
                dft::real_analysis(width, kx, order),
                row_matrix(height, ky, false),
            ),
            synthesis: pair(
                dft::real_synthesis(width, kx, order),
                row_matrix(height, ky, true),
            ),
        }
    }
}

fn row_matrix(height: usize, modes: usize, synthesis: bool) -> Vec<f64> {
    if synthesis {
        dft::complex_synthesis(height, modes)
    } else {
        dft::complex_analysis(height, modes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::TensorData;
    use rustfft::{FftPlanner, num_complex::Complex64};

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

    fn layer(modes: [usize; 2], i: usize, o: usize, device: &Device) -> SpectralConv2d {
        let config = SpectralConv2dConfig {
            in_channels: i,
            out_channels: o,
            n_modes: modes,
        };
        let layer = config.init(device).expect("valid configuration");
        let shape = [modes[0], modes[1] / 2 + 1, i, o, 2];
        let data = TensorData::new(noise(shape.iter().product(), 7), shape);
        let weight = Tensor::<5>::from_data(data, (device, DType::F64));
        SpectralConv2d {
            weight: Param::from_tensor(weight),
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
            let input = Tensor::<4>::from_data(
                TensorData::new(x.clone(), [2, 2, h, w]),
                (&device, DType::F64),
            );
            let y = layer
                .forward(input)
                .into_data()
                .try_to_vec::<f64>()
                .expect("f64");
            let weights = layer
                .weight
                .val()
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
            Tensor::<4>::from_data(TensorData::new(x, [2, 2, h, w]), (&device, DType::F64))
                .require_grad()
        };
        let loss = |layer: &SpectralConv2d, x: Tensor<4>| layer.forward(x).powi_scalar(3).sum();
        let input = make(x.clone());
        let grads = loss(&layer, input.clone()).backward();
        let dx = input
            .grad(&grads)
            .expect("dx")
            .into_data()
            .try_to_vec::<f64>()
            .expect("f64");
        let dw = layer
            .weight
            .val()
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
        let weights = layer
            .weight
            .val()
            .into_data()
            .try_to_vec::<f64>()
            .expect("f64");
        for at in [0, 33, 90, 119] {
            let value = |d: f64| {
                let mut weights = weights.clone();
                weights[at] += d;
                let data = TensorData::new(weights, [5, 3, 2, 2, 2]);
                let moved = SpectralConv2d {
                    weight: Param::from_tensor(Tensor::from_data(data, (&device, DType::F64))),
                    cache: GridCache::default(),
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

    #[test]
    fn converts_to_neuraloperator_and_back() {
        let device = Device::flex();
        let layer = layer([4, 6], 2, 3, &device);
        let before = layer.weight.val().into_data();
        let (real, imaginary) = layer.to_neuraloperator();
        assert_eq!(real.dims(), [2, 3, 4, 4]);
        let after = layer
            .from_neuraloperator(real, imaginary)
            .expect("same shapes");
        assert_eq!(before, after.weight.val().into_data());
    }
}
