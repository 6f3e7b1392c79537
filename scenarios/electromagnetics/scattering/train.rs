//! Training the operator on stored scenes.

use super::generate::CHANNELS;
use super::settings::Settings;
use crate::error::{Error, Result};
use crate::ranks;
use crate::training_data;
use curlwind_datasets::samples::SampleStore;
use curlwind_datasets::store::Split;
use curlwind_operators::field::{
    FieldNormalisation, FieldOperator, FieldOperatorConfig, FieldSamples, train,
};
use curlwind_operators::network::NetworkConfig;
use curlwind_operators::training::{DataParallel, Fitted, RunOptions};
use curlwind_operators::{Error as OperatorError, device};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::f32::consts::TAU;
use std::path::Path;

/// Input channels of the operator.
pub const INPUTS: [&str; 3] = ["permittivity_less_1", "incident_re", "incident_im"];
/// Its output channels.
pub const OUTPUTS: [&str; 2] = ["scattered_re", "scattered_im"];

/// Scenes of a store, read from disk as they are needed.
pub struct StoredScenes<'s> {
    store: &'s SampleStore,
    scenes: Vec<usize>,
}

impl<'s> StoredScenes<'s> {
    /// These scenes of the store.
    pub fn new(store: &'s SampleStore, scenes: Vec<usize>) -> Self {
        Self { store, scenes }
    }
}

impl FieldSamples for StoredScenes<'_> {
    fn len(&self) -> usize {
        self.scenes.len()
    }

    fn shape(&self) -> [usize; 4] {
        let [_, rows, columns] = self.store.layout().shape();
        [INPUTS.len(), OUTPUTS.len(), rows, columns]
    }

    /// The equation has no direction and no origin of phase: scenes are turned by quarters and
    /// mirrored, and both fields turned by one phase.
    fn read(
        &self,
        index: usize,
        symmetry: Option<&mut ChaCha8Rng>,
        input: &mut [f32],
        output: &mut [f32],
    ) -> curlwind_operators::Result<()> {
        let data = |reason: String| OperatorError::Data(reason);
        let scene = *self
            .scenes
            .get(index)
            .ok_or_else(|| data(format!("there is no scene {index}")))?;
        let mut all = vec![0.0f32; self.store.layout().sample_len()];
        self.store
            .read(scene, &mut all)
            .map_err(|error| data(error.to_string()))?;
        let points = input.len() / INPUTS.len();
        for value in &mut all[..points] {
            *value -= 1.0;
        }
        if let Some(rng) = symmetry {
            let side = self.store.layout().x.len();
            let which = rng.random_range(0..8u8);
            let phase = rng.random_range(0.0..TAU);
            let mut turned = vec![0.0f32; points];
            for field in all.chunks_mut(points) {
                mirror(field, &mut turned, side, which);
                field.copy_from_slice(&turned);
            }
            let (sin, cos) = phase.sin_cos();
            for pair in all[points..].chunks_mut(2 * points) {
                let (re, im) = pair.split_at_mut(points);
                for (a, b) in re.iter_mut().zip(im) {
                    (*a, *b) = (cos * *a - sin * *b, sin * *a + cos * *b);
                }
            }
        }
        let (inputs, outputs) = all.split_at(input.len());
        input.copy_from_slice(inputs);
        output.copy_from_slice(outputs);
        Ok(())
    }
}

/// One of the eight symmetries of a square.
fn mirror(field: &[f32], turned: &mut [f32], side: usize, which: u8) {
    let flip = |i: usize, bit: u8| if which & bit == 0 { i } else { side - 1 - i };
    for row in 0..side {
        for column in 0..side {
            let (j, i) = (flip(row, 1), flip(column, 2));
            let (j, i) = if which & 4 == 0 { (j, i) } else { (i, j) };
            turned[row * side + column] = field[j * side + i];
        }
    }
}

/// Who trains on which scenes, see `training_data::split`.
///
/// # Errors
/// As there.
pub fn split(settings: &Settings, store: &SampleStore) -> Result<Split> {
    let set = &settings.training_set;
    let shares = [set.validation, set.test];
    training_data::split(store.path(), store.complete(), 1, shares, settings.seed)
}

/// The scenes of a part of the split.
pub fn scenes(part: &[curlwind_datasets::store::Segment]) -> Vec<usize> {
    part.iter().map(|segment| segment.trajectory).collect()
}

/// Trains the operator in the folder `home` and saves it there in `model/`; trainings that differ in
/// their seed alone are numbered from 0.
///
/// # Errors
/// A configuration that does not fit the data, a loss that is not finite, files that cannot be
/// written.
pub fn train_operator(
    settings: &Settings,
    store: &SampleStore,
    split: &Split,
    (home, number): (&Path, u64),
    (device_name, quiet): (&str, bool),
) -> Result<Fitted<FieldOperator>> {
    let layout = store.layout();
    let found: Vec<&str> = layout.channels.iter().map(|c| c.name.as_str()).collect();
    if found != CHANNELS {
        return Err(Error::unusable(format!(
            "{}: expected the channels {}, found {}",
            store.path().display(),
            CHANNELS.join(", "),
            found.join(", ")
        )));
    }
    let training = StoredScenes::new(store, scenes(&split.train));
    let validation = StoredScenes::new(store, scenes(&split.validation));
    // No field has an offset to take away: zero means none.
    let mut normalisation = FieldNormalisation::of(&training, true).map_err(Error::failed)?;
    // real and imaginary parts are one field, whose phase is anyone's choice
    let even = |scales: &mut [f64]| {
        let mean = scales.iter().map(|s| s * s).sum::<f64>() / scales.len() as f64;
        scales.fill(mean.sqrt());
    };
    even(&mut normalisation.input_std[1..]);
    even(&mut normalisation.output_std);
    let solver = &settings.solver;
    let config = FieldOperatorConfig {
        network: NetworkConfig::Fno(settings.operator.clone()),
        inputs: INPUTS.map(String::from).to_vec(),
        outputs: OUTPUTS.map(String::from).to_vec(),
        normalisation,
        about: serde_json::json!({ "physics": "scattering", "solver": solver }),
    };
    let device = device::select(device_name).map_err(Error::unusable)?;
    let mut training_config = settings.training.clone();
    training_config.seed = (training_config.seed ^ settings.seed).wrapping_add(number);
    device.seed(training_config.seed);
    let operator = FieldOperator::new(config, &device).map_err(Error::unusable)?;
    let together = ranks::all().map(DataParallel::new);
    let options = RunOptions {
        quiet,
        resume: true,
        stop: None,
        ranks: together.as_ref(),
    };
    let held: Option<&dyn FieldSamples> = (!validation.is_empty()).then_some(&validation);
    let trained = train(operator, &training_config, &training, held, home, options);
    let trained = trained.map_err(|error| match error {
        OperatorError::Config { .. } | OperatorError::TensorShape { .. } => Error::unusable(error),
        error => Error::failed(error),
    })?;
    trained
        .model
        .save(&home.join("model"))
        .map_err(Error::failed)?;
    Ok(trained)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All eight are different, and the four values of a corner go to the corners.
    #[test]
    fn eight_symmetries() {
        let field: Vec<f32> = (0..9).map(|v| v as f32).collect();
        let mut seen = Vec::new();
        for which in 0..8 {
            let mut turned = vec![0.0; 9];
            mirror(&field, &mut turned, 3, which);
            assert_eq!(turned[4], 4.0);
            let mut sorted = turned.clone();
            sorted.sort_by(f32::total_cmp);
            assert_eq!(sorted, field);
            assert!(!seen.contains(&turned));
            seen.push(turned);
        }
    }
}
