//! Means and standard deviations for normalisation, fitted on the training set
//! alone, in one pass with a few states in memory.
//!
//! Moments of single states (area-weighted, f64) are merged by the update of
//! Chan, Golub & LeVeque (1983), eq. 2.1: M = M_a + M_b + d^2 n_a n_b / (n_a + n_b).

use serde::{Deserialize, Serialize};

use super::{Segment, Split, Store};
use crate::{Error, Result};

/// Of one channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelStatistics {
    /// Name of the channel.
    pub name: String,
    /// Area-weighted mean.
    pub mean: f64,
    /// Area-weighted standard deviation.
    pub std: f64,
    /// Area-weighted mean of the difference of neighbouring states (later minus
    /// earlier); 0 if no two are neighbours.
    pub difference_mean: f64,
    /// Area-weighted standard deviation of that difference.
    pub difference_std: f64,
}

/// Of all channels, with the split they were fitted on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// One per channel, in the store's order.
    pub channels: Vec<ChannelStatistics>,
    /// [`Split::hash`] of the split fitted on.
    pub split_hash: String,
    /// States seen.
    pub states: usize,
}

/// Running mean and sum of squared deviations.
#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Merges the mean and variance of one more state.
    fn add(&mut self, mean: f64, variance: f64) {
        let delta = mean - self.mean;
        let count = self.count + 1.0;
        self.squares += variance + delta * delta * self.count / count;
        self.mean += delta / count;
        self.count = count;
    }

    fn std(&self) -> f64 {
        if self.count > 0.0 {
            (self.squares / self.count).sqrt()
        } else {
            0.0
        }
    }
}

impl Statistics {
    /// Fits on the training segments of `split`. `latitude_weights` sum to 1,
    /// e.g. those of the quadrature; `None` takes the areas of the latitudes.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are not as many weights as latitudes;
    /// [`Error::Invalid`] if there is nothing to train on; whatever
    /// [`Store::read_window`] returns.
    pub fn fit(store: &Store, split: &Split, latitude_weights: Option<&[f64]>) -> Result<Self> {
        let layout = store.layout();
        let [_, channels, nlat, nlon] = layout.shape();
        let areas;
        let rows = match latitude_weights {
            Some(weights) => weights,
            None => {
                areas = layout.grid.row_weights()?;
                &areas
            }
        };
        if rows.len() != nlat {
            return Err(Error::Shape {
                what: "latitude weights".into(),
                expected: nlat.to_string(),
                found: rows.len().to_string(),
            });
        }
        let weights: Vec<f64> = rows
            .iter()
            .flat_map(|w| std::iter::repeat_n(w / nlon as f64, nlon))
            .collect();
        let state = layout.state_len();
        let block = (4_000_000 / state).max(1);
        let mut values = vec![Moments::default(); channels];
        let mut differences = vec![Moments::default(); channels];
        let mut buffer = Vec::new();
        let mut last = vec![0.0f32; state];
        for Segment {
            trajectory,
            start,
            end,
        } in split.train.iter().copied()
        {
            for first in (start..end).step_by(block) {
                let count = block.min(end - first);
                buffer.resize(count * state, 0.0);
                store.read_window(trajectory, first, count, &mut buffer)?;
                for (k, now) in buffer.chunks_exact(state).enumerate() {
                    for c in 0..channels {
                        let part = c * nlat * nlon..(c + 1) * nlat * nlon;
                        let (mean, variance) = moments(&now[part.clone()], None, &weights);
                        values[c].add(mean, variance);
                        if first + k > start {
                            let (mean, variance) =
                                moments(&now[part.clone()], Some(&last[part]), &weights);
                            differences[c].add(mean, variance);
                        }
                    }
                    last.copy_from_slice(now);
                }
            }
        }
        let states = values.first().map_or(0, |m| m.count as usize);
        if states == 0 {
            return Err(Error::invalid("training set", "at least one state", 0));
        }
        Ok(Self {
            channels: layout
                .channels
                .iter()
                .zip(values.iter().zip(&differences))
                .map(|(channel, (value, difference))| ChannelStatistics {
                    name: channel.name.clone(),
                    mean: value.mean,
                    std: value.std(),
                    difference_mean: difference.mean,
                    difference_std: difference.std(),
                })
                .collect(),
            split_hash: split.hash.clone(),
            states,
        })
    }
}

/// Weighted mean and variance of `now - before`.
fn moments(now: &[f32], before: Option<&[f32]>, weights: &[f64]) -> (f64, f64) {
    let value = |i: usize| match before {
        Some(before) => f64::from(now[i]) - f64::from(before[i]),
        None => f64::from(now[i]),
    };
    let mean: f64 = weights.iter().enumerate().map(|(i, w)| w * value(i)).sum();
    let variance = weights
        .iter()
        .enumerate()
        .map(|(i, w)| w * (value(i) - mean).powi(2))
        .sum();
    (mean, variance)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{layout, state};
    use super::*;
    use crate::store::{SplitKind, StoreWriter};

    #[test]
    fn equal_to_the_textbook_sums_over_the_training_set_alone() {
        let folder = tempfile::tempdir().unwrap();
        let layout = layout(5, 4);
        let writer = StoreWriter::create_or_resume(folder.path(), &layout).unwrap();
        for i in 0..5 {
            writer.write(i, &state(&layout, i)).unwrap();
        }
        let store = Store::open(folder.path()).unwrap();
        let split = Split::new(
            store.complete(),
            4,
            SplitKind::Trajectories { seed: 3 },
            0.2,
            0.2,
        )
        .unwrap();
        let found = Statistics::fit(&store, &split, None).unwrap();
        assert_eq!((found.states, &found.split_hash), (12, &split.hash));
        let areas = layout.grid.row_weights().unwrap();
        let [_, _, nlat, nlon] = layout.shape();
        assert_eq!(areas.len(), nlat);
        let n = layout.state_len();
        for (c, channel) in found.channels.iter().enumerate() {
            let sums = |difference: bool| {
                let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
                for segment in &split.train {
                    let states = state(&layout, segment.trajectory);
                    for k in usize::from(difference)..4 {
                        for (j, area) in areas.iter().enumerate() {
                            for i in 0..nlon {
                                let at = k * n + (c * nlat + j) * nlon + i;
                                let before = if difference {
                                    f64::from(states[at - n])
                                } else {
                                    0.0
                                };
                                let (x, w) = (f64::from(states[at]) - before, area / nlon as f64);
                                (count, sum, squares) =
                                    (count + w, sum + w * x, squares + w * x * x);
                            }
                        }
                    }
                }
                (
                    sum / count,
                    (squares / count - (sum / count).powi(2)).sqrt(),
                )
            };
            let close =
                |a: f64, b: f64| assert!((a - b).abs() < 1e-9 * b.abs().max(1.0), "{a} {b}");
            close(channel.mean, sums(false).0);
            close(channel.std, sums(false).1);
            close(channel.difference_mean, sums(true).0);
            close(channel.difference_std, sums(true).1);
        }
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Statistics>(&json).unwrap(), found);
        assert!(Statistics::fit(&store, &split, Some(&[1.0])).is_err());
    }
}
