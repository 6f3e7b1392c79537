//! What all engines have in common.

use super::stop::{Outcome, Progress, Stop, StopReason};
use super::{Distributed, Scheme, Simulation};
use crate::maxwell::{Component, Model};
use crate::ranks::Communicator;
use crate::{Error, Result};
use ndarray::{Array3, Array4};
use num_complex::Complex64;
use std::ops::ControlFlow;

/// A model at work, whatever does it: processors, a device, several processes.
///
/// Where several processes share a model, all of them call the same methods in the same order, and
/// all get the same answers.
pub trait Engine {
    /// Takes steps.
    ///
    /// # Errors
    /// [`Error::Device`] or [`Error::Ranks`] when a device or another process has failed.
    fn advance(&mut self, steps: usize) -> Result<()>;

    /// Steps taken.
    fn step(&self) -> usize;

    /// Time step in s.
    fn time_step(&self) -> f64;

    /// Number of steps that sources drive.
    fn source_steps(&self) -> usize;

    /// Energy in J in the form that leapfrog conserves: `E^n . D^n + H^(n-1/2) . B^(n+1/2)`, half
    /// of it, and what dispersive media and lumped elements hold. The auxiliary fields of
    /// absorbing layers do not count.
    ///
    /// # Errors
    /// As [`Engine::advance`].
    fn energy(&self) -> Result<f64>;

    /// A component, `[k, j, i]` in the mesh's shape: E in V/m at `step * dt`, H in A/m half a step
    /// before.
    ///
    /// # Errors
    /// As [`Engine::advance`].
    fn field(&self, component: Component) -> Result<Array3<f64>>;

    /// Samples of a probe of the model, one per step taken.
    ///
    /// # Errors
    /// As [`Engine::advance`].
    fn probe(&self, n: usize) -> Result<Vec<f64>>;

    /// The transform of a region of the model up to now, `[frequency, k, j, i]`.
    ///
    /// # Errors
    /// As [`Engine::advance`].
    fn spectrum(&self, region: usize) -> Result<Array4<Complex64>>;

    /// Takes steps until a condition is met, and shows the progress at every look at the energy.
    ///
    /// # Errors
    /// [`Error::NotFinite`] when a field has become infinite or not-a-number; as
    /// [`Engine::advance`].
    fn run(
        &mut self,
        stop: &Stop,
        observe: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Outcome> {
        let end = self.step().saturating_add(stop.max_steps);
        let mut energy = self.energy()?;
        let mut peak_energy = energy;
        let mut reason = StopReason::MaxSteps;
        while self.step() < end {
            self.advance(stop.check_interval.max(1).min(end - self.step()))?;
            energy = self.energy()?;
            let time = self.step() as f64 * self.time_step();
            if !energy.is_finite() {
                return Err(Error::NotFinite {
                    field: "electromagnetic energy",
                    time,
                    step: self.step() as u64,
                });
            }
            peak_energy = energy.max(peak_energy);
            let progress = Progress {
                step: self.step(),
                time,
                energy,
                peak_energy,
            };
            if observe(&progress).is_break() {
                reason = StopReason::Observer;
                break;
            }
            let level = stop.energy_fraction.map(|f| f * peak_energy);
            if self.step() >= self.source_steps() && level.is_some_and(|l| energy <= l) {
                reason = StopReason::Energy;
                break;
            }
        }
        Ok(Outcome {
            reason,
            step: self.step(),
            energy,
            peak_energy,
        })
    }
}

/// The engine for a model on the processors (`cpu`) or a device by its
/// name (`cuda:0`, `wgpu`), in f64 (`double`) or f32.
///
/// # Errors
/// What [`Simulation::new`] refuses; [`Error::Device`] when there is no such device, this program
/// was not built for it, or it lacks f64 or memory.
pub fn engine(model: &Model, double: bool, device: &str) -> Result<Box<dyn Engine>> {
    match (device, double) {
        ("cpu", false) => Ok(Box::new(Simulation::<f32>::new(model, Scheme::Fastest)?)),
        ("cpu", true) => Ok(Box::new(Simulation::<f64>::new(model, Scheme::Fastest)?)),
        _ => on_device(model, double, device, None),
    }
}

/// The engine for this rank's part of a model that several share, each on its own processors or
/// device; every rank makes one of the same model.
///
/// # Errors
/// As [`engine`]; [`Error::Ranks`] when the mesh is too small for so many.
pub fn shared_engine(
    model: &Model,
    double: bool,
    device: &str,
    ranks: Box<dyn Communicator>,
) -> Result<Box<dyn Engine>> {
    match (device, double) {
        ("cpu", false) => Ok(Box::new(Distributed::<f32>::new(model, ranks)?)),
        ("cpu", true) => Ok(Box::new(Distributed::<f64>::new(model, ranks)?)),
        _ => on_device(model, double, device, Some(ranks)),
    }
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn on_device(
    model: &Model,
    double: bool,
    device: &str,
    ranks: Option<Box<dyn Communicator>>,
) -> Result<Box<dyn Engine>> {
    super::device::on_device(model, double, &crate::device::Device::open(device)?, ranks)
}

#[cfg(not(any(feature = "cuda", feature = "wgpu")))]
fn on_device(
    _: &Model,
    _: bool,
    device: &str,
    _: Option<Box<dyn Communicator>>,
) -> Result<Box<dyn Engine>> {
    Err(Error::Device {
        name: device.into(),
        reason: "this program was compiled without devices (cargo features `cuda`, `wgpu`)".into(),
    })
}
