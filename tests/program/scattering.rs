//! Plane waves on bodies: the whole pair on a small problem, and every kind of bad input.

use crate::support::{broken, compares, path, refuses, succeeds, with_sets};
use curlwind_datasets::arrays::read_array;
use std::path::Path;
use std::process::Command;

/// A pair that is generated, trained and judged in seconds.
const SMALL: [&str; 12] = [
    "solver.points=16",
    "solver.cells=32",
    "training_set.scenes=40",
    "training_set.test=0.1",
    "training_set.validation=0.1",
    "operator.n_modes=[8, 8]",
    "operator.hidden_channels=8",
    "operator.layers=2",
    "training.stages=[{ roll_out = 1, epochs = 2 }]",
    "evaluation.scenes=4",
    "evaluation.reference_cells=48",
    "evaluation.coarse_cells=[24, 20]",
];

fn small<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    with_sets(arguments, &SMALL)
}

#[test]
fn the_whole_pair() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| path(folder.path(), name);
    let out = at("run");
    let text = succeeds(&small(&["run", "scattering", "-o", &out]));
    for word in [
        "fno",
        "zero",
        "nearest",
        "born",
        "solver@24",
        "beyond training",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let home = Path::new(&out);
    for file in [
        "manifest.json",
        "report.html",
        "model/weights.safetensors",
        "figures/fields.png",
        "figures/errors.svg",
        "figures/cost.png",
        "data/split.json",
    ] {
        assert!(home.join(file).is_file(), "{file}");
    }
    let scores = std::fs::read_to_string(home.join("scores.json")).expect("scores");
    for word in [
        "helmholtz_residual",
        "relative_l2",
        "self_convergence",
        "seconds_per_scene",
    ] {
        assert!(scores.contains(word), "{word}");
    }

    // the solver's scene is what the operator is asked for, and judged by
    let solved = at("solved");
    let text = succeeds(&small(&["simulate", "scattering", "-o", &solved]));
    assert!(text.contains("3 bodies"), "{text}");
    let fields = at("solved/output.h5");
    let shape = [Some(16), Some(16)];
    let permittivity = read_array(&fields, "permittivity", Some(&shape)).expect("map");
    assert!(permittivity.iter().all(|e| (1.0..=3.5).contains(e)));
    let (forecast, described) = (at("forecast"), at("described"));
    let text = succeeds(&[
        "forecast", "--model", &out, "--init", &fields, "-o", &forecast,
    ]);
    assert!(text.contains("relative L2 error"), "{text}");
    let bodies = at("bodies.toml");
    let circle = r#"circle = { centre = ["0 mm", "10 mm"], radius = "20 mm" }"#;
    let scene = format!("angle = \"90 deg\"\n\n[[bodies]]\npermittivity = 2\n{circle}\n");
    std::fs::write(&bodies, scene).expect("written");
    succeeds(&[
        "forecast", "--model", &out, "--init", &bodies, "-o", &described,
    ]);
    let at_bodies = Path::new(&described).join("output.h5");
    let scattered = read_array(&at_bodies, "scattered_re", Some(&shape)).expect("field");
    assert!(scattered.iter().all(|u| u.is_finite()));
    let text = succeeds(&["inspect", &at("run/data")]);
    assert!(
        text.contains("scattered_im") && text.contains("40"),
        "{text}"
    );

    // what cannot be used as a scene
    let other = at("other");
    let ask = |words: &[&str]| {
        refuses(
            &["forecast", "--model", &out, "--init", &bodies, "-o", &other],
            words,
        );
    };
    std::fs::write(&bodies, "[[bodies]]\npermitivity = 2\n").expect("written");
    ask(&["bodies.toml", "line 2", "did you mean", "permittivity"]);
    let far = circle.replace("0 mm\", \"10", "90 mm\", \"10");
    std::fs::write(&bodies, format!("[[bodies]]\npermittivity = 2\n{far}\n")).expect("written");
    ask(&["sticks out of the square"]);
}

/// Meshes of the solver against two networks: every rule that such a small problem can keep.
#[test]
fn solver_and_operator_are_compared() {
    let folder = tempfile::tempdir().expect("folder");
    let mut sets = SMALL.to_vec();
    sets.extend([
        "compare.samples=3",
        "compare.seeds=2",
        "compare.resolutions=[12, 14, 16, 24]",
        "compare.reference=64",
        "compare.check=56",
        "compare.points=[20]",
    ]);
    let found = compares("scattering", &sets, folder.path());
    let duel = &found["duels"][0];
    assert_eq!(duel["family"], "fno");
    assert!(duel["error"].as_f64().is_some_and(|e| e < 5.0), "{duel}");
    // a network of two epochs is worse than any solver and than no answer, and two seeds have no spread
    // (on a busy machine batches may be too slow to time, which rule 4 then says)
    let rules: Vec<u64> = broken(&found)
        .into_iter()
        .filter(|rule| *rule != 4)
        .collect();
    assert_eq!(rules, [3, 6, 7], "{}", found["rules"]);
}

/// A single round body is judged by the exact series.
#[test]
fn a_cylinder_is_compared_with_its_series() {
    let folder = tempfile::tempdir().expect("folder");
    let out = path(folder.path(), "run");
    let scene = r#"scene={ angle = "30 deg", bodies = [{ permittivity = 3, circle = { centre = ["10 mm", "-20 mm"], radius = "30 mm" } }] }"#;
    for polarization in ["tm", "te"] {
        let out = format!("{out}_{polarization}");
        let set = format!("solver.polarization=\"{polarization}\"");
        let text = succeeds(&with_sets(
            &["simulate", "scattering", "-o", &out],
            &[scene, &set],
        ));
        let number = text.split("exact series: ").nth(1).expect("said");
        let number = number.split(". ").next().unwrap_or(number);
        let number = number
            .lines()
            .next()
            .unwrap_or(number)
            .trim_end_matches('.');
        let error: f64 = number.parse().expect("a number");
        assert!(error < 0.015, "{polarization}: {text}");
    }
}

/// Killed when the first files are there, then continued: the bytes are those of the run that was
/// not interrupted.
#[test]
fn a_killed_generation_goes_on() {
    let folder = tempfile::tempdir().expect("folder");
    let (whole, killed) = (path(folder.path(), "whole"), path(folder.path(), "killed"));
    let generate = |out: &str, more: &[&str]| -> Vec<String> {
        let mut list = vec!["generate", "scattering", "-o", out];
        list.extend(more);
        let sets = [
            "solver.points=16",
            "solver.cells=48",
            "training_set.scenes=60",
        ];
        with_sets(&list, &sets)
            .into_iter()
            .map(String::from)
            .collect()
    };
    let run = |list: Vec<String>| succeeds(&list.iter().map(String::as_str).collect::<Vec<_>>());
    run(generate(&whole, &[]));
    let mut child = Command::new(env!("CARGO_BIN_EXE_curlwind"))
        .args(generate(&killed, &[]))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("starts");
    let files = |run: &str| -> Vec<std::path::PathBuf> {
        let data = std::fs::read_dir(Path::new(run).join("data"));
        let mut files: Vec<_> = data
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|file| file.extension().is_some_and(|end| end == "h5"))
            .collect();
        files.sort();
        files
    };
    while files(&killed).is_empty() && child.try_wait().expect("child").is_none() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    run(generate(&killed, &["--resume"]));
    let bytes = |run: &str| -> Vec<Vec<u8>> {
        files(run)
            .iter()
            .map(|f| std::fs::read(f).expect("read"))
            .collect()
    };
    assert_eq!(files(&whole).len(), 4);
    assert!(bytes(&whole) == bytes(&killed));
}

#[test]
fn unusable_scenarios_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let out = path(folder.path(), "run");
    for (set, words) in [
        ("solver.cels=64", &["did you mean `solver.cells`"][..]),
        ("solver.side=200", &["solver.side", "unit"]),
        ("solver.polarization=\"tn\"", &["solver.polarization", "tm"]),
        ("solver.cells=8", &["cells per wavelength"]),
        (
            "scene.bodies.0.permittivity=0.5",
            &["scene.bodies.0.permittivity", "1 or more"],
        ),
        (
            "scene.bodies.1.ellipse.centre=[\"99 mm\", \"0 mm\"]",
            &["scene.bodies.1", "sticks out"],
        ),
        (
            "scene.bodies.0.rectangle={ centre = [\"0 mm\", \"0 mm\"], size = [\"9 mm\", \"9 mm\"] }",
            &["one shape", "2"],
        ),
        (
            "training_set.permittivity=[4.0, 1.5]",
            &["training_set.permittivity", "lowest"],
        ),
        (
            "evaluation.reference_cells=64",
            &["evaluation.reference_cells", "finer"],
        ),
        (
            "training.stages=[{ roll_out = 2, epochs = 1 }]",
            &["training.stages.0.roll_out"],
        ),
    ] {
        refuses(
            &with_sets(&["run", "scattering", "-o", &out], &[set]),
            words,
        );
        assert!(!Path::new(&out).exists(), "nothing is left behind by {set}");
    }
    for (set, words) in [
        (
            "compare.check=400",
            ["compare.check", "less than `compare.reference`"],
        ),
        ("compare.resolutions=[4]", ["compare.resolutions.0", "8"]),
        (
            "compare.points=[64]",
            ["compare.points.0", "the operator's own 64"],
        ),
    ] {
        refuses(
            &with_sets(&["compare", "scattering", "-o", &out], &[set]),
            &words,
        );
        assert!(!Path::new(&out).exists(), "nothing is left behind by {set}");
    }
    let crowded = ["training_set.bodies=[40, 40]", "training_set.scenes=4"];
    let arguments = with_sets(&["generate", "scattering", "-o", &out], &crowded);
    refuses(&arguments, &["do not find room"]);
    refuses(
        &["sweep", "scattering", "-o", &out],
        &["no design to sweep"],
    );
    refuses(
        &["simulate", "scattering", "-o", &out, "--init", "state.nc"],
        &["--init is a weather state"],
    );
}
