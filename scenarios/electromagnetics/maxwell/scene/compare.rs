//! Solver against surrogate.

use crate::compare::Published;
use crate::compare::settings::{three_seeds, untold};
use serde::{Deserialize, Serialize};

/// How solver and surrogate of the sweep are compared.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareEntry {
    /// Designs within the ranges of the sweep that nobody learns from; half as many beyond them, and at
    /// other frequencies.
    pub samples: usize,
    /// Trainings; `--seeds` overrides it.
    #[serde(default = "three_seeds")]
    pub seeds: usize,
    /// Mesh that the surrogate learns from: how many times finer than the scene's.
    #[serde(default = "own")]
    pub data: f64,
    /// Meshes of the solvers on the curve, likewise.
    pub resolutions: Vec<f64>,
    /// Mesh of the reference, likewise.
    pub reference: f64,
    /// A coarser one, which tells how far the reference has converged.
    pub check: f64,
    /// How far beyond its range a variable goes, as a share of the range.
    #[serde(default = "fifth")]
    pub beyond: f64,
    /// Figures of the literature.
    #[serde(default)]
    pub published: Vec<Published>,
    /// What was spent on finding the settings, in words.
    #[serde(default = "untold")]
    pub tuning: String,
}

fn own() -> f64 {
    1.0
}

fn fifth() -> f64 {
    0.2
}
