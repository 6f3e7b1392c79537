//! Samples of the solver, in parallel, resumable.

use super::Loaded;
use crate::error::{Error, Result};
use crate::filling::Filling;
use crate::run_folder::require_free_space;
use curlwind_datasets::store::{Layout, Store, fingerprint};
use indicatif::ProgressBar;
use std::collections::BTreeMap;
use std::path::Path;

/// Makes the samples that `store` still lacks.
///
/// # Errors
/// A store made by other settings, a full disk, a solver that fails.
pub fn generate(
    loaded: &Loaded,
    samples: usize,
    store: &Path,
    progress: &ProgressBar,
) -> Result<Store> {
    let settings = &loaded.settings;
    let problem = settings.problem();
    let layout = layout(loaded, samples)?;
    let bytes = (samples * layout.steps * layout.state_len() * size_of::<f32>()) as u64;
    require_free_space(store, bytes).map_err(Error::failed)?;
    Filling::trajectories(store, &layout)?.fill(progress, |index| {
        // seeds of neighbouring scenarios must not share samples
        let seed = settings
            .seed
            .wrapping_mul(1_000_003)
            .wrapping_add(index as u64);
        problem
            .sample(seed)
            .map_err(|error| Error::failed(format!("sample {index}: {error}")))
    })?;
    Store::open(store).map_err(Error::failed)
}

fn layout(loaded: &Loaded, samples: usize) -> Result<Layout> {
    let settings = &loaded.settings;
    let of = settings.problem().layout();
    // Samples do not depend on who is trained on them, or how.
    let made_by = serde_json::json!({
        "seed": settings.seed,
        "samples": samples,
        "physics": settings.physics,
    });
    let source = format!(
        "curlwind {} {} solver",
        env!("CARGO_PKG_VERSION"),
        settings.problem().physics()
    );
    Ok(Layout {
        trajectories: samples,
        steps: of.steps,
        channels: of.channels,
        grid: of.grid,
        time_step_seconds: of.time_step,
        fingerprint: fingerprint(&made_by).map_err(Error::failed)?,
        attributes: BTreeMap::from([
            ("title".into(), settings.title.clone()),
            ("source".into(), source),
        ]),
    })
}
