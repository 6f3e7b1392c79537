//! Years of a forced flow in one file a year: written, interrupted, gone on with, read back.

use crate::support::{path, refuses, succeeds, with_sets};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Two and a half years at T10, a state a day; seconds.
const SMALL: [&str; 7] = [
    "solver.truncation=10",
    "solver.time_step=40 min",
    "solver.output_interval=1 day",
    "solver.duration=900 days",
    "archive.start=1990-07-01",
    "archive.spin_up=20 days",
    "archive.latitudes=12",
];

fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("folder");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "nc"))
        .map(|path| {
            let name = path.file_name().expect("name").to_string_lossy();
            (name.into_owned(), std::fs::read(&path).expect("read"))
        })
        .collect();
    files.sort();
    files
}

#[test]
fn an_interrupted_nature_run_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().expect("folder");
    let (whole, killed) = (path(folder.path(), "whole"), path(folder.path(), "killed"));
    let command = |out| with_sets(&["simulate", "nature-run", "-o", out], &SMALL);
    succeeds(&command(&whole));
    let expected = files(&whole);
    let names: Vec<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["nature_1990.nc", "nature_1991.nc", "nature_1992.nc"]
    );

    let mut child = Command::new(env!("CARGO_BIN_EXE_curlwind"))
        .args(command(&killed))
        .stdout(Stdio::null())
        .spawn()
        .expect("starts");
    let first = Path::new(&killed).join("nature_1990.nc");
    while !first.exists() && child.try_wait().expect("child").is_none() {
        std::thread::sleep(Duration::from_millis(2));
    }
    std::thread::sleep(Duration::from_millis(20));
    child.kill().expect("killed");
    child.wait().expect("ended");
    let mut resumed = command(&killed);
    resumed.push("--resume");
    succeeds(&resumed);
    assert!(files(&killed) == expected, "other bytes after --resume");

    let said = succeeds(&["inspect", &path(Path::new(&whole), "nature_1991.nc")]);
    for word in ["z", "u", "v", "vorticity", "365", "12", "24"] {
        assert!(said.contains(word), "expected `{word}` in: {said}");
    }
    assert!(!said.contains("prediction_timedelta"), "{said}");
    let scores = std::fs::read_to_string(Path::new(&whole).join("scores.json")).expect("scores");
    assert!(scores.contains("eddy_kinetic_energy"), "{scores}");
    for figure in ["climate", "vorticity", "final"] {
        let place = Path::new(&whole).join("figures");
        assert!(place.join(format!("{figure}.svg")).is_file(), "{figure}");
    }

    // a year's state is a state to start from
    let next = path(folder.path(), "next");
    let init = path(Path::new(&whole), "nature_1992.nc");
    let mut from = with_sets(
        &["simulate", "shallow-water", "-o", &next, "--init", &init],
        &["solver.truncation=10", "solver.duration=1 day"],
    );
    from.push("--quiet");
    succeeds(&from);
}

#[test]
fn unusable_nature_runs_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let out = path(folder.path(), "run");
    for (set, words) in [
        ("archive.latitudes=9", &["archive.latitudes", "even"][..]),
        ("archive.start=1990-02-30", &["archive.start", "1990-02-30"]),
        ("archive.spin_up=7 h", &["archive.spin_up", "6 h"]),
        ("solver.forcing.jet_speed=120", &["jet_speed", "m/s"]),
        ("solver.forcing.jet_latitude=85 deg", &["jet latitude"]),
        ("solver.forcing.relaxation=20 days", &["relaxation_time"]),
        (
            "mountains=[{height=\"9 km\",latitude=\"0 deg\",longitude=\"0 deg\",width=\"9 deg\"}]",
            &["mountains"],
        ),
        (
            "initial={case=\"williamson_5\"}",
            &["mountains", "williamson-5"],
        ),
    ] {
        let command = with_sets(&["simulate", "nature-run", "-o", &out], &[set]);
        refuses(&command, words);
        assert!(!Path::new(&out).exists(), "nothing is left behind by {set}");
    }
    for verb in ["run", "generate", "train"] {
        refuses(&[verb, "nature-run", "-o", &out], &["orography"]);
    }
}
