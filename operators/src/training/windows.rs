//! Where training data come from.

use crate::error::{Error, Result};

/// Windows of consecutive physical states, each `steps + 1` states long.
///
/// Implementations read from memory or from files; they are read by a background thread.
pub trait Windows: Send + Sync {
    /// Number of windows.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The largest number of steps a window can be read with.
    fn steps(&self) -> usize;

    /// Channels, latitudes and longitudes of a state.
    fn state_shape(&self) -> [usize; 3];

    /// Writes the first `steps + 1` states of window `index` as
    /// `[steps + 1][channel][latitude][longitude]` in SI units.
    fn read(&self, index: usize, steps: usize, out: &mut [f32]) -> Result<()>;

    /// Number of fields that change with time and are known beforehand.
    fn forcings(&self) -> usize {
        0
    }

    /// Writes the forcings `[steps][forcing][latitude][longitude]` at the times that the steps of
    /// window `index` start from.
    fn read_forcings(&self, _index: usize, _steps: usize, _out: &mut [f32]) -> Result<()> {
        Ok(())
    }
}

/// Windows cut from trajectories in memory.
#[derive(Clone, Debug)]
pub struct MemoryWindows {
    states: Vec<f32>,
    trajectories: usize,
    length: usize,
    shape: [usize; 3],
    steps: usize,
}

impl MemoryWindows {
    /// Windows of `steps` steps starting at every state of `[trajectory][time][channel][lat][lon]`
    /// that leaves room for them.
    ///
    /// # Errors
    /// When the values do not fill whole trajectories of `length` states, or a trajectory is
    /// shorter than a window.
    pub fn new(states: Vec<f32>, length: usize, shape: [usize; 3], steps: usize) -> Result<Self> {
        let size = length * shape.iter().product::<usize>();
        if size == 0 || !states.len().is_multiple_of(size) {
            let count = states.len();
            return Err(Error::Data(format!(
                "{count} values are no multiple of {length} states of {shape:?}"
            )));
        }
        if steps == 0 || steps >= length {
            return Err(Error::Data(format!(
                "windows of {steps} steps in trajectories of {length} states"
            )));
        }
        Ok(Self {
            trajectories: states.len() / size,
            states,
            length,
            shape,
            steps,
        })
    }
}

impl Windows for MemoryWindows {
    fn len(&self) -> usize {
        self.trajectories * (self.length - self.steps)
    }

    fn steps(&self) -> usize {
        self.steps
    }

    fn state_shape(&self) -> [usize; 3] {
        self.shape
    }

    fn read(&self, index: usize, steps: usize, out: &mut [f32]) -> Result<()> {
        let size: usize = self.shape.iter().product();
        let per_trajectory = self.length - self.steps;
        let start = index / per_trajectory * self.length + index % per_trajectory;
        let source = self.states.get(start * size..(start + steps + 1) * size);
        match source {
            Some(source) if source.len() == out.len() && steps <= self.steps => {
                out.copy_from_slice(source);
                Ok(())
            }
            _ => Err(Error::Data(format!(
                "window {index} of {steps} steps does not exist"
            ))),
        }
    }
}
