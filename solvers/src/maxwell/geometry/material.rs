//! What a solid is made of.

use crate::maxwell::Pole;
use crate::{Error, Result};

/// A perfect conductor or a linear medium.
#[derive(Clone, Debug, PartialEq)]
pub enum Material {
    /// Perfect electric conductor.
    Pec,
    /// Anything else.
    Medium(Medium),
}

/// A linear medium whose tensors are diagonal along the axes of the mesh.
#[derive(Clone, Debug, PartialEq)]
pub struct Medium {
    /// Relative permittivity at high frequency along x, y, z.
    pub permittivity: [f64; 3],
    /// Conductivity along x, y, z in S/m.
    pub conductivity: [f64; 3],
    /// Relative permeability along x, y, z.
    pub permeability: [f64; 3],
    /// Magnetic loss along x, y, z in ohm/m.
    pub magnetic_loss: [f64; 3],
    /// Poles of the electric susceptibility, the same along all axes.
    pub poles: Vec<Pole>,
}

impl Medium {
    /// Empty space.
    pub fn vacuum() -> Self {
        Self::dielectric(1.0)
    }

    /// An isotropic dielectric without loss.
    pub fn dielectric(permittivity: f64) -> Self {
        Self::lossy(permittivity, 0.0)
    }

    /// An isotropic dielectric with a conductivity in S/m. For a loss tangent given at the
    /// frequency f take `2 pi f eps0 eps_r tan(delta)`.
    pub fn lossy(permittivity: f64, conductivity: f64) -> Self {
        Self {
            permittivity: [permittivity; 3],
            conductivity: [conductivity; 3],
            permeability: [1.0; 3],
            magnetic_loss: [0.0; 3],
            poles: Vec::new(),
        }
    }

    /// Largest refractive index over the axes, without conductivity and with the static value of
    /// poles that have one: the factor by which wavelengths shrink at most.
    pub fn refractive_index(&self) -> f64 {
        let poles: f64 = self
            .poles
            .iter()
            .filter(|p| p.b > 0.0)
            .map(|p| p.a / p.b)
            .sum();
        let largest = |v: &[f64; 3]| v.iter().copied().fold(0.0, f64::max);
        ((largest(&self.permittivity) + poles) * largest(&self.permeability)).sqrt()
    }

    /// Whether it differs from vacuum magnetically.
    pub fn is_magnetic(&self) -> bool {
        self.permeability != [1.0; 3] || self.magnetic_loss != [0.0; 3]
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the first value that is negative, zero where it must not be,
    /// or not finite.
    pub fn validate(&self) -> Result<()> {
        let check = |values: &[f64; 3], name, positive: bool| {
            for &value in values {
                if !value.is_finite() || value < 0.0 || (positive && value == 0.0) {
                    return Err(Error::Parameter {
                        name,
                        value,
                        expected: if positive {
                            "a finite value above 0"
                        } else {
                            "a finite value, 0 or more"
                        },
                    });
                }
            }
            Ok(())
        };
        check(&self.permittivity, "relative permittivity", true)?;
        check(&self.conductivity, "conductivity", false)?;
        check(&self.permeability, "relative permeability", true)?;
        check(&self.magnetic_loss, "magnetic loss", false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert!(Medium::lossy(4.4, 0.02).validate().is_ok());
        assert!(Medium::dielectric(0.0).validate().is_err());
        assert!(Medium::lossy(2.0, -1.0).validate().is_err());
        let magnetic = Medium {
            permeability: [1.0, 4.0, 1.0],
            ..Medium::dielectric(2.25)
        };
        assert!(magnetic.is_magnetic());
        assert!((magnetic.refractive_index() - 3.0).abs() < 1e-12);
    }
}
