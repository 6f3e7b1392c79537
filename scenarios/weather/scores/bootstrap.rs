//! Confidence intervals of means over initial times that follow each other.
//!
//! Errors of forecasts from times close together are alike, so blocks of them are drawn, not single ones
//! (Kuensch, Ann. Stat. 17, 1217-1241, 1989), of the length n^(1/3) that suits a mean. What is compared
//! is drawn together: a difference of two forecasts has the same times in both.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Resamples.
const COUNT: usize = 1000;

/// Fewest times that an interval is made of.
pub const FEWEST: usize = 5;

/// Resamples of a number of times, drawn once and used for every score.
#[derive(Clone, Debug)]
pub struct Resamples {
    n: usize,
    block: usize,
    /// First times of the blocks, resample after resample.
    starts: Vec<usize>,
    blocks: usize,
}

impl Resamples {
    /// Of `n` times; the same for every call.
    pub fn new(n: usize) -> Self {
        let block = ((n as f64).cbrt().round().max(1.0) as usize).min(n.max(1));
        let blocks = n.div_ceil(block);
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let starts = match n < FEWEST {
            true => Vec::new(),
            false => (0..COUNT * blocks)
                .map(|_| rng.random_range(0..=n - block))
                .collect(),
        };
        Self {
            n,
            block,
            starts,
            blocks,
        }
    }

    /// The mean of some values in order of time in each resample.
    fn means(&self, values: &[f64]) -> impl Iterator<Item = f64> {
        let mut before = Vec::with_capacity(self.n + 1);
        before.push(0.0);
        // sums of blocks are differences of these; centred, so that they keep their digits
        let centre = values.iter().sum::<f64>() / self.n as f64;
        let mut sum = 0.0;
        before.extend(values.iter().map(|v| {
            sum += v - centre;
            sum
        }));
        let (n, block) = (self.n, self.block);
        self.starts
            .chunks_exact(self.blocks.max(1))
            .map(move |starts| {
                let mut total = 0.0;
                let mut drawn = 0;
                for start in starts {
                    let take = block.min(n - drawn);
                    total += before[start + take] - before[*start];
                    drawn += take;
                }
                centre + total / n as f64
            })
    }

    /// The 95 per cent interval of `of(means)` for the means of series of as many values in order of
    /// time; `None` of fewer than [`FEWEST`], or with a value that is not finite.
    pub fn interval<const K: usize>(
        &self,
        series: [&[f64]; K],
        of: impl Fn([f64; K]) -> f64,
    ) -> Option<[f64; 2]> {
        let usable = |values: &&[f64]| {
            values.len() == self.n && values.iter().all(|value| value.is_finite())
        };
        if self.n < FEWEST || !series.iter().all(usable) {
            return None;
        }
        let mut means = series.map(|values| self.means(values));
        let mut found: Vec<f64> = (0..COUNT)
            .filter_map(|_| {
                let mut drawn = [0.0; K];
                for (mean, means) in drawn.iter_mut().zip(&mut means) {
                    *mean = means.next()?;
                }
                Some(of(drawn))
            })
            .collect();
        found.sort_by(f64::total_cmp);
        Some([0.025, 0.975].map(|q| found[(q * (COUNT - 1) as f64).round() as usize]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(values: &[f64]) -> Option<[f64; 2]> {
        Resamples::new(values.len()).interval([values], |[m]| m)
    }

    #[test]
    fn the_interval_covers_the_mean_and_narrows() {
        let values = |n: usize| -> Vec<f64> { (0..n).map(|k| ((k * 7919) % 101) as f64).collect() };
        let [low, high] = interval(&values(20)).expect("interval");
        let [closer, still] = interval(&values(2000)).expect("interval");
        assert!(low < 50.0 && high > 50.0 && closer < 50.5 && still > 49.5);
        assert!(still - closer < 0.5 * (high - low));
        assert_eq!(interval(&values(20)), Some([low, high]));
        assert_eq!(interval(&[1.0, 2.0]), None);
        assert_eq!(interval(&[f64::INFINITY; 9]), None);
    }

    #[test]
    fn what_is_compared_is_drawn_together() {
        let first: Vec<f64> = (0..40).map(|k| ((k * 7919) % 101) as f64).collect();
        let second: Vec<f64> = first.iter().map(|x| x + 3.0).collect();
        let found = Resamples::new(40).interval([&first, &second], |[a, b]| b - a);
        let [low, high] = found.expect("interval");
        assert!((low - 3.0).abs() < 1e-9 && (high - 3.0).abs() < 1e-9);
    }
}
