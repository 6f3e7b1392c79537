//! Reading forecasts field by field.

use ndarray::Array2;
use std::path::Path;

use super::{Query, Reader, Selection, SlabReader};
use crate::calendar::{Calendar, DateTime};
use crate::coordinates::LatLon;
use crate::field::{Axis, Coordinate};
use crate::{Error, Result};

/// Refuses times or leads that do not follow each other.
fn in_order(path: &Path, coordinate: &Coordinate) -> Result<()> {
    let label = |k: usize| match coordinate.times.get(k) {
        Some(time) => time.to_string(),
        None => format!("{} {}", coordinate.values[k], coordinate.units),
    };
    match coordinate.values.windows(2).position(|p| p[1] <= p[0]) {
        None => Ok(()),
        Some(k) => Err(Error::Coordinate {
            path: path.to_path_buf(),
            variable: coordinate.name.clone(),
            expected: "values that increase, none twice".into(),
            found: format!("{} at index {k} and {} after it", label(k), label(k + 1)),
        }),
    }
}

/// Where two lists of dimensions part.
fn difference(expected: &[Coordinate], found: &[Coordinate]) -> String {
    for c in expected {
        match found.iter().find(|f| f.axis == c.axis) {
            None => return format!("no {}", c.axis.name()),
            Some(f) if f.values.len() != c.values.len() => {
                let (name, here, there) = (c.axis.name(), f.values.len(), c.values.len());
                return format!("{here} values of {name} in place of {there}");
            }
            Some(f) if f != c => return format!("other values of {}", c.axis.name()),
            Some(_) => {}
        }
    }
    let more = found
        .iter()
        .find(|f| expected.iter().all(|c| c.axis != f.axis));
    more.map_or("others".into(), |f| format!("a {} besides", f.axis.name()))
}

/// An open forecast in the WeatherBench layout, or a trajectory. All variables
/// must be on one grid and have the same leads, times and members.
#[derive(Debug)]
pub struct ForecastReader {
    reader: Reader,
    /// True if `time` is the valid time and there is no lead dimension.
    trajectory: bool,
    leads_hours: Vec<f64>,
    initial_times: Vec<DateTime>,
    calendar: Calendar,
    members: usize,
    grid: LatLon,
    variables: Vec<String>,
}

impl ForecastReader {
    /// Opens a file.
    ///
    /// # Errors
    /// As [`Reader::open`]; [`Error::VariableMissing`] if no variable has time,
    /// latitude and longitude; [`Error::Coordinate`] if variables have different
    /// ones.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let reader = Reader::open(path)?;
        let mut first: Option<(String, Vec<Coordinate>)> = None;
        let mut variables = Vec::new();
        for summary in reader.variables() {
            let coordinates = reader.coordinates(Query::exactly(&summary.name))?;
            let has = |axis| coordinates.iter().any(|c| c.axis == axis);
            if !(has(Axis::Latitude)
                && has(Axis::Longitude)
                && (has(Axis::Time) || has(Axis::Lead)))
            {
                continue;
            }
            if let Some((name, expected)) = &first {
                let pick = |all: &[Coordinate]| -> Vec<Coordinate> {
                    all.iter()
                        .filter(|c| c.axis != Axis::Level)
                        .cloned()
                        .collect()
                };
                let (expected, found) = (pick(expected), pick(&coordinates));
                if expected != found {
                    return Err(Error::Coordinate {
                        path: reader.path().to_path_buf(),
                        variable: summary.name,
                        expected: format!("the coordinates of '{name}'"),
                        found: difference(&expected, &found),
                    });
                }
            } else {
                for axis in [Axis::Time, Axis::Lead] {
                    if let Some(c) = coordinates.iter().find(|c| c.axis == axis) {
                        in_order(reader.path(), c)?;
                    }
                }
                first = Some((summary.name.clone(), coordinates));
            }
            variables.push(summary.name);
        }
        let Some((_, coordinates)) = first else {
            return Err(Error::VariableMissing {
                path: reader.path().to_path_buf(),
                wanted: "with time, latitude and longitude".into(),
                present: "none".into(),
                nearest: None,
            });
        };
        let find = |axis| coordinates.iter().find(|c| c.axis == axis);
        let values = |axis| find(axis).map(|c| c.values.clone()).unwrap_or_default();
        let time = find(Axis::Time);
        let trajectory = find(Axis::Lead).is_none();
        let mut initial_times = time.map(|c| c.times.clone()).unwrap_or_default();
        let mut leads_hours = values(Axis::Lead);
        if trajectory {
            let seconds = values(Axis::Time);
            leads_hours = seconds.iter().map(|s| (s - seconds[0]) / 3600.0).collect();
            initial_times.truncate(1);
        }
        Ok(Self {
            trajectory,
            leads_hours,
            initial_times,
            calendar: time.map_or(Calendar::default(), |c| c.calendar),
            members: find(Axis::Realization).map_or(1, |c| c.values.len()),
            grid: LatLon::new(values(Axis::Latitude), values(Axis::Longitude))?,
            variables,
            reader,
        })
    }

    /// The reader underneath, for larger pieces and other variables.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Leads, hours (of a trajectory: since its first time).
    pub fn leads_hours(&self) -> &[f64] {
        &self.leads_hours
    }

    /// Initial times (of a trajectory: its first time).
    pub fn initial_times(&self) -> &[DateTime] {
        &self.initial_times
    }

    /// Calendar of the times.
    pub fn calendar(&self) -> Calendar {
        self.calendar
    }

    /// Ensemble members; 1 if there is no such dimension.
    pub fn members(&self) -> usize {
        self.members
    }

    /// Names of the variables.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// The grid, north to south.
    pub fn grid(&self) -> &LatLon {
        &self.grid
    }

    /// Levels of a variable in hPa, empty if it has none.
    ///
    /// # Errors
    /// [`Error::VariableMissing`].
    pub fn levels_hpa(&self, variable: &str) -> Result<Vec<f64>> {
        let coordinates = self.reader.coordinates(Query::exactly(variable))?;
        let level = coordinates.into_iter().find(|c| c.axis == Axis::Level);
        Ok(level.map_or(Vec::new(), |c| c.values.iter().map(|p| p / 100.0).collect()))
    }

    /// True if `time` is the valid time and there is no lead dimension.
    pub fn is_trajectory(&self) -> bool {
        self.trajectory
    }

    /// A variable at a level (needed only where it has several), to be read a lead and a time at a time;
    /// values are in `units`, or in the file's own without.
    ///
    /// # Errors
    /// [`Error::VariableMissing`]; [`Error::Absent`] for a level the file does not have;
    /// [`Error::Units`] if its unit is missing or does not convert; [`Error::Coordinate`] for a dimension
    /// that is none of a forecast's.
    pub fn slabs(
        &self,
        variable: &str,
        level_hpa: Option<f64>,
        units: Option<&str>,
    ) -> Result<SlabReader<'_>> {
        let (path, file) = (self.reader.path(), self.reader.file());
        SlabReader::open(path, file, (variable, self.trajectory), level_hpa, units)
    }

    /// One field `[latitude][longitude]`, north to south, NaN where the file has
    /// no value. `level_hpa` is needed only where the variable has several.
    ///
    /// # Errors
    /// [`Error::VariableMissing`]; [`Error::Absent`] for an index or level the
    /// file does not have.
    pub fn read_field(
        &self,
        variable: &str,
        lead: usize,
        time: usize,
        member: usize,
        level_hpa: Option<f64>,
    ) -> Result<Array2<f64>> {
        let mut selection = Selection::new().member(member).allow_missing();
        selection = if self.trajectory {
            if time != 0 {
                return Err(Error::invalid(
                    "initial time",
                    "0, a trajectory has one",
                    time,
                ));
            }
            selection.time_index(lead)
        } else {
            selection.lead_index(lead).time_index(time)
        };
        if let Some(hpa) = level_hpa {
            selection = selection.level_hpa(hpa);
        }
        Ok(self
            .reader
            .read_lat_lon(Query::exactly(variable), &selection)?
            .values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_with_other_members_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ragged.nc");
        let mut file = ::netcdf::create(&path).unwrap();
        let dimensions = [
            ("time", 2),
            ("number", 4),
            ("few", 3),
            ("lat", 2),
            ("lon", 2),
        ];
        for (name, size) in dimensions {
            file.add_dimension(name, size).unwrap();
            let mut v = file.add_variable::<f64>(name, &[name]).unwrap();
            let values: Vec<f64> = (0..size).map(|i| i as f64).collect();
            v.put_values(&values, ..).unwrap();
            let (attribute, value) = match name {
                "time" => ("units", "hours since 2020-01-01"),
                "few" => ("standard_name", "realization"),
                "lat" => ("units", "degrees_north"),
                _ => ("units", "degrees_east"),
            };
            if name != "number" {
                v.put_attribute(attribute, value).unwrap();
            }
        }
        for (name, members) in [("t", "number"), ("z", "few")] {
            file.add_variable::<f32>(name, &["time", members, "lat", "lon"])
                .unwrap();
        }
        file.close().unwrap();
        let message = ForecastReader::open(&path).unwrap_err().to_string();
        for word in [
            "ragged.nc",
            "'z'",
            "the coordinates of 't'",
            "3 values of member in place of 4",
        ] {
            assert!(message.contains(word), "{message}");
        }
    }
}
