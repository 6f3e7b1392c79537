//! Options of every command, and what follows from them.

use super::Command;
use crate::catalogue::Scenario;
use crate::error::{Error, Result};
use crate::ranks;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::{ErrorKind, Write};

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

impl Options {
    /// Those of a verb that runs a solver alone: some solvers run on the processor only, and refuse
    /// another device that is asked for by name.
    pub(super) fn of_solver(&self, scenario: &Scenario) -> Result<Self> {
        let name = match scenario {
            Scenario::Flow(loaded) => &loaded.name,
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
    pub(super) fn of_rank(&self) -> Self {
        if ranks::size() == 1 {
            return self.clone();
        }
        let silent = ranks::rank() > 0;
        Self {
            device: curlwind_operators::device::of_rank(&self.device, ranks::rank()),
            quiet: self.quiet || silent,
            json: self.json && !silent,
            ..self.clone()
        }
    }

    /// Several seeds where nothing is trained, or by what trains one network, would be ignored.
    pub(super) fn check_seeds(&self, command: &Command) -> Result<()> {
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
    pub(super) fn report(&self, json: &impl Serialize, text: &str) -> Result<()> {
        if self.json {
            say(&serde_json::to_string_pretty(json).map_err(Error::failed)?)
        } else if !self.quiet {
            say(text)
        } else {
            Ok(())
        }
    }
}

/// Prints a text and ends its line. A reader that has seen enough (`curlwind list | head`) is no error.
///
/// # Errors
/// The output cannot be written.
pub(super) fn say(text: &str) -> Result<()> {
    let mut to = std::io::stdout().lock();
    match writeln!(to, "{text}").and_then(|()| to.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Error::failed(format!("cannot print: {e}")))
        }
        _ => Ok(()),
    }
}
