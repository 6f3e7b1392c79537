//! The tutorials: their commands run as they are written.

use crate::support::succeeds;
use std::path::Path;
use std::process::Command;

/// Runs the indented lines of a page that call the program, in a folder where `docs` and `datasets`
/// are the project's.
fn runs(page: &str, folder: &Path) -> usize {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["docs", "datasets"] {
        std::os::unix::fs::symlink(project.join(name), folder.join(name)).expect("link");
    }
    let program = Path::new(env!("CARGO_BIN_EXE_curlwind"));
    let home = program.parent().expect("folder").display().to_string();
    let search = format!("{home}:{}", std::env::var("PATH").unwrap_or_default());
    let text = std::fs::read_to_string(project.join("docs").join(page)).expect("page");
    let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
    let mut count = 0;
    for line in lines.filter(|line| line.starts_with("curlwind ")) {
        let output = Command::new("sh")
            .args(["-c", line])
            .current_dir(folder)
            .env("PATH", &search)
            .output()
            .expect("a shell");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {error}");
        count += 1;
    }
    count
}

#[test]
fn forecasts_from_your_own_analyses() {
    let folder = tempfile::tempdir().expect("folder");
    assert_eq!(runs("analyses.md", folder.path()), 5);
    let output = folder
        .path()
        .join("runs/ensemble/output.nc")
        .display()
        .to_string();
    assert!(succeeds(&["inspect", &output]).contains("realization"));
    assert!(folder.path().join("runs/members/report.html").is_file());
}
