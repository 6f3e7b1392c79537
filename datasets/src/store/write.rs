//! Writing a store, from many threads at once if need be.
//!
//! Each trajectory is an HDF5 file with the dataset `states` `[time][channel]
//! [latitude][longitude]`, float32, one chunk per state, shuffle and deflate. It
//! grows under a temporary name and gets its own when all states are flushed:
//! the name is the flag that says "complete". The layout, which carries the
//! fingerprint of the generating configuration, must be the same on resume.

use ndarray::ArrayView4;
use std::path::{Path, PathBuf};

use super::claim::{agree, claim};
use super::layout::Layout;
use crate::array_file::{create_file, put_text};
use crate::arrays::reason;
use crate::{Error, Result, disk};

/// Level 1: float fields hardly shrink further, and it reads fast.
const DEFLATE: u8 = 1;

/// Makes or completes a store. Share it by reference between the threads that
/// produce trajectories.
#[derive(Debug)]
pub struct StoreWriter {
    folder: PathBuf,
    layout: Layout,
    /// Whether NaN stands for a missing value.
    missing: bool,
    /// Held while this writer lives, so that two runs do not write one store; by one of the
    /// processes that share a run.
    _lock: Option<std::fs::File>,
}

/// Streams one trajectory; dropped before [`finish`](Self::finish), it leaves
/// nothing behind.
#[derive(Debug)]
pub struct TrajectoryWriter<'a> {
    store: &'a StoreWriter,
    trajectory: usize,
    temporary: PathBuf,
    file: Option<(hdf5::File, hdf5::Dataset)>,
    written: usize,
}

impl StoreWriter {
    /// Creates the folder, or goes on with it if its layout is the same.
    ///
    /// # Errors
    /// [`Error::Fingerprint`] if another configuration made it; [`Error::Shape`]
    /// if the layout differs all the same; [`Error::Io`] if the folder cannot be
    /// made, holds something else, or is being written by another process.
    pub fn create_or_resume(path: impl AsRef<Path>, layout: &Layout) -> Result<Self> {
        let folder = path.as_ref().to_path_buf();
        let lock = claim(&folder, layout)?;
        Ok(Self {
            folder,
            layout: layout.clone(),
            missing: false,
            _lock: Some(lock),
        })
    }

    /// A writer beside that of another process of the same run, which has made the folder and keeps
    /// others off. Which of them writes a trajectory is for the processes to agree on.
    ///
    /// # Errors
    /// As [`create_or_resume`](Self::create_or_resume); [`Error::Io`] if there is no folder.
    pub fn beside(path: impl AsRef<Path>, layout: &Layout) -> Result<Self> {
        let folder = path.as_ref().to_path_buf();
        agree(&folder, layout)?;
        Ok(Self {
            folder,
            layout: layout.clone(),
            missing: false,
            _lock: None,
        })
    }

    /// The same, in which NaN stands for a missing value.
    pub fn with_missing(mut self) -> Self {
        self.missing = true;
        self
    }

    /// The layout.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Indices of the trajectories not yet complete, ascending.
    pub fn missing(&self) -> Vec<usize> {
        (0..self.layout.trajectories)
            .filter(|i| !self.is_complete(*i))
            .collect()
    }

    /// True if the trajectory is complete on disk.
    pub fn is_complete(&self, trajectory: usize) -> bool {
        Layout::file(&self.folder, trajectory).is_file()
    }

    /// Writes a whole trajectory `[time][channel][latitude][longitude]`, from
    /// any thread, in any order; one written before is replaced.
    ///
    /// # Errors
    /// As [`TrajectoryWriter::append`] and [`TrajectoryWriter::finish`].
    pub fn write(&self, trajectory: usize, states: &[f32]) -> Result<()> {
        let mut writer = self.begin(trajectory)?;
        writer.append(states)?;
        writer.finish()
    }

    /// Begins a trajectory to be streamed in pieces.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an index outside the layout; [`Error::Io`] if the
    /// disk has no room for the trajectory; [`Error::Write`].
    pub fn begin(&self, trajectory: usize) -> Result<TrajectoryWriter<'_>> {
        if trajectory >= self.layout.trajectories {
            return Err(Error::invalid(
                "trajectory",
                format!("0 to {}", self.layout.trajectories - 1),
                trajectory,
            ));
        }
        let name = Layout::file(&self.folder, trajectory);
        let bytes = self.layout.steps * self.layout.state_len() * 4;
        disk::require(&self.folder, bytes as u64, &name)?;
        let temporary = name.with_extension("h5.partial");
        let mut writer = TrajectoryWriter {
            store: self,
            trajectory,
            temporary,
            file: None,
            written: 0,
        };
        writer.file = Some(
            create(&writer.temporary, &self.layout, trajectory).map_err(|e| writer.failed(&e))?,
        );
        Ok(writer)
    }
}

impl TrajectoryWriter<'_> {
    /// States appended so far.
    pub fn written(&self) -> usize {
        self.written
    }

    /// Appends one or more states `[..][channel][latitude][longitude]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the length is no whole number of states or there are
    /// more than the layout has; [`Error::Invalid`] with the place of a value
    /// that is not finite; [`Error::Write`], e.g. when the disk is full.
    pub fn append(&mut self, states: &[f32]) -> Result<()> {
        let [steps, channels, nlat, nlon] = self.store.layout.shape();
        let length = self.store.layout.state_len();
        let count = states.len() / length;
        if count == 0 || !states.len().is_multiple_of(length) || self.written + count > steps {
            return Err(Error::Shape {
                what: format!("states of trajectory {}", self.trajectory),
                expected: format!("up to {} x {length} values", steps - self.written),
                found: format!("{} values", states.len()),
            });
        }
        let missing = self.store.missing;
        let refused = |x: &f32| !(x.is_finite() || (missing && x.is_nan()));
        if let Some(i) = states.iter().position(refused) {
            let channel = &self.store.layout.channels[i % length / (nlat * nlon)].name;
            return Err(Error::invalid(
                format!(
                    "trajectory {}, state {}, {channel}",
                    self.trajectory,
                    self.written + i / length
                ),
                "finite numbers",
                states[i],
            ));
        }
        let view = ArrayView4::from_shape((count, channels, nlat, nlon), states).map_err(|e| {
            Error::Shape {
                what: "states".into(),
                expected: format!("({count}, {channels}, {nlat}, {nlon})"),
                found: e.to_string(),
            }
        })?;
        let range = self.written..self.written + count;
        if let Some((_, dataset)) = &self.file {
            dataset
                .write_slice(view, ndarray::s![range, .., .., ..])
                .map_err(|e| self.failed(&e))?;
        }
        self.written += count;
        Ok(())
    }

    /// Makes the trajectory part of the store.
    ///
    /// # Errors
    /// [`Error::Shape`] if states are missing, [`Error::Write`].
    pub fn finish(mut self) -> Result<()> {
        if self.written != self.store.layout.steps {
            return Err(Error::Shape {
                what: format!("trajectory {}", self.trajectory),
                expected: format!("{} states", self.store.layout.steps),
                found: format!("{}", self.written),
            });
        }
        if let Some((file, dataset)) = self.file.take() {
            drop(dataset);
            let flushed = file.flush();
            let closed = file.close();
            flushed.and(closed).map_err(|e| self.failed(&e))?;
        }
        let name = Layout::file(&self.store.folder, self.trajectory);
        std::fs::rename(&self.temporary, &name).map_err(|source| Error::Io { path: name, source })
    }

    fn failed(&self, error: &hdf5::Error) -> Error {
        Error::Write {
            path: Layout::file(&self.store.folder, self.trajectory),
            reason: reason(error),
        }
    }
}

impl Drop for TrajectoryWriter<'_> {
    fn drop(&mut self) {
        drop(self.file.take());
        // gone already if finished; otherwise half a trajectory is of no use
        let _ = std::fs::remove_file(&self.temporary);
    }
}

fn create(
    path: &Path,
    layout: &Layout,
    trajectory: usize,
) -> hdf5::Result<(hdf5::File, hdf5::Dataset)> {
    let [steps, channels, nlat, nlon] = layout.shape();
    let file = create_file(path)?;
    let dataset = file
        .new_dataset::<f32>()
        .chunk((1, channels, nlat, nlon))
        .shuffle()
        .deflate(DEFLATE)
        .shape((steps, channels, nlat, nlon))
        .create("states")?;
    let coordinates = layout.grid.coordinates();
    for (name, units, values) in coordinates {
        let coordinate = file.new_dataset_builder().with_data(values).create(name)?;
        put_text(&coordinate, "units", units)?;
    }
    let [(rows, ..), (columns, ..)] = coordinates;
    put_text(
        &dataset,
        "dimensions",
        &format!("time channel {rows} {columns}"),
    )?;
    let names: Vec<&str> = layout.channels.iter().map(|c| c.name.as_str()).collect();
    let units: Vec<&str> = layout.channels.iter().map(|c| c.units.as_str()).collect();
    put_text(&dataset, "channels", &names.join(", "))?;
    put_text(&dataset, "units", &units.join(", "))?;
    put_text(&file, "fingerprint", &layout.fingerprint)?;
    for (name, text) in &layout.attributes {
        put_text(&file, name, text)?;
    }
    file.new_attr::<f64>()
        .create("time_step_seconds")?
        .write_scalar(&layout.time_step_seconds)?;
    file.new_attr::<u64>()
        .create("trajectory")?
        .write_scalar(&(trajectory as u64))?;
    Ok((file, dataset))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{layout, state};
    use super::*;
    use crate::store::Store;

    #[test]
    fn threads_write_in_any_order_and_a_resumed_run_does_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let layout = layout(6, 3);
        let writer = StoreWriter::create_or_resume(&path, &layout).unwrap();
        std::thread::scope(|scope| {
            for i in [4, 1, 3] {
                let (writer, layout) = (&writer, &layout);
                scope.spawn(move || writer.write(i, &state(layout, i)).unwrap());
            }
        });
        drop(writer);
        let writer = StoreWriter::create_or_resume(&path, &layout).unwrap();
        assert_eq!(writer.missing(), [0, 2, 5]);
        let mut stream = writer.begin(0).unwrap();
        for piece in state(&layout, 0).chunks(layout.state_len()) {
            stream.append(piece).unwrap();
        }
        stream.finish().unwrap();
        assert_eq!(writer.missing(), [2, 5]);
        let store = Store::open(&path).unwrap();
        assert_eq!(store.complete(), [0, 1, 3, 4]);
        for i in [0, 1, 3, 4] {
            let mut window = vec![0.0; 2 * layout.state_len()];
            store.read_window(i, 1, 2, &mut window).unwrap();
            assert_eq!(window, state(&layout, i)[layout.state_len()..]);
        }
    }

    #[test]
    fn what_a_killed_run_leaves_is_not_taken_for_a_trajectory() {
        let folder = tempfile::tempdir().unwrap();
        let layout = layout(2, 3);
        let writer = StoreWriter::create_or_resume(folder.path(), &layout).unwrap();
        let mut stream = writer.begin(0).unwrap();
        stream
            .append(&state(&layout, 0)[..layout.state_len()])
            .unwrap();
        let partial = stream.temporary.clone();
        std::mem::forget(stream); // as a kill would
        assert!(partial.is_file());
        drop(writer);
        let writer = StoreWriter::create_or_resume(folder.path(), &layout).unwrap();
        assert!(!partial.is_file());
        assert_eq!(writer.missing(), [0, 1]);
        let stream = writer.begin(1).unwrap();
        assert!(
            stream
                .finish()
                .unwrap_err()
                .to_string()
                .contains("3 states")
        );
        assert_eq!(writer.missing(), [0, 1]);
    }

    #[test]
    fn another_configuration_or_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let first = layout(2, 3);
        let writer = StoreWriter::create_or_resume(&path, &first).unwrap();
        let message = StoreWriter::create_or_resume(&path, &first)
            .unwrap_err()
            .to_string();
        assert!(message.contains("another process"), "{message}");
        drop(writer);
        let other = Layout {
            fingerprint: "b".into(),
            ..first.clone()
        };
        let message = StoreWriter::create_or_resume(&path, &other)
            .unwrap_err()
            .to_string();
        assert!(message.contains("another configuration"), "{message}");
        let other = Layout {
            steps: 4,
            ..first.clone()
        };
        let message = StoreWriter::create_or_resume(&path, &other)
            .unwrap_err()
            .to_string();
        assert!(message.contains("of 4 states"), "{message}");
        let strange = folder.path().join("strange");
        std::fs::create_dir(&strange).unwrap();
        std::fs::write(strange.join("thesis.tex"), "x").unwrap();
        let message = StoreWriter::create_or_resume(&strange, &first)
            .unwrap_err()
            .to_string();
        assert!(message.contains("thesis.tex"), "{message}");
    }

    #[test]
    fn states_that_do_not_fit_or_are_not_finite_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let layout = layout(1, 2);
        let writer = StoreWriter::create_or_resume(folder.path(), &layout).unwrap();
        assert!(writer.write(1, &state(&layout, 0)).is_err());
        assert!(writer.write(0, &[0.0; 7]).is_err());
        let mut bad = state(&layout, 0);
        bad[layout.state_len() + 9] = f32::NAN;
        let message = writer.write(0, &bad).unwrap_err().to_string();
        assert!(
            message.contains("trajectory 0, state 1, height"),
            "{message}"
        );
        assert_eq!(writer.missing(), [0]);
    }
}
