//! Horizontal diffusion and hyperdiffusion of any even order.
//!
//! ```text
//! df/dt = ... - K (-laplacian)^p f        rate of degree n:  K (n (n+1) / a^2)^p
//! ```
//!
//! with `2p` the order: 2 is ordinary diffusion with `K` in m^2/s, 4 the biharmonic one in m^4/s.
//! No angular-momentum correction is made, as in Galewsky et al. (2004).

use crate::{Error, Result};

/// A diffusion operator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diffusion {
    order: u32,
    strength: Strength,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Strength {
    /// m^order / s
    Coefficient(f64),
    /// seconds in which the smallest scale falls to 1/e
    Time(f64),
}

impl Diffusion {
    /// `order` 2p and coefficient in m^2p / s.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the order is odd or 0, or the coefficient negative.
    pub fn with_coefficient(order: u32, coefficient: f64) -> Result<Self> {
        check("diffusion coefficient", coefficient, coefficient >= 0.0)?;
        Self::new(order, Strength::Coefficient(coefficient))
    }

    /// `order` 2p, and the time in seconds in which the degree of the truncation falls to 1/e.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the order is odd or 0, or the time not above 0.
    pub fn with_time(order: u32, e_folding: f64) -> Result<Self> {
        check("diffusion time", e_folding, e_folding > 0.0)?;
        Self::new(order, Strength::Time(e_folding))
    }

    fn new(order: u32, strength: Strength) -> Result<Self> {
        if order == 0 || !order.is_multiple_of(2) {
            return Err(Error::Parameter {
                name: "order of the diffusion",
                value: order.into(),
                expected: "an even number, 2 or more",
            });
        }
        Ok(Self { order, strength })
    }

    /// Damping rate in 1/s of each degree 0..=truncation on a sphere of `radius` metres.
    pub fn rates(&self, truncation: usize, radius: f64) -> Vec<f64> {
        let power = (self.order / 2) as i32;
        let eigenvalue = |n: usize| (n * (n + 1)) as f64;
        let largest = eigenvalue(truncation.max(1));
        let scale = match self.strength {
            Strength::Coefficient(k) => k * (largest / (radius * radius)).powi(power),
            Strength::Time(time) => 1.0 / time,
        };
        (0..=truncation)
            .map(|n| scale * (eigenvalue(n) / largest).powi(power))
            .collect()
    }
}

fn check(name: &'static str, value: f64, good: bool) -> Result<()> {
    if good && value.is_finite() {
        return Ok(());
    }
    Err(Error::Parameter {
        name,
        value,
        expected: "a finite number that is not negative (a time: above 0)",
    })
}

/// One value per degree to one per coefficient of a triangular spectrum.
pub(crate) fn per_coefficient(of_degree: &[f64]) -> Vec<f64> {
    (0..of_degree.len())
        .flat_map(|m| of_degree[m..].iter().copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_both_kinds() {
        let laplacian = Diffusion::with_coefficient(2, 1e5)
            .unwrap()
            .rates(42, 6.37122e6);
        assert!((laplacian[42] / (1e5 * 42.0 * 43.0 / 6.37122e6f64.powi(2)) - 1.0).abs() < 1e-14);
        assert_eq!(laplacian[0], 0.0);
        let hyper = Diffusion::with_time(8, 3600.0).unwrap().rates(42, 1.0);
        assert!((hyper[42] * 3600.0 - 1.0).abs() < 1e-14);
        assert!((hyper[21] / hyper[42] - (21.0 * 22.0 / (42.0f64 * 43.0)).powi(4)).abs() < 1e-15);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Diffusion::with_coefficient(3, 1.0).is_err());
        assert!(Diffusion::with_coefficient(2, -1.0).is_err());
        assert!(Diffusion::with_time(4, 0.0).is_err());
        assert!(Diffusion::with_time(4, f64::NAN).is_err());
    }
}
