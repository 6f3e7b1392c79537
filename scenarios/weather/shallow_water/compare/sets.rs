//! The flows that everyone is asked to forecast, and the solvers that are ready for them.

use super::settings::CompareSettings;
use crate::compare::measurements::TimeStep;
use crate::compare::{Relation, TestSet};
use crate::error::{Error, Result};
use crate::weather::shallow_water::Loaded;
use crate::weather::shallow_water::flows::FlowMaker;
use crate::weather::shallow_water::gridded::Gridded;
use crate::weather::shallow_water::initial::{Prepared, prepare, transform};
use crate::weather::shallow_water::settings::{Initial, IntegratorName, SolverSettings};
use crate::weather::shallow_water::simulation::solver_error;
use curlwind_datasets::store::{Split, Store};
use curlwind_solvers::shallow_water::{ShallowWater, Solver, State};
use std::ops::ControlFlow;
use std::path::Path;

/// The states of a forecast at its leads, each `[channel][latitude][longitude]` on the grid of its set.
pub type Forecast = Vec<Vec<f32>>;

/// A set of flows on a grid.
pub struct Set {
    /// Its name, relation and size.
    pub about: TestSet,
    /// The grid of all answers; it carries the initial states without loss.
    pub gridded: Gridded,
    /// Initial states at the truncation of [`Set::from`].
    pub starts: Vec<State>,
    /// That truncation.
    pub from: usize,
    /// The case that solvers are set up for: equation and ground.
    pub case: Prepared,
}

impl Set {
    /// The initial states on the grid.
    pub fn channels(&self, sample: usize) -> Vec<f32> {
        self.gridded.channels(&self.starts[sample], self.from)
    }
}

/// A solver set up for a set.
pub struct Rung {
    /// With the step of the comparison, its half and its quarter: a flow that grows faster takes shorter ones.
    solvers: Vec<Solver>,
    truncation: usize,
    /// Its step against the longest stable one.
    pub time_step: TimeStep,
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
    /// The solver for a set.
    ///
    /// # Errors
    /// Settings that the solver refuses.
    pub fn new(set: &Set, settings: &SolverSettings, wanted: Wanted) -> Result<Self> {
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
        Ok(Self {
            solvers: solvers.into_iter().collect::<Result<_>>()?,
            truncation: wanted.truncation,
            time_step: TimeStep {
                seconds: first,
                limit: Some(limit),
            },
        })
    }

    /// A forecast over `steps` intervals of `interval` seconds.
    ///
    /// # Errors
    /// Why the solver stopped.
    pub fn forecast(
        &self,
        set: &Set,
        sample: usize,
        (steps, interval): (usize, f64),
    ) -> std::result::Result<Forecast, String> {
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
}

/// The held-out flows, the same on other grids, and flows that start elsewhere.
///
/// # Errors
/// A store that cannot be read, flows without balance.
pub fn sets(
    loaded: &Loaded,
    c: &CompareSettings,
    (store, split): (&Store, &Split),
    input: &Path,
) -> Result<Vec<Set>> {
    let settings = &loaded.settings;
    let equation = ShallowWater::default();
    let latitudes = settings.training_set.latitudes;
    let own = Gridded::new(latitudes, equation, None)?;
    let from = own.truncation();
    let mut starts = Vec::new();
    let mut buffer = vec![0.0; own.state_len()];
    for flow in split.test.iter().take(c.samples) {
        store
            .read_window(flow.trajectory, flow.start, 1, &mut buffer)
            .map_err(Error::failed)?;
        starts.push(own.state(&buffer));
    }
    let case = |starts: &[State], from: usize| -> Result<Prepared> {
        let first = starts.first().cloned();
        let first = first
            .ok_or_else(|| loaded.refuse("training_set.test", "expected flows to compare on"))?;
        Ok(Prepared::flat(first, transform(from)?, equation))
    };
    let set = |name: String,
               relation,
               latitudes: usize,
               starts: Vec<State>,
               from: usize|
     -> Result<Set> {
        Ok(Set {
            about: TestSet {
                name,
                relation,
                samples: starts.len(),
            },
            gridded: Gridded::new(latitudes, equation, None)?,
            case: case(&starts, from)?,
            starts,
            from,
        })
    };
    let mut sets = vec![set(
        "held-out flows".into(),
        Relation::HeldOut,
        latitudes,
        starts.clone(),
        from,
    )?];
    for (number, beyond) in c.sets.iter().enumerate() {
        let flows = FlowMaker::new(
            &beyond.source,
            transform(settings.solver.truncation)?,
            equation,
            input,
            // apart from the flows trained on
            settings.seed.wrapping_add(1_000 * (number as u64 + 1)),
        )?;
        let count = c.samples.div_ceil(2);
        let starts = (0..count)
            .map(|index| {
                Ok(flows
                    .start(index)?
                    .truncated(settings.solver.truncation, from))
            })
            .collect::<Result<Vec<_>>>()?;
        let relation = Relation::OutOfDistribution;
        sets.push(set(beyond.name.clone(), relation, latitudes, starts, from)?);
    }
    if !matches!(settings.initial, Initial::Random { .. }) {
        let prepared = prepare(settings, input)?;
        let start = prepared.case.initial.truncated(prepared.truncation(), from);
        let orography = prepared
            .case
            .orography
            .as_ref()
            .map(|o| (o, prepared.truncation()));
        sets.push(Set {
            about: TestSet {
                name: format!("initial state `{}`", prepared.case.name),
                relation: Relation::OutOfDistribution,
                samples: 1,
            },
            gridded: Gridded::new(latitudes, prepared.case.equation, orography)?,
            case: prepared.at_truncation(from)?,
            starts: vec![start],
            from,
        });
    }
    for &other in &c.latitudes {
        let name = format!("held-out flows on {other} x {} points", 2 * other);
        let relation = Relation::OffResolution;
        sets.push(set(name, relation, other, starts.clone(), from)?);
    }
    Ok(sets)
}
