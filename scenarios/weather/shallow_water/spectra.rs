//! Small operations on triangular spectra that the scenarios need.
//!
//! Layout: orders m = 0..=N, each with its degrees n = m..=N.

use ndarray::{Array1, ArrayView1};
use num_complex::Complex64;

/// `(m, n)` of every coefficient, in order.
pub fn degrees(truncation: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..=truncation).flat_map(move |m| (m..=truncation).map(move |n| (m, n)))
}

/// The field mirrored at the equator: f(lambda, -mu).
pub fn mirror(spectrum: &Array1<Complex64>, truncation: usize) -> Array1<Complex64> {
    let signs = degrees(truncation).map(|(m, n)| if (n - m) % 2 == 0 { 1.0 } else { -1.0 });
    spectrum
        .iter()
        .zip(signs)
        .map(|(z, sign)| z * sign)
        .collect()
}

/// Every zonal wavenumber m turned eastward by `angle(m)` radians of longitude.
pub fn turn(
    spectrum: &Array1<Complex64>,
    truncation: usize,
    angle: impl Fn(usize) -> f64,
) -> Array1<Complex64> {
    let phases = degrees(truncation).map(|(m, _)| Complex64::cis(-(m as f64) * angle(m)));
    spectrum
        .iter()
        .zip(phases)
        .map(|(z, phase)| z * phase)
        .collect()
}

/// Power per degree: sum over orders of |f_n^m|^2, both signs of m.
pub fn power(spectrum: ArrayView1<Complex64>, truncation: usize) -> Vec<f64> {
    let mut power = vec![0.0; truncation + 1];
    for ((m, n), z) in degrees(truncation).zip(spectrum) {
        power[n] += if m == 0 { 1.0 } else { 2.0 } * z.norm_sqr();
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirroring_and_turning_undo_themselves() {
        let spectrum: Array1<Complex64> = degrees(12)
            .map(|(m, n)| Complex64::new((m + 2 * n) as f64, if m > 0 { n as f64 } else { 0.0 }))
            .collect();
        assert_eq!(mirror(&mirror(&spectrum, 12), 12), spectrum);
        let back = turn(&turn(&spectrum, 12, |_| 0.3), 12, |_| -0.3);
        assert!(
            back.iter()
                .zip(&spectrum)
                .all(|(a, b)| (a - b).norm() < 1e-13)
        );
        assert_eq!(power(spectrum.view(), 12)[0], 0.0);
        assert_eq!(power(spectrum.view(), 12)[1], 4.0 + 2.0 * (9.0 + 1.0));
    }
}
