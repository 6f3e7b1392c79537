//! What all samples of a store have in common, kept in `samples.json`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::store::Channel;
use crate::store::claim::FolderLayout;
use crate::{Error, Result};

/// Shape, coordinates and provenance of a store of samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleLayout {
    /// Number of samples when complete.
    pub samples: usize,
    /// Samples per file.
    pub per_file: usize,
    /// Fields per sample.
    pub channels: Vec<Channel>,
    /// Coordinates of the rows in m.
    pub y: Vec<f64>,
    /// Coordinates of the columns in m.
    pub x: Vec<f64>,
    /// sha256 (hex) of the generating configuration, see [`crate::store::fingerprint`].
    pub fingerprint: String,
    /// Anything else worth keeping.
    pub attributes: BTreeMap<String, String>,
}

impl SampleLayout {
    /// `[channels, rows, columns]` of a sample.
    pub fn shape(&self) -> [usize; 3] {
        [self.channels.len(), self.y.len(), self.x.len()]
    }

    /// Values per sample.
    pub fn sample_len(&self) -> usize {
        self.shape().iter().product()
    }

    /// Number of files when complete.
    pub fn files(&self) -> usize {
        self.samples.div_ceil(self.per_file)
    }

    /// The samples of a file.
    pub fn range(&self, file: usize) -> Range<usize> {
        let first = (file * self.per_file).min(self.samples);
        first..(first + self.per_file).min(self.samples)
    }

    pub(super) fn path(folder: &Path, file: usize) -> PathBuf {
        folder.join(format!("samples_{file:06}.h5"))
    }
}

impl FolderLayout for SampleLayout {
    const FILE: &'static str = "samples.json";

    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    fn check(&self) -> Result<()> {
        for (what, n) in [
            ("samples", self.samples),
            ("samples per file", self.per_file),
            ("values per sample", self.sample_len()),
        ] {
            if n == 0 {
                return Err(Error::invalid(what, "at least 1", 0));
            }
        }
        Ok(())
    }

    fn summary(&self) -> String {
        let names: Vec<&str> = self.channels.iter().map(|c| c.name.as_str()).collect();
        format!(
            "{} samples ({} per file) of {} on {} x {} points, attributes {:?}",
            self.samples,
            self.per_file,
            names.join(", "),
            self.y.len(),
            self.x.len(),
            self.attributes
        )
    }
}
