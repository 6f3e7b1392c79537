//! The table `[compare]` of a shallow-water scenario.

use crate::compare::Published;
use crate::compare::settings::{shares_of_the_step, three_seeds, untold};
use crate::error::Result;
use crate::weather::shallow_water::Loaded;
use crate::weather::shallow_water::settings::{FlowSource, IntegratorName};
use curlwind_operators::network::NetworkConfig;
use serde::{Deserialize, Serialize};

/// How solver and operators are compared.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareSettings {
    /// Held-out flows at most.
    pub samples: usize,
    /// Trainings of each operator; `--seeds` overrides it.
    #[serde(default = "three_seeds")]
    pub seeds: usize,
    /// Truncations of the solvers on the curve.
    pub truncations: Vec<usize>,
    /// Their methods in time; all are measured.
    #[serde(default = "integrators")]
    pub integrators: Vec<IntegratorName>,
    /// Their time steps as shares of the longest stable one; all are measured.
    #[serde(default = "shares_of_the_step")]
    pub steps: Vec<f64>,
    /// Truncation of the reference.
    pub reference: usize,
    /// That of a coarser one, which tells how far the reference has converged.
    pub check: usize,
    /// Latitudes of grids that the operators have not been trained on.
    #[serde(default)]
    pub latitudes: Vec<usize>,
    /// Flows that start elsewhere than those trained on.
    #[serde(default)]
    pub sets: Vec<Beyond>,
    /// Other operators, trained on the same flows.
    #[serde(default)]
    pub rivals: Vec<RivalOperator>,
    /// Figures of the literature.
    #[serde(default)]
    pub published: Vec<Published>,
    /// What was spent on finding the settings, in words.
    #[serde(default = "untold")]
    pub tuning: String,
}

fn integrators() -> Vec<IntegratorName> {
    vec![IntegratorName::Rk4, IntegratorName::SemiImplicit]
}

/// Flows beyond the training data.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beyond {
    /// Name in tables.
    pub name: String,
    /// Where they start.
    pub source: FlowSource,
}

/// Another operator.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RivalOperator {
    /// Name in tables.
    pub family: String,
    /// The network.
    pub operator: NetworkConfig,
}

impl Loaded {
    /// What the table asks for that cannot be.
    pub(super) fn check_compare(&self, c: &CompareSettings) -> Result<()> {
        let wanted = |key: &str, ok: bool, expected: &str| match ok {
            true => Ok(()),
            false => Err(self.refuse(&format!("compare.{key}"), format!("expected {expected}"))),
        };
        wanted("samples", c.samples > 0, "1 or more")?;
        wanted("seeds", c.seeds > 0, "1 or more")?;
        let low = c.truncations.iter().any(|t| *t < 3);
        wanted(
            "truncations",
            !c.truncations.is_empty() && !low,
            "truncations of 3 or more",
        )?;
        wanted("integrators", !c.integrators.is_empty(), "one or more")?;
        let shares = c.steps.iter().all(|s| *s > 0.0 && *s <= 1.0);
        let shares = shares && !c.steps.is_empty();
        wanted("steps", shares, "shares above 0 and up to 1")?;
        let below = format!("less than `compare.reference`, {}", c.reference);
        wanted("check", (3..c.reference).contains(&c.check), &below)?;
        let even = c.latitudes.iter().all(|n| *n >= 8 && n.is_multiple_of(2));
        wanted("latitudes", even, "even numbers, 8 or more")?;
        let mut families = vec![self.settings.operator.name()];
        for (n, rival) in c.rivals.iter().enumerate() {
            let own = !families.contains(&rival.family.as_str());
            wanted(&format!("rivals.{n}.family"), own, "a name of its own")?;
            families.push(&rival.family);
        }
        Ok(())
    }
}
