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
    partial: PathBuf,
    path: PathBuf,
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
    /// A forecast of `model` from initial times; with members where there are several.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn forecast(
        path: &Path,
        about: &About,
        model: &str,
        starts: &[i64],
        members: usize,
    ) -> Result<Self> {
        let members = (members > 1).then_some(members);
        Self::create(path, about, model, Layout::Forecast, starts, members)
    }

    /// Analyses over valid time.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn trajectory(path: &Path, about: &About, model: &str, start: i64) -> Result<Self> {
        Self::create(path, about, model, Layout::Trajectory, &[start], None)
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
        let partial = path.with_extension("writing.nc");
        let _ = std::fs::remove_file(&partial);
        Ok(Self {
            writer: ForecastWriter::create(&partial, &header).map_err(Error::failed)?,
            places,
            points: about.grid.nlat() * about.grid.nlon(),
            partial,
            path: path.to_path_buf(),
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

    /// Completes the file; only then it has its name.
    ///
    /// # Errors
    /// The file cannot be renamed.
    pub fn finish(self) -> Result<()> {
        drop(self.writer);
        std::fs::rename(&self.partial, &self.path)
            .map_err(|e| Error::failed(format!("{}: {e}", self.path.display())))
    }
}
