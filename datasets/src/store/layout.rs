//! What every trajectory of a store has in common.
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One of the fields of a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// Name, e.g. "vorticity".
    pub name: String,
    /// CF unit.
    pub units: String,
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
    /// Degrees north, north to south.
    pub latitudes_deg: Vec<f64>,
    /// Degrees east.
    pub longitudes_deg: Vec<f64>,
    /// Seconds between states.
    pub time_step_seconds: f64,
    /// sha256 (hex) of the generating configuration, see [`fingerprint`].
    pub fingerprint: String,
    /// Anything else worth keeping: scenario, solver, truncation.
    pub attributes: BTreeMap<String, String>,
}

impl Layout {
    /// Values per state: channels x latitudes x longitudes.
    pub fn state_len(&self) -> usize { self.channels.len() * self.latitudes_deg.len() * self.longitudes_deg.len() }
}

/// sha256 (hex) of the JSON of a configuration.
pub fn fingerprint(configuration: &impl Serialize) -> String { let _ = configuration; todo!() }
