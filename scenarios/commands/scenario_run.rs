//! A scenario, the folder of its run, and work in it.

use super::Options;
use crate::catalogue::{self, Scenario};
use crate::error::{Error, Result};
use crate::ranks;
use crate::run_folder::{RunFolder, Setup};
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};

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

impl ScenarioRun {
    pub(super) fn load(&self, options: &Options) -> Result<Scenario> {
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
    pub(super) fn in_folder<T>(
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

pub(super) fn in_folder<T>(
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
