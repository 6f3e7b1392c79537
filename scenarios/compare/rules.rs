//! The rules of a fair comparison, each checked on the measurements.
//!
//! They answer what McGreivy and Hakim (Weak baselines and reporting biases lead to overoptimism in
//! machine learning for fluid-related partial differential equations, Nature Machine Intelligence 6,
//! 1256-1269, 2024) found missing in the literature. Where one is broken no speed-up is claimed.

use super::measurements::{Contestant, Kind, Measurements, Outcome, Purpose, Relation, TestSet};
use super::verdict::{Bound, Verdict};
use crate::run_folder::format_value;
use serde::Serialize;
use std::collections::BTreeSet;

/// A rule and how it fared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    /// From 1.
    pub number: usize,
    /// What it asks for.
    pub title: &'static str,
    /// What breaks it; it holds when there is nothing.
    pub broken: Vec<String>,
    /// How it is kept, and what to bear in mind.
    pub remarks: Vec<String>,
}

impl Rule {
    /// Whether it holds.
    pub fn holds(&self) -> bool {
        self.broken.is_empty()
    }
}

/// Resolutions of the solver that make a curve.
const RESOLUTIONS: usize = 4;
/// Seeds that have a spread.
const SEEDS: usize = 3;
/// Times that have a median.
const TIMES: usize = 5;
/// Share of the stable time step that is not timid.
const STEP: f64 = 0.5;
/// How much closer to the truth the reference is than what it judges.
const MARGIN: f64 = 3.0;

/// The order of a reference that is no solver's but a known solution.
pub const EXACT: &str = "exact";

/// What looks whether a rule holds.
type Check = fn(&Measurements, &Verdict) -> Found;

/// All nine.
pub fn rules(m: &Measurements, verdict: &Verdict) -> Vec<Rule> {
    let checks: [(&'static str, Check); 9] = [
        ("The solver is a curve, compared at equal error", curve),
        ("The reference is finer than everyone", reference),
        (
            "The solver is a good one: no weak baseline",
            strong_baseline,
        ),
        ("Same device, precision and batch; timed with care", timing),
        ("The costs of having the operator are counted", ledger),
        ("Trivial baselines stand in every table", baselines),
        ("Several seeds, and failures are kept", seeds),
        ("Beyond the training data and its resolution", beyond),
        ("The physics is checked", physics),
    ];
    let numbered = (1..).zip(checks);
    numbered
        .map(|(number, (title, check))| {
            let Found { broken, remarks } = check(m, verdict);
            Rule {
                number,
                title,
                broken,
                remarks,
            }
        })
        .collect()
}

#[derive(Default)]
struct Found {
    broken: Vec<String>,
    remarks: Vec<String>,
}

impl Found {
    fn breaks(&mut self, reason: impl Into<String>) {
        self.broken.push(reason.into());
    }

    fn remark(&mut self, remark: impl Into<String>) {
        self.remarks.push(remark.into());
    }
}

/// Solvers with an error and a time on the held-out set.
fn measured(m: &Measurements) -> Vec<&Contestant> {
    m.of_kind(Kind::Solver)
        .filter(|solver| {
            let outcome = m.outcome(&solver.name, m.held_out());
            outcome.and_then(Outcome::mean).is_some() && m.times_of_one(&solver.name).is_some()
        })
        .collect()
}

fn curve(m: &Measurements, verdict: &Verdict) -> Found {
    let mut found = Found::default();
    let solvers = measured(m);
    let bits = solvers.iter().filter_map(|c| c.resolution);
    let resolutions: BTreeSet<u64> = bits.map(f64::to_bits).collect();
    if resolutions.len() < RESOLUTIONS {
        found.breaks(format!(
            "the solver was measured at {} resolutions; a curve takes {RESOLUTIONS} or more",
            resolutions.len()
        ));
    } else {
        found.remark(format!(
            "{} resolutions, {} settings, of which {} make the curve",
            resolutions.len(),
            solvers.len(),
            verdict.curve.points().len()
        ));
    }
    for duel in verdict.duels.iter().filter(|d| d.seeds > 0) {
        match duel.equal_error.map(|ratio| ratio.bound) {
            Some(Bound::Above) => found.breaks(format!(
                "{} is more accurate than the finest solver on the curve: there is no time at equal error",
                duel.family
            )),
            None => found.breaks(format!("{} has no error and time to compare", duel.family)),
            _ => {}
        }
    }
    found
}

fn reference(m: &Measurements, verdict: &Verdict) -> Found {
    let mut found = Found::default();
    let Some(reference) = m.of_kind(Kind::Reference).next() else {
        found.breaks("there is no reference");
        return found;
    };
    let finest = m
        .contestants
        .iter()
        .filter(|c| matches!(c.kind, Kind::Solver | Kind::Operator))
        .filter_map(|c| Some((c.resolution?, c.name.as_str())))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match (reference.resolution, finest) {
        (Some(own), Some((other, name))) if own <= other => found.breaks(format!(
            "{} has a resolution of {own}, no finer than {name} (or the data it learned from) with {other}",
            reference.name
        )),
        (None, _) if reference.order.as_deref() == Some(EXACT) => {
            found.remark(format!("{} has no resolution: it is exact", reference.name));
        }
        (None, _) => found.breaks(format!("the resolution of {} is not known", reference.name)),
        _ => {}
    }
    let check = m.of_kind(Kind::Check).next();
    let converged = check.and_then(|c| m.outcome(&c.name, m.held_out())?.mean());
    match (check, converged) {
        (Some(check), Some(error)) => {
            let sharpest = verdict
                .duels
                .iter()
                .filter(|d| d.seeds > 0)
                .filter_map(|d| d.error)
                .fold(f64::INFINITY, f64::min);
            found.remark(format!(
                "{} differs from {} by {}",
                check.name,
                reference.name,
                format_value(error)
            ));
            if error * MARGIN > sharpest {
                found.breaks(format!(
                    "the reference is known to {} only, not {MARGIN} times better than the error it judges, {}",
                    format_value(error),
                    format_value(sharpest)
                ));
            }
        }
        _ => found.breaks("how well the reference has converged was not measured"),
    }
    found
}

fn strong_baseline(m: &Measurements, verdict: &Verdict) -> Found {
    let mut found = Found::default();
    let solvers: Vec<&Contestant> = m.of_kind(Kind::Solver).collect();
    for solver in &solvers {
        if solver.order.is_none() {
            found.breaks(format!("the order of {} is not stated", solver.name));
        }
    }
    let mut timid: BTreeSet<u64> = BTreeSet::new();
    let mut bold: BTreeSet<u64> = BTreeSet::new();
    for solver in &solvers {
        let (Some(resolution), Some(step)) = (solver.resolution, &solver.time_step) else {
            continue;
        };
        let Some(limit) = step.limit else { continue };
        match step.seconds >= STEP * limit {
            true => bold.insert(resolution.to_bits()),
            false => timid.insert(resolution.to_bits()),
        };
    }
    for bits in timid.difference(&bold) {
        found.breaks(format!(
            "weak baseline: at {} {} the solver takes less than {STEP} of its stable time step",
            f64::from_bits(*bits),
            m.task.resolution
        ));
    }
    if !bold.is_empty() {
        found.remark("at every resolution a time step near the stable one was tried");
    }
    let fastest = verdict.curve.points().first();
    for duel in verdict.duels.iter().filter(|d| d.seeds > 0) {
        let (Some(error), Some(fastest)) = (duel.error, fastest) else {
            continue;
        };
        if fastest.error > error {
            continue;
        }
        let words = format!(
            "{} errs by {}, no more than {} ({})",
            fastest.name,
            format_value(fastest.error),
            duel.family,
            format_value(error)
        );
        let errors = measured(m).into_iter();
        let mut errors = errors.filter_map(|c| m.outcome(&c.name, m.held_out())?.mean());
        if measured(m).iter().any(|c| c.coarsest) {
            found.remark(format!(
                "{words}, and there is no coarser solver: its time is an upper bound"
            ));
        } else if errors.any(|other| other > error) {
            found.remark(format!(
                "{words}, and the coarser ones that were measured are no faster"
            ));
        } else {
            found.breaks(format!(
                "weak baseline: {words}; a coarser solver would do, and was not measured"
            ));
        }
    }
    if let Some(about) = solvers.first() {
        let order = about.order.clone().unwrap_or_default();
        found.remark(format!("{}; order {order}", about.about));
    } else {
        found.breaks("weak baseline: no solver was measured at all");
    }
    found
}

fn timing(m: &Measurements, _: &Verdict) -> Found {
    let mut found = Found::default();
    let solvers = measured(m);
    let operators: Vec<&Contestant> = m.of_kind(Kind::Operator).collect();
    let names = |of: &[&Contestant], what: fn(&Contestant) -> &str| -> BTreeSet<String> {
        of.iter().map(|c| what(c).to_string()).collect()
    };
    let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" and ");
    for (what, of) in [
        ("device", (|c| c.device.as_str()) as fn(&Contestant) -> &str),
        ("precision", |c| c.precision.as_str()),
    ] {
        let (a, b) = (names(&solvers, of), names(&operators, of));
        if !a.is_empty() && !b.is_empty() && a != b {
            found.breaks(format!(
                "the {what} of the solver is {}, that of the operators {}",
                list(&a),
                list(&b)
            ));
        }
    }
    let timed = solvers.iter().chain(&operators);
    let mut worst: f64 = 0.0;
    for contestant in timed {
        let name = &contestant.name;
        let Some(timing) = m.times_of_one(name) else {
            found.breaks(format!("{name} was not timed alone"));
            continue;
        };
        if timing.warm_up == 0 {
            found.breaks(format!("{name} was timed without warm-up"));
        }
        if !timing.synchronised {
            found.breaks(format!("{name} was timed without waiting for its answer"));
        }
        if timing.seconds.len() < TIMES {
            found.breaks(format!(
                "{name} was timed {} times; a median takes {TIMES} or more",
                timing.seconds.len()
            ));
        }
        let [low, high] = timing.spread();
        worst = worst.max(high / low);
    }
    if worst > 0.0 {
        found.remark(format!(
            "medians; the slowest call took at most {} times the fastest",
            format_value(worst)
        ));
    }
    let batched = |of: &[&Contestant]| {
        let mut timings = m.timings.iter();
        timings.any(|t| t.batch > 1 && of.iter().any(|c| c.name == t.contestant))
    };
    if batched(&solvers) != batched(&operators) {
        found.breaks("only one side was timed with many samples at once");
    } else if !batched(&solvers) {
        found.breaks("nobody was timed with many samples at once");
    }
    found
}

fn ledger(m: &Measurements, verdict: &Verdict) -> Found {
    let mut found = Found::default();
    for duel in verdict.duels.iter().filter(|d| d.seeds > 0) {
        let of = |purpose: Purpose| {
            m.costs
                .iter()
                .filter(move |c| c.purpose == purpose)
                .filter(|c| c.family.as_ref().is_none_or(|f| *f == duel.family))
                .collect::<Vec<_>>()
        };
        for (purpose, what) in [(Purpose::Data, "data"), (Purpose::Training, "training")] {
            let costs = of(purpose);
            if costs.is_empty() || costs.iter().any(|c| c.seconds.is_none()) {
                found.breaks(format!("{}: the time of {what} is missing", duel.family));
            }
        }
        let tuning = of(Purpose::Tuning);
        if tuning.is_empty() {
            found.breaks(format!("{}: nothing is said of tuning", duel.family));
        }
        for cost in tuning.iter().filter(|c| c.seconds.is_none()) {
            let remark = format!("tuning: {}", cost.note);
            if !found.remarks.contains(&remark) {
                found.remark(remark);
            }
        }
    }
    found
}

/// The baselines that need neither solver nor learning.
pub const BASELINES: [&str; 4] = ["mean", "persistence", "climatology", "nearest neighbour"];

fn baselines(m: &Measurements, verdict: &Verdict) -> Found {
    let mut found = Found::default();
    for name in BASELINES {
        if let Some((_, reason)) = m.task.without.iter().find(|(what, _)| what == name) {
            found.remark(format!("no {name}: {reason}"));
            continue;
        }
        for set in &m.sets {
            if m.outcome(name, &set.name).is_none() {
                found.breaks(format!("{name} is missing on {}", set.name));
            }
        }
    }
    let trivial = |name: &&str| m.outcome(name, m.held_out()).and_then(Outcome::mean);
    for duel in verdict.duels.iter().filter(|d| d.seeds > 0) {
        for name in BASELINES {
            if let (Some(error), Some(own)) = (trivial(&name), duel.error)
                && error <= own
            {
                found.breaks(format!(
                    "{name} ({}) is no worse than {} ({}), which is then worth no time",
                    format_value(error),
                    duel.family,
                    format_value(own)
                ));
            }
        }
    }
    found
}

fn seeds(m: &Measurements, verdict: &Verdict) -> Found {
    let mut found = Found::default();
    for duel in verdict.duels.iter().filter(|d| d.seeds > 0) {
        if duel.seeds < SEEDS {
            found.breaks(format!(
                "{} was trained with {} seeds; a spread takes {SEEDS} or more",
                duel.family, duel.seeds
            ));
        }
        if let (Some(mean), Some(spread)) = (duel.error, duel.spread) {
            found.remark(format!(
                "{}: {} with a standard deviation of {} over {} seeds",
                duel.family,
                format_value(mean),
                format_value(spread),
                duel.seeds
            ));
        }
    }
    let contestants = m
        .contestants
        .iter()
        .filter(|c| matches!(c.kind, Kind::Operator | Kind::Solver));
    for contestant in contestants {
        let missing = |set: &&TestSet| m.outcome(&contestant.name, &set.name).is_none();
        for set in m.sets.iter().filter(missing) {
            found.breaks(format!("{} is missing on {}", contestant.name, set.name));
        }
    }
    let failed: usize = m.outcomes.iter().map(Outcome::failures).sum();
    found.remark(match failed {
        0 => "nothing failed".to_string(),
        n => format!("{n} answers failed and are in the tables"),
    });
    found
}

fn beyond(m: &Measurements, _: &Verdict) -> Found {
    let mut found = Found::default();
    for relation in [Relation::OutOfDistribution, Relation::OffResolution] {
        let sets: Vec<&TestSet> = m.sets.iter().filter(|s| s.relation == relation).collect();
        if sets.is_empty() {
            found.breaks(format!("there is no set {}", relation.words()));
        }
        for set in sets {
            found.remark(format!("{}: {}", relation.words(), set.name));
        }
    }
    found
}

fn physics(m: &Measurements, _: &Verdict) -> Found {
    let mut found = Found::default();
    let judged = m
        .contestants
        .iter()
        .filter(|c| matches!(c.kind, Kind::Operator | Kind::Solver));
    let mut names = BTreeSet::new();
    for contestant in judged {
        let outcome = m.outcome(&contestant.name, m.held_out());
        let checks = outcome.map_or(&[][..], |o| &o.checks);
        if checks.is_empty() {
            found.breaks(format!("nothing was checked of {}", contestant.name));
        }
        names.extend(checks.iter().map(|c| c.name.clone()));
    }
    if !names.is_empty() {
        found.remark(names.into_iter().collect::<Vec<_>>().join(", "));
    }
    found
}
