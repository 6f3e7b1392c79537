//! Training flows: the solver run from many initial states, in parallel, streamed to disk.

use super::flows::FlowMaker;
use super::gridded::{CHANNELS, Gridded};
use super::initial::{Prepared, lat_lon, transform};
use super::settings::{Initial, Settings};
use super::simulation::solver_error;
use crate::error::{Error, Result};
use crate::filling::Filling;
use crate::run_folder::require_free_space;
use curlwind_datasets::store::{Channel, Grid, Layout, Store, fingerprint};
use curlwind_solvers::shallow_water::{ShallowWater, State};
use indicatif::ProgressBar;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

/// Makes the flows that `store` still lacks, on all threads of the machine; `input` receives
/// carried files.
///
/// # Errors
/// Settings that do not fit each other, a store made by other settings, a full disk, a flow that
/// blew up.
pub fn generate(
    settings: &Settings,
    store: &Path,
    input: &Path,
    progress: &ProgressBar,
) -> Result<Store> {
    let set = &settings.training_set;
    check(settings)?;
    let gridded = Gridded::new(set.latitudes, ShallowWater::default(), None)?;
    let states = whole(
        "training_set.duration",
        set.duration.si(),
        set.interval.si(),
    )? + 1;
    let plan = transform(settings.solver.truncation)?;
    let flows = FlowMaker::new(
        &set.source,
        plan.clone(),
        ShallowWater::default(),
        input,
        settings.seed,
    )?;
    let layout = layout(settings, &gridded, states)?;
    let bytes = (set.trajectories * states * gridded.state_len() * size_of::<f32>()) as u64;
    require_free_space(store, bytes).map_err(Error::failed)?;
    Filling::trajectories(store, &layout)?
        .fill(progress, |index| flow(settings, &flows, &gridded, index))?;
    Store::open(store).map_err(Error::failed)
}

/// Refuses what training flows cannot be: flows over orography, or with a fixed wind.
///
/// # Errors
/// Such a scenario.
pub fn check(settings: &Settings) -> Result<()> {
    if matches!(
        settings.initial,
        Initial::Williamson1 { .. } | Initial::Williamson5 {}
    ) {
        return Err(Error::unusable(
            "training flows have no orography and evolve their wind; williamson_1 and williamson_5 \
             cannot be learned from them. Use `simulate` for these cases",
        ));
    }
    if !settings.mountains.is_empty() {
        return Err(Error::unusable(
            "training flows have no orography, and `mountains` cannot be learned from them; \
             `simulate` writes flows over them",
        ));
    }
    Ok(())
}

/// The states `[time][channel][latitude][longitude]` of one flow.
fn flow(
    settings: &Settings,
    flows: &FlowMaker,
    gridded: &Gridded,
    index: usize,
) -> Result<Vec<f32>> {
    let set = &settings.training_set;
    let solver = &settings.solver;
    let prepared = Prepared::flat(
        flows.start(index)?,
        flows.transform(),
        ShallowWater::default(),
    );
    let stepper = prepared.solver(solver, solver.time_step.si())?;
    let mut state: State = prepared.case.initial.clone();
    if set.spin_up.si() > 0.0 {
        let spun = stepper.run(state, set.spin_up.si(), set.spin_up.si(), |_| {
            ControlFlow::Continue(())
        });
        state = spun.map_err(solver_error)?.state;
    }
    let mut states = Vec::new();
    stepper
        .run(state, set.duration.si(), set.interval.si(), |snapshot| {
            states.extend(gridded.channels(snapshot.state, prepared.truncation()));
            ControlFlow::Continue(())
        })
        .map_err(|error| Error::failed(format!("training flow {index}: {error}")))?;
    Ok(states)
}

fn layout(settings: &Settings, gridded: &Gridded, states: usize) -> Result<Layout> {
    let grid = lat_lon(gridded.grid())?;
    // The flows do not depend on the case, on how long it is run, or on the network.
    let mut made_by = serde_json::json!({
        "seed": settings.seed,
        "truncation": settings.solver.truncation,
        "integrator": settings.solver.integrator,
        "time_step": settings.solver.time_step,
        "diffusion": settings.solver.diffusion,
        "training_set": settings.training_set,
    });
    if let Some(forcing) = &settings.solver.forcing {
        made_by["forcing"] = serde_json::to_value(forcing).map_err(Error::failed)?;
    }
    Ok(Layout {
        trajectories: settings.training_set.trajectories,
        steps: states,
        channels: CHANNELS
            .map(|(name, units)| Channel {
                name: name.into(),
                units: units.into(),
            })
            .to_vec(),
        grid: Grid::LatLon {
            latitudes_deg: grid.latitudes_deg,
            longitudes_deg: grid.longitudes_deg,
        },
        time_step_seconds: settings.training_set.interval.si(),
        fingerprint: fingerprint(&made_by).map_err(Error::failed)?,
        attributes: BTreeMap::from([
            ("title".into(), settings.title.clone()),
            (
                "source".into(),
                format!(
                    "curlwind {} shallow_water solver",
                    env!("CARGO_PKG_VERSION")
                ),
            ),
        ]),
    })
}

/// How many `interval`s make `duration`.
///
/// # Errors
/// When it is no whole number, or none.
pub fn whole(name: &str, duration: f64, interval: f64) -> Result<usize> {
    let count = duration / interval;
    if count.round() < 1.0 || (count - count.round()).abs() > 1e-9 {
        return Err(Error::unusable(format!(
            "`{name}` ({duration} s) is not a whole number of intervals of {interval} s"
        )));
    }
    Ok(count.round() as usize)
}
