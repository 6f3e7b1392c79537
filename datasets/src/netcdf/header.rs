//! What a forecast file holds: everything that is known before the first lead.

use std::collections::BTreeMap;

use crate::calendar::{Calendar, DateTime};
use crate::coordinates::LatLon;
use crate::{Error, Result};

/// How leads and times are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// `(prediction_timedelta, time, [realization,] [level,] latitude,
    /// longitude)`, `time` the initial time(s).
    #[default]
    Forecast,
    /// `(time, [realization,] [level,] latitude, longitude)`, `time` the valid
    /// time; one initial time.
    Trajectory,
}

/// A variable to write.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutputVariable {
    /// Name in the file.
    pub name: String,
    /// CF standard name, if there is one.
    pub standard_name: Option<String>,
    /// What it is, in words.
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
    /// Global attribute: publications or addresses.
    pub references: String,
    /// Further global attributes; `fingerprint`, if there, must be the same on
    /// resume.
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

impl Header {
    /// Fields of one variable per lead: times x members x levels.
    pub(super) fn fields_of(&self, variable: &OutputVariable) -> usize {
        let levels = if variable.has_level {
            self.levels_hpa.len()
        } else {
            1
        };
        self.initial_times.len() * self.members.unwrap_or(1) * levels
    }

    pub(super) fn lead_bytes(&self) -> u64 {
        let fields: usize = self.variables.iter().map(|v| self.fields_of(v)).sum();
        (fields * self.grid.nlat() * self.grid.nlon() * 4) as u64
    }

    pub(super) fn check(&self) -> Result<()> {
        let trajectory = self.layout == Layout::Trajectory;
        if self.initial_times.is_empty() || (trajectory && self.initial_times.len() > 1) {
            let expected = if trajectory { "one" } else { "at least one" };
            return Err(Error::invalid(
                "initial times",
                expected,
                self.initial_times.len(),
            ));
        }
        if self.variables.is_empty() {
            return Err(Error::invalid("output variables", "at least one", 0));
        }
        if self.members == Some(0) {
            return Err(Error::invalid("ensemble members", "at least one", 0));
        }
        if self.variables.iter().any(|v| v.has_level) && self.levels_hpa.is_empty() {
            return Err(Error::invalid(
                "levels",
                "at least one for a variable on levels",
                0,
            ));
        }
        let mut names: Vec<&str> = self.variables.iter().map(|v| v.name.as_str()).collect();
        names.sort_unstable();
        let reserved = [
            "time",
            "prediction_timedelta",
            "realization",
            "level",
            "latitude",
            "longitude",
        ];
        let fine = |n: &str| {
            n.starts_with(|c: char| c.is_ascii_alphabetic())
                && n.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                && !reserved.contains(&n)
        };
        if let Some(bad) = names.iter().find(|n| !fine(n)) {
            return Err(Error::invalid(
                "name of an output variable",
                "letters, digits and underscores, not the name of a coordinate",
                format!("'{bad}'"),
            ));
        }
        if let Some(pair) = names.windows(2).find(|p| p[0] == p[1]) {
            return Err(Error::invalid(
                "output variables",
                "each name once",
                format!("'{}' twice", pair[0]),
            ));
        }
        Ok(())
    }
}
