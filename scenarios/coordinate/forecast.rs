//! A trained network asked at points of one's own.

use super::Settings;
use super::output::{MODEL, Model};
use super::train::values_at;
use crate::error::{Error, Result};
use crate::run_folder::{RunFolder, write_atomically};
use curlwind_operators::coordinate::Field;
use curlwind_operators::coordinate::cases::Case;
use curlwind_operators::device;
use std::path::{Path, PathBuf};

/// The file of a trained network in a run's folder or its model's.
pub fn model_in(folder: &Path) -> Option<PathBuf> {
    let places = [folder.join("model").join(MODEL), folder.join(MODEL)];
    places.into_iter().find(|file| file.is_file())
}

/// The networks of all windows, with the conditions that they keep.
fn fields(settings: &Settings, case: &dyn Case, model: &Model, file: &Path) -> Result<Vec<Field>> {
    let device = device::select("cpu").map_err(Error::unusable)?;
    let mut fields: Vec<Field> = Vec::new();
    for (n, weights) in model.weights.iter().enumerate() {
        let window = settings.window(case, n)?;
        let problem = case
            .problem(&settings.conditions, window, fields.last())
            .map_err(Error::unusable)?;
        let (network, first) = settings
            .seeded_network()
            .init(&problem.domain, problem.order, problem.outputs, &device)
            .map_err(Error::unusable)?;
        if first.len() != weights.len() {
            return Err(Error::unusable(format!(
                "{}: window {}: expected {} weights, found {}",
                file.display(),
                n + 1,
                first.len(),
                weights.len()
            )));
        }
        fields.push(Field::new(&problem, network, weights.clone()));
    }
    Ok(fields)
}

/// Points of a table with a column for each coordinate, in any order.
fn read_points(file: &Path, names: &[&str]) -> Result<Vec<f64>> {
    let refuse = |reason: String| Error::unusable(format!("{}: {reason}", file.display()));
    let mut table = csv::Reader::from_path(file).map_err(|e| refuse(e.to_string()))?;
    let heads = table.headers().map_err(|e| refuse(e.to_string()))?.clone();
    let columns = names
        .iter()
        .map(|name| {
            let at = heads.iter().position(|head| head.trim() == *name);
            at.ok_or_else(|| {
                let expected = names.join(", ");
                let found = heads.iter().collect::<Vec<_>>().join(", ");
                refuse(format!("expected columns {expected}, found {found}"))
            })
        })
        .collect::<Result<Vec<usize>>>()?;
    let mut points = Vec::new();
    for (n, row) in table.records().enumerate() {
        let row = row.map_err(|e| refuse(e.to_string()))?;
        for (column, name) in columns.iter().zip(names) {
            let text = row.get(*column).unwrap_or_default().trim();
            let number = text.parse().map_err(|_| {
                refuse(format!(
                    "line {}: {name}: expected a number, found `{text}`",
                    n + 2
                ))
            })?;
            points.push(number);
        }
    }
    Ok(points)
}

/// Writes `output.csv` with the quantities at the points of a table; how many there are.
///
/// # Errors
/// A model of another scenario, a table without the coordinates, points outside the domain.
pub fn forecast(model: &Path, points: &Path, folder: &RunFolder) -> Result<String> {
    let text = std::fs::read_to_string(model)
        .map_err(|e| Error::unusable(format!("{}: {e}", model.display())))?;
    let found: Model = serde_json::from_str(&text)
        .map_err(|e| Error::unusable(format!("{}: not a trained network: {e}", model.display())))?;
    folder.record_input(model)?;
    folder.record_input(points)?;
    let settings = &found.scenario;
    let case = settings.case().map_err(Error::unusable)?;
    let fields = fields(settings, &*case, &found, model)?;
    let coordinates = case.coordinates();
    let names: Vec<&str> = coordinates.iter().map(|c| c.0).collect();
    let places = read_points(points, &names)?;
    let domain = case.domain().map_err(Error::unusable)?;
    domain
        .check(&places)
        .map_err(|e| Error::unusable(format!("{}: {e}", points.display())))?;
    let values = values_at(&*case, &fields, &places)?;
    let quantities: Vec<&str> = case.quantities().iter().map(|q| q.0).collect();
    let mut lines = format!("{},{}\n", names.join(","), quantities.join(","));
    for (point, row) in places.chunks(names.len()).zip(values.rows()) {
        let numbers: Vec<String> = point.iter().chain(row).map(f64::to_string).collect();
        lines.push_str(&numbers.join(","));
        lines.push('\n');
    }
    write_atomically(&folder.file("output.csv"), lines.as_bytes())?;
    Ok(format!(
        "{} at {} points",
        quantities.join(", "),
        values.nrows()
    ))
}
