//! Training flows: the solver run from many initial states, in parallel, streamed to disk.

use super::flows::FlowMaker;
use super::gridded::{CHANNELS, Gridded};
use super::initial::{Prepared, lat_lon, transform};
use super::settings::{Initial, Settings};
use super::simulation::solver_error;
use crate::error::{Error, Result};
use crate::filling::Filling;
use crate::on_cores::on_cores;
use crate::ranks;
use crate::run_folder::require_free_space;
use curlwind_datasets::store::{Channel, Grid, Layout, Store, fingerprint};
use curlwind_solvers::shallow_water::{Forecaster, ShallowWater, Solver, State};
use indicatif::ProgressBar;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

/// Makes the flows that `store` still lacks, on all threads of the machine or many at a time on a
/// device (`cuda:0`, `wgpu`); `input` receives carried files.
///
/// # Errors
/// Settings that do not fit each other, a store made by other settings, a full disk, a flow that
/// blew up, a device that solvers cannot use.
pub fn generate(
    settings: &Settings,
    device: &str,
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
    let filling = Filling::trajectories(store, &layout)?;
    if device == "cpu" {
        filling.fill(progress, |index| alone(settings, &flows, &gridded, index))?;
    } else {
        let points = plan.grid().nlat() * plan.grid().nlon();
        let shares = set.trajectories.div_ceil(ranks::size());
        let at_once = (POINTS_TOGETHER / points).clamp(1, MOST_TOGETHER.min(shares).max(1));
        filling.fill_together(progress, at_once, |indices| {
            together(settings, device, &flows, &gridded, indices)
        })?;
    }
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

/// Grid points of the flows that share a device at a time, and most flows.
const POINTS_TOGETHER: usize = 1 << 24;
const MOST_TOGETHER: usize = 64;

/// The states `[time][channel][latitude][longitude]` of a flow, by the processor.
fn alone(
    settings: &Settings,
    flows: &FlowMaker,
    gridded: &Gridded,
    index: usize,
) -> Result<Vec<f32>> {
    let set = &settings.training_set;
    let mut start = flows.start(index)?;
    let stepper = stepper(settings, flows, &start)?;
    let spin_up = set.spin_up.si();
    if spin_up > 0.0 {
        let spun = stepper.run(start, spin_up, spin_up, |_| ControlFlow::Continue(()));
        start = spun.map_err(solver_error)?.state;
    }
    let mut states = Vec::new();
    let truncation = flows.transform().truncation();
    let (duration, interval) = (set.duration.si(), set.interval.si());
    stepper
        .run(start, duration, interval, |snapshot| {
            states.extend(gridded.channels(snapshot.state, truncation));
            ControlFlow::Continue(())
        })
        .map_err(|error| Error::failed(format!("training flow {index}: {error}")))?;
    Ok(states)
}

/// Those of each of these flows, together on a device.
fn together(
    settings: &Settings,
    device: &str,
    flows: &FlowMaker,
    gridded: &Gridded,
    indices: &[usize],
) -> Result<Vec<Vec<f32>>> {
    let set = &settings.training_set;
    let mut starts = on_cores(indices.len(), |n| flows.start(indices[n]))?;
    let stepper = stepper(settings, flows, &starts[0])?;
    let spin_up = set.spin_up.si();
    if spin_up > 0.0 {
        let spun = stepper.run_on(device, starts, spin_up, spin_up, |_, _| {
            ControlFlow::Continue(())
        });
        let spun = spun.map_err(solver_error)?;
        starts = spun.into_iter().map(|end| end.state).collect();
    }
    let truncation = flows.transform().truncation();
    let mut states = on_cores(starts.len(), |n| {
        Ok(gridded.channels(&starts[n], truncation))
    })?;
    let times = (set.duration.si(), set.interval.si());
    let onto = gridded.transform().clone();
    let mut forecaster = Forecaster::new(&stepper, (device, true), starts.len(), times, onto)
        .map_err(solver_error)?;
    let later = forecaster
        .check(&starts)
        .and_then(|()| forecaster.forecast(starts))
        .map_err(|e| Error::failed(format!("training flows among {indices:?}: {e}")))?;
    for (states, later) in states.iter_mut().zip(&later) {
        states.extend(later.concat());
    }
    Ok(states)
}

/// The solver of all flows.
fn stepper(settings: &Settings, flows: &FlowMaker, start: &State) -> Result<Solver> {
    Prepared::flat(start.clone(), flows.transform(), ShallowWater::default())
        .solver(&settings.solver, settings.solver.time_step.si())
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
