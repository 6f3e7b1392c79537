//! Rossby-Haurwitz waves: exact solutions of the barotropic vorticity equation.
//!
//! ```text
//! zeta = 2 w sin(phi) - K sin(phi) cos^R(phi) (R^2 + 3 R + 2) cos(R (lambda - nu t))
//! nu   = (R (3 + R) w - 2 Omega) / ((1 + R)(2 + R))
//! ```
//!
//! (Haurwitz 1940, J. Mar. Res. 3, 254-267; Williamson et al. 1992, eq. 141 to 144.) The wave is
//! one harmonic of degree R + 1 and order R.

use super::Barotropic;
use crate::sphere::{Legendre, SphericalTransform};
use crate::{Error, Result};
use ndarray::Array1;
use num_complex::Complex64;

/// A wave that keeps its shape and turns at a constant rate.
#[derive(Clone, Debug, PartialEq)]
pub struct RossbyHaurwitz {
    /// Angular velocity of the wave, eastward, in rad/s.
    pub rate: f64,
    wavenumber: usize,
    place: usize,
    initial: Array1<Complex64>,
}

impl RossbyHaurwitz {
    /// The vorticity (spectrum, 1/s) at a time in seconds.
    pub fn at(&self, time: f64) -> Array1<Complex64> {
        let mut vorticity = self.initial.clone();
        vorticity[self.place] *= Complex64::cis(-(self.wavenumber as f64) * self.rate * time);
        vorticity
    }

    /// Longitude in rad, modulo 2 pi / R, by which the wave in `vorticity` has moved eastward, and
    /// the relative l2 distance of `vorticity` from the wave moved so far.
    pub fn displacement(&self, vorticity: &Array1<Complex64>) -> (f64, f64) {
        let turn = vorticity[self.place] / self.initial[self.place];
        let mut moved = self.initial.clone();
        moved[self.place] *= turn / turn.norm();
        let norm = |x: &Array1<Complex64>| x.iter().map(|c| c.norm_sqr()).sum::<f64>().sqrt();
        (
            -turn.arg() / self.wavenumber as f64,
            norm(&(vorticity - &moved)) / norm(&moved),
        )
    }
}

/// The wave of `wavenumber` R with parameters `w` and `k` in 1/s.
///
/// # Errors
/// [`Error::Size`] when the wavenumber is 0 or the truncation does not hold the wave.
pub fn rossby_haurwitz(
    transform: &SphericalTransform,
    equation: Barotropic,
    wavenumber: usize,
    w: f64,
    k: f64,
) -> Result<RossbyHaurwitz> {
    let degree = wavenumber + 1;
    if wavenumber == 0 || degree > transform.truncation() {
        return Err(Error::Size {
            what: "wavenumber",
            expected: format!("from 1 to {}", transform.truncation().saturating_sub(1)),
            found: wavenumber,
        });
    }
    let r = wavenumber as f64;
    let mut initial = Array1::zeros(transform.spectrum_len());
    initial[transform.index(0, 1)] = (2.0 * w / 3f64.sqrt()).into();
    // P_{R+1}^R = c sin(phi) cos^R(phi); c from its value where sin(phi) = 0.6, cos(phi) = 0.8
    let mut p = vec![0.0; 2];
    Legendre::new(degree).fill_order(wavenumber, &[0.6], &mut p);
    let c = p[1] / (0.6 * 0.8f64.powi(wavenumber as i32));
    let place = transform.index(wavenumber, degree);
    initial[place] = (-0.5 * k * (r * r + 3.0 * r + 2.0) / c).into();
    let rate = (r * (3.0 + r) * w - 2.0 * equation.rotation) / ((1.0 + r) * (2.0 + r));
    Ok(RossbyHaurwitz {
        rate,
        wavenumber,
        place,
        initial,
    })
}
