//! The climatology: for each time of day a mean and an annual cycle of a few harmonics.

use super::ingest::Ingested;
use crate::error::{Error, Result};
use curlwind_datasets::calendar::{Calendar, DateTime};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;
use std::ops::Range;

/// Most harmonics of the year (as WMO smooths daily climatologies).
const HARMONICS: usize = 4;
/// States that each coefficient wants.
const STATES_PER_COEFFICIENT: usize = 20;
const DAY: i64 = 86_400_000_000;

/// Means by time of day and of year.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Climatology {
    calendar: Calendar,
    /// Times of day in microseconds, ascending.
    hours: Vec<i64>,
    /// Harmonics of the year; 0 for a mean alone.
    harmonics: usize,
    /// `[hour][coefficient][value of a state]`
    #[serde(skip)]
    coefficients: Vec<f32>,
}

impl Climatology {
    /// Fits runs of states by least squares; `fill` stands for missing values, one for each channel.
    ///
    /// # Errors
    /// No state at all; a store that cannot be read.
    pub fn fit(data: &Ingested, runs: &[Range<usize>], fill: &[f64]) -> Result<Self> {
        let calendar = data.calendar();
        let dates: Vec<(usize, DateTime)> = runs
            .iter()
            .flat_map(Clone::clone)
            .filter_map(|state| data.date(state).map(|date| (state, date)))
            .collect();
        let of_day = |date: &DateTime| date.microseconds(calendar).rem_euclid(DAY);
        let mut hours: Vec<i64> = dates.iter().map(|(_, date)| of_day(date)).collect();
        hours.sort_unstable();
        let fewest = hours
            .chunk_by(|a, b| a == b)
            .map(<[i64]>::len)
            .min()
            .unwrap_or(0);
        hours.dedup();
        let moments = dates.iter().map(|(_, date)| date.microseconds(calendar));
        let span = match (moments.clone().min(), moments.max()) {
            (Some(first), Some(last)) => (last - first) / DAY,
            _ => return Err(Error::unusable("there is no state to train on")),
        };
        let harmonics = match span {
            0..330 => 0,
            _ => HARMONICS.min((fewest / STATES_PER_COEFFICIENT).saturating_sub(1) / 2),
        };
        let (count, size) = (1 + 2 * harmonics, data.state_len());
        let mut normal = vec![vec![0.0f64; count * count]; hours.len()];
        let mut right = vec![0.0f64; hours.len() * count * size];
        let mut state = vec![0.0f32; size];
        let points = data.points();
        for (number, date) in dates {
            data.read(number..number + 1, &mut state)?;
            let basis = basis(harmonics, date, calendar);
            let hour = hours.binary_search(&of_day(&date)).unwrap_or(0);
            for (i, a) in basis.iter().enumerate() {
                for (j, b) in basis.iter().enumerate() {
                    normal[hour][i * count + j] += a * b;
                }
                let sums = &mut right[(hour * count + i) * size..][..size];
                for (k, (sum, value)) in sums.iter_mut().zip(&state).enumerate() {
                    let value = f64::from(*value);
                    *sum += a * if value.is_nan() {
                        fill[k / points]
                    } else {
                        value
                    };
                }
            }
        }
        let mut coefficients = vec![0.0f32; right.len()];
        for (hour, normal) in normal.into_iter().enumerate() {
            let inverse = inverse(normal, count);
            for i in 0..count {
                let out = &mut coefficients[(hour * count + i) * size..][..size];
                for j in 0..count {
                    let weight = inverse[i * count + j];
                    let sums = &right[(hour * count + j) * size..][..size];
                    for (out, sum) in out.iter_mut().zip(sums) {
                        *out += (weight * sum) as f32;
                    }
                }
            }
        }
        Ok(Self {
            calendar,
            hours,
            harmonics,
            coefficients,
        })
    }

    /// The values `[hour][coefficient][value]` that [`Self::with_coefficients`] takes back.
    pub fn coefficients(&self) -> &[f32] {
        &self.coefficients
    }

    /// The same with its coefficients, which are stored apart.
    pub fn with_coefficients(self, coefficients: Vec<f32>) -> Self {
        Self {
            coefficients,
            ..self
        }
    }

    /// The calendar of its times.
    pub fn calendar(&self) -> Calendar {
        self.calendar
    }

    /// How many harmonics of the year it has.
    pub fn harmonics(&self) -> usize {
        self.harmonics
    }

    /// The state to expect at a time; of a time of day that was never seen that of the nearest.
    pub fn at(&self, date: DateTime) -> Vec<f32> {
        let count = 1 + 2 * self.harmonics;
        let size = self.coefficients.len() / (self.hours.len() * count).max(1);
        let of_day = date.microseconds(self.calendar).rem_euclid(DAY);
        let away = |hour: &i64| {
            let apart = (hour - of_day).abs();
            apart.min(DAY - apart)
        };
        let hours = self.hours.iter().enumerate();
        let hour = hours
            .min_by_key(|(_, hour)| away(hour))
            .map_or(0, |(k, _)| k);
        let mut state = vec![0.0f64; size];
        for (i, weight) in basis(self.harmonics, date, self.calendar)
            .into_iter()
            .enumerate()
        {
            let values = &self.coefficients[(hour * count + i) * size..][..size];
            state
                .iter_mut()
                .zip(values)
                .for_each(|(s, v)| *s += weight * f64::from(*v));
        }
        state.into_iter().map(|v| v as f32).collect()
    }
}

fn basis(harmonics: usize, date: DateTime, calendar: Calendar) -> Vec<f64> {
    let year = TAU * date.year_fraction(calendar);
    let waves = (1..=harmonics).flat_map(|k| [(k as f64 * year).cos(), (k as f64 * year).sin()]);
    std::iter::once(1.0).chain(waves).collect()
}

/// Of a small symmetric positive definite matrix, by Gauss and Jordan.
fn inverse(mut a: Vec<f64>, n: usize) -> Vec<f64> {
    let mut b = vec![0.0; n * n];
    (0..n).for_each(|i| b[i * n + i] = 1.0);
    for i in 0..n {
        let pivot = a[i * n + i];
        for j in 0..n {
            a[i * n + j] /= pivot;
            b[i * n + j] /= pivot;
        }
        for k in (0..n).filter(|k| *k != i) {
            let factor = a[k * n + i];
            for j in 0..n {
                a[k * n + j] -= factor * a[i * n + j];
                b[k * n + j] -= factor * b[i * n + j];
            }
        }
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_is_one() {
        let a = vec![4.0, 1.0, 0.5, 1.0, 3.0, -0.2, 0.5, -0.2, 2.0];
        let b = inverse(a.clone(), 3);
        for i in 0..3 {
            for j in 0..3 {
                let product: f64 = (0..3).map(|k| a[3 * i + k] * b[3 * k + j]).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-14);
            }
        }
    }
}
