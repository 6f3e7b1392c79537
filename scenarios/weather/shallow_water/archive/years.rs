//! Which states of a run belong to which calendar year.

use curlwind_datasets::calendar::{Calendar, DateTime};
use std::ops::Range;

/// The states of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Year {
    /// The calendar year.
    pub year: i32,
    /// Valid time of the first state.
    pub first: DateTime,
    /// Numbers of the states, counted from the start of the run.
    pub states: Range<u64>,
}

/// The years of `count` states `interval_hours` apart from `start` on.
pub fn years(start: DateTime, calendar: Calendar, interval_hours: f64, count: u64) -> Vec<Year> {
    let mut years: Vec<Year> = Vec::new();
    for k in 0..count {
        let time = start.plus_hours(k as f64 * interval_hours, calendar);
        match years.last_mut() {
            Some(last) if last.year == time.year => last.states.end = k + 1,
            _ => years.push(Year {
                year: time.year,
                first: time,
                states: k..k + 1,
            }),
        }
    }
    years
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leap_years_and_pieces_of_years() {
        let start = DateTime::new(1991, 12, 31, 0);
        let found = years(start, Calendar::Standard, 6.0, 4 + 366 * 4 + 1);
        let states: Vec<_> = found.iter().map(|y| (y.year, y.states.clone())).collect();
        assert_eq!(states, [(1991, 0..4), (1992, 4..1468), (1993, 1468..1469)]);
        assert_eq!(found[1].first, DateTime::new(1992, 1, 1, 0));
        let half = years(start, Calendar::Standard, 36.0, 2);
        assert_eq!(half[1].first, DateTime::new(1992, 1, 1, 12));
    }
}
