//! Two-dimensional flow on a torus as a residual:
//! `dw/dt + u . grad w - nu laplacian w + mu w - f`.
//!
//! The advective form, where the solver uses that of Basdevant: the two agree to round-off on
//! the wavenumbers kept, which a mistake in either would break.

use super::periodic::{PlaneTransform, Spectrum};
use super::time_difference::{TimeDifference, of_trajectory};
use crate::buffers::matrix;
use crate::error::Result;
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::navier_stokes::NavierStokes;
use curlwind_solvers::torus::Plane;

/// The residual of one equation on one grid.
#[derive(Clone, Debug)]
pub struct NavierStokesResidual {
    transform: PlaneTransform,
    /// One over `k^2`, 0 for the mean; and `-nu k^2 - mu`: `[1, ky, kx]`.
    inverse_laplacian: Tensor<3>,
    damping: Tensor<3>,
    /// `[1, N, N]`
    forcing: Tensor<3>,
}

impl NavierStokesResidual {
    /// For an equation on `points` x `points` points.
    ///
    /// # Errors
    /// When the equation's parameters are unusable or there are fewer than 4 points.
    pub fn new(
        equation: NavierStokes,
        points: usize,
        device: &Device,
        dtype: DType,
    ) -> Result<Self> {
        let equation = equation.validated()?;
        let plane = Plane::new([points; 2], [equation.length; 2], 2)?;
        let transform = PlaneTransform::new(&plane, device, dtype);
        let (kx, ky) = (transform.kx.clone(), transform.ky.clone());
        let square = kx.clone() * kx + ky.clone() * ky;
        let mean = square.clone().equal_elem(0.0);
        let inverse_laplacian = square.clone().mask_fill(mean.clone(), 1.0).recip();
        let spacing = equation.length / points as f64;
        let forcing = (0..points * points)
            .map(|p| (spacing * (p % points) as f64, spacing * (p / points) as f64))
            .map(|(x, y)| equation.forcing_at(x, y));
        Ok(Self {
            inverse_laplacian: inverse_laplacian.mask_fill(mean, 0.0),
            damping: square.mul_scalar(-equation.viscosity) - equation.drag,
            forcing: matrix(forcing.collect(), [1, points, points], device, dtype),
            transform,
        })
    }

    /// The right-hand side in 1/s^2 of vorticities in 1/s, both `[T, B, N, N]`.
    pub fn tendency(&self, vorticity: Tensor<4>) -> Tensor<4> {
        let [times, batch, ny, nx] = vorticity.dims();
        let transform = &self.transform;
        let w = transform.analysis(vorticity.reshape([times * batch, ny, nx]));
        let psi = w.scaled(&self.inverse_laplacian);
        let field = |spectrum: Spectrum| transform.synthesis(spectrum);
        let u = field(psi.turned(&transform.ky));
        let v = field(psi.turned(&transform.kx)).neg();
        let along = u * field(w.turned(&transform.kx)) + v * field(w.turned(&transform.ky));
        let source = transform.analysis(self.forcing.clone() - along);
        let damped = w.scaled(&self.damping);
        let slope = Spectrum {
            real: source.real + damped.real,
            imaginary: source.imaginary + damped.imaginary,
        };
        field(slope).reshape([times, batch, ny, nx])
    }

    /// `dw/dt` minus the right-hand side in 1/s^2 at the inner states of trajectories
    /// `[T, B, N, N]` with states `time_step` seconds apart.
    ///
    /// # Errors
    /// When a trajectory has too few states for the difference.
    pub fn residual(
        &self,
        vorticity: Tensor<4>,
        time_step: f64,
        difference: TimeDifference,
    ) -> Result<Tensor<4>> {
        of_trajectory(vorticity, time_step, difference, |w| self.tendency(w))
    }
}
