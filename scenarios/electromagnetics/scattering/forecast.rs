//! `curlwind forecast` with an operator of scattered fields: bodies in a TOML file, or a map of
//! permittivity in HDF5.

use super::bodies::SceneEntry;
use super::evaluation::{operator_name, predict};
use super::output::{FileScene, read_fields, write_fields};
use super::pictures::{Album, Shown};
use super::rivals::input;
use super::settings::SolverSettings;
use super::solve::{Fields, incident, points, relative_l2, square};
use crate::commands::Options;
use crate::config::{Document, Source};
use crate::error::{Error, Result};
use crate::run_folder::{RunFolder, ScoreRow, Scores};
use curlwind_operators::device;
use curlwind_operators::field::FieldOperator;
use std::path::{Path, PathBuf};

/// The folder of an operator of scattered fields in a run, or that folder itself.
pub fn model_in(run: &Path) -> Option<PathBuf> {
    let is_ours = |folder: &PathBuf| {
        let text = std::fs::read_to_string(folder.join("model.json")).ok();
        let json = text.and_then(|t| serde_json::from_str::<serde_json::Value>(&t).ok());
        json.is_some_and(|json| json["about"]["physics"] == "scattering")
    };
    [run.to_path_buf(), run.join("model")]
        .into_iter()
        .find(is_ours)
}

/// Predicts the scattered field of the scene in `init` and writes it.
///
/// # Errors
/// A model or a scene that cannot be used.
pub fn forecast(
    model: &Path,
    init: &Path,
    folder: &RunFolder,
    options: &Options,
) -> Result<String> {
    folder.record_input(init)?;
    let device = device::select(&options.device).map_err(Error::unusable)?;
    let operator = FieldOperator::load(model, &device).map_err(Error::unusable)?;
    let about = &operator.config().about["solver"];
    let solver: SolverSettings = serde_json::from_value(about.clone()).map_err(|error| {
        Error::unusable(format!("{}: `about.solver`: {error}", model.display()))
    })?;
    let scene = match init.extension().is_some_and(|end| end == "toml") {
        true => from_bodies(&solver, init)?,
        false => read_fields(init, solver.points)?,
    };
    let phase = folder.phase("forecast")?;
    let wave = incident(
        &points(solver.side.si(), solver.points),
        solver.frequency.si(),
        scene.angle,
    );
    let zero = ndarray::Array2::zeros(wave.dim());
    let mut fields = Fields {
        permittivity: scene.permittivity,
        incident: wave,
        scattered: zero,
        seconds: 0.0,
    };
    fields.scattered = predict(
        &operator,
        &input(&fields.permittivity, &fields.incident),
        solver.points,
    )?;
    let seconds = phase.elapsed_seconds();
    drop(phase);
    let title = "Scattered field by the operator";
    let parts = (&fields.permittivity, &fields.incident, &fields.scattered);
    let path = folder.file("output.h5");
    write_fields(&path, &solver, (title, operator_name()), scene.angle, parts)?;

    let mut text = format!("scattered field in {} ({seconds:.3} s)", path.display());
    let place = folder.folder("figures")?;
    let mut album = Album::new(&place, &solver);
    match &scene.scattered {
        Some(truth) => {
            let error = relative_l2(&fields.scattered, truth);
            let variable = format!("scattered {}", solver.polarization.component());
            let row = ScoreRow::new("forecast", operator_name(), &variable, "relative_l2", error)
                .at_frequency(solver.frequency.si())
                .noted("against the scattered field in the file");
            let mut scores = Scores::new();
            scores.push(row);
            scores.write(&folder.file("scores.json"))?;
            text += &format!("\nrelative L2 error against the field in the file: {error:.4}");
            let shown = Shown {
                label: format!("error {error:.3}"),
                permittivity: &fields.permittivity,
                truth,
                prediction: &fields.scattered,
            };
            album.comparison("scattered", title, ("file", operator_name()), &[shown])?;
        }
        None => album.fields("scattered", title, &fields)?,
    }
    Ok(text)
}

/// A scene of bodies, mapped to the operator's points.
fn from_bodies(solver: &SolverSettings, file: &Path) -> Result<FileScene> {
    let document = Document::read(&Source::file(file), &[])?;
    let scene: SceneEntry = document.decode()?;
    let square = square(solver, solver.cells);
    let solids = scene
        .solids(square.depth())
        .map_err(|(path, reason)| document.refuse(&path, reason))?;
    let points = points(solver.side.si(), solver.points);
    let permittivity = square
        .permittivity(&solids, &points)
        .map_err(|error| document.refuse("bodies", error))?;
    Ok(FileScene {
        permittivity,
        angle: scene.angle.si(),
        scattered: None,
    })
}
