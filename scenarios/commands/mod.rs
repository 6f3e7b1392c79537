//! The command line: one file per command.

mod compare;
mod forecast;
mod generate;
mod inspect;
mod list;
mod options;
mod run;
mod scenario_run;
mod score;
mod simulate;
mod sweep;
mod train;

use crate::electromagnetics::maxwell;
use crate::error::Result;
use crate::ranks;
use crate::run_folder::{Scores, score_table};
use crate::weather::scores::Weights;
use clap::{Parser, Subcommand};
pub use options::Options;
pub use scenario_run::ScenarioRun;
use scenario_run::in_folder;
use std::path::PathBuf;

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
