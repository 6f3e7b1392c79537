//! Reading forecasts.
use std::path::Path;
use ndarray::Array2;
use crate::calendar::{Calendar, DateTime};
use crate::coordinates::LatLon;
use crate::Result;

/// An open forecast in the WeatherBench layout or a trajectory.
pub struct ForecastReader {}

impl ForecastReader {
    /// Opens a file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> { let _ = path; todo!() }
    /// Leads, hours (of a trajectory: since its first time).
    pub fn leads_hours(&self) -> &[f64] { todo!() }
    /// Initial times.
    pub fn initial_times(&self) -> &[DateTime] { todo!() }
    /// Calendar of the times.
    pub fn calendar(&self) -> Calendar { todo!() }
    /// Members (1 if there is no such dimension).
    pub fn members(&self) -> usize { todo!() }
    /// Names of the variables.
    pub fn variables(&self) -> &[String] { todo!() }
    /// Levels of a variable in hPa, empty if it has none.
    pub fn levels_hpa(&self, variable: &str) -> Result<Vec<f64>> { let _ = variable; todo!() }
    /// The grid.
    pub fn grid(&self) -> &LatLon { todo!() }
    /// One field: `[latitude][longitude]`, north to south. `level_hpa` is needed only where the variable has several levels.
    pub fn read_field(&self, variable: &str, lead: usize, time: usize, member: usize, level_hpa: Option<f64>) -> Result<Array2<f64>> { let _ = (variable, lead, time, member, level_hpa); todo!() }
}
