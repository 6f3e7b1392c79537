//! Gaussian random fields: the initial states of the Fourier neural operator's experiments.
//!
//! Li et al., Fourier Neural Operator for Parametric Partial Differential Equations (ICLR 2021),
//! and the authors' code. Amplitudes are drawn wavenumber by wavenumber outwards, so a seed gives
//! the same field on every grid that holds it.

use super::{Line, Plane};
use num_complex::Complex64;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// The measure `N(0, scale^2 (-laplacian + tau^2)^(-2 power))`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianField {
    /// Factor of the standard deviation.
    pub scale: f64,
    /// Inverse length in rad/m below which the spectrum is flat.
    pub tau: f64,
    /// Exponent of the standard deviation of a mode.
    pub power: f64,
}

impl GaussianField {
    /// Initial states of the Burgers experiment on (0, 1): `N(0, 625 (-laplacian + 25)^-2)`.
    pub const BURGERS: Self = Self {
        scale: 25.0,
        tau: 5.0,
        power: 1.0,
    };

    /// Initial vorticity of the Navier-Stokes experiment on the unit torus:
    /// `7^(3/2) (-laplacian + 49)^(-2.5)`, with the standard deviation as in the authors' code,
    /// `sqrt(2) 7^(3/2) (4 pi^2 k^2 + 49)^(-1.25)` per complex mode and sign.
    pub const VORTICITY: Self = Self {
        scale: 26.191_601_707_417_59,
        tau: 7.0,
        power: 1.25,
    };

    /// Standard deviation of a mode of wavenumber `k` in rad/m.
    pub fn deviation(&self, k: f64) -> f64 {
        self.scale * (k * k + self.tau * self.tau).powf(-self.power)
    }

    /// A field on a line: amplitudes of `sqrt(2) cos`, `sqrt(2) sin` and, with a `mean`, of 1 have
    /// the deviation of their mode. Modes that the line does not keep are left out.
    pub fn line(&self, line: &Line, mean: bool, seed: u64) -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut spectrum = vec![Complex64::ZERO; line.spectrum_len()];
        for (k, c) in spectrum.iter_mut().enumerate() {
            let deviation = self.deviation(line.wavenumber(k));
            let draw = normal(&mut rng);
            *c = match (k, mean) {
                (0, true) => (draw.re * deviation).into(),
                (0, false) => Complex64::ZERO,
                _ => draw * (deviation / 2f64.sqrt()),
            };
        }
        let mut field = vec![0.0; line.points()];
        line.synthesis(&spectrum, &mut field, &mut line.workspace());
        field
    }

    /// The spectrum of a field on a plane without mean: the real part of a sum over all
    /// wavenumbers with independent complex amplitudes, both parts of the deviation of their mode.
    pub fn plane(&self, plane: &Plane, seed: u64) -> Vec<Complex64> {
        let wavenumbers = plane.wavenumbers();
        let mask = plane.mask();
        let ny = plane.points()[0];
        // square shells, so that the draws do not depend on the size of the grid
        let shell = |i: usize| {
            let (kx, ky) = (i / ny, i % ny);
            let ky = if 2 * ky > ny {
                ky as isize - ny as isize
            } else {
                ky as isize
            };
            (kx.max(ky.unsigned_abs()), kx, ky)
        };
        let mut order: Vec<usize> = (0..mask.len()).filter(|i| mask[*i]).collect();
        order.sort_by_key(|i| shell(*i));
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut spectrum = vec![Complex64::ZERO; mask.len()];
        for i in order {
            let (_, kx, ky) = shell(i);
            // the sum of the modes of k and -k
            let value = normal(&mut rng);
            // of column 0, half is the conjugate of the other half
            if kx > 0 || ky > 0 {
                let (x, y) = wavenumbers[i];
                spectrum[i] = value * (self.deviation(x.hypot(y)) / 2f64.sqrt());
            }
            if kx == 0 && ky > 0 {
                spectrum[ny - ky as usize] = spectrum[i].conj();
            }
        }
        spectrum
    }
}

fn normal(rng: &mut ChaCha8Rng) -> Complex64 {
    Complex64::new(StandardNormal.sample(rng), StandardNormal.sample(rng))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_the_same_field_on_every_grid() {
        let [coarse, fine] = [64, 128].map(|n| Line::new(n, 1.0, 2).unwrap());
        let smooth = GaussianField {
            power: 6.0,
            ..GaussianField::BURGERS
        };
        let (a, b) = (smooth.line(&coarse, true, 3), smooth.line(&fine, true, 3));
        let size = a.iter().fold(0.0f64, |s, v| s.max(v.abs()));
        assert!((0..64).all(|j| (a[j] - b[2 * j]).abs() < 1e-6 * size));

        let [coarse, fine] = [32, 48].map(|n| Plane::new([n, n], [1.0, 1.0], 2).unwrap());
        let (a, b) = (
            GaussianField::VORTICITY.plane(&coarse, 5),
            GaussianField::VORTICITY.plane(&fine, 5),
        );
        // kx = 2, ky = -3
        assert_eq!(a[2 * 32 + 29], b[2 * 48 + 45]);
    }

    /// Variances over many draws against the sum over the modes; 400 draws, so 4 standard errors
    /// are of some 15 per cent.
    #[test]
    fn variances_are_those_of_the_measure() {
        let line = Line::new(96, 1.0, 2).unwrap();
        let field = GaussianField::BURGERS;
        let expected: f64 = (1..line.spectrum_len())
            .map(|k| 2.0 * field.deviation(line.wavenumber(k)).powi(2))
            .sum();
        let mean = |f: &dyn Fn(u64) -> f64| (0..400).map(f).sum::<f64>() / 400.0;
        let found = mean(&|seed| {
            field
                .line(&line, false, seed)
                .iter()
                .map(|v| v * v)
                .sum::<f64>()
                / 96.0
        });
        assert!((found / expected - 1.0).abs() < 0.2, "{found} {expected}");

        let plane = Plane::new([32, 32], [1.0, 1.0], 2).unwrap();
        let field = GaussianField::VORTICITY;
        let mask = plane.mask();
        let all: Vec<f64> = plane
            .wavenumbers()
            .iter()
            .map(|(x, y)| field.deviation(x.hypot(*y)).powi(2))
            .collect();
        let kept = |i: &usize| mask[*i];
        let column: f64 = (1..32).filter(kept).map(|i| all[i]).sum();
        let rest: f64 = (32..all.len()).filter(kept).map(|i| all[i]).sum();
        let expected = column + 2.0 * rest;
        let found = mean(&|seed| {
            let w = field.plane(&plane, seed);
            plane.mean_product(&w, &w)
        });
        println!("vorticity: variance {found:.4}, expected {expected:.4}");
        assert!((found / expected - 1.0).abs() < 0.2, "{found} {expected}");
    }
}
