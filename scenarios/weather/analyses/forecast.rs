//! `curlwind forecast` with a model trained on analyses: from a file, with members.

use super::ensemble::leads::Leads;
use super::ensemble::{Plan, roll_out};
use super::files::{About, Place, StateFile};
use super::ingest;
use super::learned::Learned;
use crate::commands::Options;
use crate::error::{Error, Result};
use crate::run_folder::RunFolder;
use curlwind_datasets::calendar::DateTime;
use curlwind_datasets::series::{Series, expand};
use indicatif::ProgressBar;
use std::path::Path;

/// What `forecast` is asked for.
pub struct Request<'a> {
    /// Folder of the model.
    pub model: &'a Path,
    /// NetCDF file or pattern with the analysis.
    pub init: &'a Path,
    /// ISO 8601 time of the analysis; the last without one.
    pub time: Option<&'a str>,
    /// Seconds.
    pub duration: f64,
    /// Members; as many as in training without.
    pub members: Option<usize>,
}

/// A forecast from an analysis; returns the number of leads and members.
///
/// # Errors
/// A model or an analysis that cannot be used; a full disk.
pub fn forecast(
    request: &Request,
    folder: &RunFolder,
    options: &Options,
) -> Result<(usize, usize)> {
    let learned = Learned::load(request.model, &options.device)?;
    let patterns = [request.init.display().to_string()];
    let files = expand(&patterns, Path::new("")).map_err(Error::unusable)?;
    for file in &files {
        folder.record_input(file)?;
    }
    let series = analyses(&learned, &files)?;
    let start = initial_time(request.time, &series)?;
    let step = learned.about.step as f64 * 1e-6;
    let steps = request.duration / step;
    if steps.round() < 1.0 || (steps - steps.round()).abs() > 1e-9 {
        return Err(Error::unusable(format!(
            "--duration: expected a whole number of the model's steps of {} h",
            step / 3600.0
        )));
    }
    let steps = steps.round() as usize;
    let members = request.members.unwrap_or(learned.about.ensemble.members);
    if members == 0 {
        return Err(Error::unusable("--members: expected 1 or more"));
    }
    let _phase = folder.phase("forecast")?;
    let plan = Plan {
        learned: &learned,
        starts: &[start],
        members,
        steps,
        seed: options.seed.unwrap_or(0),
        amplitude: learned.about.amplitude,
        noise: learned.about.noise,
    };
    let name = format!("{}, ensemble of analyses", learned.name());
    write(
        &plan,
        &series,
        &folder.file("output.nc"),
        &folder.file("checkpoint"),
        &name,
        &options.progress("forecast"),
    )?;
    Ok((steps, members))
}

/// Rolls a plan out and writes every lead as it comes. States wait in `checkpoint` until the file is
/// complete; a run that was interrupted makes the file again from them and goes on. Where the file is and
/// the checkpoint is not, nothing is left to do: `false`.
///
/// # Errors
/// As [`roll_out()`]; files that cannot be written.
pub fn write(
    plan: &Plan,
    analyses: &dyn super::ensemble::Analyses,
    path: &Path,
    checkpoint: &Path,
    name: &str,
    progress: &ProgressBar,
) -> Result<bool> {
    if path.exists() && !checkpoint.exists() {
        return Ok(false);
    }
    let learned = plan.learned;
    let leads = Leads::new(checkpoint, learned.state_len())?;
    let about = about(learned);
    let mut file = StateFile::growing(path, &about, name, plan.starts, plan.members)?;
    roll_out(plan, analyses, &leads, progress, |lead, leads| {
        for start in 0..plan.starts.len() {
            for member in 0..plan.members {
                let mut state = leads.read(lead, start * plan.members + member, 1)?;
                learned.hide(&mut state);
                file.put(Place { start, member }, &state)?;
            }
        }
        file.finish_lead(lead as f64 * learned.step_hours())
    })?;
    file.finish()?;
    leads.remove()?;
    Ok(true)
}

/// What the files of a model's forecasts have in common.
pub fn about(learned: &Learned) -> About<'_> {
    About {
        title: &learned.about.title,
        channels: &learned.about.channels,
        grid: &learned.about.grid,
        calendar: learned.about.climatology.calendar(),
    }
}

/// The analyses in files, as the model wants them.
fn analyses(learned: &Learned, files: &[std::path::PathBuf]) -> Result<Series> {
    let mut data = learned.about.data.clone();
    data.step = None;
    let series = ingest::series(&data, files)?;
    let place = || {
        files
            .iter()
            .map(|f| f.display().to_string())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (grid, expected) = (series.grid(), &learned.about.grid);
    let near = |a: &[f64], b: &[f64]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3)
    };
    if !near(&grid.latitudes_deg, &expected.latitudes_deg)
        || !near(&grid.longitudes_deg, &expected.longitudes_deg)
    {
        return Err(Error::unusable(format!(
            "{}: the model was trained on {} x {} points, the analysis is on {} x {} (or at other places)",
            place(),
            expected.nlat(),
            expected.nlon(),
            grid.nlat(),
            grid.nlon()
        )));
    }
    let labels = |channels: &[curlwind_datasets::series::Channel]| -> Vec<String> {
        channels
            .iter()
            .map(|c| format!("{} ({})", c.label(), c.units))
            .collect()
    };
    let (found, wanted) = (labels(series.channels()), labels(&learned.about.channels));
    if found.len() != wanted.len()
        || series
            .channels()
            .iter()
            .zip(&learned.about.channels)
            .any(|(a, b)| a.units != b.units)
    {
        return Err(Error::unusable(format!(
            "{}: the model has {}, the analysis {}",
            place(),
            wanted.join(", "),
            found.join(", ")
        )));
    }
    if series.timeline().calendar() != learned.about.climatology.calendar() {
        return Err(Error::unusable(format!(
            "{}: the model was trained in the {} calendar, the analysis is in {}",
            place(),
            learned.about.climatology.calendar().name(),
            series.timeline().calendar().name()
        )));
    }
    Ok(series)
}

/// The time asked for, or the last.
fn initial_time(asked: Option<&str>, series: &Series) -> Result<i64> {
    let timeline = series.timeline();
    let calendar = timeline.calendar();
    let last = timeline.times().last();
    let Some(asked) = asked else {
        return last.ok_or_else(|| Error::unusable("--init: there is no time in it"));
    };
    let date =
        DateTime::parse(asked, calendar).map_err(|e| Error::unusable(format!("--time: {e}")))?;
    let time = date.microseconds(calendar);
    match timeline.index(time) {
        Some(_) => Ok(time),
        None => {
            let day = |t: i64| DateTime::from_microseconds(t, calendar).to_string();
            let ends = timeline.times().next().zip(last);
            let ends = ends.map_or(String::new(), |(a, b)| {
                format!("; it has {} to {}", day(a), day(b))
            });
            Err(Error::unusable(format!(
                "--time: there is no analysis of {date}{ends}"
            )))
        }
    }
}
