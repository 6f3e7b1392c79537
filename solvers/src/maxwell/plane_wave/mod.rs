//! Plane waves, let into a box of total field inside a space of scattered field.
//!
//! Inside the box the engine's values are the total field, outside the scattered field alone. Where
//! a difference of the scheme reaches across the boundary, the incident field of the far end is
//! added or taken away (A. Taflove and S. C. Hagness, Computational Electrodynamics, 3rd ed.,
//! sections 5.6 to 5.8):
//!
//! ```text
//! E just inside   E += ca-free update with H_scattered + H_incident  =>  E += cb (+-) H_incident / d
//! H just outside  H -> update with E_total - E_incident              =>  H += db (+-) E_incident / d
//! ```
//!
//! What leaks out is the difference between the incident field taken and the one that the mesh
//! itself would carry. So the wave is put together, frequency by frequency, from exact solutions of
//! the scheme: the numerical wave number along the direction, E and H at right angles to `kappa`
//! and not to the direction (see [`DispersionRelation`]), summed by an inverse FFT (after T. Tan and
//! M. Potter, IEEE Trans. Antennas Propag. 58, 817-825, 2010, who have the same wave on a mesh of
//! its own). The waveforms at all the places that the boundary needs then differ by rounding alone
//! from what the engine computes; where there are too many distinct places they are interpolated
//! along the direction, to 1e-6 at ten cells per wavelength.

mod boundary;
mod synthesis;

pub use boundary::{IncidentField, TotalField};

use crate::{Error, Result};

/// Direction and polarisation of a linearly polarised plane wave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaneWave {
    direction: [f64; 3],
    polarization: [f64; 3],
}

impl PlaneWave {
    /// A wave that travels along `direction`, its E along `polarization` as far as that is at right
    /// angles to the direction. Neither need be of unit length.
    ///
    /// # Errors
    /// [`Error::Parameter`] when one is zero or not finite, or both are parallel.
    pub fn new(direction: [f64; 3], polarization: [f64; 3]) -> Result<Self> {
        let length = norm(direction);
        if !(length > 0.0 && length.is_finite()) {
            return Err(Error::Parameter {
                name: "length of the plane wave's direction",
                value: length,
                expected: "a finite number above 0",
            });
        }
        // rounded right angles are exact ones: boxes may go through the axes across
        let clean = |x: f64| if x.abs() < 1e-14 { 0.0 } else { x };
        let direction = direction.map(|x| clean(x / length));
        let along = dot(direction, polarization);
        let across: [f64; 3] = std::array::from_fn(|a| polarization[a] - along * direction[a]);
        let width = norm(across);
        if !(width > 1e-9 * norm(polarization) && width.is_finite()) {
            return Err(Error::Parameter {
                name: "part of the plane wave's polarisation across its direction",
                value: width,
                expected: "a finite number above 0: E is at right angles to the direction",
            });
        }
        Ok(Self {
            direction,
            polarization: across.map(|x| clean(x / width)),
        })
    }

    /// A wave that comes from the direction (theta, phi) of spherical coordinates, in radians, with
    /// E along `cos(psi) theta^ + sin(psi) phi^` of that direction.
    ///
    /// # Errors
    /// [`Error::Parameter`] when an angle is not finite.
    pub fn arriving_from(theta: f64, phi: f64, psi: f64) -> Result<Self> {
        let ((st, ct), (sp, cp), (sq, cq)) = (theta.sin_cos(), phi.sin_cos(), psi.sin_cos());
        let theta_unit = [ct * cp, ct * sp, -st];
        let phi_unit = [-sp, cp, 0.0];
        Self::new(
            [-st * cp, -st * sp, -ct],
            std::array::from_fn(|a| cq * theta_unit[a] + sq * phi_unit[a]),
        )
    }

    /// Unit vector of travel.
    pub fn direction(&self) -> [f64; 3] {
        self.direction
    }

    /// Unit vector of E, at right angles to the direction.
    pub fn polarization(&self) -> [f64; 3] {
        self.polarization
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn norm(a: [f64; 3]) -> f64 {
    dot(a, a).sqrt()
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

#[cfg(test)]
mod tests;
