//! Fresnel's reflection and transmission of a slab in empty space, at any angle.
//!
//! Multiple reflections between the faces, summed (M. Born and E. Wolf, Principles of Optics, 7th
//! ed., section 1.6.4), with `gamma = j k0 sqrt(eps - sin^2)` and the wave impedances `eta0 / cos`
//! (TE) and `eta0 cos` (TM) outside, `eta0 / sqrt(eps - sin^2)` and `eta0 sqrt(eps - sin^2) / eps`
//! inside:
//!
//! ```text
//! rho = (Z - Z0) / (Z + Z0)     T = exp(-gamma d)
//! r = rho (1 - T^2) / (1 - rho^2 T^2)     t = (1 - rho^2) T / (1 - rho^2 T^2)
//! ```

use super::Polarization;
use crate::maxwell::constants::SPEED_OF_LIGHT;
use num_complex::Complex64;
use std::f64::consts::PI;

/// A slab of relative permittivity 1 outside and `permittivity` inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slab {
    /// Relative permittivity.
    pub permittivity: Complex64,
    /// Thickness in m.
    pub thickness: f64,
}

impl Slab {
    /// Ratios of the tangential E: reflected over incident at the first face, transmitted at the
    /// second face over incident at the first. `angle` is that of incidence, in rad.
    pub fn scattering(
        &self,
        frequency: f64,
        angle: f64,
        polarization: Polarization,
    ) -> (Complex64, Complex64) {
        let (s, c) = angle.sin_cos();
        let k0 = 2.0 * PI * frequency / SPEED_OF_LIGHT;
        let root = (self.permittivity - s * s).sqrt();
        // impedances over eta0
        let (outside, inside) = match polarization {
            Polarization::Te => (1.0 / c, 1.0 / root),
            Polarization::Tm => (c, root / self.permittivity),
        };
        let rho = (inside - outside) / (inside + outside);
        let through = (-Complex64::i() * k0 * self.thickness * root).exp();
        let square = through * through;
        let under = 1.0 - rho * rho * square;
        (
            rho * (1.0 - square) / under,
            (1.0 - rho * rho) * through / under,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energy_brewster_and_half_waves() {
        let slab = Slab {
            permittivity: 4.0.into(),
            thickness: 0.01,
        };
        for polarization in [Polarization::Te, Polarization::Tm] {
            let (r, t) = slab.scattering(7e9, 0.6, polarization);
            assert!((r.norm_sqr() + t.norm_sqr() - 1.0).abs() < 1e-14);
            // half a wave inside: nothing is reflected
            let half = SPEED_OF_LIGHT / (2.0 * 2.0 * 0.01);
            let (r, t) = slab.scattering(half, 0.0, polarization);
            assert!(r.norm() < 1e-14 && (t + 1.0).norm() < 1e-14);
        }
        let (r, _) = slab.scattering(7e9, 2.0f64.atan(), Polarization::Tm);
        assert!(r.norm() < 1e-14);
        // a thick lossy slab reflects as its face does
        let face = Slab {
            permittivity: Complex64::new(4.0, -1.0),
            thickness: 10.0,
        };
        let m = face.permittivity.sqrt();
        let (r, t) = face.scattering(10e9, 0.0, Polarization::Te);
        assert!((r - (1.0 - m) / (1.0 + m)).norm() < 1e-12 && t.norm() < 1e-12);
    }
}
