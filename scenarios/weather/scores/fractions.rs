//! The fractions skill score: how well a forecast has events near where they came.
//!
//! For an event (a value at or above a threshold) the share of the neighbourhood of each point where it is
//! forecast is P_f, where it came P_o, and
//!
//! FSS = 1 - <(P_f - P_o)^2> / (<P_f^2> + <P_o^2>)
//!
//! (Roberts and Lean, Mon. Weather Rev. 136, 78-97, 2008, equations 5 to 7). Over several times the two
//! averages are summed before the ratio is taken. Of an ensemble P_f is the share of points and members
//! (the neighbourhood ensemble probability of Schwartz et al., Weather Forecast. 25, 263-280, 2010). A
//! threshold that is a percentile is each field's own, which leaves out the bias.
//!
//! Neighbourhoods are squares around a point, of so many points or so many kilometres a side; they go
//! round the date line, and end at the edges of the grid and at the poles. Points within are
//! weighted like those of the scores, and those without a value are left out.

use super::{Cells, Weights};
use curlwind_datasets::coordinates::LatLon;
use std::fmt;
use std::str::FromStr;

/// Kilometres of a degree of latitude on a sphere of 6371 km.
const KILOMETRES: f64 = 6371.0 * std::f64::consts::PI / 180.0;

/// What makes an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// The variable that it is for; all without.
    pub variable: Option<String>,
    /// A value in the unit of the truth, or a percentile.
    limit: Limit,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Limit {
    Value(f64),
    Percentile(f64),
}

impl FromStr for Threshold {
    type Err = String;

    /// `5.5`, `p95`, `z500=54000` or `t850=p90`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}`: expected a value or a percentile such as p95, alone or as VARIABLE=VALUE"
            )
        };
        let (variable, limit) = match text.split_once('=') {
            Some((variable, limit)) => (Some(variable.trim()), limit.trim()),
            None => (None, text.trim()),
        };
        let number = |t: &str| t.parse::<f64>().ok().filter(|x| x.is_finite());
        let limit = match limit.strip_prefix('p') {
            Some(percentile) => {
                let p = number(percentile).filter(|p| *p > 0.0 && *p < 100.0);
                Limit::Percentile(p.ok_or_else(wrong)?)
            }
            None => Limit::Value(number(limit).ok_or_else(wrong)?),
        };
        if variable.is_some_and(str::is_empty) {
            return Err(wrong());
        }
        Ok(Self {
            variable: variable.map(String::from),
            limit,
        })
    }
}

impl fmt::Display for Threshold {
    /// As it stands in the names of scores, without the variable.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limit {
            Limit::Value(value) => write!(f, "{value}"),
            Limit::Percentile(p) => write!(f, "p{p}"),
        }
    }
}

impl Threshold {
    /// Whether it is meant for the variable `name`, at a level with the label `label`.
    pub fn is_for(&self, name: &str, label: &str) -> bool {
        let meant = |v: &str| v == name || v == label;
        self.variable.as_deref().is_none_or(meant)
    }

    /// The value of one field; NaN of one without values. A percentile is the smallest value that so much of the
    /// weight does not exceed.
    fn of(&self, field: &[f64], weight: impl Fn(usize) -> f64) -> f64 {
        let percentile = match self.limit {
            Limit::Value(value) => return value,
            Limit::Percentile(p) => p / 100.0,
        };
        let mut values: Vec<(f64, f64)> = field
            .iter()
            .enumerate()
            .filter(|(_, x)| x.is_finite())
            .map(|(k, x)| (*x, weight(k)))
            .collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = values.iter().map(|v| v.1).sum();
        let mut sum = 0.0;
        for (value, weight) in &values {
            sum += weight;
            // what rounding takes from a sum must not take a value
            if sum >= percentile * total * (1.0 - 1e-12) {
                return *value;
            }
        }
        values.last().map_or(f64::NAN, |v| v.0)
    }
}

/// The side of a neighbourhood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Neighbourhood {
    /// So many points each way; odd.
    Points(usize),
    /// So many kilometres each way.
    Kilometres(f64),
}

impl FromStr for Neighbourhood {
    type Err = String;

    /// `5` points or `300 km`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}`: expected an odd number of points such as 5, or kilometres such as 300km"
            )
        };
        match text.trim().strip_suffix("km") {
            Some(number) => {
                let km = number.trim().parse::<f64>().map_err(|_| wrong())?;
                let usable = km.is_finite() && km > 0.0;
                usable.then_some(Self::Kilometres(km)).ok_or_else(wrong)
            }
            None => {
                let n = text.trim().parse::<usize>().map_err(|_| wrong())?;
                (n % 2 == 1).then_some(Self::Points(n)).ok_or_else(wrong)
            }
        }
    }
}

impl fmt::Display for Neighbourhood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Points(1) => write!(f, "1point"),
            Self::Points(n) => write!(f, "{n}points"),
            Self::Kilometres(km) => write!(f, "{km}km"),
        }
    }
}

/// Which points are near which on a grid.
#[derive(Clone, Debug)]
pub struct Windows {
    /// First row and the row after the last around each row.
    rows: Vec<(usize, usize)>,
    /// Points to either side in each row.
    sides: Vec<usize>,
    /// Weight of a point of each row.
    weights: Vec<f64>,
    width: usize,
    round: bool,
}

impl Windows {
    /// The neighbourhoods of a grid's points.
    pub fn new(size: Neighbourhood, grid: &LatLon, weights: Weights) -> Self {
        let lat = &grid.latitudes_deg;
        let (nlat, width) = (lat.len(), grid.nlon());
        let (rows, sides) = match size {
            Neighbourhood::Points(n) => {
                let half = n / 2;
                let rows = |j: usize| (j.saturating_sub(half), (j + half + 1).min(nlat));
                ((0..nlat).map(rows).collect(), vec![half; nlat])
            }
            Neighbourhood::Kilometres(km) => {
                // a point at the very edge belongs to it, however the division is rounded
                let half = 0.5 * km * (1.0 + 1e-9);
                let near = |j: usize, k: usize| (lat[j] - lat[k]).abs() * KILOMETRES <= half;
                let rows = |j: usize| {
                    let first = (0..j).find(|k| near(j, *k)).unwrap_or(j);
                    let last = (j..nlat).rev().find(|k| near(j, *k)).unwrap_or(j);
                    (first, last + 1)
                };
                let last = grid.longitudes_deg.last().copied().unwrap_or(0.0);
                let span = last - grid.longitudes_deg[0];
                let step = span / (width.max(2) - 1) as f64;
                let side = |lat: &f64| {
                    let point = KILOMETRES * step * lat.to_radians().cos();
                    (half / point.max(1e-9)).min(width as f64) as usize
                };
                (
                    (0..nlat).map(rows).collect(),
                    lat.iter().map(side).collect(),
                )
            }
        };
        Self {
            rows,
            sides,
            weights: weights.of_latitudes(grid),
            width,
            round: grid.is_periodic(),
        }
    }

    /// Sum of the window of each point, from sums along each row (`[row][width + 1]`, of the points before).
    fn sums(&self, before: &[f64], to: &mut [f64]) {
        let n = self.width;
        to.fill(0.0);
        // the sum over the window's columns of each row, taken by the rows that have it in theirs
        let mut across = vec![0.0; n];
        for (k, before) in before.chunks_exact(n + 1).enumerate() {
            let side = self.sides[k];
            for (i, sum) in across.iter_mut().enumerate() {
                *sum = if !self.round {
                    before[(i + side + 1).min(n)] - before[i.saturating_sub(side)]
                } else if 2 * side + 1 >= n {
                    before[n]
                } else if i < side {
                    before[n] - before[n + i - side] + before[i + side + 1]
                } else if i + side + 1 > n {
                    before[n] - before[i - side] + before[i + side + 1 - n]
                } else {
                    before[i + side + 1] - before[i - side]
                };
            }
            for (j, (first, last)) in self.rows.iter().enumerate() {
                if (*first..*last).contains(&k) {
                    let row = &mut to[j * n..(j + 1) * n];
                    let weight = self.weights[k];
                    row.iter_mut()
                        .zip(&across)
                        .for_each(|(x, y)| *x += weight * y);
                }
            }
        }
    }
}

/// Sums of one or more times that a fractions skill score is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FractionSums {
    /// Mean of (P_f - P_o)^2.
    pub difference: f64,
    /// Mean of P_f^2 + P_o^2.
    pub reference: f64,
    /// Share of the region where the event came.
    pub frequency: f64,
}

/// Events in one window size.
#[derive(Clone, Debug)]
pub struct Events<'e> {
    /// What makes an event.
    pub threshold: &'e Threshold,
    /// Which points are near.
    pub windows: &'e Windows,
}

impl Events<'_> {
    /// The sums of one time in each region. Fields are `[latitude][longitude]`, north to south; a point counts where
    /// the truth has a value and no member lacks one, and a field with an infinity makes NaN.
    pub fn compare(
        &self,
        members: &[Vec<f64>],
        truth: &[f64],
        regions: &[Cells],
    ) -> Vec<FractionSums> {
        let n = self.windows.width;
        let valid = |k: usize| truth[k].is_finite() && members.iter().all(|m| !m[k].is_nan());
        let valid: Vec<f64> = (0..truth.len())
            .map(|k| f64::from(u8::from(valid(k))))
            .collect();
        let failed = members.iter().any(|m| {
            m.iter()
                .zip(&valid)
                .any(|(x, v)| *v > 0.0 && x.is_infinite())
        });
        let weight = |k: usize| self.windows.weights[k / n] * valid[k];
        let limit = self.threshold.of(truth, weight);
        let came = |k: usize| f64::from(u8::from(truth[k] >= limit));
        // counts, not shares: sums of whole numbers are exact
        let mut forecast = vec![0.0; truth.len()];
        for member in members {
            let limit = self.threshold.of(member, weight);
            forecast
                .iter_mut()
                .zip(member)
                .for_each(|(count, x)| *count += f64::from(u8::from(*x >= limit)));
        }
        let fractions = |of: &dyn Fn(usize) -> f64| {
            let mut before = Vec::with_capacity(truth.len() + truth.len() / n);
            for row in 0..truth.len() / n {
                let mut sum = 0.0;
                before.push(sum);
                before.extend((row * n..(row + 1) * n).map(|k| {
                    sum += if valid[k] > 0.0 { of(k) } else { 0.0 };
                    sum
                }));
            }
            let mut sums = vec![0.0; truth.len()];
            self.windows.sums(&before, &mut sums);
            sums
        };
        let weights = fractions(&|_| 1.0);
        let p_forecast = fractions(&|k| forecast[k]);
        let p_truth = fractions(&came);
        let m = members.len() as f64;
        let mut found = vec![FractionSums::default(); regions.len()];
        for (region, sums) in regions.iter().zip(&mut found) {
            let mut total = 0.0;
            for j in (0..truth.len() / n).filter(|j| region.has_row(*j)) {
                for (i, weight) in region.row(j).enumerate().filter(|(_, w)| *w > 0.0) {
                    let k = j * n + i;
                    if valid[k] == 0.0 {
                        continue;
                    }
                    let (f, o) = (p_forecast[k] / (m * weights[k]), p_truth[k] / weights[k]);
                    sums.difference += weight * (f - o).powi(2);
                    sums.reference += weight * (f * f + o * o);
                    sums.frequency += weight * came(k);
                    total += weight;
                }
            }
            let scale = if failed { f64::NAN } else { 1.0 / total };
            sums.difference *= scale;
            sums.reference *= scale;
            sums.frequency /= total;
        }
        found
    }
}

/// The score of sums (or means) over times; NaN where the event neither came nor was forecast.
pub fn skill(difference: f64, reference: f64) -> f64 {
    1.0 - difference / reference
}

#[cfg(test)]
mod tests {
    use super::super::Region;
    use super::*;

    fn plane(nlat: usize, nlon: usize, step: f64) -> LatLon {
        let latitudes = (0..nlat).map(|j| (0.5 * (nlat - 1) as f64 - j as f64) * step);
        let longitudes = (0..nlon).map(|i| i as f64 * step);
        LatLon::new(latitudes.collect(), longitudes.collect()).expect("grid")
    }

    fn score(grid: &LatLon, size: &str, limit: &str, f: &[f64], o: &[f64]) -> f64 {
        let windows = Windows::new(size.parse().expect("size"), grid, Weights::None);
        let threshold: Threshold = limit.parse().expect("threshold");
        let cells = Cells::new(&Region::globe(), Weights::None, grid, None).expect("cells");
        let events = Events {
            threshold: &threshold,
            windows: &windows,
        };
        let sums = events.compare(&[f.to_vec()], o, &[cells])[0];
        skill(sums.difference, sums.reference)
    }

    /// The definition, window by window.
    fn plain(nlat: usize, nlon: usize, half: i64, round: bool, f: &[f64], o: &[f64]) -> f64 {
        let share = |x: &[f64], j: i64, i: i64| {
            let (mut sum, mut count) = (0.0, 0.0);
            for k in (j - half).max(0)..=(j + half).min(nlat as i64 - 1) {
                for l in i - half..=i + half {
                    let column = if round { l.rem_euclid(nlon as i64) } else { l };
                    if (0..nlon as i64).contains(&column) {
                        sum += x[(k * nlon as i64 + column) as usize];
                        count += 1.0;
                    }
                }
            }
            sum / count
        };
        let (mut difference, mut reference) = (0.0, 0.0);
        for j in 0..nlat as i64 {
            for i in 0..nlon as i64 {
                let (p, q) = (share(f, j, i), share(o, j, i));
                difference += (p - q).powi(2);
                reference += p * p + q * q;
            }
        }
        1.0 - difference / reference
    }

    #[test]
    fn windows_are_what_they_are_defined_as() {
        let mut state = 7u64;
        let mut events = |n: usize| -> Vec<f64> {
            let mut draw = || {
                state = state
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                f64::from(u8::from(state >> 61 == 0))
            };
            (0..n).map(|_| draw()).collect()
        };
        let (f, o) = (events(9 * 24), events(9 * 24));
        // 24 longitudes 15 degrees apart go round, 1 degree apart they do not
        for (step, round) in [(15.0, true), (1.0, false)] {
            for (size, half) in [("1", 0), ("3", 1), ("7", 3)] {
                let found = score(&plane(9, 24, step), size, "0.5", &f, &o);
                let expected = plain(9, 24, half, round, &f, &o);
                assert!(
                    (found - expected).abs() < 1e-13,
                    "{step} {size}: {found} {expected}"
                );
            }
        }
    }

    #[test]
    fn kilometres_become_points() {
        // at the equator a degree is 111.19 km: 3 points in 222.4 km and a bit
        let grid = plane(9, 24, 1.0);
        let windows = Windows::new(Neighbourhood::Kilometres(223.0), &grid, Weights::None);
        assert_eq!((windows.rows[4], windows.sides[4]), ((3, 6), 1));
        let globe = LatLon::new(
            vec![90.0, 60.0, 0.0, -60.0, -90.0],
            (0..36).map(|i| f64::from(i) * 10.0).collect(),
        );
        let globe = globe.expect("grid");
        let windows = Windows::new(Neighbourhood::Kilometres(2300.0), &globe, Weights::Area);
        // 1150 km: one point at the equator, two at 60 degrees, the whole circle at the pole
        assert_eq!(windows.sides, [36, 2, 1, 2, 36]);
        assert!("4".parse::<Neighbourhood>().is_err() && "-3 km".parse::<Neighbourhood>().is_err());
    }

    #[test]
    fn percentiles_leave_out_the_bias_and_gaps_are_left_out() {
        let grid = plane(5, 8, 1.0);
        let mut o: Vec<f64> = (0..40).map(|k| f64::from((k * 13) % 40)).collect();
        let f: Vec<f64> = o.iter().map(|x| 10.0 + 2.0 * x).collect();
        assert!((score(&grid, "1", "p75", &f, &o) - 1.0).abs() < 1e-15);
        assert!(score(&grid, "1", "30", &f, &o) < 0.8);
        assert!(score(&grid, "3", "1000", &f, &o).is_nan(), "no event");
        let whole = score(&grid, "1", "30", &o, &o);
        o[3] = f64::NAN;
        assert_eq!(score(&grid, "1", "30", &o, &o), whole);
        let mut failed = f;
        failed[3] = f64::INFINITY;
        assert!(score(&grid, "1", "30", &failed, &o).is_finite());
        failed[4] = f64::INFINITY;
        assert!(score(&grid, "1", "30", &failed, &o).is_nan());
        for bad in ["x", "p0", "p101", "=3", "z=", "nan"] {
            assert!(bad.parse::<Threshold>().is_err(), "{bad}");
        }
        let threshold: Threshold = "z500=p95".parse().expect("threshold");
        assert!(threshold.is_for("z", "z500") && !threshold.is_for("t", "t850"));
    }
}
