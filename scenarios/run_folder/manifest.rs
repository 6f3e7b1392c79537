//! `manifest.json`: what was run, on what, when, and where the time went.

use super::{Machine, RunError, write_atomically};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The manifest of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// `curlwind`.
    pub program: String,
    /// Version of the program.
    pub version: String,
    /// The command line as it was given.
    pub command: Vec<String>,
    /// Name of the scenario.
    pub scenario: String,
    /// The full configuration, defaults and overrides included.
    pub configuration: Value,
    /// Seed of every random number of the run.
    pub seed: u64,
    /// Device: `cpu`, `cuda:0`.
    pub device: String,
    /// Threads used.
    pub threads: usize,
    /// Processes that shared the work, each with as many threads.
    #[serde(default = "one")]
    pub ranks: usize,
    /// The machine.
    pub machine: Machine,
    /// Files read, with hashes.
    pub inputs: Vec<InputFile>,
    /// How the run stands.
    #[serde(flatten)]
    pub status: Status,
    /// Start, ISO 8601 in UTC.
    pub started: String,
    /// End, ISO 8601 in UTC; none while it runs.
    pub finished: Option<String>,
    /// Wall time by phase, in order of first start. A resumed phase adds up.
    pub phases: Vec<PhaseTime>,
    /// How many times the run was resumed.
    pub resumed: u32,
    /// Anything a command wants to keep, by name.
    pub notes: serde_json::Map<String, Value>,
}

fn one() -> usize {
    1
}

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum Status {
    /// Under way, or killed without a word.
    Running,
    /// Done.
    Finished,
    /// Ended by an error.
    Failed {
        /// The error.
        reason: String,
    },
}

/// A file that the run read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Its path as given.
    pub path: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

/// Wall time of a phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseTime {
    /// The phase, e.g. `integrate`.
    pub name: String,
    /// Seconds of wall time.
    pub seconds: f64,
}

impl Manifest {
    /// Reads the manifest of the run in `folder`.
    ///
    /// # Errors
    /// There is none, or it is not one.
    pub fn read(folder: &Path) -> Result<Self, RunError> {
        let path = folder.join("manifest.json");
        let text = fs::read_to_string(&path).map_err(|reason| match reason.kind() {
            std::io::ErrorKind::NotFound => RunError::NothingToResume(folder.to_path_buf()),
            _ => RunError::io("read", &path, reason),
        })?;
        serde_json::from_str(&text).map_err(|error| RunError::Invalid {
            path: path.clone(),
            message: format!("not a manifest of this program: {error}"),
        })
    }

    /// Writes the manifest into `folder`, whole or not at all.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), RunError> {
        let mut text = serde_json::to_vec_pretty(self).map_err(RunError::Configuration)?;
        text.push(b'\n');
        write_atomically(&folder.join("manifest.json"), &text)
    }

    /// Seconds of wall time of a phase, 0 when it has not run.
    pub fn phase_seconds(&self, name: &str) -> f64 {
        self.phases
            .iter()
            .find(|phase| phase.name == name)
            .map_or(0.0, |phase| phase.seconds)
    }

    pub(crate) fn add_time(&mut self, name: &str, seconds: f64) {
        match self.phases.iter_mut().find(|phase| phase.name == name) {
            Some(phase) => phase.seconds += seconds,
            None => self.phases.push(PhaseTime {
                name: name.to_string(),
                seconds,
            }),
        }
    }
}

/// The present time in UTC, ISO 8601 to the second: `2026-01-31T23:59:59Z`.
pub fn now() -> String {
    let now = time::OffsetDateTime::now_utc();
    let whole = now.replace_nanosecond(0).unwrap_or(now);
    whole
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_iso_8601() {
        let text = now();
        assert_eq!(
            (text.len(), &text[10..11], &text[19..]),
            (20, "T", "Z"),
            "{text}"
        );
    }

    #[test]
    fn the_status_is_a_plain_key() {
        let failed = Status::Failed {
            reason: "NaN at step 3".into(),
        };
        let text = serde_json::to_string(&failed).unwrap();
        assert_eq!(text, r#"{"status":"failed","reason":"NaN at step 3"}"#);
        assert_eq!(serde_json::from_str::<Status>(&text).unwrap(), failed);
    }
}
