//! Confidence intervals of means over initial times that follow each other.
//!
//! Errors of forecasts from times close together are alike, so blocks of them are drawn, not single ones
//! (Kuensch, Ann. Stat. 17, 1217-1241, 1989), of the length n^(1/3) that suits a mean.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Resamples.
const COUNT: usize = 1000;

/// Fewest times that an interval is made of.
pub const FEWEST: usize = 5;

/// The 95 per cent interval of `of(mean)` for the mean of values in order of time; `None` of fewer than
/// [`FEWEST`]. The same values give the same interval.
pub fn interval(values: &[f64], of: impl Fn(f64) -> f64) -> Option<[f64; 2]> {
    let n = values.len();
    if n < FEWEST || values.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let block = (n as f64).cbrt().round().max(1.0) as usize;
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut means: Vec<f64> = (0..COUNT)
        .map(|_| {
            let mut sum = 0.0;
            let mut drawn = 0;
            while drawn < n {
                let start = rng.random_range(0..=n - block);
                let take = block.min(n - drawn);
                sum += values[start..start + take].iter().sum::<f64>();
                drawn += take;
            }
            of(sum / n as f64)
        })
        .collect();
    means.sort_by(f64::total_cmp);
    Some([0.025, 0.975].map(|q| means[(q * (COUNT - 1) as f64).round() as usize]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_covers_the_mean_and_narrows() {
        let values = |n: usize| -> Vec<f64> { (0..n).map(|k| ((k * 7919) % 101) as f64).collect() };
        let [low, high] = interval(&values(20), |m| m).expect("interval");
        let [closer, still] = interval(&values(2000), |m| m).expect("interval");
        assert!(low < 50.0 && high > 50.0 && closer < 50.5 && still > 49.5);
        assert!(still - closer < 0.5 * (high - low));
        assert_eq!(interval(&values(20), |m| m), Some([low, high]));
        assert_eq!(interval(&[1.0, 2.0], |m| m), None);
    }
}
