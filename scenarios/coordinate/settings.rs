//! The scenario file of a coordinate network, as types.

use super::Loaded;
use super::compare::CompareSettings;
use crate::config::{Configuration, Document};
use crate::error::{Error, Result};
use curlwind_operators::coordinate::cases::{
    Advection, AllenCahnFronts, BurgersShock, Case, Conditions, MaxwellCavity, MaxwellInterface,
    MaxwellPointSource,
};
use curlwind_operators::coordinate::{NetworkConfig, TrainingConfig};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A whole scenario.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A line for tables and figures.
    pub title: String,
    /// `coordinate_network`.
    pub physics: Physics,
    /// Seed of everything random; `--seed` overrides it.
    #[serde(default)]
    pub seed: u64,
    /// Windows of time, one network after the other, each from the end of the one before.
    #[serde(default = "one")]
    pub windows: usize,
    /// The equation with its parameters.
    pub problem: ProblemSettings,
    /// How conditions are imposed, and on how many points residuals are taken.
    #[serde(default)]
    pub conditions: Conditions,
    /// The network.
    #[serde(default)]
    pub network: NetworkConfig,
    /// How it is trained.
    #[serde(default)]
    pub training: TrainingConfig,
    /// An HDF5 file with somebody else's solution to judge by besides: an array for each coordinate
    /// and each quantity, by the names of the case, quantities over the product of the coordinates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_file: Option<PathBuf>,
    /// Trainings with one feature off.
    #[serde(default)]
    pub ablation: Ablation,
    /// What `compare` does.
    #[serde(default)]
    pub compare: CompareSettings,
}

fn one() -> usize {
    1
}

/// The kind of scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Physics {
    /// A network of coordinates.
    CoordinateNetwork,
}

/// The equation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseName {
    /// Burgers' equation.
    BurgersShock,
    /// The Allen-Cahn equation.
    AllenCahn,
    /// Linear advection.
    Advection,
    /// Maxwell's equations along a line.
    MaxwellInterface,
    /// In a box.
    MaxwellCavity,
    /// From a point.
    MaxwellPointSource,
}

/// The equation with those of its parameters that are not the published case's.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProblemSettings {
    /// Which.
    pub case: CaseName,
    /// Of Burgers' equation, in m^2/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viscosity: Option<f64>,
    /// Of the Allen-Cahn equation, in m^2/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diffusivity: Option<f64>,
    /// Of advection, in rad/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<f64>,
    /// Relative permittivity beyond the interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permittivity: Option<f64>,
    /// Standard deviation of the point source in m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
}

/// Trainings with one feature off at a time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ablation {
    /// Whether `run` does them.
    pub run: bool,
    /// What is turned off.
    pub features: Vec<Feature>,
}

/// A feature, and what turns it off.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Its name in the table.
    pub without: String,
    /// Overrides of keys of this file, as for `--set`.
    pub set: Vec<String>,
}

impl Configuration for Settings {
    fn decode(document: &Document) -> Result<Self> {
        Ok(document.decode()?)
    }

    fn seed(&mut self) -> &mut u64 {
        &mut self.seed
    }

    fn check(loaded: &Loaded) -> Result<()> {
        loaded.check()
    }
}

impl Settings {
    /// The network with the seed of the scenario.
    pub fn seeded_network(&self) -> NetworkConfig {
        NetworkConfig {
            seed: self.network.seed ^ self.seed,
            ..self.network.clone()
        }
    }

    /// Start and end of a window of time.
    ///
    /// # Errors
    /// When the case has no domain.
    pub fn window(&self, case: &dyn Case, number: usize) -> Result<[f64; 2]> {
        let domain = case.domain().map_err(Error::unusable)?;
        let (first, last) = (domain.lower[0], domain.upper[0]);
        let at = |n: usize| first + (last - first) * n as f64 / self.windows as f64;
        Ok([at(number), at(number + 1)])
    }

    /// The case with its parameters.
    ///
    /// # Errors
    /// A parameter that the case does not have, or not with this value.
    pub fn case(&self) -> curlwind_operators::Result<Box<dyn Case>> {
        let p = &self.problem;
        let given = [
            ("viscosity", p.viscosity, CaseName::BurgersShock),
            ("diffusivity", p.diffusivity, CaseName::AllenCahn),
            ("speed", p.speed, CaseName::Advection),
            ("permittivity", p.permittivity, CaseName::MaxwellInterface),
            ("width", p.width, CaseName::MaxwellPointSource),
        ];
        for (key, value, of) in given {
            let Some(value) = value else { continue };
            let refused = |expected: &str| curlwind_operators::Error::Config {
                key: format!("problem.{key}"),
                expected: expected.into(),
                found: value.to_string(),
            };
            if of != p.case {
                return Err(refused("no such parameter of this case"));
            }
            if !(value.is_finite() && value > 0.0) {
                return Err(refused("a positive number"));
            }
        }
        Ok(match p.case {
            CaseName::BurgersShock => {
                let mut case = BurgersShock::default();
                case.viscosity = p.viscosity.unwrap_or(case.viscosity);
                Box::new(case)
            }
            CaseName::AllenCahn => {
                let mut case = AllenCahnFronts::default();
                case.diffusivity = p.diffusivity.unwrap_or(case.diffusivity);
                Box::new(case)
            }
            CaseName::Advection => {
                let mut case = Advection::default();
                case.speed = p.speed.unwrap_or(case.speed);
                Box::new(case)
            }
            CaseName::MaxwellInterface => {
                let mut case = MaxwellInterface::default();
                case.permittivity = p.permittivity.unwrap_or(case.permittivity);
                Box::new(case)
            }
            CaseName::MaxwellCavity => Box::new(MaxwellCavity::default()),
            CaseName::MaxwellPointSource => {
                let mut case = MaxwellPointSource::default();
                case.width = p.width.unwrap_or(case.width);
                Box::new(case)
            }
        })
    }
}
