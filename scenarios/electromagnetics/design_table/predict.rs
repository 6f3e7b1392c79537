//! `curlwind forecast` of a design surrogate: a list of designs in, their S-parameters with
//! intervals out.

use super::output::{self, Answer, Curve};
use crate::commands::Options;
use crate::electromagnetics::maxwell::output::{Gallery, save};
use crate::electromagnetics::maxwell::scene::Parameter;
use crate::electromagnetics::maxwell::sweep::designs::{Unit, measure};
use crate::error::{Error, Result};
use crate::run_folder::{RunFolder, write_atomically};
use curlwind_datasets::touchstone::Network;
use curlwind_operators::design::{DesignSurrogate, Prediction, Response};
use ndarray::{Array2, Array3, s};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Beside the model: the units that its parameters are in.
const UNITS: &str = "units.json";
/// Designs that get a figure.
const DRAWN: usize = 6;
/// Reference resistance of a Touchstone file where the model does not know it.
const REFERENCE: f64 = 50.0;

/// Keeps the units of a model's parameters; empty for pure numbers or unknown ones.
///
/// # Errors
/// A folder that cannot be written.
pub fn write_units(model: &Path, units: &[String]) -> Result<()> {
    let text = serde_json::to_string(units).map_err(Error::failed)?;
    Ok(write_atomically(&model.join(UNITS), text.as_bytes())?)
}

/// The folder with the weights of a design surrogate: `path` itself or `model` in it; none when
/// what is there is no design surrogate.
pub fn model_in(path: &Path) -> Option<PathBuf> {
    let places = [path.to_path_buf(), path.join("model")];
    places.into_iter().find(|p| p.join(UNITS).is_file())
}

/// Predicts the designs of a CSV whose columns are the model's parameters.
///
/// # Errors
/// A model or a list that cannot be read, with the line; files that cannot be written.
pub fn predict(
    model: &Path,
    designs: &Path,
    folder: &RunFolder,
    options: &Options,
) -> Result<String> {
    let device = curlwind_operators::device::select(&options.device).map_err(Error::unusable)?;
    let surrogate = DesignSurrogate::load(model, &device).map_err(Error::unusable)?;
    let about = surrogate.description();
    let units = std::fs::read_to_string(model.join(UNITS)).map_err(Error::unusable)?;
    let units: Vec<String> = serde_json::from_str(&units).map_err(Error::unusable)?;
    folder.record_input(designs)?;
    let (matrix, texts) = read(designs, &about.parameter_names, &units)?;
    let start = std::time::Instant::now();
    let prediction = surrogate.predict(&matrix).map_err(Error::unusable)?;
    let seconds = start.elapsed().as_secs_f64();
    let answers: Vec<Answer> = texts
        .into_iter()
        .enumerate()
        .map(|(d, values)| {
            let mut answer = Answer::of(&prediction, &about.frequencies, d);
            answer.label = (d + 1).to_string();
            answer.values = values;
            answer
        })
        .collect();
    let heads = about.parameter_names.clone();
    let text = output::csv(&heads, &answers);
    write_atomically(&folder.file("designs.csv"), text.as_bytes())?;
    write_atomically(
        &folder.file("predictions.csv"),
        curves(&about.frequencies, &prediction).as_bytes(),
    )?;
    if let Response::Complex(values) = &prediction.mean {
        let home = folder.folder("designs")?;
        for (d, answer) in answers.iter().enumerate() {
            let network = network(&about.frequencies, &about.port_pairs, values, d);
            if let Some(mut network) = network.map_err(Error::failed)? {
                let names = heads.iter().cloned().zip(answer.values.iter().cloned());
                network.variables = names.collect();
                network.comments = vec![
                    "predicted by a surrogate, not solved".into(),
                    format!("mean half-width of the intervals {:.2e}", answer.doubt),
                ];
                let path = home.join(network.file_name(&answer.label));
                network.write(&path).map_err(Error::failed)?;
            }
        }
    }
    save(&figures(&about.frequencies, &prediction, &answers), folder)?;
    let outside = answers.iter().filter(|a| a.outside > 0.0).count();
    let mut text = output::table(&heads, &answers[..answers.len().min(40)]);
    let _ = write!(
        text,
        "\n{} designs in {seconds:.2} s; {outside} of them outside the ranges the surrogate was trained on, where its intervals are not calibrated.",
        answers.len()
    );
    Ok(text)
}

/// The designs as numbers in the model's units, and as they were written.
fn read(
    path: &Path,
    names: &[String],
    units: &[String],
) -> Result<(Array2<f64>, Vec<Vec<String>>)> {
    let refuse = |reason: String| Error::unusable(format!("{}: {reason}", path.display()));
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(|error| refuse(error.to_string()))?;
    let header = reader
        .headers()
        .map_err(|error| refuse(error.to_string()))?;
    let columns = names
        .iter()
        .map(|name| {
            header.iter().position(|h| h == name).ok_or_else(|| {
                refuse(format!(
                    "no column `{name}`; the surrogate's parameters are {}, the file has {}",
                    names.join(", "),
                    header.iter().collect::<Vec<_>>().join(", ")
                ))
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let mut values = Vec::new();
    let mut texts = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| refuse(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut row = Vec::new();
        for ((name, &column), unit) in names.iter().zip(&columns).zip(units) {
            let text = record.get(column).unwrap_or_default();
            let value = number(text, unit).map_err(|expected| {
                refuse(format!(
                    "line {line}, `{name}`: expected {expected}, found {text:?}"
                ))
            })?;
            values.push(value);
            row.push(text.to_string());
        }
        texts.push(row);
    }
    if texts.is_empty() {
        return Err(refuse("the file has no designs".into()));
    }
    let matrix = Array2::from_shape_vec((texts.len(), names.len()), values);
    Ok((matrix.map_err(Error::failed)?, texts))
}

/// A value in the model's unit, or what was expected.
fn number(text: &str, unit: &str) -> std::result::Result<f64, String> {
    let kind = match unit {
        "m" => Some((Unit::Metre, "a length with its unit, such as `58 mm`")),
        "Hz" => Some((Unit::Hertz, "a frequency with its unit, such as `2.4 GHz`")),
        "s" => Some((Unit::Second, "a time with its unit, such as `1 ns`")),
        _ => None,
    };
    if let Some((kind, expected)) = kind {
        return match measure(&Parameter::Quantity(text.to_string())) {
            Some((value, found)) if found == kind => Ok(value),
            _ => Err(expected.into()),
        };
    }
    let bare = text.strip_suffix(unit).unwrap_or(text).trim();
    let value: Option<f64> = bare.parse().ok().filter(|v: &f64| v.is_finite());
    value.ok_or_else(|| match unit {
        "" => "a number".into(),
        unit => format!("a number in {unit}"),
    })
}

fn curves(frequencies: &[f64], prediction: &Prediction) -> String {
    let (mean, low, high) = (
        prediction.decibel(),
        prediction.lower_decibel(),
        prediction.upper_decibel(),
    );
    let mut text = String::from("design,frequency (Hz),S11 (dB),lower (dB),upper (dB)\n");
    for d in 0..mean.dim().0 {
        for (f, frequency) in frequencies.iter().enumerate() {
            let at = [d, 0, f];
            let _ = writeln!(
                text,
                "{},{frequency},{:.4},{:.4},{:.4}",
                d + 1,
                mean[at],
                low[at],
                high[at]
            );
        }
    }
    text
}

/// The whole matrix of a design; none when the model does not have all port pairs.
fn network(
    frequencies: &[f64],
    pairs: &[[usize; 2]],
    values: &Array3<num_complex::Complex64>,
    design: usize,
) -> curlwind_datasets::Result<Option<Network>> {
    let ports = pairs.iter().flatten().copied().max().unwrap_or(0);
    if pairs.len() != ports * ports {
        return Ok(None);
    }
    let mut matrix = Array3::zeros((frequencies.len(), ports, ports));
    for (p, [i, j]) in pairs.iter().enumerate() {
        let curve = values.slice(s![design, p, ..]);
        matrix.slice_mut(s![.., i - 1, j - 1]).assign(&curve);
    }
    Network::new(frequencies.to_vec(), matrix, REFERENCE).map(Some)
}

fn figures(frequencies: &[f64], prediction: &Prediction, answers: &[Answer]) -> Gallery {
    let (low, high) = (prediction.lower_decibel(), prediction.upper_decibel());
    let one = |(d, answer): (usize, &Answer)| {
        let db = prediction.curve_decibel(d, 0);
        let (low, high) = (
            low.slice(s![d, 0, ..]).to_vec(),
            high.slice(s![d, 0, ..]).to_vec(),
        );
        let curve = Curve {
            name: "surrogate",
            db: &db,
            interval: Some((&low, &high)),
        };
        let title = answer.values.join(", ");
        (
            output::s11_figure(frequencies, &[curve], &title),
            format!("Design {}", answer.label),
        )
    };
    answers.iter().enumerate().take(DRAWN).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_in_the_models_units() {
        assert_eq!(number("58 mm", "m"), Ok(0.058));
        assert!(number("58", "m").is_err_and(|e| e.contains("58 mm")));
        assert!(number("58 GHz", "m").is_err());
        assert_eq!(number("58", "mm"), Ok(58.0));
        assert_eq!(number("58 mm", "mm"), Ok(58.0));
        assert_eq!(number("4", ""), Ok(4.0));
        assert!(number("NaN", "").is_err());
    }
}
