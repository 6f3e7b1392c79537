//! Losses on gridded fields, weighted by the area that each point stands for.
//!
//! Relative L2 of a sample and channel: `sqrt(sum w (p - t)^2) / sqrt(sum w t^2)`, averaged over
//! samples and channels, so that a quiet channel counts as much as a loud one.

use crate::buffers::matrix;
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::sphere::grid::SphereGrid;
use serde::{Deserialize, Serialize};

/// Which loss is minimised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// Area-weighted relative L2.
    #[default]
    RelativeL2,
    /// Area-weighted mean square error.
    Mse,
}

/// A loss on a given grid.
#[derive(Clone, Debug)]
pub struct GridLoss {
    kind: LossKind,
    /// Share of each point in the area, `[1, 1, H, W]`, and its root.
    weights: Tensor<4>,
    roots: Tensor<4>,
}

/// Keeps a zero field from dividing by zero.
const FLOOR: f64 = 1e-12;

impl GridLoss {
    /// Loss with the quadrature weights of a sphere grid.
    pub fn sphere(kind: LossKind, grid: &SphereGrid, device: &Device, dtype: DType) -> Self {
        let rows: Vec<f64> = grid.weights().to_vec();
        Self::rows(kind, &rows, grid.nlon(), device, dtype)
    }

    /// Loss with equal weights on a rectangle.
    pub fn uniform(
        kind: LossKind,
        [height, width]: [usize; 2],
        device: &Device,
        dtype: DType,
    ) -> Self {
        Self::rows(
            kind,
            &vec![1.0 / height as f64; height],
            width,
            device,
            dtype,
        )
    }

    fn rows(kind: LossKind, rows: &[f64], width: usize, device: &Device, dtype: DType) -> Self {
        let points = || {
            rows.iter()
                .flat_map(|w| std::iter::repeat_n(w / width as f64, width))
        };
        let shape = [1, 1, rows.len(), width];
        Self {
            kind,
            weights: matrix(points().collect(), shape, device, dtype),
            roots: matrix(points().map(f64::sqrt).collect(), shape, device, dtype),
        }
    }

    /// Loss of `[B, C, H, W]` against the target, a scalar.
    pub fn forward(&self, prediction: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
        let per_channel = match self.kind {
            LossKind::RelativeL2 => self.relative_l2(prediction, target),
            LossKind::Mse => self.mean_square(prediction - target),
        };
        per_channel.mean()
    }

    /// Relative L2 error of each sample and channel, `[B, C]`.
    pub fn relative_l2(&self, prediction: Tensor<4>, target: Tensor<4>) -> Tensor<2> {
        let error = self.mean_square(prediction - target.clone());
        let norm = self.mean_square(target);
        ((error + FLOOR * FLOOR) / (norm + FLOOR)).sqrt()
    }

    /// Area mean of the square, `[B, C]`.
    pub fn mean_square(&self, x: Tensor<4>) -> Tensor<2> {
        let [batch, channels, height, width] = x.dims();
        let x = (x * self.roots.clone()).reshape([batch, channels, height * width]);
        x.powi_scalar(2).sum_dim(2).reshape([batch, channels])
    }

    /// The share of each point in the area, `[1, 1, H, W]`.
    pub fn weights(&self) -> Tensor<4> {
        self.weights.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scaled_field_has_its_relative_error() {
        let device = Device::flex();
        let grid = SphereGrid::gaussian(6, 12).expect("grid");
        let loss = GridLoss::sphere(LossKind::RelativeL2, &grid, &device, DType::F64);
        let values: Vec<f64> = (0..2 * 3 * 72)
            .map(|i| (i as f64 * 0.3).sin() + 2.0)
            .collect();
        let target = matrix::<4>(values, [2, 3, 6, 12], &device, DType::F64);
        let value = loss
            .forward(target.clone() * 1.25, target)
            .into_scalar::<f64>();
        assert!((value - 0.25).abs() < 1e-12);
    }

    #[test]
    fn the_mean_square_is_an_area_mean() {
        let device = Device::flex();
        let grid = SphereGrid::gaussian(6, 12).expect("grid");
        let loss = GridLoss::sphere(LossKind::Mse, &grid, &device, DType::F64);
        // sin(latitude)^2 has mean 1/3 over the sphere.
        let values = grid.sin_latitudes().iter().flat_map(|s| [*s; 12]).collect();
        let field = matrix::<4>(values, [1, 1, 6, 12], &device, DType::F64);
        let value = loss
            .forward(field.clone(), field.zeros_like())
            .into_scalar::<f64>();
        assert!((value - 1.0 / 3.0).abs() < 1e-14);
        assert!((loss.weights().sum().into_scalar::<f64>() - 1.0).abs() < 1e-14);
    }

    /// A perfect prediction has a finite gradient.
    #[test]
    fn no_error_no_nan() {
        let device = Device::flex().autodiff();
        let loss = GridLoss::uniform(LossKind::RelativeL2, [4, 4], &device, DType::F32);
        let x = Tensor::<4>::ones([1, 1, 4, 4], &device).require_grad();
        let grads = loss.forward(x.clone(), x.clone().detach()).backward();
        let gradient = x
            .grad(&grads)
            .expect("gradient")
            .abs()
            .sum()
            .into_scalar::<f32>();
        assert!(gradient.is_finite());
    }
}
