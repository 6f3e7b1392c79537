//! The spherical-harmonic transform on a device, in f32 or f64, for many fields at once.
//!
//! The same transform as [`super::SphericalTransform`], with its conventions: matrix products over
//! degree and latitude for each order (`legendre`), Fourier transforms of pairs of rows in shared
//! memory (`fourier`). [`Transform`] takes and gives arrays in memory; a solver that stays on the
//! device puts its own work between the two halves.
//!
//! ```no_run
//! use curlwind_solvers::device::Device;
//! use curlwind_solvers::sphere::{SphereGrid, SphericalTransform, device::Transform};
//! use ndarray::Array2;
//! use std::sync::Arc;
//!
//! let plan = Arc::new(SphericalTransform::new(SphereGrid::for_truncation(106)?, 106)?);
//! let transform = Transform::<f32>::new(&Device::open("wgpu")?, plan.clone())?;
//! let spectra = Array2::zeros((3, plan.spectrum_len()));
//! let fields = transform.synthesis(spectra.view())?;
//! assert_eq!(fields.dim(), (3, 160, 320));
//! # Ok::<(), curlwind_solvers::Error>(())
//! ```

pub(crate) mod fourier;
pub(crate) mod legendre;
mod rows;
#[cfg(test)]
mod tests;
mod transform;
pub(crate) mod vector;

pub use transform::Transform;
pub(crate) use transform::{LESS, Tables};

/// Real fields that travel together: so many of each member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) members: u32,
    pub(crate) fields: u32,
}

impl Batch {
    /// Real and imaginary parts of a member.
    pub(crate) fn width(self) -> u32 {
        2 * self.fields
    }

    /// Those of all members.
    pub(crate) fn columns(self) -> u32 {
        self.members * self.width()
    }
}
