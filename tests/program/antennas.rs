//! Antennas, guides and scatterers: scenes, sweeps, and every kind of bad input.

use crate::support::{compares, curlwind, path, refuses, succeeds, with_sets};
use curlwind_datasets::touchstone::Network;
use std::path::Path;
use std::process::Command;

/// A dipole on a mesh that is solved in a fraction of a second.
const COARSE: [&str; 5] = [
    "mesh.cells_per_wavelength=12",
    "mesh.regions=[{ from = [\"-1 mm\", \"-1 mm\", \"= -length / 2\"], to = [\"1 mm\", \"1 mm\", \"= length / 2\"], cell = [\"1 mm\", \"1 mm\", \"3 mm\"] }]",
    "frequency.points=41",
    "monitors.far_field.frequencies=[\"2.4 GHz\"]",
    "sweep.designs=8",
];

pub fn coarse<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    with_sets(arguments, &COARSE)
}

#[test]
fn an_antenna_ends_in_touchstone_and_figures() {
    let folder = tempfile::tempdir().expect("folder");
    let out = path(folder.path(), "run");
    let text = succeeds(&coarse(&["simulate", "dipole", "-o", &out]));
    assert!(text.contains("Least reflection at 2."), "{text}");
    for file in [
        "manifest.json",
        "scores.json",
        "report.html",
        "dipole.s1p",
        "figures/s11_in_db.png",
        "figures/smith_chart.svg",
    ] {
        assert!(Path::new(&out).join(file).is_file(), "{file}");
    }
    let network = Network::read(&Path::new(&out).join("dipole.s1p")).expect("Touchstone");
    assert_eq!(network.frequencies.len(), 41);
    assert!(network.s.iter().all(|s| s.norm() <= 1.001));
    assert!(
        network
            .variables
            .iter()
            .any(|(name, value)| name == "length" && value == "58 mm"),
        "{:?}",
        network.variables
    );
}

/// Meshes of the solver against a surrogate of eight designs.
#[test]
fn solver_and_surrogate_are_compared() {
    let folder = tempfile::tempdir().expect("folder");
    let sets = [
        // no small cells: a long time step
        "parameters.gap=\"6 mm\"",
        "mesh.regions=[]",
        "mesh.cells_per_wavelength=10",
        "boundaries.absorbing_cells=6",
        "run.energy_decay_db=25",
        "frequency.points=21",
        "monitors.far_field.frequencies=[\"2.4 GHz\"]",
        "sweep.designs=8",
        "surrogate.network.steps=0",
        "compare.samples=2",
        "compare.seeds=2",
        "compare.resolutions=[0.5, 0.6, 0.7, 0.8]",
        "compare.reference=1.1",
        "compare.check=1.05",
    ];
    let found = compares("dipole", &sets, folder.path());
    let duel = &found["duels"][0];
    assert_eq!(duel["family"], "surrogate");
    assert!(duel["error"].as_f64().is_some_and(|e| e < 0.5), "{duel}");
    let solved = Path::new(&path(folder.path(), "run")).join("designs");
    // 8 learned from; 2 held out, 1 beyond and 1 at other frequencies, by reference and by check
    let count = std::fs::read_dir(solved).expect("designs").count();
    assert_eq!(count, 8 + 2 * 4);
}

#[test]
fn every_scene_simulates() {
    let folder = tempfile::tempdir().expect("folder");
    for (scene, sets) in [
        (
            "monopole",
            &["mesh.cells_per_wavelength=12", "mesh.regions=[]"][..],
        ),
        (
            "patch",
            &[
                "mesh.regions=[]",
                "mesh.cells_per_wavelength=10",
                "run.longest=\"1 ns\"",
            ],
        ),
        (
            "bowtie",
            &["mesh.cells_per_wavelength=12", "mesh.regions=[]"],
        ),
        ("cavity", &["run.longest=\"4 ns\""]),
        (
            "waveguide",
            &["mesh.cells_per_wavelength=12", "run.longest=\"2 ns\""],
        ),
        (
            "sphere",
            &["mesh.cells_per_wavelength=8", "run.longest=\"2 ns\""],
        ),
    ] {
        let out = path(folder.path(), scene);
        let text = succeeds(&with_sets(&["simulate", scene, "-o", &out], sets));
        assert!(text.contains("million cells"), "{scene}: {text}");
        assert!(Path::new(&out).join("report.html").is_file(), "{scene}");
    }
    let two = Network::read(&folder.path().join("waveguide/waveguide.s2p")).expect("two ports");
    assert_eq!(two.ports(), 2);
}

/// Killed when the first designs are there, then continued: what was there is not computed again,
/// and all is as if nothing had happened.
#[test]
fn a_killed_sweep_goes_on() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| path(folder.path(), name);
    let (whole, killed) = (at("whole"), at("killed"));
    let network = ["surrogate.network.steps=60", "surrogate.network.members=2"];
    let sweep = |out: &str, more: &[&str]| -> Vec<String> {
        let mut list = coarse(&["sweep", "dipole", "--surrogate", "-o", out]);
        list.extend(more);
        let list = with_sets(&list, &network);
        list.into_iter().map(String::from).collect()
    };
    let run = |list: Vec<String>| succeeds(&list.iter().map(String::as_str).collect::<Vec<_>>());
    let text = run(sweep(&whole, &["--set", "sweep.candidates=200"]));
    assert!(text.contains("Checked by the solver"), "{text}");
    let mut child = Command::new(env!("CARGO_BIN_EXE_curlwind"))
        .args(sweep(&killed, &["--set", "sweep.candidates=200"]))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("starts");
    let finished = || -> Vec<std::path::PathBuf> {
        let designs = std::fs::read_dir(Path::new(&killed).join("designs"));
        let folders = designs.into_iter().flatten().flatten();
        folders
            .map(|entry| entry.path().join("solution.json"))
            .filter(|file| file.is_file())
            .collect()
    };
    while finished().len() < 2 && child.try_wait().expect("child").is_none() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    let written = |file: &Path| {
        let facts = std::fs::metadata(file).expect("there");
        facts.modified().expect("time")
    };
    let before: Vec<_> = finished().iter().map(|f| (f.clone(), written(f))).collect();
    run(sweep(
        &killed,
        &["--resume", "--set", "sweep.candidates=200"],
    ));
    for (file, time) in before {
        assert_eq!(written(&file), time, "{} was solved twice", file.display());
    }
    let table =
        |run: &str| std::fs::read_to_string(Path::new(run).join("designs.csv")).expect("table");
    assert_eq!(table(&whole), table(&killed));

    // the surrogate answers for designs of the user's own, in millimetres
    let list = at("list.csv");
    std::fs::write(&list, "radius,length\n0.2 mm,60 mm\n").expect("written");
    let answers = at("answers");
    succeeds(&[
        "forecast", "--model", &whole, "--init", &list, "-o", &answers,
    ]);
    let answer = Network::read(&Path::new(&answers).join("designs/1.s1p")).expect("Touchstone");
    assert_eq!(answer.frequencies.len(), 41);
    std::fs::write(&list, "radius,length\n0.2 mm,60\n").expect("written");
    let words = ["line 2", "`length`", "58 mm"];
    let other = at("other");
    refuses(
        &["forecast", "--model", &whole, "--init", &list, "-o", &other],
        &words,
    );
}

/// The search on the solver goes on from the best designs, and never ends with a worse one.
#[test]
fn a_search_on_the_solver_improves_the_best_design() {
    let folder = tempfile::tempdir().expect("folder");
    let out = path(folder.path(), "run");
    let sets = ["sweep.search.starts=1", "sweep.search.evaluations=8"];
    let arguments = coarse(&["sweep", "dipole", "--optimise", "-o", &out]);
    let text = succeeds(&with_sets(&arguments, &sets));
    let number = |after: &str| -> f64 {
        let rest = text.split(after).nth(1).expect("said");
        let word = rest.split_whitespace().next().expect("a number");
        word.parse().expect("a number")
    };
    assert!(number("best goal") <= number("before it"), "{text}");
    assert!(text.contains("solver (search)"), "{text}");
}

#[test]
fn unusable_scenes_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let out = path(folder.path(), "run");
    let simulate = |scene: &str, set: &str, words: &[&str]| {
        refuses(&with_sets(&["simulate", scene, "-o", &out], &[set]), words);
        assert!(!Path::new(&out).exists(), "nothing is left behind by {set}");
    };
    let gap = r#"lumped = { negative = ["0 mm", "0 mm", "-0.5 mm"], positive = ["0 mm", "0 mm", "0.5 mm"] }"#;
    simulate(
        "dipole",
        &format!(r#"ports=[{{ name = "a", {gap} }}, {{ name = "b", {gap} }}]"#),
        &["ports.1", "overlaps port \"a\""],
    );
    simulate(
        "dipole",
        r#"ports.0.lumped={ negative = ["0 mm", "0 mm", "10 mm"], positive = ["0 mm", "0 mm", "11 mm"] }"#,
        &["line 26", "lies in metal"],
    );
    simulate(
        "cavity",
        r#"source.dipole.position=["0 mm", "0 mm", "900 mm"]"#,
        &["source.dipole.position", "outside of the mesh"],
    );
    simulate(
        "dipole",
        r#"source={ dipole = { position = ["0 mm", "0 mm", "0 mm"], axis = "x" } }"#,
        &["one at a time"],
    );
    simulate("dipole", "parameters.length=58", &["= -length / 2"]);
    simulate(
        "dipole",
        "mesh.largest_cell=2",
        &["mesh.largest_cell", "no unit"],
    );
    simulate("dipole", "run.courant=1.2", &["Courant"]);
    simulate(
        "dipole",
        "mesh.cells_per_wavelength=4000",
        &["cells need", "GiB"],
    );
    simulate(
        "dipole",
        r#"sweep.variables=[{ parameter = "lenght", from = "40 mm", to = "50 mm" }]"#,
        &["did you mean `length`"],
    );
    simulate(
        "dipole",
        "mesh.cels_per_wavelength=20",
        &["did you mean `mesh.cells_per_wavelength`"],
    );
    simulate(
        "dipole",
        r#"solids.0.material="gold""#,
        &["solids.0.material", "gold"],
    );
    simulate("dipole", r#"parameters.gap="= gapp / 2""#, &["gapp"]);
    refuses(
        &["sweep", "shallow-water", "-o", &out],
        &["no design to sweep"],
    );
}

/// A run that ends before its fields have died away says so, and still gives what it has.
#[test]
fn a_run_that_has_not_decayed_warns() {
    let folder = tempfile::tempdir().expect("folder");
    let out = path(folder.path(), "run");
    let arguments = with_sets(
        &coarse(&["simulate", "dipole", "-o", &out]),
        &["run.longest=\"2 ns\""],
    );
    let output = curlwind(&arguments);
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("Warning") && text.contains("run.longest"),
        "{text}"
    );
}

/// A device that is not there, or that a solver cannot use, is an error before any work.
#[test]
fn absent_devices_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let out = path(folder.path(), "run");
    for (scenario, device, expected) in [
        ("dipole", "gpu", "expected `auto`, `cpu`"),
        ("burgers", "cuda:0", "runs on the processor"),
        ("allen-cahn", "wgpu", "runs on the processor"),
        ("scattering", "gpu", "expected `auto`, `cpu`"),
    ] {
        refuses(
            &["simulate", scenario, "--device", device, "-o", &out],
            &[expected],
        );
        assert!(!Path::new(&out).exists());
    }
}
