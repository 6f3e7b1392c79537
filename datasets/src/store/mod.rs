//! Training trajectories on disk.
//!
//! A store is a folder: `store.json` (the layout and the fingerprint of the
//! configuration that makes it) and one HDF5 file per trajectory. A trajectory
//! is streamed into a temporary file and renamed when it is complete, so a
//! process killed at any moment leaves only whole trajectories, and a resumed
//! run makes exactly those that are missing.

pub(crate) mod claim;
pub(crate) mod layout;
mod read;
mod split;
mod statistics;
mod write;

pub use layout::{Channel, Grid, Layout, fingerprint};
pub use read::Store;
pub use split::{Segment, Split, SplitKind};
pub use statistics::{ChannelStatistics, Statistics};
pub use write::{StoreWriter, TrajectoryWriter};

/// True if the folder is a store.
pub(crate) fn is_store(path: &std::path::Path) -> bool {
    path.join(layout::FILE).is_file()
}

#[cfg(test)]
mod tests {
    use super::{Channel, Grid, Layout};

    /// Two channels on 6 x 8 points.
    pub(super) fn layout(trajectories: usize, steps: usize) -> Layout {
        let channel = |name: &str, units: &str| Channel {
            name: name.into(),
            units: units.into(),
        };
        Layout {
            trajectories,
            steps,
            channels: vec![channel("height", "m"), channel("vorticity", "s-1")],
            grid: Grid::LatLon {
                latitudes_deg: (0..6).map(|j| 75.0 - 30.0 * f64::from(j)).collect(),
                longitudes_deg: (0..8).map(|i| 45.0 * f64::from(i)).collect(),
            },
            time_step_seconds: 3600.0,
            fingerprint: "a".into(),
            attributes: [("scenario".to_string(), "test".to_string())].into(),
        }
    }

    /// States that differ from trajectory to trajectory.
    pub(super) fn state(layout: &Layout, trajectory: usize) -> Vec<f32> {
        (0..layout.steps * layout.state_len())
            .map(|i| (i as f32 * 0.37).sin() * (1.0 + trajectory as f32) + 5.0)
            .collect()
    }
}
