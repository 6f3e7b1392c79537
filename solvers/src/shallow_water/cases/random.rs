//! Random flows for training: a vorticity with a prescribed spectrum of kinetic energy, in
//! nonlinear balance, optionally pushed out of it.
//!
//! ```text
//! E(n) ~ x^3 / (1 + x^(3 + slope)),   x = n / peak_wavenumber
//! ```
//!
//! which rises as n^3 below the peak and falls as n^-slope above. Phases and amplitudes are
//! Gaussian, from ChaCha8 seeded by `seed`, drawn degree by degree, so a flow of higher
//! truncation contains that of lower truncation up to its scaling to the wind asked for.

use super::Case;
use crate::shallow_water::ShallowWater;
use crate::shallow_water::balance::balanced_state;
use crate::sphere::SphericalTransform;
use crate::{Error, Result};
use ndarray::Array1;
use num_complex::Complex64;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::sync::Arc;

/// Parameters of a random flow.
///
/// ```
/// use curlwind_solvers::shallow_water::{ShallowWater, cases::RandomFlow};
/// use curlwind_solvers::sphere::{SphereGrid, SphericalTransform};
/// let transform = SphericalTransform::new(SphereGrid::for_truncation(21)?, 21)?.into();
/// let flow = RandomFlow { seed: 7, rms_wind: 15.0, ..Default::default() };
/// let case = flow.generate(&transform, ShallowWater::default())?;
/// let grid = case.initial.to_grid(&transform, &case.equation)?;
/// let square = &grid.eastward_wind * &grid.eastward_wind + &grid.northward_wind * &grid.northward_wind;
/// assert!((transform.grid().mean(square.view())?.sqrt() - 15.0).abs() < 1e-10);
/// # Ok::<(), curlwind_solvers::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomFlow {
    /// Seed of the generator; the same seed gives the same flow.
    pub seed: u64,
    /// Root mean square of the rotational wind in m/s.
    pub rms_wind: f64,
    /// Degree at which kinetic energy peaks.
    pub peak_wavenumber: f64,
    /// Fall of kinetic energy above the peak, 3 for two-dimensional turbulence.
    pub slope: f64,
    /// Mean depth of the layer in m.
    pub mean_depth: f64,
    /// Root mean square of an added divergent wind, as a part of `rms_wind`: 0 for a balanced
    /// flow.
    pub unbalanced: f64,
}

impl Default for RandomFlow {
    fn default() -> Self {
        Self {
            seed: 0,
            rms_wind: 20.0,
            peak_wavenumber: 6.0,
            slope: 3.0,
            mean_depth: 10_000.0,
            unbalanced: 0.0,
        }
    }
}

impl RandomFlow {
    /// The flow at the truncation of a transform.
    ///
    /// # Errors
    /// [`Error::Parameter`] when a parameter is out of range or the depth too small for the
    /// wind.
    pub fn generate(
        &self,
        transform: &Arc<SphericalTransform>,
        equation: ShallowWater,
    ) -> Result<Case> {
        let above_0 = [
            ("rms_wind", self.rms_wind),
            ("peak_wavenumber", self.peak_wavenumber),
            ("mean_depth", self.mean_depth),
        ];
        for (name, value) in above_0 {
            if !(value > 0.0 && value.is_finite()) {
                return Err(Error::Parameter {
                    name,
                    value,
                    expected: "a finite number above 0",
                });
            }
        }
        for (name, value) in [("slope", self.slope), ("unbalanced", self.unbalanced)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Error::Parameter {
                    name,
                    value,
                    expected: "a finite number from 0 on",
                });
            }
        }
        let equation = equation.validated()?;
        let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
        let vorticity = self.curl(transform, equation.radius, self.rms_wind, &mut generator);
        let mean = equation.gravity * self.mean_depth;
        let mut initial = balanced_state(transform, equation, &vorticity, None, mean)?;
        if self.unbalanced > 0.0 {
            let wind = self.unbalanced * self.rms_wind;
            initial.divergence = self.curl(transform, equation.radius, wind, &mut generator);
        }
        Ok(Case {
            name: "random",
            equation,
            initial,
            orography: None,
            diffusion: None,
            frozen_wind: false,
            exact: None,
        })
    }

    /// A random vorticity (or divergence) whose wind has the given root mean square.
    fn curl(
        &self,
        transform: &SphericalTransform,
        radius: f64,
        wind: f64,
        generator: &mut ChaCha8Rng,
    ) -> Array1<Complex64> {
        let mut curl = Array1::zeros(transform.spectrum_len());
        let mut square = 0.0;
        for n in 1..=transform.truncation() {
            let x = n as f64 / self.peak_wavenumber;
            let energy = x.powi(3) / (1.0 + x.powf(3.0 + self.slope));
            let eigenvalue = (n * (n + 1)) as f64 / (radius * radius);
            // |u|^2 in the mean is the sum over all m of |zeta_n^m|^2 / eigenvalue
            let size = (energy * eigenvalue / (2 * n + 1) as f64).sqrt();
            for m in 0..=n {
                let re: f64 = StandardNormal.sample(generator);
                let im: f64 = StandardNormal.sample(generator);
                let z = if m == 0 {
                    Complex64::new(re, 0.0)
                } else {
                    Complex64::new(re, im) / 2f64.sqrt()
                };
                let z = z * size;
                square += z.norm_sqr() / eigenvalue * if m == 0 { 1.0 } else { 2.0 };
                curl[transform.index(m, n)] = z;
            }
        }
        let scale = if square > 0.0 {
            wind / square.sqrt()
        } else {
            0.0
        };
        curl * Complex64::from(scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sphere::SphereGrid;

    #[test]
    fn reproducible_and_checked() {
        let transform =
            Arc::new(SphericalTransform::new(SphereGrid::for_truncation(21).unwrap(), 21).unwrap());
        let flow = RandomFlow {
            seed: 5,
            unbalanced: 0.1,
            ..Default::default()
        };
        let equation = ShallowWater::default();
        let one = flow.generate(&transform, equation).unwrap().initial;
        assert_eq!(one, flow.generate(&transform, equation).unwrap().initial);
        let other = RandomFlow { seed: 6, ..flow }
            .generate(&transform, equation)
            .unwrap()
            .initial;
        assert_ne!(one, other);
        assert!(
            RandomFlow {
                rms_wind: -1.0,
                ..flow
            }
            .generate(&transform, equation)
            .is_err()
        );
        assert!(
            RandomFlow {
                mean_depth: 50.0,
                ..flow
            }
            .generate(&transform, equation)
            .is_err()
        );
    }
}
