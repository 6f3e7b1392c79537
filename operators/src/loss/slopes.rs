//! Gradients of fields by differences of neighbours, for losses in Sobolev's norm.

use super::square_sum;
use crate::buffers::matrix;
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::sphere::grid::SphereGrid;

/// What the differences along rows and columns are multiplied by: the root of the area that each
/// stands for, over the distance of the neighbours.
#[derive(Clone, Debug)]
pub(super) struct Slopes {
    /// From each row to the next, `[1, 1, H or H - 1, 1]`; `None` for a single row.
    down: Option<Tensor<4>>,
    /// From each column to the next, `[1, 1, H, 1]`.
    along: Tensor<4>,
    /// Whether the last row and column have the first for a neighbour.
    wraps: [bool; 2],
}

impl Slopes {
    /// On a rectangle with sides of length 1.
    pub fn rectangle(
        [height, width]: [usize; 2],
        periodic: bool,
        device: &Device,
        dtype: DType,
    ) -> Self {
        let root = 1.0 / ((height * width) as f64).sqrt();
        let column =
            |count: usize, value: f64| matrix(vec![value; count], [1, 1, count, 1], device, dtype);
        let gaps = if periodic { height } else { height - 1 };
        Self {
            down: (height > 1).then(|| column(gaps, root * height as f64)),
            along: column(height, root * width as f64),
            wraps: [periodic; 2],
        }
    }

    /// On a sphere of radius 1.
    pub fn sphere(grid: &SphereGrid, device: &Device, dtype: DType) -> Self {
        let (weights, sines) = (grid.weights(), grid.sin_latitudes());
        let count = grid.nlon() as f64;
        let step = std::f64::consts::TAU / count;
        let gaps = sines.windows(2).zip(weights.windows(2));
        let down: Vec<f64> = gaps
            .map(|(s, w)| (0.5 * (w[0] + w[1]) / count).sqrt() / (s[1].asin() - s[0].asin()).abs())
            .collect();
        // at a pole, all columns are one point
        let along: Vec<f64> = sines
            .iter()
            .zip(weights)
            .map(|(s, w)| match (1.0 - s * s).sqrt() {
                cosine if cosine > 1e-9 => (w / count).sqrt() / (cosine * step),
                _ => 0.0,
            })
            .collect();
        let tensor = |values: Vec<f64>| {
            let shape = [1, 1, values.len(), 1];
            matrix(values, shape, device, dtype)
        };
        Self {
            down: (down.len() > 1).then(|| tensor(down)),
            along: tensor(along),
            wraps: [false, true],
        }
    }

    /// Area mean of the square of the gradient of `[B, C, H, W]`, `[B, C]`.
    pub fn mean_square(&self, x: Tensor<4>) -> Tensor<2> {
        let along = square_sum(difference(x.clone(), 3, self.wraps[1]) * self.along.clone());
        match &self.down {
            None => along,
            Some(down) => along + square_sum(difference(x, 2, self.wraps[0]) * down.clone()),
        }
    }
}

/// The next along an axis minus each.
fn difference(x: Tensor<4>, axis: usize, wraps: bool) -> Tensor<4> {
    let count = x.dims()[axis];
    let next = x.clone().narrow(axis, 1, count - 1);
    match wraps {
        false => next - x.narrow(axis, 0, count - 1),
        true => Tensor::cat(vec![next, x.clone().narrow(axis, 0, 1)], axis) - x,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// `sin(2 pi k x)` has the gradient's mean square `(2 pi k)^2 / 2`.
    #[test]
    fn slopes_of_waves_on_a_rectangle() {
        let device = Device::flex();
        for (height, width) in [(1, 400), (400, 3)] {
            let slopes = Slopes::rectangle([height, width], true, &device, DType::F64);
            let wave = |p: usize| match height {
                1 => (2.0 * TAU * p as f64 / width as f64).sin(),
                _ => (2.0 * TAU * (p / width) as f64 / height as f64).sin(),
            };
            let values = (0..height * width).map(wave).collect();
            let x = matrix(values, [1, 1, height, width], &device, DType::F64);
            let found = slopes.mean_square(x).into_scalar::<f64>();
            let expected = (2.0 * TAU).powi(2) / 2.0;
            assert!((found / expected - 1.0).abs() < 1e-3, "{found} {expected}");
        }
    }

    /// The harmonic `sin(latitude)` of degree 1 has `l (l + 1) <f^2> = 2 / 3`, and so has
    /// `cos(latitude) cos(longitude)`.
    #[test]
    fn slopes_of_harmonics_on_a_sphere() {
        let device = Device::flex();
        let grid = SphereGrid::gaussian(90, 180).expect("grid");
        let slopes = Slopes::sphere(&grid, &device, DType::F64);
        let field = |f: &dyn Fn(f64, f64) -> f64| {
            let values = grid
                .sin_latitudes()
                .iter()
                .flat_map(|s| (0..180).map(move |i| f(*s, TAU * i as f64 / 180.0)));
            matrix(values.collect(), [1, 1, 90, 180], &device, DType::F64)
        };
        for f in [
            &(|s: f64, _: f64| s) as &dyn Fn(f64, f64) -> f64,
            &|s, longitude| (1.0 - s * s).sqrt() * longitude.cos(),
        ] {
            let found = slopes.mean_square(field(f)).into_scalar::<f64>();
            assert!((found * 1.5 - 1.0).abs() < 2e-3, "{found}");
        }
    }
}
