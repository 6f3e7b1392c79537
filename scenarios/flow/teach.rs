//! Networks trained in a run folder.

use super::Loaded;
use super::physics_informed::Lesson;
use super::samples::Samples;
use crate::commands::Options;
use crate::error::{Error, Result};
use crate::ranks;
use crate::run_folder::RunFolder;
use curlwind_operators::field::{
    self, FieldNormalisation, FieldOperator, FieldOperatorConfig, FieldSamples,
};
use curlwind_operators::network::NetworkConfig;
use curlwind_operators::training::{DataParallel, RunOptions};
use curlwind_operators::{Error as OperatorError, device};
use std::path::Path;

/// The network trained from as many seeds as were asked for, the first in the run's folder and the
/// others in folders of their own, and a sentence about each.
///
/// # Errors
/// As [`fit`].
pub(super) fn fit_all(
    loaded: &Loaded,
    folder: &RunFolder,
    lesson: &Lesson,
    samples: &Samples,
    names: &[Vec<String>; 2],
    options: &Options,
) -> Result<(Vec<Taught>, String)> {
    let _phase = folder.phase("train")?;
    let mut all: Vec<Taught> = Vec::new();
    for seed in 0..options.seeds.unwrap_or(1) {
        let home = match seed {
            0 => folder.path().to_path_buf(),
            _ => folder.folder(&format!("seed_{}", seed + 1))?,
        };
        let pupil = Pupil {
            network: &loaded.settings.operator,
            lesson,
            home: &home,
            number: seed as u64,
        };
        let taught = fit(loaded, &pupil, samples, names, options)?;
        all.push(taught);
    }
    let sentences: Vec<&str> = all.iter().map(|taught| taught.sentence.as_str()).collect();
    let sentences = sentences.join("\n");
    Ok((all, sentences))
}

/// A trained operator.
pub(super) struct Taught {
    pub operator: FieldOperator,
    /// How it went.
    pub sentence: String,
    /// Of training.
    pub seconds: f64,
    /// How many numbers it has learned.
    pub weights: usize,
}

/// Who learns what, and where.
pub(super) struct Pupil<'l> {
    pub network: &'l NetworkConfig,
    pub lesson: &'l Lesson,
    /// Its folder.
    pub home: &'l Path,
    /// Trainings that differ in their seed alone are numbered from 0.
    pub number: u64,
}

/// The network trained in a lesson, in a folder of its own.
///
/// # Errors
/// A network that cannot be built or samples that do not fit it, a loss that is not finite.
pub(super) fn fit(
    loaded: &Loaded,
    pupil: &Pupil,
    samples: &Samples,
    [inputs, outputs]: &[Vec<String>; 2],
    options: &Options,
) -> Result<Taught> {
    let settings = &loaded.settings;
    let Pupil {
        network,
        lesson,
        home,
        number,
    } = *pupil;
    let device = device::select(&options.device).map_err(Error::unusable)?;
    let mut training = lesson.training.clone();
    training.seed = (training.seed ^ settings.seed).wrapping_add(number);
    device.seed(training.seed);
    let config = FieldOperatorConfig {
        network: network.clone(),
        inputs: inputs.clone(),
        outputs: outputs.clone(),
        normalisation: normalisation(lesson)?,
        about: serde_json::Value::Null,
    };
    let operator =
        FieldOperator::new(config, &device).map_err(|error| loaded.refuse("operator", error))?;
    let validation = samples.validation.as_ref();
    let physics = match training.active_residual() {
        Some(_) => {
            let law = settings.problem().law();
            let equation = law.map_err(|reason| loaded.refuse("training.residual", reason))?;
            let unlabelled = lesson.unlabelled.as_ref();
            Some(field::Physics {
                equation,
                unlabelled: unlabelled.map(|samples| samples as &dyn FieldSamples),
            })
        }
        None => None,
    };
    let together = ranks::all().map(DataParallel::new);
    let trained = field::train_with_residual(
        operator,
        &training,
        &lesson.samples,
        validation.map(|samples| samples as &dyn FieldSamples),
        physics,
        home,
        RunOptions {
            quiet: options.quiet,
            resume: true,
            stop: None,
            ranks: together.as_ref(),
        },
    )
    .map_err(|error| match error {
        OperatorError::Config { .. } | OperatorError::TensorShape { .. } => Error::unusable(error),
        error => Error::failed(error),
    })?;
    let sentence = format!(
        "{} trained on {} samples: {} steps in {:.0} s, loss {:.4}.",
        network.name(),
        lesson.samples.len(),
        trained.facts.steps,
        trained.facts.seconds,
        trained.facts.train_loss
    );
    let operator = trained.model;
    operator.save(&home.join("model")).map_err(Error::failed)?;
    Ok(Taught {
        weights: operator.network().weight_count(),
        operator,
        sentence,
        seconds: trained.facts.seconds,
    })
}

/// That of the samples; of outputs whose labels are not looked at, that of the state they come from.
fn normalisation(lesson: &Lesson) -> Result<FieldNormalisation> {
    let mut found = FieldNormalisation::of(&lesson.samples, false).map_err(Error::unusable)?;
    if lesson.training.active_residual().is_some_and(|r| !r.labels) {
        let count = found.output_mean.len();
        found.output_mean = vec![found.input_mean[0]; count];
        found.output_std = vec![found.input_std[0]; count];
    }
    Ok(found)
}
