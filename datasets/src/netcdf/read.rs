//! Reading CF variables.
use std::path::Path;
use super::{Query, Selection};
use crate::field::{Coordinate, Field, LatLonField};
use crate::Result;

/// An open NetCDF file.
pub struct Reader { }

/// A variable as listed by [`Reader::variables`].
#[derive(Clone, Debug, PartialEq)]
pub struct VariableSummary {
    /// Name in the file.
    pub name: String,
    /// CF standard name.
    pub standard_name: Option<String>,
    /// Unit in the file.
    pub units: Option<String>,
    /// `(name, length)` of each dimension, in the file's order.
    pub dimensions: Vec<(String, usize)>,
}

impl Reader {
    /// Opens a NetCDF file (any format).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> { let _ = path; todo!() }
    /// The file's path.
    pub fn path(&self) -> &Path { todo!() }
    /// All data variables (coordinates excluded).
    pub fn variables(&self) -> Result<Vec<VariableSummary>> { todo!() }
    /// True if a variable answers to the query.
    pub fn has(&self, query: impl Into<Query>) -> Result<bool> { let _ = query.into(); todo!() }
    /// The dimensions of a variable with decoded coordinates, normalised (order: lead, time, realization, level, latitude, longitude, others before them).
    pub fn coordinates(&self, query: impl Into<Query>) -> Result<Vec<Coordinate>> { let _ = query.into(); todo!() }
    /// Reads what is selected; unselected dimensions stay.
    pub fn read(&self, query: impl Into<Query>, selection: &Selection) -> Result<Field> { let _ = (query.into(), selection); todo!() }
    /// Reads one latitude-longitude field; unselected dimensions must have length 1.
    pub fn read_lat_lon(&self, query: impl Into<Query>, selection: &Selection) -> Result<LatLonField> { let _ = (query.into(), selection); todo!() }
}
