//! The table `[compare]` of the scattering pair.

use crate::compare::Published;
use crate::compare::settings::{three_seeds, untold};
use crate::electromagnetics::scattering::{Loaded, solve};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// How solver and operator are compared; what lies beyond the training set is in `[evaluation]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareSettings {
    /// Held-out scenes; half as many of each kind beyond, and on other points.
    pub samples: usize,
    /// Trainings; `--seeds` overrides it.
    #[serde(default = "three_seeds")]
    pub seeds: usize,
    /// Cells along a side of the solvers on the curve.
    pub resolutions: Vec<usize>,
    /// Cells along a side of the reference.
    pub reference: usize,
    /// Of a coarser one, which tells how far the reference has converged.
    pub check: usize,
    /// Other numbers of points along a side that the operator is asked for.
    #[serde(default)]
    pub points: Vec<usize>,
    /// Figures of the literature.
    #[serde(default)]
    pub published: Vec<Published>,
    /// What was spent on finding the settings, in words.
    #[serde(default = "untold")]
    pub tuning: String,
}

/// What the table asks for that cannot be, with this wave and this square.
///
/// # Errors
/// A value that is refused, by its key.
pub(super) fn check(loaded: &Loaded, c: &CompareSettings) -> Result<()> {
    let solver = &loaded.settings.solver;
    let refuse = |key: &str, reason: &str| Err(loaded.refuse(&format!("compare.{key}"), reason));
    for (key, number) in [("samples", c.samples), ("seeds", c.seeds)] {
        if number == 0 {
            return refuse(key, "expected 1 or more");
        }
    }
    if c.resolutions.is_empty() {
        return refuse("resolutions", "expected a number of cells or more of them");
    }
    let meshes = c.resolutions.iter().enumerate();
    let meshes = meshes.map(|(n, cells)| (format!("resolutions.{n}"), *cells));
    for (key, cells) in meshes.chain([("check".into(), c.check)]) {
        solve::square(solver, cells)
            .check(&[])
            .map_err(|error| loaded.refuse(&format!("compare.{key}"), error))?;
    }
    if c.check >= c.reference {
        let reason = format!("expected less than `compare.reference`, {}", c.reference);
        return refuse("check", &reason);
    }
    let own = solver.points;
    if let Some(n) = c.points.iter().position(|p| *p < 8 || *p == own) {
        let reason = format!("expected 8 or more, and not the operator's own {own}");
        return refuse(&format!("points.{n}"), &reason);
    }
    Ok(())
}
