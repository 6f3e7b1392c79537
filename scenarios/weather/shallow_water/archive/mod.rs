//! Long runs, kept like an archive of analyses: years of a flow that is forced and chaotic, on
//! which a surrogate can be trained as on a reanalysis (a nature run).
//!
//! The run goes year by year. States are written as they come and never held; at each year's end the
//! file gets its name, and then the solver's state is saved. A run that was interrupted goes on from
//! the last whole year and writes the same bytes.

pub mod diagnostics;
pub mod pictures;
pub mod saved;
pub mod settings;
pub mod year_file;
pub mod years;

use super::Loaded;
use super::gridded::Gridded;
use super::initial::{Prepared, jets};
use super::pipeline::{prepare_in, report};
use super::simulation::solver_error;
use crate::commands::Options;
use crate::error::{Error, Result};
use crate::run_folder::{RunFolder, ScoreRow, Scores};
use curlwind_datasets::calendar::{Calendar, DateTime};
use curlwind_solvers::shallow_water::{Checkpoint, Solver};
use diagnostics::Diagnostics;
use indicatif::ProgressBar;
use saved::Saved;
use settings::Archive;
use std::ops::ControlFlow;
use year_file::{Origin, YearFile};
use years::{Year, years};

const DAY: f64 = 86400.0;

/// A long run as it is set up.
struct Run<'a> {
    loaded: &'a Loaded,
    archive: &'a Archive,
    prepared: Prepared,
    gridded: Gridded,
    solver: Solver,
    /// Seconds between states.
    interval: f64,
    folder: &'a RunFolder,
}

/// Runs `solver.duration` after the spin-up, into one file a year, and reports its climate.
///
/// # Errors
/// Unusable settings; a time step that becomes unstable; a run that blew up; a full disk.
pub fn simulate(
    loaded: &Loaded,
    archive: &Archive,
    folder: &RunFolder,
    options: &Options,
) -> Result<Scores> {
    let settings = &loaded.settings.solver;
    let calendar = Calendar::Standard;
    let start = DateTime::parse(&archive.start, calendar).map_err(Error::unusable)?;
    let interval = settings.output_interval.si();
    let count = (settings.duration.si() / interval).round() as u64;
    let years = years(start, calendar, interval / 3600.0, count);
    let prepared = prepare_in(loaded, folder)?;
    let orography = prepared.case.orography.as_ref();
    let gridded = Gridded::new(
        archive.latitudes,
        prepared.case.equation,
        orography.map(|ground| (ground, prepared.truncation())),
    )?;
    let solver = prepared.solver(settings, settings.time_step.si())?;
    let run = Run {
        loaded,
        archive,
        prepared,
        gridded,
        solver,
        interval,
        folder,
    };
    let place = folder.folder("checkpoint")?.join("solver.json");
    let mut saved = match Saved::read(&place)? {
        Some(saved) => saved,
        None => {
            let _phase = folder.phase("spin-up")?;
            let saved = run.spin_up(&options.progress("spin-up"))?;
            saved.write(&place)?;
            saved
        }
    };
    let progress = options.progress("solver");
    progress.set_length(count);
    for year in years.iter().skip(saved.years) {
        let _phase = folder.phase("solver")?;
        saved = run.year(year, saved, &progress)?;
        saved.write(&place)?;
    }
    progress.finish_and_clear();
    run.results(&years, &saved)
}

impl Run<'_> {
    fn spin_up(&self, progress: &ProgressBar) -> Result<Saved> {
        let initial = self.prepared.case.initial.clone();
        let mut checkpoint = Checkpoint::start(initial);
        let duration = self.archive.spin_up.si();
        progress.set_length((duration / self.interval).round() as u64);
        if duration > 0.0 {
            let run = self
                .solver
                .resume(checkpoint, duration, self.interval, |_| {
                    progress.inc(1);
                    ControlFlow::Continue(())
                });
            checkpoint = run.map_err(solver_error)?;
        }
        progress.finish_and_clear();
        checkpoint.time = 0.0;
        let mass = checkpoint.state.geopotential[0].re / self.prepared.case.equation.gravity;
        Ok(Saved {
            years: 0,
            checkpoint,
            mass,
            diagnostics: Diagnostics::default(),
        })
    }

    /// Runs one year from its first state to the first of the next, which that year writes.
    fn year(&self, year: &Year, from: Saved, progress: &ProgressBar) -> Result<Saved> {
        let (equation, truncation) = (self.prepared.case.equation, self.prepared.truncation());
        let name = format!("{}_{:04}.nc", self.archive.name, year.year);
        let origin = Origin {
            title: &self.loaded.settings.title,
            model: &format!("shallow_water solver, T{truncation}"),
            first: year.first,
            calendar: Calendar::Standard,
        };
        let mut file = YearFile::create(&self.folder.file(&name), &self.gridded, &origin)?;
        let Saved {
            years,
            checkpoint,
            mass,
            mut diagnostics,
        } = from;
        let states = year.states.end - year.states.start;
        let daily = (DAY / self.interval).round().max(1.0) as u64;
        let mut written = 0;
        let mut failure = None;
        let duration = states as f64 * self.interval;
        let run = self
            .solver
            .resume(checkpoint, duration, self.interval, |snapshot| {
                if written == states {
                    return ControlFlow::Continue(());
                }
                let number = year.states.start + written;
                progress.set_position(number);
                let hours = written as f64 * self.interval / 3600.0;
                let mut seen = file.append(hours, &self.gridded, snapshot.state, truncation);
                if number.is_multiple_of(daily) && seen.is_ok() {
                    let days = number as f64 * self.interval / DAY;
                    let grid = snapshot.state.to_grid(&self.prepared.transform, &equation);
                    seen = grid.map_err(solver_error).map(|grid| {
                        let radius = equation.radius;
                        diagnostics.add(days, snapshot.state, truncation, radius, &grid);
                    });
                }
                written += 1;
                match seen {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(error) => {
                        failure = Some(error);
                        ControlFlow::Break(())
                    }
                }
            });
        let checkpoint = run.map_err(solver_error)?;
        if let Some(error) = failure {
            return Err(error);
        }
        file.finish()?;
        Ok(Saved {
            years: years + 1,
            checkpoint,
            mass,
            diagnostics,
        })
    }

    fn results(&self, years: &[Year], saved: &Saved) -> Result<Scores> {
        let truncation = self.prepared.truncation();
        let model = format!("solver@T{truncation}");
        let gravity = self.prepared.case.equation.gravity;
        let mut scores = Scores::new();
        let per_day = DAY / self.interval;
        for year in years {
            let day = |state: u64| state as f64 / per_day;
            let (from, to) = (day(year.states.start), day(year.states.end));
            let energies = saved.diagnostics.mean_energy(from, to);
            for (variable, value) in ["zonal_kinetic_energy", "eddy_kinetic_energy"]
                .into_iter()
                .zip(energies)
            {
                let case = format!("{} {}", self.archive.name, year.year);
                scores.push(ScoreRow::new(&case, &model, variable, "mean", value));
            }
        }
        let mass = saved.checkpoint.state.geopotential[0].re / gravity;
        let drift = mass / saved.mass - 1.0;
        let name = &self.archive.name;
        scores.push(ScoreRow::new(name, &model, "mass", "relative_drift", drift));
        scores.write(&self.folder.file("scores.json"))?;
        let _phase = self.folder.phase("figures")?;
        let days = saved.checkpoint.time / DAY;
        let shown = pictures::Shown {
            title: &self.loaded.settings.title,
            diagnostics: &saved.diagnostics,
            transform: &self.prepared.transform,
            radius: self.prepared.case.equation.radius,
            jets: self.loaded.settings.solver.forcing.as_ref().map(jets),
            last: (&saved.checkpoint.state, days),
        };
        let figures = pictures::draw(&self.folder.folder("figures")?, &shown, &self.gridded)?;
        let manifest = self.folder.manifest();
        let summary = format!(
            "{name}: {days} days at T{truncation} on {} x {} points in {} files, {:.0} s with output, \
             after {} days of spin-up in {:.0} s; mass drift {drift:.1e}.",
            self.gridded.grid().nlat(),
            self.gridded.grid().nlon(),
            years.len(),
            manifest.phase_seconds("solver"),
            self.archive.spin_up.si() / DAY,
            manifest.phase_seconds("spin-up"),
        );
        report(self.loaded, self.folder, &summary, &figures, &scores)?;
        Ok(scores)
    }
}
