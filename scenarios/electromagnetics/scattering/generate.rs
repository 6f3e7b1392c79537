//! Training scenes: random bodies through the solver, one scene per core, streamed to disk.

use super::bodies::{Kind, SceneEntry};
use super::settings::{Settings, TrainingSet};
use super::solve::{Fields, points, solve};
use crate::error::{Error, Result};
use crate::filling::Filling;
use crate::run_folder::require_free_space;
use curlwind_datasets::samples::{SampleLayout, SampleStore};
use curlwind_datasets::store::{Channel, fingerprint};
use indicatif::ProgressBar;
use std::collections::BTreeMap;
use std::path::Path;

/// Fields of a stored scene, in order, with their units; relative to the incident amplitude.
pub const CHANNELS: [&str; 5] = [
    "permittivity",
    "incident_re",
    "incident_im",
    "scattered_re",
    "scattered_im",
];

/// Scenes per file: what a killed run loses on each core at most.
const PER_FILE: usize = 16;

/// Random scene number `index` of a kind.
///
/// # Errors
/// Bodies that find no room in the square.
pub fn scene(settings: &Settings, kind: Kind, index: usize) -> Result<SceneEntry> {
    let trained = settings.training_set;
    let evaluation = &settings.evaluation;
    let set = match kind {
        Kind::Trained => trained,
        Kind::Permittivity => TrainingSet {
            permittivity: evaluation.beyond_permittivity,
            ..trained
        },
        Kind::Bodies => TrainingSet {
            bodies: [evaluation.beyond_bodies; 2],
            ..trained
        },
    };
    let side = settings.solver.side.si();
    SceneEntry::random(&set, side, settings.seed, kind, index).ok_or_else(|| {
        Error::unusable(format!(
            "{} bodies of up to {} do not find room in a square of {}: take fewer or smaller ones",
            set.bodies[1], set.radius[1], settings.solver.side
        ))
    })
}

/// Makes the scenes that `place` still lacks, one on each core of the machine at a time, or as many
/// on a device.
///
/// # Errors
/// Settings that do not fit each other, a store made by other settings, a full disk, a scene that
/// the solver refused.
pub fn generate(
    settings: &Settings,
    device: &str,
    place: &Path,
    progress: &ProgressBar,
) -> Result<SampleStore> {
    let layout = layout(settings)?;
    let bytes = layout.samples * layout.sample_len() * size_of::<f32>();
    require_free_space(place, bytes as u64).map_err(Error::failed)?;
    let filling = Filling::samples(place, &layout)?;
    let missing = filling.writer.missing();
    let left: usize = missing.iter().map(|&file| layout.range(file).len()).sum();
    progress.set_length(layout.samples as u64);
    progress.set_position((layout.samples - left) as u64);
    filling.fill(layout.files(), |writer, file| {
        let (mut fields, mut descriptions) = (Vec::new(), Vec::new());
        for index in layout.range(file) {
            let scene = scene(settings, Kind::Trained, index)?;
            let solved = solve(&settings.solver, settings.solver.cells, &scene, device)
                .map_err(|error| Error::failed(format!("training scene {index}: {error}")))?;
            fields.extend(channels(&solved));
            descriptions.push(serde_json::to_string(&scene).map_err(Error::failed)?);
            progress.inc(1);
        }
        writer
            .write(file, &fields, &descriptions)
            .map_err(Error::failed)
    })?;
    progress.finish_and_clear();
    SampleStore::open(place).map_err(Error::failed)
}

/// The fields in the order of [`CHANNELS`].
fn channels(fields: &Fields) -> impl Iterator<Item = f32> + '_ {
    let permittivity = fields.permittivity.iter().copied();
    let parts = [&fields.incident, &fields.scattered].into_iter();
    let parts = parts.flat_map(|u| u.iter().map(|u| u.re).chain(u.iter().map(|u| u.im)));
    permittivity.chain(parts).map(|value| value as f32)
}

fn layout(settings: &Settings) -> Result<SampleLayout> {
    // The scenes do not depend on the network, nor on how many there are or who trains on which.
    let made_by = serde_json::json!({
        "seed": settings.seed,
        "solver": settings.solver,
        "bodies": settings.training_set.bodies,
        "permittivity": settings.training_set.permittivity,
        "radius": settings.training_set.radius,
    });
    let points = points(settings.solver.side.si(), settings.solver.points);
    Ok(SampleLayout {
        samples: settings.training_set.scenes,
        per_file: PER_FILE,
        channels: CHANNELS
            .map(|name| Channel {
                name: name.into(),
                units: "1".into(),
            })
            .to_vec(),
        y: points.clone(),
        x: points,
        fingerprint: fingerprint(&made_by).map_err(Error::failed)?,
        attributes: BTreeMap::from([
            ("title".into(), settings.title.clone()),
            (
                "source".into(),
                format!("curlwind {} maxwell solver", env!("CARGO_PKG_VERSION")),
            ),
            ("frequency".into(), settings.solver.frequency.to_string()),
            (
                "component".into(),
                settings.solver.polarization.component().into(),
            ),
        ]),
    })
}
