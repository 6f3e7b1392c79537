//! Scores of a forecast file against a truth file, with persistence, climatology and another forecast
//! beside them.
//!
//! Fields are matched by variable (its name, else its standard name), valid time and, where the truth is a
//! forecast itself, lead. Over several initial times squares are averaged before the root is taken
//! (WeatherBench: Rasp et al. 2024, J. Adv. Model. Earth Syst. 16, equation 1), the rest as it is. Of an
//! ensemble the mean is scored like a single forecast, and the members as a distribution.
//!
//! Where the truth has no value (NaN, its fill value), and where a member has the fill value of its file,
//! if that is a number, a point is left out and the weights of the others are scaled to sum to 1; the
//! share is said. A forecast that is NaN or infinite where the truth has a value has failed, and
//! its score is not finite.
//!
//! | part | what |
//! |---|---|
//! | `inputs` | the files, opened and checked against each other |
//! | `truths` | which field is true when |
//! | `samples` | one initial time and lead |
//! | `pieces`, `checkpoint` | all of them, side by side, resumable |
//! | `entries` | means, intervals, the scorecard |
//! | `rows`, `table`, `pictures`, `report` | `scores.json`, `scores.nc`, figures, `report.html` |

mod checkpoint;
mod entries;
mod inputs;
mod numbers;
mod pictures;
mod pieces;
mod report;
mod rows;
mod samples;
mod table;
mod truths;

pub use entries::{Difference, Entry, LeadSpectrum, Scored, Verified};
pub use inputs::Files;

use crate::error::{Error, Result};
use crate::weather::scores::spectrum::SpectrumPlan;
use checkpoint::Checkpoint;
use indicatif::ProgressBar;
use inputs::Inputs;
use std::path::Path;

/// Scores every variable, level and lead that both files have. With a folder for a checkpoint and the
/// fingerprint of what is scored, finished parts are kept there and found again.
///
/// # Errors
/// Files that cannot be read, other grids, calendars or units, nothing in common.
pub fn verify(
    files: &Files,
    checkpoint: Option<(&Path, &str)>,
    progress: &ProgressBar,
) -> Result<Verified> {
    let inputs = Inputs::open(files)?;
    let plan = match files.spectra {
        true => Some(SpectrumPlan::new(inputs.forecast.grid())?),
        false => None,
    };
    let opened = checkpoint.map(|(folder, fingerprint)| Checkpoint::open(folder, fingerprint));
    let (mut checkpoint, kept) = match opened.transpose()? {
        Some((checkpoint, kept)) => (Some(checkpoint), kept),
        None => (None, Vec::new()),
    };
    let found = pieces::score(
        files,
        &inputs,
        plan.as_ref(),
        (checkpoint.as_mut(), kept),
        progress,
    )?;
    let scale = plan.as_ref().map(SpectrumPlan::scale);
    let verified = entries::summarise(files, &inputs, &found, scale);
    if verified.entries.is_empty() {
        return Err(Error::unusable(format!(
            "{} ({}) and {} ({}) have no valid time in common: nothing to score",
            files.forecast.display(),
            truths::span(&inputs.forecast),
            files.truth.display(),
            truths::span(&inputs.truth)
        )));
    }
    Ok(verified)
}
