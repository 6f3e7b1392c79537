//! Grids of files as the transforms of the sphere know them.

use crate::error::{Error, Result};
use curlwind_datasets::coordinates::{GridShape, LatLon};
use curlwind_solvers::sphere::SphereGrid;

/// The grid of the whole sphere that has a quadrature, if this is one.
///
/// # Errors
/// A size that no such grid has.
pub fn sphere(grid: &LatLon) -> Result<Option<SphereGrid>> {
    let (nlat, nlon) = (grid.nlat(), grid.nlon());
    match grid.shape() {
        GridShape::Gaussian => Some(SphereGrid::gaussian(nlat, nlon)),
        GridShape::Regular => Some(SphereGrid::regular(nlat, nlon)),
        GridShape::RegularOffset => Some(SphereGrid::regular_offset(nlat, nlon)),
        GridShape::Other => None,
    }
    .transpose()
    .map_err(Error::unusable)
}
