//! Two layers of quasi-geostrophic flow as a residual, for i = 1, 2:
//!
//! ```text
//! dq_i/dt + (u_i + U_i) dq_i/dx + v_i (dq_i/dy + Qy_i) + r_i laplacian psi_i + nu (-laplacian)^p q_i
//! ```
//!
//! with drag on the lower layer alone. The advective form, where the solver has fluxes; and the
//! streamfunctions by vertical modes, where the solver inverts a matrix:
//!
//! ```text
//! laplacian psi_0 = d1 q1 + d2 q2              psi1 = psi_0 + d2 psi_c      d_i = H_i / H
//! (laplacian - F1 - F2) psi_c = q1 - q2        psi2 = psi_0 - d1 psi_c
//! ```
//!
//! The two agree to round-off on the wavenumbers kept, which a mistake in either would break.

use super::periodic::{PlaneTransform, Spectrum};
use super::time_difference::{TimeDifference, of_trajectory};
use crate::error::{Error, Result};
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::quasi_geostrophic::QuasiGeostrophic;
use curlwind_solvers::torus::Plane;

/// The residual of one equation on one grid.
#[derive(Clone, Debug)]
pub struct QuasiGeostrophicResidual {
    equation: QuasiGeostrophic,
    points: [usize; 2],
    transform: PlaneTransform,
    /// `k^2`, `[1, ky, kx]`, and `-1 / k^2` and `-1 / (k^2 + F1 + F2)`, 0 for the mean.
    square: Tensor<3>,
    barotropic: Tensor<3>,
    baroclinic: Tensor<3>,
    /// `-nu k^2p`, `[1, ky, kx]`.
    damping: Tensor<3>,
}

impl QuasiGeostrophicResidual {
    /// For an equation on `[Ny, Nx]` points.
    ///
    /// # Errors
    /// When the equation's parameters are unusable or there are fewer than 4 points.
    pub fn new(
        equation: QuasiGeostrophic,
        points: [usize; 2],
        device: &Device,
        dtype: DType,
    ) -> Result<Self> {
        let equation = equation.validated()?;
        let plane = Plane::new(points, equation.lengths, 2)?;
        let transform = PlaneTransform::new(&plane, device, dtype);
        let (kx, ky) = (transform.kx.clone(), transform.ky.clone());
        let square = kx.clone() * kx + ky.clone() * ky;
        let mean = square.clone().equal_elem(0.0);
        let inverse = |added: f64| {
            let sum = square.clone() + added;
            let sum = sum.mask_fill(mean.clone(), 1.0);
            sum.recip().neg().mask_fill(mean.clone(), 0.0)
        };
        // as a share of the largest wavenumber, which powers of any order keep in 32 bits
        let largest: f64 = plane.largest_wavenumbers().iter().map(|k| k * k).sum();
        let part = square.clone().div_scalar(largest);
        let damping = part.powi_scalar((equation.order / 2) as i32);
        Ok(Self {
            barotropic: inverse(0.0),
            baroclinic: inverse(equation.stretching().iter().sum()),
            damping: damping.mul_scalar(-equation.dissipation(largest)),
            square,
            equation,
            points,
            transform,
        })
    }

    /// The right-hand side in 1/s^2 of potential vorticities in 1/s, both `[T, 2 B, Ny, Nx]`: all of the
    /// upper layer, then all of the lower layer of a batch of B.
    ///
    /// # Errors
    /// When the states are not of the grid, or their number of fields is odd.
    pub fn tendency(&self, states: Tensor<4>) -> Result<Tensor<4>> {
        let [times, fields, ny, nx] = states.dims();
        if fields == 0 || fields % 2 != 0 || [ny, nx] != self.points {
            return Err(Error::TensorShape {
                tensor: "quasi-geostrophic states".into(),
                expected: vec![
                    times,
                    fields.div_ceil(2).max(1) * 2,
                    self.points[0],
                    self.points[1],
                ],
                found: states.dims().to_vec(),
            });
        }
        let batch = fields / 2;
        let q = [0, 1].map(|layer| {
            let field = states.clone().narrow(1, layer * batch, batch);
            self.transform
                .analysis(field.reshape([times * batch, ny, nx]))
        });
        let psi = self.streamfunctions(&q);
        let slopes = [0, 1].map(|layer| {
            self.of_layer(layer, &q[layer], &psi[layer])
                .reshape([times, batch, ny, nx])
        });
        Ok(Tensor::cat(slopes.into(), 1))
    }

    fn streamfunctions(&self, [upper, lower]: &[Spectrum; 2]) -> [Spectrum; 2] {
        let shares = self.equation.shares();
        let depth_mean = sum(upper, shares[0], lower, shares[1]).scaled(&self.barotropic);
        let shear = sum(upper, 1.0, lower, -1.0).scaled(&self.baroclinic);
        [
            sum(&depth_mean, 1.0, &shear, shares[1]),
            sum(&depth_mean, 1.0, &shear, -shares[0]),
        ]
    }

    fn of_layer(&self, layer: usize, q: &Spectrum, psi: &Spectrum) -> Tensor<3> {
        let transform = &self.transform;
        let field = |spectrum: Spectrum| transform.synthesis(spectrum);
        let u = field(psi.turned(&transform.ky)).neg() + self.equation.velocities[layer];
        let v = field(psi.turned(&transform.kx));
        let northward = field(q.turned(&transform.ky)) + self.equation.gradients()[layer];
        let along = u * field(q.turned(&transform.kx)) + v * northward;
        let (advected, damped) = (transform.analysis(along), q.scaled(&self.damping));
        let slope = sum(&damped, 1.0, &advected, -1.0);
        field(match layer {
            0 => slope,
            _ => sum(&slope, 1.0, &psi.scaled(&self.square), self.equation.drag),
        })
    }

    /// `dq/dt` minus the right-hand side in 1/s^2 at the inner states of trajectories
    /// `[T, 2 B, Ny, Nx]` with states `time_step` seconds apart.
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

/// `a x + b y`.
fn sum(x: &Spectrum, a: f64, y: &Spectrum, b: f64) -> Spectrum {
    let of = |x: &Tensor<3>, y: &Tensor<3>| x.clone().mul_scalar(a) + y.clone().mul_scalar(b);
    Spectrum {
        real: of(&x.real, &y.real),
        imaginary: of(&x.imaginary, &y.imaginary),
    }
}
