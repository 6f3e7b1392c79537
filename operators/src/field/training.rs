//! Training of an operator of fields.

use super::operator::per_channel;
use super::{FieldOperator, FieldSamples};
use crate::error::{Error, Result};
use crate::loss::GridLoss;
use crate::network::Network;
use crate::training::{Fitted, Part, RunOptions, Stage, Task, TrainingConfig, fit};
use burn::tensor::{DType, Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use std::path::Path;

/// Trains an operator and writes `metrics.jsonl` and `checkpoint.safetensors` into `folder`. The
/// loss is that of the physical outputs, each channel in units of its deviation. Training pairs are
/// drawn with their symmetries, validation pairs as they are.
///
/// # Errors
/// When the samples do not fit the operator or the configuration, reading or writing fails, or the
/// loss or gradient is not finite ([`Error::NotFinite`]; the last checkpoint stays).
pub fn train(
    operator: FieldOperator,
    config: &TrainingConfig,
    data: &dyn FieldSamples,
    validation: Option<&dyn FieldSamples>,
    folder: &Path,
    options: RunOptions,
) -> Result<Fitted<FieldOperator>> {
    let about = operator.config();
    let [_, _, rows, columns] = data.shape();
    let expected = [about.inputs.len(), about.outputs.len(), rows, columns];
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
    about.network.check_plane([rows, columns])?;
    let device = operator.device();
    let task = Pairs {
        loss: GridLoss::uniform(config.loss, [rows, columns], &device, DType::F32),
        operator,
        data,
        validation,
    };
    let fitted = fit(&task, config, folder, options)?;
    Ok(fitted.map(|network| task.operator.with_network(network)))
}

struct Pairs<'a> {
    operator: FieldOperator,
    loss: GridLoss,
    data: &'a dyn FieldSamples,
    validation: Option<&'a dyn FieldSamples>,
}

/// Normalised inputs, and outputs over their deviation: shifted they would have another relative
/// error.
struct Batch {
    inputs: Vec<f32>,
    outputs: Vec<f32>,
    size: usize,
}

impl Task for Pairs<'_> {
    type Network = Network;
    type Batch = Batch;

    fn network(&self) -> &Network {
        self.operator.network()
    }

    fn device(&self) -> Device {
        self.operator.device()
    }

    fn identity(&self) -> String {
        let [_, _, rows, columns] = self.data.shape();
        let config = serde_json::to_string(self.operator.config()).unwrap_or_default();
        format!("{config} {rows}x{columns} {}", self.data.len())
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
        let [inputs, outputs, rows, columns] = samples.shape();
        let points = rows * columns;
        let mut batch = Batch {
            inputs: vec![0.0; indices.len() * inputs * points],
            outputs: vec![0.0; indices.len() * outputs * points],
            size: indices.len(),
        };
        let places = batch
            .inputs
            .chunks_mut(inputs * points)
            .zip(batch.outputs.chunks_mut(outputs * points));
        let n = &self.operator.config().normalisation;
        for (&index, (input, output)) in indices.iter().zip(places) {
            let symmetry = (part == Part::Training).then_some(&mut *rng);
            samples.read(index, symmetry, input, output)?;
            for (c, field) in input.chunks_mut(points).enumerate() {
                scale(field, n.input_mean[c], n.input_std[c]);
            }
            for (c, field) in output.chunks_mut(points).enumerate() {
                scale(field, 0.0, n.output_std[c]);
            }
        }
        Ok(batch)
    }

    fn loss(&self, network: &Network, batch: Batch, device: &Device) -> Tensor<1> {
        let [inputs, outputs, rows, columns] = self.data.shape();
        let tensor = |values: Vec<f32>, channels: usize| {
            let data = TensorData::new(values, [batch.size, channels, rows, columns]);
            Tensor::<4>::from_data(data, (device, DType::F32))
        };
        let (inputs, target) = (tensor(batch.inputs, inputs), tensor(batch.outputs, outputs));
        let n = &self.operator.config().normalisation;
        let mean = n.output_mean.iter().zip(&n.output_std);
        let shift = per_channel(mean.map(|(mean, std)| mean / std).collect(), &target);
        self.loss.forward(network.forward(inputs) + shift, target)
    }
}

fn scale(field: &mut [f32], mean: f64, std: f64) {
    for value in field {
        *value = ((f64::from(*value) - mean) / std) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FieldNormalisation, FieldOperatorConfig, FieldPairs};
    use super::*;
    use crate::fno::FnoConfig;
    use crate::network::NetworkConfig;
    use crate::weights;
    use ndarray::Array4;
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
        let normalisation = FieldNormalisation::of(&Shifted(10), true).expect("sizes");
        let ratio = normalisation.output_std[0] / normalisation.input_std[0];
        assert!((ratio - 3.0).abs() < 1e-3);
        let config = FieldOperatorConfig {
            network: NetworkConfig::Fno(FnoConfig {
                n_modes: vec![4, 4],
                hidden_channels: 8,
                layers: 2,
                domain_padding: 0.25,
                ..Default::default()
            }),
            inputs: vec!["in".into()],
            outputs: vec!["out".into()],
            normalisation,
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
        let loss = trained.facts.validation_loss.expect("validation");
        println!("validation loss {loss:.4}");
        assert!(loss < 0.1, "{loss}");
        let home = folder.path().join("model");
        trained.model.save(&home).expect("saved");
        let again = FieldOperator::load(&home, &Device::flex()).expect("loaded");
        let mut input = Array4::zeros((1, 1, 8, 12));
        let mut output = vec![0.0; 96];
        let values = input.as_slice_mut().expect("contiguous");
        held.read(1, None, values, &mut output).expect("read");
        let predict = |operator: &FieldOperator| operator.predict(&input).expect("values");
        assert_eq!(predict(&again), predict(&trained.model));
        assert!(again.predict(&Array4::zeros((1, 2, 8, 12))).is_err());
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
        let bits = |t: &Fitted<FieldOperator>| weights::collect(t.model.network());
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

    fn waves(count: usize) -> FieldPairs {
        let wave = |s: usize, i: usize, shift: f64| {
            let phase = 0.7 * s as f64 + std::f64::consts::TAU * i as f64 / 16.0;
            (3.0 + 2.0 * (phase + shift).sin()) as f32
        };
        let fields =
            |shift| Array4::from_shape_fn((count, 1, 1, 16), |(s, _, _, i)| wave(s, i, shift));
        FieldPairs::new(fields(0.0), fields(0.5)).expect("samples")
    }

    /// A shifted wave is learned on a line, saved, loaded, and the prediction is physical.
    #[test]
    fn a_map_on_a_line_is_learned() {
        let device = Device::flex();
        device.seed(1);
        let data = waves(24);
        let config = FieldOperatorConfig {
            network: NetworkConfig::Fno(FnoConfig {
                n_modes: vec![6],
                hidden_channels: 8,
                layers: 2,
                ..Default::default()
            }),
            inputs: vec!["before".into()],
            outputs: vec!["after".into()],
            normalisation: FieldNormalisation::of(&data, false).expect("moments"),
            about: serde_json::Value::Null,
        };
        let operator = FieldOperator::new(config, &device).expect("operator");
        let training = TrainingConfig {
            stages: vec![Stage {
                roll_out: 1,
                epochs: 60,
                learning_rate: None,
            }],
            batch_size: 8,
            learning_rate: 1e-2,
            ..Default::default()
        };
        let folder = tempfile::tempdir().expect("folder");
        let options = RunOptions {
            quiet: true,
            ..Default::default()
        };
        let trained =
            train(operator, &training, &data, None, folder.path(), options).expect("trained");
        trained
            .model
            .save(&folder.path().join("model"))
            .expect("saved");
        let loaded = FieldOperator::load(&folder.path().join("model"), &device).expect("loaded");
        let predicted = loaded.predict(data.inputs()).expect("predicted");
        let (mut error, mut size) = (0.0, 0.0);
        for (p, t) in predicted.iter().zip(data.outputs()) {
            error += f64::from(p - t).powi(2);
            size += f64::from(*t).powi(2);
        }
        let error = (error / size).sqrt();
        println!("relative error {error:.4}");
        assert!(error < 0.03, "{error}");
    }
}
