//! Networks that solve an equation, on few points and for few steps.

use crate::support::{broken, compares, path, refuses, succeeds, with_sets};
use std::path::Path;

const SHOCK: [&str; 5] = [
    "problem.viscosity=0.05",
    "conditions.interior=500",
    "network.hidden=12",
    "network.layers=2",
    r#"training.stages=[{ optimiser = "gauss_newton", steps = 120 }]"#,
];

fn value(rows: &serde_json::Value, model: &str, metric: &str) -> f64 {
    let row = rows.as_array().and_then(|rows| {
        rows.iter()
            .find(|row| row["model"] == model && row["metric"] == metric)
    });
    row.and_then(|row| row["value"].as_f64()).expect("a value")
}

/// A broken residual, a broken Jacobian or a broken condition ends far above the threshold.
#[test]
fn a_shock_from_the_equation_alone() {
    let folder = tempfile::tempdir().expect("folder");
    let run = path(folder.path(), "run");
    let command = ["run", "burgers-shock", "-o", &run];
    let mut sets = SHOCK.to_vec();
    sets.push("ablation.run=true");
    sets.push(
        r#"ablation.features=[{ without = "steps", set = ['training.stages=[{ steps = 5 }]'] }]"#,
    );
    let text = succeeds(&with_sets(&command, &sets));
    for word in ["solver@257", "mean", "to the same error", "steps: "] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let scores = std::fs::read_to_string(Path::new(&run).join("scores.json")).expect("scores");
    let scores: serde_json::Value = serde_json::from_str(&scores).expect("JSON");
    let error = value(&scores, "network", "relative_l2");
    assert!(error < 5e-3, "{error}");
    let without = value(&scores, "network without steps", "relative_l2");
    assert!(without > 2.0 * error, "{without}");
    for file in [
        "output.h5",
        "model/network.json",
        "report.html",
        "manifest.json",
    ] {
        assert!(Path::new(&run).join(file).is_file(), "{file}");
    }
    let text = succeeds(&["inspect", &path(folder.path(), "run/output.h5")]);
    assert!(
        text.contains("network/u") && text.contains("truth/u"),
        "{text}"
    );
}

/// One problem, three trainings: there is nothing out of distribution, and the report says so.
#[test]
fn solver_and_network_are_compared() {
    let folder = tempfile::tempdir().expect("folder");
    let sets = [
        "problem.speed=6",
        "conditions.interior=200",
        "network.hidden=8",
        "windows=2",
        "training.stages=[{ steps = 40 }]",
        "compare.resolutions=[4, 5, 6, 8, 16]",
    ];
    let found = compares("advection", &sets, folder.path());
    assert_eq!(found["duels"][0]["family"], "network");
    assert_eq!(broken(&found), [8], "{}", found["rules"]);
    assert_eq!(
        found["rules"][7]["broken"][0],
        "there is no set out of distribution"
    );
}

#[test]
fn the_solver_alone_and_the_network_alone() {
    let folder = tempfile::tempdir().expect("folder");
    let solver = path(folder.path(), "solver");
    let text = succeeds(&["simulate", "maxwell-interface", "-o", &solver]);
    assert!(text.contains("solver@1600"), "{text}");
    let network = path(folder.path(), "network");
    let text = succeeds(&with_sets(
        &["train", "advection", "-o", &network],
        &[
            "problem.speed=6",
            "conditions.interior=200",
            "network.hidden=8",
            "windows=2",
            "training.stages=[{ steps = 15 }]",
        ],
    ));
    assert!(text.contains("30 steps"), "{text}");
}

/// The trained network at points of one's own says what the run says; bad tables are refused.
#[test]
fn a_network_is_asked_at_points() {
    let folder = tempfile::tempdir().expect("folder");
    let run = path(folder.path(), "run");
    succeeds(&with_sets(
        &["train", "advection", "-o", &run, "--seed", "3"],
        &[
            "problem.speed=2",
            "conditions.interior=200",
            "network.hidden=8",
            "network.fourier={ count = 2, scale = 1.0 }",
            "windows=2",
            "training.stages=[{ steps = 40 }]",
        ],
    ));
    let table = path(folder.path(), "points.csv");
    std::fs::write(&table, "x, t\n1.0, 0.25\n1.0, 0.5\n2.5, 1.0\n").expect("table");
    let said = path(folder.path(), "said");
    let forecast = ["forecast", "--model", &run, "--init", &table, "-o", &said];
    let text = succeeds(&forecast);
    assert!(text.contains("u at 3 points"), "{text}");
    let text = std::fs::read_to_string(Path::new(&said).join("output.csv")).expect("output");
    let rows: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').filter_map(|v| v.parse().ok()).collect())
        .collect();
    assert!(text.starts_with("t,x,u") && rows.len() == 3, "{text}");
    for row in rows {
        let exact = (row[1] - 2.0 * row[0]).sin();
        assert!((row[2] - exact).abs() < 0.02, "{row:?} {exact}");
    }
    let other = path(folder.path(), "other");
    let bad = path(folder.path(), "bad.csv");
    for (text, words) in [
        ("t,y\n0,0\n", ["expected columns t, x", "found t, y"]),
        (
            "t,x\n0,zero\n",
            ["line 2", "expected a number, found `zero`"],
        ),
        ("t,x\n1.5,0\n", ["`t`: expected 0 to 1", "1.5"]),
    ] {
        std::fs::write(&bad, text).expect("table");
        refuses(
            &["forecast", "--model", &run, "--init", &bad, "-o", &other],
            &words,
        );
    }
}

#[test]
fn bad_scenarios_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let run = path(folder.path(), "run");
    for (set, words) in [
        ("windows=0", ["windows", "1 or more"]),
        ("network.hidden=0", ["network", "`hidden`"]),
        (
            "network.hiden=8",
            ["hiden", "did you mean `network.hidden`?"],
        ),
        (
            "problem.speed=3",
            ["problem", "no such parameter of this case"],
        ),
        ("problem.viscosity=-1", ["problem", "a positive number"]),
        ("conditions.interior=0", ["conditions", "at least 1"]),
        ("compare.seeds=0", ["compare.seeds", "1 or more"]),
        (
            "compare.resolutions=[0]",
            ["compare.resolutions.0", "1 or more"],
        ),
    ] {
        let command = match set.starts_with("compare.") {
            true => "compare",
            false => "run",
        };
        refuses(
            &[command, "burgers-shock", "-o", &run, "--set", set],
            &words,
        );
    }
    refuses(
        &["generate", "burgers-shock", "-o", &run],
        &["needs no data"],
    );
    refuses(
        &["train", "burgers-shock", "--data", &run, "-o", &run],
        &["without data"],
    );
    refuses(
        &["run", "burgers-shock", "-o", &run, "--seeds", "2"],
        &["trains with one seed"],
    );
}
