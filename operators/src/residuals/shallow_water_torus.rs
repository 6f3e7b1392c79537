//! The shallow-water equations on a rotating torus as a residual:
//!
//! ```text
//! du/dt + u du/dx + v du/dy - f v + g dh/dx - nu laplacian u
//! dv/dt + u dv/dx + v dv/dy + f u + g dh/dy - nu laplacian v
//! dh/dt + d(h u)/dx + d(h v)/dy             - nu laplacian h
//! ```
//!
//! The advective form, where the solver has vorticity and the Bernoulli function: the two agree to
//! round-off on the wavenumbers kept, which a mistake in either would break.

use super::periodic::{PlaneTransform, Spectrum};
use super::time_difference::{TimeDifference, of_trajectory};
use crate::error::{Error, Result};
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::shallow_water::torus::ShallowWater;
use curlwind_solvers::torus::Plane;

/// The residual of one equation on one grid.
#[derive(Clone, Debug)]
pub struct ShallowWaterTorusResidual {
    equation: ShallowWater,
    points: [usize; 2],
    transform: PlaneTransform,
    /// `-nu k^2`, `[1, ky, kx]`.
    damping: Tensor<3>,
}

impl ShallowWaterTorusResidual {
    /// For an equation on `[Ny, Nx]` points.
    ///
    /// # Errors
    /// When the equation's parameters are unusable or there are fewer than 4 points.
    pub fn new(
        equation: ShallowWater,
        points: [usize; 2],
        device: &Device,
        dtype: DType,
    ) -> Result<Self> {
        let equation = equation.validated()?;
        let plane = Plane::new(points, equation.lengths, 2)?;
        let transform = PlaneTransform::new(&plane, device, dtype);
        let (kx, ky) = (transform.kx.clone(), transform.ky.clone());
        Ok(Self {
            damping: (kx.clone() * kx + ky.clone() * ky).mul_scalar(-equation.diffusivity),
            equation,
            points,
            transform,
        })
    }

    /// The right-hand side per second of states, both `[T, 3 B, Ny, Nx]`: all u, all v (m/s) and all h
    /// (m) of a batch of B.
    ///
    /// # Errors
    /// When the states are not of the grid, or their number of fields is no multiple of three.
    pub fn tendency(&self, states: Tensor<4>) -> Result<Tensor<4>> {
        let [times, fields, ny, nx] = states.dims();
        if fields == 0 || fields % 3 != 0 || [ny, nx] != self.points {
            let fields = fields.div_ceil(3).max(1) * 3;
            return Err(Error::TensorShape {
                tensor: "shallow-water states".into(),
                expected: vec![times, fields, self.points[0], self.points[1]],
                found: states.dims().to_vec(),
            });
        }
        let batch = fields / 3;
        let transform = &self.transform;
        let [u, v, h] = [0, 1, 2].map(|variable| {
            let field = states.clone().narrow(1, variable * batch, batch);
            transform.analysis(field.reshape([times * batch, ny, nx]))
        });
        let field = |spectrum: &Spectrum| transform.synthesis(spectrum.clone());
        let slopes = |q: &Spectrum| {
            let (x, y) = (q.turned(&transform.kx), q.turned(&transform.ky));
            [field(&x), field(&y)]
        };
        let (wind, height) = ([field(&u), field(&v)], field(&h));
        let [head_x, head_y] = slopes(&h).map(|slope| slope.mul_scalar(self.equation.gravity));
        let advected = |q: &Spectrum| {
            let [along_x, along_y] = slopes(q);
            wind[0].clone() * along_x + wind[1].clone() * along_y
        };
        let turn = |n: usize| wind[n].clone().mul_scalar(self.equation.coriolis);
        let momentum_x = turn(1) - head_x - advected(&u);
        let momentum_y = turn(0).neg() - head_y - advected(&v);
        let kept = |slope: Tensor<3>, q: &Spectrum| {
            let (slope, damped) = (transform.analysis(slope), q.scaled(&self.damping));
            field(&Spectrum {
                real: slope.real + damped.real,
                imaginary: slope.imaginary + damped.imaginary,
            })
        };
        let divergence = {
            let flux = |n: usize| transform.analysis(height.clone() * wind[n].clone());
            let (x, y) = (flux(0).turned(&transform.kx), flux(1).turned(&transform.ky));
            field(&Spectrum {
                real: x.real + y.real,
                imaginary: x.imaginary + y.imaginary,
            })
        };
        let all = [
            kept(momentum_x, &u),
            kept(momentum_y, &v),
            kept(divergence.neg(), &h),
        ];
        let all = all.map(|slope| slope.reshape([times, batch, ny, nx]));
        Ok(Tensor::cat(all.into(), 1))
    }

    /// The time derivative minus the right-hand side per second at the inner states of trajectories
    /// `[T, 3 B, Ny, Nx]` with states `time_step` seconds apart.
    ///
    /// # Errors
    /// As [`Self::tendency`], or when a trajectory has too few states for the difference.
    pub fn residual(
        &self,
        states: Tensor<4>,
        time_step: f64,
        difference: TimeDifference,
    ) -> Result<Tensor<4>> {
        let tendency = self.tendency(states.clone())?;
        of_trajectory(states, time_step, difference, |_| {
            difference.inner(tendency)
        })
    }
}
