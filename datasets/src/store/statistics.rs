//! Means and standard deviations for normalisation.
use serde::{Deserialize, Serialize};
use super::{Split, Store};
use crate::Result;

/// Of one channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelStatistics {
    /// Name of the channel.
    pub name: String,
    /// Area-weighted mean.
    pub mean: f64,
    /// Area-weighted standard deviation.
    pub std: f64,
    /// The same of the difference of neighbouring states.
    pub difference_mean: f64,
    /// Standard deviation of that difference.
    pub difference_std: f64,
}

/// Of all channels, with the split they were fitted on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// One per channel, in the store's order.
    pub channels: Vec<ChannelStatistics>,
    /// [`Split::hash`] of the split fitted on.
    pub split_hash: String,
    /// States seen.
    pub states: usize,
}

impl Statistics {
    /// Fits on the training trajectories of `split`, streaming. `latitude_weights` sum to 1 (`None`: areas from the latitudes).
    pub fn fit(store: &Store, split: &Split, latitude_weights: Option<&[f64]>) -> Result<Self> { let _ = (store, split, latitude_weights); todo!() }
}
