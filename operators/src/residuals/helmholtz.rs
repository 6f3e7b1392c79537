//! The Helmholtz equation of a plane wave on dielectric bodies, at one frequency.
//!
//! In two dimensions E along the bodies (TM) obeys `laplacian u + k^2 eps_r u = 0`; for what the
//! bodies add to the incident wave, over `k^2` so that it has no unit,
//!
//! ```text
//! r = laplacian u_s / k^2 + eps_r u_s + (eps_r - 1) u_i
//! ```
//!
//! With the second-order stencil on the solver's mesh and the scheme's own wave number
//! `k = 2 sin(omega dt / 2) / (c dt)` this is the transform of Yee's scheme itself, and its solution
//! has no residual but rounding; with the wave number of the continuum it is the direct solver's
//! ([`curlwind_solvers::helmholtz`]). With any other stencil, or Yee's scheme and the wave number of
//! the continuum, the residual is the solver's own error, of second order.

use super::Stencil;
use crate::buffers::matrix;
use burn::tensor::{DType, Device, Tensor};
use ndarray::Array2;
use num_complex::Complex64;

/// The equation on equal cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HelmholtzResidual {
    wave_number: f64,
    spacing: f64,
    stencil: Stencil,
}

impl HelmholtzResidual {
    /// For a wave number in rad/m and points `spacing` m apart; second differences of the stencil's
    /// order.
    pub fn new(wave_number: f64, spacing: f64, stencil: Stencil) -> Self {
        Self {
            wave_number,
            spacing,
            stencil,
        }
    }

    /// The wave number that Yee's scheme has in place of `2 pi frequency / c`, with steps of
    /// `time_step` s.
    pub fn scheme_wave_number(frequency: f64, time_step: f64) -> f64 {
        let speed = curlwind_solvers::maxwell::constants::SPEED_OF_LIGHT;
        let half_turn = std::f64::consts::PI * frequency * time_step;
        2.0 * half_turn.sin() / (speed * time_step)
    }

    /// Points that the residual lacks at each edge.
    pub fn margin(&self) -> usize {
        self.stencil.order() / 2
    }

    /// The residual `[B, 2, H - 2 m, W - 2 m]`, real and imaginary part, m the margin, of relative
    /// permittivities `[B, 1, H, W]`, incident and scattered fields `[B, 2, H, W]`.
    ///
    /// # Panics
    /// When the shapes do not fit, or H or W is less than `2 m + 1`.
    pub fn residual(
        &self,
        permittivity: Tensor<4>,
        incident: Tensor<4>,
        scattered: Tensor<4>,
    ) -> Tensor<4> {
        let inner = |x: Tensor<4>| {
            let m = self.margin();
            let [_, _, height, width] = x.dims();
            x.narrow(2, m, height - 2 * m).narrow(3, m, width - 2 * m)
        };
        let laplacian =
            self.second_difference(&scattered, 2) + self.second_difference(&scattered, 3);
        let scale = (self.wave_number * self.spacing).powi(-2);
        let eps = inner(permittivity).repeat_dim(1, 2);
        laplacian.mul_scalar(scale) + eps.clone() * inner(scattered) + (eps - 1.0) * inner(incident)
    }

    /// Root mean square of the residual of plain fields `[y, x]`, relative to that of no scattered
    /// field at all.
    ///
    /// # Panics
    /// As [`HelmholtzResidual::residual`].
    pub fn relative_size(
        &self,
        permittivity: &Array2<f64>,
        incident: &Array2<Complex64>,
        scattered: &Array2<Complex64>,
    ) -> f64 {
        let size = |scattered: &Array2<Complex64>| {
            let residual = self.residual(
                tensor(permittivity.iter().copied().collect(), permittivity.dim()),
                complex(incident),
                complex(scattered),
            );
            residual.powi_scalar(2).mean().into_scalar::<f64>().sqrt()
        };
        size(scattered) / size(&Array2::zeros(scattered.dim()))
    }

    /// Second difference along a dimension, times the spacing squared, at the inner points of both.
    fn second_difference(&self, u: &Tensor<4>, along: usize) -> Tensor<4> {
        let m = self.margin();
        let across = 5 - along;
        let count = u.dims()[along] - 2 * m;
        let width = u.dims()[across] - 2 * m;
        let at = |shift: usize| {
            u.clone()
                .narrow(along, shift, count)
                .narrow(across, m, width)
        };
        match self.stencil {
            Stencil::Second => at(0) + at(2) - at(1).mul_scalar(2.0),
            Stencil::Fourth => {
                let near = (at(1) + at(3)).mul_scalar(16.0);
                (near - at(0) - at(4) - at(2).mul_scalar(30.0)).div_scalar(12.0)
            }
        }
    }
}

/// `[1, C, H, W]` of values `[C][H][W]`, C as many as there are.
fn tensor(values: Vec<f64>, (rows, columns): (usize, usize)) -> Tensor<4> {
    let channels = values.len() / (rows * columns);
    let shape = [1, channels, rows, columns];
    matrix(values, shape, &Device::flex(), DType::F64)
}

/// Real and imaginary part, `[1, 2, H, W]`.
fn complex(field: &Array2<Complex64>) -> Tensor<4> {
    let parts = field.iter().map(|u| u.re).chain(field.iter().map(|u| u.im));
    tensor(parts.collect(), field.dim())
}
