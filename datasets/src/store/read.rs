//! Reading a store.
use std::path::Path;
use super::Layout;
use crate::Result;

/// A store opened to read.
pub struct Store {}

impl Store {
    /// Opens a store; it may be incomplete.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> { let _ = path; todo!() }
    /// Its layout.
    pub fn layout(&self) -> &Layout { todo!() }
    /// Indices of the complete trajectories.
    pub fn complete(&self) -> &[usize] { todo!() }
    /// Reads states `start..start + steps` of a trajectory into `out`, `[step][channel][latitude][longitude]`.
    pub fn read_window(&self, trajectory: usize, start: usize, steps: usize, out: &mut [f32]) -> Result<()> { let _ = (trajectory, start, steps, out); todo!() }
}
