//! `curlwind simulate`: the solver alone.

use super::{Options, ScenarioRun, daily};
use crate::config::Pascals;
use crate::error::Result;
use crate::weather::shallow_water::{pipeline, settings::Initial};
use std::path::Path;

/// Integrates the scenario's case, or the state in `init`.
pub fn simulate(run: &ScenarioRun, init: Option<&Path>, options: &Options) -> Result<()> {
    let mut loaded = run.load(options)?;
    if let Some(file) = init {
        // A state of the user's own is taken as it is.
        let (level, time, balanced) = match &loaded.settings.initial {
            Initial::Analysis {
                level,
                time,
                balanced,
                ..
            } => (*level, time.clone(), *balanced),
            _ => (Pascals::from_si(50_000.0), None, false),
        };
        loaded.settings.initial = Initial::Analysis {
            file: Some(file.to_path_buf()),
            level,
            time,
            balanced,
        };
    }
    let scores = run.in_folder(&loaded, options, |folder| {
        pipeline::simulate(&loaded, folder, options)
    })?;
    let text = format!(
        "{}\nwritten to {}",
        daily(&scores, 100),
        run.output.display()
    );
    options.report(&scores, &text)
}
