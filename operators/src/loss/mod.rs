//! Losses on gridded fields, weighted by the area that each point stands for.
//!
//! Relative L2 of a sample and channel: `sqrt(sum w (p - t)^2) / sqrt(sum w t^2)`, averaged over
//! samples and channels, so that a quiet channel counts as much as a loud one. [`LossKind`] has the
//! others.

mod shells;
mod slopes;

use crate::buffers::matrix;
use crate::error::{Error, Result};
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::sphere::grid::SphereGrid;
use serde::{Deserialize, Serialize};
use shells::Shells;
use slopes::Slopes;

/// Which loss is minimised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// Area-weighted relative L2.
    #[default]
    RelativeL2,
    /// Area-weighted mean square error.
    Mse,
    /// Relative error in the norm `sqrt(|f|^2 + |grad f|^2)`, with gradients from differences of
    /// neighbours. Lengths are in units of the sides of a rectangle, or of a sphere's radius.
    RelativeH1,
    /// Relative L2 error of each shell of wavenumbers (of each degree on a sphere), averaged over
    /// the shells, so that small scales count as much as large ones. A rectangle is taken to be
    /// periodic.
    Spectral,
}

/// A loss on a given grid.
#[derive(Clone, Debug)]
pub struct GridLoss {
    kind: LossKind,
    /// Share of each point in the area, `[1, 1, H, W]`, and its root.
    weights: Tensor<4>,
    roots: Tensor<4>,
    /// For [`LossKind::RelativeH1`].
    slopes: Option<Slopes>,
    /// For [`LossKind::Spectral`].
    shells: Option<Shells>,
    /// What each channel counts, `[1, C]` with mean 1.
    channels: Option<Tensor<2>>,
}

/// Keeps a zero field from dividing by zero.
const FLOOR: f64 = 1e-12;

impl GridLoss {
    /// Loss with the quadrature weights of a sphere grid.
    ///
    /// # Errors
    /// When a spectral loss finds no spherical harmonics on the grid.
    pub fn sphere(
        kind: LossKind,
        grid: &SphereGrid,
        device: &Device,
        dtype: DType,
    ) -> Result<Self> {
        let mut loss = Self::rows(kind, grid.weights(), grid.nlon(), device, dtype);
        loss.slopes = (kind == LossKind::RelativeH1).then(|| Slopes::sphere(grid, device, dtype));
        if kind == LossKind::Spectral {
            loss.shells = Some(Shells::sphere(grid, device, dtype)?);
        }
        Ok(loss)
    }

    /// Loss with equal weights on a rectangle of `[rows, columns]`; `periodic` where fields go on at
    /// one side as at the other.
    pub fn uniform(
        kind: LossKind,
        [height, width]: [usize; 2],
        periodic: bool,
        device: &Device,
        dtype: DType,
    ) -> Self {
        let rows = vec![1.0 / height as f64; height];
        let mut loss = Self::rows(kind, &rows, width, device, dtype);
        let size = [height, width];
        loss.slopes = (kind == LossKind::RelativeH1)
            .then(|| Slopes::rectangle(size, periodic, device, dtype));
        loss.shells = (kind == LossKind::Spectral).then(|| Shells::rectangle(size, device, dtype));
        loss
    }

    /// Loss with the share of each row in the area, summing to 1; relative L2 or mean square alone.
    pub fn rows(kind: LossKind, rows: &[f64], width: usize, device: &Device, dtype: DType) -> Self {
        let points = || {
            rows.iter()
                .flat_map(|w| std::iter::repeat_n(w / width as f64, width))
        };
        let shape = [1, 1, rows.len(), width];
        Self {
            kind,
            weights: matrix(points().collect(), shape, device, dtype),
            roots: matrix(points().map(f64::sqrt).collect(), shape, device, dtype),
            slopes: None,
            shells: None,
            channels: None,
        }
    }

    /// The same with channels that count by `weights`, of which only ratios matter.
    ///
    /// # Errors
    /// When a weight is no number of 0 or more, all are 0, or the loss is a spectral one.
    pub fn with_channel_weights(mut self, weights: &[f64]) -> Result<Self> {
        let sum: f64 = weights.iter().sum();
        if let Some(bad) = weights.iter().find(|w| !(w.is_finite() && **w >= 0.0)) {
            return Err(Error::config("channel_weights", "0 or more", bad));
        }
        if sum <= 0.0 {
            return Err(Error::config("channel_weights", "one above 0", sum));
        }
        if self.shells.is_some() && weights.iter().any(|w| *w != weights[0]) {
            let expected = "equal weights with the loss `spectral`";
            return Err(Error::config("channel_weights", expected, "others"));
        }
        let count = weights.len();
        let scaled = weights.iter().map(|w| w * count as f64 / sum).collect();
        let (device, dtype) = (self.weights.device(), self.weights.dtype());
        self.channels = Some(matrix(scaled, [1, count], &device, dtype));
        Ok(self)
    }

    /// Loss of `[B, C, H, W]` against the target, a scalar.
    pub fn forward(&self, prediction: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
        if let Some(shells) = &self.shells {
            return shells.relative_error(prediction, target);
        }
        let per_channel = match (self.kind, &self.slopes) {
            (LossKind::Mse, _) => self.mean_square(prediction - target),
            (_, Some(slopes)) => {
                let error = prediction - target.clone();
                ratio(
                    self.mean_square(error.clone()) + slopes.mean_square(error),
                    self.mean_square(target.clone()) + slopes.mean_square(target),
                )
            }
            _ => self.relative_l2(prediction, target),
        };
        match &self.channels {
            Some(weights) => (per_channel * weights.clone()).mean(),
            None => per_channel.mean(),
        }
    }

    /// Relative L2 error of each sample and channel, `[B, C]`.
    pub fn relative_l2(&self, prediction: Tensor<4>, target: Tensor<4>) -> Tensor<2> {
        let error = self.mean_square(prediction - target.clone());
        ratio(error, self.mean_square(target))
    }

    /// Area mean of the square, `[B, C]`.
    pub fn mean_square(&self, x: Tensor<4>) -> Tensor<2> {
        square_sum(x * self.roots.clone())
    }

    /// The share of each point in the area, `[1, 1, H, W]`.
    pub fn weights(&self) -> Tensor<4> {
        self.weights.clone()
    }
}

/// Root of the ratio of squares; its gradient is finite where there is no error.
fn ratio<const D: usize>(error: Tensor<D>, size: Tensor<D>) -> Tensor<D> {
    ((error + FLOOR * FLOOR) / (size + FLOOR)).sqrt()
}

/// Sum of the squares over all points, `[B, C]`.
fn square_sum(x: Tensor<4>) -> Tensor<2> {
    let [batch, channels, height, width] = x.dims();
    let x = x.reshape([batch, channels, height * width]);
    x.powi_scalar(2).sum_dim(2).reshape([batch, channels])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scaled_field_has_its_relative_error() {
        let device = Device::flex();
        let grid = SphereGrid::gaussian(6, 12).expect("grid");
        let loss =
            GridLoss::sphere(LossKind::RelativeL2, &grid, &device, DType::F64).expect("loss");
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
        let loss = GridLoss::sphere(LossKind::Mse, &grid, &device, DType::F64).expect("loss");
        // sin(latitude)^2 has mean 1/3 over the sphere.
        let values = grid.sin_latitudes().iter().flat_map(|s| [*s; 12]).collect();
        let field = matrix::<4>(values, [1, 1, 6, 12], &device, DType::F64);
        let value = loss
            .forward(field.clone(), field.zeros_like())
            .into_scalar::<f64>();
        assert!((value - 1.0 / 3.0).abs() < 1e-14);
        assert!((loss.weights().sum().into_scalar::<f64>() - 1.0).abs() < 1e-14);
    }

    #[test]
    fn channels_count_by_their_weights() {
        let device = Device::flex();
        let loss = GridLoss::rows(LossKind::Mse, &[0.25, 0.75], 2, &device, DType::F64);
        let loss = loss.with_channel_weights(&[3.0, 1.0]).expect("weights");
        let target = Tensor::<4>::zeros([1, 2, 2, 2], (&device, DType::F64));
        let values = vec![2.0, 2.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
        let x = matrix::<4>(values, [1, 2, 2, 2], &device, DType::F64);
        // 1.5 x 1 and 0.5 x 1
        let found = loss.forward(x, target).into_scalar::<f64>();
        assert!((found - 1.0).abs() < 1e-14, "{found}");
        for bad in [&[0.0, 0.0], &[1.0, -1.0], &[f64::NAN, 1.0]] {
            assert!(loss.clone().with_channel_weights(bad).is_err());
        }
    }

    /// A perfect prediction has a finite gradient.
    #[test]
    fn no_error_no_nan() {
        let device = Device::flex().autodiff();
        for kind in [
            LossKind::RelativeL2,
            LossKind::RelativeH1,
            LossKind::Spectral,
        ] {
            let loss = GridLoss::uniform(kind, [4, 4], true, &device, DType::F32);
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

    /// A field twice as large has the relative error 1 in every norm.
    #[test]
    fn every_relative_loss_is_relative() {
        let device = Device::flex();
        let values: Vec<f64> = (0..2 * 72).map(|i| (i as f64 * 0.7).sin() + 0.3).collect();
        let target = matrix::<4>(values, [1, 2, 6, 12], &device, DType::F64);
        let grid = SphereGrid::gaussian(6, 12).expect("grid");
        for kind in [
            LossKind::RelativeL2,
            LossKind::RelativeH1,
            LossKind::Spectral,
        ] {
            for loss in [
                GridLoss::uniform(kind, [6, 12], false, &device, DType::F64),
                GridLoss::uniform(kind, [6, 12], true, &device, DType::F64),
                GridLoss::sphere(kind, &grid, &device, DType::F64).expect("loss"),
            ] {
                let value = loss.forward(target.clone() * 2.0, target.clone());
                let value = value.into_scalar::<f64>();
                // the floor of a spectral loss is a millionth of the field's energy
                assert!((value - 1.0).abs() < 1e-3, "{kind:?}: {value}");
            }
        }
    }
}
