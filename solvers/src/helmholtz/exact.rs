//! The field of a line source.

use crate::maxwell::analytic::bessel::{bessel_j, bessel_y};
use num_complex::Complex64;

/// The solution of `laplacian u + k^2 u = delta` in empty space at `distance` m > 0 from the source,
/// waves going outwards under exp(+j omega t):
///
/// ```text
/// u = j/4 H_0^(2)(k rho)
/// ```
///
/// (R. F. Harrington, Time-Harmonic Electromagnetic Fields, 1961, eq. 5-84). A current I along z in
/// A has `j omega mu_0 I` times that as its E along z in V/m.
pub fn line_source(wave_number: f64, distance: f64) -> Complex64 {
    let x = wave_number * distance;
    // j/4 (J - j Y)
    Complex64::new(0.25 * bessel_y(1, x)[0], 0.25 * bessel_j(0, x)[0])
}
