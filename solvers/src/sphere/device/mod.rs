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
pub(crate) use transform::{Tables, check_len, upload};

use cubecl::prelude::{CubeElement, Float};

/// The precisions that devices compute in.
pub trait Real: Float + CubeElement {
    /// Its name, as in Rust.
    const NAME: &'static str;
    /// A Legendre function below this changes no sum of order 1, with room for spectra whose
    /// coefficients span ten decades.
    const NEGLIGIBLE: f64;

    /// The largest finite value.
    const LARGEST: f64;

    /// The nearest value.
    fn rounded(value: f64) -> Self;

    /// The same value in f64.
    fn widened(self) -> f64;
}

impl Real for f32 {
    const NAME: &'static str = "f32";
    const NEGLIGIBLE: f64 = 1e-19;
    const LARGEST: f64 = f32::MAX as f64;

    fn rounded(value: f64) -> Self {
        value as f32
    }

    fn widened(self) -> f64 {
        self.into()
    }
}

impl Real for f64 {
    const NAME: &'static str = "f64";
    const NEGLIGIBLE: f64 = 1e-30;
    const LARGEST: f64 = f64::MAX;

    fn rounded(value: f64) -> Self {
        value
    }

    fn widened(self) -> f64 {
        self
    }
}

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
