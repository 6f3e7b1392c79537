//! The figures of an antenna or a network: plain numbers in, figures out.
//!
//! | picture | shows |
//! |---|---|
//! | [`s11_db`], [`vswr`], [`impedance`], [`smith`] | one reflection coefficient in four ways |
//! | [`s_parameters`] | all entries of a scattering matrix |
//! | [`pattern`] | cuts through the far field |
//! | [`sweep_s11`] | the designs of a sweep, coloured by what was swept |
//! | [`predicted_against_solved`] | a surrogate against the solver, design by design |
//!
//! With the reflection coefficient Γ of a port of reference impedance Z₀, the standing-wave
//! ratio is (1 + |Γ|)/(1 − |Γ|) and the impedance Z₀ (1 + Γ)/(1 − Γ) (D. M. Pozar,
//! Microwave Engineering, 4th ed., section 2.3). Frequencies are in Hz.

use crate::figures::{
    Axis, Colour, ColourMap, ColourScale, Curves, Figure, Labels, Polar, Series, Smith,
    curves_grid, distinct_colours, frequency_label, model_colour,
};
use crate::run_folder::format_value;
use num_complex::Complex64;

/// Width and height of a plot.
const SIZE: (f64, f64) = (720.0, 400.0);

/// The largest standing-wave ratio that is shown.
const LARGEST_RATIO: f64 = 10.0;

/// One design's reflection over frequency.
#[derive(Debug, Clone, Copy)]
pub struct ReflectionTrace<'a> {
    /// Who says so: `solver`, `surrogate`, a design.
    pub name: &'a str,
    /// Frequencies in Hz, ascending.
    pub frequencies: &'a [f64],
    /// Reflection coefficient at each frequency.
    pub s11: &'a [Complex64],
    /// Lower and upper bound of |S11| in dB at each frequency, e.g. of an ensemble.
    pub spread_db: Option<(&'a [f64], &'a [f64])>,
    /// Dashed whatever its colour.
    pub dashed: bool,
}

impl ReflectionTrace<'_> {
    fn series(&self, colour: Colour, values: &[f64]) -> Series {
        let series = Series::new(self.name, self.frequencies, values).colour(colour);
        if self.dashed { series.dashed() } else { series }
    }

    fn values(&self, of: impl Fn(Complex64) -> f64) -> Vec<f64> {
        self.s11.iter().map(|&s11| of(s11)).collect()
    }

    /// The frequency of the least reflection, with its place in the list.
    fn match_point(&self) -> Option<(usize, f64)> {
        self.frequencies
            .iter()
            .zip(self.s11)
            .enumerate()
            .filter(|(_, (frequency, s11))| frequency.is_finite() && s11.is_finite())
            .min_by(|a, b| a.1.1.norm().total_cmp(&b.1.1.norm()))
            .map(|(at, (&frequency, _))| (at, frequency))
    }
}

/// |S11| in dB over frequency, with the −10 dB that bound a bandwidth.
pub fn s11_db(traces: &[ReflectionTrace], title: &str) -> Figure {
    let values: Vec<Vec<f64>> = traces.iter().map(|t| t.values(decibel)).collect();
    let axis = decibel_axis("|S11| (dB)", values.iter().flatten(), -60.0);
    let mut plot = Curves::new(Axis::frequency("frequency"), axis)
        .title(title)
        .subtitle(&match_subtitle(traces))
        .level(-10.0, "−10 dB")
        .labels(legend_for(traces.len()));
    for ((trace, colour), values) in traces.iter().zip(colours(traces)).zip(&values) {
        let mut series = trace.series(colour, values);
        if let Some((low, high)) = trace.spread_db {
            series = series.spread(low, high);
        }
        plot = plot.series(series);
    }
    plot.figure(SIZE.0, SIZE.1)
}

/// The voltage standing-wave ratio over frequency, from 1 to at most 10, with the usual
/// limit of 2.
pub fn vswr(traces: &[ReflectionTrace], title: &str) -> Figure {
    let values: Vec<Vec<f64>> = traces
        .iter()
        .map(|trace| trace.values(|s11| standing_wave_ratio(s11.norm())))
        .collect();
    let highest = values.iter().flatten().copied().fold(3.0, f64::max);
    let axis = Axis::linear("VSWR").range(1.0, highest.ceil().min(LARGEST_RATIO));
    let mut plot = Curves::new(Axis::frequency("frequency"), axis)
        .title(title)
        .subtitle(&match_subtitle(traces))
        .level(2.0, "VSWR 2")
        .labels(legend_for(traces.len()));
    for ((trace, colour), values) in traces.iter().zip(colours(traces)).zip(&values) {
        let mut series = trace.series(colour, values);
        if let Some((low, high)) = trace.spread_db {
            let ratios = |bounds: &[f64]| -> Vec<f64> {
                let size = |db: &f64| standing_wave_ratio(10f64.powf(db / 20.0));
                bounds.iter().map(size).collect()
            };
            series = series.spread(&ratios(low), &ratios(high));
        }
        plot = plot.series(series);
    }
    plot.figure(SIZE.0, SIZE.1)
}

/// The reflection coefficients on a Smith chart normalised to `reference` Ω. Each trace is
/// marked where it reflects least, the first one at the ends of its band as well.
pub fn smith(traces: &[ReflectionTrace], reference: f64, title: &str) -> Figure {
    let mut chart = Smith::new()
        .title(title)
        .subtitle(&match_subtitle(traces))
        .reference(reference)
        .standing_wave(2.0);
    for (number, (trace, colour)) in traces.iter().zip(colours(traces)).enumerate() {
        chart = chart.trace(trace.name, trace.s11, Some(colour), trace.dashed);
        let best = trace.match_point();
        let last = trace.frequencies.len().min(trace.s11.len());
        let ends = [0, last.saturating_sub(1)];
        let mut marked: Vec<usize> = best.map(|(at, _)| at).into_iter().collect();
        if number == 0 && last > 2 {
            marked.extend(
                ends.into_iter()
                    .filter(|end| Some(*end) != best.map(|b| b.0)),
            );
        }
        for at in marked {
            chart = chart.marker(trace.s11[at], &frequency_label(trace.frequencies[at]));
        }
    }
    chart.figure(600.0, 660.0)
}

/// Resistance and reactance over frequency, side by side. What lies beyond twenty times
/// the reference impedance (in Ω), as near an antiresonance, is cut off.
pub fn impedance(traces: &[ReflectionTrace], reference: f64, title: &str) -> Figure {
    let limit = 20.0 * reference;
    let panel = |quantity: &str, level: (f64, &str), part: fn(Complex64) -> f64| {
        let values: Vec<Vec<f64>> = traces
            .iter()
            .map(|trace| trace.values(|s11| part(reference * (1.0 + s11) / (1.0 - s11))))
            .collect();
        let finite = || values.iter().flatten().copied().filter(|v| v.is_finite());
        let (low, high) = (
            finite().fold(0.0, f64::min),
            finite().fold(level.0, f64::max),
        );
        let mut axis = Axis::linear(&format!("{quantity} (Ω)"));
        let cut = low < -limit || high > limit;
        if cut {
            axis = axis.range(low.max(-limit), high.min(limit));
        }
        let mut plot = Curves::new(Axis::frequency("frequency"), axis)
            .title(title)
            .subtitle(&match cut {
                true => format!("{quantity}, shown to {} Ω", format_value(limit)),
                false => quantity.to_string(),
            })
            .level(level.0, level.1)
            .labels(legend_for(traces.len()));
        for ((trace, colour), values) in traces.iter().zip(colours(traces)).zip(&values) {
            plot = plot.series(trace.series(colour, values));
        }
        plot
    };
    let name = format!("{} Ω", (reference * 1e3).round() / 1e3);
    let panels = [
        panel("resistance R", (reference, &name), |z| z.re),
        panel("reactance X", (0.0, ""), |z| z.im),
    ];
    curves_grid(&panels, 2, 1000.0, 380.0)
}

/// Entries of a scattering matrix in dB over frequency, each with its name (`S21`).
pub fn s_parameters(
    frequencies: &[f64],
    entries: &[(String, Vec<Complex64>)],
    title: &str,
) -> Figure {
    let in_decibels = |entry: &(String, Vec<Complex64>)| -> Vec<f64> {
        entry.1.iter().copied().map(decibel).collect()
    };
    let values: Vec<Vec<f64>> = entries.iter().map(in_decibels).collect();
    let axis = decibel_axis("magnitude (dB)", values.iter().flatten(), -80.0);
    let mut plot = Curves::new(Axis::frequency("frequency"), axis)
        .title(title)
        .labels(Labels::Legend);
    let colours = distinct_colours(entries.iter().map(|entry| entry.0.as_str()));
    for ((entry, colour), values) in entries.iter().zip(colours).zip(&values) {
        plot = plot.series(Series::new(&entry.0, frequencies, values).colour(colour));
    }
    plot.figure(SIZE.0, SIZE.1)
}

/// Cuts through a radiation pattern: name, angles in radians from straight up, values in
/// dBi. Names that agree up to a comma share a colour.
pub fn pattern(cuts: &[(String, Vec<f64>, Vec<f64>)], title: &str) -> Figure {
    // Of equal values the first is named: round-off must not choose a direction.
    let mut strongest: Option<(&str, f64, f64)> = None;
    for (name, angles, values) in cuts {
        for (&angle, &value) in angles.iter().zip(values) {
            let least = strongest.map_or(f64::NEG_INFINITY, |known| known.2 + 1e-6);
            if angle.is_finite() && value.is_finite() && value > least {
                strongest = Some((name, angle, value));
            }
        }
    }
    let subtitle = strongest.map_or(String::new(), |(name, angle, value)| {
        let number = |text: String| text.replace('-', "−");
        let value = number(format!("{value:.2}"));
        let degrees = number(format!("{}", angle.to_degrees().round() + 0.0));
        format!("maximum {value} dBi ({name}, {degrees}°)")
    });
    let mut plot = Polar::new().title(title).subtitle(&subtitle);
    for (name, angles, values) in cuts {
        plot = plot.cut(name, angles, values);
    }
    plot.figure(560.0, 600.0)
}

/// |S11| of the designs of a sweep: the swept variable's value in `unit` (empty for a pure
/// number) and |S11| in dB at each frequency, as thin lines coloured by the variable.
pub fn sweep_s11(
    frequencies: &[f64],
    designs: &[(f64, Vec<f64>)],
    variable: &str,
    unit: &str,
    title: &str,
) -> Figure {
    let scale = ColourScale::over(ColourMap::Plasma, designs.iter().map(|design| design.0));
    let axis = decibel_axis("|S11| (dB)", designs.iter().flat_map(|d| &d.1), -60.0);
    let count = match designs.len() {
        1 => "1 design".to_string(),
        count => format!("{count} designs"),
    };
    let mut plot = Curves::new(Axis::frequency("frequency"), axis)
        .title(title)
        .subtitle(&count)
        .level(-10.0, "")
        .labels(Labels::None)
        .colour_bar(scale.clone(), &with_unit(variable, unit));
    let width = if designs.len() > 12 { 1.0 } else { 1.5 };
    for (value, s11) in designs {
        let name = format!("{variable} {}", format_value(*value));
        let series = Series::new(&name, frequencies, s11)
            .colour(scale.colour(*value))
            .width(width)
            .solid();
        plot = plot.series(series);
    }
    plot.figure(SIZE.0, SIZE.1 + 50.0)
}

/// A surrogate's predictions over the solver's results: pairs (solved, predicted) of a
/// quantity in `unit` (empty for a pure number; `Hz` is shown in the fitting multiple).
pub fn predicted_against_solved(points: &[(f64, f64)], quantity: &str, unit: &str) -> Figure {
    let usable = points
        .iter()
        .filter(|(a, b)| a.is_finite() && b.is_finite());
    let ends = common_ends(usable.clone().flat_map(|(a, b)| [*a, *b]));
    let axis = |who: &str| {
        let title = format!("{quantity}, {who}");
        let axis = match unit {
            "Hz" => Axis::frequency(&title),
            _ => Axis::linear(&with_unit(&title, unit)),
        };
        axis.range(ends.0, ends.1)
    };
    let (mut count, mut square, mut largest) = (0usize, 0.0, 0.0f64);
    for (solved, predicted) in usable {
        count += 1;
        square += (predicted - solved).powi(2);
        largest = largest.max((predicted - solved).abs());
    }
    let written = |value: f64| match unit {
        "Hz" => frequency_label(value),
        _ => format!("{} {unit}", format_value(value))
            .trim_end()
            .to_string(),
    };
    let subtitle = match count {
        0 => String::new(),
        _ => format!(
            "{count} designs, error {} rms, {} at most",
            written((square / count as f64).sqrt()),
            written(largest)
        ),
    };
    let (solved, predicted): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    Curves::new(axis("solved"), axis("predicted"))
        .title(&capitalised(&format!(
            "{quantity}: predicted against solved"
        )))
        .subtitle(&subtitle)
        .labels(Labels::None)
        .series(
            Series::new("equal", &[ends.0, ends.1], &[ends.0, ends.1])
                .colour(Colour::GREY)
                .width(1.0)
                .dashed(),
        )
        .series(
            Series::new("designs", &solved, &predicted)
                .colour(model_colour("surrogate"))
                .points_only(),
        )
        .figure(500.0, 500.0)
}

fn colours(traces: &[ReflectionTrace]) -> Vec<Colour> {
    distinct_colours(traces.iter().map(|trace| trace.name))
}

fn legend_for(traces: usize) -> Labels {
    if traces > 1 {
        Labels::Legend
    } else {
        Labels::None
    }
}

/// Where the first trace reflects least.
fn match_subtitle(traces: &[ReflectionTrace]) -> String {
    let matched = traces.iter().find_map(|trace| {
        let (at, frequency) = trace.match_point()?;
        Some((trace.name, frequency, decibel(trace.s11[at])))
    });
    matched.map_or(String::new(), |(name, frequency, least)| {
        let at = frequency_label(frequency);
        let whose = if traces.len() > 1 {
            format!("{name}: ")
        } else {
            String::new()
        };
        let least = format!("{least:.1}").replace('-', "−");
        format!("{whose}least reflection {least} dB at {at}")
    })
}

/// Magnitude in dB; zero is far below every axis rather than nowhere.
fn decibel(value: Complex64) -> f64 {
    let size = value.norm();
    if size < 1e-15 {
        -300.0
    } else {
        20.0 * size.log10()
    }
}

/// The standing-wave ratio of |Γ|; total reflection and more lie far above every axis.
fn standing_wave_ratio(reflection: f64) -> f64 {
    if reflection >= 1.0 {
        return 1e6;
    }
    ((1.0 + reflection) / (1.0 - reflection)).min(1e6)
}

/// An axis on fives that starts at the least value, though not below `floor`, and ends at
/// 0 dB, or above where there is gain.
fn decibel_axis<'a>(title: &str, values: impl IntoIterator<Item = &'a f64>, floor: f64) -> Axis {
    let (mut low, mut high) = (-15.0f64, 0.0f64);
    for value in values.into_iter().filter(|value| value.is_finite()) {
        low = low.min(*value);
        // Round-off above 0 dB is no gain.
        high = if *value > 0.1 { high.max(*value) } else { high };
    }
    let low = (5.0 * (low / 5.0).floor()).max(floor);
    Axis::linear(title).range(low, (5.0 * (high / 5.0).ceil()).min(60.0))
}

/// Ends a little beyond the values.
fn common_ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |ends, value| {
        (ends.0.min(value), ends.1.max(value))
    });
    if low > high {
        return (0.0, 1.0);
    }
    let least = 1e-6 * low.abs().max(high.abs());
    let room = (0.05 * (high - low)).max(if least > 0.0 { least } else { 0.5 });
    (low - room, high + room)
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

fn with_unit(quantity: &str, unit: &str) -> String {
    if unit.is_empty() {
        quantity.to_string()
    } else {
        format!("{quantity} ({unit})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A series resonance: R + jX with X = 400 Ω (f/f₀ − f₀/f), seen from 50 Ω.
    fn resonance(frequencies: &[f64], at: f64) -> Vec<Complex64> {
        frequencies
            .iter()
            .map(|f| {
                let z = Complex64::new(45.0, 400.0 * (f / at - at / f)) / 50.0;
                (z - 1.0) / (z + 1.0)
            })
            .collect()
    }

    #[test]
    fn every_picture_survives_every_input() {
        let frequencies: Vec<f64> = (0..41).map(|k| 2e9 + 20e6 * f64::from(k)).collect();
        let nan = Complex64::new(f64::NAN, 0.0);
        let one = Complex64::new(1.0, 0.0);
        let good = resonance(&frequencies, 2.4e9);
        let db: Vec<f64> = good.iter().copied().map(decibel).collect();
        let cases: [(&[f64], &[Complex64]); 5] = [
            (&frequencies, &good),
            (&[], &[]),
            (&frequencies, &[one]),
            (&frequencies, &[nan, one, Complex64::ZERO, 2.0 * one]),
            (&[1e9, f64::NAN], &good),
        ];
        for (frequencies, s11) in cases {
            let trace = ReflectionTrace {
                name: "solver",
                frequencies,
                s11,
                spread_db: Some((&db, &db)),
                dashed: false,
            };
            let traces = [
                trace,
                ReflectionTrace {
                    name: "surrogate",
                    ..trace
                },
            ];
            let values = db.clone();
            for figure in [
                s11_db(&traces, "t"),
                vswr(&traces, "t"),
                smith(&traces, 50.0, "t"),
                impedance(&traces, 50.0, "t"),
                s_parameters(frequencies, &[("S11".to_string(), s11.to_vec())], "t"),
                sweep_s11(
                    frequencies,
                    &[(1.0, values.clone()), (f64::INFINITY, values)],
                    "l",
                    "mm",
                    "t",
                ),
            ] {
                let svg = figure.to_svg();
                assert!(!svg.contains("NaN") && !svg.contains("\"inf"), "{svg}");
            }
        }
        let _ = s11_db(&[], "").to_svg();
        let _ = pattern(
            &[("E".to_string(), vec![0.0, 1.0], vec![f64::NEG_INFINITY])],
            "t",
        );
        let _ = predicted_against_solved(&[(f64::NAN, 1.0)], "resonance", "Hz").to_svg();
    }

    #[test]
    fn the_match_is_found_and_named() {
        let frequencies: Vec<f64> = (0..41).map(|k| 2e9 + 20e6 * f64::from(k)).collect();
        let s11 = resonance(&frequencies, 2.4e9);
        let trace = ReflectionTrace {
            name: "solver",
            frequencies: &frequencies,
            s11: &s11,
            spread_db: None,
            dashed: false,
        };
        let svg = smith(&[trace], 50.0, "dipole").to_svg();
        for text in [
            "2 GHz",
            "2.4 GHz",
            "2.8 GHz",
            "normalised to 50 Ω",
            "VSWR 2",
        ] {
            assert!(svg.contains(text), "{text}");
        }
    }

    #[test]
    fn ratios_and_decibels() {
        assert!((standing_wave_ratio(1.0 / 3.0) - 2.0).abs() < 1e-12);
        assert!(standing_wave_ratio(1.0) > 100.0);
        assert_eq!(decibel(Complex64::new(0.0, 0.1)), -20.0);
        assert_eq!(decibel(Complex64::ZERO), -300.0);
        assert!(decibel(Complex64::new(f64::NAN, 0.0)).is_nan());
        let axis = decibel_axis("s", &[-23.0, 0.01, f64::NAN], -60.0);
        assert_eq!(axis.range, Some((-25.0, 0.0)));
        assert_eq!(
            decibel_axis("s", &[-99.0, 12.0], -60.0).range,
            Some((-60.0, 15.0))
        );
    }
}
