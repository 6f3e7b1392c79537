//! What the tables `[compare]` of all physics have in common.

use serde::{Deserialize, Serialize};

/// A figure of the literature.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Name in tables: `FNO (Li et al., 2021)`.
    pub name: String,
    /// Its error, in the metric of the comparison or one that comes close to it.
    pub error: f64,
    /// Its time in s for one run, where that was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// The speed-up over a solver that it was published with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<f64>,
    /// What it ran on.
    #[serde(default)]
    pub device: String,
    /// Paper, section, table; how the task differs.
    pub source: String,
}

/// Trainings that have a spread.
pub fn three_seeds() -> usize {
    3
}

/// Shares of the longest stable time step that are tried.
pub fn shares_of_the_step() -> Vec<f64> {
    vec![0.9, 0.45]
}

/// What is said of tuning where nobody says more.
pub fn untold() -> String {
    "settings were found in earlier runs that nobody has counted".into()
}
