//! Tables and figures of what a surrogate says of designs.

use crate::electromagnetics::maxwell::measures::resonance;
use crate::electromagnetics::maxwell::output::Gallery;
use crate::electromagnetics::maxwell::pictures::{self, ReflectionTrace};
use crate::run_folder::{Align, Table, format_value};
use curlwind_operators::design::Prediction;
use ndarray::Array2;
use num_complex::Complex64;

/// A design and what is said of it.
pub struct Answer {
    /// `best`, `most doubtful`, the number of a line.
    pub label: String,
    /// Values of the parameters, as asked.
    pub values: Vec<String>,
    /// Hz.
    pub resonance: Option<f64>,
    /// dB.
    pub minimum: Option<f64>,
    /// Hz.
    pub bandwidth: Option<f64>,
    /// Mean half-width of the intervals: dB, or of the complex value.
    pub doubt: f64,
    /// To the nearest training design, in distances of neighbours.
    pub distance: f64,
    /// By how much of its range a parameter leaves the training designs.
    pub outside: f64,
    /// Of the goal, dB.
    pub goal: Option<f64>,
}

impl Answer {
    /// What a prediction says of one of its designs.
    pub fn of(prediction: &Prediction, frequencies: &[f64], design: usize) -> Self {
        let s11 = reflection(&prediction.curve_decibel(design, 0));
        let found = resonance(frequencies, &s11);
        Self {
            label: String::new(),
            values: Vec::new(),
            resonance: found.map(|r| r.frequency),
            minimum: found.map(|r| r.s11_db),
            bandwidth: found.and_then(|r| r.bandwidth),
            doubt: prediction.doubt()[design],
            distance: prediction.distance[design],
            outside: prediction.outside[design],
            goal: None,
        }
    }

    fn numbers(&self, goal: bool) -> Vec<Option<f64>> {
        let mut numbers = vec![
            self.resonance.map(|f| f / 1e9),
            self.minimum,
            self.bandwidth.map(|b| b / 1e6),
        ];
        if goal {
            numbers.push(self.goal);
        }
        numbers.extend([self.doubt, self.distance, self.outside].map(Some));
        numbers
    }
}

/// Whether a goal was asked for, and the heads of the numbers.
fn number_heads(answers: &[Answer]) -> (bool, Vec<&'static str>) {
    let goal = answers.iter().any(|a| a.goal.is_some());
    let mut heads = vec!["resonance (GHz)", "S11 (dB)", "-10 dB band (MHz)"];
    if goal {
        heads.push("goal (dB)");
    }
    heads.extend(["doubt", "distance", "outside"]);
    (goal, heads)
}

/// `a (mm)`
pub fn heads(names: &[String], units: &[String]) -> Vec<String> {
    let names = names.iter().zip(units);
    names
        .map(|(name, unit)| match unit.as_str() {
            "" => name.clone(),
            unit => format!("{name} ({unit})"),
        })
        .collect()
}

/// The answers as comma-separated values.
pub fn csv(parameters: &[String], answers: &[Answer]) -> String {
    let (goal, heads) = number_heads(answers);
    let mut text = format!("design,{},{}\n", parameters.join(","), heads.join(","));
    for answer in answers {
        text += &answer.label;
        for value in &answer.values {
            text += &format!(",{value}");
        }
        for cell in answer.numbers(goal) {
            text += &cell.map_or(String::from(","), |v| format!(",{v:.6}"));
        }
        text.push('\n');
    }
    text
}

/// The answers for the terminal.
pub fn table(parameters: &[String], answers: &[Answer]) -> String {
    let (goal, heads) = number_heads(answers);
    let names = parameters.iter().map(String::as_str);
    let heads = names.chain(heads).map(|head| (head, Align::Right));
    let mut table = Table::new(std::iter::once(("design", Align::Left)).chain(heads));
    for answer in answers {
        let cells = answer.numbers(goal);
        let cells = cells
            .into_iter()
            .map(|c| c.map_or("-".into(), format_value));
        table.push(
            std::iter::once(answer.label.clone())
                .chain(answer.values.iter().cloned())
                .chain(cells),
        );
    }
    table.render(140)
}

/// A reflection of these magnitudes; the phase is not known.
pub fn reflection(db: &[f64]) -> Vec<Complex64> {
    let size = |db: &f64| Complex64::new(10f64.powf(db / 20.0), 0.0);
    db.iter().map(size).collect()
}

/// A curve with its interval, in dB.
pub struct Curve<'a> {
    /// Who says so.
    pub name: &'a str,
    /// dB.
    pub db: &'a [f64],
    /// Ends of the interval, dB.
    pub interval: Option<(&'a [f64], &'a [f64])>,
}

/// |S11| of several curves over frequency.
pub fn s11_figure(frequencies: &[f64], curves: &[Curve], title: &str) -> crate::figures::Figure {
    let values: Vec<Vec<Complex64>> = curves.iter().map(|c| reflection(c.db)).collect();
    let traces: Vec<ReflectionTrace> = curves
        .iter()
        .zip(&values)
        .map(|(curve, s11)| ReflectionTrace {
            name: curve.name,
            frequencies,
            s11,
            spread_db: curve.interval,
            dashed: curve.interval.is_some(),
        })
        .collect();
    pictures::s11_db(&traces, title)
}

/// Pairs of resonances, true and predicted.
pub fn resonances(pairs: &[(f64, f64)], caption: &str) -> Gallery {
    match pairs.is_empty() {
        true => Gallery::new(),
        false => vec![(
            pictures::predicted_against_solved(pairs, "resonance", "Hz"),
            caption.into(),
        )],
    }
}

/// One design's values as text, in their units.
pub fn texts(parameters: &Array2<f64>, design: usize) -> Vec<String> {
    let round = |v: &f64| {
        let text = format!("{v:.4}");
        match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
            false => text,
        }
    };
    parameters.row(design).iter().map(round).collect()
}
