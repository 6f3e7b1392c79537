//! A comparison that keeps every rule, and what happens when one is broken at a time.

use super::measurements::{
    Check, Cost, FORMAT, Measurements, Outcome, Panel, Purpose, Relation, Task, TestSet, TimeStep,
    Timing,
};
use super::rules::{BASELINES, rules};
use super::verdict::{Bound, BreakEven, Verdict};
use super::words::{fair, sentences};
use super::{Contestant, Kind, report};
use crate::run_folder::Machine;

const SAMPLES: usize = 4;

fn machine() -> Machine {
    Machine {
        os: "an operating system".into(),
        cpu: "a processor".into(),
        processors: 2,
        memory_bytes: 1 << 34,
    }
}

fn outcome(contestant: &str, set: &str, error: f64, checks: bool) -> Outcome {
    Outcome {
        contestant: contestant.into(),
        set: set.into(),
        errors: (0..SAMPLES)
            .map(|k| Some(error * (1.0 + 0.02 * (k as f64 - 1.5))))
            .collect(),
        failure: None,
        by_step: vec![Some(0.5 * error), Some(1.5 * error)],
        spectrum: vec![Some(1.0), Some(0.5)],
        checks: match checks {
            true => vec![Check {
                name: "relative drift of mass".into(),
                value: Some(1e-3 * error),
            }],
            false => Vec::new(),
        },
    }
}

fn timing(contestant: &str, batch: usize, each: f64) -> Timing {
    let total = each * batch as f64;
    Timing {
        contestant: contestant.into(),
        batch,
        warm_up: 1,
        synchronised: true,
        seconds: (0..9)
            .map(|k| total * (1.0 + 0.01 * f64::from(k - 4)))
            .collect(),
    }
}

/// A solver with error `4 / n^2` in `n^3` microseconds, and an operator of error 0.01 in 1 ms: at equal
/// error n = 20 and the solver takes 8 ms, eight times as long.
fn kept() -> Measurements {
    let set = |name: &str, relation| TestSet {
        name: name.into(),
        relation,
        samples: SAMPLES,
    };
    let sets = vec![
        set("held out", Relation::HeldOut),
        set("stronger", Relation::OutOfDistribution),
        set("finer", Relation::OffResolution),
    ];
    let mut contestants = vec![
        Contestant::solver("reference@256", 256.0, "a method").of_kind(Kind::Reference),
        Contestant::solver("check@128", 128.0, "a method").of_kind(Kind::Check),
    ];
    let (mut outcomes, mut timings) = (Vec::new(), Vec::new());
    let each = |name: &str, error: f64, checks: bool| -> Vec<Outcome> {
        let of = |s: &TestSet| outcome(name, &s.name, error, checks);
        sets.iter().map(of).collect()
    };
    outcomes.extend(each("reference@256", 0.0, true));
    outcomes.extend(each("check@128", 1e-4, true));
    timings.push(timing("reference@256", 1, 16.0));
    for n in [8.0f64, 16.0, 32.0, 64.0] {
        let name = format!("solver@{n}");
        contestants.push(Contestant {
            order: Some("2, 2".into()),
            precision: "f32".into(),
            time_step: Some(TimeStep {
                seconds: 0.9 / n,
                limit: Some(1.0 / n),
            }),
            ..Contestant::solver(&name, n, "a method")
        });
        outcomes.extend(each(&name, 4.0 / (n * n), true));
        timings.push(timing(&name, 1, 1e-6 * n.powi(3)));
        timings.push(timing(&name, 4, 0.5e-6 * n.powi(3)));
    }
    for number in 0..3 {
        let operator = Contestant::operator("fno", number, number as u64, "a network", "cpu");
        outcomes.extend(each(
            &operator.name,
            0.01 + 1e-4 * (number as f64 - 1.0),
            true,
        ));
        timings.push(timing(&operator.name, 1, 1e-3));
        timings.push(timing(&operator.name, 4, 0.8e-3));
        contestants.push(Contestant {
            resolution: Some(64.0),
            ..operator
        });
    }
    for name in BASELINES {
        contestants.push(Contestant::baseline(name));
        outcomes.extend(each(name, 0.5, false));
    }
    let cost = |purpose, seconds, family: Option<&str>| Cost {
        family: family.map(str::to_string),
        purpose,
        seconds: Some(seconds),
        note: "a note".into(),
    };
    Measurements {
        format: FORMAT,
        program: "curlwind 0.0.0".into(),
        scenario: "synthetic".into(),
        title: "A solver of second order".into(),
        started: "2026-01-01T00:00:00Z".into(),
        machine: machine(),
        threads: 2,
        seed: 0,
        command: vec!["curlwind".into(), "compare".into()],
        configuration: "seed = 0\n".into(),
        task: Task {
            equation: "an equation".into(),
            work: "a run".into(),
            metric: "relative L2 error".into(),
            unit: String::new(),
            resolution: "points along a side".into(),
            axis: super::experiment::axis("time (s)", [1.0, 2.0]),
            spectrum: super::experiment::axis("wavenumber", [1.0, 2.0]),
            without: Vec::new(),
            limitations: vec!["It is made up.".into()],
        },
        contestants,
        sets,
        outcomes,
        timings,
        costs: vec![
            cost(Purpose::Data, 50.0, None),
            cost(Purpose::Training, 20.0, Some("fno")),
            cost(Purpose::Tuning, 0.0, None),
        ],
        panels: vec![
            panel(None, 1.0),
            panel(Some("fno, seed 1"), 1.1),
            panel(Some("solver@32"), 1.01),
        ],
    }
}

fn panel(contestant: Option<&str>, value: f32) -> Panel {
    Panel {
        contestant: contestant.map(str::to_string),
        set: "held out".into(),
        sample: 0,
        quantity: "vorticity".into(),
        unit: "s-1".into(),
        label: "after 2 s".into(),
        axes: ["x (m)".into(), "y (m)".into()],
        x: vec![0.0, 1.0],
        y: vec![0.0, 1.0, 2.0],
        values: (0..6).map(|k| Some(value * k as f32)).collect(),
    }
}

/// Numbers of the rules that are broken.
fn broken(m: &Measurements) -> Vec<usize> {
    let rules = rules(m, &Verdict::of(m));
    let broken = rules.iter().filter(|r| !r.holds());
    broken.map(|r| r.number).collect()
}

fn because(m: &Measurements, number: usize) -> String {
    let rules = rules(m, &Verdict::of(m));
    rules[number - 1].broken.join("; ")
}

#[test]
fn a_fair_comparison_keeps_every_rule_and_may_speak_of_a_speed_up() {
    let m = kept();
    assert_eq!(broken(&m), [0usize; 0], "{:?}", rules(&m, &Verdict::of(&m)));
    let verdict = Verdict::of(&m);
    let duel = &verdict.duels[0];
    let ratio = duel.equal_error.expect("ratio");
    assert!((ratio.value - 8.0).abs() < 1e-6, "{ratio:?}");
    assert!(ratio.low < 8.0 && ratio.high > 8.0 && ratio.high / ratio.low < 1.2);
    assert_eq!(ratio.bound, Bound::None);
    // in 1 ms n = 10 and the solver errs by 0.04
    let time = duel.equal_time.expect("ratio");
    assert!((time.value - 4.0).abs() < 1e-6, "{time:?}");
    assert!((duel.equal_error_in_batch.expect("ratio").value - 5.0).abs() < 1e-6);
    assert!((duel.against_reference.expect("ratio") - 16e3).abs() < 1e-3);
    // 70 s over 7 ms
    match duel.break_even {
        BreakEven::After(n) => assert!((n - 1e4).abs() < 1e-3),
        other => panic!("{other:?}"),
    }
    let rules = rules(&m, &verdict);
    assert!(fair(&rules));
    let [first, second] = sentences(&m, &verdict, &rules);
    assert!(first.contains("a speed-up of 8.00"), "{first}");
    assert!(second.contains("pay back after 10,000 runs"), "{second}");
    assert!(second.contains("16000 times faster"), "{second}");
}

#[test]
fn where_a_rule_is_broken_nobody_speaks_of_a_speed_up() {
    let mut m = kept();
    m.sets.retain(|s| s.relation != Relation::OffResolution);
    m.outcomes.retain(|o| o.set != "finer");
    let folder = tempfile::tempdir().expect("folder");
    let text = report::write(&m, None, folder.path()).expect("report");
    assert!(
        text.contains("a ratio of 8.00") && text.contains("rule 8 is broken"),
        "{text}"
    );
    for file in ["report.html", "report.md"] {
        let page = std::fs::read_to_string(folder.path().join(file)).expect("page");
        let claims = page.matches("speed-up").count();
        // the table of rules says that there is none
        assert_eq!(page.matches("no speed-up").count(), claims, "{file}");
        assert!(page.contains("Not all rules"), "{file}");
    }
}

#[test]
fn rule_1_a_solver_of_one_resolution_is_no_curve() {
    let mut m = kept();
    let gone = ["solver@32"];
    m.contestants.retain(|c| !gone.contains(&c.name.as_str()));
    m.outcomes
        .retain(|o| !gone.contains(&o.contestant.as_str()));
    m.timings.retain(|t| !gone.contains(&t.contestant.as_str()));
    assert_eq!(broken(&m), [1]);
    assert!(because(&m, 1).contains("3 resolutions"));
}

#[test]
fn rule_1_an_operator_below_the_curve_has_no_time_at_equal_error() {
    let mut m = kept();
    for o in m
        .outcomes
        .iter_mut()
        .filter(|o| o.contestant.starts_with("fno"))
    {
        o.errors.fill(Some(5e-4));
    }
    assert_eq!(broken(&m), [1]);
    assert!(because(&m, 1).contains("no time at equal error"));
}

#[test]
fn rule_2_the_reference_is_finer_and_has_converged() {
    let mut m = kept();
    m.contestants[0].resolution = Some(64.0);
    assert_eq!(broken(&m), [2]);
    let mut m = kept();
    m.outcomes.retain(|o| o.contestant != "check@128");
    assert_eq!(broken(&m), [2]);
    let mut m = kept();
    for o in m
        .outcomes
        .iter_mut()
        .filter(|o| o.contestant == "check@128")
    {
        o.errors.fill(Some(5e-3));
    }
    assert_eq!(broken(&m), [2]);
    assert!(because(&m, 2).contains("known to"));
    // an operator that learned from the reference itself
    let mut m = kept();
    for c in m
        .contestants
        .iter_mut()
        .filter(|c| c.kind == Kind::Operator)
    {
        c.resolution = Some(256.0);
    }
    assert_eq!(broken(&m), [2]);
}

#[test]
fn rule_3_a_solver_that_is_too_good_or_too_timid_is_a_weak_baseline() {
    // four fine resolutions, the coarsest of which is better than the operator already
    let mut m = kept();
    for o in m
        .outcomes
        .iter_mut()
        .filter(|o| o.contestant.starts_with("solver"))
    {
        o.errors.iter_mut().for_each(|e| *e = e.map(|e| 0.01 * e));
    }
    assert_eq!(broken(&m), [3]);
    assert!(because(&m, 3).contains("weak baseline") && because(&m, 3).contains("coarser"));
    // unless there is no coarser one
    for c in m.contestants.iter_mut().filter(|c| c.name == "solver@8") {
        c.coarsest = true;
    }
    assert_eq!(broken(&m), [0usize; 0]);
    // steps of a tenth of the stable one
    let mut m = kept();
    for step in m
        .contestants
        .iter_mut()
        .filter_map(|c| c.time_step.as_mut())
    {
        step.seconds *= 0.1;
    }
    assert_eq!(broken(&m), [3]);
    assert!(because(&m, 3).contains("stable time step"));
    let mut m = kept();
    m.contestants.iter_mut().for_each(|c| c.order = None);
    assert_eq!(broken(&m), [3]);
}

#[test]
fn the_fine_solver_alone_is_named_a_weak_baseline() {
    let mut m = kept();
    let solvers = ["solver@8", "solver@16", "solver@32"];
    m.contestants
        .retain(|c| !solvers.contains(&c.name.as_str()));
    m.outcomes
        .retain(|o| !solvers.contains(&o.contestant.as_str()));
    m.timings
        .retain(|t| !solvers.contains(&t.contestant.as_str()));
    assert_eq!(broken(&m), [1, 3]);
    let words = because(&m, 3);
    assert!(words.contains("weak baseline: solver@64"), "{words}");
}

#[test]
fn rule_4_timing_is_fair_and_careful() {
    let one = |change: &dyn Fn(&mut Timing)| {
        let mut m = kept();
        m.timings
            .iter_mut()
            .filter(|t| t.contestant == "solver@16")
            .for_each(change);
        broken(&m)
    };
    assert_eq!(one(&|t| t.warm_up = 0), [4]);
    assert_eq!(one(&|t| t.synchronised = false), [4]);
    assert_eq!(one(&|t| t.seconds.truncate(2)), [4]);
    let mut m = kept();
    m.timings
        .retain(|t| t.batch == 1 || t.contestant.starts_with("fno"));
    assert_eq!(broken(&m), [4]);
    for change in [
        (|c| c.device = "cuda:0".into()) as fn(&mut Contestant),
        |c| c.precision = "bf16".into(),
    ] {
        let mut m = kept();
        m.contestants
            .iter_mut()
            .filter(|c| c.kind == Kind::Operator)
            .for_each(change);
        assert_eq!(broken(&m), [4]);
    }
}

#[test]
fn rule_5_costs_are_counted() {
    for purpose in [Purpose::Data, Purpose::Training, Purpose::Tuning] {
        let mut m = kept();
        m.costs.retain(|c| c.purpose != purpose);
        assert_eq!(broken(&m), [5], "{purpose:?}");
    }
}

#[test]
fn rule_6_trivial_baselines_stand_in_every_table() {
    for name in BASELINES {
        let mut m = kept();
        m.outcomes
            .retain(|o| o.contestant != name || o.set != "stronger");
        assert_eq!(broken(&m), [6], "{name}");
        m.task.without.push((name.into(), "there is none".into()));
        assert_eq!(broken(&m), [0usize; 0], "{name}");
    }
}

#[test]
fn rule_6_an_operator_is_better_than_what_needs_no_work() {
    let mut m = kept();
    for o in m
        .outcomes
        .iter_mut()
        .filter(|o| o.contestant == "persistence")
    {
        o.errors.fill(Some(0.009));
    }
    assert_eq!(broken(&m), [6]);
    assert!(because(&m, 6).contains("persistence"));
}

#[test]
fn rule_7_seeds_and_failures() {
    let mut m = kept();
    let gone = "fno, seed 3";
    m.contestants.retain(|c| c.name != gone);
    m.outcomes.retain(|o| o.contestant != gone);
    m.timings.retain(|t| t.contestant != gone);
    assert_eq!(broken(&m), [7]);
    let mut m = kept();
    m.outcomes
        .retain(|o| o.contestant != gone || o.set != "stronger");
    assert_eq!(broken(&m), [7]);
    // a failure that is kept breaks no rule where it is not compared, but is counted
    let mut m = kept();
    let failed = m
        .outcomes
        .iter_mut()
        .find(|o| o.contestant == gone && o.set == "finer");
    failed.expect("outcome").errors[1] = None;
    assert_eq!(broken(&m), [0usize; 0]);
    let all = rules(&m, &Verdict::of(&m));
    assert!(
        all[6]
            .remarks
            .iter()
            .any(|r| r.contains("1 answers failed"))
    );
}

#[test]
fn a_failure_on_the_held_out_set_leaves_no_error_to_compare() {
    let mut m = kept();
    let failed = m
        .outcomes
        .iter_mut()
        .find(|o| o.contestant == "fno, seed 2");
    failed.expect("outcome").errors[1] = None;
    let verdict = Verdict::of(&m);
    assert_eq!(verdict.duels[0].error, None);
    let text = sentences(&m, &verdict, &rules(&m, &verdict)).join(" ");
    assert!(text.contains("failed on 1 of 12"), "{text}");
    assert_eq!(broken(&m), [1]);
}

#[test]
fn rule_8_beyond_the_training_data() {
    for relation in [Relation::OutOfDistribution, Relation::OffResolution] {
        let mut m = kept();
        let gone = m
            .sets
            .iter()
            .find(|s| s.relation == relation)
            .map(|s| s.name.clone());
        m.sets.retain(|s| s.relation != relation);
        m.outcomes.retain(|o| Some(&o.set) != gone.as_ref());
        assert_eq!(broken(&m), [8]);
    }
}

#[test]
fn rule_9_the_physics_is_checked() {
    let mut m = kept();
    for o in m
        .outcomes
        .iter_mut()
        .filter(|o| o.contestant == "fno, seed 1")
    {
        o.checks.clear();
    }
    assert_eq!(broken(&m), [9]);
}

#[test]
fn the_same_measurements_give_the_same_bytes() {
    let m = kept();
    let [first, second] = [0, 1].map(|_| tempfile::tempdir().expect("folder"));
    report::write(&m, None, first.path()).expect("report");
    let file = first.path().join("measurements.json");
    m.write(&file).expect("measurements");
    let read = Measurements::read(&file).expect("measurements");
    assert_eq!(read, m);
    report::write(&read, None, second.path()).expect("report");
    for name in ["report.html", "report.md", "comparison.json", "scores.json"] {
        let [a, b] = [&first, &second].map(|f| std::fs::read(f.path().join(name)).expect("file"));
        assert_eq!(a, b, "{name}");
    }
}

#[test]
fn another_comparison_stands_beside() {
    let (m, mut other) = (kept(), kept());
    other.contestants.retain(|c| !c.name.contains("seed 3"));
    other.outcomes.retain(|o| !o.contestant.contains("seed 3"));
    other.timings.retain(|t| !t.contestant.contains("seed 3"));
    other.configuration = "seed = 1\n".into();
    let folder = tempfile::tempdir().expect("folder");
    report::write(&m, Some(&other), folder.path()).expect("report");
    let page = std::fs::read_to_string(folder.path().join("report.md")).expect("page");
    assert!(
        page.contains(
            "Rule 7 (Several seeds, and failures are kept) holds here and is broken there."
        )
    );
    assert!(page.contains("Only there: seed = 1"));
}

#[test]
fn what_is_no_file_of_measurements_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("m.json");
    let refused = |m: &Measurements| -> String {
        m.write(&file).expect("write");
        Measurements::read(&file).expect_err("refused").to_string()
    };
    let mut m = kept();
    m.outcomes[0].contestant = "nobody".into();
    assert!(refused(&m).contains("no contestant is called `nobody`"));
    let mut m = kept();
    m.outcomes[0].errors.pop();
    assert!(refused(&m).contains("expected 4 errors, found 3"));
    let mut m = kept();
    m.format = 7;
    assert!(refused(&m).contains("layout 1, found 7"));
    std::fs::write(&file, "{}").expect("write");
    let words = Measurements::read(&file).expect_err("refused").to_string();
    assert!(
        words.contains("m.json") && words.contains("expected measurements"),
        "{words}"
    );
}
