//! The table `[compare]` of a flow.

use crate::compare::settings::{shares_of_the_step, three_seeds, untold};
use crate::compare::{Published, Relation};
use crate::error::Result;
use crate::flow::Loaded;
use curlwind_operators::network::NetworkConfig;
use serde::{Deserialize, Serialize};

/// How solver and operators are compared.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareSettings {
    /// Held-out samples.
    pub samples: usize,
    /// Trainings of each operator; `--seeds` overrides it.
    #[serde(default = "three_seeds")]
    pub seeds: usize,
    /// Points (Darcy: cells) along a side of the solvers on the curve.
    pub resolutions: Vec<usize>,
    /// Their time steps as shares of the longest stable one; all are measured.
    #[serde(default = "shares_of_the_step")]
    pub steps: Vec<f64>,
    /// Points along a side of the reference; of Darcy how many times finer than the samples it is.
    pub reference: usize,
    /// The same of a coarser one, which tells how far the reference has converged.
    pub check: usize,
    /// Sets beyond the training data.
    #[serde(default)]
    pub sets: Vec<Beyond>,
    /// Other operators, trained on the same samples.
    #[serde(default)]
    pub rivals: Vec<RivalOperator>,
    /// Figures of the literature.
    #[serde(default)]
    pub published: Vec<Published>,
    /// What was spent on finding the settings, in words.
    #[serde(default = "untold")]
    pub tuning: String,
}

/// A set beyond the training data.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beyond {
    /// Name in tables.
    pub name: String,
    /// In what it is beyond.
    pub relation: Relation,
    /// Keys of `[problem]` that differ.
    pub set: serde_json::Map<String, serde_json::Value>,
}

/// Another operator.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RivalOperator {
    /// Name in tables.
    pub family: String,
    /// The network; that of the scenario without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<NetworkConfig>,
    /// Whether the residual of the equation is learned from as well, where the scenario does.
    #[serde(default = "yes")]
    pub residual: bool,
}

fn yes() -> bool {
    true
}

impl Loaded {
    /// What the table asks for that cannot be.
    pub(super) fn check_compare(&self, c: &CompareSettings) -> Result<()> {
        let positive = |key: &str, ok: bool| match ok {
            true => Ok(()),
            false => Err(self.refuse(&format!("compare.{key}"), "expected 1 or more")),
        };
        positive("samples", c.samples > 0)?;
        positive("seeds", c.seeds > 0)?;
        positive(
            "resolutions",
            !c.resolutions.is_empty() && !c.resolutions.contains(&0),
        )?;
        positive("check", c.check > 0)?;
        if c.check >= c.reference {
            let reason = format!("expected less than `compare.reference`, {}", c.reference);
            return Err(self.refuse("compare.check", reason));
        }
        if c.steps.is_empty() || c.steps.iter().any(|s| !(*s > 0.0 && *s <= 1.0)) {
            return Err(self.refuse("compare.steps", "expected shares above 0 and up to 1"));
        }
        for (n, beyond) in c.sets.iter().enumerate() {
            let key = format!("compare.sets.{n}.set");
            let physics = self.settings.physics.with(&beyond.set);
            let physics = physics.map_err(|reason| self.refuse(&key, reason))?;
            physics
                .problem()
                .check()
                .map_err(|(path, reason)| self.refuse(&key, format!("`{path}`: {reason}")))?;
        }
        let mut families = vec![self.settings.own_family()];
        for (n, rival) in c.rivals.iter().enumerate() {
            if families.contains(&rival.family.as_str()) {
                let key = format!("compare.rivals.{n}.family");
                return Err(self.refuse(&key, "expected a name of its own"));
            }
            families.push(&rival.family);
        }
        if self.settings.training_set.coarse_input > 0 {
            let reason =
                "expected 0 with `[compare]`: the operator would be timed without its solver";
            return Err(self.refuse("training_set.coarse_input", reason));
        }
        Ok(())
    }
}
