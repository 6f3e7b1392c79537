//! Reading samples one by one, in any order.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::layout::SampleLayout;
use crate::arrays::{damaged, open_hdf5};
use crate::store::claim::FolderLayout;
use crate::store::layout::read_json;
use crate::{Error, Result};

/// Files kept open.
const OPEN_FILES: usize = 64;

/// A store opened to read; share it by reference between threads.
#[derive(Debug)]
pub struct SampleStore {
    folder: PathBuf,
    layout: SampleLayout,
    complete: Vec<usize>,
    /// The datasets used last, the latest at the back.
    open: Mutex<VecDeque<(usize, hdf5::Dataset)>>,
}

impl SampleStore {
    /// Opens a store; it may be incomplete.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Unreadable`] if the folder is no store.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let folder = path.as_ref().to_path_buf();
        let described = folder.join(SampleLayout::FILE);
        let layout: SampleLayout = read_json(&described, "the layout of a store of samples")?;
        layout.check()?;
        let there = |file: &usize| SampleLayout::path(&folder, *file).is_file();
        let files = (0..layout.files()).filter(there);
        Ok(Self {
            complete: files.flat_map(|file| layout.range(file)).collect(),
            folder,
            layout,
            open: Mutex::default(),
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Its layout.
    pub fn layout(&self) -> &SampleLayout {
        &self.layout
    }

    /// Numbers of the samples that are there, ascending.
    pub fn complete(&self) -> &[usize] {
        &self.complete
    }

    /// Reads a sample `[channel][y][x]` into `out`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the buffer does not fit; [`Error::Absent`] if the sample is not there;
    /// [`Error::Unreadable`] if its file is damaged or of another store.
    pub fn read(&self, sample: usize, out: &mut [f32]) -> Result<()> {
        if out.len() != self.layout.sample_len() {
            return Err(Error::Shape {
                what: "buffer of a sample".into(),
                expected: format!("{} values", self.layout.sample_len()),
                found: out.len().to_string(),
            });
        }
        let file = sample / self.layout.per_file;
        let at = sample % self.layout.per_file;
        let dataset = self.dataset(file, sample)?;
        let fields: ndarray::Array3<f32> = dataset
            .read_slice(ndarray::s![at, .., .., ..])
            .map_err(|e| damaged(&SampleLayout::path(&self.folder, file), &e))?;
        for (to, from) in out.iter_mut().zip(&fields) {
            *to = *from;
        }
        Ok(())
    }

    fn dataset(&self, file: usize, sample: usize) -> Result<hdf5::Dataset> {
        let mut open = self
            .open
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(place) = open.iter().position(|(number, _)| *number == file)
            && let Some(entry) = open.remove(place)
        {
            let dataset = entry.1.clone();
            open.push_back(entry);
            return Ok(dataset);
        }
        let path = SampleLayout::path(&self.folder, file);
        if sample >= self.layout.samples || !path.is_file() {
            return Err(Error::Absent {
                path: self.folder.clone(),
                variable: "fields".into(),
                axis: "sample",
                wanted: sample.to_string(),
                hint: format!(
                    "{} of {} are complete",
                    self.complete.len(),
                    self.layout.samples
                ),
            });
        }
        let opened = open_hdf5(&path)?;
        let foreign = |found: String| Error::Unreadable {
            path: path.clone(),
            expected: "samples of this store",
            found,
        };
        let mark = opened.attr("fingerprint").ok();
        let mark = mark.as_ref().and_then(crate::inspect::hdf5_attribute_text);
        if mark.as_ref() != Some(&self.layout.fingerprint) {
            let mark = mark.unwrap_or_else(|| "no fingerprint".into());
            return Err(foreign(format!(
                "it was made by another configuration ({mark})"
            )));
        }
        let dataset = opened.dataset("fields").map_err(|e| damaged(&path, &e))?;
        let [channels, rows, columns] = self.layout.shape();
        let expected = [self.layout.range(file).len(), channels, rows, columns];
        if dataset.shape() != expected {
            return Err(foreign(format!(
                "its fields have shape {:?}, not {expected:?}",
                dataset.shape()
            )));
        }
        if open.len() >= OPEN_FILES {
            open.pop_front();
        }
        open.push_back((file, dataset.clone()));
        Ok(dataset)
    }
}

#[cfg(test)]
mod tests {
    use super::super::SampleStoreWriter;
    use super::*;
    use crate::store::Channel;

    fn layout(samples: usize) -> SampleLayout {
        let channel = |name: &str, units: &str| Channel {
            name: name.into(),
            units: units.into(),
        };
        SampleLayout {
            samples,
            per_file: 3,
            channels: vec![channel("permittivity", "1"), channel("field", "V m-1")],
            y: vec![0.0, 0.1, 0.2, 0.3],
            x: vec![0.0, 0.1],
            fingerprint: "a".into(),
            attributes: [("title".to_string(), "test".to_string())].into(),
        }
    }

    fn fields(samples: std::ops::Range<usize>) -> Vec<f32> {
        samples
            .flat_map(|s| (0..16).map(move |i| (s * 16 + i) as f32))
            .collect()
    }

    fn write(writer: &SampleStoreWriter, layout: &SampleLayout, file: usize) {
        let range = layout.range(file);
        let about: Vec<String> = range
            .clone()
            .map(|s| format!("{{\"sample\":{s}}}"))
            .collect();
        writer.write(file, &fields(range), &about).expect("written");
    }

    /// Interrupted, continued in another order, the bytes are those of the run that was not.
    #[test]
    fn a_resumed_store_has_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
        let layout = layout(7);
        let writer = SampleStoreWriter::create_or_resume(&whole, &layout).unwrap();
        (0..3).for_each(|file| write(&writer, &layout, file));
        {
            let writer = SampleStoreWriter::create_or_resume(&parts, &layout).unwrap();
            assert!(SampleStoreWriter::create_or_resume(&parts, &layout).is_err());
            write(&writer, &layout, 1);
        }
        std::fs::write(parts.join("samples_000002.h5.partial"), b"half").unwrap();
        // another second, were there a time in the file
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let writer = SampleStoreWriter::create_or_resume(&parts, &layout).unwrap();
        assert_eq!(writer.missing(), [0, 2]);
        assert_eq!(SampleStore::open(&parts).unwrap().complete(), [3, 4, 5]);
        [2, 0]
            .into_iter()
            .for_each(|file| write(&writer, &layout, file));
        for file in 0..3 {
            let bytes = |place: &Path| std::fs::read(SampleLayout::path(place, file)).unwrap();
            assert!(bytes(&whole) == bytes(&parts), "file {file}");
        }
        assert!(!parts.join("samples_000002.h5.partial").exists());
        let store = SampleStore::open(&parts).unwrap();
        let mut out = vec![0.0; 16];
        store.read(6, &mut out).unwrap();
        assert_eq!(out, fields(6..7));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let layout = layout(7);
        let writer = SampleStoreWriter::create_or_resume(folder.path(), &layout).unwrap();
        let about = vec![String::new(); 3];
        assert!(writer.write(0, &[0.0; 47], &about).is_err());
        let mut bad = fields(0..3);
        bad[25] = f32::NAN;
        let message = writer.write(0, &bad, &about).unwrap_err().to_string();
        assert!(message.contains("sample 1, field"), "{message}");
        write(&writer, &layout, 0);
        drop(writer);
        let store = SampleStore::open(folder.path()).unwrap();
        let mut out = vec![0.0; 16];
        let message = store.read(5, &mut out).unwrap_err().to_string();
        assert!(message.contains("3 of 7 are complete"), "{message}");
        assert!(store.read(0, &mut out[..5]).is_err());
        let other = SampleLayout {
            fingerprint: "b".into(),
            ..layout
        };
        let message = SampleStoreWriter::create_or_resume(folder.path(), &other)
            .unwrap_err()
            .to_string();
        assert!(message.contains("another configuration"), "{message}");
    }
}
