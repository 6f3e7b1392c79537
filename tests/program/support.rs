//! Running the program and judging what it says.

use std::path::Path;
use std::process::{Command, Output};

pub fn curlwind(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_curlwind"))
        .args(arguments)
        .output()
        .expect("the program starts")
}

pub fn succeeds(arguments: &[&str]) -> String {
    let output = curlwind(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs with unusable input: status 2, no panic, and a message with every one of `words`.
pub fn refuses(arguments: &[&str], words: &[&str]) {
    let output = curlwind(arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    assert!(!error.contains("panicked"), "{error}");
    for word in words {
        assert!(error.contains(word), "expected `{word}` in: {error}");
    }
}

pub fn with_sets<'a>(arguments: &[&'a str], sets: &[&'a str]) -> Vec<&'a str> {
    arguments
        .iter()
        .copied()
        .chain(sets.iter().flat_map(|set| ["--set", set]))
        .collect()
}

pub fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

/// Compares, asks again when there is nothing left to do, and makes the report again of what was
/// measured: the page keeps its bytes, and nothing was measured or trained again. What was found.
pub fn compares(scenario: &str, sets: &[&str], folder: &Path) -> serde_json::Value {
    let (run, again) = (path(folder, "run"), path(folder, "again"));
    let command = with_sets(&["compare", scenario, "-o", &run], sets);
    let text = succeeds(&command);
    assert!(text.contains("the solver takes"), "{text}");
    let read = |run: &str, name: &str| std::fs::read(Path::new(run).join(name)).expect("read");
    let before = ["report.html", "measurements.json"].map(|name| read(&run, name));
    let resumed: Vec<&str> = command.iter().copied().chain(["--resume"]).collect();
    succeeds(&resumed);
    let after = ["report.html", "measurements.json"].map(|name| read(&run, name));
    assert!(before == after, "a finished comparison measures nothing");
    let measurements = path(Path::new(&run), "measurements.json");
    succeeds(&["compare", &measurements, "-o", &again]);
    assert!(before[0] == read(&again, "report.html"), "the same report");
    for name in ["report.md", "scores.json", "figures/figure_1.svg"] {
        assert!(Path::new(&again).join(name).is_file(), "{name}");
    }
    serde_json::from_slice(&read(&run, "comparison.json")).expect("JSON")
}

/// Numbers of the rules that a comparison breaks.
pub fn broken(comparison: &serde_json::Value) -> Vec<u64> {
    let rules = comparison["rules"].as_array().expect("rules").iter();
    rules
        .filter(|rule| rule["broken"].as_array().is_some_and(|b| !b.is_empty()))
        .filter_map(|rule| rule["number"].as_u64())
        .collect()
}
