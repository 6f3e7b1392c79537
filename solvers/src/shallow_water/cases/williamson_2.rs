//! Williamson et al. (1992), case 2: steady solid-body rotation in geostrophic balance.
//!
//! With `y = sin(phi) cos(alpha) - cos(lambda) cos(phi) sin(alpha)`, the sine of the latitude
//! about the turned axis,
//!
//! ```text
//! zeta = 2 u0/a y      g h = g h0 - (a Omega u0 + u0^2/2) y^2      f = 2 Omega y
//! u0 = 2 pi a / 12 days,   g h0 = 2.94e4 m^2/s^2
//! ```
//!
//! (eq. 90 to 96). The spectra are finite; they are set in closed form, without quadrature.

use super::Case;
use crate::Error;
use crate::Result;
use crate::shallow_water::{ShallowWater, State};
use crate::sphere::SphericalTransform;
use ndarray::Array1;
use num_complex::Complex64;
use std::f64::consts::PI;
use std::sync::Arc;

/// The case for an angle `alpha` in radians between the axis of rotation and the pole.
///
/// # Errors
/// [`Error::Size`] when the truncation is below 2.
pub fn williamson_2(transform: &Arc<SphericalTransform>, alpha: f64) -> Result<Case> {
    if transform.truncation() < 2 {
        return Err(Error::Size {
            what: "truncation",
            expected: "at least 2".into(),
            found: transform.truncation(),
        });
    }
    let equation = ShallowWater {
        rotation_pole_angle: alpha,
        ..Default::default()
    };
    let rate = 2.0 * PI / (12.0 * 86400.0);
    let u0 = rate * equation.radius;
    let mut initial = State::zeros(transform.spectrum_len());
    initial.vorticity = rotation_vorticity(transform, alpha, rate);
    let slope = equation.radius * equation.rotation * u0 + 0.5 * u0 * u0;
    initial.geopotential = -squared_sine(transform, alpha) * Complex64::from(slope);
    initial.geopotential[0] += 2.94e4;
    let steady = initial.clone();
    Ok(Case {
        name: "williamson-2",
        equation,
        initial,
        orography: None,
        diffusion: None,
        frozen_wind: false,
        exact: Some(Arc::new(move |_| steady.clone())),
    })
}

/// Vorticity `2 rate y` of a solid-body rotation, rad/s.
pub(super) fn rotation_vorticity(
    transform: &SphericalTransform,
    alpha: f64,
    rate: f64,
) -> Array1<Complex64> {
    let (sa, ca) = alpha.sin_cos();
    let mut vorticity = Array1::zeros(transform.spectrum_len());
    vorticity[transform.index(0, 1)] = (2.0 * rate * ca / 3f64.sqrt()).into();
    vorticity[transform.index(1, 1)] = (-2.0 * rate * sa / 6f64.sqrt()).into();
    vorticity
}

/// `y^2 = cos^2(alpha) mu^2 - 2 sin(alpha) cos(alpha) mu c cos(lambda) + sin^2(alpha) c^2
/// cos^2(lambda)` with `c = cos(phi)`, by the closed forms of P_2^0, P_2^1 and P_2^2.
pub(super) fn squared_sine(transform: &SphericalTransform, alpha: f64) -> Array1<Complex64> {
    let (sa, ca) = alpha.sin_cos();
    let mut y = Array1::zeros(transform.spectrum_len());
    y[0] = (1.0 / 3.0).into();
    y[transform.index(0, 2)] = ((2.0 * ca * ca - sa * sa) / (3.0 * 5f64.sqrt())).into();
    y[transform.index(1, 2)] = (-sa * ca / 7.5f64.sqrt()).into();
    y[transform.index(2, 2)] = (sa * sa / (4.0 * 1.875f64.sqrt())).into();
    y
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shallow_water::Integrator;
    use crate::shallow_water::state::relative_l2;
    use crate::sphere::SphereGrid;
    use std::ops::ControlFlow;

    #[test]
    fn closed_forms_are_the_fields() {
        let transform =
            Arc::new(SphericalTransform::new(SphereGrid::for_truncation(5).unwrap(), 5).unwrap());
        let alpha: f64 = 0.6;
        let (sa, ca) = alpha.sin_cos();
        let sine = |phi: f64, lambda: f64| phi.sin() * ca - lambda.cos() * phi.cos() * sa;
        let y = super::super::spectrum_of(&transform, 5, |p, l| 2.0 * sine(p, l));
        assert!(
            (&y - &rotation_vorticity(&transform, alpha, 1.0))
                .iter()
                .all(|x| x.norm() < 1e-14)
        );
        let square = super::super::spectrum_of(&transform, 5, |p, l| sine(p, l).powi(2));
        assert!(
            (&square - &squared_sine(&transform, alpha))
                .iter()
                .all(|x| x.norm() < 1e-14)
        );
    }

    /// One day at T42; five days are run by the validation example. Steady means that what is
    /// left is round-off.
    #[test]
    fn steady_at_four_angles_with_both_integrators() {
        let transform =
            Arc::new(SphericalTransform::new(SphereGrid::for_truncation(42).unwrap(), 42).unwrap());
        for integrator in [
            Integrator::Rk4,
            Integrator::SemiImplicit(Default::default()),
        ] {
            for alpha in [0.0, 0.05, PI / 2.0 - 0.05, PI / 2.0] {
                let case = williamson_2(&transform, alpha).unwrap();
                let solver = case
                    .solver(&transform)
                    .integrator(integrator)
                    .time_step(1200.0)
                    .build();
                let end = solver
                    .unwrap()
                    .run(case.initial.clone(), 86400.0, 86400.0, |_| {
                        ControlFlow::Continue(())
                    })
                    .unwrap();
                let (found, exact) = (&end.state.geopotential, &case.initial.geopotential);
                let error = relative_l2(found, exact, 42);
                assert!(error < 1e-13, "{integrator:?}, alpha {alpha}: {error:e}");
            }
        }
    }
}
