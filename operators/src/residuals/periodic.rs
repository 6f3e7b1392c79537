//! Derivatives of periodic fields as matrix products.
//!
//! The same trigonometric polynomials as the solver's ([`Line`](curlwind_solvers::torus::Line),
//! [`Plane`](curlwind_solvers::torus::Plane)): wavenumbers that products would alias are left out, so
//! that solver and residual agree to round-off. Matrices take any number of points, have their
//! transpose as exact adjoint, and are small beside a network on such grids.

use crate::buffers::matrix;
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::torus::{Line, Plane};
use std::f64::consts::TAU;

/// cos and sin of `2 pi k x / n`, the angle reduced in integers.
fn phase(k: i64, x: usize, n: usize) -> (f64, f64) {
    let step = (k * x as i64).rem_euclid(n as i64);
    let (sin, cos) = (TAU * step as f64 / n as f64).sin_cos();
    (cos, sin)
}

/// A matrix `[N, N]` that multiplies the coefficient of each wavenumber kept by
/// `real + i imaginary`; for fields `[.., N]` times the matrix.
pub(super) fn line_operator(
    line: &Line,
    symbol: impl Fn(f64) -> (f64, f64),
    device: &Device,
    dtype: DType,
) -> Tensor<2> {
    let n = line.points();
    let row: Vec<f64> = (0..n)
        .map(|distance| {
            let sum: f64 = (0..line.spectrum_len())
                .map(|k| {
                    let (real, imaginary) = symbol(line.wavenumber(k));
                    let (cos, sin) = phase(k as i64, distance, n);
                    let both = if k == 0 { 1.0 } else { 2.0 };
                    both * (real * cos - imaginary * sin)
                })
                .sum();
            sum / n as f64
        })
        .collect();
    let entries = (0..n * n).map(|p| row[(p % n + n - p / n) % n]);
    matrix(entries.collect(), [n, n], device, dtype)
}

/// Applies a matrix of [`line_operator`] along the last dimension of `[T, B, 1, N]`.
pub(super) fn along_line(field: Tensor<4>, operator: &Tensor<2>) -> Tensor<4> {
    let shape = field.dims();
    let points = shape[3];
    field
        .reshape([shape[0] * shape[1] * shape[2], points])
        .matmul(operator.clone())
        .reshape(shape)
}

/// Coefficients `[B, ky, kx]` of real fields.
#[derive(Clone, Debug)]
pub(super) struct Spectrum {
    pub real: Tensor<3>,
    pub imaginary: Tensor<3>,
}

impl Spectrum {
    /// Times a real symbol `[1, ky, kx]`.
    pub fn scaled(&self, symbol: &Tensor<3>) -> Self {
        Self {
            real: self.real.clone() * symbol.clone(),
            imaginary: self.imaginary.clone() * symbol.clone(),
        }
    }

    /// Times `i` and a real symbol `[1, ky, kx]`.
    pub fn turned(&self, symbol: &Tensor<3>) -> Self {
        Self {
            real: (self.imaginary.clone() * symbol.clone()).neg(),
            imaginary: self.real.clone() * symbol.clone(),
        }
    }
}

/// The transforms of a periodic rectangle.
#[derive(Clone, Debug)]
pub(super) struct PlaneTransform {
    /// cos and -sin of `kx x` over Nx, `[1, Nx, kx]`.
    x_forward: [Tensor<3>; 2],
    /// cos and -sin of `ky y` over Ny, `[1, ky, Ny]`.
    y_forward: [Tensor<3>; 2],
    /// cos and sin of `ky y`, `[1, Ny, ky]`.
    y_inverse: [Tensor<3>; 2],
    /// cos and -sin of `kx x`, doubled but for the mean, `[1, kx, Nx]`.
    x_inverse: [Tensor<3>; 2],
    /// Wavenumbers in rad/m, `[1, ky, kx]`.
    pub kx: Tensor<3>,
    pub ky: Tensor<3>,
}

impl PlaneTransform {
    pub fn new(plane: &Plane, device: &Device, dtype: DType) -> Self {
        let [ny, nx] = plane.points();
        let [length_y, length_x] = plane.lengths();
        let largest = plane.largest_wavenumbers();
        let count = |a: usize, length: f64| (largest[a] * length / TAU).round() as i64;
        let (top_y, top_x) = (count(0, length_y), count(1, length_x));
        let (kys, kxs): (Vec<i64>, Vec<i64>) = ((-top_y..=top_y).collect(), (0..=top_x).collect());
        let build = |rows: usize, columns: usize, f: &dyn Fn(usize, usize) -> f64| {
            let entries = (0..rows * columns).map(|p| f(p / columns, p % columns));
            matrix(entries.collect(), [1, rows, columns], device, dtype)
        };
        let (my, mx) = (kys.len(), kxs.len());
        let both = |k: usize| if k == 0 { 1.0 } else { 2.0 };
        Self {
            x_forward: [
                build(nx, mx, &|x, k| phase(kxs[k], x, nx).0 / nx as f64),
                build(nx, mx, &|x, k| -phase(kxs[k], x, nx).1 / nx as f64),
            ],
            y_forward: [
                build(my, ny, &|k, y| phase(kys[k], y, ny).0 / ny as f64),
                build(my, ny, &|k, y| -phase(kys[k], y, ny).1 / ny as f64),
            ],
            y_inverse: [
                build(ny, my, &|y, k| phase(kys[k], y, ny).0),
                build(ny, my, &|y, k| phase(kys[k], y, ny).1),
            ],
            x_inverse: [
                build(mx, nx, &|k, x| both(k) * phase(kxs[k], x, nx).0),
                build(mx, nx, &|k, x| -both(k) * phase(kxs[k], x, nx).1),
            ],
            kx: build(my, mx, &|_, k| TAU * kxs[k] as f64 / length_x),
            ky: build(my, mx, &|k, _| TAU * kys[k] as f64 / length_y),
        }
    }

    /// Fields `[B, Ny, Nx]` to their coefficients.
    pub fn analysis(&self, field: Tensor<3>) -> Spectrum {
        let [real, imaginary] = self
            .x_forward
            .each_ref()
            .map(|m| field.clone().matmul(m.clone()));
        let [cos, sin] = &self.y_forward;
        Spectrum {
            real: cos.clone().matmul(real.clone()) - sin.clone().matmul(imaginary.clone()),
            imaginary: cos.clone().matmul(imaginary) + sin.clone().matmul(real),
        }
    }

    /// Coefficients to fields `[B, Ny, Nx]`.
    pub fn synthesis(&self, spectrum: Spectrum) -> Tensor<3> {
        let Spectrum { real, imaginary } = spectrum;
        let [cos, sin] = &self.y_inverse;
        let rows = cos.clone().matmul(real.clone()) - sin.clone().matmul(imaginary.clone());
        let turned = cos.clone().matmul(imaginary) + sin.clone().matmul(real);
        let [cos, sin] = &self.x_inverse;
        rows.matmul(cos.clone()) + turned.matmul(sin.clone())
    }
}
