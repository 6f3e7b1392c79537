//! Configuration of the stepping operator, and what follows from the grid.
//!
//! The number of inner steps is proportional to the number of degrees, as the time step of an
//! explicit scheme is to the grid spacing: `K = round(steps (N + 1) / (steps_truncation + 1))`.
//! An inner step has the length `h = steps / K`, so that the weights mean the same on every grid.

use crate::error::{Error, Result};
use curlwind_solvers::sphere::grid::{GridKind, SphereGrid};
use serde::{Deserialize, Serialize};

/// Largest truncation that the dense transforms are meant for: about 1.5 GB of matrices.
pub const MAX_TRUNCATION: usize = 63;

/// Configuration of [`Stepping`](super::Stepping).
///
/// Channels have signs, +1 or -1, that say what becomes of them under a symmetry. An empty list of
/// signs turns that symmetry off. The defaults are those of (geopotential, vorticity, divergence).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SteppingConfig {
    /// Input channels, those of the state and after them constant fields; set from the data.
    pub in_channels: usize,
    /// Channels of the state; set from the data.
    pub out_channels: usize,
    /// Triangular truncation, kept on every grid. 0 stands for the one that follows from the grid
    /// ([`SteppingConfig::truncation_on`]).
    pub truncation: usize,
    /// Inner steps at the truncation `steps_truncation`; elsewhere in proportion to `N + 1`.
    pub steps: usize,
    /// See `steps`.
    pub steps_truncation: usize,
    /// Sign of each channel when north and south change places: -1 for vorticity.
    pub mirror: Vec<i8>,
    /// Sign of each channel when time runs backwards: -1 for vorticity and divergence. With these
    /// signs the terms are reversible and only the damping is not; without, there are twice as
    /// many terms.
    pub reversal: Vec<i8>,
    /// As `mirror`, for the constant fields: +1 for orography.
    pub static_mirror: Vec<i8>,
    /// As `reversal`, for the constant fields: +1 for orography.
    pub static_reversal: Vec<i8>,
    /// Order of the damping, an even number: `exp(-h d (l (l + 1) / (N (N + 1)))^(order / 2))`
    /// per inner step.
    pub damping_order: usize,
    /// The learned rate `d` to begin with, the same for every channel.
    pub damping: f64,
}

impl Default for SteppingConfig {
    fn default() -> Self {
        Self {
            in_channels: 3,
            out_channels: 3,
            truncation: 0,
            steps: 3,
            steps_truncation: 10,
            mirror: vec![1, -1, 1],
            reversal: vec![1, -1, -1],
            static_mirror: vec![],
            static_reversal: vec![],
            damping_order: 8,
            damping: 0.1,
        }
    }
}

impl burn::config::Config for SteppingConfig {}

impl SteppingConfig {
    /// Number of constant input fields.
    pub fn statics(&self) -> usize {
        self.in_channels.saturating_sub(self.out_channels)
    }

    /// The truncation used on a grid: the chosen one, or the largest whose quadratic products the
    /// quadrature carries. That is `ceil(nlat / 3) - 1` on equiangular grids (10 on 32 rows, 21 on
    /// 64) and `floor((2 nlat - 1) / 3)` on Gaussian grids (21 on 32 rows, 42 on 64), and at most
    /// what the longitudes resolve.
    ///
    /// # Errors
    /// When the grid does not carry it, or it is above [`MAX_TRUNCATION`].
    pub fn truncation_on(&self, grid: &SphereGrid) -> Result<usize> {
        let (nlat, nlon) = (grid.nlat(), grid.nlon());
        let truncation = match (self.truncation, grid.kind()) {
            (0, GridKind::Gaussian) => ((2 * nlat - 1) / 3).min((nlon - 1) / 2),
            (0, _) => (nlat.div_ceil(3) - 1).min((nlon - 1) / 2),
            (chosen, _) => chosen,
        };
        let most = grid.max_truncation().min(MAX_TRUNCATION);
        if truncation == 0 || truncation > most {
            let reason = format!("expected a truncation of 1 to {most}, found {truncation}");
            return Err(Error::Grid { nlat, nlon, reason });
        }
        Ok(truncation)
    }

    /// Number `K` and length `h` of the inner steps at a truncation.
    pub fn inner_steps(&self, truncation: usize) -> (usize, f64) {
        let steps = self.steps as f64;
        let ratio = (truncation + 1) as f64 / (self.steps_truncation + 1) as f64;
        let count = (steps * ratio).round().max(1.0);
        (count as usize, steps / count)
    }

    /// Refuses values that no network can have.
    pub fn check(&self) -> Result<()> {
        if self.out_channels == 0 {
            return Err(Error::config("out_channels", "at least 1", 0));
        }
        if self.in_channels < self.out_channels {
            let expected = format!("the {} channels of the state first", self.out_channels);
            return Err(Error::config("in_channels", expected, self.in_channels));
        }
        if self.steps == 0 {
            return Err(Error::config("steps", "at least 1", 0));
        }
        let order = self.damping_order;
        if order < 2 || !order.is_multiple_of(2) {
            return Err(Error::config(
                "damping_order",
                "an even number above 0",
                order,
            ));
        }
        if !(self.damping.is_finite() && self.damping > 0.0) {
            return Err(Error::config("damping", "a positive number", self.damping));
        }
        for (key, state, fixed) in [
            ("mirror", &self.mirror, &self.static_mirror),
            ("reversal", &self.reversal, &self.static_reversal),
        ] {
            if state.is_empty() && fixed.is_empty() {
                continue;
            }
            let fixed_key = format!("static_{key}");
            for (key, signs, count) in [
                (key, state, self.out_channels),
                (&fixed_key, fixed, self.statics()),
            ] {
                if signs.len() != count {
                    return Err(Error::config(key, format!("{count} signs"), signs.len()));
                }
                if let Some(sign) = signs.iter().find(|sign| sign.abs() != 1) {
                    return Err(Error::config(key, "signs 1 and -1", sign));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncation_and_steps_follow_the_grid() {
        let config = SteppingConfig::default();
        for (grid, truncation, steps) in [
            (SphereGrid::regular(32, 64), 10, 3),
            (SphereGrid::regular(64, 128), 21, 6),
            (SphereGrid::gaussian(32, 64), 21, 6),
            (SphereGrid::regular_offset(32, 64), 10, 3),
        ] {
            let grid = grid.expect("grid");
            assert_eq!(config.truncation_on(&grid).expect("carried"), truncation);
            let (count, length) = config.inner_steps(truncation);
            assert_eq!(count, steps);
            assert!((count as f64 * length - 3.0).abs() < 1e-15);
        }
        let chosen = SteppingConfig {
            truncation: 17,
            ..Default::default()
        };
        let grid = SphereGrid::regular(32, 64).expect("grid");
        let message = chosen
            .truncation_on(&grid)
            .expect_err("refused")
            .to_string();
        assert!(message.contains("1 to 15, found 17"), "{message}");
    }

    #[test]
    fn signs_must_fit_the_channels() {
        let config = SteppingConfig {
            in_channels: 4,
            ..Default::default()
        };
        let message = config.check().expect_err("refused").to_string();
        assert!(message.contains("`static_mirror`"), "{message}");
        let config = SteppingConfig {
            reversal: vec![1, 0, -1],
            ..Default::default()
        };
        let message = config.check().expect_err("refused").to_string();
        assert!(message.contains("`reversal`"), "{message}");
        assert!(SteppingConfig::default().check().is_ok());
    }
}
