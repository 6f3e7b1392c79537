//! Members of an ensemble from memory and back, and runs of them.

use super::spectral::Update;
use super::{Ensemble, fields, parts};
use crate::device::{Buffer, Device, Real};
use crate::shallow_water::solver::{Integrator, Snapshot, Solver};
use crate::shallow_water::stepper::resting_layer;
use crate::shallow_water::{Checkpoint, State};
use crate::time_stepping::Schedule;
use crate::{Error, Result};
use ndarray::Array1;
use num_complex::Complex64;
use rayon::prelude::*;
use std::ops::ControlFlow;

impl<F: Real> Ensemble<F> {
    /// Sets the members to where they stand, all at the same time.
    ///
    /// # Errors
    /// [`Error::Size`] for another number of members; [`Error::Shape`] for a state of another
    /// truncation; [`Error::NotFinite`] for a state that is not finite; [`Error::Model`] for
    /// checkpoints of different times, or of which only some have a second level.
    pub fn set(&mut self, from: &[Checkpoint]) -> Result<()> {
        if from.len() != self.members() {
            return Err(Error::Size {
                what: "number of states",
                expected: format!("{}, one for each member", self.members()),
                found: from.len(),
            });
        }
        let plan = self.solver.tendency().transform();
        let first = &from[0];
        for (number, member) in from.iter().enumerate() {
            for state in [Some(&member.state), member.previous.as_ref()] {
                let Some(state) = state else { continue };
                state.check(plan.spectrum_len())?;
                if let Some(field) = state.not_finite() {
                    return Err(Error::NotFinite {
                        field,
                        time: member.time,
                        step: member.step,
                    });
                }
            }
            let alike = |m: &Checkpoint| (m.time, m.step, m.previous.is_some());
            if alike(member) != alike(first) {
                return Err(Error::Model {
                    item: format!("member {number}"),
                    expected: "the time, step and levels of member 0".into(),
                    found: format!("step {} at {} s", member.step, member.time),
                });
            }
        }
        self.references = from
            .par_iter()
            .map(|m| self.reference(m))
            .collect::<Result<_>>()?;
        let states: Vec<_> = from.iter().map(|m| &m.state).collect();
        let previous: Vec<_> = from
            .iter()
            .map(|m| m.previous.as_ref().unwrap_or(&m.state))
            .collect();
        self.spectral.state = self.uploaded(&states);
        self.spectral.previous = self.uploaded(&previous);
        self.spectral.references = self.device.rounded::<F>(&self.references);
        self.spectral.status = self.device.zeros::<u32>(2 * self.members());
        self.started = first.previous.is_some();
        self.start = (first.time, first.step);
        self.taken = 0;
        self.update(0, Update::None);
        Ok(())
    }

    /// Geopotential of the resting layer about which the integrator is implicit; 0 where it has
    /// none.
    fn reference(&self, member: &Checkpoint) -> Result<f64> {
        match (self.solver.integrator, member.reference) {
            (Integrator::Rk4, _) => Ok(0.0),
            (_, Some(reference)) => Ok(reference),
            _ => resting_layer(self.solver.tendency(), &member.state),
        }
    }

    /// `[field][coefficient][member][2]`, the third field that of the free surface.
    fn uploaded(&self, states: &[&State]) -> Buffer {
        let orography = self.solver.tendency().orography();
        let members = states.len();
        let len = states[0].vorticity.len();
        let mut values = vec![Complex64::ZERO; 3 * len * members];
        for (member, state) in states.iter().enumerate() {
            let mut fields = fields(state);
            for (phi, bottom) in fields[2].iter_mut().zip(orography) {
                *phi += bottom;
            }
            for (i, value) in fields.concat().into_iter().enumerate() {
                values[i * members + member] = value;
            }
        }
        self.device.rounded::<F>(&parts(&values))
    }

    fn downloaded(&self, buffer: &Buffer) -> Result<Vec<State>> {
        let values = self.device.read::<F>(buffer)?;
        let orography = self.solver.tendency().orography();
        let members = self.members();
        let len = values.len() / (6 * members);
        let field = |member: usize, field: usize| -> Array1<Complex64> {
            let at = |i: usize| 2 * ((field * len + i) * members + member);
            (0..len)
                .map(|i| Complex64::new(values[at(i)].widened(), values[at(i) + 1].widened()))
                .collect()
        };
        let state = |member: usize| {
            let mut state = State {
                vorticity: field(member, 0),
                divergence: field(member, 1),
                geopotential: field(member, 2),
            };
            for (phi, bottom) in state.geopotential.iter_mut().zip(orography) {
                *phi -= bottom;
            }
            state
        };
        Ok((0..members).map(state).collect())
    }

    /// The states of all members.
    ///
    /// # Errors
    /// [`Error::Device`] when the device failed.
    pub fn states(&self) -> Result<Vec<State>> {
        self.downloaded(&self.spectral.state)
    }

    /// Where all members stand. [`Self::set`] goes on from there; over mountains up to the
    /// rounding of the free surface.
    ///
    /// # Errors
    /// [`Error::Device`] when the device failed.
    pub fn checkpoints(&self) -> Result<Vec<Checkpoint>> {
        let states = self.states()?.into_iter();
        let mut previous = match self.started {
            true => self.downloaded(&self.spectral.previous)?,
            false => Vec::new(),
        }
        .into_iter();
        let implicit = matches!(self.solver.integrator, Integrator::SemiImplicit(_));
        let members = states.zip(&self.references);
        Ok(members
            .map(|(state, &reference)| Checkpoint {
                time: self.start.0 + self.taken as f64 * self.time_step,
                step: self.start.1 + self.taken,
                state,
                previous: previous.next(),
                reference: implicit.then_some(reference),
            })
            .collect())
    }
}

/// Runs all `states` together on a device in the precision `F`: see [`Solver::run_on`].
pub(in crate::shallow_water) fn run<F: Real>(
    solver: &Solver,
    device: &Device,
    states: Vec<State>,
    (duration, output_interval): (f64, f64),
    observer: &mut impl FnMut(usize, Snapshot) -> ControlFlow<()>,
) -> Result<Vec<Checkpoint>> {
    let schedule = Schedule::new(duration, output_interval, solver.time_step())?;
    for state in &states {
        state.check(solver.tendency().transform().spectrum_len())?;
        schedule.check(solver.stable_time_step(state)?, solver.integrator.name())?;
    }
    let mut ensemble =
        Ensemble::<F>::with_time_step(solver, device, states.len(), schedule.time_step)?;
    let mut members: Vec<_> = states.into_iter().map(Checkpoint::start).collect();
    ensemble.set(&members)?;
    for output in 0..=schedule.outputs {
        if output > 0 {
            ensemble.advance(schedule.steps_per_output)?;
            members = ensemble.checkpoints()?;
        }
        for (number, member) in members.iter_mut().enumerate() {
            // as the schedule says, not by the sum of the steps
            member.time = output as f64 * schedule.time_step * schedule.steps_per_output as f64;
            if let Some(field) = member.state.not_finite() {
                return Err(Error::NotFinite {
                    field,
                    time: member.time,
                    step: member.step,
                });
            }
            let snapshot = Snapshot {
                time: member.time,
                step: member.step,
                state: &member.state,
                previous: member.previous.as_ref(),
                reference: member.reference,
            };
            if observer(number, snapshot).is_break() {
                return Ok(members);
            }
        }
    }
    Ok(members)
}
