//! Energies of fields by scale, for losses that see the small ones.

use super::ratio;
use crate::buffers::matrix;
use crate::error::Result;
use crate::kernels::{self, FourierGrid};
use crate::spectral::{dft, fourier};
use crate::spherical::HarmonicTransform;
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::sphere::grid::SphereGrid;

/// Wavenumbers in shells.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // one per loss
pub(super) enum Shells {
    /// Shells of radial wavenumbers 0, 1, .. to half the shorter side, the last with all beyond.
    Rectangle {
        grid: FourierGrid,
        transforms: Tensor<1>,
        /// How often each mode counts in each shell, `[S, M]`.
        members: Tensor<2>,
    },
    /// Degrees of spherical harmonics.
    Sphere {
        transform: HarmonicTransform,
        /// How often each order counts, `[1, M, 1, 1]`.
        orders: Tensor<4>,
    },
}

/// Share of a field's energy that is taken for noise in a shell.
const NOISE: f64 = 1e-6;

impl Shells {
    /// On a rectangle that is taken to be periodic.
    pub fn rectangle([height, width]: [usize; 2], device: &Device, dtype: DType) -> Self {
        let grid = FourierGrid {
            sizes: [1, height, width],
            modes: [1, height, width / 2 + 1],
        };
        let shorter = if height == 1 {
            width
        } else {
            height.min(width)
        };
        let count = shorter / 2 + 1;
        let modes = height * (width / 2 + 1);
        let mut members = vec![0.0; count * modes];
        for (row, ky) in dft::centred_modes(height).enumerate() {
            for kx in 0..width / 2 + 1 {
                // in units of the shorter side's waves, so that shells are circles
                let scale = |k: f64, n: usize| k * shorter as f64 / n as f64;
                let (x, y) = (scale(kx as f64, width), scale(ky as f64, height));
                let shell = (x.hypot(y).round() as usize).min(count - 1);
                let both = if kx == 0 || 2 * kx == width { 1.0 } else { 2.0 };
                members[shell * modes + row * (width / 2 + 1) + kx] = both;
            }
        }
        Self::Rectangle {
            grid,
            transforms: fourier::transforms(grid, device, dtype),
            members: matrix(members, [count, modes], device, dtype),
        }
    }

    /// On a sphere.
    pub fn sphere(grid: &SphereGrid, device: &Device, dtype: DType) -> Result<Self> {
        let degrees = HarmonicTransform::max_degrees(grid);
        let orders = degrees.min(grid.nlon() / 2 + 1);
        let transform = HarmonicTransform::new(grid, degrees, orders, device, dtype)?;
        let counts = (0..orders)
            .map(|m| if m == 0 { 1.0 } else { 2.0 })
            .collect();
        Ok(Self::Sphere {
            transform,
            orders: matrix(counts, [1, orders, 1, 1], device, dtype),
        })
    }

    /// Energy of each shell of `[B, C, H, W]`, as `[B, C, S]` on a sphere and `[S, B, C]` on a
    /// rectangle, and the axis of the shells.
    fn energies(&self, x: Tensor<4>) -> (Tensor<3>, usize) {
        let [batch, channels, height, width] = x.dims();
        match self {
            Self::Rectangle {
                grid,
                transforms,
                members,
            } => {
                let x = x.reshape([batch, channels, height * width]);
                let spectrum = kernels::fourier_analysis(x, transforms.clone(), *grid);
                let squares = spectrum.powi_scalar(2).sum_dim(2);
                let squares = squares.reshape([grid.mode_count(), batch * channels]);
                let energies = members.clone().matmul(squares);
                let shells = energies.dims()[0];
                (energies.reshape([shells, batch, channels]), 0)
            }
            Self::Sphere { transform, orders } => {
                let squares = transform.analysis(x).powi_scalar(2) * orders.clone();
                let degrees = transform.degrees();
                let sums = squares.sum_dim(1).reshape([batch, degrees, 2, channels]);
                let energies = sums.sum_dim(2).reshape([batch, degrees, channels]);
                (energies, 1)
            }
        }
    }

    /// Mean over samples, channels and shells of the relative L2 error of a shell.
    pub fn relative_error(&self, prediction: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
        let (error, _) = self.energies(prediction - target.clone());
        let (size, axis) = self.energies(target);
        let noise = size.clone().sum_dim(axis) * NOISE;
        ratio(error, size + noise).mean()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The energies of the shells add up to the mean square (Parseval).
    #[test]
    fn energies_add_up_to_the_mean_square() {
        let device = Device::flex();
        for (height, width) in [(1, 9), (1, 10), (6, 8), (7, 5)] {
            let values: Vec<f64> = (0..height * width)
                .map(|i| (i as f64 * 1.7).sin() + 0.2)
                .collect();
            let expected = values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64;
            let x = matrix(values, [1, 1, height, width], &device, DType::F64);
            let shells = Shells::rectangle([height, width], &device, DType::F64);
            let found = shells.energies(x).0.sum().into_scalar::<f64>();
            assert!(
                (found - expected).abs() < 1e-12,
                "{height} x {width}: {found} {expected}"
            );
        }
    }

    /// A wave lies in its shell alone, a harmonic in its degree.
    #[test]
    fn waves_lie_in_their_shells() {
        let device = Device::flex();
        let tau = std::f64::consts::TAU;
        let wave = |p: usize| (tau * (3 * (p % 16) + 4 * (p / 16)) as f64 / 16.0).cos();
        let x = matrix(
            (0..256).map(wave).collect(),
            [1, 1, 16, 16],
            &device,
            DType::F64,
        );
        let shells = Shells::rectangle([16, 16], &device, DType::F64);
        let energies = shells.energies(x).0.into_data_as::<f64>();
        let energies = energies.try_into_vec::<f64>().expect("f64");
        assert!((energies[5] - 0.5).abs() < 1e-12 && energies.iter().sum::<f64>() < 0.5 + 1e-9);
        let grid = SphereGrid::gaussian(8, 16).expect("grid");
        let field = grid
            .sin_latitudes()
            .iter()
            .flat_map(|s| [1.5 * s * s - 0.5; 16]);
        let x = matrix(field.collect(), [1, 1, 8, 16], &device, DType::F64);
        let shells = Shells::sphere(&grid, &device, DType::F64).expect("shells");
        let energies = shells.energies(x).0.into_data_as::<f64>();
        let energies = energies.try_into_vec::<f64>().expect("f64");
        assert!((energies[2] - 0.2).abs() < 1e-12, "{energies:?}");
        assert!(
            (energies.iter().sum::<f64>() - 0.2).abs() < 1e-12,
            "{energies:?}"
        );
    }
}
