//! Where training data are, and who trains on which.

use crate::error::{Error, Result};
use curlwind_datasets::store::{Split, SplitKind};
use std::path::{Path, PathBuf};

/// The store of training data in `given`: the folder of a run that made one, or the store itself.
pub fn store_folder(given: &Path) -> PathBuf {
    let inner = given.join("data");
    match inner.is_dir() {
        true => inner,
        false => given.to_path_buf(),
    }
}

/// Deals the complete trajectories of a store out, in a seeded random order. The split is recorded
/// in the store's folder and read back when it is there.
///
/// # Errors
/// Shares that leave nothing to train on, or a recorded split that was tampered with or asks for
/// other shares.
pub fn split(
    folder: &Path,
    complete: &[usize],
    states: usize,
    [validation, test]: [f64; 2],
    seed: u64,
) -> Result<Split> {
    let kind = SplitKind::Trajectories { seed };
    let fresh = Split::new(complete, states, kind, validation, test).map_err(Error::unusable)?;
    let file = folder.join("split.json");
    if !file.exists() {
        fresh.save(&file).map_err(Error::failed)?;
        return Ok(fresh);
    }
    let recorded = Split::load(&file).map_err(Error::unusable)?;
    if recorded.hash != fresh.hash {
        return Err(Error::unusable(format!(
            "{} records another split than `training_set.validation`, `training_set.test` and the \
             seed now ask for; remove it to deal the data out anew",
            file.display()
        )));
    }
    Ok(recorded)
}
