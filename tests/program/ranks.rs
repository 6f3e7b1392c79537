//! Several processes under mpirun; only in a program that was built with the feature `mpi`
//! (`make test-mpi`), and where there is an mpirun.

use crate::antennas::coarse;
use crate::flow::{BURGERS, quick};
use crate::support::{path, succeeds, with_sets};
use curlwind_datasets::touchstone::Network;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// `mpirun -n ranks curlwind ...`; `None` where there is no mpirun.
fn mpirun(ranks: usize, arguments: &[&str]) -> Option<Command> {
    let there = Command::new("mpirun").arg("--version").output().is_ok();
    if !there {
        eprintln!("no mpirun: not tested");
        return None;
    }
    let mut command = Command::new("mpirun");
    command
        .args(["--allow-run-as-root", "--oversubscribe", "-n"])
        .arg(ranks.to_string())
        .arg(env!("CARGO_BIN_EXE_curlwind"))
        .args(arguments);
    Some(command)
}

fn together(ranks: usize, arguments: &[&str]) -> Option<Output> {
    mpirun(ranks, arguments).map(|mut command| command.output().expect("mpirun starts"))
}

fn text_of(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The mesh is shared: S11, far field and scores are those of one process, bit for bit.
#[test]
fn ranks_share_a_scene() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| path(folder.path(), name);
    let probe = "monitors.probes=[{ name = \"near\", component = \"ez\", position = [\"9 mm\", \"0 mm\", \"12 mm\"] }]";
    let arguments = |out: &str| -> Vec<String> {
        let list = with_sets(&coarse(&["simulate", "dipole", "-o", out]), &[probe])
            .into_iter()
            .map(String::from)
            .collect::<Vec<_>>();
        list
    };
    fn borrowed(list: &[String]) -> Vec<&str> {
        list.iter().map(String::as_str).collect()
    }
    let (alone, shared) = (at("alone"), at("shared"));
    succeeds(&borrowed(&arguments(&alone)));
    for ranks in [2, 3] {
        let _ = std::fs::remove_dir_all(&shared);
        let Some(output) = together(ranks, &borrowed(&arguments(&shared))) else {
            return;
        };
        let text = text_of(&output);
        // rank 0 alone speaks
        assert_eq!(text.matches("Least reflection").count(), 1, "{text}");
        let read = |run: &str| Network::read(&Path::new(run).join("dipole.s1p")).expect("S11");
        let (one, all) = (read(&alone), read(&shared));
        assert_eq!(one.frequencies, all.frequencies);
        assert!(
            one.s.iter().zip(&all.s).all(|(a, b)| a == b),
            "{ranks} ranks"
        );
        // all but what tells wall times
        let scores = |run: &str| {
            let text = std::fs::read_to_string(Path::new(run).join("scores.json")).expect("scores");
            let rows: Vec<serde_json::Value> = serde_json::from_str(&text).expect("rows");
            rows.into_iter()
                .filter(|row| {
                    !row["metric"]
                        .as_str()
                        .unwrap_or_default()
                        .contains("seconds")
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(scores(&alone), scores(&shared));
        let manifest = std::fs::read_to_string(Path::new(&shared).join("manifest.json"));
        let manifest: serde_json::Value =
            serde_json::from_str(&manifest.expect("manifest")).expect("JSON");
        assert_eq!(manifest["ranks"], ranks);
        assert_eq!(manifest["status"], "finished");
    }
}

/// What is wrong is said once, with the exit status of one process, and nobody is left waiting.
#[test]
fn errors_end_all_ranks() {
    let folder = tempfile::tempdir().expect("folder");
    let out = path(folder.path(), "run");
    for (arguments, words) in [
        (
            vec!["simulate", "dipole", "-o", &out, "--set", "mesh.ratoi=2"],
            "ratoi",
        ),
        (vec!["simulate", "shallow-water", "-o", &out], "one process"),
        (vec!["list"], "one process"),
        (vec!["compare", "dipole", "-o", &out], "one process"),
        (vec!["train", "burgers", "-o", &out], "--data"),
        (
            vec!["generate", "darcy-small", "-o", &out],
            "nothing to generate",
        ),
    ] {
        let Some(output) = together(2, &arguments) else {
            return;
        };
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(words), "{arguments:?}: {error}");
        assert_eq!(error.matches("curlwind:").count(), 1, "{error}");
        assert!(!Path::new(&out).exists(), "{arguments:?}");
    }
}

/// The solved designs of a sweep, and when each was written.
fn solved(run: &str) -> Vec<(PathBuf, std::time::SystemTime)> {
    let designs = std::fs::read_dir(Path::new(run).join("designs"));
    let mut all: Vec<_> = designs
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("solution.json"))
        .filter_map(|file| {
            let written = std::fs::metadata(&file).ok()?.modified().ok()?;
            Some((file, written))
        })
        .collect();
    all.sort();
    all
}

/// The processes of this program that a process has started.
fn children(parent: u32) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let (name, rest) = stat.split_once('(')?.1.split_once(')')?;
        let of: u32 = rest.split_whitespace().nth(1)?.parse().ok()?;
        (name == "curlwind" && of == parent).then_some(pid)
    })
    .collect()
}

/// One rank is killed when the first designs are there; started again, nothing that was solved is
/// lost or solved twice, and the table is one process's.
#[test]
fn a_sweep_survives_the_loss_of_a_rank() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| path(folder.path(), name);
    let (alone, shared) = (at("alone"), at("shared"));
    succeeds(&coarse(&["sweep", "dipole", "-o", &alone]));
    let arguments = coarse(&["sweep", "dipole", "-o", &shared]);
    let Some(mut command) = mpirun(2, &arguments) else {
        return;
    };
    let mut run = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("mpirun starts");
    while solved(&shared).len() < 2 && run.try_wait().expect("a child").is_none() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let victim = *children(run.id()).last().expect("a rank");
    let killed = Command::new("kill")
        .args(["-9", &victim.to_string()])
        .status();
    assert!(killed.expect("kill").success());
    assert!(!run.wait().expect("ended").success());
    let before = solved(&shared);
    assert!(before.len() >= 2);
    let again: Vec<&str> = arguments.iter().copied().chain(["--resume"]).collect();
    text_of(&together(2, &again).expect("mpirun was there"));
    let after = solved(&shared);
    assert_eq!(after.len(), 8);
    for one in before {
        assert!(after.contains(&one), "{} was solved twice", one.0.display());
    }
    assert!(!Path::new(&shared).join("designs/claims").exists());
    let table = |run: &str| std::fs::read_to_string(Path::new(run).join("designs.csv"));
    assert_eq!(
        table(&alone).expect("table"),
        table(&shared).expect("table")
    );
}

/// Samples are those of one process, byte for byte; and two ranks train together on them.
#[test]
fn ranks_make_samples_and_train_on_them() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| path(folder.path(), name);
    let (alone, shared) = (at("alone"), at("shared"));
    succeeds(&quick(&["generate", "burgers", "-o", &alone], &BURGERS));
    let Some(output) = together(2, &quick(&["generate", "burgers", "-o", &shared], &BURGERS))
    else {
        return;
    };
    assert!(text_of(&output).contains("24 samples"));
    let files = |run: &str| -> Vec<(PathBuf, Vec<u8>)> {
        let entries = std::fs::read_dir(Path::new(run).join("data")).expect("a store");
        let mut all: Vec<_> = entries
            .flatten()
            .filter(|entry| entry.path().extension().is_some_and(|e| e == "h5"))
            .map(|entry| {
                (
                    entry.file_name().into(),
                    std::fs::read(entry.path()).expect("read"),
                )
            })
            .collect();
        all.sort();
        all
    };
    assert_eq!(files(&shared).len(), 24);
    assert!(files(&alone) == files(&shared));

    let (one, two) = (at("one"), at("two"));
    let train = |out: &str| -> Vec<String> {
        let list = quick(&["train", "burgers", "--data", &alone, "-o", out], &BURGERS);
        // symmetries are drawn by each rank for its part of a batch
        let list = with_sets(&list, &["training_set.symmetries=false"]);
        list.into_iter().map(String::from).collect()
    };
    let (first, second) = (train(&one), train(&two));
    succeeds(&first.iter().map(String::as_str).collect::<Vec<_>>());
    let second: Vec<&str> = second.iter().map(String::as_str).collect();
    text_of(&together(2, &second).expect("mpirun was there"));
    let losses = |run: &str| -> Vec<f64> {
        let text = std::fs::read_to_string(Path::new(run).join("metrics.jsonl")).expect("metrics");
        text.lines()
            .filter_map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).ok()?;
                line["train_loss"].as_f64()
            })
            .collect()
    };
    let (one, two) = (losses(&one), losses(&two));
    assert_eq!(one.len(), two.len());
    for (a, b) in one.iter().zip(&two) {
        assert!((a - b).abs() < 1e-5 * a, "one process {a}, two {b}");
    }
}
