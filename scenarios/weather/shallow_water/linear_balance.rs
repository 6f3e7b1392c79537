//! The streamfunction whose wind is in linear balance with a geopotential.
//!
//! Linear balance, div(f grad psi) = laplacian(Phi), couples each degree with its two neighbours
//! (Daley, *Atmospheric Data Analysis*, 1991, section 7.3). With f = 2 Omega mu and
//! mu P_n^m = eps_n P_{n-1}^m + eps_{n+1} P_{n+1}^m, row n of order m reads
//!
//! ```text
//! (n - 1)/n eps_n psi_{n-1} + (n + 2)/(n + 1) eps_{n+1} psi_{n+1} = Phi_n / (2 Omega)
//! ```
//!
//! f vanishes at the equator, so that some psi is hardly seen by Phi: the system is solved in the
//! least-squares sense with a small penalty on the vorticity, n (n + 1) psi, which chooses the
//! smoothest of the streamfunctions that fit.

use curlwind_solvers::sphere::Legendre;
use ndarray::{Array1, Array2, ArrayView1};
use num_complex::Complex64;

/// Weight of the penalty on (n (n + 1) psi)^2.
const PENALTY: f64 = 1e-6;

/// The streamfunction (m2 s-1) in linear balance with `geopotential` (m2 s-2), both as triangular
/// spectra of the same truncation; `rotation` is the planet's angular velocity in s-1.
pub fn streamfunction(
    geopotential: ArrayView1<Complex64>,
    truncation: usize,
    rotation: f64,
) -> Array1<Complex64> {
    let mut psi = Array1::zeros(geopotential.len());
    let mut start = 0;
    for m in 0..=truncation {
        let first = m.max(1);
        let size = truncation + 1 - first;
        let offset = start + first - m;
        let phi = geopotential.slice(ndarray::s![offset..offset + size]);
        let solved = solve_order(m, first, size, phi, rotation);
        psi.slice_mut(ndarray::s![offset..offset + size])
            .assign(&solved);
        start += truncation + 1 - m;
    }
    psi
}

/// Normal equations (A^T A + penalty) psi = A^T Phi / (2 Omega) of one order, by Cholesky's method.
fn solve_order(
    m: usize,
    first: usize,
    size: usize,
    phi: ArrayView1<Complex64>,
    rotation: f64,
) -> Array1<Complex64> {
    let mut a = Array2::<f64>::zeros((size, size));
    for row in 0..size {
        let n = first + row;
        if row > 0 {
            a[[row, row - 1]] = (n as f64 - 1.0) / n as f64 * Legendre::epsilon(m, n);
        }
        if row + 1 < size {
            a[[row, row + 1]] = (n as f64 + 2.0) / (n as f64 + 1.0) * Legendre::epsilon(m, n + 1);
        }
    }
    let mut normal = a.t().dot(&a);
    for row in 0..size {
        let n = first + row;
        normal[[row, row]] += PENALTY * ((n * (n + 1)) as f64).powi(2);
    }
    let right = |part: fn(&Complex64) -> f64| a.t().dot(&phi.map(part)) / (2.0 * rotation);
    let factor = cholesky(normal);
    let (re, im) = (
        solve(&factor, right(|z| z.re)),
        solve(&factor, right(|z| z.im)),
    );
    ndarray::Zip::from(&re)
        .and(&im)
        .map_collect(|&re, &im| Complex64::new(re, im))
}

/// Lower factor of a symmetric positive definite matrix.
fn cholesky(mut a: Array2<f64>) -> Array2<f64> {
    let n = a.nrows();
    for j in 0..n {
        let pivot = a[[j, j]] - (0..j).map(|k| a[[j, k]].powi(2)).sum::<f64>();
        a[[j, j]] = pivot.sqrt();
        for i in j + 1..n {
            let dot: f64 = (0..j).map(|k| a[[i, k]] * a[[j, k]]).sum();
            a[[i, j]] = (a[[i, j]] - dot) / a[[j, j]];
        }
    }
    a
}

fn solve(lower: &Array2<f64>, mut x: Array1<f64>) -> Array1<f64> {
    let n = x.len();
    for i in 0..n {
        let dot: f64 = (0..i).map(|k| lower[[i, k]] * x[k]).sum();
        x[i] = (x[i] - dot) / lower[[i, i]];
    }
    for i in (0..n).rev() {
        let dot: f64 = (i + 1..n).map(|k| lower[[k, i]] * x[k]).sum();
        x[i] = (x[i] - dot) / lower[[i, i]];
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Phi of a given psi through the rows above, then psi again.
    #[test]
    fn recovers_most_of_the_wind() {
        let (truncation, rotation) = (21, 7.292e-5);
        let length = (truncation + 1) * (truncation + 2) / 2;
        let index = |m: usize, n: usize| m * (2 * truncation + 3 - m) / 2 + n - m;
        let mut psi = Array1::<Complex64>::zeros(length);
        let mut phi = Array1::<Complex64>::zeros(length);
        for m in 0..=truncation {
            for n in m.max(1)..=truncation {
                let x = (3 * m + 7 * n) as f64;
                let size = 1e7 / (n as f64).powi(3);
                psi[index(m, n)] =
                    Complex64::new(size * x.sin(), if m > 0 { size * x.cos() } else { 0.0 });
            }
        }
        for m in 0..=truncation {
            for n in m.max(1)..=truncation {
                let mut sum = Complex64::ZERO;
                if n > m.max(1) {
                    sum += psi[index(m, n - 1)] * (n as f64 - 1.0) / n as f64
                        * Legendre::epsilon(m, n);
                }
                if n < truncation {
                    sum += psi[index(m, n + 1)] * (n as f64 + 2.0) / (n as f64 + 1.0)
                        * Legendre::epsilon(m, n + 1);
                }
                phi[index(m, n)] = sum * 2.0 * rotation;
            }
        }
        let found = streamfunction(phi.view(), truncation, rotation);
        let norm = |x: &Array1<Complex64>| x.iter().map(|z| z.norm_sqr()).sum::<f64>().sqrt();
        let error = norm(&(&found - &psi)) / norm(&psi);
        assert!(error < 0.05, "relative error {error}");
    }
}
