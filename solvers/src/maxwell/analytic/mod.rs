//! Exact solutions that the engines are measured against: spheres, cylinders, slabs, a pulse at an
//! interface.
//!
//! Complex permittivities have a negative imaginary part where there is loss, as exp(+j omega t)
//! wants: `eps_r - j sigma / (omega eps0)`.

pub(crate) mod bessel;
mod cylinder;
mod interface;
mod slab;
mod sphere;

pub use cylinder::Cylinder;
pub use interface::Interface;
pub use slab::Slab;
pub use sphere::Sphere;

use super::constants::VACUUM_PERMITTIVITY;
use num_complex::Complex64;
use std::f64::consts::PI;

/// What a body in empty space is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Body {
    /// Perfect conductor.
    Pec,
    /// Dielectric of this relative permittivity.
    Dielectric(Complex64),
}

/// Polarisation against a plane: the plane of incidence of a slab, or the plane across a cylinder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarization {
    /// Slab: E at right angles to the plane of incidence. Cylinder: E across the axis, H along it.
    Te,
    /// Slab: H at right angles to the plane of incidence. Cylinder: E along the axis.
    Tm,
}

/// Relative permittivity of a conductive dielectric at a frequency in Hz, sigma in S/m.
pub fn complex_permittivity(permittivity: f64, conductivity: f64, frequency: f64) -> Complex64 {
    let imaginary = conductivity / (2.0 * PI * frequency * VACUUM_PERMITTIVITY);
    Complex64::new(permittivity, -imaginary)
}
