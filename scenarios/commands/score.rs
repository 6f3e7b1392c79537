//! `curlwind score`: a forecast file against a truth file.

use super::{Options, daily, in_folder};
use crate::error::Result;
use crate::run_folder::Setup;
use crate::weather::verification::{self, Files};
use std::path::PathBuf;

/// What was asked for.
#[derive(Debug)]
pub struct Request {
    pub forecast: PathBuf,
    pub truth: PathBuf,
    pub climatology: Option<PathBuf>,
    pub output: Option<PathBuf>,
}

/// Scores every variable and lead that both files have.
pub fn score(request: &Request, options: &Options) -> Result<()> {
    let files = Files {
        forecast: &request.forecast,
        truth: &request.truth,
        climatology: request.climatology.as_deref(),
    };
    let scores = match &request.output {
        None => verification::score(&files)?,
        Some(output) => {
            let configuration = serde_json::json!({
                "forecast": request.forecast, "truth": request.truth,
                "climatology": request.climatology,
            });
            in_folder(
                output,
                Setup::new("score", &configuration)?,
                false,
                |folder| {
                    for file in [
                        Some(&request.forecast),
                        Some(&request.truth),
                        request.climatology.as_ref(),
                    ] {
                        file.map_or(Ok(()), |file| folder.record_input(file))?;
                    }
                    let scores = verification::score(&files)?;
                    scores.write(&folder.file("scores.json"))?;
                    Ok(scores)
                },
            )?
        }
    };
    options.report(&scores, &daily(&scores, 100))
}
