//! The verdict in sentences.

use super::measurements::Measurements;
use super::rules::Rule;
use super::verdict::{Bound, BreakEven, Duel, Ratio, Verdict};
use crate::run_folder::format_duration;

/// Three significant digits.
pub fn digits(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    if !(1e-3..1e6).contains(&size) {
        return format!("{value:.1e}");
    }
    let places = (2 - size.log10().floor() as i32).max(0) as usize;
    format!("{value:.places$}")
}

/// An error with its unit.
pub fn in_unit(m: &Measurements, error: f64) -> String {
    match m.task.unit.as_str() {
        "" => digits(error),
        unit => format!("{} {unit}", digits(error)),
    }
}

/// Whether every rule holds: only then may a ratio be called a speed-up.
pub fn fair(rules: &[Rule]) -> bool {
    rules.iter().all(Rule::holds)
}

/// `rule 4`, `rules 2, 4 and 8`.
fn broken(rules: &[Rule]) -> String {
    let numbers: Vec<String> = rules
        .iter()
        .filter(|rule| !rule.holds())
        .map(|rule| rule.number.to_string())
        .collect();
    match numbers.as_slice() {
        [] => String::new(),
        [one] => format!("rule {one} is broken"),
        [most @ .., last] => format!("rules {} and {last} are broken", most.join(", ")),
    }
}

/// What was found, in two sentences.
pub fn sentences(m: &Measurements, verdict: &Verdict, rules: &[Rule]) -> [String; 2] {
    match verdict.leading() {
        Some(duel) => [at_equal_error(m, duel, rules), at_equal_cost(m, duel)],
        None => [
            "No operator was trained, so there is nothing to compare.".into(),
            String::new(),
        ],
    }
}

/// The first sentence: times at equal error.
pub fn at_equal_error(m: &Measurements, duel: &Duel, rules: &[Rule]) -> String {
    let family = &duel.family;
    let Some(error) = duel.error else {
        let samples = m.sets.first().map_or(0, |set| set.samples) * duel.seeds;
        return format!(
            "{family} failed on {} of {samples} held-out answers, so there is no error to compare at.",
            duel.failures
        );
    };
    let seeds = match duel.seeds {
        0 => "as published".to_string(),
        1 => "one seed".to_string(),
        n => format!("mean of {n} seeds"),
    };
    let (Some(ratio), Some(own), Some(solver)) =
        (duel.equal_error, duel.seconds, duel.solver_seconds)
    else {
        return format!(
            "{family} errs by {} ({seeds}); it was not timed.",
            in_unit(m, error)
        );
    };
    let opening = format!(
        "At the error of {family} ({}, {seeds}) the solver takes {}{} and the operator {}",
        in_unit(m, error),
        ratio.bound.words(),
        format_duration(solver),
        format_duration(own)
    );
    format!("{opening}: {}.", who_is_faster(ratio, rules))
}

/// A figure of the literature beside the solver's curve on this machine.
pub fn as_published(m: &Measurements, verdict: &Verdict, duel: &Duel) -> String {
    let Some(error) = duel.error else {
        return format!("{} was published without an error.", duel.family);
    };
    let entry = m.contestant(&duel.family);
    let mut text = format!(
        "{} errs by {}, as published",
        duel.family,
        in_unit(m, error)
    );
    if let (Some(seconds), Some(entry)) = (duel.seconds, entry) {
        text += &format!(", in {} on {}", format_duration(seconds), entry.device);
    }
    let points = verdict.curve.points();
    match points.iter().find(|p| p.error <= error) {
        Some(point) => {
            text += &format!(
                "; {} is the better one: it errs by {} and takes {} here",
                point.name,
                in_unit(m, point.error),
                format_duration(point.seconds)
            );
        }
        None => text += "; no solver measured here is as good",
    }
    if let (Some(ratio), Some(solver)) = (duel.equal_error, duel.solver_seconds) {
        text += &format!(
            ". To the same error the solver takes {}{}, {}{} times the published time",
            ratio.bound.words(),
            format_duration(solver),
            ratio.bound.words(),
            digits(ratio.value)
        );
        if let Some(claim) = entry.and_then(|c| c.claim) {
            text += &format!(", where {} times had been claimed", digits(claim));
        }
        text += " (other hardware: no fair comparison)";
    }
    text + "."
}

fn who_is_faster(ratio: Ratio, rules: &[Rule]) -> String {
    let interval = |low: f64, high: f64| match (high / low - 1.0).abs() < 1e-9 {
        true => String::new(),
        false => format!(" ({} to {})", digits(low), digits(high)),
    };
    let times = ratio.value;
    if times < 1.0 && ratio.bound != Bound::Above {
        let least = match ratio.bound {
            Bound::AtMost => "at least ",
            _ => "",
        };
        return format!(
            "the solver is {least}{} times faster{}",
            digits(1.0 / times),
            interval(1.0 / ratio.high, 1.0 / ratio.low)
        );
    }
    let bound = ratio.bound.words();
    match (fair(rules), ratio.bound) {
        (true, Bound::None) => format!(
            "a speed-up of {} by the operator{}",
            digits(times),
            interval(ratio.low, ratio.high)
        ),
        (true, _) => format!(
            "the operator is {bound}{} times faster{}",
            digits(times),
            interval(ratio.low, ratio.high)
        ),
        (false, _) => format!(
            "a ratio of {bound}{}{}, which is no claim of this report, since {}",
            digits(times),
            interval(ratio.low, ratio.high),
            broken(rules)
        ),
    }
}

/// The second sentence: errors at equal time, costs, and what a weak baseline would have shown.
pub fn at_equal_cost(m: &Measurements, duel: &Duel) -> String {
    let digits_of = |value: f64| in_unit(m, value);
    let mut parts = Vec::new();
    if let (Some(ratio), Some(solver), Some(own)) = (duel.equal_time, duel.solver_error, duel.error)
    {
        let words = match ratio.bound {
            Bound::None => "in the operator's time the solver errs by",
            Bound::AtMost => "in the operator's time the solver errs by at most",
            Bound::Above => "the solver's coarsest run takes longer than the operator, and errs by",
        };
        parts.push(format!(
            "{words} {} against {}",
            digits_of(solver),
            digits_of(own)
        ));
    }
    if let Some(invested) = duel.invested {
        let pays = match duel.break_even {
            BreakEven::Never => "never pay back".to_string(),
            BreakEven::Unknown => "have no known return".to_string(),
            other => format!("pay back {}", other.words()),
        };
        parts.push(format!(
            "data and training ({}) {pays}",
            format_duration(invested)
        ));
    }
    if let Some(ratio) = duel.against_reference {
        parts.push(match ratio >= 1.0 {
            true => format!(
                "against the reference alone, at unequal error, the operator would have looked {} times faster",
                digits(ratio)
            ),
            false => "it is no faster than even the reference".to_string(),
        });
    }
    let text = parts.join("; ");
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}
