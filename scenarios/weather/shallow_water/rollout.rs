//! Forecasts with the surrogate.

use super::gridded::{CHANNELS, Gridded};
use crate::error::{Error, Result};
use curlwind_operators::surrogate::Surrogate;
use curlwind_solvers::shallow_water::State;
use std::path::Path;

/// A surrogate ready to run on the grid it was trained on.
pub struct Roller {
    surrogate: Surrogate,
}

impl Roller {
    /// Wraps a trained surrogate.
    ///
    /// # Errors
    /// A surrogate of other channels.
    pub fn new(surrogate: Surrogate) -> Result<Self> {
        if surrogate.config().channels != CHANNELS.map(|(name, _)| name) {
            return Err(Error::unusable(format!(
                "the model has the channels {}; a shallow-water forecast needs geopotential, \
                 vorticity and divergence",
                surrogate.config().channels.join(", ")
            )));
        }
        Ok(Self { surrogate })
    }

    /// Loads `model/` of a run folder, or the folder itself.
    ///
    /// # Errors
    /// A folder without a model, a damaged file.
    pub fn load(folder: &Path, device: &str) -> Result<Self> {
        let device = curlwind_operators::device::select(device).map_err(Error::unusable)?;
        let inner = folder.join("model");
        let place = if inner.is_dir() {
            inner
        } else {
            folder.to_path_buf()
        };
        Self::new(Surrogate::load(&place, &device).map_err(Error::unusable)?)
    }

    /// Seconds per step.
    pub fn time_step(&self) -> f64 {
        self.surrogate.config().time_step
    }

    /// Name of the network: `sfno`, `fno`.
    pub fn name(&self) -> &'static str {
        self.surrogate.config().network.name()
    }

    /// Latitudes of the grid.
    pub fn latitudes(&self) -> usize {
        self.surrogate.domain().shape()[0]
    }

    /// The states after 1, 2, ... `steps` steps from a state of truncation `from`; `observe` sees
    /// each as it comes.
    ///
    /// # Errors
    /// What `observe` returns.
    pub fn run(
        &self,
        gridded: &Gridded,
        initial: &State,
        from: usize,
        steps: usize,
        mut observe: impl FnMut(usize, &State) -> Result<()>,
    ) -> Result<()> {
        let domain = self.surrogate.domain();
        if domain.sphere() != Some(gridded.grid()) {
            return Err(Error::unusable(format!(
                "the model was trained on {} x {} points, the state is on {} x {}",
                domain.shape()[0],
                domain.shape()[1],
                gridded.grid().nlat(),
                gridded.grid().nlon()
            )));
        }
        let mut state = gridded.channels(initial, from);
        for step in 1..=steps {
            state = self.surrogate.step_values(&state).map_err(Error::failed)?;
            observe(step, &gridded.state(&state))?;
        }
        Ok(())
    }
}
