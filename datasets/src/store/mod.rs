//! Training trajectories on disk.
//!
//! A store is a folder: `store.json` (the layout and the fingerprint of the
//! configuration that makes it) and one HDF5 file per trajectory. A trajectory
//! is streamed into a temporary file and renamed when it is complete, so a
//! process killed at any moment leaves only whole trajectories, and a resumed
//! run makes exactly those that are missing.

mod layout;
mod read;
mod split;
mod statistics;
mod write;

pub use layout::{Channel, Layout, fingerprint};
pub use read::Store;
pub use split::{Split, SplitKind};
pub use statistics::{ChannelStatistics, Statistics};
pub use write::{StoreWriter, TrajectoryWriter};
