//! Reading a store in windows, so that it may be larger than memory.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::layout::Layout;
use crate::arrays::{damaged, open_hdf5};
use crate::{Error, Result};

/// Files kept open.
const OPEN_FILES: usize = 64;

/// A store opened to read; share it by reference between threads.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    layout: Layout,
    complete: Vec<usize>,
    /// The datasets used last, the latest at the back.
    open: Mutex<VecDeque<(usize, hdf5::Dataset)>>,
}

impl Store {
    /// Opens a store; it may be incomplete.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Unreadable`] if the folder is no store.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let folder = path.as_ref().to_path_buf();
        let layout = Layout::load(&folder)?;
        let complete = (0..layout.trajectories)
            .filter(|&i| Layout::file(&folder, i).is_file())
            .collect();
        Ok(Self {
            folder,
            layout,
            complete,
            open: Mutex::new(VecDeque::new()),
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Its layout.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Indices of the complete trajectories, ascending.
    pub fn complete(&self) -> &[usize] {
        &self.complete
    }

    /// Reads states `start..start + steps` of a trajectory into `out`
    /// `[step][channel][latitude][longitude]`, in one read.
    ///
    /// # Errors
    /// [`Error::Shape`] if the window or the buffer does not fit;
    /// [`Error::Absent`] if the trajectory is not complete;
    /// [`Error::Unreadable`] if its file is damaged or of another store.
    pub fn read_window(
        &self,
        trajectory: usize,
        start: usize,
        steps: usize,
        out: &mut [f32],
    ) -> Result<()> {
        if steps == 0 || start.saturating_add(steps) > self.layout.steps {
            return Err(Error::Shape {
                what: format!("window of trajectory {trajectory}"),
                expected: format!("at least one of states 0 to {}", self.layout.steps - 1),
                found: format!("{steps} from {start}"),
            });
        }
        let length = steps * self.layout.state_len();
        if out.len() != length {
            return Err(Error::Shape {
                what: "buffer of a window".into(),
                expected: format!("{length} values"),
                found: format!("{}", out.len()),
            });
        }
        let dataset = self.dataset(trajectory)?;
        let window: ndarray::Array4<f32> = dataset
            .read_slice(ndarray::s![start..start + steps, .., .., ..])
            .map_err(|e| damaged(&Layout::file(&self.folder, trajectory), &e))?;
        match window.as_slice() {
            Some(values) => out.copy_from_slice(values),
            None => out
                .iter_mut()
                .zip(&window)
                .for_each(|(to, from)| *to = *from),
        }
        Ok(())
    }

    fn dataset(&self, trajectory: usize) -> Result<hdf5::Dataset> {
        let mut open = self
            .open
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(place) = open.iter().position(|(i, _)| *i == trajectory)
            && let Some(entry) = open.remove(place)
        {
            let dataset = entry.1.clone();
            open.push_back(entry);
            return Ok(dataset);
        }
        let path = Layout::file(&self.folder, trajectory);
        if !path.is_file() {
            return Err(Error::Absent {
                path: self.folder.clone(),
                variable: "states".into(),
                axis: "trajectory",
                wanted: trajectory.to_string(),
                hint: format!(
                    "{} of {} are complete",
                    self.complete.len(),
                    self.layout.trajectories
                ),
            });
        }
        let file = open_hdf5(&path)?;
        let foreign = |found: String| Error::Unreadable {
            path: path.clone(),
            expected: "a trajectory of this store",
            found,
        };
        let mark = file.attr("fingerprint").ok();
        let mark = mark.as_ref().and_then(crate::inspect::hdf5_attribute_text);
        if mark.as_ref() != Some(&self.layout.fingerprint) {
            let mark = mark.unwrap_or_else(|| "no fingerprint".into());
            return Err(foreign(format!(
                "it was made by another configuration ({mark})"
            )));
        }
        let dataset = file.dataset("states").map_err(|e| damaged(&path, &e))?;
        if dataset.shape() != self.layout.shape() {
            return Err(foreign(format!(
                "its states have shape {:?}, not {:?}",
                dataset.shape(),
                self.layout.shape()
            )));
        }
        if open.len() >= OPEN_FILES {
            open.pop_front();
        }
        open.push_back((trajectory, dataset.clone()));
        Ok(dataset)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{layout, state};
    use super::*;
    use crate::store::StoreWriter;

    #[test]
    fn windows_out_of_range_and_absent_trajectories_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let layout = layout(2, 3);
        let writer = StoreWriter::create_or_resume(folder.path(), &layout).unwrap();
        writer.write(0, &state(&layout, 0)).unwrap();
        let store = Store::open(folder.path()).unwrap();
        let n = layout.state_len();
        assert!(store.read_window(0, 2, 2, &mut vec![0.0; 2 * n]).is_err());
        assert!(
            store
                .read_window(0, usize::MAX, 2, &mut vec![0.0; 2 * n])
                .is_err()
        );
        assert!(store.read_window(0, 0, 0, &mut []).is_err());
        assert!(store.read_window(0, 0, 1, &mut vec![0.0; n - 1]).is_err());
        let message = store
            .read_window(1, 0, 1, &mut vec![0.0; n])
            .unwrap_err()
            .to_string();
        assert!(message.contains("1 of 2 are complete"), "{message}");
    }

    #[test]
    fn damaged_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let layout = layout(4, 3);
        let n = layout.state_len();
        let writer = StoreWriter::create_or_resume(folder.path(), &layout).unwrap();
        for i in 0..4 {
            writer.write(i, &state(&layout, i)).unwrap();
        }
        let file = |i| Layout::file(folder.path(), i);
        let bytes = std::fs::read(file(0)).unwrap();
        std::fs::write(file(0), &bytes[..bytes.len() - 10]).unwrap();
        std::fs::write(file(1), b"").unwrap();
        // a flipped bit in the compressed states
        let at = {
            let whole = hdf5::File::open(file(2)).unwrap();
            whole.dataset("states").unwrap().chunk_info(1).unwrap().addr as usize
        };
        let mut flipped = std::fs::read(file(2)).unwrap();
        flipped[at + 40] ^= 0x55;
        std::fs::write(file(2), &flipped).unwrap();
        let store = Store::open(folder.path()).unwrap();
        for i in 0..3 {
            let message = store
                .read_window(i, 0, 3, &mut vec![0.0; 3 * n])
                .unwrap_err()
                .to_string();
            assert!(
                message.contains(&format!("trajectory_00000{i}.h5")),
                "{message}"
            );
        }
        assert!(store.read_window(3, 0, 3, &mut vec![0.0; 3 * n]).is_ok());
        std::fs::write(folder.path().join("store.json"), "{").unwrap();
        assert!(
            Store::open(folder.path())
                .unwrap_err()
                .to_string()
                .contains("store.json")
        );
        assert!(Store::open(folder.path().join("none")).is_err());
    }
}
