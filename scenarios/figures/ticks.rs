//! Ticks on round values, and their labels.

/// Marks of an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticks {
    /// Where the labelled marks are.
    pub at: Vec<f64>,
    /// Their labels.
    pub labels: Vec<String>,
    /// Marks without labels.
    pub minor: Vec<f64>,
    /// Labels are to be multiplied by ten to this power, which belongs in the title.
    pub exponent: i32,
    /// Distance of two labelled marks (linear axes).
    pub step: f64,
}

impl Ticks {
    /// About `count` marks between `low` and `high` at multiples of 1, 2 or 5 (or 2.5
    /// where it needs no further digit) times a power of ten.
    pub fn linear(low: f64, high: f64, count: usize) -> Self {
        let size = low.abs().max(high.abs());
        let exponent = match size {
            size if size == 0.0 || !size.is_finite() => 0,
            size if !(0.01..99_999.5).contains(&size) => {
                // Powers of thousand go with the prefixes of units.
                (size.log10().floor() as i32).div_euclid(3) * 3
            }
            _ => 0,
        };
        Self::at_step(low, high, round_step(low, high, count), exponent)
    }

    /// Marks of an axis of frequencies in Hz, as [`Ticks::linear`] but with the labels in
    /// the largest of Hz, kHz, MHz, GHz and THz that is not above both ends; `exponent`
    /// tells which.
    pub fn frequency(low: f64, high: f64, count: usize) -> Self {
        let exponent = frequency_power(low.abs().max(high.abs()));
        Self::at_step(low, high, round_step(low, high, count), exponent)
    }

    /// Marks of a time axis in hours: multiples of whole hours that divide days.
    pub fn hours(low: f64, high: f64, count: usize) -> Self {
        let rough = (high - low) / count.max(1) as f64;
        let known = [
            1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 48.0, 72.0, 120.0, 240.0, 480.0, 720.0,
        ];
        match known.into_iter().find(|step| *step >= rough * 0.8) {
            Some(step) if rough > 0.5 => Self::at_step(low, high, step, 0),
            _ => Self::linear(low, high, count),
        }
    }

    fn at_step(low: f64, high: f64, step: f64, exponent: i32) -> Self {
        // A hair of tolerance keeps the ends when they are round themselves.
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        // Only a step far too small for its axis gives more; it would fill the memory.
        let last = last.min(first.saturating_add(1000));
        let at: Vec<f64> = (first..=last).map(|k| k as f64 * step).collect();
        let unit = step / 10f64.powi(exponent);
        // Digits behind the point: as many as the step itself needs.
        let digits = (0..12)
            .find(|&digits| {
                let scaled = unit * 10f64.powi(digits);
                (scaled - scaled.round()).abs() < 1e-6 * scaled.abs()
            })
            .unwrap_or(12) as usize;
        let labels = at
            .iter()
            .map(|value| minus(&format!("{:.digits$}", clean(value / 10f64.powi(exponent)))))
            .collect();
        Self {
            at,
            labels,
            minor: Vec::new(),
            exponent,
            step,
        }
    }

    /// Marks of a logarithmic axis: decades, every second or third where there are many,
    /// 1-2-5 where there are fewer than two. `count` is the number of labels that fit.
    pub fn log(low: f64, high: f64, count: usize) -> Self {
        let (low, high) = (low.clamp(1e-307, 1e307), high.clamp(1e-307, 1e307));
        let (first, last) = (
            (low.log10() - 1e-9).ceil() as i32,
            (high.log10() + 1e-9).floor() as i32,
        );
        let decades = (last - first + 1).max(0) as usize;
        let inside = |value: &f64| *value >= low * (1.0 - 1e-9) && *value <= high * (1.0 + 1e-9);
        let from = low.log10().floor() as i32;
        let to = high.log10().ceil() as i32;
        if decades < 2 {
            let factors: &[f64] = if (high / low) < 3.0 {
                &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0]
            } else {
                &[1.0, 2.0, 5.0]
            };
            let at: Vec<f64> = (from..=to)
                .flat_map(|power| factors.iter().map(move |f| f * 10f64.powi(power)))
                .filter(inside)
                .collect();
            let labels = at.iter().map(|&value| plain_or_power(value)).collect();
            return Self {
                at,
                labels,
                minor: minor(from, to, inside),
                exponent: 0,
                step: 0.0,
            };
        }
        let every = decades.div_ceil(count.max(1)) as i32;
        let powers: Vec<i32> = (first..=last)
            .filter(|power| power.rem_euclid(every) == 0)
            .collect();
        // Small whole decades read best as plain numbers: 1, 10, 100.
        let small = first >= -2 && last <= 4;
        let labels = powers
            .iter()
            .map(|&power| {
                if small {
                    plain_or_power(10f64.powi(power))
                } else {
                    power_of_ten(power)
                }
            })
            .collect();
        let minor = if every == 1 && decades <= 8 {
            minor(from, to, inside)
        } else if decades <= 30 {
            (first..=last).map(|power| 10f64.powi(power)).collect()
        } else {
            Vec::new()
        };
        let at = powers.iter().map(|&power| 10f64.powi(power)).collect();
        Self {
            at,
            labels,
            minor,
            exponent: 0,
            step: 0.0,
        }
    }
}

/// A distance of marks that is 1, 2 or 5 times a power of ten, for about `count` of them.
fn round_step(low: f64, high: f64, count: usize) -> f64 {
    let span = if high > low { high - low } else { 1.0 };
    let rough = span / count.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough * 0.75)
        .unwrap_or(10.0 * power)
}

/// The power of ten of the unit for frequencies up to `size` Hz.
fn frequency_power(size: f64) -> i32 {
    match size * (1.0 + 1e-9) {
        size if size >= 1e12 && size.is_finite() => 12,
        size if size >= 1e9 => 9,
        size if size >= 1e6 => 6,
        size if size >= 1e3 => 3,
        _ => 0,
    }
}

/// The unit of ten to this many Hz.
pub(crate) fn frequency_unit(power: i32) -> &'static str {
    match power {
        12 => "THz",
        9 => "GHz",
        6 => "MHz",
        3 => "kHz",
        _ => "Hz",
    }
}

/// A frequency in Hz to four digits, as a mark in a figure is named: `2.392 GHz`, `50 Hz`.
pub fn frequency_label(hertz: f64) -> String {
    let power = frequency_power(hertz.abs());
    let value = hertz / 10f64.powi(power);
    let whole = value.abs().max(1.0).log10().floor().min(20.0) as usize;
    let text = format!("{value:.*}", 3usize.saturating_sub(whole));
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    format!("{} {}", minus(text), frequency_unit(power))
}

fn minor(from: i32, to: i32, inside: impl Fn(&f64) -> bool) -> Vec<f64> {
    (from..=to)
        .flat_map(|power| (2..10).map(move |k| f64::from(k) * 10f64.powi(power)))
        .filter(inside)
        .collect()
}

/// Zero without a sign.
fn clean(value: f64) -> f64 {
    if value.abs() < 1e-12 { 0.0 } else { value }
}

/// A typographic minus.
pub(crate) fn minus(text: &str) -> String {
    text.replace('-', "−")
}

fn plain_or_power(value: f64) -> String {
    if (1e-3..1e5).contains(&value) {
        minus(&format!("{}", (value * 1e9).round() / 1e9))
    } else {
        let power = value.log10().floor() as i32;
        let factor = value / 10f64.powi(power);
        if (factor - 1.0).abs() < 1e-9 {
            power_of_ten(power)
        } else {
            format!("{factor:.0}×{}", power_of_ten(power))
        }
    }
}

/// `10⁻⁵`.
pub(crate) fn power_of_ten(power: i32) -> String {
    let written = power.to_string();
    let digits = written.chars().map(|digit| match digit {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        _ => '⁹',
    });
    "10".chars().chain(digits).collect()
}

/// A title with the axis's power of ten worked into its unit: `vorticity (s⁻¹)` becomes
/// `vorticity (10⁻⁶ s⁻¹)`.
pub(crate) fn with_exponent(title: &str, exponent: i32) -> String {
    if exponent == 0 {
        return title.to_string();
    }
    let power = power_of_ten(exponent);
    match title.rfind('(') {
        Some(at) if title.ends_with(')') => {
            format!("{}{power} {}", &title[..=at], &title[at + 1..])
        }
        _ => format!("{title} (×{power})").trim_start().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_marks_are_round() {
        let ticks = Ticks::linear(0.0, 1.0, 5);
        assert_eq!(ticks.labels, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        let ticks = Ticks::linear(-3.0, 7.0, 5);
        assert_eq!(ticks.labels, ["−2", "0", "2", "4", "6"]);
        let ticks = Ticks::linear(0.0, 3e-5, 3);
        assert_eq!(
            (ticks.exponent, ticks.labels.as_slice()),
            (
                -6,
                &["0".to_string(), "10".into(), "20".into(), "30".into()][..]
            )
        );
        let ticks = Ticks::linear(0.0, 2.5e6, 5);
        assert_eq!((ticks.exponent, ticks.labels[1].as_str()), (6, "0.5"));
    }

    #[test]
    fn hours_divide_days() {
        assert_eq!(
            Ticks::hours(0.0, 120.0, 6).labels,
            ["0", "24", "48", "72", "96", "120"]
        );
        assert_eq!(
            Ticks::hours(0.0, 24.0, 5).labels,
            ["0", "6", "12", "18", "24"]
        );
    }

    #[test]
    fn decades() {
        assert_eq!(
            Ticks::log(1.0, 1000.0, 5).labels,
            ["1", "10", "100", "1000"]
        );
        assert_eq!(
            Ticks::log(1e-12, 1e-3, 4).labels,
            ["10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³"]
        );
        assert_eq!(Ticks::log(2.0, 9.0, 5).labels, ["2", "5"]);
        assert_eq!(Ticks::log(1.0, 100.0, 5).minor.len(), 16);
    }

    #[test]
    fn frequencies_are_named() {
        for (hertz, label) in [
            (2.392e9, "2.392 GHz"),
            (2.4e9, "2.4 GHz"),
            (1e9, "1 GHz"),
            (299.792e6, "299.8 MHz"),
            (50.0, "50 Hz"),
            (0.0, "0 Hz"),
            (24.125e9, "24.12 GHz"),
        ] {
            assert_eq!(frequency_label(hertz), label);
        }
    }

    #[test]
    fn exponents_go_into_the_unit() {
        assert_eq!(with_exponent("vorticity (s⁻¹)", -6), "vorticity (10⁻⁶ s⁻¹)");
        assert_eq!(with_exponent("energy", 3), "energy (×10³)");
    }
}
