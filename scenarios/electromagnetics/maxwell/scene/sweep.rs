//! The designs of a sweep and their surrogate.

use super::Parameter;
use crate::config::Hertz;
use curlwind_operators::design::DesignSurrogateConfig;
use serde::{Deserialize, Serialize};

/// The designs of a sweep.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepEntry {
    /// How designs are chosen.
    pub method: SweepMethod,
    /// Designs of a Latin hypercube.
    #[serde(default)]
    pub designs: Option<usize>,
    /// What varies.
    pub variables: Vec<Variable>,
    /// What is wanted of a design.
    #[serde(default)]
    pub goal: Option<Goal>,
    /// Candidates that the surrogate ranks.
    #[serde(default = "ten_thousand")]
    pub candidates: usize,
    /// Of these, the best and as many of the most uncertain are checked by the solver.
    #[serde(default = "three")]
    pub checked: usize,
}

fn ten_thousand() -> usize {
    10_000
}

fn three() -> usize {
    3
}

/// How designs are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepMethod {
    /// Every combination of every variable's points.
    FullFactorial,
    /// Random designs that fill every variable's range evenly (McKay, Beckman and Conover, 1979).
    LatinHypercube,
    /// The variables' `values`, taken together: first with first, second with second.
    List,
}

/// One varied parameter.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// A name of `[parameters]`.
    pub parameter: String,
    /// Lowest value.
    #[serde(default)]
    pub from: Option<Parameter>,
    /// Highest value.
    #[serde(default)]
    pub to: Option<Parameter>,
    /// Points of a factorial sweep.
    #[serde(default)]
    pub points: Option<usize>,
    /// The values of a list.
    #[serde(default)]
    pub values: Vec<Parameter>,
}

/// What is wanted of a design: the smallest largest |S11| over a band.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// Lowest frequency of the band.
    pub from: Hertz,
    /// Highest.
    pub to: Hertz,
}

/// The surrogate of a sweep.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SurrogateEntry {
    /// The network and its training.
    pub network: DesignSurrogateConfig,
}
