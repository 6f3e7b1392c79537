//! Forecast files: NetCDF-4, CF-1.11, the WeatherBench layout, with the names that the analyses have.

use crate::error::{Error, Result};
use curlwind_datasets::calendar::{Calendar, DateTime};
use curlwind_datasets::coordinates::LatLon;
use curlwind_datasets::netcdf::{ForecastWriter, Header, Layout, OutputVariable};
use curlwind_datasets::series::Channel;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the files of a forecast have in common.
pub struct About<'a> {
    /// Title of the scenario.
    pub title: &'a str,
    /// Fields of a state.
    pub channels: &'a [Channel],
    /// Where the values are.
    pub grid: &'a LatLon,
    /// Calendar of the times.
    pub calendar: Calendar,
}

/// Writes states lead by lead.
pub struct StateFile {
    writer: ForecastWriter,
    /// Of each channel its variable and level in the file.
    places: Vec<(usize, usize)>,
    points: usize,
    /// The name that the file gets when it is complete.
    complete: Option<PathBuf>,
}

/// Where a state belongs in its lead.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Number of the initial time.
    pub start: usize,
    /// Number of the member.
    pub member: usize,
}

impl StateFile {
    /// The forecast of an ensemble (or of a single member) under its own name, to be looked at while it
    /// grows; what was there before goes.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn growing(
        path: &Path,
        about: &About,
        model: &str,
        starts: &[i64],
        members: usize,
    ) -> Result<Self> {
        let members = (members > 1).then_some(members);
        Self::create(path, about, model, Layout::Forecast, starts, members)
    }

    /// A single forecast of `model`, which has its name when it is complete.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn forecast(path: &Path, about: &About, model: &str, starts: &[i64]) -> Result<Self> {
        let partial = path.with_extension("writing.nc");
        let file = Self::create(&partial, about, model, Layout::Forecast, starts, None)?;
        Ok(file.named(path))
    }

    /// Analyses over valid time, in a file that has its name when it is complete.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn trajectory(path: &Path, about: &About, model: &str, start: i64) -> Result<Self> {
        let partial = path.with_extension("writing.nc");
        let file = Self::create(&partial, about, model, Layout::Trajectory, &[start], None)?;
        Ok(file.named(path))
    }

    fn named(self, path: &Path) -> Self {
        Self {
            complete: Some(path.to_path_buf()),
            ..self
        }
    }

    fn create(
        path: &Path,
        about: &About,
        model: &str,
        layout: Layout,
        starts: &[i64],
        members: Option<usize>,
    ) -> Result<Self> {
        let mut levels: Vec<f64> = about.channels.iter().filter_map(|c| c.level_hpa).collect();
        levels.sort_by(f64::total_cmp);
        levels.dedup();
        let mut variables: Vec<OutputVariable> = Vec::new();
        let mut places = Vec::new();
        for channel in about.channels {
            let known = variables.iter().position(|v| v.name == channel.variable);
            let variable = known.unwrap_or(variables.len());
            if known.is_none() {
                variables.push(OutputVariable {
                    name: channel.variable.clone(),
                    standard_name: channel.standard_name.clone(),
                    long_name: match channel.long_name.as_str() {
                        "" => channel.variable.clone(),
                        name => name.to_string(),
                    },
                    units: channel.units.clone(),
                    has_level: channel.level_hpa.is_some(),
                });
            }
            let level = channel
                .level_hpa
                .and_then(|hpa| levels.iter().position(|l| *l == hpa));
            places.push((variable, level.unwrap_or(0)));
        }
        let date = |time: &i64| DateTime::from_microseconds(*time, about.calendar);
        let version = env!("CARGO_PKG_VERSION");
        let header = Header {
            title: about.title.into(),
            institution: "produced by the Curlwind program".into(),
            source: format!("curlwind {version}, {model}"),
            // no date: a run that was interrupted ends with the same bytes
            history: format!("created by curlwind {version}"),
            references: "https://cfconventions.org".into(),
            attributes: BTreeMap::new(),
            layout,
            calendar: about.calendar,
            initial_times: starts.iter().map(date).collect(),
            members,
            levels_hpa: levels,
            grid: about.grid.clone(),
            variables,
        };
        let _ = std::fs::remove_file(path);
        Ok(Self {
            writer: ForecastWriter::create(path, &header).map_err(Error::failed)?,
            places,
            points: about.grid.nlat() * about.grid.nlon(),
            complete: None,
        })
    }

    /// Writes a state of the lead that is under way; channels that are all missing are left out.
    ///
    /// # Errors
    /// A full disk.
    pub fn put(&mut self, place: Place, state: &[f32]) -> Result<()> {
        for (field, (variable, level)) in state.chunks_exact(self.points).zip(&self.places) {
            if field.iter().all(|v| v.is_nan()) {
                continue;
            }
            let values: Vec<f64> = field.iter().map(|v| f64::from(*v)).collect();
            self.writer
                .write_field(*variable, place.start, place.member, *level, &values)
                .map_err(Error::failed)?;
        }
        Ok(())
    }

    /// Completes a lead.
    ///
    /// # Errors
    /// A full disk.
    pub fn finish_lead(&mut self, hours: f64) -> Result<()> {
        self.writer.finish_lead(hours).map_err(Error::failed)
    }

    /// Completes the file.
    ///
    /// # Errors
    /// The file cannot be renamed.
    pub fn finish(self) -> Result<()> {
        let Some(name) = self.complete else {
            return Ok(());
        };
        std::fs::rename(self.writer.path(), &name)
            .map_err(|e| Error::failed(format!("{}: {e}", name.display())))
    }
}
