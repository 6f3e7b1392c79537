//! Training of an operator of fields.

use super::{FieldOperator, FieldSamples};
use crate::error::{Error, Result};
use crate::fno::Fno;
use crate::loss::GridLoss;
use crate::training::{Part, RunOptions, Stage, Task, TrainingConfig, fit};
use burn::tensor::{DType, Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use std::path::Path;

/// A trained operator and how it got there.
#[derive(Debug)]
pub struct Trained {
    /// The operator with its final weights.
    pub operator: FieldOperator,
    /// Mean loss of the last epoch.
    pub train_loss: f64,
    /// Validation loss of the weights returned.
    pub validation_loss: Option<f64>,
    /// Optimiser steps.
    pub steps: u64,
    /// Wall time of training, over all resumed parts, in seconds.
    pub seconds: f64,
}

/// Trains an operator and writes `metrics.jsonl` and `checkpoint.safetensors` into `folder`.
/// Training pairs are drawn with their symmetries, validation pairs as they are.
///
/// # Errors
/// When the configuration does not fit the data, reading or writing fails, or the loss or gradient
/// is not finite ([`Error::NotFinite`]; the last checkpoint stays).
pub fn train(
    operator: FieldOperator,
    config: &TrainingConfig,
    data: &dyn FieldSamples,
    validation: Option<&dyn FieldSamples>,
    folder: &Path,
    options: RunOptions,
) -> Result<Trained> {
    let about = operator.config();
    let [height, width] = about.grid;
    let expected = [about.inputs.len(), about.outputs.len(), height, width];
    for samples in [Some(data), validation].into_iter().flatten() {
        if samples.shape() != expected {
            return Err(Error::TensorShape {
                tensor: "fields of the training data (inputs, outputs, rows, columns)".into(),
                expected: expected.to_vec(),
                found: samples.shape().to_vec(),
            });
        }
    }
    if let Some(stage) = config.stages.iter().find(|s| s.roll_out != 1) {
        let expected = "1: the operator is no time stepper";
        return Err(Error::config("stages.roll_out", expected, stage.roll_out));
    }
    let task = Pairs {
        loss: GridLoss::uniform(config.loss, about.grid, &operator.device(), DType::F32),
        operator,
        data,
        validation,
    };
    let fitted = fit(&task, config, folder, options)?;
    Ok(Trained {
        operator: task.operator.with_network(fitted.network),
        train_loss: fitted.train_loss,
        validation_loss: fitted.validation_loss,
        steps: fitted.steps,
        seconds: fitted.seconds,
    })
}

struct Pairs<'a> {
    operator: FieldOperator,
    loss: GridLoss,
    data: &'a dyn FieldSamples,
    validation: Option<&'a dyn FieldSamples>,
}

/// Physical fields of a batch.
struct Batch {
    inputs: Vec<f32>,
    outputs: Vec<f32>,
    size: usize,
}

impl Task for Pairs<'_> {
    type Network = Fno;
    type Batch = Batch;

    fn network(&self) -> &Fno {
        self.operator.network()
    }

    fn device(&self) -> Device {
        self.operator.device()
    }

    fn identity(&self) -> String {
        format!(
            "{} {}",
            serde_json::to_string(self.operator.config()).unwrap_or_default(),
            self.data.len()
        )
    }

    fn samples(&self, part: Part) -> usize {
        match part {
            Part::Training => self.data.len(),
            Part::Validation => self.validation.map_or(0, |samples| samples.len()),
        }
    }

    fn read(
        &self,
        part: Part,
        indices: &[usize],
        _stage: &Stage,
        rng: &mut ChaCha8Rng,
    ) -> Result<Batch> {
        let samples = match (part, self.validation) {
            (Part::Validation, Some(samples)) => samples,
            _ => self.data,
        };
        let [inputs, outputs, height, width] = samples.shape();
        let (one, other) = (inputs * height * width, outputs * height * width);
        let mut batch = Batch {
            inputs: vec![0.0; indices.len() * one],
            outputs: vec![0.0; indices.len() * other],
            size: indices.len(),
        };
        let places = batch
            .inputs
            .chunks_mut(one)
            .zip(batch.outputs.chunks_mut(other));
        for (&index, (input, output)) in indices.iter().zip(places) {
            let symmetry = (part == Part::Training).then_some(&mut *rng);
            samples.read(index, symmetry, input, output)?;
        }
        Ok(batch)
    }

    fn loss(&self, network: &Fno, batch: Batch, device: &Device) -> Tensor<1> {
        let operator = self.operator.with_network(network.clone());
        let config = operator.config();
        let [height, width] = config.grid;
        let tensor = |values: Vec<f32>, channels: usize| {
            let data = TensorData::new(values, [batch.size, channels, height, width]);
            Tensor::<4>::from_data(data, (device, DType::F32))
        };
        let x = tensor(batch.inputs, config.inputs.len());
        let y = tensor(batch.outputs, config.outputs.len());
        self.loss.forward(operator.forward(x), y)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FieldOperatorConfig, scales};
    use super::*;
    use crate::fno::FnoConfig;
    use crate::weights;
    use rand::Rng;
    use std::sync::atomic::AtomicBool;

    /// Smooth random fields and their negatives shifted by a column.
    struct Shifted(usize);

    impl FieldSamples for Shifted {
        fn len(&self) -> usize {
            self.0
        }

        fn shape(&self) -> [usize; 4] {
            [1, 1, 8, 12]
        }

        fn read(
            &self,
            index: usize,
            symmetry: Option<&mut ChaCha8Rng>,
            input: &mut [f32],
            output: &mut [f32],
        ) -> Result<()> {
            let sign = match symmetry {
                Some(rng) => 1.0 - 2.0 * f32::from(u8::from(rng.random::<bool>())),
                None => 1.0,
            };
            let value = |row: usize, column: usize| {
                let phase = index as f32 * 0.7 + row as f32 * 0.8;
                sign * (phase + column as f32 * std::f32::consts::TAU / 12.0).sin()
            };
            for row in 0..8 {
                for column in 0..12 {
                    input[row * 12 + column] = value(row, column);
                    output[row * 12 + column] = -3.0 * value(row, column + 1);
                }
            }
            Ok(())
        }
    }

    fn operator(seed: u64) -> FieldOperator {
        let device = Device::flex();
        device.seed(seed);
        let (input_scales, output_scales) = scales(&Shifted(10)).expect("scales");
        assert!((output_scales[0] / input_scales[0] - 3.0).abs() < 1e-3);
        let config = FieldOperatorConfig {
            network: FnoConfig {
                n_modes: vec![4, 4],
                hidden_channels: 8,
                layers: 2,
                domain_padding: 0.25,
                ..Default::default()
            },
            inputs: vec!["in".into()],
            outputs: vec!["out".into()],
            input_scales,
            output_scales,
            grid: [8, 12],
            about: serde_json::Value::Null,
        };
        FieldOperator::new(config, &device).expect("operator")
    }

    fn config(epochs: usize) -> TrainingConfig {
        TrainingConfig {
            stages: vec![Stage {
                roll_out: 1,
                epochs,
                learning_rate: None,
            }],
            learning_rate: 5e-3,
            ..Default::default()
        }
    }

    #[test]
    fn it_learns_and_survives_a_folder() {
        let folder = tempfile::tempdir().expect("folder");
        let options = RunOptions {
            quiet: true,
            ..Default::default()
        };
        let (data, held) = (Shifted(24), Shifted(4));
        let trained = train(
            operator(1),
            &config(30),
            &data,
            Some(&held),
            folder.path(),
            options,
        )
        .expect("trained");
        let loss = trained.validation_loss.expect("validation");
        println!("validation loss {loss:.4}");
        assert!(loss < 0.1, "{loss}");
        let home = folder.path().join("model");
        trained.operator.save(&home).expect("saved");
        let again = FieldOperator::load(&home, &Device::flex()).expect("loaded");
        let mut input = vec![0.0; 96];
        let mut output = vec![0.0; 96];
        held.read(1, None, &mut input, &mut output).expect("read");
        let predict =
            |operator: &FieldOperator| operator.predict(&input, 1, [8, 12]).expect("values");
        assert_eq!(predict(&again), predict(&trained.operator));
        assert!(again.predict(&input, 2, [8, 12]).is_err());
    }

    /// Stopped and continued, the weights are those of the run that was not, bit for bit.
    #[test]
    fn a_resumed_run_has_the_same_bits() {
        let data = Shifted(20);
        let run = |folder: &Path, stop: Option<&AtomicBool>, resume: bool| {
            let options = RunOptions {
                quiet: true,
                resume,
                stop,
            };
            train(operator(1), &config(3), &data, None, folder, options).expect("trained")
        };
        let folder = tempfile::tempdir().expect("folder");
        let whole = run(&folder.path().join("whole"), None, false);
        let parts = folder.path().join("parts");
        let stop = AtomicBool::new(true);
        run(&parts, Some(&stop), false);
        run(&parts, Some(&stop), true);
        let resumed = run(&parts, None, true);
        let bits = |t: &Trained| weights::collect(t.operator.network());
        assert_eq!(bits(&whole), bits(&resumed));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let folder = tempfile::tempdir().expect("folder");
        let mut long = config(1);
        long.stages[0].roll_out = 2;
        let refused = train(
            operator(1),
            &long,
            &Shifted(4),
            None,
            folder.path(),
            RunOptions::default(),
        );
        let message = refused.expect_err("refused").to_string();
        assert!(message.contains("`stages.roll_out`"), "{message}");
    }
}
