//! Writing forecasts lead by lead.
//!
//! CF-1.11 in the WeatherBench layout `(prediction_timedelta, time,
//! [realization,] [level,] latitude, longitude)`: `time` is the initial time,
//! `prediction_timedelta` the forecast_period in hours, unlimited, so that the
//! file always holds exactly the leads written. The file is closed between
//! leads: it can be opened by others while the forecast runs, and a killed run
//! leaves it whole unless it dies within the milliseconds of a write.

use ::netcdf::FileMut;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::attributes::{text, variable_text};
use super::read::library_error;
use super::write::{define, lead_dimension};
use crate::calendar::{Calendar, DateTime};
use crate::coordinates::LatLon;
use crate::{Error, Result, disk};

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

    fn lead_bytes(&self) -> u64 {
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

/// Writes a forecast lead by lead.
#[derive(Debug)]
pub struct ForecastWriter {
    path: PathBuf,
    header: Header,
    leads: Vec<f64>,
    /// Open only while a lead is being written.
    file: Option<FileMut>,
    buffer: Vec<f32>,
}

impl ForecastWriter {
    /// Creates the file; it appears under its name when its header is complete.
    ///
    /// # Errors
    /// [`Error::Io`] if it exists or its folder cannot be written,
    /// [`Error::Invalid`] if the header makes no sense, [`Error::Write`].
    pub fn create(path: impl AsRef<Path>, header: &Header) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        header.check()?;
        let io = |source| Error::Io {
            path: path.clone(),
            source,
        };
        if path.exists() {
            let kind = std::io::ErrorKind::AlreadyExists;
            return Err(io(std::io::Error::new(kind, "exists already")));
        }
        let temporary = path.with_extension("nc.partial");
        // the library only says "permission denied" or "no such file": ask first
        std::fs::File::create(&temporary).map_err(io)?;
        disk::require(temporary.parent().unwrap_or(Path::new(".")), 0, &path)?;
        let defined = define(&temporary, header).map_err(|e| Error::Write {
            path: path.clone(),
            reason: e.to_string(),
        });
        if let Err(error) = defined {
            let _ = std::fs::remove_file(&temporary);
            return Err(error);
        }
        std::fs::rename(&temporary, &path).map_err(io)?;
        Ok(Self {
            path,
            header: header.clone(),
            leads: Vec::new(),
            file: None,
            buffer: Vec::new(),
        })
    }

    /// Goes on with a file begun with the same header after its last complete
    /// lead; creates it if there is none.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Fingerprint`] if the file has another
    /// header, [`Error::Unreadable`] if it is damaged, and as
    /// [`create`](Self::create).
    pub fn resume(path: impl AsRef<Path>, header: &Header) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        if !path.exists() {
            return Self::create(path, header);
        }
        header.check()?;
        let reader = super::Reader::open(&path)?;
        let file = reader.file();
        compare(&path, file, header)?;
        let name = lead_dimension(header.layout);
        let values: Vec<f64> = match file.variable(name) {
            Some(v) if v.len() > 0 => v.get_values(..).map_err(|e| library_error(&path, &e))?,
            _ => Vec::new(),
        };
        let per_hour = if header.layout == Layout::Trajectory {
            3600.0
        } else {
            1.0
        };
        // a lead counts when its coordinate, written last, is there
        let leads = values
            .into_iter()
            .take_while(|x| x.is_finite() && x.abs() < 1e30)
            .map(|x| x / per_hour)
            .collect();
        Ok(Self {
            path,
            header: header.clone(),
            leads,
            file: None,
            buffer: Vec::new(),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leads (hours) already written.
    pub fn leads_written(&self) -> &[f64] {
        &self.leads
    }

    /// Appends one lead: per variable, in the header's order, the values
    /// `[time][member][level][latitude][longitude]` without the dimensions it
    /// does not have. The lead is on disk when this returns.
    ///
    /// # Errors
    /// [`Error::Shape`] if a length does not fit, [`Error::Invalid`] if the lead
    /// is not later than the last, [`Error::Write`] or [`Error::Io`] (disk full).
    pub fn append(&mut self, lead_hours: f64, fields: &[&[f64]]) -> Result<()> {
        self.check_lead(lead_hours)?;
        if fields.len() != self.header.variables.len() {
            return Err(Error::Shape {
                what: "fields of a lead".into(),
                expected: format!("{} variables", self.header.variables.len()),
                found: format!("{}", fields.len()),
            });
        }
        let size = self.header.grid.nlat() * self.header.grid.nlon();
        for (variable, values) in self.header.variables.iter().zip(fields) {
            let expected = self.header.fields_of(variable) * size;
            if values.len() != expected {
                return Err(Error::Shape {
                    what: format!("values of '{}'", variable.name),
                    expected: expected.to_string(),
                    found: values.len().to_string(),
                });
            }
        }
        for (index, values) in fields.iter().enumerate() {
            self.put(index, None, values)?;
        }
        self.finish_lead(lead_hours)
    }

    /// Writes one field of the lead being written, so that an ensemble need not
    /// be in memory at once. Indices of absent dimensions are 0.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn write_field(
        &mut self,
        variable: usize,
        time: usize,
        member: usize,
        level: usize,
        values: &[f64],
    ) -> Result<()> {
        let Some(meant) = self.header.variables.get(variable) else {
            let count = self.header.variables.len();
            return Err(Error::invalid(
                "variable",
                format!("0 to {}", count - 1),
                variable,
            ));
        };
        let levels = if meant.has_level {
            self.header.levels_hpa.len()
        } else {
            1
        };
        let limits = [
            ("time", time, self.header.initial_times.len()),
            ("member", member, self.header.members.unwrap_or(1)),
            ("level", level, levels),
        ];
        for (what, index, limit) in limits {
            if index >= limit {
                return Err(Error::invalid(what, format!("0 to {}", limit - 1), index));
            }
        }
        let size = self.header.grid.nlat() * self.header.grid.nlon();
        if values.len() != size {
            return Err(Error::Shape {
                what: format!("a field of '{}'", meant.name),
                expected: size.to_string(),
                found: values.len().to_string(),
            });
        }
        self.put(variable, Some([time, member, level]), values)
    }

    /// Completes the lead whose fields [`write_field`](Self::write_field) wrote.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn finish_lead(&mut self, lead_hours: f64) -> Result<()> {
        self.check_lead(lead_hours)?;
        let name = lead_dimension(self.header.layout);
        let per_hour = if self.header.layout == Layout::Trajectory {
            3600.0
        } else {
            1.0
        };
        let index = self.leads.len();
        let Some(mut file) = self.file.take() else {
            return Err(Error::invalid(
                "lead",
                "fields written before it is finished",
                "none",
            ));
        };
        let path = &self.path;
        let failed = |e: ::netcdf::Error| Error::Write {
            path: path.clone(),
            reason: e.to_string(),
        };
        // data first: the coordinate says that the lead is complete
        file.sync().map_err(failed)?;
        if let Some(mut variable) = file.variable_mut(name) {
            variable
                .put_value(lead_hours * per_hour, [index])
                .map_err(failed)?;
        }
        file.close().map_err(failed)?;
        self.leads.push(lead_hours);
        Ok(())
    }

    fn check_lead(&self, lead_hours: f64) -> Result<()> {
        let last = self.leads.last().copied().unwrap_or(f64::NEG_INFINITY);
        if !(lead_hours > last && lead_hours.is_finite()) {
            return Err(Error::invalid(
                "lead",
                format!("more than {last} h"),
                format!("{lead_hours} h"),
            ));
        }
        Ok(())
    }

    /// Writes fields at the current lead: all of a variable, or the one at
    /// `[time, member, level]`.
    fn put(&mut self, variable: usize, at: Option<[usize; 3]>, values: &[f64]) -> Result<()> {
        let header = &self.header;
        let meant = &header.variables[variable];
        if self.file.is_none() {
            let folder = self.path.parent().unwrap_or(Path::new("."));
            disk::require(folder, header.lead_bytes(), &self.path)?;
            self.file =
                Some(::netcdf::append(&self.path).map_err(|e| library_error(&self.path, &e))?);
        }
        self.buffer.clear();
        self.buffer.extend(values.iter().map(|&x| x as f32));
        let (nlat, nlon) = (header.grid.nlat(), header.grid.nlon());
        let mut start = vec![self.leads.len()];
        let mut count = vec![1];
        let mut dimension = |index: Option<usize>, length: usize| {
            start.push(index.unwrap_or(0));
            count.push(if index.is_some() { 1 } else { length });
        };
        if header.layout == Layout::Forecast {
            dimension(at.map(|a| a[0]), header.initial_times.len());
        }
        if let Some(members) = header.members {
            dimension(at.map(|a| a[1]), members);
        }
        if meant.has_level {
            dimension(at.map(|a| a[2]), header.levels_hpa.len());
        }
        dimension(None, nlat);
        dimension(None, nlon);
        let file = self.file.as_mut();
        let target = file.and_then(|f| f.variable_mut(&meant.name));
        let written = match target {
            Some(mut target) => target.put_values(&self.buffer, (start, count)),
            None => Err(::netcdf::Error::NotFound(meant.name.clone())),
        };
        written.map_err(|e| Error::Write {
            path: self.path.clone(),
            reason: e.to_string(),
        })
    }
}

/// Refuses a file whose header is another.
fn compare(path: &Path, file: &::netcdf::File, header: &Header) -> Result<()> {
    if let Some(expected) = header.attributes.get("fingerprint") {
        let found = file
            .attribute("fingerprint")
            .and_then(|a| a.value().ok())
            .map(|v| text(&v));
        if found.as_ref() != Some(expected) {
            return Err(Error::Fingerprint {
                path: path.to_path_buf(),
                expected: expected.clone(),
                found: found.unwrap_or_else(|| "none".into()),
            });
        }
    }
    let differs = |what: &str, expected: String, found: String| Error::Shape {
        what: format!("{}: {what}", path.display()),
        expected,
        found,
    };
    let coordinate = |name: &str| -> Result<Vec<f64>> {
        match file.variable(name) {
            Some(v) if v.len() > 0 => v.get_values(..).map_err(|e| library_error(path, &e)),
            _ => Ok(Vec::new()),
        }
    };
    let levels: &[f64] = if header.variables.iter().any(|v| v.has_level) {
        &header.levels_hpa
    } else {
        &[]
    };
    for (name, expected) in [
        ("latitude", &header.grid.latitudes_deg[..]),
        ("longitude", &header.grid.longitudes_deg[..]),
        ("level", levels),
    ] {
        let found = coordinate(name)?;
        if found != expected {
            return Err(differs(
                name,
                format!("{} values {expected:?}", expected.len()),
                format!("{} values {found:?}", found.len()),
            ));
        }
    }
    let members = file.dimension_len("realization");
    if members != header.members {
        return Err(differs(
            "members",
            format!("{:?}", header.members),
            format!("{members:?}"),
        ));
    }
    let units = super::write::time_units(header);
    let found = file
        .variable("time")
        .and_then(|v| variable_text(&v, "units"));
    if found.as_ref() != Some(&units) {
        return Err(differs("unit of time", units, found.unwrap_or_default()));
    }
    if header.layout == Layout::Forecast {
        let expected = super::write::initial_values(header)?;
        let found = coordinate("time")?;
        if found != expected {
            return Err(differs(
                "initial times",
                format!("{expected:?}"),
                format!("{found:?}"),
            ));
        }
    }
    for variable in &header.variables {
        let found = file
            .variable(&variable.name)
            .and_then(|v| variable_text(&v, "units"));
        if found.as_ref() != Some(&variable.units) {
            return Err(differs(
                &format!("variable '{}'", variable.name),
                format!("unit '{}'", variable.units),
                found.map_or("no such variable".into(), |u| format!("unit '{u}'")),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coordinates::{GridShape, gauss_latitudes};
    use crate::netcdf::ForecastReader;

    fn header(layout: Layout) -> Header {
        let variable = |name: &str, standard: &str, units: &str, has_level| OutputVariable {
            name: name.into(),
            standard_name: Some(standard.into()),
            long_name: name.into(),
            units: units.into(),
            has_level,
        };
        Header {
            title: "test".into(),
            institution: "none".into(),
            source: "test".into(),
            history: "made by a test".into(),
            references: "none".into(),
            attributes: [("fingerprint".to_string(), "f".to_string())].into(),
            layout,
            calendar: Calendar::Standard,
            initial_times: match layout {
                Layout::Forecast => {
                    vec![DateTime::new(1959, 1, 2, 0), DateTime::new(1959, 1, 2, 12)]
                }
                Layout::Trajectory => vec![DateTime::new(1959, 1, 2, 0)],
            },
            members: (layout == Layout::Forecast).then_some(3),
            levels_hpa: vec![850.0, 500.0],
            grid: LatLon::new(
                gauss_latitudes(8),
                (0..16).map(|i| 22.5 * f64::from(i)).collect(),
            )
            .unwrap(),
            variables: vec![
                variable("geopotential", "geopotential", "m2 s-2", true),
                variable("msl", "air_pressure_at_mean_sea_level", "Pa", false),
            ],
        }
    }

    fn values(header: &Header, variable: usize, lead: f64) -> Vec<f64> {
        let n = header.fields_of(&header.variables[variable]) * 128;
        (0..n)
            .map(|i| f64::from((i as f64 + 1000.0 * lead + 7.0 * variable as f64) as f32))
            .collect()
    }

    fn append(writer: &mut ForecastWriter, header: &Header, lead: f64) {
        let (a, b) = (values(header, 0, lead), values(header, 1, lead));
        writer.append(lead, &[&a, &b]).unwrap();
    }

    #[test]
    fn what_was_written_before_and_after_a_break_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        for layout in [Layout::Forecast, Layout::Trajectory] {
            let path = folder.path().join(format!("{layout:?}.nc"));
            let header = header(layout);
            let mut writer = ForecastWriter::create(&path, &header).unwrap();
            append(&mut writer, &header, 0.0);
            append(&mut writer, &header, 6.0);
            // half a lead, as a killed run leaves it
            writer.write_field(0, 0, 0, 1, &[9.0; 128]).unwrap();
            drop(writer);
            let mut writer = ForecastWriter::resume(&path, &header).unwrap();
            assert_eq!(writer.leads_written(), [0.0, 6.0]);
            for (v, variable) in header.variables.iter().enumerate() {
                let all = values(&header, v, 12.0);
                let levels = if variable.has_level { 2 } else { 1 };
                for (k, field) in all.chunks(128).enumerate() {
                    let (level, rest) = (k % levels, k / levels);
                    let members = header.members.unwrap_or(1);
                    writer
                        .write_field(v, rest / members, rest % members, level, field)
                        .unwrap();
                }
            }
            writer.finish_lead(12.0).unwrap();

            let reader = ForecastReader::open(&path).unwrap();
            assert_eq!(reader.leads_hours(), [0.0, 6.0, 12.0]);
            assert_eq!(reader.initial_times(), header.initial_times);
            assert_eq!(
                (reader.members(), reader.grid()),
                (header.members.unwrap_or(1), &header.grid)
            );
            assert_eq!(reader.grid().shape(), GridShape::Gaussian);
            assert_eq!(reader.variables(), ["geopotential", "msl"]);
            assert_eq!(reader.levels_hpa("geopotential").unwrap(), [850.0, 500.0]);
            for (l, lead) in [0.0, 6.0, 12.0].into_iter().enumerate() {
                let all = values(&header, 0, lead);
                let (times, members) = (header.initial_times.len(), header.members.unwrap_or(1));
                for t in 0..times {
                    for m in 0..members {
                        let field = reader
                            .read_field("geopotential", l, t, m, Some(500.0))
                            .unwrap();
                        let at = ((t * members + m) * 2 + 1) * 128;
                        assert_eq!(field.as_slice().unwrap(), &all[at..at + 128]);
                    }
                }
                let field = reader.read_field("msl", l, 0, 0, None).unwrap();
                assert_eq!(field.as_slice().unwrap(), &values(&header, 1, lead)[..128]);
            }
        }
    }

    #[test]
    fn another_header_an_earlier_lead_or_wrong_sizes_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.nc");
        let first = header(Layout::Forecast);
        let mut writer = ForecastWriter::create(&path, &first).unwrap();
        append(&mut writer, &first, 6.0);
        let (a, b) = (values(&first, 0, 6.0), values(&first, 1, 6.0));
        assert!(writer.append(6.0, &[&a, &b]).is_err());
        assert!(writer.append(12.0, &[&a]).is_err());
        assert!(writer.append(12.0, &[&a, &b[1..]]).is_err());
        assert!(writer.write_field(0, 0, 3, 0, &[0.0; 128]).is_err());
        assert!(writer.finish_lead(12.0).is_err());
        assert!(
            ForecastWriter::create(&path, &first)
                .unwrap_err()
                .to_string()
                .contains("exists already")
        );
        let refused = |change: &dyn Fn(&mut Header)| {
            let mut other = first.clone();
            change(&mut other);
            ForecastWriter::resume(&path, &other)
                .unwrap_err()
                .to_string()
        };
        assert!(refused(&|h| h.members = Some(4)).contains("members"));
        assert!(refused(&|h| h.levels_hpa = vec![850.0]).contains("level"));
        assert!(refused(&|h| h.initial_times.truncate(1)).contains("time"));
        assert!(refused(&|h| h.variables[1].units = "hPa".into()).contains("msl"));
        assert!(
            refused(&|h| {
                h.attributes.insert("fingerprint".into(), "g".into());
            })
            .contains("another configuration")
        );
        assert!(refused(&|h| h.grid.longitudes_deg[0] = 1.0).contains("longitude"));
        assert!(refused(&|h| h.variables[0].name = "time".into()).contains("coordinate"));
        let nowhere = folder.path().join("no/such/folder/f.nc");
        assert!(
            ForecastWriter::create(&nowhere, &first)
                .unwrap_err()
                .to_string()
                .contains("no/such/folder")
        );
    }
}
