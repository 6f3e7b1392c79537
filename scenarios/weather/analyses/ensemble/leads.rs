//! States of all members at a lead, in a file: written as they come, read in pieces.

use crate::error::{Error, Result};
use std::fs::{self, File};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A folder with a file for each lead that is complete.
pub struct Leads {
    folder: PathBuf,
    /// Values of a state.
    size: usize,
}

/// A lead that is being written; it appears under its name when it is complete.
pub struct LeadWriter {
    file: BufWriter<File>,
    partial: PathBuf,
    path: PathBuf,
}

impl Leads {
    /// The folder, made if need be.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(folder: &Path, size: usize) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|e| failed(folder, &e))?;
        Ok(Self {
            folder: folder.to_path_buf(),
            size,
        })
    }

    fn path(&self, lead: usize) -> PathBuf {
        self.folder.join(format!("lead_{lead:05}.f32"))
    }

    /// Whether a lead is complete.
    pub fn has(&self, lead: usize) -> bool {
        self.path(lead).is_file()
    }

    /// Begins a lead.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn write(&self, lead: usize) -> Result<LeadWriter> {
        let path = self.path(lead);
        let partial = path.with_extension("partial");
        let file = File::create(&partial).map_err(|e| failed(&partial, &e))?;
        Ok(LeadWriter {
            file: BufWriter::new(file),
            partial,
            path,
        })
    }

    /// Reads `count` states of a lead from number `first` on.
    ///
    /// # Errors
    /// A file that is missing or too short.
    pub fn read(&self, lead: usize, first: usize, count: usize) -> Result<Vec<f32>> {
        let path = self.path(lead);
        let mut file = File::open(&path).map_err(|e| failed(&path, &e))?;
        file.seek(SeekFrom::Start((first * self.size * 4) as u64))
            .map_err(|e| failed(&path, &e))?;
        let mut bytes = vec![0; count * self.size * 4];
        file.read_exact(&mut bytes).map_err(|e| failed(&path, &e))?;
        let value = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        Ok(bytes.chunks_exact(4).map(value).collect())
    }

    /// Takes the folder away.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(self) -> Result<()> {
        fs::remove_dir_all(&self.folder).map_err(|e| failed(&self.folder, &e))
    }
}

impl LeadWriter {
    /// Appends states.
    ///
    /// # Errors
    /// A full disk.
    pub fn push(&mut self, states: &[f32]) -> Result<()> {
        let write = |value: &f32| self.file.write_all(&value.to_le_bytes());
        states
            .iter()
            .try_for_each(write)
            .map_err(|e| failed(&self.partial, &e))
    }

    /// Completes the lead.
    ///
    /// # Errors
    /// A full disk.
    pub fn finish(self) -> Result<()> {
        let file = self
            .file
            .into_inner()
            .map_err(|e| failed(&self.partial, e.error()))?;
        file.sync_all().map_err(|e| failed(&self.partial, &e))?;
        fs::rename(&self.partial, &self.path).map_err(|e| failed(&self.path, &e))
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::failed(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_come_back_and_half_a_lead_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let leads = Leads::new(&folder.path().join("leads"), 3).unwrap();
        let mut writer = leads.write(0).unwrap();
        writer.push(&[1.0, 2.0, f32::NAN, 4.0, 5.0, 6.0]).unwrap();
        assert!(!leads.has(0));
        writer.push(&[7.0, 8.0, 9.0]).unwrap();
        writer.finish().unwrap();
        assert!(leads.has(0) && !leads.has(1));
        assert_eq!(leads.read(0, 1, 2).unwrap(), [4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
        assert!(leads.read(0, 0, 1).unwrap()[2].is_nan());
        assert!(leads.read(0, 2, 2).is_err() && leads.read(1, 0, 1).is_err());
        leads.remove().unwrap();
        assert!(!folder.path().join("leads").exists());
    }
}
