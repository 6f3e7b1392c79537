//! Williamson et al. (1992), case 5: zonal flow over an isolated mountain.
//!
//! ```text
//! u = u0 cos(phi)     g (h + h_s) = g h0 - (a Omega u0 + u0^2/2) sin^2(phi)
//! h_s = 2000 m (1 - r/R),   r^2 = min(R^2, (lambda - 3 pi/2)^2 + (phi - pi/6)^2),   R = pi/9
//! u0 = 20 m/s, h0 = 5960 m
//! ```
//!
//! (section 3.5). The cone is analysed on a grid finer than the truncation asks for and then cut
//! off. There is no exact solution; runs of high truncation serve as reference.

use super::williamson_2::{rotation_vorticity, squared_sine};
use super::{Case, finer, spectrum_of};
use crate::shallow_water::{ShallowWater, State};
use crate::sphere::SphericalTransform;
use crate::{Error, Result};
use num_complex::Complex64;
use std::f64::consts::PI;
use std::sync::Arc;

/// The case.
///
/// # Errors
/// [`Error::Size`] when the truncation is below 2.
pub fn williamson_5(transform: &Arc<SphericalTransform>) -> Result<Case> {
    let top = transform.truncation();
    if top < 2 {
        return Err(Error::Size {
            what: "truncation",
            expected: "at least 2".into(),
            found: top,
        });
    }
    let equation = ShallowWater::default();
    let (u0, a) = (20.0, equation.radius);
    let mountain = spectrum_of(&finer(top)?, top, |phi, lambda| {
        let r = (lambda - 1.5 * PI).hypot(phi - PI / 6.0);
        equation.gravity * 2000.0 * (1.0 - r / (PI / 9.0)).max(0.0)
    });
    let mut initial = State::zeros(transform.spectrum_len());
    initial.vorticity = rotation_vorticity(transform, 0.0, u0 / a);
    let slope = a * equation.rotation * u0 + 0.5 * u0 * u0;
    initial.geopotential = -squared_sine(transform, 0.0) * Complex64::from(slope) - &mountain;
    initial.geopotential[0] += equation.gravity * 5960.0;
    Ok(Case {
        name: "williamson-5",
        equation,
        initial,
        orography: Some(mountain),
        diffusion: None,
        frozen_wind: false,
        exact: None,
    })
}
