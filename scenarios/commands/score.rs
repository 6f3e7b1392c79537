//! `curlwind score`: a forecast file against a truth file.

use super::{Options, daily, in_folder};
use crate::error::{Error, Result};
use crate::run_folder::{RunFolder, Scores, Setup};
use crate::weather::scores::Weights;
use crate::weather::verification::{Files, Verified, verify};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What was asked for.
#[derive(Debug, Serialize)]
pub struct Request {
    pub forecast: PathBuf,
    pub truth: PathBuf,
    pub climatology: Option<PathBuf>,
    pub members: Option<String>,
    pub truth_member: usize,
    pub baseline: Option<PathBuf>,
    pub regions: Vec<String>,
    pub land_sea_mask: Option<PathBuf>,
    pub weights: Weights,
    pub fss_thresholds: Vec<String>,
    pub fss_neighbourhoods: Vec<String>,
    pub spectra: bool,
}

impl Request {
    fn files(&self) -> Result<Files<'_>> {
        if !self.fss_neighbourhoods.is_empty() && self.fss_thresholds.is_empty() {
            return Err(Error::unusable(
                "--fss-neighbourhood: expected --fss-threshold as well: what is an event?",
            ));
        }
        Ok(Files {
            climatology: self.climatology.as_deref(),
            baseline: self.baseline.as_deref(),
            land_sea_mask: self.land_sea_mask.as_deref(),
            members: self.members.as_deref().map(members).transpose()?,
            truth_member: self.truth_member,
            regions: all("--region", &self.regions)?,
            weights: self.weights,
            thresholds: all("--fss-threshold", &self.fss_thresholds)?,
            neighbourhoods: all("--fss-neighbourhood", &self.fss_neighbourhoods)?,
            spectra: self.spectra,
            ..Files::new(&self.forecast, &self.truth)
        })
    }

    fn paths(&self) -> impl Iterator<Item = &Path> {
        let optional = [&self.climatology, &self.baseline, &self.land_sea_mask];
        let optional = optional.into_iter().flatten();
        [&self.forecast, &self.truth]
            .into_iter()
            .chain(optional)
            .map(PathBuf::as_path)
    }
}

fn all<T: FromStr<Err = String>>(option: &str, texts: &[String]) -> Result<Vec<T>> {
    let one = |text: &String| {
        text.parse()
            .map_err(|e| Error::unusable(format!("{option}: {e}")))
    };
    texts.iter().map(one).collect()
}

/// Scores every variable and lead that both files have.
pub fn score(
    request: &Request,
    (output, resume): (Option<&Path>, bool),
    options: &Options,
) -> Result<()> {
    let files = request.files()?;
    let scores = match output {
        None => verify(&files, None, &options.progress("scoring"))?.scores(),
        Some(output) => {
            let setup = Setup::new("score", request)?;
            in_folder(output, setup, resume, |folder| {
                write(request, &files, folder, options)
            })?
        }
    };
    options.report(&scores, &daily(&scores, 100))
}

/// Scores into a run folder. The report is written last: where it is, there is nothing left to do.
fn write(
    request: &Request,
    files: &Files,
    folder: &RunFolder,
    options: &Options,
) -> Result<Scores> {
    let (report, rows) = (folder.file("report.html"), folder.file("scores.json"));
    let checkpoint = folder.file("checkpoint");
    if report.is_file() {
        // the last run may have been killed before it tidied up
        tidy(folder.path(), &checkpoint)?;
        return Ok(Scores::read(&rows)?);
    }
    let mut fingerprint = serde_json::to_string(request).map_err(Error::failed)?;
    for path in request.paths() {
        folder.record_input(path)?;
    }
    for input in folder.manifest().inputs {
        fingerprint += &format!(" {}", input.sha256);
    }
    fingerprint += concat!(" ", env!("CARGO_PKG_VERSION"));
    folder.folder("checkpoint")?;
    let verified: Verified = {
        let _phase = folder.phase("score")?;
        verify(
            files,
            Some((&checkpoint, &fingerprint)),
            &options.progress("scoring"),
        )?
    };
    let scores = {
        let _phase = folder.phase("report")?;
        let configuration = serde_json::to_string_pretty(request).map_err(Error::failed)?;
        verified.write(folder, &configuration)?
    };
    // everything is where it belongs; what a killed run left half written goes, too
    tidy(folder.path(), &checkpoint)?;
    Ok(scores)
}

/// Takes away the checkpoint and what killed processes did not finish.
fn tidy(folder: &Path, checkpoint: &Path) -> Result<()> {
    let _ = std::fs::remove_dir_all(checkpoint);
    let entries = std::fs::read_dir(folder).map_err(Error::failed)?;
    for path in entries.flatten().map(|entry| entry.path()) {
        let unfinished = |e: &std::ffi::OsStr| e == "part" || e == "partial";
        if path.extension().is_some_and(unfinished) {
            let _ = std::fs::remove_file(path);
        }
    }
    Ok(())
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
