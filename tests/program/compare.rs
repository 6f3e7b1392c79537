//! `compare`: solver against operator, on few points and for few steps.

use crate::support::{curlwind, path, refuses, succeeds, with_sets};
use std::path::Path;

const NAVIER_STOKES: [&str; 14] = [
    "problem.points=16",
    "problem.spin_up=0.5",
    "problem.states=4",
    "training_set.samples=12",
    "training_set.test=0.2",
    "operator.hidden_channels=8",
    "operator.n_modes=[4,4]",
    "training.stages=[{epochs=1}]",
    "compare.samples=2",
    "compare.resolutions=[8,10,12,16]",
    "compare.steps=[0.9]",
    "compare.reference=32",
    "compare.check=24",
    "compare.rivals=[]",
];
const SHORT_SETS: &str = "compare.sets=[{name='nu',relation='out_of_distribution',set={viscosity=5e-3}},{name='fine',relation='off_resolution',set={points=24}}]";

fn read(folder: &str, name: &str) -> String {
    std::fs::read_to_string(Path::new(folder).join(name)).expect(name)
}

fn comparison(folder: &str) -> serde_json::Value {
    serde_json::from_str(&read(folder, "comparison.json")).expect("comparison.json")
}

/// Numbers of the rules that are broken.
fn broken(folder: &str) -> Vec<u64> {
    let found = comparison(folder);
    let rules = found["rules"].as_array().expect("rules");
    rules
        .iter()
        .filter(|rule| !rule["broken"].as_array().expect("list").is_empty())
        .map(|rule| rule["number"].as_u64().expect("number"))
        .collect()
}

#[test]
fn a_flow_is_compared_resumed_and_reported_again() {
    let folder = tempfile::tempdir().expect("folder");
    let run = path(folder.path(), "run");
    let compare = with_sets(&["compare", "navier-stokes", "-o", &run], &NAVIER_STOKES);
    let compare = with_sets(&compare, &[SHORT_SETS]);
    let text = succeeds(&compare);
    assert!(text.contains("At the error of fno"), "{text}");
    // the numbers' width differs between solver and operator, and this one has hardly been trained
    assert_eq!(broken(&run), [4, 6], "{text}");
    for file in [
        "report.html",
        "report.md",
        "scores.json",
        "figures/figure_1.svg",
    ] {
        assert!(Path::new(&run).join(file).is_file(), "{file}");
    }
    let page = read(&run, "report.html");
    for part in [
        "solver@8",
        "fno, seed 3",
        "persistence",
        "nearest neighbour",
        "off training",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // nothing is measured twice
    let again: Vec<&str> = compare.iter().copied().chain(["--resume"]).collect();
    succeeds(&again);
    assert!(read(&run, "report.html") == page, "resumed");

    let rebuilt = path(folder.path(), "rebuilt");
    let measurements = path(Path::new(&run), "measurements.json");
    succeeds(&["compare", &measurements, "-o", &rebuilt]);
    for file in ["report.html", "report.md", "comparison.json", "scores.json"] {
        assert!(read(&rebuilt, file) == read(&run, file), "{file}");
    }

    let beside = path(folder.path(), "beside");
    let against = [
        "compare",
        &measurements,
        "--against",
        &measurements,
        "-o",
        &beside,
    ];
    succeeds(&against);
    assert!(read(&beside, "report.md").contains("Against another comparison"));
}

/// Killed in the middle of its measurements it goes on, and the errors are those of a run in one go.
#[test]
fn an_interrupted_comparison_goes_on() {
    let folder = tempfile::tempdir().expect("folder");
    let run = path(folder.path(), "run");
    let compare = with_sets(&["compare", "navier-stokes", "-o", &run], &NAVIER_STOKES);
    let compare = with_sets(&compare, &[SHORT_SETS, "compare.seeds=1"]);
    succeeds(&compare);
    let file = Path::new(&run).join("measurements.json");
    let text = std::fs::read_to_string(&file).expect("measurements");
    let whole: serde_json::Value = serde_json::from_str(&text).expect("json");
    let mut part = whole.clone();
    for (list, kept) in [("outcomes", 3), ("timings", 0)] {
        part[list].as_array_mut().expect("list").truncate(kept);
    }
    std::fs::write(&file, part.to_string()).expect("write");
    let again: Vec<&str> = compare.iter().copied().chain(["--resume"]).collect();
    succeeds(&again);
    let text = std::fs::read_to_string(&file).expect("measurements");
    let after: serde_json::Value = serde_json::from_str(&text).expect("json");
    assert_eq!(after["outcomes"], whole["outcomes"]);
    let count = |v: &serde_json::Value| v["timings"].as_array().map(Vec::len);
    assert!(count(&after) > Some(4));
}

/// With nothing but the fine solver the weak baseline is named.
#[test]
fn a_weak_baseline_is_named() {
    let folder = tempfile::tempdir().expect("folder");
    let run = path(folder.path(), "run");
    let compare = with_sets(&["compare", "navier-stokes", "-o", &run], &NAVIER_STOKES);
    let text = succeeds(&with_sets(
        &compare,
        &[SHORT_SETS, "compare.resolutions=[24]", "compare.seeds=1"],
    ));
    assert!(text.contains("weak baseline: solver@24"), "{text}");
    let found = broken(&run);
    assert!(
        found.contains(&1) && found.contains(&3) && found.contains(&7),
        "{found:?}"
    );
    assert!(!read(&run, "report.md").contains("a speed-up of"));
}

#[test]
fn shallow_water_is_compared() {
    let folder = tempfile::tempdir().expect("folder");
    let run = path(folder.path(), "run");
    let text = succeeds(&with_sets(
        &["compare", "shallow-water", "--preset", "demo", "-o", &run],
        &[
            "training_set.trajectories=4",
            "training_set.duration=1 day",
            "training_set.latitudes=16",
            "solver.truncation=15",
            "solver.time_step=30 min",
            "operator.hidden_channels=8",
            "operator.layers=1",
            "training.stages=[{epochs=1}]",
            "forecast.duration=12 h",
            "compare.truncations=[5,8,10,15]",
            "compare.reference=31",
            "compare.check=21",
            "compare.latitudes=[24]",
        ],
    ));
    assert!(text.contains("At the error of sfno"), "{text}");
    assert!(!broken(&run).contains(&8), "{text}");
    let page = read(&run, "report.md");
    for part in [
        "solver@T5, rk4",
        "solver@T5, si",
        "climatology",
        "relative drift of mass",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn what_cannot_be_compared_is_refused_before_any_work() {
    let folder = tempfile::tempdir().expect("folder");
    let run = path(folder.path(), "run");
    let sets = |set: &'static str| {
        with_sets(&["compare", "navier-stokes", "-o"], &[])
            .into_iter()
            .chain([run.as_str(), "--set", set])
            .collect::<Vec<_>>()
    };
    for (set, words) in [
        (
            "compare.check=128",
            vec!["compare.check", "less than `compare.reference`, 128"],
        ),
        ("compare.steps=[1.5]", vec!["compare.steps", "shares"]),
        ("compare.samples=0", vec!["compare.samples"]),
        (
            "compare.sets=[{name='x',relation='off_resolution',set={viscosty=1}}]",
            vec!["compare.sets.0.set", "viscosty"],
        ),
        (
            "compare.sampels=1",
            vec!["sampels", "did you mean `compare.samples`?"],
        ),
    ] {
        refuses(&sets(set), &words);
    }
    refuses(
        &["compare", "navier-stokes", "-o", &run, "--preset", "smal"],
        &["there is no preset `smal`", "small"],
    );
    let file = path(folder.path(), "m.json");
    std::fs::write(&file, "{}").expect("write");
    refuses(
        &["compare", &file, "-o", &run],
        &["m.json", "expected measurements"],
    );
    let against = ["compare", "navier-stokes", "-o", &run, "--against", &file];
    refuses(&against, &["m.json"]);
    assert!(!Path::new(&run).exists());
    let output = curlwind(&["compare", "bowtie-table", "-o", &run]);
    assert_eq!(output.status.code(), Some(2));
}
