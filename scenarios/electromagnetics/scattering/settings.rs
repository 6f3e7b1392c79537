//! The scenario file of the scattering pair, as types.

use super::bodies::SceneEntry;
use super::compare::CompareSettings;
use crate::config::{Hertz, Metres};
use curlwind_operators::fno::FnoConfig;
use curlwind_operators::training::TrainingConfig;
use curlwind_solvers::maxwell::analytic::Polarization;
use serde::{Deserialize, Serialize};

/// A whole scenario file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A line for tables and figures.
    pub title: String,
    /// The equation.
    pub physics: Physics,
    /// Seed of everything random; `--seed` overrides it.
    #[serde(default)]
    pub seed: u64,
    /// What `simulate` solves.
    #[serde(default)]
    pub scene: SceneEntry,
    /// The wave, the square and its mesh.
    pub solver: SolverSettings,
    /// What the operator learns from.
    pub training_set: TrainingSet,
    /// The network.
    #[serde(default)]
    pub operator: FnoConfig,
    /// How it is trained.
    #[serde(default)]
    pub training: TrainingConfig,
    /// What `run` judges by.
    pub evaluation: EvaluationSettings,
    /// What `compare` does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<CompareSettings>,
}

/// The equation of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Physics {
    /// Maxwell's equations in two dimensions, a plane wave on dielectric bodies.
    Scattering,
}

/// The wave, the square and its mesh.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SolverSettings {
    /// Frequency of the wave.
    pub frequency: Hertz,
    /// Which field is along the bodies.
    pub polarization: PolarizationName,
    /// Length of the square's sides.
    pub side: Metres,
    /// Points of the fields kept, along a side.
    pub points: usize,
    /// Cells of the mesh, along a side.
    pub cells: usize,
    /// The run ends when the energy has fallen by this much below its peak.
    pub energy_decay_db: f64,
}

/// Which field is along the bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolarizationName {
    /// E.
    Tm,
    /// H.
    Te,
}

impl PolarizationName {
    /// The solver's name of it.
    pub fn polarization(self) -> Polarization {
        match self {
            Self::Tm => Polarization::Tm,
            Self::Te => Polarization::Te,
        }
    }

    /// The component along the bodies.
    pub fn component(self) -> &'static str {
        match self {
            Self::Tm => "Ez",
            Self::Te => "Hz",
        }
    }
}

/// Random scenes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSet {
    /// How many.
    pub scenes: usize,
    /// Fewest and most bodies of a scene.
    pub bodies: [usize; 2],
    /// Lowest and highest relative permittivity.
    pub permittivity: [f64; 2],
    /// Smallest and largest radius of the circle round a body.
    pub radius: [Metres; 2],
    /// Fraction of the scenes kept for choosing.
    pub validation: f64,
    /// Fraction of the scenes kept for reporting.
    pub test: f64,
}

/// The comparison of solver and operator.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationSettings {
    /// Held-out scenes that are solved again on finer and coarser meshes; half as many of each
    /// kind beyond the training set.
    pub scenes: usize,
    /// Cells of the reference, along a side.
    pub reference_cells: usize,
    /// Cells of the coarser solvers to compare with.
    #[serde(default)]
    pub coarse_cells: Vec<usize>,
    /// Permittivities beyond those trained on.
    pub beyond_permittivity: [f64; 2],
    /// Bodies of scenes with more of them than trained on.
    pub beyond_bodies: usize,
}
