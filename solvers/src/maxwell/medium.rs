//! What fills one edge or one face: the entries of a model's palettes.

use super::constants::VACUUM_PERMITTIVITY;

/// A pole of the susceptibility, `chi(omega) = a / (b + j omega c - omega^2 d)`, which covers
/// Debye, Drude and Lorentz media (A. Taflove and S. C. Hagness, 3rd ed., section 9.4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pole {
    /// Numerator.
    pub a: f64,
    /// Constant of the denominator.
    pub b: f64,
    /// Coefficient of `j omega`, in s.
    pub c: f64,
    /// Coefficient of `-omega^2`, in s^2.
    pub d: f64,
}

impl Pole {
    /// Relaxation: `strength / (1 + j omega tau)`, tau in seconds.
    pub fn debye(strength: f64, tau: f64) -> Self {
        Self {
            a: strength,
            b: 1.0,
            c: tau,
            d: 0.0,
        }
    }

    /// Free charges: `omega_p^2 / (j omega gamma - omega^2)`, both in rad/s.
    pub fn drude(plasma: f64, collision: f64) -> Self {
        Self {
            a: plasma * plasma,
            b: 0.0,
            c: collision,
            d: 1.0,
        }
    }

    /// Bound charges: `strength omega_0^2 / (omega_0^2 + 2 j omega delta - omega^2)`, rad/s.
    pub fn lorentz(strength: f64, resonance: f64, damping: f64) -> Self {
        let square = resonance * resonance;
        Self {
            a: strength * square,
            b: square,
            c: 2.0 * damping,
            d: 1.0,
        }
    }
}

/// The medium of one E edge, already that of the edge's direction and averaged over the cells
/// around it, so a scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum EdgeMedium {
    /// Perfect conductor: E = 0.
    Pec,
    /// Anything else.
    Dielectric {
        /// Relative permittivity at high frequency.
        permittivity: f64,
        /// Conductivity in S/m.
        conductivity: f64,
        /// Poles of the susceptibility.
        poles: Vec<Pole>,
    },
}

impl EdgeMedium {
    /// Empty space.
    pub fn vacuum() -> Self {
        Self::lossless(1.0)
    }

    /// A dielectric without loss or dispersion.
    pub fn lossless(permittivity: f64) -> Self {
        Self::Dielectric {
            permittivity,
            conductivity: 0.0,
            poles: Vec::new(),
        }
    }

    /// `(ca, cb)` of `E <- ca E + cb curl H` for a step of `dt` seconds, without the poles
    /// (Taflove and Hagness, 3rd ed., eq. 3.29): `ca = (1 - s) / (1 + s)`,
    /// `cb = dt / (eps (1 + s))`, `s = sigma dt / (2 eps)`. A perfect conductor has zeros.
    pub fn coefficients(&self, dt: f64) -> (f64, f64) {
        match self {
            Self::Pec => (0.0, 0.0),
            Self::Dielectric {
                permittivity,
                conductivity,
                ..
            } => {
                let eps = permittivity * VACUUM_PERMITTIVITY;
                let s = conductivity * dt / (2.0 * eps);
                ((1.0 - s) / (1.0 + s), dt / (eps * (1.0 + s)))
            }
        }
    }
}

/// The medium of one H face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaceMedium {
    /// Relative permeability.
    pub permeability: f64,
    /// Magnetic loss in ohm/m.
    pub magnetic_loss: f64,
}

impl FaceMedium {
    /// Empty space.
    pub const VACUUM: Self = Self {
        permeability: 1.0,
        magnetic_loss: 0.0,
    };

    /// `(da, db)` of `H <- da H - db curl E`, as [`EdgeMedium::coefficients`].
    pub fn coefficients(&self, dt: f64) -> (f64, f64) {
        let mu = self.permeability * super::constants::VACUUM_PERMEABILITY;
        let s = self.magnetic_loss * dt / (2.0 * mu);
        ((1.0 - s) / (1.0 + s), dt / (mu * (1.0 + s)))
    }
}
