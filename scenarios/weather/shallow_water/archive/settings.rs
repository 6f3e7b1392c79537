//! The table `[archive]` of a scenario.

use crate::config::Seconds;
use serde::{Deserialize, Serialize};

/// A run of `simulate` that is kept like an archive of analyses: `solver.duration` from `start` on,
/// a state every `solver.output_interval`, one file per calendar year.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// Files are called `<name>_<year>.nc`.
    #[serde(default = "nature")]
    pub name: String,
    /// Valid time of the first state, ISO 8601, standard calendar.
    pub start: String,
    /// Time run before it, of which nothing is kept.
    pub spin_up: Seconds,
    /// Latitudes of the Gaussian grid of the files (twice as many longitudes). The states are cut
    /// off at the truncation that it carries, one less.
    pub latitudes: usize,
}

fn nature() -> String {
    "nature".into()
}
