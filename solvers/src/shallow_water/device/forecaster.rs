//! Forecasts on a device, one batch after the other, delivered on a grid.

use super::Ensemble;
use crate::Result;
use crate::device::{Device, Real};
use crate::shallow_water::{Checkpoint, Solver, State};
use crate::sphere::SphericalTransform;
use crate::sphere::device::Transform;
use crate::time_stepping::Schedule;
use ndarray::{Array2, Axis};
use rayon::prelude::*;
use std::sync::Arc;

/// Fields of a state: geopotential, vorticity, divergence.
const FIELDS: usize = 3;

/// What is behind [`crate::shallow_water::Forecaster`].
pub(in crate::shallow_water) enum Forecaster {
    Single(Delivered<f32>),
    Double(Delivered<f64>),
}

/// An ensemble, and the grid that its states are delivered on.
pub(in crate::shallow_water) struct Delivered<F: Real> {
    ensemble: Ensemble<F>,
    schedule: Schedule,
    onto: Transform<F>,
    /// Of the solver, and of the grid of delivery.
    truncations: [usize; 2],
}

impl Forecaster {
    pub(in crate::shallow_water) fn new(
        solver: &Solver,
        (device, double): (&Device, bool),
        members: usize,
        times: (f64, f64),
        onto: Arc<SphericalTransform>,
    ) -> Result<Self> {
        Ok(match double && device.has_f64() {
            true => Self::Double(Delivered::new(solver, device, members, times, onto)?),
            false => Self::Single(Delivered::new(solver, device, members, times, onto)?),
        })
    }

    pub(in crate::shallow_water) fn check(&self, states: &[State]) -> Result<()> {
        let (solver, schedule) = match self {
            Self::Single(d) => (&d.ensemble.solver, &d.schedule),
            Self::Double(d) => (&d.ensemble.solver, &d.schedule),
        };
        states.par_iter().try_for_each(|state| {
            let limit = solver.stable_time_step(state)?;
            schedule.check(limit, solver.integrator.name())
        })
    }

    pub(in crate::shallow_water) fn forecast(
        &mut self,
        states: Vec<State>,
    ) -> Result<Vec<Vec<Vec<f32>>>> {
        match self {
            Self::Single(delivered) => delivered.forecast(states),
            Self::Double(delivered) => delivered.forecast(states),
        }
    }
}

impl<F: Real> Delivered<F> {
    fn new(
        solver: &Solver,
        device: &Device,
        members: usize,
        (duration, output_interval): (f64, f64),
        onto: Arc<SphericalTransform>,
    ) -> Result<Self> {
        let schedule = Schedule::new(duration, output_interval, solver.time_step())?;
        Ok(Self {
            ensemble: Ensemble::with_time_step(solver, device, members, schedule.time_step)?,
            schedule,
            truncations: [
                solver.tendency().transform().truncation(),
                onto.truncation(),
            ],
            onto: Transform::new(device, onto)?,
        })
    }

    fn forecast(&mut self, states: Vec<State>) -> Result<Vec<Vec<Vec<f32>>>> {
        let starts: Vec<_> = states.into_iter().map(Checkpoint::start).collect();
        self.ensemble.set(&starts)?;
        let mut forecasts = vec![Vec::new(); starts.len()];
        for _ in 0..self.schedule.outputs {
            self.ensemble.advance(self.schedule.steps_per_output)?;
            for (forecast, fields) in forecasts.iter_mut().zip(self.fields()?) {
                forecast.push(fields);
            }
        }
        Ok(forecasts)
    }

    /// Of all members as they stand.
    fn fields(&self) -> Result<Vec<Vec<f32>>> {
        let [from, to] = self.truncations;
        let states = self.ensemble.states()?;
        let len = (to + 1) * (to + 2) / 2;
        let mut spectra = Array2::zeros((FIELDS * states.len(), len));
        let members = spectra.axis_chunks_iter_mut(Axis(0), FIELDS);
        for (mut rows, state) in members.zip(&states) {
            let cut = state.truncated(from, to);
            let fields = [cut.geopotential, cut.vorticity, cut.divergence];
            for (mut row, field) in rows.rows_mut().into_iter().zip(&fields) {
                row.assign(field);
            }
        }
        let fields = self.onto.synthesis(spectra.view())?;
        let members = fields.axis_chunks_iter(Axis(0), FIELDS);
        Ok(members
            .map(|fields| fields.iter().map(|&x| x as f32).collect())
            .collect())
    }
}
