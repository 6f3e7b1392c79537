//! Scores that are finished, kept on disk so that a killed run need not make them again.
//!
//! Every fifth of a second what was finished since goes into a file of its own, whole or not at all. The
//! numbers come back with every bit, so that a run that was continued ends with the same files.

use super::pieces::LeadScores;
use crate::error::{Error, Result};
use crate::run_folder::{RunError, write_atomically};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Time between two files.
const INTERVAL: Duration = Duration::from_millis(200);

/// One lead of one piece.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    pub piece: usize,
    pub lead: usize,
    pub scores: LeadScores,
}

#[derive(Serialize, Deserialize)]
struct Page {
    /// What the scores were made of.
    fingerprint: String,
    kept: Vec<Kept>,
}

/// A folder of finished scores.
pub(super) struct Checkpoint {
    folder: PathBuf,
    fingerprint: String,
    pending: Vec<Kept>,
    written: Instant,
    pages: usize,
}

impl Checkpoint {
    /// Opens the folder and hands back what is finished. Scores that were made of something else are
    /// left aside.
    pub fn open(folder: &Path, fingerprint: &str) -> Result<(Self, Vec<Kept>)> {
        let io = |what, reason| Error::from(RunError::io(what, folder, reason));
        fs::create_dir_all(folder).map_err(|reason| io("create", reason))?;
        let mut found = Vec::new();
        let mut pages = 0;
        for entry in fs::read_dir(folder).map_err(|reason| io("read", reason))? {
            let path = entry.map_err(|reason| io("read", reason))?.path();
            let number = path
                .file_stem()
                .and_then(|s| s.to_str()?.parse::<usize>().ok());
            let json = path.extension().is_some_and(|e| e == "json");
            let Some(number) = number.filter(|_| json) else {
                // what a killed process did not finish
                let _ = fs::remove_file(&path);
                continue;
            };
            pages = pages.max(number + 1);
            let text = fs::read(&path).map_err(|reason| io("read", reason))?;
            if let Ok(page) = serde_json::from_slice::<Page>(&text)
                && page.fingerprint == fingerprint
            {
                found.extend(page.kept);
            }
        }
        let checkpoint = Self {
            folder: folder.to_path_buf(),
            fingerprint: fingerprint.into(),
            pending: Vec::new(),
            written: Instant::now(),
            pages,
        };
        Ok((checkpoint, found))
    }

    /// Keeps a lead; it is on disk a moment later.
    pub fn keep(&mut self, kept: Kept) -> Result<()> {
        self.pending.push(kept);
        match self.written.elapsed() >= INTERVAL {
            true => self.flush(),
            false => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<()> {
        let page = Page {
            fingerprint: self.fingerprint.clone(),
            kept: std::mem::take(&mut self.pending),
        };
        let text = serde_json::to_vec(&page).map_err(Error::failed)?;
        let path = self.folder.join(format!("{:06}.json", self.pages));
        write_atomically(&path, &text)?;
        self.pages += 1;
        self.written = Instant::now();
        Ok(())
    }
}
