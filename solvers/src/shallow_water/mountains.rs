//! Orography of isolated, rounded mountains.
//!
//! ```text
//! h_s = sum_i h_i exp(-(d_i / w_i)^2)
//! ```
//!
//! with `d_i` the angle between a point and the top of mountain i, along a great circle. Unlike the
//! cone of Williamson et al. (1992), case 5, they are smooth, so that a coarse truncation of them
//! rings little. They break the zonal symmetry that lets forced jets end in waves that only travel.

use super::cases::spectrum_of;
use crate::sphere::SphericalTransform;
use crate::{Error, Result};
use ndarray::Array1;
use num_complex::Complex64;
use std::f64::consts::FRAC_PI_2;

/// A mountain, or with a negative height a basin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mountain {
    /// Height of the top in m.
    pub height: f64,
    /// Latitude of the top in rad.
    pub latitude: f64,
    /// Longitude of the top in rad.
    pub longitude: f64,
    /// Angle in rad at which the height has fallen to 1/e.
    pub width: f64,
}

impl Mountain {
    fn validated(self) -> Result<Self> {
        let checks = [
            ("height of a mountain", self.height, self.height.is_finite()),
            (
                "latitude of a mountain",
                self.latitude,
                self.latitude.abs() <= FRAC_PI_2,
            ),
            (
                "longitude of a mountain",
                self.longitude,
                self.longitude.is_finite(),
            ),
            (
                "width of a mountain",
                self.width,
                self.width > 0.0 && self.width <= FRAC_PI_2,
            ),
        ];
        for (name, value, good) in checks {
            if !good {
                return Err(Error::Parameter {
                    name,
                    value,
                    expected: "a finite height, a place on the sphere, a width of 0 to 90 degrees",
                });
            }
        }
        Ok(self)
    }

    /// Height in m of the ground at a latitude and longitude in rad.
    pub fn height_at(&self, latitude: f64, longitude: f64) -> f64 {
        // haversines keep their digits near the top
        let haversine = |x: f64| (0.5 * x).sin().powi(2);
        let h = haversine(latitude - self.latitude)
            + latitude.cos() * self.latitude.cos() * haversine(longitude - self.longitude);
        let distance = 2.0 * h.sqrt().min(1.0).asin();
        self.height * (-(distance / self.width).powi(2)).exp()
    }
}

/// Spectrum of `g h_s` in m^2/s^2 at the truncation of `transform`.
///
/// # Errors
/// [`Error::Parameter`] for a mountain that is on no sphere; [`Error::Size`] for a truncation of 0.
pub fn orography(
    transform: &SphericalTransform,
    gravity: f64,
    mountains: &[Mountain],
) -> Result<Array1<Complex64>> {
    for mountain in mountains {
        mountain.validated()?;
    }
    let fine = super::cases::finer(transform.truncation())?;
    Ok(spectrum_of(&fine, transform.truncation(), |phi, lambda| {
        let heights = mountains.iter().map(|m| m.height_at(phi, lambda));
        gravity * heights.sum::<f64>()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sphere::SphereGrid;
    use ndarray::{Array3, Axis};

    #[test]
    fn mountains_are_where_they_should_be() {
        let transform =
            SphericalTransform::new(SphereGrid::for_truncation(42).unwrap(), 42).unwrap();
        let peak = Mountain {
            height: 2000.0,
            latitude: 0.6,
            longitude: 4.5,
            width: 0.2,
        };
        assert_eq!(peak.height_at(0.6, 4.5), 2000.0);
        let east = peak.height_at(0.6, 4.5 + 0.2 / 0.6f64.cos());
        assert!((east / peak.height_at(0.8, 4.5) - 1.0).abs() < 0.02);
        assert!((peak.height_at(0.4, 4.5) * 1f64.exp() - 2000.0).abs() < 1e-9);
        let pole = Mountain {
            latitude: -FRAC_PI_2,
            ..peak
        };
        let spectrum = orography(&transform, 9.8, &[peak, pole]).unwrap();
        let grid = transform.grid();
        let mut field = Array3::zeros((1, grid.nlat(), grid.nlon()));
        transform.synthesis(spectrum.view().insert_axis(Axis(0)), field.view_mut());
        for ((_, j, i), found) in field.indexed_iter() {
            let (phi, lambda) = (grid.latitudes()[j], grid.longitudes()[i]);
            let exact = 9.8 * (peak.height_at(phi, lambda) + pole.height_at(phi, lambda));
            assert!((found - exact).abs() < 9.8, "{found} {exact}");
        }
        let nowhere = Mountain {
            latitude: 2.0,
            ..peak
        };
        assert!(orography(&transform, 9.8, &[nowhere]).is_err());
    }
}
