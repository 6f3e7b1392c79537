//! Mie's series: a plane wave and a sphere in empty space.
//!
//! With x = k a, the refractive index m and the Riccati-Bessel functions psi, xi (C. F. Bohren and
//! D. R. Huffman, Absorption and Scattering of Light by Small Particles, eqs. 4.88, 4.61, 4.62,
//! 4.74), with their time convention, in which loss is a positive imaginary part:
//!
//! ```text
//! a_n = [(D_n(mx) / m + n / x) psi_n - psi_{n-1}] / [(D_n(mx) / m + n / x) xi_n - xi_{n-1}]
//! b_n = [(m D_n(mx) + n / x) psi_n - psi_{n-1}] / [(m D_n(mx) + n / x) xi_n - xi_{n-1}]
//! Q_sca = 2 / x^2 sum (2n + 1) (|a_n|^2 + |b_n|^2)      Q_ext = 2 / x^2 sum (2n + 1) Re(a_n + b_n)
//! S1 = sum (2n + 1) / (n (n + 1)) (a_n pi_n + b_n tau_n)     S2 with tau and pi exchanged
//! ```
//!
//! A perfect conductor is the limit of large m: `D / m` gone from a_n, and `b_n = psi_n / xi_n`.

use super::Body;
use crate::maxwell::constants::SPEED_OF_LIGHT;
use num_complex::Complex64;
use std::f64::consts::PI;

/// A sphere at one frequency.
#[derive(Clone, Debug)]
pub struct Sphere {
    size: f64,
    wave_number: f64,
    a: Vec<Complex64>,
    b: Vec<Complex64>,
}

impl Sphere {
    /// The series of a sphere of `radius` m at `frequency` Hz.
    pub fn new(radius: f64, body: Body, frequency: f64) -> Self {
        let wave_number = 2.0 * PI * frequency / SPEED_OF_LIGHT;
        let x = wave_number * radius;
        let terms = (x + 4.0 * x.cbrt() + 2.0).ceil() as usize + 2;
        // psi_n and xi_n = psi_n - j chi_n, upwards from n = -1
        let (mut psi, mut psi_before) = (x.sin(), x.cos());
        let (mut chi, mut chi_before) = (x.cos(), -x.sin());
        let derivative = match body {
            Body::Pec => Vec::new(),
            Body::Dielectric(permittivity) => {
                logarithmic_derivative(permittivity.conj().sqrt() * x, terms)
            }
        };
        let (mut a, mut b) = (Vec::with_capacity(terms), Vec::with_capacity(terms));
        for n in 1..=terms {
            let up = (2 * n - 1) as f64 / x;
            (psi, psi_before) = (up * psi - psi_before, psi);
            (chi, chi_before) = (up * chi - chi_before, chi);
            let (xi, xi_before) = (
                Complex64::new(psi, -chi),
                Complex64::new(psi_before, -chi_before),
            );
            let ratio = n as f64 / x;
            let term = |d: Complex64| (d * psi - psi_before) / (d * xi - xi_before);
            match body {
                Body::Pec => {
                    a.push(term(ratio.into()));
                    b.push(psi / xi);
                }
                Body::Dielectric(permittivity) => {
                    let m = permittivity.conj().sqrt();
                    a.push(term(derivative[n] / m + ratio));
                    b.push(term(derivative[n] * m + ratio));
                }
            }
        }
        Self {
            size: x,
            wave_number,
            a,
            b,
        }
    }

    /// Scattered power over incident power density over `pi a^2`.
    pub fn scattering_efficiency(&self) -> f64 {
        let sum: f64 = self
            .terms()
            .map(|(n, a, b)| (2.0 * n + 1.0) * (a.norm_sqr() + b.norm_sqr()))
            .sum();
        2.0 / self.size.powi(2) * sum
    }

    /// Scattered and absorbed power over incident power density over `pi a^2`.
    pub fn extinction_efficiency(&self) -> f64 {
        let sum: f64 = self
            .terms()
            .map(|(n, a, b)| (2.0 * n + 1.0) * (a + b).re)
            .sum();
        2.0 / self.size.powi(2) * sum
    }

    /// Bistatic radar cross section in m^2. `theta` is the angle between the direction of travel
    /// of the incident wave and that of the scattered one (0 forward, pi back), `phi` that between
    /// the incident E and the scattering plane, in rad.
    pub fn cross_section(&self, theta: f64, phi: f64) -> f64 {
        let mu = theta.cos();
        let (mut pi_before, mut pi) = (0.0, 1.0);
        let (mut s1, mut s2) = (Complex64::default(), Complex64::default());
        for (n, a, b) in self.terms() {
            let tau = n * mu * pi - (n + 1.0) * pi_before;
            let weight = (2.0 * n + 1.0) / (n * (n + 1.0));
            s1 += weight * (a * pi + b * tau);
            s2 += weight * (a * tau + b * pi);
            (pi, pi_before) = (((2.0 * n + 1.0) * mu * pi - (n + 1.0) * pi_before) / n, pi);
        }
        let (s, c) = phi.sin_cos();
        4.0 * PI / self.wave_number.powi(2) * (s2.norm_sqr() * c * c + s1.norm_sqr() * s * s)
    }

    fn terms(&self) -> impl Iterator<Item = (f64, Complex64, Complex64)> {
        let pairs = self.a.iter().zip(&self.b).enumerate();
        pairs.map(|(i, (&a, &b))| ((i + 1) as f64, a, b))
    }
}

/// D_0 to D_terms of z, the logarithmic derivative of psi_n, by recurrence downwards (Bohren and
/// Huffman, eq. 4.89).
fn logarithmic_derivative(z: Complex64, terms: usize) -> Vec<Complex64> {
    let start = terms.max(z.norm().ceil() as usize) + 16;
    let mut values = vec![Complex64::default(); start + 1];
    for n in (1..=start).rev() {
        let ratio = n as f64 / z;
        values[n - 1] = ratio - 1.0 / (values[n] + ratio);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sphere(size: f64, body: Body) -> Sphere {
        let f = 1e9;
        Sphere::new(size * SPEED_OF_LIGHT / (2.0 * PI * f), body, f)
    }

    #[test]
    fn published_efficiencies() {
        // The example of Bohren and Huffman's appendix A: m = 1.55, radius 0.525 um at 0.6328 um
        let m = Complex64::new(1.55, 0.0);
        let case = sphere(2.0 * PI * 0.525 / 0.6328, Body::Dielectric(m * m));
        assert!((case.scattering_efficiency() - 3.10543).abs() < 1e-5);
        let area = PI * (case.size / case.wave_number).powi(2);
        assert!((case.cross_section(PI, 0.0) / area - 2.92534).abs() < 1e-5);
    }

    #[test]
    fn energy_and_the_limits() {
        let lossless = sphere(2.0, Body::Dielectric(4.0.into()));
        let (s, e) = (
            lossless.scattering_efficiency(),
            lossless.extinction_efficiency(),
        );
        assert!((s / e - 1.0).abs() < 1e-13);
        let lossy = sphere(2.0, Body::Dielectric(Complex64::new(4.0, -1.0)));
        assert!(lossy.scattering_efficiency() < 0.95 * lossy.extinction_efficiency());
        // Rayleigh: a small conductor has Q_sca = 10 x^4 / 3
        let small = sphere(0.01, Body::Pec);
        let rayleigh = 10.0 / 3.0 * 0.01f64.powi(4);
        assert!((small.scattering_efficiency() / rayleigh - 1.0).abs() < 1e-3);
        // a large one the back scattering of its cross section
        let large = sphere(200.0, Body::Pec);
        let area = PI * (large.size / large.wave_number).powi(2);
        assert!((large.cross_section(PI, 0.3) / area - 1.0).abs() < 0.02);
        // conduction without end is the perfect conductor
        let metal = sphere(2.0, Body::Dielectric(Complex64::new(1.0, -1e10)));
        let pec = sphere(2.0, Body::Pec);
        let ratio = metal.cross_section(2.0, 1.0) / pec.cross_section(2.0, 1.0);
        assert!((ratio - 1.0).abs() < 1e-4, "{ratio}");
    }
}
