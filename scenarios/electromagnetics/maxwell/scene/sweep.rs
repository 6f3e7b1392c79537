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
    /// How `--optimise` goes on from the best designs, with the solver.
    #[serde(default)]
    pub search: SearchEntry,
}

/// A search on the solver.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SearchEntry {
    /// Of so many of the best designs; each start has a core.
    pub starts: usize,
    /// Most designs asked for by each.
    pub evaluations: usize,
    /// Ends when the designs of a simplex differ by less, in dB.
    pub tolerance_db: f64,
}

impl Default for SearchEntry {
    fn default() -> Self {
        Self {
            starts: 2,
            evaluations: 30,
            tolerance_db: 0.05,
        }
    }
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
