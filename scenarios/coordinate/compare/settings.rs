//! The table `[compare]` of a coordinate network.

use crate::compare::Published;
use crate::compare::settings::{three_seeds, untold};
use crate::coordinate::Loaded;
use crate::error::Result;
use curlwind_operators::coordinate::cases::{Case, Reference};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// How solver and network are compared.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CompareSettings {
    /// Trainings; `--seeds` overrides it.
    pub seeds: usize,
    /// Resolutions of the solver on the curve; the case's own without any.
    pub resolutions: Vec<usize>,
    /// Figures of the literature.
    pub published: Vec<Published>,
    /// What was spent on finding the settings, in words.
    pub tuning: String,
}

impl Default for CompareSettings {
    fn default() -> Self {
        Self {
            seeds: three_seeds(),
            resolutions: Vec::new(),
            published: Vec::new(),
            tuning: untold(),
        }
    }
}

impl CompareSettings {
    /// Resolutions on the curve, from coarse to fine.
    pub fn resolutions_of(&self, case: &dyn Case) -> Vec<usize> {
        let mut all = match self.resolutions.is_empty() {
            true => case.solver().1,
            false => self.resolutions.clone(),
        };
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Loaded {
    /// What the table asks for that cannot be.
    pub(super) fn check_compare(&self, case: &dyn Case) -> Result<()> {
        let c = &self.settings.compare;
        if c.seeds == 0 {
            return Err(self.refuse("compare.seeds", "expected 1 or more"));
        }
        let at = Reference {
            axes: case.axes(),
            values: Array2::default((0, 0)),
        };
        let finest = case.reference_resolution().unwrap_or(usize::MAX);
        for (n, &resolution) in c.resolutions.iter().enumerate() {
            let key = format!("compare.resolutions.{n}");
            if resolution == 0 || resolution >= finest {
                let expected = match finest {
                    usize::MAX => "expected 1 or more".to_string(),
                    _ => format!("expected 1 or more, and less than the truth's {finest}"),
                };
                return Err(self.refuse(&key, expected));
            }
            case.steps(resolution, None, &at)
                .map_err(|error| self.refuse(&key, error))?;
        }
        Ok(())
    }
}
