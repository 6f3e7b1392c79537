//! The commands of the scenario, phase by phase, inside a run folder.

use super::evaluation::{Forecast, Truth, grade, overtaken};
use super::gridded::{Gridded, Weather};
use super::initial::{AnalysisRequest, Prepared, from_analysis, prepare, transform};
use super::output::Output;
use super::pictures::{Album, invariants_of, simulation_pictures};
use super::rollout::Roller;
use super::simulation::{self, Simulation, solver_error};
use super::train::{TrainingRun, climatology, split, train_surrogate};
use super::{Loaded, archive, generate as generation};
use crate::commands::Options;
use crate::config::to_toml;
use crate::error::{Error, Result};
use crate::figures::Figure;
use crate::report::run_page;
use crate::run_folder::Align;
use crate::run_folder::{RunFolder, ScoreRow, Scores, Table, write_atomically};
use crate::training_data::store_folder;
use crate::weather::scores::AreaMean;
use curlwind_datasets::netcdf::quantity::STANDARD_GRAVITY;
use curlwind_datasets::store::{Split, Store};
use curlwind_operators::surrogate::Surrogate;
use curlwind_operators::training::{Fitted, TrainingFacts};
use curlwind_solvers::shallow_water::{Invariants, ShallowWater, State};
use serde::Serialize;
use std::path::Path;

/// Removes a file of an earlier attempt, so that it is written anew.
fn fresh(path: std::path::PathBuf) -> std::path::PathBuf {
    let _ = std::fs::remove_file(&path);
    path
}

/// The solver alone.
///
/// # Errors
/// Unusable settings or states; a run that blew up.
pub fn simulate(loaded: &Loaded, folder: &RunFolder, options: &Options) -> Result<Scores> {
    let settings = &loaded.settings;
    if let Some(archive) = &settings.archive {
        return archive::simulate(loaded, archive, folder, options);
    }
    let prepared = prepare_in(loaded, folder)?;
    let latitudes = prepared.transform.grid().nlat();
    let gridded = gridded(latitudes, &prepared)?;
    let duration = settings.solver.duration.si();
    let simulation = {
        let _phase = folder.phase("solver")?;
        solve(
            loaded,
            &prepared,
            duration,
            &gridded,
            &folder.file("output.nc"),
            options,
        )?
    };
    let case = prepared.case.name;
    let scores = solver_scores(case, &prepared, &simulation, &gridded);
    scores.write(&folder.file("scores.json"))?;
    let _phase = folder.phase("figures")?;
    let pictures = folder.folder("figures")?;
    let radius = prepared.case.equation.radius;
    let figures = simulation_pictures(&pictures, &settings.title, &simulation, &gridded, radius)?;
    let summary = format!(
        "{case}: {} days at T{} in {:.1} s, mass drift {:.1e}, energy drift {:.1e}.",
        duration / 86400.0,
        simulation.truncation,
        simulation.seconds,
        drift(&simulation, |i| i.mass),
        drift(&simulation, |i| i.energy),
    );
    report(loaded, folder, &summary, &figures, &scores)?;
    Ok(scores)
}

pub(super) fn prepare_in(loaded: &Loaded, folder: &RunFolder) -> Result<Prepared> {
    let prepared = prepare(&loaded.settings, &folder.file("input"))?;
    for input in &prepared.inputs {
        folder.record_input(input)?;
    }
    let solver = prepared.solver(
        &loaded.settings.solver,
        loaded.settings.solver.time_step.si(),
    )?;
    let limit = solver
        .stable_time_step(&prepared.case.initial)
        .map_err(solver_error)?;
    if solver.time_step() > limit {
        return Err(loaded.refuse(
            "solver.time_step",
            format!(
                "{} is over the stability limit of this state at T{}: expected at most {:.0} s",
                loaded.settings.solver.time_step,
                prepared.truncation(),
                limit.floor()
            ),
        ));
    }
    Ok(prepared)
}

fn gridded(latitudes: usize, prepared: &Prepared) -> Result<Gridded> {
    let orography = prepared
        .case
        .orography
        .as_ref()
        .map(|o| (o, prepared.truncation()));
    Gridded::new(latitudes, prepared.case.equation, orography)
}

fn solve(
    loaded: &Loaded,
    prepared: &Prepared,
    duration: f64,
    gridded: &Gridded,
    file: &Path,
    options: &Options,
) -> Result<Simulation> {
    let settings = &loaded.settings.solver;
    let model = format!("shallow_water solver, T{}", prepared.truncation());
    let mut output = Output::create(
        &fresh(file.to_path_buf()),
        prepared,
        gridded.grid(),
        &loaded.settings.title,
        &model,
    )?;
    let simulation = simulation::simulate(
        prepared,
        settings,
        &options.device()?,
        settings.time_step.si(),
        (duration, settings.output_interval.si()),
        &options.progress("solver"),
        |hours, state| output.append(hours, &gridded.weather(state, prepared.truncation())),
    )?;
    Ok(simulation)
}

fn drift(simulation: &Simulation, of: fn(&Invariants) -> f64) -> f64 {
    let first = of(&simulation.invariants[0]);
    simulation
        .invariants
        .iter()
        .map(|i| (of(i) / first - 1.0).abs())
        .fold(0.0, f64::max)
}

/// Drift of the invariants, and the error where the exact solution is known.
fn solver_scores(
    case: &str,
    prepared: &Prepared,
    simulation: &Simulation,
    gridded: &Gridded,
) -> Scores {
    let model = format!("solver@T{}", simulation.truncation);
    let area = AreaMean::new(gridded.grid().weights());
    let mut scores = Scores::new();
    for (k, &lead) in simulation.leads.iter().enumerate().skip(1) {
        let (now, first) = (&simulation.invariants[k], &simulation.invariants[0]);
        for (name, value) in [
            ("mass", now.mass / first.mass - 1.0),
            ("energy", now.energy / first.energy - 1.0),
            (
                "potential_enstrophy",
                now.potential_enstrophy / first.potential_enstrophy - 1.0,
            ),
        ] {
            scores.push(ScoreRow::new(case, &model, name, "relative_drift", value).at_lead(lead));
        }
        if let Some(exact) = &prepared.case.exact {
            let field = |state: &State| gridded.weather(state, simulation.truncation);
            let (ours, truth) = (field(&simulation.states[k]), field(&exact(lead * 3600.0)));
            for ((name, _, ours), (_, _, truth)) in
                ours.variables().into_iter().zip(truth.variables())
            {
                let row =
                    |metric, value| ScoreRow::new(case, &model, name, metric, value).at_lead(lead);
                scores.push(row("rmse", area.rmse(ours.view(), truth.view())));
                // A component that vanishes has no norm to divide by.
                if truth.iter().any(|value| value.abs() > 1e-6) {
                    scores.push(row(
                        "relative_l2",
                        area.relative_l2(ours.view(), truth.view()),
                    ));
                }
            }
        }
    }
    scores
}

/// What `generate` made.
#[derive(Serialize)]
pub struct Generated {
    /// Flows in the folder.
    pub flows: usize,
    /// Wall time in seconds of this call.
    pub seconds: f64,
}

/// Training flows, and who trains on which.
///
/// # Errors
/// As [`generation::generate`].
pub fn generate(loaded: &Loaded, folder: &RunFolder, options: &Options) -> Result<Generated> {
    let (store, _) = flows(loaded, folder, options)?;
    let seconds = folder.manifest().phase_seconds("generate");
    Ok(Generated {
        flows: store.complete().len(),
        seconds,
    })
}

/// A surrogate trained on `data`, or on flows generated into the run.
///
/// # Errors
/// As [`train_surrogate`].
pub fn train(
    loaded: &Loaded,
    folder: &RunFolder,
    data: Option<&Path>,
    options: &Options,
) -> Result<TrainingFacts> {
    let (store, split) = match data {
        Some(data) => {
            let store = Store::open(store_folder(data)).map_err(Error::unusable)?;
            let split = split(&loaded.settings, &store)?;
            (store, split)
        }
        None => flows(loaded, folder, options)?,
    };
    let outcome = surrogate(loaded, folder, &store, &split, options)?;
    Ok(outcome.facts)
}

pub(super) fn flows(
    loaded: &Loaded,
    folder: &RunFolder,
    options: &Options,
) -> Result<(Store, Split)> {
    let _phase = folder.phase("generate")?;
    let place = folder.folder("data")?;
    let (settings, input) = (&loaded.settings, folder.file("input"));
    let progress = options.progress("flows");
    let store = generation::generate(settings, &options.device()?, &place, &input, &progress)?;
    let split = split(&loaded.settings, &store)?;
    Ok((store, split))
}

fn surrogate(
    loaded: &Loaded,
    folder: &RunFolder,
    store: &Store,
    split: &Split,
    options: &Options,
) -> Result<Fitted<Surrogate>> {
    let _phase = folder.phase("train")?;
    let run = TrainingRun {
        store,
        split,
        folder: folder.path(),
        device: &options.device,
        quiet: options.quiet,
        resume: true,
    };
    let outcome = train_surrogate(&loaded.settings, &run)?;
    folder.note("training", &outcome.facts)?;
    Ok(outcome)
}

/// What `forecast` is asked for.
pub struct ForecastRequest<'a> {
    /// Folder of a trained model.
    pub model: &'a Path,
    /// NetCDF with the initial state.
    pub init: &'a Path,
    /// Seconds.
    pub duration: f64,
    /// Level to read, in Pa.
    pub level_pa: Option<f64>,
    /// Whether the state is balanced first.
    pub balanced: bool,
}

/// A forecast with a trained surrogate from a state in a file; returns the number of leads.
///
/// # Errors
/// A model or a state that cannot be used.
pub fn forecast(request: &ForecastRequest, folder: &RunFolder, options: &Options) -> Result<usize> {
    folder.record_input(request.init)?;
    let roller = Roller::load(request.model, &options.device)?;
    let steps = generation::whole("--duration", request.duration, roller.time_step())?;
    let gridded = Gridded::new(roller.latitudes(), ShallowWater::default(), None)?;
    let analysis = AnalysisRequest {
        file: request.init,
        level_pa: request.level_pa,
        time: None,
        balanced: request.balanced,
    };
    let prepared = from_analysis(&analysis, transform(gridded.truncation())?)?;
    let _phase = folder.phase("forecast")?;
    let path = folder.file("output.nc");
    roll(
        &roller,
        &gridded,
        &prepared,
        steps,
        &path,
        "Surrogate forecast",
    )?;
    Ok(steps)
}

/// Rolls out, writes every lead, and returns the fields and the last state.
fn roll(
    roller: &Roller,
    gridded: &Gridded,
    prepared: &Prepared,
    steps: usize,
    path: &Path,
    title: &str,
) -> Result<(Vec<Weather>, Vec<State>)> {
    let from = prepared.truncation();
    let initial = &prepared.case.initial;
    let mut output = Output::create(
        &fresh(path.to_path_buf()),
        prepared,
        gridded.grid(),
        title,
        roller.name(),
    )?;
    output.append(0.0, &gridded.weather(initial, from))?;
    let (mut fields, mut states) = (
        Vec::new(),
        vec![initial.truncated(from, gridded.truncation())],
    );
    roller.run(gridded, initial, from, steps, |step, state| {
        let weather = gridded.weather(state, gridded.truncation());
        output.append(step as f64 * roller.time_step() / 3600.0, &weather)?;
        fields.push(weather);
        states.push(state.clone());
        Ok(())
    })?;
    Ok((fields, states))
}

/// What `run` found.
pub struct Summary {
    /// Every score.
    pub scores: Scores,
    case: String,
    surrogate: String,
    rivals: Vec<String>,
    sentences: Vec<String>,
}

/// Everything the scenario asks for.
///
/// # Errors
/// Whatever a phase returns; what was finished is kept, and `--resume` goes on.
pub fn run(loaded: &Loaded, folder: &RunFolder, options: &Options) -> Result<Summary> {
    let settings = &loaded.settings;
    generation::check(settings)?;
    let prepared = prepare_in(loaded, folder)?;
    let interval = settings.training_set.interval.si();
    if settings.solver.output_interval.si() != interval {
        return Err(loaded.refuse(
            "solver.output_interval",
            format!(
                "expected the surrogate's step, `training_set.interval` ({})",
                settings.training_set.interval
            ),
        ));
    }
    let duration = settings.forecast.duration.si();
    let gridded = gridded(settings.training_set.latitudes, &prepared)?;
    let reference = {
        let _phase = folder.phase("solver")?;
        solve(
            loaded,
            &prepared,
            duration,
            &gridded,
            &folder.file("solver.nc"),
            options,
        )?
    };
    let (store, split) = flows(loaded, folder, options)?;
    let outcome = surrogate(loaded, folder, &store, &split, options)?;
    let roller = Roller::new(outcome.model)?;

    let forecasting = folder.phase("forecast")?;
    let steps = reference.states.len() - 1;
    let path = folder.file("output.nc");
    let (fields, states) = roll(&roller, &gridded, &prepared, steps, &path, &settings.title)?;
    let seconds = forecasting.elapsed_seconds();
    drop(forecasting);

    let scoring = folder.phase("score")?;
    let climate = climatology(&store, &split, &gridded)?;
    let climate = gridded.weather(&gridded.state(&climate), gridded.truncation());
    let weather = |k: usize| gridded.weather(&reference.states[k], reference.truncation);
    let truth = Truth {
        leads: reference.leads[1..].to_vec(),
        fields: (1..=steps).map(weather).collect(),
        climatology: climate.clone(),
    };
    let always = |weather: &Weather| vec![weather.clone(); steps];
    let mut forecasts = vec![
        Forecast {
            model: roller.name().into(),
            fields,
        },
        Forecast {
            model: "persistence".into(),
            fields: always(&weather(0)),
        },
        Forecast {
            model: "climatology".into(),
            fields: always(&climate),
        },
    ];
    let mut coarse = Vec::new();
    for &truncation in &settings.forecast.coarse_truncations {
        let run = coarse_run(loaded, &prepared, truncation, duration, options)?;
        let fields = run.states[1..]
            .iter()
            .map(|s| gridded.weather(s, truncation))
            .collect();
        forecasts.push(Forecast {
            model: format!("solver@T{truncation}"),
            fields,
        });
        coarse.push(run);
    }
    let area = AreaMean::new(gridded.grid().weights());
    let case = prepared.case.name.to_string();
    let mut scores = grade(&case, &truth, &forecasts, &area);
    let held_out = held_out_scores(loaded, &roller, &gridded, &store, &split, &climate, steps)?;
    scores.rows.extend(held_out.rows);
    drop(scoring);

    let summary = summarise(
        loaded, &case, scores, &roller, &reference, &coarse, seconds, folder,
    );
    summary.scores.write(&folder.file("scores.json"))?;
    let _phase = folder.phase("figures")?;
    let place = folder.folder("figures")?;
    let mut album = Album::new(&place);
    let solver = format!("solver@T{}", reference.truncation);
    let days: Vec<f64> = (1..=5)
        .map(|k| (duration / 3600.0 / 5.0 * k as f64 / 24.0).round() * 24.0)
        .collect();
    let shown = [days[0], days[2], days[4]];
    album.panels(
        &settings.title,
        (&solver, roller.name()),
        gridded.grid(),
        &truth,
        &forecasts[0],
        &shown,
    )?;
    album.errors(&summary.scores, &case)?;
    let last = |run: &Simulation| run.states[run.states.len() - 1].clone();
    let (reference_end, coarse_ends) = (
        last(&reference),
        coarse.iter().map(last).collect::<Vec<_>>(),
    );
    let mut ends = vec![
        (solver.as_str(), &reference_end, reference.truncation),
        (roller.name(), &states[steps], gridded.truncation()),
    ];
    let names: Vec<String> = coarse
        .iter()
        .map(|run| format!("solver@T{}", run.truncation))
        .collect();
    for ((name, end), run) in names.iter().zip(&coarse_ends).zip(&coarse) {
        ends.push((name, end, run.truncation));
    }
    let radius = prepared.case.equation.radius;
    album.spectra(duration / 3600.0, radius, &ends)?;
    let surrogate_drift = surrogate_invariants(&gridded, &prepared, &states)?;
    album.invariants(&[
        (&solver, &reference.leads, invariants_of(&reference)),
        (roller.name(), &reference.leads, surrogate_drift),
    ])?;
    album.map(
        "initial",
        &format!("{}: initial state", settings.title),
        gridded.grid(),
        &weather(0),
    )?;
    report(
        loaded,
        folder,
        &summary.sentences.join(" "),
        &album.figures,
        &summary.scores,
    )?;
    Ok(summary)
}

fn coarse_run(
    loaded: &Loaded,
    prepared: &Prepared,
    truncation: usize,
    duration: f64,
    options: &Options,
) -> Result<Simulation> {
    let settings = &loaded.settings.solver;
    let coarse = prepared.at_truncation(truncation)?;
    // The step of the reference, longer in proportion, but never over the limit.
    let solver = coarse.solver(settings, settings.time_step.si())?;
    let limit = solver
        .stable_time_step(&coarse.case.initial)
        .map_err(solver_error)?;
    let scaled = settings.time_step.si() * prepared.truncation() as f64 / truncation as f64;
    simulation::simulate(
        &coarse,
        settings,
        &options.device()?,
        scaled.min(0.9 * limit),
        (duration, settings.output_interval.si()),
        &options.progress("coarse"),
        |_, _| Ok(()),
    )
}

fn surrogate_invariants(
    gridded: &Gridded,
    prepared: &Prepared,
    states: &[State],
) -> Result<Vec<[f64; 3]>> {
    let ground = gridded.orography();
    states
        .iter()
        .map(|state| {
            Invariants::of(gridded.transform(), &prepared.case.equation, ground, state)
                .map(|i| [i.mass, i.energy, i.potential_enstrophy])
                .map_err(solver_error)
        })
        .collect()
}

/// Mean scores over the flows that were kept for reporting.
fn held_out_scores(
    loaded: &Loaded,
    roller: &Roller,
    gridded: &Gridded,
    store: &Store,
    split: &Split,
    climate: &Weather,
    steps: usize,
) -> Result<Scores> {
    let steps = steps.min(store.layout().steps - 1);
    let hours = loaded.settings.training_set.interval.si() / 3600.0;
    let area = AreaMean::new(gridded.grid().weights());
    let size = gridded.state_len();
    let mut buffer = vec![0.0f32; size * (steps + 1)];
    let case = format!("held-out flows (mean of {})", split.test.len());
    let mut mean: Option<Scores> = None;
    for flow in &split.test {
        store
            .read_window(flow.trajectory, flow.start, steps + 1, &mut buffer)
            .map_err(Error::failed)?;
        let states: Vec<State> = buffer
            .chunks_exact(size)
            .map(|c| gridded.state(c))
            .collect();
        let fields = |states: &[State]| -> Vec<Weather> {
            states
                .iter()
                .map(|s| gridded.weather(s, gridded.truncation()))
                .collect()
        };
        let mut predicted = Vec::new();
        roller.run(
            gridded,
            &states[0],
            gridded.truncation(),
            steps,
            |_, state| {
                predicted.push(gridded.weather(state, gridded.truncation()));
                Ok(())
            },
        )?;
        let truth = Truth {
            leads: (1..=steps).map(|k| k as f64 * hours).collect(),
            fields: fields(&states[1..]),
            climatology: climate.clone(),
        };
        let forecasts = [
            Forecast {
                model: roller.name().into(),
                fields: predicted,
            },
            Forecast {
                model: "persistence".into(),
                fields: vec![gridded.weather(&states[0], gridded.truncation()); steps],
            },
            Forecast {
                model: "climatology".into(),
                fields: vec![climate.clone(); steps],
            },
        ];
        let scores = grade(&case, &truth, &forecasts, &area);
        mean = Some(match mean {
            None => scores,
            Some(sum) => add(sum, &scores),
        });
    }
    let mut mean = mean.unwrap_or_default();
    let count = split.test.len() as f64;
    for row in &mut mean.rows {
        row.value = row.value.map(|value| value / count);
        row.baseline = row.baseline.map(|value| value / count);
    }
    Ok(mean)
}

/// Row by row; one failed flow fails the mean.
fn add(mut sum: Scores, scores: &Scores) -> Scores {
    for (sum, row) in sum.rows.iter_mut().zip(&scores.rows) {
        sum.value = sum.value.zip(row.value).map(|(a, b)| a + b);
        sum.baseline = sum.baseline.zip(row.baseline).map(|(a, b)| a + b);
        if sum.note.is_none() {
            sum.note.clone_from(&row.note);
        }
    }
    sum
}

#[allow(clippy::too_many_arguments)] // everything the run found
fn summarise(
    loaded: &Loaded,
    case: &str,
    scores: Scores,
    roller: &Roller,
    reference: &Simulation,
    coarse: &[Simulation],
    seconds: f64,
    folder: &RunFolder,
) -> Summary {
    let surrogate = roller.name().to_string();
    let mut sentences = Vec::new();
    for baseline in ["persistence", "climatology"] {
        let lost = scores.series(case, &surrogate, "z", "rmse");
        let theirs = scores.series(case, baseline, "z", "rmse");
        let losses = lost
            .iter()
            .zip(&theirs)
            .filter(|(a, b)| a.1.partial_cmp(&b.1) != Some(std::cmp::Ordering::Less))
            .count();
        let leads = theirs.len();
        sentences.push(if losses == 0 && lost.len() == leads {
            format!("The surrogate's height error is below {baseline} at every lead.")
        } else {
            format!(
                "The surrogate's height error is not below {baseline} at {} of {leads} leads.",
                losses.max(leads - lost.len())
            )
        });
    }
    let mut rivals = vec!["persistence".to_string(), "climatology".to_string()];
    for run in coarse {
        let name = format!("solver@T{}", run.truncation);
        sentences.push(match overtaken(&scores, case, &surrogate, &name, "z") {
            Some(lead) => format!(
                "From {lead} h on, the solver at T{} is better than the surrogate.",
                run.truncation
            ),
            None => format!(
                "The solver at T{} is not better than the surrogate at the last lead.",
                run.truncation
            ),
        });
        sentences.push(format!(
            "Run time for {} days: solver T{} {:.2} s, T{} {:.2} s, surrogate {:.2} s.",
            loaded.settings.forecast.duration.si() / 86400.0,
            reference.truncation,
            reference.seconds,
            run.truncation,
            run.seconds,
            seconds
        ));
        rivals.push(name);
    }
    let manifest = folder.manifest();
    sentences.push(format!(
        "The surrogate cost {:.0} s of data generation and {:.0} s of training.",
        manifest.phase_seconds("generate"),
        manifest.phase_seconds("train")
    ));
    Summary {
        scores,
        case: case.into(),
        surrogate,
        rivals,
        sentences,
    }
}

impl Summary {
    /// The table in the terminal: height error and anomaly correlation by day.
    pub fn text(&self, folder: &Path) -> String {
        let names: Vec<&str> = std::iter::once(self.surrogate.as_str())
            .chain(self.rivals.iter().map(String::as_str))
            .collect();
        let mut text = String::new();
        let mut cases = vec![self.case.as_str()];
        cases.extend(
            self.scores
                .rows
                .iter()
                .map(|row| row.case.as_str())
                .filter(|c| *c != self.case)
                .take(1),
        );
        for case in cases {
            for (metric, what, scale) in [
                ("rmse", "RMSE of height (m)", 1.0 / STANDARD_GRAVITY),
                ("acc", "anomaly correlation of height", 1.0),
            ] {
                let heads = std::iter::once(("lead", Align::Right))
                    .chain(names.iter().map(|name| (*name, Align::Right)));
                let mut table = Table::new(heads);
                let leads = self.scores.series(case, &self.surrogate, "z", metric);
                for (lead, _) in leads.iter().filter(|(lead, _)| lead % 24.0 == 0.0) {
                    let cell = |name: &&str| {
                        let series = self.scores.series(case, name, "z", metric);
                        let found = series.iter().find(|(l, _)| l == lead);
                        found.map_or("-".into(), |(_, v)| match metric {
                            "acc" => format!("{v:.3}"),
                            _ => format!("{:.1}", v * scale),
                        })
                    };
                    table.push(
                        std::iter::once(format!("{} d", lead / 24.0)).chain(names.iter().map(cell)),
                    );
                }
                text += &format!(
                    "{case}: {what} against the reference solver\n{}\n",
                    table.render(100)
                );
            }
        }
        format!(
            "{text}{}\nReport: {}",
            self.sentences.join("\n"),
            folder.join("report.html").display()
        )
    }
}

pub(super) fn report(
    loaded: &Loaded,
    folder: &RunFolder,
    summary: &str,
    figures: &[(Figure, String)],
    scores: &Scores,
) -> Result<()> {
    let configuration = to_toml(&loaded.settings)?;
    let page = run_page(&folder.manifest(), summary, figures, scores, &configuration);
    write_atomically(&folder.file("report.html"), page.to_html().as_bytes())?;
    Ok(())
}
