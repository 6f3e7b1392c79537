//! Forecasts of the test period by everybody, in files, and their scores.

use super::ensemble::{Analyses, Plan};
use super::files::{Place, StateFile};
use super::forecast::{about, write};
use super::ingest::Ingested;
use super::learned::Learned;
use super::partners::{Kind, Partner};
use super::settings::{PerturbationKind, Settings};
use super::train::Sets;
use super::verdict::TRIVIAL;
use crate::commands::Options;
use crate::error::{Error, Result};
use crate::run_folder::{RunFolder, Scores};
use crate::weather::verification::{Files, verify};
use curlwind_datasets::calendar::DateTime;
use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

/// Who forecast, and the files.
pub struct Forecasts {
    /// Initial times.
    pub starts: Vec<i64>,
    /// Steps of each.
    pub steps: usize,
    /// Names, the surrogate first; the file of each is `forecasts/NAME.nc`.
    pub models: Vec<String>,
    /// Seconds that a forecast of one initial time took, where it was made in this call.
    pub seconds: Vec<Option<f64>>,
}

/// Initial times from which a set has the truth of all steps, at most `count` of them, evenly spread.
pub fn starts(
    data: &Ingested,
    set: &[Range<usize>],
    steps: usize,
    history: usize,
    count: usize,
) -> Vec<i64> {
    let timeline = data.timeline();
    let step = timeline.step();
    let earlier =
        |time: i64| (1..=history).all(|k| timeline.index(time - k as i64 * step).is_some());
    let all: Vec<i64> = set
        .iter()
        .flat_map(|run| run.start..(run.end.saturating_sub(steps)).max(run.start))
        .filter_map(|index| timeline.time(index))
        .filter(|time| earlier(*time))
        .collect();
    let count = count.min(all.len());
    (0..count).map(|k| all[k * all.len() / count]).collect()
}

/// Steps before an initial time that its members need.
pub fn history(settings: &Settings) -> usize {
    let ensemble = &settings.ensemble;
    match ensemble.perturbation {
        _ if ensemble.members == 1 => 0,
        PerturbationKind::Bred => ensemble.cycle * ensemble.cycles,
        PerturbationKind::Lagged => ensemble.members - 1,
        PerturbationKind::RandomField | PerturbationKind::RandomSpectral => 0,
    }
}

/// Everybody's forecasts of the test period; those that are there already stay.
///
/// # Errors
/// A test period that is too short, partners that do not fit the data, runs that blew up.
pub fn forecast_all(
    settings: &Settings,
    learned: &Learned,
    data: &Ingested,
    sets: &Sets,
    folder: &RunFolder,
    options: &Options,
) -> Result<Forecasts> {
    let step = data.step();
    let steps = (settings.forecast.duration.si() / step).round() as usize;
    let starts = starts(
        data,
        &sets.test,
        steps,
        history(settings),
        settings.forecast.starts,
    );
    if starts.is_empty() {
        return Err(Error::unusable(format!(
            "the test set has no initial time with {steps} steps of truth after it (and {} before); \
             `forecast.duration` or `split` want another value",
            history(settings)
        )));
    }
    let home = folder.folder("forecasts")?;
    let mut made = Forecasts {
        starts,
        steps,
        models: Vec::new(),
        seconds: Vec::new(),
    };
    let phase = folder.phase("forecast")?;
    write_truth(learned, data, &made, &home.join("truth.nc"))?;
    let name = learned.name().to_string();
    let path = home.join(format!("{name}.nc"));
    let checkpoint = folder.file("checkpoint");
    let begun = std::time::Instant::now();
    let plan = Plan {
        learned,
        starts: &made.starts,
        members: settings.ensemble.members,
        steps,
        seed: settings.seed,
        amplitude: learned.about.amplitude,
        noise: learned.about.noise,
    };
    let progress = options.progress("forecast");
    let made_now = write(&plan, data, &path, &checkpoint, &name, &progress)?;
    let per_forecast =
        begun.elapsed().as_secs_f64() / (made.starts.len() * settings.ensemble.members) as f64;
    made.add(name, made_now.then_some(per_forecast));
    trivial(learned, data, &mut made, &home)?;
    drop(phase);
    let _phase = folder.phase("partners")?;
    let kinds = [
        (Kind::ShallowWater, &settings.partners.shallow_water),
        (Kind::Barotropic, &settings.partners.barotropic),
    ];
    for (kind, settings) in kinds {
        for settings in settings {
            let partner =
                Partner::new(kind, settings, &learned.about.channels, &learned.about.grid)?;
            numerical(&partner, learned, data, &mut made, &home)?;
        }
    }
    Ok(made)
}

impl Forecasts {
    fn add(&mut self, name: String, seconds: Option<f64>) {
        self.models.push(name);
        self.seconds.push(seconds);
    }
}

/// The analyses of all valid times.
fn write_truth(learned: &Learned, data: &Ingested, made: &Forecasts, path: &Path) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    let step = learned.about.step;
    let valid = |start: &i64| {
        let start = *start;
        (0..=made.steps).map(move |k| start + k as i64 * step)
    };
    let mut times: Vec<i64> = made.starts.iter().flat_map(valid).collect();
    times.sort_unstable();
    times.dedup();
    let about = about(learned);
    let mut file = StateFile::trajectory(path, &about, "analyses", times[0])?;
    for time in &times {
        file.put(
            Place {
                start: 0,
                member: 0,
            },
            &data.analysis(*time)?,
        )?;
        file.finish_lead((time - times[0]) as f64 / 3.6e9)?;
    }
    file.finish()
}

/// Persistence, damped persistence and climatology.
fn trivial(learned: &Learned, data: &Ingested, made: &mut Forecasts, home: &Path) -> Result<()> {
    let (points, step) = (learned.points(), learned.about.step);
    let climate = &learned.about.climatology;
    let date = |time: i64| DateTime::from_microseconds(time, climate.calendar());
    for name in TRIVIAL {
        let path = home.join(format!("{name}.nc"));
        if !path.exists() {
            let mut file = StateFile::forecast(&path, &about(learned), name, &made.starts)?;
            for lead in 0..=made.steps {
                for (number, start) in made.starts.iter().enumerate() {
                    let analysis = data.analysis(*start)?;
                    let mean = climate.at(date(start + lead as i64 * step));
                    let mut state = match name {
                        "persistence" => analysis,
                        "climatology" => mean,
                        _ => {
                            let first = climate.at(date(*start));
                            let left = |k: usize| match lead {
                                0 => 1.0,
                                lead => learned.about.damping[lead - 1][k / points] as f32,
                            };
                            let anomalies =
                                analysis.iter().zip(&first).map(|(a, c)| a - c).enumerate();
                            anomalies
                                .zip(mean)
                                .map(|((k, a), m)| m + left(k) * a)
                                .collect()
                        }
                    };
                    learned.hide(&mut state);
                    file.put(
                        Place {
                            start: number,
                            member: 0,
                        },
                        &state,
                    )?;
                }
                file.finish_lead(lead as f64 * learned.step_hours())?;
            }
            file.finish()?;
        }
        made.add(name.to_string(), None);
    }
    Ok(())
}

/// A numerical model; its states wait in memory for one initial time only.
fn numerical(
    partner: &Partner,
    learned: &Learned,
    data: &Ingested,
    made: &mut Forecasts,
    home: &Path,
) -> Result<()> {
    let name = partner.name();
    let path = home.join(format!("{name}.nc"));
    let mut seconds = None;
    if !path.exists() {
        let leads = super::ensemble::leads::Leads::new(&home.join("partner"), learned.state_len())?;
        let begun = std::time::Instant::now();
        for (number, start) in made.starts.iter().enumerate() {
            let analysis = data.analysis(*start)?;
            // here the number of the file is that of the initial time
            let mut writer = leads.write(number)?;
            partner.run(&analysis, data.step(), made.steps, |state| {
                writer.push(&state)
            })?;
            writer.finish()?;
        }
        seconds = Some(begun.elapsed().as_secs_f64() / made.starts.len() as f64);
        let mut file = StateFile::forecast(&path, &about(learned), &name, &made.starts)?;
        for lead in 0..=made.steps {
            for start in 0..made.starts.len() {
                file.put(Place { start, member: 0 }, &leads.read(start, lead, 1)?)?;
            }
            file.finish_lead(lead as f64 * learned.step_hours())?;
        }
        file.finish()?;
        leads.remove()?;
    }
    made.add(name, seconds);
    Ok(())
}

/// Scores of all forecasts against the analyses, each with the better of persistence and climatology
/// as its baseline.
///
/// # Errors
/// Files that cannot be read.
pub fn score_all(
    case: &str,
    made: &Forecasts,
    folder: &RunFolder,
    options: &Options,
) -> Result<Scores> {
    let _phase = folder.phase("score")?;
    let home = folder.file("forecasts");
    let mut scores = Scores::new();
    for model in &made.models {
        let (forecast, truth) = (home.join(format!("{model}.nc")), home.join("truth.nc"));
        let climatology = home.join("climatology.nc");
        let files = Files {
            climatology: Some(&climatology),
            ..Files::new(&forecast, &truth)
        };
        let found = verify(&files, None, &options.progress("scoring"))?.scores();
        // persistence and climatology have files of their own, and are baselines of every other
        let mut seen = HashSet::new();
        for mut row in found.rows.into_iter().filter(|row| row.model == *model) {
            let new = seen.insert(format!(
                "{} {} {:?}",
                row.variable, row.metric, row.lead_hours
            ));
            // a climatology has no anomaly of its own
            if new && !(model == "climatology" && row.metric == "acc") {
                row.case = case.to_string();
                scores.push(row);
            }
        }
    }
    Ok(scores)
}
