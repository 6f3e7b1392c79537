//! Runs of several states at once, on the processor or on a device.

use super::solver::{Checkpoint, Snapshot, Solver};
use super::state::State;
use crate::Result;
use crate::sphere::SphericalTransform;
use std::ops::ControlFlow;
use std::sync::Arc;

impl Solver {
    /// Runs every state as [`Self::run`] does, on the device of that name: `cpu`, where they run
    /// one after the other, or as `Device::open` names them (`cuda:0`, `wgpu`), where they run
    /// together, in f64 if the device has it and in f32 otherwise.
    ///
    /// `observer` sees the number of the state with each snapshot; `ControlFlow::Break(())` ends
    /// the run of all.
    ///
    /// # Errors
    /// As [`Self::run`]; [`crate::Error::Device`] when the device is not there, failed, has too
    /// little memory, or this program was not compiled for it; [`crate::Error::Size`] for no
    /// states and for a grid that devices do not know.
    pub fn run_on(
        &self,
        device: &str,
        states: Vec<State>,
        duration: f64,
        output_interval: f64,
        mut observer: impl FnMut(usize, Snapshot) -> ControlFlow<()> + Send,
    ) -> Result<Vec<Checkpoint>> {
        if device != "cpu" {
            return self.run_together(device, states, (duration, output_interval), &mut observer);
        }
        let mut ends = Vec::new();
        for (number, state) in states.into_iter().enumerate() {
            let mut flow = ControlFlow::Continue(());
            ends.push(self.run(state, duration, output_interval, |snapshot| {
                flow = observer(number, snapshot);
                flow
            })?);
            if flow.is_break() {
                break;
            }
        }
        Ok(ends)
    }

    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    fn run_together(
        &self,
        device: &str,
        states: Vec<State>,
        times: (f64, f64),
        observer: &mut impl FnMut(usize, Snapshot) -> ControlFlow<()>,
    ) -> Result<Vec<Checkpoint>> {
        let device = crate::device::Device::open(device)?;
        match device.has_f64() {
            true => super::device::run::<f64>(self, &device, states, times, observer),
            false => super::device::run::<f32>(self, &device, states, times, observer),
        }
    }

    #[cfg(not(any(feature = "cuda", feature = "wgpu")))]
    fn run_together(
        &self,
        device: &str,
        _: Vec<State>,
        _: (f64, f64),
        _: &mut impl FnMut(usize, Snapshot) -> ControlFlow<()>,
    ) -> Result<Vec<Checkpoint>> {
        Err(absent(device))
    }
}

/// A solver on a device with room for so many states, for one batch of forecasts after the other:
/// tables, buffers and kernels are there already when a forecast begins.
pub struct Forecaster {
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    on_device: super::device::Forecaster,
    #[cfg(not(any(feature = "cuda", feature = "wgpu")))]
    nowhere: std::convert::Infallible,
    members: usize,
}

impl Forecaster {
    /// For forecasts over `duration` seconds of so many members, delivered every `output_interval`
    /// seconds on the grid of `onto`, at its truncation. The device is named as for
    /// [`Solver::run_on`], and computes in f64 if that is asked for and it can, else in f32. That the
    /// solver's time step is stable is the caller's care: [`Self::check`].
    ///
    /// # Errors
    /// [`crate::Error::Device`] when the device is not there, has too little memory, or this program
    /// was not compiled for it; [`crate::Error::Size`] for no members and for a grid that devices do
    /// not know; [`crate::Error::Parameter`] when the duration is not a whole number of intervals.
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    pub fn new(
        solver: &Solver,
        (device, double): (&str, bool),
        members: usize,
        times: (f64, f64),
        onto: Arc<SphericalTransform>,
    ) -> Result<Self> {
        let device = (&crate::device::Device::open(device)?, double);
        Ok(Self {
            on_device: super::device::Forecaster::new(solver, device, members, times, onto)?,
            members,
        })
    }

    /// This program was compiled without devices.
    ///
    /// # Errors
    /// Always [`crate::Error::Device`].
    #[cfg(not(any(feature = "cuda", feature = "wgpu")))]
    pub fn new(
        _: &Solver,
        (device, _): (&str, bool),
        _: usize,
        _: (f64, f64),
        _: Arc<SphericalTransform>,
    ) -> Result<Self> {
        Err(absent(device))
    }

    /// Number of members.
    pub fn members(&self) -> usize {
        self.members
    }

    /// Refuses states from which on the solver's time step is not stable.
    ///
    /// # Errors
    /// [`crate::Error::UnstableTimeStep`]; [`crate::Error::Shape`] for a state of another truncation.
    pub fn check(&self, states: &[State]) -> Result<()> {
        #[cfg(any(feature = "cuda", feature = "wgpu"))]
        return self.on_device.check(states);
        #[cfg(not(any(feature = "cuda", feature = "wgpu")))]
        match (self.nowhere, states) {}
    }

    /// Geopotential (m2 s-2), vorticity and divergence (s-1) of each state at each output after the
    /// first: `[member][output][field * latitude * longitude]`.
    ///
    /// # Errors
    /// [`crate::Error::NotFinite`] when a member blew up; [`crate::Error::Size`] for another number
    /// of states; [`crate::Error::Shape`] for states of another truncation;
    /// [`crate::Error::Device`] when the device failed.
    pub fn forecast(&mut self, states: Vec<State>) -> Result<Vec<Vec<Vec<f32>>>> {
        #[cfg(any(feature = "cuda", feature = "wgpu"))]
        return self.on_device.forecast(states);
        #[cfg(not(any(feature = "cuda", feature = "wgpu")))]
        match (self.nowhere, states) {}
    }
}

#[cfg(not(any(feature = "cuda", feature = "wgpu")))]
fn absent(device: &str) -> crate::Error {
    crate::Error::Device {
        name: device.into(),
        reason: "this program was compiled without solvers on devices (cargo features `cuda`, \
                 `wgpu`)"
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shallow_water::cases;
    use crate::sphere::{SphereGrid, SphericalTransform};
    use std::sync::Arc;

    #[test]
    fn states_on_the_cpu_run_as_alone() {
        let plan = SphericalTransform::new(SphereGrid::for_truncation(10).unwrap(), 10).unwrap();
        let plan = Arc::new(plan);
        let case = cases::williamson_6(&plan).unwrap();
        let solver = case.solver(&plan).build().unwrap();
        let mut other = case.initial.clone();
        other.geopotential[5] *= 2.0;
        let states = vec![case.initial.clone(), other.clone()];
        let mut seen = Vec::new();
        let together = solver.run_on("cpu", states, 7200.0, 3600.0, |number, snapshot| {
            seen.push((number, snapshot.time));
            ControlFlow::Continue(())
        });
        let alone = solver.run(other, 7200.0, 7200.0, |_| ControlFlow::Continue(()));
        assert_eq!(together.unwrap()[1].state, alone.unwrap().state);
        let times = [0.0, 3600.0, 7200.0];
        assert!(
            seen.into_iter()
                .eq([0, 1].into_iter().flat_map(|n| times.map(|t| (n, t))))
        );
    }

    #[test]
    #[cfg(not(any(feature = "cuda", feature = "wgpu")))]
    fn absent_devices_are_said() {
        let plan = SphericalTransform::new(SphereGrid::for_truncation(10).unwrap(), 10).unwrap();
        let plan = Arc::new(plan);
        let case = cases::williamson_6(&plan).unwrap();
        let solver = case.solver(&plan).build().unwrap();
        let error = solver
            .run_on("wgpu", vec![case.initial], 3600.0, 3600.0, |_, _| {
                ControlFlow::Continue(())
            })
            .unwrap_err();
        assert!(error.to_string().contains("compiled without"), "{error}");
    }
}
