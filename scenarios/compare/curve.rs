//! The solver as a curve of error against time, and what lies between its points.
//!
//! Of all resolutions and time steps that were tried only those count that no other beats in both: the
//! lower envelope. Between two of them error and time follow a power law, a straight line in
//! logarithms.

/// A solver at one setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Whose.
    pub name: String,
    /// Its error, above 0.
    pub error: f64,
    /// Wall time in s, above 0.
    pub seconds: f64,
}

/// A number, or a bound of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Estimate {
    /// Between two points.
    Between(f64),
    /// This or less: the solver was not run any coarser.
    AtMost(f64),
    /// More than this: the solver was not run any finer.
    Above(f64),
}

impl Estimate {
    /// The number, or the bound.
    pub fn value(self) -> f64 {
        match self {
            Self::Between(value) | Self::AtMost(value) | Self::Above(value) => value,
        }
    }

    /// What stands before the number.
    pub fn words(self) -> &'static str {
        match self {
            Self::Between(_) => "",
            Self::AtMost(_) => "at most ",
            Self::Above(_) => "more than ",
        }
    }
}

/// The lower envelope of the solver's points, from coarse and fast to fine and slow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    points: Vec<Point>,
}

impl Curve {
    /// Of all points that are positive and finite.
    pub fn new(points: impl IntoIterator<Item = Point>) -> Self {
        let good = |v: f64| v > 0.0 && v.is_finite();
        let mut all: Vec<Point> = points
            .into_iter()
            .filter(|p| good(p.error) && good(p.seconds))
            .collect();
        all.sort_by(|a, b| {
            let times = a.seconds.total_cmp(&b.seconds);
            times.then(a.error.total_cmp(&b.error))
        });
        let mut points: Vec<Point> = Vec::new();
        for point in all {
            if points.last().is_none_or(|last| point.error < last.error) {
                points.push(point);
            }
        }
        Self { points }
    }

    /// The points, from coarse to fine.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Time in s that the solver takes to an error; nothing without points.
    pub fn seconds_at(&self, error: f64) -> Option<Estimate> {
        let (first, last) = (self.points.first()?, self.points.last()?);
        if error >= first.error {
            return Some(Estimate::AtMost(first.seconds));
        }
        if error < last.error || error.is_nan() {
            return Some(Estimate::Above(last.seconds));
        }
        let pair = self.points.windows(2).find(|pair| pair[1].error <= error)?;
        let share = (pair[0].error / error).ln() / (pair[0].error / pair[1].error).ln();
        let ratio = pair[1].seconds / pair[0].seconds;
        Some(Estimate::Between(pair[0].seconds * ratio.powf(share)))
    }

    /// Error that the solver has after a time in s; nothing without points.
    pub fn error_at(&self, seconds: f64) -> Option<Estimate> {
        let (first, last) = (self.points.first()?, self.points.last()?);
        if seconds < first.seconds || seconds.is_nan() {
            return Some(Estimate::Above(first.error));
        }
        if seconds >= last.seconds {
            return Some(Estimate::AtMost(last.error));
        }
        let pair = self
            .points
            .windows(2)
            .find(|pair| pair[1].seconds > seconds)?;
        let share = (seconds / pair[0].seconds).ln() / (pair[1].seconds / pair[0].seconds).ln();
        let ratio = pair[1].error / pair[0].error;
        Some(Estimate::Between(pair[0].error * ratio.powf(share)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A solver of order p in d dimensions and time: error n^-p, time n^(d+1).
    fn power_law(resolutions: &[f64], order: f64, dimensions: f64) -> Curve {
        Curve::new(resolutions.iter().map(|n| Point {
            name: format!("solver@{n}"),
            error: 3.0 * n.powf(-order),
            seconds: 1e-6 * n.powf(dimensions + 1.0),
        }))
    }

    proptest! {
        /// Where the curve is a power law the answer is exact: t = 1e-6 (3 / e)^((d + 1) / p).
        #[test]
        fn a_power_law_is_read_exactly(order in 1.0..6.0f64, d in 1.0..3.0f64, n in 8.0..128.0f64) {
            let curve = power_law(&[8.0, 16.0, 48.0, 64.0, 128.0], order, d);
            let (error, seconds) = (3.0 * n.powf(-order), 1e-6 * n.powf(d + 1.0));
            match curve.seconds_at(error) {
                Some(Estimate::Between(found)) => prop_assert!((found / seconds - 1.0).abs() < 1e-9),
                other => prop_assert!(false, "{other:?}"),
            }
            match curve.error_at(seconds) {
                Some(Estimate::Between(found)) => prop_assert!((found / error - 1.0).abs() < 1e-9),
                other => prop_assert!(false, "{other:?}"),
            }
        }

        /// Time at the error after a time is that time.
        #[test]
        fn time_and_error_are_inverse(errors in prop::collection::vec(1e-6..1.0f64, 2..8), share in 0.0..1.0f64) {
            let curve = Curve::new(errors.iter().enumerate().map(|(i, error)| Point {
                name: i.to_string(),
                error: *error,
                seconds: 1e-3 * (1 + i * i) as f64,
            }));
            let (first, last) = (&curve.points[0], &curve.points[curve.points.len() - 1]);
            let seconds = first.seconds * (last.seconds / first.seconds).powf(share);
            if let Some(Estimate::Between(error)) = curve.error_at(seconds) {
                let again = curve.seconds_at(error).map_or(f64::NAN, Estimate::value);
                prop_assert!((again / seconds - 1.0).abs() < 1e-6, "{again} {seconds}");
            }
        }
    }

    #[test]
    fn beyond_the_ends_there_are_bounds() {
        let curve = power_law(&[10.0, 20.0], 2.0, 1.0);
        let [first, last] = [0, 1].map(|n| curve.points[n].clone());
        let (fast, slow) = (first.seconds, last.seconds);
        assert_eq!(curve.seconds_at(1.0), Some(Estimate::AtMost(fast)));
        assert_eq!(curve.seconds_at(1e-9), Some(Estimate::Above(slow)));
        assert_eq!(curve.error_at(1e-9), Some(Estimate::Above(first.error)));
        assert_eq!(curve.error_at(1.0), Some(Estimate::AtMost(last.error)));
        assert_eq!(Curve::default().seconds_at(1.0), None);
    }

    #[test]
    fn what_another_beats_in_both_does_not_count() {
        let point = |name: &str, error, seconds| Point {
            name: name.into(),
            error,
            seconds,
        };
        let curve = Curve::new([
            point("slow", 0.1, 9.0),
            point("good", 0.1, 1.0),
            point("fine", 0.01, 10.0),
            point("failed", f64::NAN, 0.1),
        ]);
        let names: Vec<&str> = curve.points().iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["good", "fine"]);
    }
}
