//! The scenario file of a flow, as types.

use super::Loaded;
use super::burgers::BurgersProblem;
use super::compare::CompareSettings;
use super::darcy::DarcyProblem;
use super::navier_stokes::NavierStokesProblem;
use super::physics_informed::{Refine, Rival};
use super::problem::Problem;
use super::quasi_geostrophic::QuasiGeostrophicProblem;
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
    /// How solver and operators are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compare: Option<CompareSettings>,
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
    /// Two layers of quasi-geostrophic flow.
    QuasiGeostrophic(QuasiGeostrophicProblem),
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
    #[serde(default)]
    compare: Option<CompareSettings>,
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
            compare: self.compare,
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
            Some("quasi_geostrophic") => document
                .decode::<File<_>>()?
                .with(Physics::QuasiGeostrophic),
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
        self.physics.problem()
    }

    /// What its operator is called beside others.
    pub fn own_family(&self) -> &'static str {
        match self.training.active_residual() {
            Some(_) => "pino",
            None => self.operator.name(),
        }
    }
}

impl Physics {
    /// What the physics brings.
    pub fn problem(&self) -> &dyn Problem {
        match self {
            Self::Burgers(problem) => problem,
            Self::Darcy(problem) => problem,
            Self::NavierStokes(problem) => problem,
            Self::QuasiGeostrophic(problem) => problem,
        }
    }

    /// The same with other values of some keys of `[problem]`.
    ///
    /// # Errors
    /// Unknown keys, values of another type.
    pub fn with(
        &self,
        set: &serde_json::Map<String, serde_json::Value>,
    ) -> std::result::Result<Self, String> {
        fn changed<P: Serialize + serde::de::DeserializeOwned>(
            problem: &P,
            set: &serde_json::Map<String, serde_json::Value>,
        ) -> std::result::Result<P, String> {
            let mut value = serde_json::to_value(problem).map_err(|e| e.to_string())?;
            if let Some(keys) = value.as_object_mut() {
                keys.extend(set.iter().map(|(k, v)| (k.clone(), v.clone())));
            }
            serde_json::from_value(value).map_err(|e| e.to_string())
        }
        Ok(match self {
            Self::Burgers(problem) => Self::Burgers(changed(problem, set)?),
            Self::Darcy(problem) => Self::Darcy(changed(problem, set)?),
            Self::NavierStokes(problem) => Self::NavierStokes(changed(problem, set)?),
            Self::QuasiGeostrophic(problem) => Self::QuasiGeostrophic(changed(problem, set)?),
        })
    }
}
