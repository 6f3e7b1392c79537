//! Truncated discrete Fourier transforms as matrices.
//!
//! A spectral layer keeps a few modes of many grid points, and then a matrix product is faster
//! than an FFT, works for every grid size (odd, prime) and has its transpose as exact adjoint.
//!
//! Forward: `X_k = 1/N sum_x f_x exp(-2 pi i k x / N)`, so that a mode does not depend on the
//! number of grid points. Inverse of a real field from its modes `k = 0..K`:
//! `f_x = sum_k w_k Re(X_k exp(2 pi i k x / N))` with `w_k = 1` for the zero mode and (N even) the
//! Nyquist mode, whose imaginary parts do not count, and 2 for the others, which stand for their
//! conjugates too.
//!
//! `k x mod N` is taken in integers before the cosine, so that angles keep full precision.

use std::f64::consts::TAU;

/// `cos` and `sin` of `2 pi k x / n` with exact range reduction; `k` may be negative.
pub(crate) fn phase(k: i64, x: usize, n: usize) -> (f64, f64) {
    let n = n as i64;
    let step = (k * x as i64).rem_euclid(n);
    let (sin, cos) = (TAU * step as f64 / n as f64).sin_cos();
    // The quarter turns are exact, so that symmetric fields give exact zeros.
    match 4 * step {
        0 => (1.0, 0.0),
        quarter if quarter == n => (0.0, 1.0),
        quarter if quarter == 2 * n => (-1.0, 0.0),
        quarter if quarter == 3 * n => (0.0, -1.0),
        _ => (cos, sin),
    }
}

/// Whether mode `k` of an `n`-point real field is its own conjugate: zero or Nyquist.
fn is_self_conjugate(k: usize, n: usize) -> bool {
    k == 0 || 2 * k == n
}

/// Order of the two parts of a complex mode in the rows of a transform matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComplexOrder {
    /// (mode, part): real and imaginary part side by side.
    Interleaved,
    /// (part, mode): all real parts, then all imaginary parts.
    Split,
}

impl ComplexOrder {
    fn row(self, mode: usize, part: usize, modes: usize) -> usize {
        match self {
            ComplexOrder::Interleaved => 2 * mode + part,
            ComplexOrder::Split => part * modes + mode,
        }
    }
}

/// Matrix `[2 modes, n]` from a real line of `n` points to its modes `0..modes`.
///
/// `modes` must not exceed `n / 2 + 1`.
pub fn real_analysis(n: usize, modes: usize, order: ComplexOrder) -> Vec<f64> {
    real_matrix(n, modes, order, |_| 1.0 / n as f64)
}

/// Matrix `[2 modes, n]` whose transpose takes modes `0..modes` to a real line of `n` points.
///
/// `modes` must not exceed `n / 2 + 1`.
pub fn real_synthesis(n: usize, modes: usize, order: ComplexOrder) -> Vec<f64> {
    real_matrix(n, modes, order, |k| {
        if is_self_conjugate(k, n) { 1.0 } else { 2.0 }
    })
}

fn real_matrix(
    n: usize,
    modes: usize,
    order: ComplexOrder,
    weight: impl Fn(usize) -> f64,
) -> Vec<f64> {
    assert!(
        modes <= n / 2 + 1,
        "{modes} modes need at least {} points, found {n}",
        2 * modes - 2
    );
    let mut matrix = vec![0.0; 2 * modes * n];
    for k in 0..modes {
        let weight = weight(k);
        for x in 0..n {
            let (cos, sin) = phase(k as i64, x, n);
            matrix[order.row(k, 0, modes) * n + x] = weight * cos;
            if !is_self_conjugate(k, n) {
                matrix[order.row(k, 1, modes) * n + x] = -weight * sin;
            }
        }
    }
    matrix
}

/// The `count` lowest modes of both signs, in increasing order: `-count/2 ..= (count-1)/2`.
pub fn centred_modes(count: usize) -> impl Iterator<Item = i64> + Clone {
    let negative = (count / 2) as i64;
    (0..count as i64).map(move |k| k - negative)
}

/// Matrix `[2 modes, 2 n]` from a complex line of `n` points to its [`centred_modes`].
///
/// Rows are (part, mode), columns (point, part).
pub fn complex_analysis(n: usize, modes: usize) -> Vec<f64> {
    complex_matrix(n, modes, 1.0 / n as f64)
}

/// Matrix `[2 modes, 2 n]` whose transpose takes [`centred_modes`] to a complex line of `n` points.
pub fn complex_synthesis(n: usize, modes: usize) -> Vec<f64> {
    complex_matrix(n, modes, 1.0)
}

fn complex_matrix(n: usize, modes: usize, weight: f64) -> Vec<f64> {
    assert!(
        modes <= n,
        "{modes} modes need at least as many points, found {n}"
    );
    let mut matrix = vec![0.0; 4 * modes * n];
    for (row, k) in centred_modes(modes).enumerate() {
        for x in 0..n {
            let (cos, sin) = phase(k, x, n);
            let (real, imaginary) = (row * 2 * n + 2 * x, (modes + row) * 2 * n + 2 * x);
            // exp(-i t) (a + i b) = (a cos t + b sin t) + i (b cos t - a sin t)
            matrix[real] = weight * cos;
            matrix[real + 1] = weight * sin;
            matrix[imaginary] = -weight * sin;
            matrix[imaginary + 1] = weight * cos;
        }
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustfft::{FftPlanner, num_complex::Complex64};

    fn line(n: usize) -> Vec<f64> {
        (0..n)
            .map(|x| ((x * x + 3 * x) as f64 * 0.37).sin() + 0.2 * x as f64 / n as f64)
            .collect()
    }

    #[test]
    fn real_transforms_match_an_fft_and_invert() {
        for n in [1, 2, 7, 8, 13, 24, 31, 64] {
            let modes = n / 2 + 1;
            let field = line(n);
            let mut fft: Vec<_> = field.iter().map(|&v| Complex64::from(v)).collect();
            FftPlanner::new().plan_fft_forward(n).process(&mut fft);
            for order in [ComplexOrder::Interleaved, ComplexOrder::Split] {
                let analysis = real_analysis(n, modes, order);
                let spectrum: Vec<f64> = analysis
                    .chunks(n)
                    .map(|row| row.iter().zip(&field).map(|(a, b)| a * b).sum())
                    .collect();
                for k in 0..modes {
                    let expected = fft[k] / n as f64;
                    assert!((spectrum[order.row(k, 0, modes)] - expected.re).abs() < 1e-14);
                    assert!((spectrum[order.row(k, 1, modes)] - expected.im).abs() < 1e-14);
                }
                let synthesis = real_synthesis(n, modes, order);
                for x in 0..n {
                    let value: f64 = (0..2 * modes)
                        .map(|r| synthesis[r * n + x] * spectrum[r])
                        .sum();
                    assert!(
                        (value - field[x]).abs() < 1e-13,
                        "n {n}: {value} != {}",
                        field[x]
                    );
                }
            }
        }
    }

    #[test]
    fn complex_transform_matches_an_fft() {
        for n in [5usize, 8, 11] {
            let mut fft: Vec<_> = line(2 * n)
                .chunks(2)
                .map(|c| Complex64::new(c[0], c[1]))
                .collect();
            let interleaved = line(2 * n);
            FftPlanner::new().plan_fft_forward(n).process(&mut fft);
            let modes = n - 1;
            let matrix = complex_analysis(n, modes);
            let apply = |row: usize| -> f64 {
                matrix[row * 2 * n..(row + 1) * 2 * n]
                    .iter()
                    .zip(&interleaved)
                    .map(|(a, b)| a * b)
                    .sum()
            };
            for (row, k) in centred_modes(modes).enumerate() {
                let expected = fft[k.rem_euclid(n as i64) as usize] / n as f64;
                assert!((apply(row) - expected.re).abs() < 1e-14);
                assert!((apply(modes + row) - expected.im).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn quarter_turns_are_exact() {
        assert_eq!(phase(1, 2, 8), (0.0, 1.0));
        assert_eq!(phase(-1, 2, 8), (0.0, -1.0));
        assert_eq!(phase(1_000_003, 4, 8), (-1.0, 0.0));
    }
}
