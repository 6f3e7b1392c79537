//! The command line: one file per command.

mod compare;
mod forecast;
mod generate;
mod inspect;
mod list;
mod run;
mod score;
mod simulate;
mod sweep;
mod train;

use crate::catalogue::{self, Scenario};
use crate::electromagnetics::maxwell;
use crate::error::{Error, Result};
use crate::ranks;
use crate::run_folder::{RunFolder, Scores, Setup, score_table};
use crate::weather::scores::Weights;
use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Every simulation twice: once by a numerical solver, once by a neural operator, and one honest
/// account of the difference.
#[derive(Debug, Parser)]
#[command(name = "curlwind", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    options: Options,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Where solvers and networks run: auto, cpu, cuda:N or wgpu; auto is the first CUDA device, else cpu
    #[arg(long, global = true, default_value = "auto", value_name = "DEVICE")]
    pub device: String,
    /// Seed of everything random [default: the scenario's]
    #[arg(long, global = true, value_name = "N")]
    pub seed: Option<u64>,
    /// Trainings that differ in their seed alone (`train`, `run`, `compare`): scores are of each, with
    /// mean and spread [default: 1; for `compare` the scenario's]
    #[arg(long, global = true, value_name = "N")]
    pub seeds: Option<usize>,
    /// No progress and no tables, only errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Print the summary as JSON on standard output
    #[arg(long, global = true)]
    pub json: bool,
}

/// A scenario and where its run goes.
#[derive(Clone, Debug, Args)]
pub struct ScenarioRun {
    /// A built-in name (see `curlwind list`) or a TOML file
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,
    /// Folder of the run; must be new or empty
    #[arg(long, short, value_name = "RUN")]
    pub output: PathBuf,
    /// A set of overrides that the scenario keeps under a name: demo, small
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
    /// Overrides a key of the scenario; may be repeated
    #[arg(long, value_name = "KEY.PATH=VALUE")]
    pub set: Vec<String>,
    /// Continues a run that was interrupted
    #[arg(long)]
    pub resume: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Scenarios and operators, a line each
    List,
    /// Runs the numerical solver alone
    Simulate {
        #[command(flatten)]
        run: ScenarioRun,
        /// Starts from this NetCDF state (u, v and h or z) in place of the scenario's own
        #[arg(long, value_name = "FILE")]
        init: Option<PathBuf>,
    },
    /// Makes training data with the solver, in parallel, resumable
    Generate {
        #[command(flatten)]
        run: ScenarioRun,
    },
    /// Trains an operator on generated data
    Train {
        #[command(flatten)]
        run: ScenarioRun,
        /// A folder made by `generate` [default: generated into the run]
        #[arg(long, value_name = "DATA")]
        data: Option<PathBuf>,
    },
    /// Forecasts with a trained operator; predicts designs with the surrogate of a sweep, and the
    /// field that bodies scatter
    Forecast {
        /// A folder made by `train`, `run` or `sweep --surrogate`
        #[arg(long, value_name = "RUN")]
        model: PathBuf,
        /// NetCDF file with the initial state (u, v and h or z); CSV with a column for each
        /// parameter of the designs or each coordinate of the points; TOML with bodies, or HDF5 with
        /// their permittivity
        #[arg(long, value_name = "FILE")]
        init: PathBuf,
        /// Folder of the forecast; must be new or empty
        #[arg(long, short, value_name = "RUN")]
        output: PathBuf,
        /// Length of the forecast
        #[arg(long, default_value = "5 days", value_name = "TIME")]
        duration: String,
        /// Level to read where the file has several, e.g. "500 hPa"
        #[arg(long, value_name = "PRESSURE")]
        level: Option<String>,
        /// Uses the state as it is; by default its geopotential is replaced by the one in
        /// balance with its wind where the model was trained on balanced states
        #[arg(long)]
        unbalanced: bool,
        /// Initial time as ISO 8601, for models of analyses [default: the file's last]
        #[arg(long, value_name = "DATE")]
        time: Option<String>,
        /// Members, for models of analyses [default: as in the training]
        #[arg(long, value_name = "N")]
        members: Option<usize>,
        /// Continues a forecast of a model of analyses that was interrupted
        #[arg(long)]
        resume: bool,
    },
    /// Scores a forecast against the truth, with baselines
    Score {
        /// NetCDF forecast, as written by `forecast`, `simulate` or in the WeatherBench layout
        #[arg(long, value_name = "FILE")]
        forecast: PathBuf,
        /// NetCDF truth: the same layout, or a trajectory over valid time
        #[arg(long, value_name = "FILE")]
        truth: PathBuf,
        /// NetCDF with the climatological mean, for the anomaly correlation
        #[arg(long, value_name = "FILE")]
        climatology: Option<PathBuf>,
        /// Members of the forecast that are scored, from 0, such as 1-9 [default: all]
        #[arg(long, value_name = "LIST")]
        members: Option<String>,
        /// The member of the truth that is true
        #[arg(long, value_name = "N", default_value_t = 0)]
        truth_member: usize,
        /// Another forecast, which the first is compared with: a scorecard
        #[arg(long, value_name = "FILE")]
        baseline: Option<PathBuf>,
        /// Where scores are averaged: globe, northern_hemisphere, southern_hemisphere, tropics, land,
        /// sea, or SOUTH:NORTH,WEST:EAST in degrees, alone or followed by /land or /sea; may be
        /// repeated
        #[arg(long = "region", value_name = "REGION", allow_hyphen_values = true)]
        regions: Vec<String>,
        /// NetCDF with the share of land of each point, for the regions land and sea
        #[arg(long, value_name = "FILE")]
        land_sea_mask: Option<PathBuf>,
        /// How much a point counts
        #[arg(long, value_enum, default_value_t)]
        weights: Weights,
        /// Events of the fractions skill score: values at or above this one, or above a percentile of
        /// each field (p95), for all variables or one (z500=54000); may be repeated
        #[arg(
            long = "fss-threshold",
            value_name = "VALUE",
            allow_hyphen_values = true
        )]
        fss_thresholds: Vec<String>,
        /// Sides of its neighbourhoods, in points (odd) or kilometres (300km); may be repeated or
        /// separated by commas [default: 1]
        #[arg(long = "fss-neighbourhood", value_name = "SIZE", value_delimiter = ',')]
        fss_neighbourhoods: Vec<String>,
        /// Power by scale of forecast and truth, and of the wind's energy
        #[arg(long)]
        spectra: bool,
        /// Folder for scores.json, scores.nc, figures and report.html [default: the table alone]
        #[arg(long, short, value_name = "RUN")]
        output: Option<PathBuf>,
        /// Continues a scoring that was interrupted
        #[arg(long, requires = "output")]
        resume: bool,
    },
    /// Sweeps a design's dimensions: solver, and with --surrogate a network checked by the solver
    Sweep {
        #[command(flatten)]
        run: ScenarioRun,
        /// Trains a surrogate on the solved designs, asks it for thousands, and has the best and
        /// the most doubtful checked by the solver
        #[arg(long)]
        surrogate: bool,
        /// Searches on from the best designs for one that serves the sweep's goal better, with
        /// the solver
        #[arg(long)]
        optimise: bool,
    },
    /// All that the scenario asks for, end to end
    Run {
        #[command(flatten)]
        run: ScenarioRun,
    },
    /// Solver against operator: the benchmark report, with every rule of a fair comparison checked
    Compare {
        #[command(flatten)]
        run: ScenarioRun,
        /// The measurements of another comparison (measurements.json) to set beside
        #[arg(long, value_name = "OTHER.json")]
        against: Option<PathBuf>,
    },
    /// Says what a NetCDF, HDF5, Touchstone or model file holds
    Inspect {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// Unusable input, or a run that failed.
    pub fn execute(self) -> Result<()> {
        let options = &self.options.of_rank();
        options.check_seeds(&self.command)?;
        self.command.check_ranks()?;
        match self.command {
            Command::List => list::list(options),
            Command::Simulate { run, init } => simulate::simulate(&run, init.as_deref(), options),
            Command::Generate { run } => generate::generate(&run, options),
            Command::Train { run, data } => train::train(&run, data.as_deref(), options),
            Command::Forecast {
                model,
                init,
                output,
                duration,
                level,
                unbalanced,
                time,
                members,
                resume,
            } => {
                let request = forecast::Request {
                    model,
                    init,
                    output,
                    duration,
                    level,
                    unbalanced,
                    time,
                    members,
                    resume,
                };
                forecast::forecast(&request, options)
            }
            Command::Score {
                forecast,
                truth,
                climatology,
                members,
                truth_member,
                baseline,
                regions,
                land_sea_mask,
                weights,
                fss_thresholds,
                fss_neighbourhoods,
                spectra,
                output,
                resume,
            } => {
                let request = score::Request {
                    forecast,
                    truth,
                    climatology,
                    members,
                    truth_member,
                    baseline,
                    regions,
                    land_sea_mask,
                    weights,
                    fss_thresholds,
                    fss_neighbourhoods,
                    spectra,
                };
                score::score(&request, (output.as_deref(), resume), options)
            }
            Command::Sweep {
                run,
                surrogate,
                optimise,
            } => {
                let beyond = maxwell::sweep::Beyond {
                    surrogate,
                    optimise,
                };
                sweep::sweep(&run, beyond, options)
            }
            Command::Run { run } => run::run(&run, options),
            Command::Compare { run, against } => {
                compare::compare(&run, against.as_deref(), options)
            }
            Command::Inspect { file } => inspect::inspect(&file, options),
        }
    }
}

impl Command {
    /// Refuses several processes where they would do one thing over and over.
    fn check_ranks(&self) -> Result<()> {
        match self {
            // these look at the scenario
            Self::Simulate { .. }
            | Self::Generate { .. }
            | Self::Train { .. }
            | Self::Sweep { .. }
            | Self::Run { .. } => Ok(()),
            Self::List => ranks::refuse("`curlwind list`"),
            Self::Forecast { .. } => ranks::refuse("`curlwind forecast`"),
            Self::Score { .. } => ranks::refuse("`curlwind score`"),
            Self::Compare { .. } => ranks::refuse("`curlwind compare`"),
            Self::Inspect { .. } => ranks::refuse("`curlwind inspect`"),
        }
    }
}

impl Options {
    /// Those of a verb that runs a solver alone: some solvers run on the processor only, and refuse
    /// another device that is asked for by name.
    fn of_solver(&self, scenario: &Scenario) -> Result<Self> {
        let name = match scenario {
            Scenario::Flow(loaded) => &loaded.name,
            Scenario::Scattering(loaded) => &loaded.name,
            Scenario::Coordinate(loaded) => &loaded.name,
            // written year by year
            Scenario::ShallowWater(loaded) if loaded.settings.archive.is_some() => &loaded.name,
            _ => return Ok(self.clone()),
        };
        match self.device.as_str() {
            "auto" | "cpu" => Ok(Self {
                device: "cpu".into(),
                ..self.clone()
            }),
            device => Err(Error::unusable(format!(
                "--device {device}: the solver of `{name}` runs on the processor; expected `cpu` \
                 (its networks train on devices)"
            ))),
        }
    }

    /// Only rank 0 talks to the user; where there are several GPUs each rank has its own.
    fn of_rank(&self) -> Self {
        let silent = ranks::rank() > 0;
        Self {
            device: curlwind_operators::device::of_rank(&self.device, ranks::rank()),
            quiet: self.quiet || silent,
            json: self.json && !silent,
            ..self.clone()
        }
    }

    /// Several seeds where nothing is trained, or by what trains one network, would be ignored.
    fn check_seeds(&self, command: &Command) -> Result<()> {
        let refused = |reason: String| Err(Error::unusable(format!("--seeds: {reason}")));
        match (self.seeds, command) {
            (Some(0), _) => refused("expected 1 or more".into()),
            (None | Some(1), _) | (_, Command::Compare { .. }) => Ok(()),
            (_, Command::Train { run, .. } | Command::Run { run }) => match run.load(self)? {
                Scenario::Flow(_) => Ok(()),
                _ => refused(format!("`{}` trains with one seed", run.scenario)),
            },
            _ => refused("only `train`, `run` and `compare` train".into()),
        }
    }

    /// The device, by the name that the manifest gets; refused here if it is not there.
    ///
    /// # Errors
    /// An unknown or absent device.
    pub fn device(&self) -> Result<String> {
        let device = curlwind_operators::device::select(&self.device).map_err(Error::unusable)?;
        Ok(curlwind_operators::device::name(&device))
    }

    /// A progress bar on standard error; none when quiet or not on a terminal.
    pub fn progress(&self, what: &str) -> ProgressBar {
        if self.quiet {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(0).with_message(what.to_string());
        match ProgressStyle::with_template(
            "{msg:<10} [{bar:30}] {pos}/{len}  {elapsed} elapsed, {eta} left",
        ) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }

    /// Prints what a command found: a text, or JSON where that was asked for.
    fn report(&self, json: &impl Serialize, text: &str) -> Result<()> {
        if self.json {
            println!(
                "{}",
                serde_json::to_string_pretty(json).map_err(Error::failed)?
            );
        } else if !self.quiet {
            println!("{text}");
        }
        Ok(())
    }
}

impl ScenarioRun {
    fn load(&self, options: &Options) -> Result<Scenario> {
        let mut scenario = catalogue::load(
            &self.scenario,
            self.preset.as_deref(),
            &self.set,
            options.seed,
        )?;
        if let Scenario::Maxwell(loaded) = &mut scenario {
            loaded.device = options.device()?;
        }
        Ok(scenario)
    }

    /// Opens the run's folder for a scenario's name, configuration and seed, does the work in it, and
    /// records how it ended. A folder made for a run whose input turned out unusable is taken away
    /// again.
    fn in_folder<T>(
        &self,
        (name, configuration, seed): (&str, &impl Serialize, u64),
        options: &Options,
        work: impl FnOnce(&RunFolder) -> Result<T>,
    ) -> Result<T> {
        let setup = Setup::new(name, configuration)?
            .seed(seed)
            .device(options.device()?);
        in_folder(&self.output, setup, self.resume, work)
    }
}

fn in_folder<T>(
    path: &Path,
    setup: Setup,
    resume: bool,
    work: impl FnOnce(&RunFolder) -> Result<T>,
) -> Result<T> {
    if ranks::rank() > 0 {
        return beside(setup, work);
    }
    let existed = path.exists();
    let folder = match resume {
        true => RunFolder::resume_or_create(path, setup)?,
        false => RunFolder::create(path, setup)?,
    };
    // other processes wait until it is there
    ranks::meet()?;
    match work(&folder) {
        Ok(value) => {
            folder.finish()?;
            Ok(value)
        }
        Err(Error::Unusable(reason)) if !existed => {
            drop(folder);
            // The folder is the run's own and holds nothing computed.
            let _ = std::fs::remove_dir_all(path);
            Err(Error::Unusable(reason))
        }
        Err(error) => {
            folder.fail(&error)?;
            Err(error)
        }
    }
}

/// The same work in a folder of its own that nobody keeps, by a process that shares it with rank 0.
fn beside<T>(setup: Setup, work: impl FnOnce(&RunFolder) -> Result<T>) -> Result<T> {
    ranks::meet()?;
    let name = format!("curlwind-{}-rank-{}", std::process::id(), ranks::rank());
    let path = std::env::temp_dir().join(name);
    let folder = RunFolder::create(&path, setup)?;
    let result = work(&folder);
    drop(folder);
    // made above, and of no use to anybody
    let _ = std::fs::remove_dir_all(&path);
    result
}

/// Rows at whole days, for the terminal; scores.json has all of them.
fn daily(scores: &Scores, width: usize) -> String {
    let rows: Vec<_> = scores
        .rows
        .iter()
        .filter(|row| row.lead_hours.is_none_or(|hours| hours % 24.0 == 0.0))
        .cloned()
        .collect();
    score_table(&rows, width)
}
