//! A plane wave across a circular cylinder without end, in empty space.
//!
//! The field along the axis (E for TM, H for TE) is `sum eps_n (-j)^n a_n H_n^(2)(k rho) cos n phi`
//! (C. A. Balanis, Advanced Engineering Electromagnetics, 2nd ed., section 11.5), with
//! `p = sqrt(eps_r)` for TM and `1 / sqrt(eps_r)` for TE:
//!
//! ```text
//! a_n = - (p L_n J_n(k a) - J_n'(k a)) / (p L_n H_n(k a) - H_n'(k a)),   L_n = J_n'(k1 a) / J_n(k1 a)
//! conductor: TM - J_n / H_n,  TE - J_n' / H_n'
//! scattering width: 4 / k |sum eps_n a_n cos n phi|^2
//! ```

use super::bessel::{bessel_j, bessel_y, logarithmic_derivative};
use super::{Body, Polarization};
use crate::maxwell::constants::SPEED_OF_LIGHT;
use num_complex::Complex64;
use std::f64::consts::PI;

/// A cylinder at one frequency and polarisation.
#[derive(Clone, Debug)]
pub struct Cylinder {
    wave_number: f64,
    a: Vec<Complex64>,
}

impl Cylinder {
    /// The series of a cylinder of `radius` m at `frequency` Hz.
    pub fn new(radius: f64, body: Body, polarization: Polarization, frequency: f64) -> Self {
        let wave_number = 2.0 * PI * frequency / SPEED_OF_LIGHT;
        let x = wave_number * radius;
        let terms = (x + 4.0 * x.cbrt() + 4.0).ceil() as usize;
        let j = bessel_j(terms + 1, x);
        let y = bessel_y(terms + 1, x);
        let h: Vec<Complex64> = (j.iter().zip(&y))
            .map(|(j, y)| j - Complex64::i() * y)
            .collect();
        // Z_n' = n Z_n / x - Z_{n+1}
        let slope_j = |n: usize| n as f64 / x * j[n] - j[n + 1];
        let slope_h = |n: usize| n as f64 / x * h[n] - h[n + 1];
        let a = match body {
            Body::Pec => (0..=terms)
                .map(|n| match polarization {
                    Polarization::Tm => -Complex64::from(j[n]) / h[n],
                    Polarization::Te => -Complex64::from(slope_j(n)) / slope_h(n),
                })
                .collect(),
            Body::Dielectric(permittivity) => {
                let index = permittivity.sqrt();
                let inside = logarithmic_derivative(terms, index * x);
                let p = match polarization {
                    Polarization::Tm => index,
                    Polarization::Te => 1.0 / index,
                };
                (0..=terms)
                    .map(|n| {
                        let d = p * inside[n];
                        let over = d * j[n] - slope_j(n);
                        let under = d * h[n] - slope_h(n);
                        -over / under
                    })
                    .collect()
            }
        };
        Self { wave_number, a }
    }

    /// Scattering width in m at the angle `phi` in rad from the direction of travel (0 forward, pi
    /// back).
    pub fn scattering_width(&self, phi: f64) -> f64 {
        let sum: Complex64 = self
            .terms()
            .map(|(n, weight, a)| weight * a * (n * phi).cos())
            .sum();
        4.0 / self.wave_number * sum.norm_sqr()
    }

    /// Scattered field along the axis (E for TM, H for TE) at `rho` m from the axis and `phi` rad from
    /// the direction of travel, relative to the incident field on the axis. `rho` must not be below
    /// the radius: inside, the series is another.
    pub fn scattered(&self, rho: f64, phi: f64) -> Complex64 {
        let x = self.wave_number * rho;
        let (j, y) = (bessel_j(self.a.len(), x), bessel_y(self.a.len(), x));
        // (-j)^n
        let turn = [
            Complex64::ONE,
            -Complex64::i(),
            -Complex64::ONE,
            Complex64::i(),
        ];
        self.terms()
            .enumerate()
            .map(|(n, (order, weight, a))| {
                let hankel = j[n] - Complex64::i() * y[n];
                weight * turn[n % 4] * a * hankel * (order * phi).cos()
            })
            .sum()
    }

    /// Scattered power per metre over incident power density, in m.
    pub fn total_width(&self) -> f64 {
        let sum: f64 = self
            .terms()
            .map(|(_, weight, a)| weight * a.norm_sqr())
            .sum();
        4.0 / self.wave_number * sum
    }

    /// Scattered and absorbed power per metre over incident power density, in m.
    pub fn extinction_width(&self) -> f64 {
        let sum: f64 = self.terms().map(|(_, weight, a)| -weight * a.re).sum();
        4.0 / self.wave_number * sum
    }

    fn terms(&self) -> impl Iterator<Item = (f64, f64, Complex64)> {
        let terms = self.a.iter().enumerate();
        terms.map(|(n, &a)| (n as f64, if n == 0 { 1.0 } else { 2.0 }, a))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cylinder(size: f64, body: Body, polarization: Polarization) -> Cylinder {
        let f = 1e9;
        let radius = size * SPEED_OF_LIGHT / (2.0 * PI * f);
        Cylinder::new(radius, body, polarization, f)
    }

    #[test]
    fn energy_and_the_limits() {
        for polarization in [Polarization::Te, Polarization::Tm] {
            for body in [Body::Pec, Body::Dielectric(4.0.into())] {
                let c = cylinder(3.0, body, polarization);
                assert!((c.total_width() / c.extinction_width() - 1.0).abs() < 1e-12);
                // the total is the mean over angles of the scattering width
                let mean = (0..64)
                    .map(|n| c.scattering_width(2.0 * PI * n as f64 / 64.0) / 64.0)
                    .sum::<f64>();
                assert!((mean / c.total_width() - 1.0).abs() < 1e-12);
            }
            let lossy = Body::Dielectric(Complex64::new(4.0, -2.0));
            let c = cylinder(3.0, lossy, polarization);
            assert!(c.total_width() < 0.9 * c.extinction_width());
            // conduction without end is the perfect conductor
            let metal = Body::Dielectric(Complex64::new(1.0, -1e14));
            let (metal, pec) = (
                cylinder(0.1, metal, polarization),
                cylinder(0.1, Body::Pec, polarization),
            );
            let ratio = metal.scattering_width(1.0) / pec.scattering_width(1.0);
            assert!((ratio - 1.0).abs() < 1e-3, "{ratio}");
        }
        // far away the field is that of the scattering width
        let c = cylinder(3.0, Body::Dielectric(4.0.into()), Polarization::Tm);
        let far = 1e5 / c.wave_number;
        for phi in [0.0, 1.1, PI] {
            let width = 2.0 * PI * far * c.scattered(far, phi).norm_sqr();
            assert!((width / c.scattering_width(phi) - 1.0).abs() < 1e-3);
        }
        // on a conductor E along the axis vanishes
        let c = cylinder(2.0, Body::Pec, Polarization::Tm);
        let a = 2.0 / c.wave_number;
        let incident = Complex64::from_polar(1.0, -2.0 * 0.7f64.cos());
        assert!((c.scattered(a, 0.7) + incident).norm() < 1e-6);
        // geometric optics: pi a backwards
        let c = cylinder(60.0, Body::Pec, Polarization::Tm);
        let a = 60.0 / c.wave_number;
        assert!((c.scattering_width(PI) / (PI * a) - 1.0).abs() < 0.02);
    }
}
