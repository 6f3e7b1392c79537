//! `curlwind forecast`: a trained operator from a state in a file.

use super::{Options, in_folder};
use crate::config::{Pascals, Seconds};
use crate::coordinate;
use crate::electromagnetics::design_table::predict;
use crate::electromagnetics::scattering;
use crate::error::{Error, Result};
use crate::run_folder::Setup;
use crate::weather::shallow_water::pipeline::{self, ForecastRequest};
use std::path::{Path, PathBuf};

/// What was asked for.
#[derive(Debug)]
pub struct Request {
    pub model: PathBuf,
    pub init: PathBuf,
    pub output: PathBuf,
    pub duration: String,
    pub level: Option<String>,
    pub unbalanced: bool,
}

/// Rolls the model out and writes its forecast.
pub fn forecast(request: &Request, options: &Options) -> Result<()> {
    if let Some(model) = predict::model_in(&request.model) {
        return designs(&model, request, options);
    }
    if let Some(model) = scattering::forecast::model_in(&request.model) {
        return scattered(&model, request, options);
    }
    if let Some(model) = coordinate::forecast::model_in(&request.model) {
        return at_points(&model, request, options);
    }
    let duration: Seconds = request
        .duration
        .parse()
        .map_err(|error| Error::unusable(format!("--duration: {error}")))?;
    let level: Option<Pascals> = request
        .level
        .as_ref()
        .map(|text| {
            text.parse()
                .map_err(|error| Error::unusable(format!("--level: {error}")))
        })
        .transpose()?;
    let configuration = serde_json::json!({
        "model": request.model, "init": request.init, "duration": duration,
        "level": level, "balanced": !request.unbalanced,
    });
    let setup = Setup::new("forecast", &configuration)?.device(options.device()?);
    let leads = in_folder(&request.output, setup, false, |folder| {
        let request = ForecastRequest {
            model: &request.model,
            init: &request.init,
            duration: duration.si(),
            level_pa: level.map(|l| l.si()),
            balanced: !request.unbalanced,
        };
        pipeline::forecast(&request, folder, options)
    })?;
    let text = format!(
        "{leads} leads in {}",
        request.output.join("output.nc").display()
    );
    options.report(&serde_json::json!({ "leads": leads }), &text)
}

/// The designs of a list.
fn designs(model: &Path, request: &Request, options: &Options) -> Result<()> {
    let configuration = serde_json::json!({ "model": model, "designs": request.init });
    let setup = Setup::new("forecast", &configuration)?.device(options.device()?);
    let text = in_folder(&request.output, setup, false, |folder| {
        predict::predict(model, &request.init, folder, options)
    })?;
    let home = request.output.join("designs.csv");
    let text = format!("{text}\nwritten to {}", request.output.display());
    options.report(&serde_json::json!({ "designs": home }), &text)
}

/// The field that a scene scatters.
fn scattered(model: &Path, request: &Request, options: &Options) -> Result<()> {
    let configuration = serde_json::json!({ "model": model, "scene": request.init });
    let setup = Setup::new("forecast", &configuration)?.device(options.device()?);
    let text = in_folder(&request.output, setup, false, |folder| {
        scattering::forecast::forecast(model, &request.init, folder, options)
    })?;
    let home = request.output.join("output.h5");
    options.report(&serde_json::json!({ "fields": home }), &text)
}

/// The functions of a coordinate network at the points of a table.
fn at_points(model: &Path, request: &Request, options: &Options) -> Result<()> {
    let configuration = serde_json::json!({ "model": model, "points": request.init });
    let setup = Setup::new("forecast", &configuration)?.device(options.device()?);
    let text = in_folder(&request.output, setup, false, |folder| {
        coordinate::forecast::forecast(model, &request.init, folder)
    })?;
    let home = request.output.join("output.csv");
    let text = format!("{text}\nwritten to {}", home.display());
    options.report(&serde_json::json!({ "values": home }), &text)
}
