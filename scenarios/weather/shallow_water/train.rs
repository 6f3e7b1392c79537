//! Training the surrogate of the solver on a stored set of flows.

use super::gridded::{CHANNELS, Gridded};
use super::settings::Settings;
use super::windows::StoreWindows;
use crate::error::{Error, Result};
use crate::ranks;
use crate::run_folder::write_atomically;
use crate::training_data;
use curlwind_datasets::store::{Split, Statistics, Store};
use curlwind_operators::network::NetworkConfig;
use curlwind_operators::surrogate::{Normalisation, Predict, Surrogate, SurrogateConfig};
use curlwind_operators::training::{DataParallel, Fitted, RunOptions, train};
use curlwind_operators::{Error as OperatorError, device};
use curlwind_solvers::sphere::SphereGrid;
use std::path::Path;

/// What a training run is given besides the scenario.
pub struct TrainingRun<'a> {
    /// The flows.
    pub store: &'a Store,
    /// Who trains on what.
    pub split: &'a Split,
    /// The run's folder: `model/`, `checkpoint/`, `metrics.jsonl`.
    pub folder: &'a Path,
    /// Name of the device.
    pub device: &'a str,
    /// No progress bar.
    pub quiet: bool,
    /// Continue from the folder's checkpoint.
    pub resume: bool,
}

/// Who trains on which flows, see `training_data::split`.
///
/// # Errors
/// As there.
pub fn split(settings: &Settings, store: &Store) -> Result<Split> {
    let set = &settings.training_set;
    let shares = [set.validation, set.test];
    let states = store.layout().steps;
    training_data::split(
        store.path(),
        store.complete(),
        states,
        shares,
        settings.seed,
    )
}

/// Trains and saves the surrogate in `model/`.
///
/// # Errors
/// A configuration that does not fit the data, a loss that is not finite, files that cannot be
/// written.
pub fn train_surrogate(settings: &Settings, run: &TrainingRun) -> Result<Fitted<Surrogate>> {
    let layout = run.store.layout();
    let found: Vec<&str> = layout.channels.iter().map(|c| c.name.as_str()).collect();
    if found != CHANNELS.map(|(name, _)| name) {
        return Err(Error::unusable(format!(
            "{}: expected the channels geopotential, vorticity and divergence, found {}",
            run.store.path().display(),
            found.join(", ")
        )));
    }
    let longest = settings
        .training
        .stages
        .iter()
        .map(|s| s.roll_out)
        .max()
        .unwrap_or(1);
    let training = StoreWindows::new(run.store, &run.split.train, longest)?;
    let validation = (!run.split.validation.is_empty())
        .then(|| StoreWindows::new(run.store, &run.split.validation, longest))
        .transpose()?;
    let [nlat, nlon] = layout.grid.shape();
    let grid = SphereGrid::gaussian(nlat, nlon).map_err(Error::unusable)?;
    let statistics =
        Statistics::fit(run.store, run.split, Some(grid.weights())).map_err(Error::failed)?;
    let json = serde_json::to_vec_pretty(&statistics).map_err(Error::failed)?;
    write_atomically(&run.folder.join("statistics.json"), &json).map_err(Error::failed)?;
    let of = |value: fn(&curlwind_datasets::store::ChannelStatistics) -> f64| {
        statistics.channels.iter().map(value).collect::<Vec<_>>()
    };
    // The stepping operator integrates the state itself.
    let predict = match settings.operator {
        NetworkConfig::Stepping(_) => Predict::State,
        _ => Predict::Tendency,
    };
    // It has the rotation among its sources already.
    let static_channels = match predict {
        Predict::State => Vec::new(),
        Predict::Tendency => vec!["sin_latitude".into()],
    };
    let statics = if static_channels.is_empty() {
        Vec::new()
    } else {
        sin_latitude(&grid)
    };
    let config = SurrogateConfig {
        network: settings.operator.clone(),
        channels: CHANNELS.map(|(name, _)| name.to_string()).to_vec(),
        static_channels,
        forcings: Vec::new(),
        channel_weights: Vec::new(),
        normalisation: Normalisation {
            mean: of(|c| c.mean),
            std: of(|c| c.std),
            difference_mean: of(|c| c.difference_mean),
            difference_std: of(|c| c.difference_std),
        },
        time_step: layout.time_step_seconds,
        predict,
    };
    let device = device::select(run.device).map_err(Error::unusable)?;
    device.seed(settings.training.seed ^ settings.seed);
    let surrogate = Surrogate::new(config, &grid, &statics, &device).map_err(Error::unusable)?;
    let surrogate = surrogate.fitted(&training).map_err(training_error)?;
    let together = ranks::all().map(DataParallel::new);
    let options = RunOptions {
        quiet: run.quiet,
        resume: run.resume,
        stop: None,
        ranks: together.as_ref(),
    };
    let outcome = train(
        surrogate,
        &settings.training,
        &training,
        validation.as_ref().map(|v| v as _),
        run.folder,
        options,
    )
    .map_err(training_error)?;
    outcome
        .model
        .save(&run.folder.join("model"))
        .map_err(Error::failed)?;
    Ok(outcome)
}

/// The static channel that tells the network where on the planet it is: the Coriolis parameter's
/// shape.
pub fn sin_latitude(grid: &SphereGrid) -> Vec<f32> {
    let row = |s: &f64| std::iter::repeat_n(*s as f32, grid.nlon());
    grid.sin_latitudes().iter().flat_map(row).collect()
}

fn training_error(error: OperatorError) -> Error {
    match error {
        OperatorError::Config { .. } | OperatorError::Grid { .. } => Error::unusable(error),
        error => Error::failed(error),
    }
}

/// The mean of the training states, `[channel][latitude][longitude]`, as a state of the grid.
///
/// # Errors
/// A store that cannot be read.
pub fn climatology(store: &Store, split: &Split, gridded: &Gridded) -> Result<Vec<f32>> {
    let size = gridded.state_len();
    let (mut sum, mut count) = (vec![0.0f64; size], 0usize);
    for segment in &split.train {
        let states = segment.end - segment.start;
        let mut buffer = vec![0.0f32; size * states];
        store
            .read_window(segment.trajectory, segment.start, states, &mut buffer)
            .map_err(Error::failed)?;
        for state in buffer.chunks_exact(size) {
            for (sum, value) in sum.iter_mut().zip(state) {
                *sum += f64::from(*value);
            }
        }
        count += states;
    }
    Ok(sum.iter().map(|s| (s / count as f64) as f32).collect())
}
