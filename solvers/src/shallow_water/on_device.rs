//! Runs of several states at once, on the processor or on a device.

use super::solver::{Checkpoint, Snapshot, Solver};
use super::state::State;
use crate::Result;
use std::ops::ControlFlow;

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
        Err(crate::Error::Device {
            name: device.into(),
            reason: "this program was compiled without solvers on devices (cargo features `cuda`, \
                     `wgpu`)"
                .into(),
        })
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
