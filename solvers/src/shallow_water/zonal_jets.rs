//! A westerly jet in each hemisphere, in balance: an equilibrium to relax to.
//!
//! ```text
//! u(phi) = U [exp(-((phi - phi_0)/w)^2) + exp(-((phi + phi_0)/w)^2)]
//! ```
//!
//! The gradient of its absolute vorticity changes sign, and the jet can be unstable, where
//! `-u'' > beta`: at the flanks when `U / w^2` (w as a length) is well above beta, about
//! 1.6e-11 /(m s) at 45 degrees (Kuo 1949, J. Meteor. 6, 105-122).

use super::ShallowWater;
use super::balance::balanced_state;
use super::cases::finer;
use super::state::{State, truncated};
use crate::sphere::SphericalTransform;
use crate::{Error, Result};
use ndarray::{Array1, Array2, Array3, Axis};
use num_complex::Complex64;
use std::f64::consts::FRAC_PI_2;
use std::sync::Arc;

/// Two jets, mirrored at the equator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZonalJets {
    /// Wind U in the core in m/s.
    pub speed: f64,
    /// Latitude phi_0 of the core in rad.
    pub latitude: f64,
    /// Half-width w, where the wind has fallen to 1/e, in rad.
    pub width: f64,
}

impl ZonalJets {
    /// Refuses jets that do not end before the poles.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the first value out of range.
    pub fn validated(self) -> Result<Self> {
        let checks = [
            (
                "jet speed",
                self.speed,
                self.speed.is_finite(),
                "a finite number of m/s",
            ),
            (
                "jet width",
                self.width,
                self.width > 0.0 && self.width < FRAC_PI_2,
                "an angle between 0 and 90 degrees",
            ),
            (
                "jet latitude",
                self.latitude,
                self.latitude >= 0.0 && self.latitude + 2.5 * self.width <= FRAC_PI_2,
                "0 or more, and 2.5 widths of the jet off the pole",
            ),
        ];
        for (name, value, good, expected) in checks {
            if !good {
                return Err(Error::Parameter {
                    name,
                    value,
                    expected,
                });
            }
        }
        Ok(self)
    }

    /// Eastward wind in m/s at a latitude in rad.
    pub fn wind(&self, latitude: f64) -> f64 {
        let one = |core: f64| (-((latitude - core) / self.width).powi(2)).exp();
        self.speed * (one(self.latitude) + one(-self.latitude))
    }

    /// Spectrum of the relative vorticity in 1/s, at the truncation of `transform`.
    ///
    /// # Errors
    /// As [`Self::validated`]; [`Error::Size`] for a truncation of 0.
    pub fn vorticity(
        &self,
        transform: &SphericalTransform,
        radius: f64,
    ) -> Result<Array1<Complex64>> {
        let jets = self.validated()?;
        let fine = finer(transform.truncation())?;
        let grid = fine.grid();
        let shape = (1, grid.nlat(), grid.nlon());
        let u = Array3::from_shape_fn(shape, |(_, j, _)| jets.wind(grid.latitudes()[j]));
        let v = Array3::zeros(shape);
        let mut vorticity = Array2::zeros((1, fine.spectrum_len()));
        let mut divergence = vorticity.clone();
        fine.vorticity_divergence(
            radius,
            u.view(),
            v.view(),
            vorticity.view_mut(),
            divergence.view_mut(),
        );
        let mut vorticity = truncated(
            &vorticity.index_axis_move(Axis(0), 0),
            fine.truncation(),
            transform.truncation(),
        );
        // zonally symmetric to the last bit
        vorticity
            .iter_mut()
            .skip(transform.truncation() + 1)
            .for_each(|x| *x = Complex64::ZERO);
        Ok(vorticity)
    }

    /// The jets and the free surface in nonlinear balance with them, of mean `mean_geopotential`
    /// in m^2/s^2 ([`balanced_state`]).
    ///
    /// # Errors
    /// As [`Self::vorticity`]; [`Error::Parameter`] when the layer would be empty somewhere.
    pub fn balanced(
        &self,
        transform: &Arc<SphericalTransform>,
        equation: ShallowWater,
        mean_geopotential: f64,
    ) -> Result<State> {
        let vorticity = self.vorticity(transform, equation.radius)?;
        balanced_state(transform, equation, &vorticity, None, mean_geopotential)
    }

    /// Whether the gradient of absolute vorticity changes sign somewhere, which barotropic
    /// instability needs (Kuo 1949): `beta - u''` is negative at the flanks.
    ///
    /// # Errors
    /// As [`Self::validated`].
    pub fn can_be_unstable(&self, equation: &ShallowWater) -> Result<bool> {
        let jets = self.validated()?;
        let step = 0.1 * jets.width;
        let absolute_vorticity = |phi: f64| {
            let cos = |phi: f64| jets.wind(phi) * phi.cos();
            equation.coriolis(phi, 0.0)
                - (cos(phi + step) - cos(phi - step)) / (2.0 * step * phi.cos() * equation.radius)
        };
        let rows = (0..400).map(|k| (k as f64 / 400.0 - 0.5) * (FRAC_PI_2 * 1.9));
        let values: Vec<f64> = rows.map(absolute_vorticity).collect();
        Ok(values.windows(2).any(|pair| pair[1] < pair[0]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shallow_water::Tendency;
    use crate::sphere::SphereGrid;

    #[test]
    fn jets_are_balanced_symmetric_and_unstable() {
        let transform =
            Arc::new(SphericalTransform::new(SphereGrid::for_truncation(42).unwrap(), 42).unwrap());
        let equation = ShallowWater::default();
        let jets = ZonalJets {
            speed: 60.0,
            latitude: 45f64.to_radians(),
            width: 10f64.to_radians(),
        };
        let state = jets.balanced(&transform, equation, 5e4).unwrap();
        let slope = Tendency::new(transform.clone(), equation, None, false)
            .unwrap()
            .evaluate(&state)
            .unwrap();
        for field in [&slope.vorticity, &slope.divergence, &slope.geopotential] {
            let largest = field.iter().fold(0.0f64, |s, x| s.max(x.norm()));
            assert!(largest < 1e-16, "{largest:e}");
        }
        let grid = state.to_grid(&transform, &equation).unwrap();
        let rows = transform.grid().latitudes();
        for (j, phi) in rows.iter().enumerate() {
            assert!((grid.eastward_wind[[j, 3]] - jets.wind(*phi)).abs() < 0.3);
            assert!(
                (grid.thickness[[j, 3]] - grid.thickness[[rows.len() - 1 - j, 7]]).abs() < 1e-6
            );
        }
        assert!(jets.can_be_unstable(&equation).unwrap());
        let weak = ZonalJets {
            speed: 5.0,
            width: 15f64.to_radians(),
            ..jets
        };
        assert!(!weak.can_be_unstable(&equation).unwrap());
        let polar = ZonalJets {
            latitude: 80f64.to_radians(),
            ..jets
        };
        assert!(polar.vorticity(&transform, 1.0).is_err());
    }
}
