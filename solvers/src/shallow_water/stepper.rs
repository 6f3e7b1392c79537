//! What a run carries from step to step, for either integrator.
//!
//! Between outputs the third field is the geopotential of the free surface, `Phi + Phi_s`: its
//! gradient is the force, and it is what diffuses.

use super::semi_implicit::{SemiImplicit, slices};
use super::solver::{Integrator, Snapshot};
use super::state::State;
use super::tendency::Tendency;
use crate::Result;
use crate::time_stepping::RungeKutta4;
use crate::time_stepping::diffusion::{Diffusion, per_coefficient};
use ndarray::{Array1, Array3, Axis};
use num_complex::Complex64;

/// What a checkpoint holds besides the state.
pub(super) struct Levels {
    pub(super) previous: Option<State>,
    pub(super) reference: Option<f64>,
}

/// The stages of either integrator.
pub(super) struct Stepper {
    runge_kutta: RungeKutta4<3>,
    leapfrog: Option<SemiImplicit>,
    /// Leapfrog has its second level.
    started: bool,
}

/// Runge-Kutta steps that lead to the second level of leapfrog; its step may be beyond their
/// stability limit, which a few steps of a smooth state bear when they are cut this fine.
pub(super) const STARTING_STEPS: usize = 16;

impl Stepper {
    /// For a run from `state` on.
    pub(super) fn new(
        tendency: &Tendency,
        integrator: Integrator,
        diffusion: Option<Diffusion>,
        state: &State,
        Levels {
            previous,
            reference,
        }: Levels,
        time_step: f64,
    ) -> Result<Self> {
        let transform = tendency.transform();
        let (top, radius) = (transform.truncation(), tendency.equation().radius);
        let rates = diffusion.map(|d| d.rates(top, radius));
        let damping = rates.map(|r| per_coefficient(&r)).unwrap_or_default();
        let frozen = tendency.frozen_wind();
        let of_wind = if frozen { Vec::new() } else { damping.clone() };
        let runge_kutta = RungeKutta4::new(
            transform.spectrum_len(),
            time_step,
            [of_wind.clone(), of_wind, damping.clone()],
        );
        let mut stepper = Self {
            runge_kutta,
            leapfrog: None,
            started: false,
        };
        if let Integrator::SemiImplicit(filter) = integrator {
            let reference = match reference {
                Some(reference) => reference,
                None => resting_layer(tendency, state)?,
            };
            let eigenvalue = |n: usize| (n * (n + 1)) as f64 / (radius * radius);
            let eigenvalues = per_coefficient(&(0..=top).map(eigenvalue).collect::<Vec<_>>());
            stepper.started = previous.is_some();
            let previous = contiguous(previous.unwrap_or_else(|| state.clone()));
            stepper.leapfrog = Some(SemiImplicit::new(
                previous,
                reference,
                filter,
                eigenvalues,
                damping,
                time_step,
            ));
        }
        Ok(stepper)
    }

    pub(super) fn snapshot<'a>(&'a self, time: f64, step: u64, state: &'a State) -> Snapshot<'a> {
        let leapfrog = self.leapfrog.as_ref();
        Snapshot {
            time,
            step,
            state,
            previous: leapfrog.filter(|_| self.started).map(|l| &l.previous),
            reference: leapfrog.map(|l| l.reference),
        }
    }

    /// Layer to free surface, for both time levels.
    pub(super) fn raise(&mut self, state: &mut State, orography: &[Complex64]) {
        for level in std::iter::once(state).chain(self.leapfrog.as_mut().map(|l| &mut l.previous)) {
            for (phi, bottom) in level.geopotential.iter_mut().zip(orography) {
                *phi += bottom;
            }
        }
    }

    /// Free surface to layer. Done at every output, and undone after it, so that a run resumed
    /// from there goes the same way as one that was not interrupted.
    pub(super) fn lower(&mut self, state: &mut State, orography: &[Complex64]) {
        for level in std::iter::once(state).chain(self.leapfrog.as_mut().map(|l| &mut l.previous)) {
            for (phi, bottom) in level.geopotential.iter_mut().zip(orography) {
                *phi -= bottom;
            }
        }
    }

    pub(super) fn step(&mut self, state: &mut State, tendency: &Tendency) {
        match &mut self.leapfrog {
            Some(leapfrog) if self.started => leapfrog.step(state, tendency),
            Some(leapfrog) => {
                self.started = true;
                leapfrog.previous.clone_from(state);
                let mut fine = self.runge_kutta.subdivided(STARTING_STEPS);
                for _ in 0..STARTING_STEPS {
                    runge_kutta_step(&mut fine, state, tendency);
                }
            }
            None => runge_kutta_step(&mut self.runge_kutta, state, tendency),
        }
    }
}

/// Geopotential of the resting layer about which leapfrog is implicit; it is stable while this is at
/// least half of the largest depth.
pub(super) fn resting_layer(tendency: &Tendency, state: &State) -> Result<f64> {
    let (transform, gravity) = (tendency.transform(), tendency.equation().gravity);
    state.check(transform.spectrum_len())?;
    let mut geopotential = Array3::zeros((1, transform.grid().nlat(), transform.grid().nlon()));
    let spectrum = state.geopotential.view().insert_axis(Axis(0));
    transform.synthesis(spectrum, geopotential.view_mut());
    let depth = geopotential
        .iter()
        .fold(0.0f64, |s, phi| s.max(phi / gravity));
    Ok(depth * gravity)
}

fn runge_kutta_step(method: &mut RungeKutta4<3>, state: &mut State, tendency: &Tendency) {
    if let Some(fields) = slices(state) {
        method.step(fields, |state, slope| {
            tendency.evaluate_forced_into(state, slope)
        });
    }
}

/// The same values, surely in one piece.
pub(super) fn contiguous(state: State) -> State {
    let one = |x: Array1<Complex64>| Array1::from_vec(x.to_vec());
    State {
        vorticity: one(state.vorticity),
        divergence: one(state.divergence),
        geopotential: one(state.geopotential),
    }
}
