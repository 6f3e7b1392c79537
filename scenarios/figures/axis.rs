//! An axis: its title, its scale, and where a value lies on it.

use super::Ticks;
use super::ticks::{frequency_unit, with_exponent};

/// How values are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// Evenly, with marks at whole hours and days.
    Hours,
    /// Evenly, values in Hz shown in the unit that fits the ends.
    Frequency,
    /// By logarithm; values of zero or less have no place.
    Log,
}

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What is shown, with the unit in brackets.
    pub title: String,
    /// How it is laid out.
    pub scale: Scale,
    /// First and last value; from the data where none is given.
    pub range: Option<(f64, f64)>,
}

impl Axis {
    /// An even axis.
    pub fn linear(title: &str) -> Self {
        Self {
            title: title.to_string(),
            scale: Scale::Linear,
            range: None,
        }
    }

    /// An even axis of hours; `(h)` is added to the title.
    pub fn hours(title: &str) -> Self {
        Self {
            title: format!("{title} (h)"),
            scale: Scale::Hours,
            range: None,
        }
    }

    /// An even axis of frequencies in Hz, labelled in Hz, kHz, MHz, GHz or THz as the ends
    /// ask; the unit is added to the title.
    pub fn frequency(title: &str) -> Self {
        Self {
            title: title.to_string(),
            scale: Scale::Frequency,
            range: None,
        }
    }

    /// A logarithmic axis.
    pub fn log(title: &str) -> Self {
        Self {
            title: title.to_string(),
            scale: Scale::Log,
            range: None,
        }
    }

    /// With fixed ends.
    pub fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// Whether a value has a place. What is beyond 1e300 would overflow in the layout.
    pub(crate) fn takes(&self, value: f64) -> bool {
        value.abs() <= 1e300 && (self.scale != Scale::Log || value >= 1e-300)
    }

    /// The ends for these values. `pad` is the share of empty room beyond the data.
    pub(crate) fn ends(&self, values: impl IntoIterator<Item = f64>, pad: f64) -> (f64, f64) {
        let log = self.scale == Scale::Log;
        if let Some((low, high)) = self.range
            && self.takes(low)
            && self.takes(high)
            && low < high
        {
            return (low, high);
        }
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter(|value| self.takes(*value)) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            return if log { (1.0, 10.0) } else { (0.0, 1.0) };
        }
        if log {
            let decades = high.ln() - low.ln();
            let room = if decades < 1e-3 { 0.5 } else { decades * pad };
            return (
                (low * (-room).exp()).max(1e-305),
                (high * room.exp()).min(1e305),
            );
        }
        // A spread that is only round-off is no spread.
        let size = low.abs().max(high.abs());
        if high - low <= 1e-12 * size || high == low {
            let half = if size == 0.0 { 0.5 } else { 0.05 * size };
            return (low - half, high + half);
        }
        let room = (high - low) * pad;
        // Errors start at zero: an axis that nearly does should, too.
        let from_zero = low >= 0.0 && low < 0.25 * high && pad > 0.0;
        (if from_zero { 0.0 } else { low - room }, high + room)
    }

    /// Marks between the ends for `count` labels.
    pub(crate) fn ticks(&self, (low, high): (f64, f64), count: usize) -> Ticks {
        match self.scale {
            Scale::Linear => Ticks::linear(low, high, count),
            Scale::Hours => Ticks::hours(low, high, count),
            Scale::Frequency => Ticks::frequency(low, high, count),
            Scale::Log => Ticks::log(low, high, count),
        }
    }

    /// The title with the marks' power of ten, or with the unit that stands for it.
    pub(crate) fn title_for(&self, ticks: &Ticks) -> String {
        if self.scale == Scale::Frequency {
            return format!("{} ({})", self.title, frequency_unit(ticks.exponent));
        }
        with_exponent(&self.title, ticks.exponent)
    }

    /// Where a value lies between the ends, 0 to 1 (beyond for values outside).
    pub(crate) fn place(&self, value: f64, (low, high): (f64, f64)) -> f64 {
        match self.scale {
            Scale::Log => (value.ln() - low.ln()) / (high.ln() - low.ln()),
            _ => (value - low) / (high - low),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_odd_data() {
        let axis = Axis::linear("x");
        assert_eq!(axis.ends([], 0.05), (0.0, 1.0));
        assert_eq!(axis.ends([f64::NAN], 0.05), (0.0, 1.0));
        let (low, high) = axis.ends([3.0], 0.05);
        assert!(low < 3.0 && high > 3.0);
        assert_eq!(axis.ends([0.1, 2.0], 0.05).0, 0.0);
        assert_eq!(Axis::log("x").ends([0.0, -1.0], 0.05), (1.0, 10.0));
        assert_eq!(
            axis.clone().range(5.0, 1.0).ends([0.0, 1.0], 0.0),
            (0.0, 1.0)
        );
    }

    #[test]
    fn frequencies_choose_their_unit() {
        let axis = Axis::frequency("frequency");
        for (ends, title, last) in [
            ((1e9, 3e9), "frequency (GHz)", "3.0"),
            ((300e6, 1.2e9), "frequency (GHz)", "1.2"),
            ((900e6, 950e6), "frequency (MHz)", "950"),
            ((0.0, 20e3), "frequency (kHz)", "20"),
            ((1.0, 50.0), "frequency (Hz)", "50"),
            ((2.39e9, 2.41e9), "frequency (GHz)", "2.410"),
        ] {
            let ticks = axis.ticks(ends, 5);
            assert_eq!(axis.title_for(&ticks), title);
            assert_eq!(ticks.labels.last().map(String::as_str), Some(last));
        }
    }

    #[test]
    fn places() {
        assert_eq!(Axis::linear("x").place(5.0, (0.0, 10.0)), 0.5);
        assert!((Axis::log("x").place(10.0, (1.0, 100.0)) - 0.5).abs() < 1e-12);
    }
}
