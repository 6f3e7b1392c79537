//! Training on a store of analyses.

use super::climatology::Climatology;
use super::ingest::Ingested;
use super::learned::{About, Learned, domain, forcings, row_weights, scales};
use super::statistics::{damping, moments, perturbations};
use super::windows::SeriesWindows;
use super::{Loaded, Settings};
use crate::error::{Error, Result};
use crate::run_folder::RunFolder;
use curlwind_datasets::calendar::DateTime;
use curlwind_datasets::coordinates::LatLon;
use curlwind_datasets::netcdf::{Reader, Selection};
use curlwind_operators::loss::LossKind;
use curlwind_operators::network::NetworkConfig;
use curlwind_operators::surrogate::{Predict, Surrogate, SurrogateConfig};
use curlwind_operators::training::{RunOptions, TrainingConfig, TrainingFacts, train};
use curlwind_operators::{Error as OperatorError, device};
use std::ops::Range;
use std::path::Path;

/// Errors over one step that are kept with a model.
const ERRORS: usize = 60;

/// Times of the sets, as runs of indices of the timeline.
pub struct Sets {
    /// To learn from.
    pub training: Vec<Range<usize>>,
    /// To choose by.
    pub validation: Vec<Range<usize>>,
    /// To report on.
    pub test: Vec<Range<usize>>,
}

/// Cuts the time line: training, a gap, validation, a gap, test.
///
/// # Errors
/// Dates that are none or out of order, nothing left to train on.
pub fn split(loaded: &Loaded, data: &Ingested) -> Result<Sets> {
    let (split, timeline) = (&loaded.settings.split, data.timeline());
    let count = timeline.len();
    // halves, so that differences of times stay numbers
    let (always, never) = (i64::MIN / 2, i64::MAX / 2);
    let from = |key: &str, date: &Option<String>, share: f64| -> Result<i64> {
        if let Some(date) = date {
            let date = DateTime::parse(date, data.calendar());
            return date
                .map(|d| d.microseconds(data.calendar()))
                .map_err(|e| loaded.refuse(key, e));
        }
        let index = count - ((share * count as f64).round() as usize).min(count);
        Ok(timeline.time(index).unwrap_or(never))
    };
    let shares = [split.test, split.test + split.validation];
    let test = from("split.test_from", &split.test_from, shares[0])?;
    let validation = match (&split.validation_from, &split.test_from) {
        // its share of the times before a date that the test begins at
        (None, Some(_)) => {
            let before: usize = timeline.within(always, test).iter().map(Range::len).sum();
            let index =
                before - (split.validation * count as f64).round().min(before as f64) as usize;
            timeline.time(index).unwrap_or(test).min(test)
        }
        (date, _) => from("split.validation_from", date, shares[1])?,
    };
    if validation > test {
        let reason = "expected a time before the test begins";
        return Err(loaded.refuse("split.validation_from", reason));
    }
    let gap = (split.gap.si() * 1e6).round() as i64;
    // without validation there is one gap only
    let no_validation = validation == test;
    let end_of_validation = if no_validation {
        validation
    } else {
        test - gap
    };
    let sets = Sets {
        training: timeline.within(always, validation - gap),
        validation: timeline.within(validation, end_of_validation),
        test: timeline.within(test, never),
    };
    if sets.training.is_empty() {
        return Err(loaded.refuse(
            "split",
            format!("nothing is left to train on of {count} times"),
        ));
    }
    Ok(sets)
}

/// What training is given besides the scenario.
pub struct TrainingRun<'a> {
    /// The analyses.
    pub data: &'a Ingested,
    /// Who trains on what.
    pub sets: &'a Sets,
    /// The run's folder.
    pub folder: &'a RunFolder,
    /// Name of the device.
    pub device: &'a str,
    /// No progress bar.
    pub quiet: bool,
}

/// Trains as many networks as the scenario asks for; nothing of the model is written yet but checkpoints.
///
/// # Errors
/// A configuration that does not fit the data, a loss that is not finite, files that cannot be
/// written.
pub fn train_all(loaded: &Loaded, run: &TrainingRun) -> Result<(Learned, Vec<TrainingFacts>)> {
    let (settings, data) = (&loaded.settings, run.data);
    let domain = domain(data.grid())?;
    let rows = row_weights(&domain);
    let training_runs = data.of_all_members(&run.sets.training);
    let validation_runs = data.of_all_members(&run.sets.validation);
    let moments = {
        let _phase = run.folder.phase("statistics")?;
        moments(data, &training_runs, &rows)?
    };
    let normalisation = moments.normalisation;
    if moments.gaps > 0 {
        run.folder
            .note("values filled by the mean", &moments.gaps)?;
    }
    let forcings = forcings(&settings.data);
    let longest = settings
        .training
        .stages
        .iter()
        .map(|s| s.roll_out)
        .max()
        .unwrap_or(1);
    let windows = |runs: &[Range<usize>]| {
        SeriesWindows::new(data, runs, longest, &forcings, &normalisation.mean)
    };
    let training = windows(&training_runs)?;
    let long_enough = validation_runs.iter().any(|r| r.len() > longest);
    let validation = long_enough.then(|| windows(&validation_runs)).transpose()?;
    let (static_channels, statics) = statics(settings, data.grid())?;
    let predict = match settings.operator {
        NetworkConfig::Stepping(_) => Predict::State,
        _ => Predict::Tendency,
    };
    let config = SurrogateConfig {
        network: settings.operator.clone(),
        channels: data.channels().iter().map(|c| c.label()).collect(),
        static_channels,
        forcings: forcings
            .iter()
            .flat_map(|f| f.names())
            .map(ToString::to_string)
            .collect(),
        channel_weights: channel_weights(settings, &normalisation),
        normalisation: normalisation.clone(),
        time_step: data.step(),
        predict,
    };
    let device = device::select(run.device).map_err(Error::unusable)?;
    let (mut surrogates, mut facts) = (Vec::new(), Vec::new());
    for number in 0..settings.models {
        let _phase = run.folder.phase("train")?;
        let seed = settings.training.seed ^ settings.seed ^ ((number as u64) << 32);
        device.seed(seed);
        let mut surrogate =
            Surrogate::new(config.clone(), &domain, &statics, &device).map_err(Error::unusable)?;
        if let Some(mask) = &moments.mask {
            surrogate = surrogate.masked(mask).map_err(Error::failed)?;
        }
        let surrogate = surrogate.fitted(&training).map_err(training_error)?;
        let folder = match number {
            0 => run.folder.path().to_path_buf(),
            number => run.folder.folder(&format!("training_{number}"))?,
        };
        let training_config = TrainingConfig {
            seed,
            ..settings.training.clone()
        };
        let options = RunOptions {
            quiet: run.quiet,
            resume: true,
            stop: None,
            ranks: None,
        };
        let windows = validation.as_ref().map(|v| v as _);
        let fitted = train(
            surrogate,
            &training_config,
            &training,
            windows,
            &folder,
            options,
        )
        .map_err(training_error)?;
        surrogates.push(fitted.model);
        facts.push(fitted.facts);
    }
    run.folder.note("training", &facts)?;
    let mut learned = learned(
        settings,
        run,
        (surrogates, moments.mask),
        (&training_runs, &rows),
    )?;
    let held_out = if long_enough {
        &validation_runs
    } else {
        &training_runs
    };
    learned.errors = learned.one_step_errors(data, held_out)?;
    Ok((learned, facts))
}

/// The model with its climatology and perturbations.
fn learned(
    settings: &Settings,
    run: &TrainingRun,
    (surrogates, mask): (Vec<Surrogate>, Option<Vec<f32>>),
    (runs, rows): (&[Range<usize>], &[f64]),
) -> Result<Learned> {
    let _phase = run.folder.phase("statistics")?;
    let data = run.data;
    let normalisation = surrogates[0].config().normalisation.clone();
    let climatology = Climatology::fit(data, runs, &normalisation.mean)?;
    let steps = (settings.forecast.duration.si() / data.step())
        .round()
        .max(1.0) as usize;
    let about = (&climatology, &normalisation);
    let damping = damping(data, runs, steps, about, rows)?;
    let perturbations = perturbations(data, runs, about, settings.seed)?;
    Ok(Learned {
        scales: scales(data.grid(), data.channels().len(), &perturbations)?,
        about: About {
            title: settings.title.clone(),
            data: settings.data.clone(),
            channels: data.channels().to_vec(),
            grid: data.grid().clone(),
            step: data.timeline().step(),
            models: settings.models,
            climatology,
            damping,
            ensemble: settings.ensemble.clone(),
            amplitude: settings.ensemble.amplitude[0],
            noise: settings.ensemble.noise[0],
        },
        perturbations,
        errors: Vec::new(),
        mask,
        surrogates,
    })
}

impl Learned {
    /// Errors of the first network over one step from states spread over runs, in units of the
    /// deviations.
    fn one_step_errors(&self, data: &Ingested, runs: &[Range<usize>]) -> Result<Vec<Vec<f32>>> {
        let starts: Vec<usize> = runs.iter().flat_map(|run| run.start..run.end - 1).collect();
        let count = starts.len().min(ERRORS);
        let points = self.points();
        (0..count)
            .map(|k| {
                let start = starts[k * starts.len() / count];
                let time = data.timeline().time(start % data.timeline().len());
                let mut state = data.state(start)?;
                self.fill(&mut state);
                let next = self.step(0, &state, &[time.unwrap_or(0)])?;
                let truth = data.state(start + 1)?;
                let errors = next
                    .iter()
                    .zip(&truth)
                    .enumerate()
                    .map(|(k, (next, truth))| {
                        let error = f64::from(next - truth) / self.deviations()[k / points];
                        if error.is_nan() { 0.0 } else { error as f32 }
                    });
                Ok(errors.collect())
            })
            .collect()
    }
}

/// What channels count: the variable's weight, over its levels; for a mean square error also in units
/// of the change over a step, so that what changes slowly is not forgotten.
fn channel_weights(
    settings: &Settings,
    normalisation: &curlwind_operators::surrogate::Normalisation,
) -> Vec<f64> {
    let variables = &settings.data.variables;
    let of_levels = variables.iter().flat_map(|variable| {
        let levels = variable.levels.len().max(1);
        std::iter::repeat_n(variable.weight, levels)
    });
    let mut weights: Vec<f64> = of_levels.collect();
    if settings.training.loss == LossKind::Mse {
        let n = normalisation;
        for (weight, (all, change)) in weights.iter_mut().zip(n.std.iter().zip(&n.difference_std)) {
            *weight *= (all / change).powi(2);
        }
    }
    weights
}

/// Names and values of the constant inputs, all of order 1.
fn statics(settings: &Settings, grid: &LatLon) -> Result<(Vec<String>, Vec<f32>)> {
    let (mut names, mut values) = (Vec::new(), Vec::new());
    // the learned stepping operator has the rotation among its sources
    let inputs = match settings.operator {
        NetworkConfig::Stepping(_) => &[][..],
        _ => &settings.data.inputs,
    };
    for input in inputs.iter().filter(|input| input.is_constant()) {
        names.extend(input.names().iter().map(ToString::to_string));
        let any = DateTime::new(2000, 1, 1, 0);
        input.append(grid, any, Default::default(), &mut values);
    }
    let rows = row_weights(&domain(grid)?);
    for constant in &settings.data.constants {
        let field = constant_field(Path::new(&constant.file), &constant.name, grid)?;
        let weight = |k: usize| rows[k / grid.nlon()] / grid.nlon() as f64;
        let mean: f64 = field.iter().enumerate().map(|(k, v)| weight(k) * v).sum();
        let squares = field
            .iter()
            .enumerate()
            .map(|(k, v)| weight(k) * (v - mean).powi(2));
        let deviation = squares.sum::<f64>().sqrt();
        let scale = if deviation > 0.0 { deviation } else { 1.0 };
        names.push(constant.name.clone());
        values.extend(field.iter().map(|v| ((v - mean) / scale) as f32));
    }
    Ok((names, values))
}

/// A field of a file at the points of a grid that is all or a part of the file's.
///
/// # Errors
/// A file that cannot be read, points that it does not have.
pub fn constant_field(path: &Path, name: &str, grid: &LatLon) -> Result<Vec<f64>> {
    let reader = Reader::open(path).map_err(Error::unusable)?;
    let first = Selection::new().time_index(0).allow_missing();
    let field = reader.read_lat_lon(name, &first).map_err(Error::unusable)?;
    let near = |a: f64, b: f64| ((a - b + 180.0).rem_euclid(360.0) - 180.0).abs() < 1e-3;
    let places = |wanted: &[f64], found: &[f64]| -> Option<Vec<usize>> {
        wanted
            .iter()
            .map(|w| found.iter().position(|f| near(*w, *f)))
            .collect()
    };
    let rows = places(&grid.latitudes_deg, &field.grid.latitudes_deg);
    let columns = places(&grid.longitudes_deg, &field.grid.longitudes_deg);
    let (Some(rows), Some(columns)) = (rows, columns) else {
        return Err(Error::unusable(format!(
            "{}: `{name}` is on {} x {} points, not on those of the analyses; interpolate it",
            path.display(),
            field.grid.nlat(),
            field.grid.nlon()
        )));
    };
    let value = |j: &usize, i: &usize| match field.values[[*j, *i]] {
        v if v.is_finite() => v,
        _ => 0.0,
    };
    Ok(rows
        .iter()
        .flat_map(|j| columns.iter().map(move |i| value(j, i)))
        .collect())
}

fn training_error(error: OperatorError) -> Error {
    match error {
        OperatorError::Config { .. } | OperatorError::Grid { .. } => Error::unusable(error),
        error => Error::failed(error),
    }
}
