//! Training of maps from fields to fields: a medium to its pressure, a state to a later one.

use super::config::{Stage, TrainingConfig};
use super::task::{Part, Task};
use super::trainer::{self, Fitted, RunOptions};
use crate::error::{Error, Result};
use crate::field_operator::{FieldNormalisation, FieldOperator};
use crate::loss::GridLoss;
use crate::network::Network;
use burn::tensor::{DType, Device, Tensor, TensorData};
use ndarray::{Array4, Axis};
use rand_chacha::ChaCha8Rng;
use std::path::Path;

/// Pairs of fields in memory, `[sample][channel][row][column]`; fields on a line have one row.
#[derive(Clone, Debug)]
pub struct FieldSamples {
    inputs: Array4<f32>,
    outputs: Array4<f32>,
}

impl FieldSamples {
    /// Inputs and the outputs that belong to them.
    ///
    /// # Errors
    /// When there are not as many of one as of the other, they lie on different grids, or there
    /// are none.
    pub fn new(inputs: Array4<f32>, outputs: Array4<f32>) -> Result<Self> {
        let ((n, c, h, w), (m, d, rows, columns)) = (inputs.dim(), outputs.dim());
        if (n, h, w) != (m, rows, columns) {
            return Err(Error::TensorShape {
                tensor: "outputs".into(),
                expected: vec![n, d, h, w],
                found: outputs.shape().to_vec(),
            });
        }
        if n * c * d * h * w == 0 {
            return Err(Error::Data("expected samples, found none".into()));
        }
        Ok(Self { inputs, outputs })
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.inputs.dim().0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `[row, column]` of the grid.
    pub fn grid(&self) -> [usize; 2] {
        let (_, _, h, w) = self.inputs.dim();
        [h, w]
    }

    /// Inputs `[sample][channel][row][column]`.
    pub fn inputs(&self) -> &Array4<f32> {
        &self.inputs
    }

    /// Outputs `[sample][channel][row][column]`.
    pub fn outputs(&self) -> &Array4<f32> {
        &self.outputs
    }

    /// The normalisation that gives these samples mean 0 and deviation 1.
    pub fn normalisation(&self) -> FieldNormalisation {
        let of = |fields: &Array4<f32>| -> (Vec<f64>, Vec<f64>) {
            fields
                .axis_iter(Axis(1))
                .map(|channel| {
                    let count = channel.len() as f64;
                    let mean = channel.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
                    let square = |v: &f32| (f64::from(*v) - mean).powi(2);
                    let std = (channel.iter().map(square).sum::<f64>() / count).sqrt();
                    // a channel that is the same everywhere is only shifted
                    (mean, if std > 0.0 { std } else { 1.0 })
                })
                .unzip()
        };
        let (input_mean, input_std) = of(&self.inputs);
        let (output_mean, output_std) = of(&self.outputs);
        FieldNormalisation {
            input_mean,
            input_std,
            output_mean,
            output_std,
        }
    }
}

/// Trains an operator and writes `metrics.jsonl` and `checkpoint.safetensors` into `folder`. The
/// loss is that of the physical outputs: of relative L2, each channel over its own size.
///
/// # Errors
/// When the samples do not fit the operator or the configuration, writing fails, or the loss is not
/// finite ([`Error::NotFinite`]; the last checkpoint stays).
pub fn train_field_map(
    operator: &FieldOperator,
    config: &TrainingConfig,
    data: &FieldSamples,
    validation: Option<&FieldSamples>,
    folder: &Path,
    options: RunOptions,
) -> Result<Fitted<Network>> {
    let expected = operator.config();
    for samples in [Some(data), validation].into_iter().flatten() {
        let found = [samples.inputs.dim().1, samples.outputs.dim().1];
        let channels = [expected.inputs.len(), expected.outputs.len()];
        if found != channels || samples.grid() != data.grid() {
            let [h, w] = data.grid();
            return Err(Error::TensorShape {
                tensor: "channels in and out, rows and columns of the samples".into(),
                expected: vec![channels[0], channels[1], h, w],
                found: [&found[..], &samples.grid()].concat(),
            });
        }
    }
    expected.network.check_plane(data.grid())?;
    let device = operator.device();
    let task = FieldMap {
        loss: GridLoss::uniform(config.loss, data.grid(), &device, DType::F32),
        operator,
        data,
        validation,
    };
    trainer::fit(&task, config, folder, options)
}

struct FieldMap<'a> {
    operator: &'a FieldOperator,
    loss: GridLoss,
    data: &'a FieldSamples,
    validation: Option<&'a FieldSamples>,
}

/// Normalised inputs, and outputs over their deviation: shifted they would have another relative
/// error.
struct Batch {
    inputs: Vec<f32>,
    outputs: Vec<f32>,
    size: usize,
}

impl Task for FieldMap<'_> {
    type Network = Network;
    type Batch = Batch;

    fn network(&self) -> &Network {
        self.operator.network()
    }

    fn device(&self) -> Device {
        self.operator.device()
    }

    fn identity(&self) -> String {
        let [h, w] = self.data.grid();
        let config = serde_json::to_string(self.operator.config()).unwrap_or_default();
        format!("{config} {h}x{w} {}", self.data.len())
    }

    fn samples(&self, part: Part) -> usize {
        match part {
            Part::Training => self.data.len(),
            Part::Validation => self.validation.map_or(0, FieldSamples::len),
        }
    }

    fn read(
        &self,
        part: Part,
        indices: &[usize],
        _stage: &Stage,
        _rng: &mut ChaCha8Rng,
    ) -> Result<Batch> {
        let samples = match (part, self.validation) {
            (Part::Validation, Some(samples)) => samples,
            _ => self.data,
        };
        let n = &self.operator.config().normalisation;
        let read = |fields: &Array4<f32>, mean: &dyn Fn(usize) -> f64, std: &[f64]| -> Vec<f32> {
            let mut values = Vec::new();
            for &index in indices {
                let sample = fields.index_axis(Axis(0), index);
                for (c, field) in sample.axis_iter(Axis(0)).enumerate() {
                    let (mean, inverse) = (mean(c), 1.0 / std[c]);
                    let scaled = field.iter();
                    values.extend(scaled.map(|v| ((f64::from(*v) - mean) * inverse) as f32));
                }
            }
            values
        };
        Ok(Batch {
            inputs: read(&samples.inputs, &|c| n.input_mean[c], &n.input_std),
            outputs: read(&samples.outputs, &|_| 0.0, &n.output_std),
            size: indices.len(),
        })
    }

    fn loss(&self, network: &Network, batch: Batch, device: &Device) -> Tensor<1> {
        let [h, w] = self.data.grid();
        let tensor = |values: Vec<f32>| {
            let channels = values.len() / (batch.size * h * w);
            let data = TensorData::new(values, [batch.size, channels, h, w]);
            Tensor::<4>::from_data(data, (device, DType::F32))
        };
        let (inputs, target) = (tensor(batch.inputs), tensor(batch.outputs));
        let n = &self.operator.config().normalisation;
        let shift: Vec<f64> = n
            .output_mean
            .iter()
            .zip(&n.output_std)
            .map(|(mean, std)| mean / std)
            .collect();
        let shift = crate::field_operator::per_channel(shift, &target);
        self.loss.forward(network.forward(inputs) + shift, target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field_operator::FieldOperatorConfig;
    use crate::fno::FnoConfig;
    use crate::network::NetworkConfig;

    fn samples(count: usize) -> FieldSamples {
        let wave = |s: usize, i: usize, shift: f64| {
            let phase = 0.7 * s as f64 + std::f64::consts::TAU * i as f64 / 16.0;
            (3.0 + 2.0 * (phase + shift).sin()) as f32
        };
        let fields =
            |shift| Array4::from_shape_fn((count, 1, 1, 16), |(s, _, _, i)| wave(s, i, shift));
        FieldSamples::new(fields(0.0), fields(0.5)).expect("samples")
    }

    /// A shifted wave is learned on a line, saved, loaded, and the prediction is physical.
    #[test]
    fn a_map_on_a_line_is_learned() {
        let device = Device::flex();
        device.seed(1);
        let data = samples(24);
        let config = FieldOperatorConfig {
            network: NetworkConfig::Fno(FnoConfig {
                n_modes: vec![6],
                hidden_channels: 8,
                layers: 2,
                ..Default::default()
            }),
            inputs: vec!["before".into()],
            outputs: vec!["after".into()],
            normalisation: data.normalisation(),
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
        let fitted = train_field_map(&operator, &training, &data, None, folder.path(), options)
            .expect("trained");
        let operator = operator.with_network(fitted.network);
        operator.save(&folder.path().join("model")).expect("saved");
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

    #[test]
    fn samples_that_do_not_fit_are_refused() {
        let fields = |n, w| Array4::<f32>::zeros((n, 1, 1, w));
        assert!(FieldSamples::new(fields(3, 4), fields(2, 4)).is_err());
        assert!(FieldSamples::new(fields(3, 4), fields(3, 5)).is_err());
        assert!(FieldSamples::new(fields(0, 4), fields(0, 4)).is_err());
    }
}
