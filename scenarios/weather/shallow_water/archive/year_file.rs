//! The file of a year: NetCDF-4, CF-1.11, a trajectory over valid time.

use crate::error::{Error, Result};
use crate::weather::shallow_water::gridded::Gridded;
use crate::weather::shallow_water::initial::lat_lon;
use crate::weather::shallow_water::output::{variable, variables};
use curlwind_datasets::calendar::{Calendar, DateTime};
use curlwind_datasets::netcdf::{ForecastWriter, Header, Layout};
use curlwind_solvers::shallow_water::State;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Writes z, u, v and vorticity state by state, into a file that gets its name when it is whole.
///
/// The file says nothing of when it was written: the same run gives the same bytes.
pub struct YearFile {
    writer: ForecastWriter,
    path: PathBuf,
}

/// What a file says about itself.
pub struct Origin<'a> {
    /// Title of the scenario.
    pub title: &'a str,
    /// What made it, such as `shallow_water solver, T42`.
    pub model: &'a str,
    /// Valid time of the first state.
    pub first: DateTime,
    /// Calendar of the times.
    pub calendar: Calendar,
}

impl YearFile {
    /// Begins the file that will be `path`, in `path` with `.unfinished` before its extension; what
    /// an interrupted run left there is overwritten.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn create(path: &Path, gridded: &Gridded, origin: &Origin) -> Result<Self> {
        let mut variables = variables().to_vec();
        variables.push(variable(
            "vorticity",
            "atmosphere_relative_vorticity",
            "relative vorticity",
            "s-1",
        ));
        let version = env!("CARGO_PKG_VERSION");
        let header = Header {
            title: origin.title.into(),
            institution: "produced by the Curlwind program".into(),
            source: format!("curlwind {version}, {}", origin.model),
            history: format!("created by curlwind {version} simulate"),
            references: "Williamson et al. (1992), J. Comput. Phys. 102, 211-224".into(),
            attributes: BTreeMap::new(),
            layout: Layout::Trajectory,
            calendar: origin.calendar,
            initial_times: vec![origin.first],
            members: None,
            levels_hpa: Vec::new(),
            grid: lat_lon(gridded.grid())?,
            variables,
        };
        let unfinished = path.with_extension("unfinished.nc");
        let _ = std::fs::remove_file(&unfinished);
        let writer = ForecastWriter::create(&unfinished, &header).map_err(Error::failed)?;
        Ok(Self {
            writer,
            path: path.to_path_buf(),
        })
    }

    /// Appends a state of truncation `from`, `hours` after the first.
    ///
    /// # Errors
    /// A full disk, a file that was taken away.
    pub fn append(
        &mut self,
        hours: f64,
        gridded: &Gridded,
        state: &State,
        from: usize,
    ) -> Result<()> {
        let weather = gridded.weather(state, from);
        let vorticity = gridded.field(&state.vorticity, from);
        let [z, u, v] = weather.variables().map(|(_, _, field)| field);
        let fields = [z, u, v, &vorticity].map(|field| field.iter().copied().collect::<Vec<f64>>());
        let fields = fields.each_ref().map(Vec::as_slice);
        self.writer.append(hours, &fields).map_err(Error::failed)
    }

    /// Gives the whole file its name.
    ///
    /// # Errors
    /// A file that was taken away.
    pub fn finish(self) -> Result<()> {
        std::fs::rename(self.writer.path(), &self.path).map_err(Error::failed)
    }
}
