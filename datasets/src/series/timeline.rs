//! The times of a series: evenly spaced runs with gaps between them.

use crate::calendar::{Calendar, DateTime};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Times in order, a step apart but for gaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    calendar: Calendar,
    /// Microseconds.
    step: i64,
    /// First time of each run (microseconds since 1970-01-01 of the calendar), and how many it has.
    runs: Vec<(i64, usize)>,
}

impl Timeline {
    /// The times that are a whole number of steps from one another, of the ascending `times`
    /// (microseconds). Without `step` it is the difference that is met most. A step that divides the
    /// day starts from midnight if any time does.
    ///
    /// # Errors
    /// [`Error::Invalid`] if no two times are a step apart.
    pub fn new(times: &[i64], calendar: Calendar, step: Option<i64>) -> Result<Self> {
        let step = match step {
            Some(step) => step,
            None => most_frequent(times)
                .ok_or_else(|| Error::invalid("times", "two or more", times.len()))?,
        };
        if step <= 0 {
            return Err(Error::invalid("time step", "a time above 0", step));
        }
        let on_the_hour = times.iter().find(|t| t.rem_euclid(step) == 0);
        let phase = on_the_hour
            .or(times.first())
            .map_or(0, |t| t.rem_euclid(step));
        let mut runs: Vec<(i64, usize)> = Vec::new();
        for &time in times.iter().filter(|t| t.rem_euclid(step) == phase) {
            match runs.last_mut() {
                Some((start, count)) if *start + *count as i64 * step == time => *count += 1,
                _ => runs.push((time, 1)),
            }
        }
        Ok(Self {
            calendar,
            step,
            runs,
        })
    }

    /// The calendar.
    pub fn calendar(&self) -> Calendar {
        self.calendar
    }

    /// Microseconds between states.
    pub fn step(&self) -> i64 {
        self.step
    }

    /// Number of times.
    pub fn len(&self) -> usize {
        self.runs.iter().map(|(_, count)| count).sum()
    }

    /// Whether there is no time.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Microseconds since 1970-01-01 of the calendar at an index.
    pub fn time(&self, index: usize) -> Option<i64> {
        let mut left = index;
        for &(start, count) in &self.runs {
            if left < count {
                return Some(start + left as i64 * self.step);
            }
            left -= count;
        }
        None
    }

    /// All times.
    pub fn times(&self) -> impl Iterator<Item = i64> + '_ {
        let step = self.step;
        let run =
            move |&(start, count): &(i64, usize)| (0..count).map(move |k| start + k as i64 * step);
        self.runs.iter().flat_map(run)
    }

    /// The index of a time.
    pub fn index(&self, time: i64) -> Option<usize> {
        let mut before = 0;
        for &(start, count) in &self.runs {
            let after = time - start;
            if after >= 0 && after % self.step == 0 && after / self.step < count as i64 {
                return Some(before + (after / self.step) as usize);
            }
            before += count;
        }
        None
    }

    /// Indices without a gap between them.
    pub fn runs(&self) -> Vec<Range<usize>> {
        let mut start = 0;
        let run = |&(_, count): &(i64, usize)| {
            start += count;
            start - count..start
        };
        self.runs.iter().map(run).collect()
    }

    /// The parts of runs whose times lie in `[from, to)`.
    pub fn within(&self, from: i64, to: i64) -> Vec<Range<usize>> {
        let mut start = 0;
        let mut parts = Vec::new();
        for &(first, count) in &self.runs {
            let steps = |time: i64| {
                let steps = (time - first).div_euclid(self.step)
                    + i64::from((time - first).rem_euclid(self.step) > 0);
                usize::try_from(steps).unwrap_or(0).min(count)
            };
            let part = start + steps(from)..start + steps(to);
            if !part.is_empty() {
                parts.push(part);
            }
            start += count;
        }
        parts
    }

    /// The date at an index.
    pub fn date(&self, index: usize) -> Option<DateTime> {
        let date = |time| DateTime::from_microseconds(time, self.calendar);
        self.time(index).map(date)
    }
}

fn most_frequent(times: &[i64]) -> Option<i64> {
    let mut differences: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    differences.sort_unstable();
    let runs = differences.chunk_by(|a, b| a == b);
    // of equally many the shorter
    runs.max_by_key(|run| (run.len(), -run[0]))
        .map(|run| run[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: i64 = 3_600_000_000;

    #[test]
    fn gaps_part_runs_and_a_longer_step_thins_out() {
        let hours: Vec<i64> = (0..10).chain(14..20).map(|h| h * HOUR).collect();
        let timeline = Timeline::new(&hours, Calendar::Standard, None).unwrap();
        assert_eq!((timeline.step(), timeline.len()), (HOUR, 16));
        assert_eq!(timeline.runs(), [0..10, 10..16]);
        assert_eq!(timeline.time(10), Some(14 * HOUR));
        assert_eq!(timeline.index(15 * HOUR), Some(11));
        assert_eq!((timeline.index(12 * HOUR), timeline.time(16)), (None, None));
        assert_eq!(timeline.within(8 * HOUR, 16 * HOUR), [8..10, 10..12]);
        assert_eq!(timeline.within(0, HOUR / 2), vec![0..1; 1]);
        let six = Timeline::new(&hours[1..], Calendar::Standard, Some(6 * HOUR)).unwrap();
        assert_eq!(six.times().collect::<Vec<_>>(), [6 * HOUR, 18 * HOUR]);
        assert_eq!(six.runs().len(), 2);
        assert!(Timeline::new(&hours[..1], Calendar::Standard, None).is_err());
    }

    proptest! {
        #[test]
        fn times_and_indices_are_inverse(steps in prop::collection::vec(1i64..4, 1..40)) {
            let mut time = 0;
            let times: Vec<i64> = steps.iter().map(|s| { time += s * HOUR; time }).collect();
            let timeline = Timeline::new(&times, Calendar::NoLeap, Some(HOUR)).unwrap();
            prop_assert_eq!(timeline.times().collect::<Vec<_>>(), times.clone());
            for (index, time) in times.iter().enumerate() {
                prop_assert_eq!(timeline.time(index), Some(*time));
                prop_assert_eq!(timeline.index(*time), Some(index));
            }
            let json = serde_json::to_string(&timeline).unwrap();
            prop_assert_eq!(serde_json::from_str::<Timeline>(&json).unwrap(), timeline);
        }
    }
}
