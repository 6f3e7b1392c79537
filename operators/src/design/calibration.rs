//! Intervals of a stated coverage from the spread of an ensemble.
//!
//! Split-conformal prediction with a normalised score (Lei et al., Distribution-free predictive
//! inference for regression, J. Am. Stat. Assoc. 113, 2018, section 5.2), with the out-of-fold
//! errors of the ensemble's own members in the place of a calibration set: the half-width is
//! `q (s + s_0)`, where `s` is the spread of the members, `s_0` a floor and `q` the quantile of
//! `|error| / (s + s_0)`. It holds for designs drawn as the training designs were; outside of
//! their range it is an extrapolation like the prediction itself.

use serde::{Deserialize, Serialize};

/// Share of the out-of-fold root mean square error below which spreads do not count.
const FLOOR: f64 = 0.1;

/// Scale from the spread of the members to the half-width of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Share of the true values that the intervals are to hold.
    pub coverage: f64,
    /// The quantile `q`.
    pub factor: f64,
    /// The floor `s_0`, in the unit of the response.
    pub floor: f64,
}

impl Calibration {
    /// From pairs of out-of-fold error magnitude and spread, of `designs` designs.
    pub fn fit(errors: &[f64], spreads: &[f64], designs: usize, coverage: f64) -> Self {
        let count = errors.len().max(1) as f64;
        let mean_square = errors.iter().map(|e| e * e).sum::<f64>() / count;
        let floor = (FLOOR * mean_square.sqrt()).max(f64::MIN_POSITIVE);
        let mut scores: Vec<f64> = errors
            .iter()
            .zip(spreads)
            .map(|(error, spread)| error / (spread + floor))
            .collect();
        scores.sort_by(f64::total_cmp);
        // Of n exchangeable designs and one more, the level that the one more needs.
        let level = (coverage * (1.0 + 1.0 / designs.max(1) as f64)).min(1.0);
        let at = (level * scores.len() as f64).ceil() as usize;
        let factor = scores.get(at.saturating_sub(1).min(scores.len().saturating_sub(1)));
        Self {
            coverage,
            factor: factor.copied().unwrap_or(0.0),
            floor,
        }
    }

    /// Half-width of the interval where the members have this spread.
    pub fn radius(&self, spread: f64) -> f64 {
        self.factor * (spread + self.floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors that scale with the spread: the intervals hold the stated share of them.
    #[test]
    fn the_intervals_hold_their_share() {
        let spreads: Vec<f64> = (0..1000).map(|i| 0.1 + (i % 7) as f64).collect();
        let errors: Vec<f64> = (0..1000)
            .map(|i| spreads[i] * ((i * 37 % 1000) as f64 / 500.0))
            .collect();
        let calibration = Calibration::fit(&errors, &spreads, 1000, 0.9);
        let held = errors
            .iter()
            .zip(&spreads)
            .filter(|(e, s)| **e <= calibration.radius(**s))
            .count();
        assert!((895..=910).contains(&held), "{held}");
        // Few designs: the largest score.
        let few = Calibration::fit(&errors, &spreads, 4, 0.9);
        assert!(few.factor >= calibration.factor);
    }
}
