//! The network with its normalisation and the names of its channels.
//!
//! Fields are physical on the outside; inside every channel is shifted and scaled. The grid may be any
//! that the network takes.

use crate::buffers::matrix;
use crate::error::{Error, Result};
use crate::network::{Network, NetworkConfig};
use crate::weights;
use burn::module::Module;
use burn::tensor::{DType, Device, Tensor, TensorData};
use ndarray::Array4;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// What is taken from each channel and what the rest is divided by, in its own unit: mean and
/// deviation over the training samples, or 0 and a size where zero means something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldNormalisation {
    /// Means of the inputs.
    pub input_mean: Vec<f64>,
    /// Deviations of the inputs.
    pub input_std: Vec<f64>,
    /// Means of the outputs.
    pub output_mean: Vec<f64>,
    /// Deviations of the outputs.
    pub output_std: Vec<f64>,
}

/// All of an operator but its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldOperatorConfig {
    /// The network.
    pub network: NetworkConfig,
    /// Names of the inputs, in order.
    pub inputs: Vec<String>,
    /// Names of the outputs, in order.
    pub outputs: Vec<String>,
    /// Normalisation of both.
    pub normalisation: FieldNormalisation,
    /// What the fields are of, for whoever uses the operator: lengths, frequency, in any form.
    #[serde(default)]
    pub about: serde_json::Value,
}

/// A network that maps `[B, Ci, H, W]` to `[B, Co, H, W]`; fields on a line have H = 1.
#[derive(Clone, Debug)]
pub struct FieldOperator {
    network: Network,
    config: FieldOperatorConfig,
}

/// Samples in a call of the network.
const CHUNK: usize = 32;

impl FieldOperator {
    /// With fresh weights; the numbers of channels are those of the names.
    ///
    /// # Errors
    /// When the network cannot be built, needs a sphere, or the normalisation has other numbers of
    /// channels or a deviation that is not above 0.
    pub fn new(mut config: FieldOperatorConfig, device: &Device) -> Result<Self> {
        let (inputs, outputs) = (config.inputs.len(), config.outputs.len());
        let n = &config.normalisation;
        for (key, expected, found) in [
            ("normalisation.input_mean", inputs, n.input_mean.len()),
            ("normalisation.input_std", inputs, n.input_std.len()),
            ("normalisation.output_mean", outputs, n.output_mean.len()),
            ("normalisation.output_std", outputs, n.output_std.len()),
        ] {
            if expected != found {
                return Err(Error::config(key, format!("{expected} values"), found));
            }
        }
        let deviations = n.input_std.iter().chain(&n.output_std);
        if let Some(bad) = deviations.clone().find(|s| !(s.is_finite() && **s > 0.0)) {
            return Err(Error::config("normalisation", "deviations above 0", bad));
        }
        config.network = config.network.with_channels(inputs, outputs);
        Ok(Self {
            network: config.network.init_plane(device)?,
            config,
        })
    }

    /// Its configuration.
    pub fn config(&self) -> &FieldOperatorConfig {
        &self.config
    }

    /// The network, which works on normalised fields.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The same with other weights.
    #[must_use]
    pub fn with_network(&self, network: Network) -> Self {
        Self {
            network,
            config: self.config.clone(),
        }
    }

    /// The device of the weights, without autodiff.
    pub fn device(&self) -> Device {
        let devices = self.network.devices();
        let device = devices.into_iter().next().unwrap_or_else(Device::flex);
        device.without_autodiff()
    }

    /// Outputs of inputs, both `[sample][channel][row][column]` and physical.
    ///
    /// # Errors
    /// When the inputs have another number of channels or dimensions than the network.
    pub fn predict(&self, inputs: &Array4<f32>) -> Result<Array4<f32>> {
        let (count, channels, h, w) = inputs.dim();
        if channels != self.config.inputs.len() {
            return Err(Error::TensorShape {
                tensor: "inputs".into(),
                expected: vec![count, self.config.inputs.len(), h, w],
                found: inputs.shape().to_vec(),
            });
        }
        self.config.network.check_plane([h, w])?;
        let device = self.device();
        let mut all = Vec::with_capacity(count * self.config.outputs.len() * h * w);
        for chunk in inputs.axis_chunks_iter(ndarray::Axis(0), CHUNK) {
            let values: Vec<f32> = chunk.iter().copied().collect();
            let data = TensorData::new(values, [chunk.dim().0, channels, h, w]);
            let x = Tensor::<4>::from_data(data, (&device, DType::F32));
            let y = self.apply(x).into_data_as::<f32>();
            all.extend(y.try_into_vec::<f32>().unwrap_or_default());
        }
        let shape = (count, self.config.outputs.len(), h, w);
        let found = all.len();
        Array4::from_shape_vec(shape, all).map_err(|_| Error::TensorShape {
            tensor: "outputs".into(),
            expected: vec![shape.0, shape.1, h, w],
            found: vec![found],
        })
    }

    /// The same on tensors.
    pub fn apply(&self, inputs: Tensor<4>) -> Tensor<4> {
        let n = &self.config.normalisation;
        let mean = per_channel(n.input_mean.clone(), &inputs);
        let std = per_channel(n.input_std.clone(), &inputs);
        let y = self.network.forward((inputs - mean) / std);
        let mean = per_channel(n.output_mean.clone(), &y);
        let std = per_channel(n.output_std.clone(), &y);
        y * std + mean
    }

    /// Writes `model.json` and `weights.safetensors`.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        let file = folder.join("model.json");
        let json = serde_json::to_string_pretty(&self.config)
            .map_err(|e| Error::io(&file, std::io::Error::other(e)))?;
        weights::write_atomic(&file, json.as_bytes())?;
        let file = folder.join("weights.safetensors");
        weights::write(&file, &weights::collect(&self.network), HashMap::new())
    }

    /// Reads a folder written by [`Self::save`].
    ///
    /// # Errors
    /// When a file is missing or broken, or the weights are not those of the configuration.
    pub fn load(folder: &Path, device: &Device) -> Result<Self> {
        let file = folder.join("model.json");
        let text = std::fs::read_to_string(&file).map_err(|e| Error::io(&file, e))?;
        let config = serde_json::from_str(&text).map_err(|e| Error::Corrupt {
            file: file.clone(),
            kind: "description of an operator of fields",
            reason: e.to_string(),
        })?;
        let operator = Self::new(config, device)?;
        let file = folder.join("weights.safetensors");
        let (tensors, _) = weights::read(&file)?;
        let network = weights::apply(operator.network.clone(), &tensors, &file)?;
        Ok(operator.with_network(network))
    }
}

/// Values of channels `[1, C, 1, 1]`, on the device of a field.
pub(super) fn per_channel(values: Vec<f64>, like: &Tensor<4>) -> Tensor<4> {
    let shape = [1, values.len(), 1, 1];
    matrix(values, shape, &like.device(), like.dtype())
}
