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
