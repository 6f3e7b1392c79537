//! The longest stable time step, from the frequencies of the linearised equations.
//!
//! With the largest wind U and geopotential `Phi` of the state, the highest frequency is
//!
//! ```text
//! RK4:            w = U N/a + sqrt((2 Omega)^2 + N (N+1) Phi / a^2)     dt < 2.828 / w
//! semi-implicit:  w = U N/a + 2 Omega                                   dt < 0.9 / w
//! ```
//!
//! 2.828 is the reach of the classical Runge-Kutta method on the imaginary axis (Durran 2010,
//! section 2.3.3); a leapfrog step with filter coefficient nu reaches `sqrt((2-nu)/(2+nu))`, 0.9
//! for 0.2. Explicit advection of a frozen wind has no gravity waves.

use super::equation::ShallowWater;
use super::solver::Integrator;
use super::state::State;
use crate::Result;
use crate::sphere::SphericalTransform;

/// The longest stable step in seconds for a state like this one.
///
/// # Errors
/// [`crate::Error::Shape`] when the state has another truncation than the transform.
pub fn stable_time_step(
    transform: &SphericalTransform,
    equation: &ShallowWater,
    state: &State,
    integrator: &Integrator,
    frozen_wind: bool,
) -> Result<f64> {
    let grid = state.to_grid(transform, equation)?;
    let wind = grid
        .eastward_wind
        .iter()
        .zip(&grid.northward_wind)
        .fold(0.0f64, |s, (u, v)| s.max(u.hypot(*v)));
    let depth = grid.thickness.iter().fold(0.0f64, |s, h| s.max(*h));
    let n = transform.truncation() as f64;
    let advective = wind * n / equation.radius;
    let inertial = 2.0 * equation.rotation.abs();
    let (reach, frequency) = match integrator {
        Integrator::Rk4 if frozen_wind => (8f64.sqrt(), advective),
        Integrator::Rk4 => {
            let gravity = n * (n + 1.0) * equation.gravity * depth / equation.radius.powi(2);
            (
                8f64.sqrt(),
                advective + (inertial * inertial + gravity).sqrt(),
            )
        }
        Integrator::SemiImplicit(filter) => (
            ((2.0 - filter.nu) / (2.0 + filter.nu)).max(0.0).sqrt(),
            advective + inertial,
        ),
    };
    Ok(reach / frequency)
}
