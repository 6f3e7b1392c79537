//! What every trajectory of a store has in common, kept in `store.json`.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::claim::FolderLayout;
use crate::coordinates::LatLon;
use crate::{Error, Result};

/// The file of a store that holds its layout.
pub(crate) const FILE: &str = "store.json";

/// One of the fields of a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// Name, e.g. "vorticity".
    pub name: String,
    /// CF unit.
    pub units: String,
}

/// The points of a field, row by row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Grid {
    /// On the sphere.
    LatLon {
        /// Degrees north, north to south.
        latitudes_deg: Vec<f64>,
        /// Degrees east.
        longitudes_deg: Vec<f64>,
    },
    /// On a rectangle; a line has one row.
    Plane {
        /// Coordinates of the rows in m.
        y_m: Vec<f64>,
        /// Coordinates of the columns in m.
        x_m: Vec<f64>,
    },
}

impl Grid {
    /// `[rows, columns]`.
    pub fn shape(&self) -> [usize; 2] {
        self.coordinates().map(|(_, _, values)| values.len())
    }

    /// Name, unit and values of the coordinates of rows and of columns.
    pub fn coordinates(&self) -> [(&'static str, &'static str, &Vec<f64>); 2] {
        match self {
            Self::LatLon {
                latitudes_deg,
                longitudes_deg,
            } => [
                ("latitude", "degrees_north", latitudes_deg),
                ("longitude", "degrees_east", longitudes_deg),
            ],
            Self::Plane { y_m, x_m } => [("y", "m", y_m), ("x", "m", x_m)],
        }
    }

    fn check(&self) -> Result<()> {
        if let Self::LatLon {
            latitudes_deg,
            longitudes_deg,
        } = self
        {
            LatLon::new(latitudes_deg.clone(), longitudes_deg.clone())?;
            return Ok(());
        }
        for (name, _, values) in self.coordinates() {
            let ascending = values.windows(2).all(|p| p[0] < p[1]);
            if values.is_empty() || !ascending || values.iter().any(|v| !v.is_finite()) {
                let what = format!("coordinate {name}");
                return Err(Error::invalid(what, "ascending numbers", values.len()));
            }
        }
        Ok(())
    }

    /// The share of each row in the area.
    pub(super) fn row_weights(&self) -> Result<Vec<f64>> {
        match self {
            Self::LatLon {
                latitudes_deg,
                longitudes_deg,
            } => Ok(LatLon::new(latitudes_deg.clone(), longitudes_deg.clone())?.area_weights()),
            Self::Plane { y_m, .. } => Ok(vec![1.0 / y_m.len() as f64; y_m.len()]),
        }
    }
}

/// Shape, coordinates and provenance of a store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// Number of trajectories when complete.
    pub trajectories: usize,
    /// States per trajectory.
    pub steps: usize,
    /// Fields per state.
    pub channels: Vec<Channel>,
    /// Where the values are.
    #[serde(flatten)]
    pub grid: Grid,
    /// Seconds between states.
    pub time_step_seconds: f64,
    /// sha256 (hex) of the generating configuration, see [`fingerprint`].
    pub fingerprint: String,
    /// Anything else worth keeping: scenario, solver, truncation.
    pub attributes: BTreeMap<String, String>,
}

impl Layout {
    /// Values per state: channels x rows x columns.
    pub fn state_len(&self) -> usize {
        let [rows, columns] = self.grid.shape();
        self.channels.len() * rows * columns
    }

    /// `[steps, channels, rows, columns]` of one trajectory.
    pub fn shape(&self) -> [usize; 4] {
        let [rows, columns] = self.grid.shape();
        [self.steps, self.channels.len(), rows, columns]
    }

    /// The file of a trajectory in the folder of the store.
    pub(super) fn file(folder: &Path, trajectory: usize) -> PathBuf {
        folder.join(format!("trajectory_{trajectory:06}.h5"))
    }

    pub(super) fn load(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let layout: Self = read_json(&path, "the layout of a training store")?;
        layout.check()?;
        Ok(layout)
    }
}

impl FolderLayout for Layout {
    const FILE: &'static str = FILE;

    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    fn check(&self) -> Result<()> {
        self.grid.check()?;
        for (what, n) in [
            ("trajectories", self.trajectories),
            ("steps", self.steps),
            ("channels", self.channels.len()),
        ] {
            if n == 0 {
                return Err(Error::invalid(what, "at least 1", 0));
            }
        }
        if !(self.time_step_seconds > 0.0 && self.time_step_seconds.is_finite()) {
            return Err(Error::invalid(
                "time step",
                "a positive number of seconds",
                self.time_step_seconds,
            ));
        }
        Ok(())
    }

    fn summary(&self) -> String {
        let [rows, columns] = self.grid.shape();
        let names: Vec<&str> = self.channels.iter().map(|c| c.name.as_str()).collect();
        format!(
            "{} trajectories of {} states every {} s of {} on {rows} x {columns} points, attributes {:?}",
            self.trajectories,
            self.steps,
            self.time_step_seconds,
            names.join(", "),
            self.attributes
        )
    }
}

/// sha256 (hex) of the JSON of a configuration, to tell whether a store that
/// exists was made by the same one.
///
/// # Errors
/// [`Error::Invalid`] if it cannot be written as JSON.
pub fn fingerprint(configuration: &impl Serialize) -> Result<String> {
    let json = serde_json::to_vec(configuration)
        .map_err(|e| Error::invalid("configuration", "something that can be written as JSON", e))?;
    Ok(sha256_hex(&json))
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// Reads JSON; the message names the file and the line.
pub(crate) fn read_json<T: serde::de::DeserializeOwned>(
    path: &Path,
    expected: &'static str,
) -> Result<T> {
    let text = std::fs::read(path).map_err(|source| Error::Io {
        path: path.to_path_buf(),
        source,
    })?;
    serde_json::from_slice(&text).map_err(|e| Error::Unreadable {
        path: path.to_path_buf(),
        expected,
        found: e.to_string(),
    })
}

/// Writes JSON to a temporary file and renames it.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let io = |source| Error::Io {
        path: path.to_path_buf(),
        source,
    };
    let json = serde_json::to_vec_pretty(value)
        .map_err(|e| Error::invalid("value", "something that can be written as JSON", e))?;
    let temporary = path.with_extension(format!("json.tmp-{}", std::process::id()));
    let mut file = std::fs::File::create(&temporary).map_err(io)?;
    let written = file
        .write_all(&json)
        .and_then(|()| std::fs::rename(&temporary, path));
    written.map_err(|source| {
        let _ = std::fs::remove_file(&temporary);
        io(source)
    })
}
