//! Standard cases: parameters, initial state, and the exact solution where there is one.

mod galewsky;
pub mod random;
mod williamson_1;
mod williamson_2;
mod williamson_5;
mod williamson_6;

pub use galewsky::{galewsky, galewsky_unperturbed};
pub use random::RandomFlow;
pub use williamson_1::williamson_1;
pub use williamson_2::williamson_2;
pub use williamson_5::williamson_5;
pub use williamson_6::williamson_6;

use super::equation::ShallowWater;
use super::state::State;
use crate::Result;
use crate::sphere::{SphereGrid, SphericalTransform};
use crate::time_stepping::Diffusion;
use ndarray::Array1;
use num_complex::Complex64;
use std::fmt;
use std::sync::Arc;

/// A case set up at the truncation of a transform.
#[derive(Clone)]
pub struct Case {
    /// What it is called in reports.
    pub name: &'static str,
    /// The equation with the case's parameters.
    pub equation: ShallowWater,
    /// The state at time 0.
    pub initial: State,
    /// Spectrum of `g h_s` in m^2/s^2; none for a flat bottom.
    pub orography: Option<Array1<Complex64>>,
    /// Diffusion that belongs to the case's definition.
    pub diffusion: Option<Diffusion>,
    /// The wind is given; only the thickness evolves.
    pub frozen_wind: bool,
    /// The state at a time in seconds, where it is known.
    pub exact: Option<Arc<dyn Fn(f64) -> State + Send + Sync>>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Case {
    /// A solver of this case, with its orography, diffusion and wind.
    pub fn solver(&self, transform: &Arc<SphericalTransform>) -> super::SolverBuilder {
        super::Solver::builder(transform.clone(), self.equation)
            .orography(self.orography.clone())
            .diffusion(self.diffusion)
            .frozen_wind(self.frozen_wind)
    }
}

/// A transform of finer truncation, on which fields that are not smooth are analysed before they
/// are cut off at `truncation`, so that what is cut off does not alias into what is kept.
pub(super) fn finer(truncation: usize) -> Result<SphericalTransform> {
    let fine = (2 * truncation).max(170);
    SphericalTransform::new(SphereGrid::for_truncation(fine)?, fine)
}

/// The spectrum at `truncation` of a function of latitude and longitude.
pub(super) fn spectrum_of(
    transform: &SphericalTransform,
    truncation: usize,
    field: impl Fn(f64, f64) -> f64,
) -> Array1<Complex64> {
    let grid = transform.grid();
    let values = ndarray::Array2::from_shape_fn((grid.nlat(), grid.nlon()), |(j, i)| {
        field(grid.latitudes()[j], grid.longitudes()[i])
    });
    let fine = super::state::analysed(transform, values.view());
    super::state::truncated(&fine, transform.truncation(), truncation)
}
