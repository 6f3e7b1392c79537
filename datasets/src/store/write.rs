//! Writing a store.
use std::path::Path;
use super::Layout;
use crate::Result;

/// Makes or completes a store; shared by reference between producing threads.
pub struct StoreWriter {}
/// Streams one trajectory.
pub struct TrajectoryWriter<'a> { _writer: &'a StoreWriter }

impl StoreWriter {
    /// Creates the folder, or resumes it if its layout and fingerprint are the same.
    pub fn create_or_resume(path: impl AsRef<Path>, layout: &Layout) -> Result<Self> { let _ = (path, layout); todo!() }
    /// Indices of trajectories not yet complete, ascending.
    pub fn missing(&self) -> Vec<usize> { todo!() }
    /// True if the trajectory is complete on disk.
    pub fn is_complete(&self, trajectory: usize) -> bool { let _ = trajectory; todo!() }
    /// Writes a whole trajectory `[step][channel][latitude][longitude]`, from any thread.
    pub fn write(&self, trajectory: usize, states: &[f32]) -> Result<()> { let _ = (trajectory, states); todo!() }
    /// Begins a trajectory to be streamed state by state.
    pub fn begin(&self, trajectory: usize) -> Result<TrajectoryWriter<'_>> { let _ = trajectory; todo!() }
}

impl TrajectoryWriter<'_> {
    /// Appends one or more states `[..][channel][latitude][longitude]`.
    pub fn append(&mut self, states: &[f32]) -> Result<()> { let _ = states; todo!() }
    /// Makes the trajectory part of the store; refuses if states are missing.
    pub fn finish(self) -> Result<()> { todo!() }
}
