//! Two comparisons side by side: what has changed.

use super::measurements::{Kind, Measurements, Outcome};
use super::rules::rules;
use super::verdict::Verdict;
use super::words::digits;
use crate::report::{Block, Cell, Section};
use std::collections::BTreeSet;

/// What is different in another comparison.
pub fn section(m: &Measurements, other: &Measurements) -> Section {
    let mut section = Section::new("Against another comparison").facts(
        [
            (
                "This",
                format!("{}, {}, {}", m.scenario, m.program, m.started),
            ),
            (
                "The other",
                format!("{}, {}, {}", other.scenario, other.program, other.started),
            ),
        ]
        .map(|(name, value)| (name.to_string(), value))
        .to_vec(),
    );
    let mut names: Vec<&str> = Vec::new();
    let both = m.contestants.iter().chain(&other.contestants);
    for contestant in both.filter(|c| c.kind != Kind::Reference) {
        if !names.contains(&contestant.name.as_str()) {
            names.push(&contestant.name);
        }
    }
    let error =
        |m: &Measurements, name: &str| m.outcome(name, m.held_out()).and_then(Outcome::mean);
    let time = |m: &Measurements, name: &str| m.times_of_one(name).map(|t| 1e3 * t.per_sample());
    let ratio = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) if b != 0.0 => Cell::from(a / b),
        _ => Cell::Empty,
    };
    let rows = names.iter().map(|name| {
        let errors = [error(m, name), error(other, name)];
        let times = [time(m, name), time(other, name)];
        vec![
            (*name).into(),
            errors[0].into(),
            errors[1].into(),
            ratio(errors[0], errors[1]),
            times[0].into(),
            times[1].into(),
            ratio(times[0], times[1]),
        ]
    });
    section = section.table(
        "Errors on the held-out sets and times of one run in ms, here and there.",
        &[
            "name",
            "error here",
            "there",
            "ratio of errors",
            "ms here",
            "ms there",
            "ratio of times",
        ],
        rows.collect(),
    );
    let verdicts = [Verdict::of(m), Verdict::of(other)];
    let mut families: Vec<&str> = Vec::new();
    for duel in verdicts.iter().flat_map(|v| &v.duels) {
        if !families.contains(&duel.family.as_str()) {
            families.push(&duel.family);
        }
    }
    let rows = families.iter().map(|family| {
        let of = |v: &Verdict| {
            let duel = v.duels.iter().find(|d| d.family == *family);
            let times = duel
                .and_then(|d| d.equal_error)
                .map(|r| format!("{}{}", r.bound.words(), digits(r.value)));
            let pays = duel.map_or(String::new(), |d| d.break_even.words());
            [times.unwrap_or_default(), pays]
        };
        let [[here, pays], [there, paid]] = [of(&verdicts[0]), of(&verdicts[1])];
        [(*family).to_string(), here, there, pays, paid]
            .into_iter()
            .map(Cell::Text)
            .collect()
    });
    section = section.table(
        "Solver's time over operator's at equal error, and when the operator pays.",
        &["operator", "times here", "there", "pays here", "pays there"],
        rows.collect(),
    );
    let mut changes = Vec::new();
    let pairs = rules(m, &verdicts[0]);
    for (here, there) in pairs.iter().zip(rules(other, &verdicts[1])) {
        let state = |holds: bool| if holds { "holds" } else { "is broken" };
        if here.holds() != there.holds() {
            changes.push(format!(
                "Rule {} ({}) {} here and {} there.",
                here.number,
                here.title,
                state(here.holds()),
                state(there.holds())
            ));
        }
    }
    if m.machine != other.machine || m.threads != other.threads {
        changes.push(format!(
            "The machines differ: {} with {} threads here, {} with {} there.",
            m.machine.cpu, m.threads, other.machine.cpu, other.threads
        ));
    }
    let lines = |m: &Measurements| -> BTreeSet<String> {
        m.configuration.lines().map(str::to_string).collect()
    };
    let (here, there) = (lines(m), lines(other));
    for (who, lines) in [
        ("here", here.difference(&there)),
        ("there", there.difference(&here)),
    ] {
        changes.extend(lines.map(|line| format!("Only {who}: {line}")));
    }
    if changes.is_empty() {
        changes.push("Rules, machine and configuration are the same.".into());
    }
    section.block(Block::List(changes))
}
