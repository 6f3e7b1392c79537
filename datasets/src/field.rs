//! Arrays whose dimensions have names, coordinates and units.

use ndarray::{Array2, ArrayD};
use std::collections::BTreeMap;

use crate::calendar::{Calendar, DateTime};
use crate::coordinates::LatLon;
use crate::{Error, Result};

/// What a dimension measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Axis {
    /// Time since the initial time (forecast_period), hours.
    Lead,
    /// Valid or initial time.
    Time,
    /// Ensemble member.
    Realization,
    /// Vertical: pressure in Pa, or whatever the file has.
    Level,
    /// Degrees north.
    Latitude,
    /// Degrees east.
    Longitude,
    /// Anything else.
    Other,
}

impl Axis {
    /// The word used in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Time => "time",
            Self::Realization => "member",
            Self::Level => "level",
            Self::Latitude => "latitude",
            Self::Longitude => "longitude",
            Self::Other => "index",
        }
    }
}

/// One dimension of a field: its name, and a value per index.
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinate {
    /// Name of the dimension in the file.
    pub name: String,
    /// What it measures.
    pub axis: Axis,
    /// Values in [`units`](Self::units). Times are in seconds since
    /// 1970-01-01 of their calendar; [`times`](Self::times) has them decoded.
    pub values: Vec<f64>,
    /// Unit of the values: "Pa", "degrees_north", "h", "s" or what the file says.
    pub units: String,
    /// Decoded times, on [`Axis::Time`] only.
    pub times: Vec<DateTime>,
    /// Calendar of the times.
    pub calendar: Calendar,
}

/// Values with named dimensions, in the unit asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Name of the variable in the file.
    pub name: String,
    /// CF standard name.
    pub standard_name: Option<String>,
    /// Unit of the values.
    pub units: String,
    /// Text and number attributes of the variable, as text.
    pub attributes: BTreeMap<String, String>,
    /// Coordinates of length 1 that are no axis of the values: the time, level,
    /// member or lead selected.
    pub scalars: Vec<Coordinate>,
    /// One per axis of [`values`](Self::values).
    pub dimensions: Vec<Coordinate>,
    /// The values; NaN where the file has none.
    pub values: ArrayD<f64>,
}

impl Field {
    /// The dimension that measures `axis`.
    pub fn dimension(&self, axis: Axis) -> Option<&Coordinate> {
        self.dimensions.iter().find(|d| d.axis == axis)
    }

    /// The horizontal grid.
    ///
    /// # Errors
    /// [`Error::Shape`] unless the last two dimensions are latitude and longitude.
    pub fn grid(&self) -> Result<LatLon> {
        match self.dimensions.as_slice() {
            [.., lat, lon] if lat.axis == Axis::Latitude && lon.axis == Axis::Longitude => {
                LatLon::new(lat.values.clone(), lon.values.clone())
            }
            _ => Err(self.not_lat_lon()),
        }
    }

    /// The field as one latitude-longitude field.
    ///
    /// # Errors
    /// [`Error::Shape`] if it has any other dimension.
    pub fn into_lat_lon(self) -> Result<LatLonField> {
        let grid = self.grid()?;
        let scalar = |axis| self.scalars.iter().find(|c| c.axis == axis);
        let first = |axis| scalar(axis).and_then(|c| c.values.first().copied());
        let (level, lead_hours) = (first(Axis::Level), first(Axis::Lead));
        let time = scalar(Axis::Time).and_then(|c| c.times.first().map(|t| (*t, c.calendar)));
        if self.dimensions.len() != 2 {
            return Err(self.not_lat_lon());
        }
        let shape = (grid.nlat(), grid.nlon());
        let mismatch = self.not_lat_lon();
        let values = self
            .values
            .into_shape_with_order(shape)
            .map_err(|_| mismatch)?;
        Ok(LatLonField {
            name: self.name,
            standard_name: self.standard_name,
            units: self.units,
            time,
            lead_hours,
            level,
            grid,
            values,
        })
    }

    fn not_lat_lon(&self) -> Error {
        let found: Vec<String> = self
            .dimensions
            .iter()
            .map(|d| format!("{} ({})", d.name, d.values.len()))
            .collect();
        Error::Shape {
            what: format!("variable '{}'", self.name),
            expected: "(latitude, longitude)".into(),
            found: format!("({})", found.join(", ")),
        }
    }
}

/// One scalar per point of a latitude-longitude grid, north to south,
/// `values[latitude][longitude]`.
#[derive(Clone, Debug, PartialEq)]
pub struct LatLonField {
    /// Name of the variable in the file.
    pub name: String,
    /// CF standard name.
    pub standard_name: Option<String>,
    /// Unit of the values.
    pub units: String,
    /// When, if the file says.
    pub time: Option<(DateTime, Calendar)>,
    /// Forecast lead in hours, if the file says.
    pub lead_hours: Option<f64>,
    /// Pressure level in Pa (or whatever vertical coordinate the file has).
    pub level: Option<f64>,
    /// Where the values are.
    pub grid: LatLon,
    /// `[latitude][longitude]`.
    pub values: Array2<f64>,
}
