//! Nonlinear balance: the geopotential that belongs to a wind without divergence.
//!
//! With `delta = 0` and `d delta/dt = 0` the divergence equation becomes
//!
//! ```text
//! laplacian(Phi + Phi_s + (u^2 + v^2)/2) = curl(u eta, v eta)
//! ```
//!
//! (Charney 1955, Tellus 7, 22-26). Given the vorticity this is a Poisson equation for `Phi`,
//! solved exactly in spectral space. A run from such a state starts without the shock of gravity
//! waves that an analysis interpolated from elsewhere would set off.

use super::equation::ShallowWater;
use super::state::State;
use super::tendency::Tendency;
use crate::sphere::SphericalTransform;
use crate::{Error, Result};
use ndarray::Array1;
use num_complex::Complex64;
use std::sync::Arc;

/// The balanced state of a vorticity (spectrum, 1/s): no divergence, no tendency of divergence,
/// thickness of mean `mean_geopotential` (m^2/s^2) over `orography` (spectrum of g h_s).
///
/// # Errors
/// [`Error::Shape`] for spectra of another truncation; [`Error::Parameter`] when the mean is so
/// small that the balanced thickness would not be positive everywhere.
pub fn balanced_state(
    transform: &Arc<SphericalTransform>,
    equation: ShallowWater,
    vorticity: &Array1<Complex64>,
    orography: Option<&Array1<Complex64>>,
    mean_geopotential: f64,
) -> Result<State> {
    let top = transform.truncation();
    let mut state = State::zeros(transform.spectrum_len());
    state.vorticity = vorticity.clone();
    state.check(transform.spectrum_len())?;
    state.vorticity[0] = Complex64::ZERO;
    // without thickness and orography the tendency of divergence is curl - laplacian(K)
    let slope = Tendency::new(transform.clone(), equation, None, false)?.evaluate(&state)?;
    for m in 0..=top {
        for n in m.max(1)..=top {
            let i = transform.index(m, n);
            let inverse = equation.radius * equation.radius / (n * (n + 1)) as f64;
            state.geopotential[i] = -slope.divergence[i] * inverse;
            if let Some(o) = orography {
                state.geopotential[i] -= o[i];
            }
        }
    }
    state.geopotential[0] = mean_geopotential.into();
    let grid = state.to_grid(transform, &equation)?;
    if grid.thickness.iter().any(|&h| h.is_nan() || h <= 0.0) {
        return Err(Error::Parameter {
            name: "mean geopotential",
            value: mean_geopotential,
            expected: "enough for a balanced layer that is nowhere empty",
        });
    }
    Ok(state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shallow_water::cases;
    use crate::sphere::SphereGrid;

    #[test]
    fn balanced_states_have_no_tendency_of_divergence() {
        let transform =
            Arc::new(SphericalTransform::new(SphereGrid::for_truncation(31).unwrap(), 31).unwrap());
        let mountain = cases::williamson_5(&transform).unwrap();
        let flow = cases::williamson_6(&transform).unwrap();
        let orography = mountain.orography.unwrap();
        let (equation, vorticity) = (flow.equation, &flow.initial.vorticity);
        let state = balanced_state(&transform, equation, vorticity, Some(&orography), 9e4).unwrap();
        let tendency = Tendency::new(transform.clone(), equation, Some(&orography), false).unwrap();
        let slope = tendency.evaluate(&state).unwrap();
        let largest = slope.divergence.iter().fold(0.0f64, |s, x| s.max(x.norm()));
        assert!(largest < 1e-22, "{largest:e}");
        assert!(balanced_state(&transform, equation, vorticity, None, 1e3).is_err());
    }

    #[test]
    fn rossby_haurwitz_thickness_is_the_papers() {
        let transform =
            Arc::new(SphericalTransform::new(SphereGrid::for_truncation(21).unwrap(), 21).unwrap());
        let case = cases::williamson_6(&transform).unwrap();
        let phi = &case.initial.geopotential;
        let state = balanced_state(
            &transform,
            case.equation,
            &case.initial.vorticity,
            None,
            phi[0].re,
        )
        .unwrap();
        assert!(
            (&state.geopotential - phi)
                .iter()
                .all(|x| x.norm() < 1e-10 * phi[0].re)
        );
    }
}
