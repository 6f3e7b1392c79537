//! Splitting into training, validation and test sets.
use serde::{Deserialize, Serialize};
use std::path::Path;
use crate::Result;

/// How trajectories are dealt out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitKind {
    /// Whole trajectories in a seeded random order.
    Random {
        /// Seed of the order.
        seed: u64,
    },
    /// Whole trajectories in their order: training first, test last.
    Chronological,
}

/// Which trajectory is in which set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// How it was made.
    pub kind: SplitKind,
    /// Trajectories to train on, ascending.
    pub train: Vec<usize>,
    /// Trajectories to choose by.
    pub validation: Vec<usize>,
    /// Trajectories to report on.
    pub test: Vec<usize>,
    /// sha256 (hex) of the above.
    pub hash: String,
}

impl Split {
    /// Deals out `trajectories` (indices) with the fractions for validation and test.
    pub fn new(trajectories: &[usize], kind: SplitKind, validation: f64, test: f64) -> Result<Self> { let _ = (trajectories, kind, validation, test); todo!() }
    /// Writes JSON.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> { let _ = path; todo!() }
    /// Reads JSON and checks the hash.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> { let _ = path; todo!() }
}
