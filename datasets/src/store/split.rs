//! Splitting into training, validation and test sets.
//!
//! Neighbouring states are nearly copies of one another, so sets are never
//! drawn state by state: either whole trajectories are dealt out, or the time
//! line is cut into three with a gap between the pieces. The order of a seeded
//! deal is that of the sha256 of seed and index, so it is the same on every
//! machine and does not depend on how many trajectories there are.

use serde::{Deserialize, Serialize};
use std::path::Path;

use super::layout::{read_json, sha256_hex, write_json};
use crate::{Error, Result};

/// How the sets are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitKind {
    /// Whole trajectories, in a seeded random order.
    Trajectories {
        /// Seed of the order.
        seed: u64,
    },
    /// The trajectories one after the other as one time line: training first,
    /// then validation, then test.
    Chronological {
        /// States left out between two sets.
        gap: usize,
    },
}

/// States `start..end` of a trajectory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Which trajectory.
    pub trajectory: usize,
    /// First state.
    pub start: usize,
    /// One past the last state.
    pub end: usize,
}

impl Segment {
    /// `(trajectory, start)` of every window of `length` states in the segments.
    pub fn windows(segments: &[Self], length: usize) -> Vec<(usize, usize)> {
        segments
            .iter()
            .flat_map(|s| {
                let last = (s.end + 1).saturating_sub(length);
                (s.start..last).map(|start| (s.trajectory, start))
            })
            .collect()
    }
}

/// Which states are in which set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// How it was made.
    pub kind: SplitKind,
    /// States to train on.
    pub train: Vec<Segment>,
    /// States to choose by.
    pub validation: Vec<Segment>,
    /// States to report on.
    pub test: Vec<Segment>,
    /// sha256 (hex) of the above.
    pub hash: String,
}

impl Split {
    /// Splits `trajectories` (indices) of `steps` states each; `validation` and
    /// `test` are shares of the whole, rounded, at least one trajectory (or
    /// state) if above zero.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the shares are no shares or leave nothing to train
    /// on.
    pub fn new(
        trajectories: &[usize],
        steps: usize,
        kind: SplitKind,
        validation: f64,
        test: f64,
    ) -> Result<Self> {
        for (what, share) in [("validation share", validation), ("test share", test)] {
            if !(0.0..1.0).contains(&share) {
                return Err(Error::invalid(what, "0 to 1", share));
            }
        }
        let mut sorted = trajectories.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let total = match kind {
            SplitKind::Trajectories { .. } => sorted.len(),
            SplitKind::Chronological { .. } => sorted.len() * steps,
        };
        let count = |share: f64| {
            let n = (share * total as f64).round() as usize;
            if share > 0.0 { n.max(1) } else { 0 }
        };
        let (n_validation, n_test) = (count(validation), count(test));
        let gap = match kind {
            SplitKind::Chronological { gap } => {
                gap * (usize::from(n_validation > 0) + usize::from(n_test > 0))
            }
            SplitKind::Trajectories { .. } => 0,
        };
        let Some(n_train) = total
            .checked_sub(n_validation + n_test + gap)
            .filter(|n| *n > 0)
        else {
            return Err(Error::invalid(
                "split",
                "something left to train on",
                format!(
                    "{total} in all, {n_validation} for validation, {n_test} for test, {gap} left out"
                ),
            ));
        };
        let (train, validation, test) = match kind {
            SplitKind::Trajectories { seed } => {
                sorted.sort_by_cached_key(|i| sha256_hex(format!("{seed}/{i}").as_bytes()));
                let whole = |indices: &[usize]| {
                    let mut indices = indices.to_vec();
                    indices.sort_unstable();
                    indices
                        .into_iter()
                        .map(|trajectory| Segment {
                            trajectory,
                            start: 0,
                            end: steps,
                        })
                        .collect()
                };
                // test first, then validation: more training data do not change them
                let (test, rest) = sorted.split_at(n_test);
                let (validation, train) = rest.split_at(n_validation);
                (whole(train), whole(validation), whole(test))
            }
            SplitKind::Chronological { gap } => {
                let cut = |from: usize, to: usize| {
                    let piece = |(k, &trajectory): (usize, &usize)| {
                        let first = k * steps;
                        let start = from.clamp(first, first + steps) - first;
                        let end = to.clamp(first, first + steps) - first;
                        (start < end).then_some(Segment {
                            trajectory,
                            start,
                            end,
                        })
                    };
                    sorted.iter().enumerate().filter_map(piece).collect()
                };
                let after_train = n_train + if n_validation > 0 { gap } else { 0 };
                (
                    cut(0, n_train),
                    cut(after_train, after_train + n_validation),
                    cut(total - n_test, total),
                )
            }
        };
        let mut split = Self {
            kind,
            train,
            validation,
            test,
            hash: String::new(),
        };
        split.hash = split.compute_hash()?;
        Ok(split)
    }

    fn compute_hash(&self) -> Result<String> {
        super::fingerprint(&(&self.kind, &self.train, &self.validation, &self.test))
    }

    /// Writes it as JSON.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_json(path.as_ref(), self)
    }

    /// Reads JSON and checks the hash.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Unreadable`] if it is no split or was edited.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let split: Self = read_json(path, "a split")?;
        let hash = split.compute_hash()?;
        if hash != split.hash {
            return Err(Error::Unreadable {
                path: path.to_path_buf(),
                expected: "a split as it was written",
                found: format!("its content has the hash {hash}, not {}", split.hash),
            });
        }
        Ok(split)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_state_is_in_two_sets_and_none_is_lost(
            n in 1usize..40, steps in 1usize..30, seed in 0u64..9, chronological: bool,
            validation in 0.0f64..0.4, test in 0.0f64..0.4,
        ) {
            let all: Vec<usize> = (0..n).collect();
            let kind = if chronological { SplitKind::Chronological { gap: 0 } } else { SplitKind::Trajectories { seed } };
            if let Ok(split) = Split::new(&all, steps, kind, validation, test) {
                let mut states: Vec<(usize, usize)> = [&split.train, &split.validation, &split.test]
                    .into_iter().flat_map(|set| Segment::windows(set, 1)).collect();
                let count = states.len();
                states.sort_unstable();
                states.dedup();
                prop_assert_eq!(count, states.len());
                prop_assert_eq!(count, n * steps);
            }
        }
    }

    #[test]
    fn a_seed_gives_one_split_and_another_seed_another() {
        let all: Vec<usize> = (0..100).collect();
        let split = |seed| Split::new(&all, 5, SplitKind::Trajectories { seed }, 0.1, 0.2).unwrap();
        assert_eq!(split(1), split(1));
        assert_ne!(split(1).hash, split(2).hash);
        assert_eq!(
            (
                split(1).train.len(),
                split(1).validation.len(),
                split(1).test.len()
            ),
            (70, 10, 20)
        );
    }

    #[test]
    fn the_time_line_is_cut_with_gaps() {
        let kind = SplitKind::Chronological { gap: 3 };
        let split = Split::new(&[0, 1], 50, kind, 0.1, 0.2).unwrap();
        let segment = |trajectory, start, end| Segment {
            trajectory,
            start,
            end,
        };
        assert_eq!(split.train, [segment(0, 0, 50), segment(1, 0, 14)]);
        assert_eq!(split.validation, [segment(1, 17, 27)]);
        assert_eq!(split.test, [segment(1, 30, 50)]);
        assert_eq!(Segment::windows(&split.validation, 9), [(1, 17), (1, 18)]);
        assert!(Segment::windows(&split.validation, 11).is_empty());
    }

    #[test]
    fn an_edited_or_impossible_split_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("split.json");
        let mut split = Split::new(
            &[0, 1, 2, 3],
            5,
            SplitKind::Trajectories { seed: 0 },
            0.25,
            0.25,
        )
        .unwrap();
        split.save(&path).unwrap();
        assert_eq!(Split::load(&path).unwrap(), split);
        split.train.push(split.test[0]);
        split.save(&path).unwrap();
        assert!(Split::load(&path).unwrap_err().to_string().contains("hash"));
        assert!(Split::new(&[0], 5, SplitKind::Trajectories { seed: 0 }, 0.5, 0.0).is_err());
        assert!(Split::new(&[0], 5, SplitKind::Trajectories { seed: 0 }, -0.5, 0.0).is_err());
    }
}
