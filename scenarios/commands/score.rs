//! `curlwind score`: a forecast file against a truth file.

use super::{Options, daily, in_folder};
use crate::error::{Error, Result};
use crate::run_folder::Setup;
use crate::weather::verification::{self, Files};
use std::path::PathBuf;

/// What was asked for.
#[derive(Debug)]
pub struct Request {
    pub forecast: PathBuf,
    pub truth: PathBuf,
    pub climatology: Option<PathBuf>,
    pub members: Option<String>,
    pub truth_member: usize,
    pub regions: Vec<String>,
    pub output: Option<PathBuf>,
}

/// Scores every variable and lead that both files have.
pub fn score(request: &Request, options: &Options) -> Result<()> {
    let files = Files {
        forecast: &request.forecast,
        truth: &request.truth,
        climatology: request.climatology.as_deref(),
        members: request.members.as_deref().map(members).transpose()?,
        truth_member: request.truth_member,
        regions: request
            .regions
            .iter()
            .map(|text| {
                text.parse()
                    .map_err(|e| Error::unusable(format!("--region: {e}")))
            })
            .collect::<Result<_>>()?,
    };
    let scores = match &request.output {
        None => verification::score(&files)?,
        Some(output) => {
            let configuration = serde_json::json!({
                "forecast": request.forecast, "truth": request.truth,
                "climatology": request.climatology, "members": request.members,
                "truth_member": request.truth_member, "regions": request.regions,
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

/// Members in the form `0,2,5-9`.
fn members(text: &str) -> Result<Vec<usize>> {
    let wrong = || {
        Error::unusable(format!(
            "--members `{text}`: expected numbers from 0 and ranges, such as 1-9 or 0,3,5-7"
        ))
    };
    let mut all = Vec::new();
    for part in text.split(',') {
        let number = |t: &str| t.trim().parse::<usize>().map_err(|_| wrong());
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(part)?, number(part)?),
        };
        if first > last || (first..=last).any(|m| all.contains(&m)) {
            return Err(wrong());
        }
        all.extend(first..=last);
    }
    Ok(all)
}
