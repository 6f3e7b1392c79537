//! Everything that the next step depends on, in one file.

use super::balance::Balancing;
use super::gradient::Moments;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;

/// State of a training run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    /// Stage, and steps taken in it.
    pub stage: usize,
    pub step: usize,
    /// Steps taken in all.
    pub steps: usize,
    pub parameters: Vec<f64>,
    pub moments: Moments,
    /// Damping and its next rise.
    pub damping: (f64, f64),
    pub balancing: Balancing,
    /// Index into the tolerances of causal weighting.
    pub causal: usize,
    /// Coordinates of each term's points.
    pub points: Vec<Vec<f64>>,
    /// Wall time so far, in seconds.
    pub seconds: f64,
    /// Steps, wall time and losses of the terms, now and then.
    pub history: Vec<(usize, f64, Vec<f64>)>,
}

impl State {
    /// Reads a checkpoint; nothing where there is none.
    pub fn read(file: &Path) -> Result<Option<Self>> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io(file, e)),
        };
        let state = serde_json::from_str(&text).map_err(|e| Error::Corrupt {
            file: file.to_owned(),
            kind: "checkpoint",
            reason: e.to_string(),
        })?;
        Ok(Some(state))
    }

    /// Writes it, so that a kill leaves the old one or the new.
    pub fn write(&self, file: &Path) -> Result<()> {
        let part = file.with_extension("part");
        let text = serde_json::to_string(self).map_err(|e| Error::Corrupt {
            file: file.to_owned(),
            kind: "checkpoint",
            reason: e.to_string(),
        })?;
        let write = || {
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let mut to = std::fs::File::create(&part)?;
            to.write_all(text.as_bytes())?;
            to.sync_all()?;
            std::fs::rename(&part, file)
        };
        write().map_err(|e| Error::io(file, e))
    }
}
