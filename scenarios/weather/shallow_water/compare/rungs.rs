//! The solvers of the ladder, ready for the flows of a set, on the processor or on a device.

use super::sets::{Forecast, Set};
use crate::compare::Answered;
use crate::compare::measurements::TimeStep;
use crate::error::Result;
use crate::on_cores::on_cores;
use crate::weather::shallow_water::settings::{IntegratorName, SolverSettings};
use crate::weather::shallow_water::simulation::solver_error;
use curlwind_solvers::shallow_water::{Forecaster, Solver};
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

/// A solver set up for a set.
pub struct Rung {
    /// With the step of the comparison, its half and its quarter: a flow that grows faster takes shorter ones.
    solvers: Vec<Solver>,
    truncation: usize,
    /// Its step against the longest stable one.
    pub time_step: TimeStep,
    on_device: Option<OnDevice>,
}

/// Solvers on a device.
struct OnDevice {
    name: String,
    /// Each of [`Rung::solvers`], with room for as many states as it was last asked for.
    ready: Mutex<Vec<Option<Forecaster>>>,
}

/// How a rung is set up.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Truncation.
    pub truncation: usize,
    /// Method in time.
    pub integrator: IntegratorName,
    /// Time step as a share of the longest stable one.
    pub share: f64,
}

impl Rung {
    /// The solver for a set, on the device of that name (in f32) or, for `cpu`, on the processor
    /// (in f64).
    ///
    /// # Errors
    /// Settings that the solver refuses.
    pub fn new(set: &Set, settings: &SolverSettings, wanted: Wanted, device: &str) -> Result<Self> {
        let case = set.case.at_truncation(wanted.truncation)?;
        let settings = SolverSettings {
            integrator: wanted.integrator,
            ..settings.clone()
        };
        let probe = case.solver(&settings, 60.0)?;
        let mut limit = f64::INFINITY;
        for start in &set.starts {
            let start = start.truncated(set.from, wanted.truncation);
            limit = limit.min(probe.stable_time_step(&start).map_err(solver_error)?);
        }
        let first = wanted.share * limit;
        let solvers = [1.0, 2.0, 4.0].map(|parts| case.solver(&settings, first / parts));
        let solvers = solvers.into_iter().collect::<Result<Vec<_>>>()?;
        let on_device = (device != "cpu").then(|| OnDevice {
            name: device.to_string(),
            ready: Mutex::new(solvers.iter().map(|_| None).collect()),
        });
        Ok(Self {
            solvers,
            truncation: wanted.truncation,
            time_step: TimeStep {
                seconds: first,
                limit: Some(limit),
            },
            on_device,
        })
    }

    /// The device and precision that it computes on and in.
    pub fn place(&self) -> (&str, &str) {
        match &self.on_device {
            Some(device) => (&device.name, "f32"),
            None => ("cpu", "f64"),
        }
    }

    /// Forecasts of so many flows over `steps` intervals of `interval` seconds, or why the solver
    /// stopped.
    pub fn forecasts(
        &self,
        set: &Set,
        samples: &[usize],
        leads: (usize, f64),
    ) -> Vec<Answered<Forecast>> {
        if let Some(device) = &self.on_device {
            return self.on_device(device, set, samples, leads);
        }
        let one = |sample| self.on_cpu(set, sample, leads);
        match samples {
            // alone, its transforms use all threads
            [sample] => vec![one(*sample)],
            many => match on_cores(many.len(), |n| Ok(one(many[n]))) {
                Ok(all) => all,
                Err(error) => vec![Err(error.to_string()); many.len()],
            },
        }
    }

    /// A forecast by the processor in f64, whatever the device.
    ///
    /// # Errors
    /// Why the solver stopped.
    pub fn on_cpu(
        &self,
        set: &Set,
        sample: usize,
        (steps, interval): (usize, f64),
    ) -> Answered<Forecast> {
        let start = set.starts[sample].truncated(set.from, self.truncation);
        let mut failed = String::new();
        for solver in &self.solvers {
            let mut states = Vec::new();
            let duration = steps as f64 * interval;
            let run = solver.run(start.clone(), duration, interval, |snapshot| {
                states.push(set.gridded.channels(snapshot.state, self.truncation));
                ControlFlow::Continue(())
            });
            match run {
                Ok(_) => return Ok(states.split_off(1)),
                Err(error) => failed = error.to_string(),
            }
        }
        Err(failed)
    }

    /// All together; where one of them stops, each alone, with shorter steps if need be.
    fn on_device(
        &self,
        device: &OnDevice,
        set: &Set,
        samples: &[usize],
        leads: (usize, f64),
    ) -> Vec<Answered<Forecast>> {
        let mut failed = match self.together(device, 0, set, samples, leads) {
            Ok(all) => return all.into_iter().map(Ok).collect(),
            Err(error) => error,
        };
        let [sample] = samples else {
            let alone = samples.iter();
            return alone
                .flat_map(|sample| self.on_device(device, set, &[*sample], leads))
                .collect();
        };
        for number in 1..self.solvers.len() {
            match self.together(device, number, set, &[*sample], leads) {
                Ok(all) => return all.into_iter().map(Ok).collect(),
                Err(error) => failed = error,
            }
        }
        vec![Err(failed)]
    }

    /// By the solver of that number.
    fn together(
        &self,
        device: &OnDevice,
        number: usize,
        set: &Set,
        samples: &[usize],
        (steps, interval): (usize, f64),
    ) -> Answered<Vec<Forecast>> {
        let mut ready = device.ready.lock().unwrap_or_else(PoisonError::into_inner);
        // one of another size is given back before the next takes its room
        let kept = ready[number].take();
        let kept = kept.filter(|forecaster| forecaster.members() == samples.len());
        let made = kept.map_or_else(
            || {
                let times = (steps as f64 * interval, interval);
                let onto = set.gridded.transform().clone();
                let device = (device.name.as_str(), false);
                Forecaster::new(&self.solvers[number], device, samples.len(), times, onto)
            },
            Ok,
        );
        let mut forecaster = made.map_err(|e| e.to_string())?;
        let starts = samples.iter();
        let starts = starts.map(|s| set.starts[*s].truncated(set.from, self.truncation));
        let found = forecaster.forecast(starts.collect());
        ready[number] = Some(forecaster);
        found.map_err(|e| e.to_string())
    }
}
