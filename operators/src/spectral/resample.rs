//! Fourier interpolation of periodic fields from a grid to another, as a matrix along each axis.
//!
//! The field's Fourier series up to what both grids tell apart (below half the points of the smaller
//! one), evaluated on the other grid: exact for fields that both grids carry, and with the modes of a
//! spectral layer unchanged. Linear or cubic interpolation would change them by as much as the grids
//! are coarse, and with them the operator from resolution to resolution.

use super::dft::{ComplexOrder, real_analysis, real_synthesis};
use crate::buffers::{GridCache, matrix};
use burn::tensor::Tensor;

/// Matrix `[to, from]` that takes the values of a periodic field at `from` points of a line to those
/// at `to` points.
pub fn interpolation(from: usize, to: usize) -> Vec<f64> {
    let modes = from.min(to).saturating_sub(1) / 2 + 1;
    let analysis = real_analysis(from, modes, ComplexOrder::Split);
    let synthesis = real_synthesis(to, modes, ComplexOrder::Split);
    let mut matrix = vec![0.0; to * from];
    let rows = synthesis.chunks_exact(to).zip(analysis.chunks_exact(from));
    for (synthesis, analysis) in rows {
        for (row, factor) in matrix.chunks_exact_mut(from).zip(synthesis) {
            for (value, analysis) in row.iter_mut().zip(analysis) {
                *value += factor * analysis;
            }
        }
    }
    matrix
}

/// Brings fields `[B, C, P]` from a grid to another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resample {
    cache: GridCache<Tensor<2>>,
}

impl Resample {
    /// From the grid `[D, H, W]` of the field to another.
    pub(crate) fn forward(&self, x: Tensor<3>, from: [usize; 3], to: [usize; 3]) -> Tensor<3> {
        let [batch, channels, _] = x.dims();
        let (device, dtype, tracked) = (x.device(), x.dtype(), x.is_autodiff());
        let along = |from: usize, to: usize| {
            let found = self.cache.get([from, to], &device, dtype, |device| {
                matrix(interpolation(from, to), [to, from], device, dtype)
            });
            match tracked {
                true => (*found).clone().autodiff(),
                false => (*found).clone(),
            }
        };
        let mut lines = x;
        // The last axis first; what is done has its new length.
        let (mut outer, mut inner) = (batch * channels * from.iter().product::<usize>(), 1);
        for axis in (0..3).rev() {
            outer /= from[axis];
            if from[axis] != to[axis] {
                let matrix = along(from[axis], to[axis]);
                lines = match inner {
                    1 => {
                        let lines: Tensor<2> = lines.reshape([outer, from[axis]]);
                        lines.matmul(matrix.transpose()).unsqueeze()
                    }
                    _ => {
                        let lines = lines.reshape([outer, from[axis], inner]);
                        matrix.unsqueeze::<3>().matmul(lines)
                    }
                };
            }
            inner *= to[axis];
        }
        lines.reshape([batch, channels, inner])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{DType, Device, TensorData};
    use std::f64::consts::TAU;

    #[test]
    fn waves_that_both_grids_carry_are_exact() {
        for (from, to) in [
            (8, 16),
            (16, 8),
            (9, 7),
            (7, 12),
            (5, 5),
            (1, 4),
            (4, 1),
            (2, 3),
        ] {
            let most = (from.min(to) - 1) / 2;
            let wave = |x: f64| {
                let modes = 0..=most;
                modes
                    .map(|k| ((1 + k) as f64).recip() * (TAU * k as f64 * x + 0.3).cos())
                    .sum::<f64>()
            };
            let matrix = interpolation(from, to);
            for (n, row) in matrix.chunks_exact(from).enumerate() {
                let found: f64 = row
                    .iter()
                    .enumerate()
                    .map(|(m, value)| value * wave(m as f64 / from as f64))
                    .sum();
                let exact = wave(n as f64 / to as f64);
                assert!(
                    (found - exact).abs() < 1e-13,
                    "{from} to {to}: {found} {exact}"
                );
            }
        }
    }

    #[test]
    fn planes_are_resampled_along_both_axes() {
        let wave = |[rows, columns]: [usize; 2]| -> Vec<f64> {
            (0..rows * columns)
                .map(|p| {
                    let (y, x) = (p / columns, p % columns);
                    let y = TAU * y as f64 / rows as f64;
                    let x = TAU * x as f64 / columns as f64;
                    (y + 0.2).sin() * (2.0 * x).cos() + x.sin()
                })
                .collect()
        };
        let (from, to) = ([7, 12], [10, 5]);
        let device = Device::flex();
        let values = [wave(from), wave(from)].concat();
        let x = Tensor::<3>::from_data(TensorData::new(values, [1, 2, 84]), (&device, DType::F64));
        let resample = Resample::default();
        let found = resample.forward(x, [1, 7, 12], [1, 10, 5]);
        assert_eq!(found.dims(), [1, 2, 50]);
        let found = found.into_data().try_into_vec::<f64>().expect("f64");
        let exact = [wave(to), wave(to)].concat();
        for (found, exact) in found.iter().zip(exact) {
            assert!((found - exact).abs() < 1e-12, "{found} {exact}");
        }
    }
}
