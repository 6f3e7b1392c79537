//! Williamson et al. (1992), case 6: Rossby-Haurwitz wave of wavenumber 4.
//!
//! ```text
//! zeta = 2 w sin(phi) - K sin(phi) cos^R(phi) (R^2 + 3 R + 2) cos(R lambda)
//! g h  = g h0 + a^2 (A(phi) + B(phi) cos(R lambda) + C(phi) cos(2 R lambda))
//! R = 4, w = K = 7.848e-6 1/s, h0 = 8000 m
//! ```
//!
//! (eq. 141 to 148; A, B, C below). Exact for the non-divergent equation only; in shallow water
//! the wave slowly changes and breaks after weeks.

use super::{Case, spectrum_of};
use crate::shallow_water::{ShallowWater, State};
use crate::sphere::{SphereGrid, SphericalTransform};
use crate::{Error, Result};
use std::sync::Arc;

const R: i32 = 4;
const W: f64 = 7.848e-6;
const K: f64 = 7.848e-6;

/// The case.
///
/// # Errors
/// [`Error::Size`] when the truncation is below 10, the degree of the initial thickness.
pub fn williamson_6(transform: &Arc<SphericalTransform>) -> Result<Case> {
    let top = transform.truncation();
    if top < 10 {
        return Err(Error::Size {
            what: "truncation",
            expected: "at least 10".into(),
            found: top,
        });
    }
    let equation = ShallowWater::default();
    let (a, omega, r) = (equation.radius, equation.rotation, f64::from(R));
    // degrees up to 10: a small grid is exact
    let exact = SphericalTransform::new(SphereGrid::for_truncation(12)?, 12)?;
    let mut initial = State::zeros(transform.spectrum_len());
    initial.vorticity = spectrum_of(&exact, top, |phi, lambda| {
        let wave = phi.sin() * phi.cos().powi(R) * (r * r + 3.0 * r + 2.0) * (r * lambda).cos();
        2.0 * W * phi.sin() - K * wave
    });
    initial.geopotential = spectrum_of(&exact, top, |phi, lambda| {
        let c = phi.cos();
        let (c2, cr) = (c * c, c.powi(R));
        let big_a = 0.5 * W * (2.0 * omega + W) * c2
            + 0.25
                * K
                * K
                * cr
                * cr
                * ((r + 1.0) * c2 + (2.0 * r * r - r - 2.0) - 2.0 * r * r / c2);
        let big_b = 2.0 * (omega + W) * K / ((r + 1.0) * (r + 2.0))
            * cr
            * ((r * r + 2.0 * r + 2.0) - (r + 1.0).powi(2) * c2);
        let big_c = 0.25 * K * K * cr * cr * ((r + 1.0) * c2 - (r + 2.0));
        equation.gravity * 8000.0
            + a * a * (big_a + big_b * (r * lambda).cos() + big_c * (2.0 * r * lambda).cos())
    });
    Ok(Case {
        name: "williamson-6",
        equation,
        initial,
        orography: None,
        diffusion: None,
        frozen_wind: false,
        exact: None,
    })
}
