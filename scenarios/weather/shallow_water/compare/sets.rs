//! The flows that everyone is asked to forecast.

use super::settings::CompareSettings;
use crate::compare::{Relation, TestSet};
use crate::error::{Error, Result};
use crate::weather::shallow_water::Loaded;
use crate::weather::shallow_water::flows::FlowMaker;
use crate::weather::shallow_water::gridded::Gridded;
use crate::weather::shallow_water::initial::{Prepared, prepare, transform};
use crate::weather::shallow_water::settings::Initial;
use curlwind_datasets::store::{Split, Store};
use curlwind_solvers::shallow_water::{ShallowWater, State};
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
