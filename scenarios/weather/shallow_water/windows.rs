//! A stored training set as windows for the trainer.

use crate::error::{Error, Result};
use curlwind_datasets::store::{Segment, Store};
use curlwind_operators::training::Windows;

/// Windows of `steps` steps from segments of a store, read from disk as they are needed.
pub struct StoreWindows<'s> {
    store: &'s Store,
    /// Trajectory and first state of each window.
    starts: Vec<(usize, usize)>,
    steps: usize,
}

impl<'s> StoreWindows<'s> {
    /// Windows of `steps` steps.
    ///
    /// # Errors
    /// Segments that are all shorter than a window.
    pub fn new(store: &'s Store, segments: &[Segment], steps: usize) -> Result<Self> {
        let starts = Segment::windows(segments, steps + 1);
        if starts.is_empty() {
            return Err(Error::unusable(format!(
                "the training set has {} states per flow, a roll-out of {steps} steps needs {}",
                store.layout().steps,
                steps + 1
            )));
        }
        Ok(Self {
            store,
            starts,
            steps,
        })
    }
}

impl Windows for StoreWindows<'_> {
    fn len(&self) -> usize {
        self.starts.len()
    }

    fn steps(&self) -> usize {
        self.steps
    }

    fn state_shape(&self) -> [usize; 3] {
        let [_, channels, rows, columns] = self.store.layout().shape();
        [channels, rows, columns]
    }

    fn read(&self, index: usize, steps: usize, out: &mut [f32]) -> curlwind_operators::Result<()> {
        let missing = || curlwind_operators::Error::Data(format!("there is no window {index}"));
        let (trajectory, start) = self.starts.get(index).copied().ok_or_else(missing)?;
        self.store
            .read_window(trajectory, start, steps + 1, out)
            .map_err(|error| curlwind_operators::Error::Data(error.to_string()))
    }
}
