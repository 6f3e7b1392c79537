//! Writing forecasts, lead by lead.
use std::collections::BTreeMap;
use std::path::Path;
use crate::calendar::{Calendar, DateTime};
use crate::coordinates::LatLon;
use crate::Result;

/// How leads and times are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// `(prediction_timedelta, time, [realization,] [level,] latitude, longitude)`, `time` the initial time(s).
    #[default]
    Forecast,
    /// `(time, [realization,] [level,] latitude, longitude)`, `time` the valid time; one initial time.
    Trajectory,
}

/// A variable to write.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutputVariable {
    /// Name in the file.
    pub name: String,
    /// CF standard name, if there is one.
    pub standard_name: Option<String>,
    /// Free text.
    pub long_name: String,
    /// CF unit.
    pub units: String,
    /// True if it has the level dimension of [`Header::levels_hpa`].
    pub has_level: bool,
}

/// Everything that is known before the first lead.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Global attribute.
    pub title: String,
    /// Global attribute: who made it.
    pub institution: String,
    /// Global attribute: model and version.
    pub source: String,
    /// Global attribute: one line per processing step.
    pub history: String,
    /// Global attribute: publications or URLs.
    pub references: String,
    /// Further global attributes.
    pub attributes: BTreeMap<String, String>,
    /// Layout of time.
    pub layout: Layout,
    /// Calendar of the times.
    pub calendar: Calendar,
    /// Initial times.
    pub initial_times: Vec<DateTime>,
    /// Ensemble members; `None` leaves the dimension out.
    pub members: Option<usize>,
    /// Pressure levels of the variables that have them, hPa.
    pub levels_hpa: Vec<f64>,
    /// The grid.
    pub grid: LatLon,
    /// The variables.
    pub variables: Vec<OutputVariable>,
}

/// Writes a forecast lead by lead.
pub struct ForecastWriter {}

impl ForecastWriter {
    /// Creates the file (atomically: it appears complete with its header); fails if it exists.
    pub fn create(path: impl AsRef<Path>, header: &Header) -> Result<Self> { let _ = (path, header); todo!() }
    /// Reopens a file begun with the same header and goes on after the last complete lead; creates it if there is none.
    pub fn resume(path: impl AsRef<Path>, header: &Header) -> Result<Self> { let _ = (path, header); todo!() }
    /// Leads (hours) already written.
    pub fn leads_written(&self) -> &[f64] { todo!() }
    /// Appends one lead: per variable (in header order) the values `[time][member][level][latitude][longitude]` without the absent dimensions; flushes.
    pub fn append(&mut self, lead_hours: f64, fields: &[&[f64]]) -> Result<()> { let _ = (lead_hours, fields); todo!() }
    /// Writes one field of the lead being written, so that an ensemble need not be in memory at once.
    pub fn write_field(&mut self, variable: usize, time: usize, member: usize, level: usize, values: &[f64]) -> Result<()> { let _ = (variable, time, member, level, values); todo!() }
    /// Completes the lead whose fields [`write_field`](Self::write_field) wrote; flushes.
    pub fn finish_lead(&mut self, lead_hours: f64) -> Result<()> { let _ = lead_hours; todo!() }
    /// Closes the file.
    pub fn close(self) -> Result<()> { todo!() }
}
