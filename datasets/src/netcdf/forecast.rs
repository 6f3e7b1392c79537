//! Writing forecasts lead by lead.
//!
//! CF-1.11 in the WeatherBench layout `(prediction_timedelta, time,
//! [realization,] [level,] latitude, longitude)`: `time` is the initial time,
//! `prediction_timedelta` the forecast_period in hours, unlimited, so that the
//! file always holds exactly the leads written. The file is closed between
//! leads: it can be opened by others while the forecast runs, and a killed run
//! leaves it whole unless it dies within the milliseconds of a write.

use ::netcdf::FileMut;
use std::path::{Path, PathBuf};

use super::attributes::{text, variable_text};
use super::header::{Header, Layout};
use super::read::library_error;
use super::write::{define, lead_dimension};
use crate::{Error, Result, disk};

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
mod tests;
