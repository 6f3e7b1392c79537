//! The scenario file of a flow, as types.

use super::Loaded;
use super::burgers::BurgersProblem;
use super::darcy::DarcyProblem;
use super::navier_stokes::NavierStokesProblem;
use super::physics_informed::{Refine, Rival};
use super::problem::Problem;
use crate::config::{Configuration, Document};
use crate::error::Result;
use curlwind_operators::network::NetworkConfig;
use curlwind_operators::training::TrainingConfig;
use serde::{Deserialize, Serialize};

/// A whole scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// A line for tables and figures.
    pub title: String,
    /// Seed of everything random; `--seed` overrides it.
    pub seed: u64,
    /// The equation, its solver and what varies from sample to sample.
    #[serde(flatten)]
    pub physics: Physics,
    /// What the operator learns from.
    pub training_set: TrainingSet,
    /// The network.
    pub operator: NetworkConfig,
    /// How it is trained.
    pub training: TrainingConfig,
    /// How it is judged.
    pub evaluation: Evaluation,
}

/// The physics of a scenario with its table `[problem]`.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "physics", content = "problem", rename_all = "snake_case")]
pub enum Physics {
    /// Burgers' equation.
    Burgers(BurgersProblem),
    /// Darcy flow.
    Darcy(DarcyProblem),
    /// Two-dimensional flow on a torus.
    NavierStokes(NavierStokesProblem),
}

/// The file of one physics: its table is of a type of its own, so that unknown keys are found.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<P> {
    title: String,
    #[serde(rename = "physics")]
    _physics: String,
    #[serde(default)]
    seed: u64,
    problem: P,
    training_set: TrainingSet,
    operator: NetworkConfig,
    training: TrainingConfig,
    #[serde(default)]
    evaluation: Evaluation,
}

impl<P> File<P> {
    fn with(self, physics: fn(P) -> Physics) -> Settings {
        Settings {
            title: self.title,
            seed: self.seed,
            physics: physics(self.problem),
            training_set: self.training_set,
            operator: self.operator,
            training: self.training,
            evaluation: self.evaluation,
        }
    }
}

/// What the operator learns from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSet {
    /// Samples that the solver makes; one initial state or medium each.
    #[serde(default = "one")]
    pub samples: usize,
    /// How many of those to train on have labels, all without it; of the others a residual loss sees the
    /// inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labelled: Option<usize>,
    /// Takes the samples that the program carries in place of the solver's.
    #[serde(default)]
    pub carried: bool,
    /// Whether training pairs are drawn in the symmetries of their equation.
    #[serde(default = "yes")]
    pub symmetries: bool,
    /// Has the operator see what the solver makes of every so manieth point of the input, so that it
    /// only corrects it; 0 for an operator of its own.
    #[serde(default)]
    pub coarse_input: usize,
    /// Share of the samples kept for choosing.
    #[serde(default)]
    pub validation: f64,
    /// Share of the samples kept for reporting.
    #[serde(default)]
    pub test: f64,
}

fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}

/// How the operator is judged.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Evaluation {
    /// Coarse solvers to compare with: each has every so manieth point of the fields.
    pub coarse: Vec<usize>,
    /// Points along the longest side that the test samples are brought to, one test for each number;
    /// as they are where there are none.
    pub resolutions: Vec<usize>,
    /// The same network trained in other ways beside, `run` alone.
    pub rivals: Vec<Rival>,
    /// The operator refined by the residual on single test samples, `run` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refine: Option<Refine>,
}

impl Configuration for Settings {
    fn decode(document: &Document) -> Result<Self> {
        Ok(match document.text("physics") {
            Some("darcy") => document.decode::<File<_>>()?.with(Physics::Darcy),
            Some("navier_stokes") => document.decode::<File<_>>()?.with(Physics::NavierStokes),
            _ => document.decode::<File<_>>()?.with(Physics::Burgers),
        })
    }

    fn seed(&mut self) -> &mut u64 {
        &mut self.seed
    }

    fn check(loaded: &Loaded) -> Result<()> {
        loaded.check()
    }
}

impl Settings {
    /// What the physics brings.
    pub fn problem(&self) -> &dyn Problem {
        match &self.physics {
            Physics::Burgers(problem) => problem,
            Physics::Darcy(problem) => problem,
            Physics::NavierStokes(problem) => problem,
        }
    }
}
