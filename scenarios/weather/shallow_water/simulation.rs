//! A run of the solver, kept at its output times.

use super::initial::Prepared;
use super::settings::SolverSettings;
use crate::error::{Error, Result};
use curlwind_solvers::Error as SolverError;
use curlwind_solvers::shallow_water::{Invariants, State};
use indicatif::ProgressBar;
use std::ops::ControlFlow;
use std::time::Instant;

/// The states of a run.
pub struct Simulation {
    /// Truncation of the states.
    pub truncation: usize,
    /// Hours since the initial state, from 0.
    pub leads: Vec<f64>,
    /// The states at those leads.
    pub states: Vec<State>,
    /// Mass, energy and potential enstrophy at those leads.
    pub invariants: Vec<Invariants>,
    /// Longest time step allowed, in seconds.
    pub time_step: f64,
    /// Stability limit of the initial state, in seconds.
    pub stability_limit: f64,
    /// Wall time in seconds, without output.
    pub seconds: f64,
}

/// Integrates the case on a device (`cpu`, `cuda:0`, `wgpu`) for `duration` seconds and keeps a state
/// every `interval` seconds. `observe` sees each as it comes.
///
/// # Errors
/// A time step over the stability limit, a duration that is not a whole number of intervals, or a
/// device that solvers cannot use (unusable); a state that is not finite, or an observer that
/// failed.
pub fn simulate(
    prepared: &Prepared,
    settings: &SolverSettings,
    device: &str,
    time_step: f64,
    (duration, interval): (f64, f64),
    progress: &ProgressBar,
    mut observe: impl FnMut(f64, &State) -> Result<()> + Send,
) -> Result<Simulation> {
    let solver = prepared.solver(settings, time_step)?;
    let limit = solver
        .stable_time_step(&prepared.case.initial)
        .map_err(solver_error)?;
    let mut simulation = Simulation {
        truncation: prepared.truncation(),
        leads: Vec::new(),
        states: Vec::new(),
        invariants: Vec::new(),
        time_step: solver.time_step(),
        stability_limit: limit,
        seconds: 0.0,
    };
    let tendency = solver.tendency();
    let mut failure = None;
    let mut watching = 0.0;
    let start = Instant::now();
    progress.set_length((duration / interval).round() as u64);
    let run = solver.run_on(
        device,
        vec![prepared.case.initial.clone()],
        duration,
        interval,
        |_, snapshot| {
            let paused = Instant::now();
            let invariants = Invariants::of(
                tendency.transform(),
                tendency.equation(),
                tendency.orography(),
                snapshot.state,
            );
            let hours = snapshot.time / 3600.0;
            let seen = invariants.map_err(solver_error).and_then(|invariants| {
                simulation.leads.push(hours);
                simulation.states.push(snapshot.state.clone());
                simulation.invariants.push(invariants);
                observe(hours, snapshot.state)
            });
            progress.set_position(simulation.leads.len().saturating_sub(1) as u64);
            watching += paused.elapsed().as_secs_f64();
            match seen {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            }
        },
    );
    progress.finish_and_clear();
    run.map_err(solver_error)?;
    if let Some(error) = failure {
        return Err(error);
    }
    simulation.seconds = start.elapsed().as_secs_f64() - watching;
    Ok(simulation)
}

/// What the user asked for and cannot have is unusable input; what went wrong on the way is a
/// failed run.
pub fn solver_error(error: SolverError) -> Error {
    match error {
        SolverError::NotFinite { .. } | SolverError::NoConvergence { .. } => Error::failed(error),
        error => Error::unusable(error),
    }
}
