//! Finding out what is where.

use super::{Bounds, Channel, Cut, Placed, Series, Timeline, Wanted};
use crate::calendar::{Calendar, DateTime};
use crate::coordinates::LatLon;
use crate::field::{Axis, Coordinate};
use crate::netcdf::{Query, Reader};
use crate::{Error, Result};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A time of a variable, the file that has it and where in the file.
type Place = (i64, u32, u32);

/// What all files must agree on, with the file that said so first.
struct Agreed<T> {
    value: T,
    path: PathBuf,
}

/// What is learned from file after file.
#[derive(Default)]
struct Survey {
    grid: Option<Agreed<LatLon>>,
    calendar: Option<Agreed<Calendar>>,
    members: Option<Agreed<usize>>,
    channels: Vec<Vec<Channel>>,
    places: Vec<Vec<Place>>,
}

impl Series {
    /// Looks through all files for the variables; `step` (microseconds) thins the times out, `bounds`
    /// cuts a region out of the grid.
    ///
    /// # Errors
    /// As [`Reader::open`]; a file with none of the variables, with another grid, calendar or number
    /// of members than the first, or with times out of order; a time that two files have; a level that
    /// is not there; no two times a step apart; bounds without a point in them.
    pub fn open(
        files: &[PathBuf],
        wanted: &[Wanted],
        step: Option<i64>,
        bounds: Option<&Bounds>,
    ) -> Result<Self> {
        if wanted.is_empty() {
            return Err(Error::invalid("variables", "at least one", 0));
        }
        let mut survey = Survey {
            channels: vec![Vec::new(); wanted.len()],
            places: vec![Vec::new(); wanted.len()],
            ..Survey::default()
        };
        for (number, path) in files.iter().enumerate() {
            survey.file(number, path, wanted)?;
        }
        for (wanted, places) in wanted.iter().zip(&mut survey.places) {
            if places.is_empty() {
                return Err(Error::invalid(
                    "variables",
                    format!("`{}` in at least one of the files", wanted.name),
                    "none",
                ));
            }
            places.sort_unstable();
            if let Some(pair) = places.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                let calendar = survey
                    .calendar
                    .as_ref()
                    .map_or_else(Calendar::default, |c| c.value);
                return Err(Error::Coordinate {
                    path: files[pair[1].1 as usize].clone(),
                    variable: wanted.name.clone(),
                    expected: "every time once in all files".into(),
                    found: format!(
                        "{}, which {} has too",
                        DateTime::from_microseconds(pair[0].0, calendar),
                        files[pair[0].1 as usize].display()
                    ),
                });
            }
        }
        survey.series(files, wanted, step, bounds)
    }
}

impl Survey {
    fn file(&mut self, number: usize, path: &Path, wanted: &[Wanted]) -> Result<()> {
        let reader = Reader::open(path)?;
        let mut any = false;
        for (k, wanted) in wanted.iter().enumerate() {
            let mut query = Query::named(&wanted.name);
            if !reader.has(&query) {
                continue;
            }
            any = true;
            let first = self.channels[k]
                .first()
                .map(|channel| channel.units.as_str());
            let units = wanted.units.as_deref().or(first);
            if let Some(units) = units.or(Query::si_units(&wanted.name)) {
                query = query.units(units);
            }
            self.variable(number, &reader, k, (wanted, &query))?;
        }
        if any {
            return Ok(());
        }
        let names: Vec<&str> = wanted.iter().map(|w| w.name.as_str()).collect();
        let present: Vec<String> = reader.variables().into_iter().map(|v| v.name).collect();
        Err(Error::VariableMissing {
            path: path.to_path_buf(),
            wanted: format!("of {}", names.join(", ")),
            present: present.join(", "),
            nearest: None,
        })
    }

    fn variable(
        &mut self,
        number: usize,
        reader: &Reader,
        k: usize,
        (wanted, query): (&Wanted, &Query),
    ) -> Result<()> {
        let path = reader.path();
        let refuse = |expected: String, found: String| Error::Coordinate {
            path: path.to_path_buf(),
            variable: wanted.name.clone(),
            expected,
            found,
        };
        let coordinates = reader.coordinates(query)?;
        let along = |axis| coordinates.iter().find(|c| c.axis == axis);
        let (Some(lat), Some(lon)) = (along(Axis::Latitude), along(Axis::Longitude)) else {
            let names: Vec<&str> = coordinates.iter().map(|c| c.name.as_str()).collect();
            return Err(refuse(
                "dimensions latitude and longitude".into(),
                names.join(", "),
            ));
        };
        if let Some(lead) = along(Axis::Lead).filter(|c| c.values.len() > 1) {
            let found = format!("a forecast of {} leads", lead.values.len());
            return Err(refuse("analyses, one state for each time".into(), found));
        }
        if let Some(other) = along(Axis::Other).filter(|c| c.values.len() > 1) {
            let expected = "no dimension but time, member, level, latitude and longitude";
            return Err(refuse(expected.into(), format!("'{}'", other.name)));
        }
        let grid = LatLon::new(lat.values.clone(), lon.values.clone())?;
        agree(&mut self.grid, path, grid, near, |ours, theirs| {
            let points = |g: &LatLon| format!("{} x {} points", g.nlat(), g.nlon());
            let (expected, mut found) = (points(theirs), points(ours));
            if expected == found {
                found.push_str(" at other places");
            }
            (expected, found)
        })
        .map_err(|(expected, found)| refuse(expected, found))?;
        let members = along(Axis::Realization).map_or(1, |c| c.values.len());
        let equal = |a: &usize, b: &usize| a == b;
        let words = |ours: &usize, theirs: &usize| (format!("{theirs} members"), ours.to_string());
        agree(&mut self.members, path, members, equal, words)
            .map_err(|(expected, found)| refuse(expected, found))?;
        let (times, calendar) = reader.times(query)?;
        let words = |ours: &Calendar, theirs: &Calendar| {
            (
                format!("calendar {}", theirs.name()),
                ours.name().to_string(),
            )
        };
        agree(&mut self.calendar, path, calendar, same_days, words)
            .map_err(|(expected, found)| refuse(expected, found))?;
        let moments: Vec<i64> = times.iter().map(|t| t.microseconds(calendar)).collect();
        if let Some(i) = moments.windows(2).position(|pair| pair[1] <= pair[0]) {
            let found = format!("{} after {}", times[i + 1], times[i]);
            return Err(refuse("times in order, none twice".into(), found));
        }
        let places = moments.iter().enumerate();
        self.places[k].extend(places.map(|(i, &time)| (time, number as u32, i as u32)));
        let channels = channels(reader, wanted, query, along(Axis::Level))?;
        if self.channels[k].is_empty() {
            self.channels[k] = channels;
        }
        Ok(())
    }

    /// Every time that all variables have.
    fn series(
        self,
        files: &[PathBuf],
        wanted: &[Wanted],
        step: Option<i64>,
        bounds: Option<&Bounds>,
    ) -> Result<Series> {
        let (Some(grid), Some(calendar)) = (self.grid, self.calendar) else {
            return Err(Error::invalid("files", "at least one", 0));
        };
        let mut all: Vec<i64> = self.places.iter().flatten().map(|place| place.0).collect();
        all.sort_unstable();
        let counts: Vec<(i64, usize)> = all
            .chunk_by(|a, b| a == b)
            .map(|same| (same[0], same.len()))
            .collect();
        let common: Vec<i64> = counts
            .iter()
            .filter(|(_, n)| *n == wanted.len())
            .map(|(time, _)| *time)
            .collect();
        let partial = counts.len() - common.len();
        if common.is_empty() {
            return Err(Error::invalid(
                "files",
                "a time that all variables have",
                format!("{partial} times, none with all of them"),
            ));
        }
        let timeline = match common.as_slice() {
            // a single analysis to forecast from
            [_] => Timeline::new(&common, calendar.value, Some(step.unwrap_or(3_600_000_000)))?,
            _ => Timeline::new(&common, calendar.value, step)?,
        };
        let variables = self.places.iter().zip(wanted).zip(&self.channels);
        let variables = variables
            .map(|((places, wanted), channels)| Placed {
                query: Query::named(&wanted.name).units(&channels[0].units),
                levels_hpa: channels.iter().map(|c| c.level_hpa).collect(),
                places: timeline
                    .times()
                    .filter_map(|time| places.binary_search_by_key(&time, |place| place.0).ok())
                    .map(|at| (places[at].1, places[at].2))
                    .collect(),
            })
            .collect();
        let (cut, part) = cut(&grid.value, bounds)?;
        Ok(Series {
            files: files.to_vec(),
            variables,
            channels: self.channels.into_iter().flatten().collect(),
            grid: part,
            cut,
            members: self.members.map_or(1, |m| m.value),
            timeline,
            partial,
            open: Mutex::new(VecDeque::<(usize, Arc<Reader>)>::new()),
        })
    }
}

/// Keeps what the first file says; says what was expected and found where another differs.
fn agree<T>(
    agreed: &mut Option<Agreed<T>>,
    path: &Path,
    value: T,
    same: fn(&T, &T) -> bool,
    words: impl Fn(&T, &T) -> (String, String),
) -> std::result::Result<(), (String, String)> {
    match agreed {
        None => {
            let path = path.to_path_buf();
            *agreed = Some(Agreed { value, path });
            Ok(())
        }
        Some(first) if same(&value, &first.value) => Ok(()),
        Some(first) => {
            let (expected, found) = words(&value, &first.value);
            Err((format!("{expected} as in {}", first.path.display()), found))
        }
    }
}

/// Files round coordinates to as few as four digits.
fn near(a: &LatLon, b: &LatLon) -> bool {
    let close = |a: &[f64], b: &[f64]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3)
    };
    close(&a.latitudes_deg, &b.latitudes_deg) && close(&a.longitudes_deg, &b.longitudes_deg)
}

/// The Gregorian calendars differ before 1582 only.
fn same_days(a: &Calendar, b: &Calendar) -> bool {
    let gregorian = |c| matches!(c, Calendar::Standard | Calendar::ProlepticGregorian);
    a == b || (gregorian(*a) && gregorian(*b))
}

/// The channels of a variable, one for each level asked for.
fn channels(
    reader: &Reader,
    wanted: &Wanted,
    query: &Query,
    level: Option<&Coordinate>,
) -> Result<Vec<Channel>> {
    let about = reader.describe(query)?;
    let channel = |level_hpa| Channel {
        variable: about.name.clone(),
        standard_name: about.standard_name.clone(),
        long_name: about.long_name.clone(),
        level_hpa,
        units: about.units.clone(),
    };
    let refuse = |expected: String, found: String| Error::Coordinate {
        path: reader.path().to_path_buf(),
        variable: wanted.name.clone(),
        expected,
        found,
    };
    let listed = |level: &Coordinate| -> String {
        let scale = if level.units == "Pa" { 0.01 } else { 1.0 };
        let values: Vec<String> = level
            .values
            .iter()
            .map(|v| ((v * scale * 1e4).round() / 1e4).to_string())
            .collect();
        values.join(", ")
    };
    match (level, wanted.levels_hpa.as_slice()) {
        (None, []) => Ok(vec![channel(None)]),
        (Some(level), []) if level.values.len() == 1 => {
            let hpa = (level.units == "Pa").then(|| level.values[0] / 100.0);
            Ok(vec![channel(hpa)])
        }
        (Some(level), []) => Err(refuse(
            "`levels` that are chosen".into(),
            format!("{} levels: {}", level.values.len(), listed(level)),
        )),
        // a scalar level, or none that the file speaks of, is checked when it is read
        (None, [one]) => Ok(vec![channel(Some(*one))]),
        (None, many) => Err(refuse(
            format!("a level dimension with {} levels", many.len()),
            "none".into(),
        )),
        (Some(level), many) => {
            let has = |hpa: &f64| {
                level.units == "Pa"
                    && level
                        .values
                        .iter()
                        .any(|v| (v - hpa * 100.0).abs() < 1e-2 * hpa)
            };
            match many.iter().find(|hpa| !has(hpa)) {
                Some(hpa) => Err(refuse(format!("a level of {hpa} hPa"), listed(level))),
                None => Ok(many.iter().map(|hpa| channel(Some(*hpa))).collect()),
            }
        }
    }
}

/// The rows and columns within bounds, and the grid they make.
fn cut(grid: &LatLon, bounds: Option<&Bounds>) -> Result<(Cut, LatLon)> {
    let whole = [grid.nlat(), grid.nlon()];
    let Some(bounds) = bounds else {
        let cut = Cut {
            rows: 0..grid.nlat(),
            columns: (0..grid.nlon()).collect(),
            whole,
        };
        return Ok((cut, grid.clone()));
    };
    let slack = 1e-6;
    let [south, north] = bounds.latitudes;
    let rows: Vec<usize> = (0..grid.nlat())
        .filter(|&j| {
            let latitude = grid.latitudes_deg[j];
            latitude >= south - slack && latitude <= north + slack
        })
        .collect();
    let [west, east] = bounds.longitudes;
    let width = match east - west {
        w if w >= 360.0 => 360.0,
        w => w.rem_euclid(360.0),
    };
    let from_west = |i: &usize| (grid.longitudes_deg[*i] - west + slack).rem_euclid(360.0);
    let mut columns: Vec<usize> = (0..grid.nlon())
        .filter(|i| from_west(i) <= width + 2.0 * slack)
        .collect();
    columns.sort_by(|a, b| from_west(a).total_cmp(&from_west(b)));
    if rows.is_empty() || columns.is_empty() {
        return Err(Error::invalid(
            "region",
            "bounds with points of the grid in them",
            format!("{} latitudes and {} longitudes", rows.len(), columns.len()),
        ));
    }
    let latitudes = rows.iter().map(|&j| grid.latitudes_deg[j]).collect();
    let first = grid.longitudes_deg[columns[0]];
    let longitudes = columns
        .iter()
        .map(|&i| first + (grid.longitudes_deg[i] - first).rem_euclid(360.0))
        .collect();
    let part = LatLon::new(latitudes, longitudes)?;
    let cut = Cut {
        rows: rows[0]..rows[rows.len() - 1] + 1,
        columns,
        whole,
    };
    Ok((cut, part))
}
