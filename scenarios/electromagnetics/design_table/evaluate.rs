//! The surrogate on designs that it did not see.
//!
//! Each split trains a surrogate of its own on what it does not leave out; nothing of the designs
//! left out chooses anything. A split that is done is kept in `splits/`, so that a run that was
//! killed goes on.

use super::Loaded;
use crate::commands::Options;
use crate::error::{Error, Result};
use crate::run_folder::{RunFolder, write_atomically};
use curlwind_operators::design::scores::{
    coverage, mean_predictor, nearest_neighbour, relative_l2,
};
use curlwind_operators::design::splits::{alike, edges, folds};
use curlwind_operators::design::{DesignData, DesignSurrogate, Response};
use curlwind_operators::training::RunOptions;
use ndarray::Array3;
use serde::{Deserialize, Serialize};

/// One split and what came of it. Curves are S11 in dB, `[design left out][frequency]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Split {
    /// `fold 3 of 10`, `edge a = 24`.
    pub name: String,
    /// Whether it is an edge.
    pub edge: bool,
    /// The designs left out.
    pub designs: Vec<usize>,
    /// Relative L2 error over all of them, in dB where the table is, else of the complex values'
    /// magnitudes in dB.
    pub error: f64,
    /// That of the nearest design left in.
    pub nearest: f64,
    /// That of the mean of the designs left in.
    pub mean: f64,
    /// Share of the true values within the intervals.
    pub coverage: f64,
    /// Training in seconds.
    pub seconds: f64,
    /// What the surrogate said.
    pub predicted: Vec<Vec<f64>>,
    /// Ends of its intervals.
    pub lower: Vec<Vec<f64>>,
    /// Ends of its intervals.
    pub upper: Vec<Vec<f64>>,
}

/// All splits that the scenario asks for.
///
/// # Errors
/// A training that fails, files that cannot be written.
pub fn evaluate(
    loaded: &Loaded,
    data: &DesignData,
    folder: &RunFolder,
    options: &Options,
) -> Result<Vec<Split>> {
    let asked = &loaded.settings.evaluation;
    let groups = alike(data, asked.alike);
    let left_out = match asked.folds {
        0 => Vec::new(),
        count => folds(&groups, count, loaded.settings.seed),
    };
    let mut splits: Vec<(String, bool, Vec<usize>)> = Vec::new();
    let count = left_out.len();
    for (n, designs) in left_out.into_iter().enumerate() {
        splits.push((format!("fold {} of {count}", n + 1), false, designs));
    }
    if asked.edges {
        for edge in edges(data, &groups) {
            let name = format!(
                "edge {} = {}",
                data.parameter_names[edge.parameter], edge.value
            );
            splits.push((name, true, edge.designs));
        }
    }
    let bar = options.progress("splits");
    bar.set_length(splits.len() as u64);
    let home = folder.folder("splits")?;
    let mut done = Vec::new();
    for (n, (name, edge, designs)) in splits.into_iter().enumerate() {
        let file = home.join(format!("{n}.json"));
        let kept = std::fs::read_to_string(&file).ok();
        let kept: Option<Split> = kept.and_then(|text| serde_json::from_str(&text).ok());
        // another seed deals other folds
        let kept = kept.filter(|split| split.name == name && split.designs == designs);
        let split = match kept {
            Some(split) => split,
            None => {
                let training = home.join(n.to_string());
                let split = one(loaded, data, name, edge, designs, &training, options)?;
                let text = serde_json::to_string(&split).map_err(Error::failed)?;
                write_atomically(&file, text.as_bytes())?;
                let _ = std::fs::remove_dir_all(&training);
                split
            }
        };
        done.push(split);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(done)
}

fn one(
    loaded: &Loaded,
    data: &DesignData,
    name: String,
    edge: bool,
    designs: Vec<usize>,
    folder: &std::path::Path,
    options: &Options,
) -> Result<Split> {
    let kept: Vec<usize> = (0..data.designs())
        .filter(|d| !designs.contains(d))
        .collect();
    if kept.len() < 4 {
        return Err(Error::unusable(format!(
            "{name} leaves {} designs to learn from; a surrogate needs 4 or more",
            kept.len()
        )));
    }
    let (training, test) = (data.select(&kept), data.select(&designs));
    let surrogate = train(loaded, &training, folder, options)?;
    let prediction = surrogate.predict(&test.parameters).map_err(Error::failed)?;
    let truth = test.response.decibel();
    let error = |response: &Response| relative_l2(&response.decibel(), &truth).pooled;
    let rows = |values: Array3<f64>| -> Vec<Vec<f64>> {
        values
            .outer_iter()
            .map(|design| design.row(0).to_vec())
            .collect()
    };
    // within the disc of complex values, or the interval in dB
    let covered = match (&prediction.mean, &test.response) {
        (Response::Complex(mean), Response::Complex(truth)) => {
            let away = (mean - truth).mapv(|s| s.norm());
            coverage(&away, &prediction.radius, &Array3::zeros(away.dim()))
        }
        _ => coverage(&prediction.decibel(), &prediction.radius, &truth),
    };
    Ok(Split {
        name,
        edge,
        error: error(&prediction.mean),
        nearest: error(&nearest_neighbour(&training, &test.parameters)),
        mean: error(&mean_predictor(&training, test.designs())),
        coverage: covered,
        seconds: surrogate.description().training_seconds,
        predicted: rows(prediction.decibel()),
        lower: rows(prediction.lower_decibel()),
        upper: rows(prediction.upper_decibel()),
        designs,
    })
}

/// Trains on all of `data`.
///
/// # Errors
/// A training that fails.
pub fn train(
    loaded: &Loaded,
    data: &DesignData,
    folder: &std::path::Path,
    options: &Options,
) -> Result<DesignSurrogate> {
    let device = curlwind_operators::device::select(&options.device).map_err(Error::unusable)?;
    let mut config = loaded.settings.surrogate.network.clone();
    config.seed = config.seed.wrapping_add(loaded.settings.seed);
    let run = RunOptions {
        quiet: true,
        resume: true,
        stop: None,
        ranks: None,
    };
    DesignSurrogate::train(data, &config, &device, folder, run).map_err(Error::failed)
}
