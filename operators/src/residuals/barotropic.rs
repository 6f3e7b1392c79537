//! The non-divergent barotropic vorticity equation on the sphere as a residual.
//!
//! `d zeta/dt = -div(u eta, v eta)`, `eta = zeta + 2 Omega sin(phi)`, with the wind that belongs to
//! the vorticity alone: the shallow-water vorticity equation without divergence.

use super::time_difference::{TimeDifference, of_trajectory};
use crate::buffers::matrix;
use crate::error::Result;
use crate::spherical::VectorTransform;
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::barotropic::Barotropic;
use curlwind_solvers::sphere::grid::SphereGrid;

/// The residual of one equation on one grid and truncation.
#[derive(Clone, Debug)]
pub struct BarotropicResidual {
    equation: Barotropic,
    transform: VectorTransform,
    /// `[1, 1, nlat, 1]`
    coriolis: Tensor<4>,
}

impl BarotropicResidual {
    /// For an equation and a grid on which products of the truncation are not aliased
    /// ([`SphereGrid::for_truncation`]).
    ///
    /// # Errors
    /// When the equation's parameters are unusable or the grid does not carry the truncation.
    pub fn new(
        equation: Barotropic,
        grid: &SphereGrid,
        truncation: usize,
        device: &Device,
        dtype: DType,
    ) -> Result<Self> {
        let equation = equation.validated()?;
        let transform = VectorTransform::new(grid, truncation, device, dtype)?;
        let f = grid
            .sin_latitudes()
            .iter()
            .map(|s| 2.0 * equation.rotation * s);
        let coriolis = matrix(f.collect(), [1, 1, grid.nlat(), 1], device, dtype);
        Ok(Self {
            equation,
            transform,
            coriolis,
        })
    }

    /// The transforms.
    pub fn transform(&self) -> &VectorTransform {
        &self.transform
    }

    /// The right-hand side in 1/s^2 of spectra of vorticity in 1/s, both `[T, M, L, 2]`.
    pub fn tendency(&self, vorticity: Tensor<4>) -> Tensor<4> {
        let radius = self.equation.radius;
        let (u, v) = self
            .transform
            .wind(radius, vorticity.clone(), vorticity.zeros_like());
        let eta = self.transform.scalar().synthesis(vorticity) + self.coriolis.clone();
        let (_, divergence) = self
            .transform
            .vorticity_divergence(radius, u * eta.clone(), v * eta);
        -divergence
    }

    /// `d zeta/dt` minus the right-hand side in 1/s^2 at the inner states of a trajectory
    /// `[T, M, L, 2]` with states `time_step` seconds apart.
    ///
    /// # Errors
    /// When the trajectory has too few states for the difference.
    pub fn residual(
        &self,
        vorticity: Tensor<4>,
        time_step: f64,
        difference: TimeDifference,
    ) -> Result<Tensor<4>> {
        of_trajectory(vorticity, time_step, difference, |zeta| self.tendency(zeta))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curlwind_solvers::barotropic::rossby_haurwitz;
    use curlwind_solvers::sphere::SphericalTransform;

    /// A Rossby-Haurwitz wave is an exact solution, so its residual is the error of the time
    /// difference alone and falls at that order.
    #[test]
    fn an_exact_wave_has_only_the_error_of_the_time_difference() {
        let device = Device::flex();
        let truncation = 10;
        let grid = SphereGrid::for_truncation(truncation).expect("grid");
        let transform = SphericalTransform::new(grid.clone(), truncation).expect("transform");
        let equation = Barotropic::default();
        let wave = rossby_haurwitz(&transform, equation, 4, 7.848e-6, 7.848e-6).expect("wave");
        let residual = BarotropicResidual::new(equation, &grid, truncation, &device, DType::F64)
            .expect("residual");
        for difference in [TimeDifference::Second, TimeDifference::Fourth] {
            let size = |interval: f64| {
                let states: Vec<_> = (0..=2 * difference.margin())
                    .map(|t| wave.at(interval * t as f64))
                    .collect();
                let states: Vec<_> = states.iter().filter_map(|s| s.as_slice()).collect();
                let scalar = residual.transform().scalar();
                let states = scalar
                    .from_coefficients(&states, &device, DType::F64)
                    .expect("fits");
                let r = residual
                    .residual(states, interval, difference)
                    .expect("residual");
                r.abs().max().into_scalar::<f64>()
            };
            let order = (size(14400.0) / size(7200.0)).log2();
            let expected = difference.order() as f64;
            assert!(
                (order - expected).abs() < 0.05,
                "{difference:?}: order {order}"
            );
        }
    }
}
