//! `curlwind forecast`: a trained operator from a state in a file.

use super::{Options, in_folder};
use crate::config::{Pascals, Seconds};
use crate::coordinate;
use crate::electromagnetics::design_table::predict;
use crate::electromagnetics::scattering;
use crate::error::{Error, Result};
use crate::run_folder::Setup;
use crate::weather::analyses::{self, learned::model_in};
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
    pub time: Option<String>,
    pub members: Option<usize>,
    pub resume: bool,
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
    if let Some(model) = model_in(&request.model) {
        return of_analyses(&model, duration.si(), request, options);
    }
    request.refuse_options_of_analyses()?;
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

/// A model trained on analyses, with members.
fn of_analyses(model: &Path, duration: f64, request: &Request, options: &Options) -> Result<()> {
    if request.level.is_some() || request.unbalanced {
        return Err(Error::unusable(
            "--level and --unbalanced: this model reads its variables and levels as in its training",
        ));
    }
    let configuration = serde_json::json!({
        "model": model, "init": request.init, "duration": duration, "time": request.time,
        "members": request.members,
    });
    let setup = Setup::new("forecast", &configuration)?
        .seed(options.seed.unwrap_or(0))
        .device(options.device()?);
    let asked = analyses::forecast::Request {
        model,
        init: &request.init,
        time: request.time.as_deref(),
        duration,
        members: request.members,
    };
    let (leads, members) = in_folder(&request.output, setup, request.resume, |folder| {
        analyses::forecast::forecast(&asked, folder, options)
    })?;
    let home = request.output.join("output.nc");
    let text = format!("{leads} leads, {members} members in {}", home.display());
    options.report(
        &serde_json::json!({ "leads": leads, "members": members }),
        &text,
    )
}

impl Request {
    /// What only models of analyses know.
    fn refuse_options_of_analyses(&self) -> Result<()> {
        for (option, given) in [
            ("--time", self.time.is_some()),
            ("--members", self.members.is_some()),
            ("--resume", self.resume),
        ] {
            if given {
                return Err(Error::unusable(format!(
                    "{option}: {} was not trained on analyses; such models alone have it",
                    self.model.display()
                )));
            }
        }
        Ok(())
    }
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
