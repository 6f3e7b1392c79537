//! Metrics as JSON lines, one object per line, safe to read while training runs.

use crate::error::{Error, Result};
use serde::Serialize;
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A metrics file.
#[derive(Debug)]
pub(super) struct Metrics {
    file: File,
    path: PathBuf,
}

/// A line after an optimiser step.
#[derive(Serialize)]
pub(super) struct StepLine {
    pub step: u64,
    pub epoch: usize,
    pub roll_out: usize,
    pub loss: f64,
    pub gradient_norm: f64,
    pub learning_rate: f64,
}

/// A line after an epoch.
#[derive(Serialize)]
pub(super) struct EpochLine {
    pub step: u64,
    pub epoch: usize,
    pub roll_out: usize,
    pub train_loss: f64,
    pub validation_loss: Option<f64>,
    pub seconds: f64,
}

impl Metrics {
    /// Opens the file; lines of steps after `step` and of epochs from `epoch` on, which a resumed
    /// run repeats, are dropped.
    pub fn open(path: &Path, step: u64, epoch: u64) -> Result<Self> {
        let io = |e| Error::io(path, e);
        let before = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(e) => return Err(io(e)),
        };
        let kept = before.lines().filter(|line| {
            let value: Value = serde_json::from_str(line).unwrap_or_default();
            let number = |key: &str| value[key].as_u64();
            let done = number("step").is_some_and(|s| s > 0 && s <= step);
            let ends_epoch = value.get("train_loss").is_some();
            done && (!ends_epoch || number("epoch").is_some_and(|e| e < epoch))
        });
        let kept: String = kept.flat_map(|line| [line, "\n"]).collect();
        std::fs::write(path, kept).map_err(io)?;
        let file = OpenOptions::new().append(true).open(path).map_err(io)?;
        Ok(Self {
            file,
            path: path.to_owned(),
        })
    }

    /// Appends a line.
    pub fn write(&mut self, line: &impl Serialize) -> Result<()> {
        let mut text = serde_json::to_string(line)
            .map_err(|e| Error::io(&self.path, std::io::Error::other(e)))?;
        text.push('\n');
        self.file
            .write_all(text.as_bytes())
            .map_err(|e| Error::io(&self.path, e))
    }
}
