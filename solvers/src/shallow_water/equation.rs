//! The parameters of the shallow-water equations.

use crate::{Error, Result};
use num_complex::Complex64;

/// Shallow water on a rotating sphere.
///
/// The axis of rotation may be turned against the grid by `rotation_pole_angle` (alpha), as in
/// Williamson et al. (1992), eq. 96: `f = 2 Omega (-cos(lambda) cos(phi) sin(alpha) + sin(phi)
/// cos(alpha))`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShallowWater {
    /// Radius a of the sphere in m.
    pub radius: f64,
    /// Angular velocity Omega in rad/s.
    pub rotation: f64,
    /// Acceleration of gravity g in m/s^2.
    pub gravity: f64,
    /// Angle alpha between the axis of rotation and the pole of the grid, in rad.
    pub rotation_pole_angle: f64,
}

impl Default for ShallowWater {
    /// The Earth of Williamson et al. (1992), table 1.
    fn default() -> Self {
        Self {
            radius: 6.37122e6,
            rotation: 7.292e-5,
            gravity: 9.80616,
            rotation_pole_angle: 0.0,
        }
    }
}

impl ShallowWater {
    /// Refuses parameters that no sphere has.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the first one out of range.
    pub fn validated(self) -> Result<Self> {
        let above_0 = [("radius", self.radius), ("gravity", self.gravity)];
        for (name, value) in above_0 {
            if !(value > 0.0 && value.is_finite()) {
                return Err(Error::Parameter {
                    name,
                    value,
                    expected: "a finite number above 0",
                });
            }
        }
        for (name, value) in [
            ("rotation", self.rotation),
            ("rotation_pole_angle", self.rotation_pole_angle),
        ] {
            if !value.is_finite() {
                return Err(Error::Parameter {
                    name,
                    value,
                    expected: "a finite number",
                });
            }
        }
        Ok(self)
    }

    /// Coriolis parameter f in 1/s at a latitude and longitude in radians.
    pub fn coriolis(&self, latitude: f64, longitude: f64) -> f64 {
        let (sa, ca) = self.rotation_pole_angle.sin_cos();
        let (s, c) = latitude.sin_cos();
        2.0 * self.rotation * (s * ca - longitude.cos() * c * sa)
    }

    /// The two coefficients of f: `(m, n) = (0, 1)` and `(1, 1)`.
    pub fn coriolis_coefficients(&self) -> [Complex64; 2] {
        let (sa, ca) = self.rotation_pole_angle.sin_cos();
        // sin(phi) = P_1^0 / sqrt(3); cos(phi) cos(lambda) = 2 Re(P_1^1 e^(i lambda)) / sqrt(6)
        let twice = 2.0 * self.rotation;
        [
            (twice * ca / 3f64.sqrt()).into(),
            (-twice * sa / 6f64.sqrt()).into(),
        ]
    }
}
