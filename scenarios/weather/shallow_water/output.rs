//! Forecast files: NetCDF-4, CF-1.11, the WeatherBench layout.

use super::gridded::Weather;
use super::initial::{Prepared, lat_lon};
use crate::error::{Error, Result};
use curlwind_datasets::netcdf::{ForecastWriter, Header, Layout, OutputVariable};
use curlwind_solvers::sphere::SphereGrid;
use std::collections::BTreeMap;
use std::path::Path;

/// A variable without levels, by its name in the file, CF standard name, words and unit.
pub fn variable(name: &str, standard: &str, long: &str, units: &str) -> OutputVariable {
    OutputVariable {
        name: name.into(),
        standard_name: Some(standard.into()),
        long_name: long.into(),
        units: units.into(),
        has_level: false,
    }
}

/// What files say of the fields of [`Weather`], in its order.
pub fn variables() -> [OutputVariable; 3] {
    [
        variable(
            "z",
            "geopotential",
            "geopotential of the free surface",
            "m2 s-2",
        ),
        variable("u", "eastward_wind", "eastward wind", "m s-1"),
        variable("v", "northward_wind", "northward wind", "m s-1"),
    ]
}

/// Writes z, u and v lead by lead.
pub struct Output {
    writer: ForecastWriter,
}

impl Output {
    /// Creates the file. `model` made the fields, `title` says what they are.
    ///
    /// # Errors
    /// A file that exists or cannot be written.
    pub fn create(
        path: &Path,
        prepared: &Prepared,
        grid: &SphereGrid,
        title: &str,
        model: &str,
    ) -> Result<Self> {
        let version = env!("CARGO_PKG_VERSION");
        let header = Header {
            title: title.into(),
            institution: "produced by the Curlwind program".into(),
            source: format!("curlwind {version}, {model}"),
            history: format!("{} created by curlwind {version}", crate::run_folder::now()),
            references: "Williamson et al. (1992), J. Comput. Phys. 102, 211-224".into(),
            attributes: BTreeMap::new(),
            layout: Layout::Forecast,
            calendar: prepared.calendar,
            initial_times: vec![prepared.time],
            members: None,
            levels_hpa: Vec::new(),
            grid: lat_lon(grid)?,
            variables: variables().to_vec(),
        };
        let writer = ForecastWriter::create(path, &header).map_err(Error::failed)?;
        Ok(Self { writer })
    }

    /// Appends the fields of one lead.
    ///
    /// # Errors
    /// A full disk, a file that was taken away.
    pub fn append(&mut self, lead_hours: f64, weather: &Weather) -> Result<()> {
        let fields = weather
            .variables()
            .map(|(_, _, field)| field.iter().copied().collect::<Vec<_>>());
        let fields: Vec<&[f64]> = fields.iter().map(Vec::as_slice).collect();
        self.writer
            .append(lead_hours, &fields)
            .map_err(Error::failed)
    }
}
