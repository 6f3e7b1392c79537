//! The network with its normalisation.

use crate::error::{Error, Result};
use crate::fno::{Fno, FnoConfig};
use crate::weights;
use burn::module::Module;
use burn::tensor::{DType, Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// A trained operator of fields.
#[derive(Clone, Debug)]
pub struct FieldOperator {
    network: Fno,
    config: FieldOperatorConfig,
}

/// All of an operator but its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldOperatorConfig {
    /// The network.
    pub network: FnoConfig,
    /// Names of the input channels, in order.
    pub inputs: Vec<String>,
    /// Names of the output channels, in order.
    pub outputs: Vec<String>,
    /// What input channels are divided by.
    pub input_scales: Vec<f64>,
    /// What the network's outputs are multiplied by.
    pub output_scales: Vec<f64>,
    /// Rows and columns of the training fields.
    pub grid: [usize; 2],
    /// What the fields are of, for whoever uses the operator: lengths, frequency, in any form.
    #[serde(default)]
    pub about: serde_json::Value,
}

impl FieldOperator {
    /// An untrained operator.
    ///
    /// # Errors
    /// When numbers of channels disagree, a scale is not above 0, or the network's configuration
    /// is refused.
    pub fn new(mut config: FieldOperatorConfig, device: &Device) -> Result<Self> {
        for (key, scales, names) in [
            ("input_scales", &config.input_scales, &config.inputs),
            ("output_scales", &config.output_scales, &config.outputs),
        ] {
            if scales.len() != names.len() {
                let expected = format!("{} values", names.len());
                return Err(Error::config(key, expected, scales.len()));
            }
            if let Some(bad) = scales.iter().find(|s| !(s.is_finite() && **s > 0.0)) {
                return Err(Error::config(key, "finite values above 0", bad));
            }
        }
        config.network.in_channels = config.inputs.len();
        config.network.out_channels = config.outputs.len();
        Ok(Self {
            network: config.network.init(device)?,
            config,
        })
    }

    /// All but the weights.
    pub fn config(&self) -> &FieldOperatorConfig {
        &self.config
    }

    /// The network.
    pub fn network(&self) -> &Fno {
        &self.network
    }

    /// The same with other weights.
    pub fn with_network(&self, network: Fno) -> Self {
        Self {
            network,
            config: self.config.clone(),
        }
    }

    /// The device of the weights, without autodiff.
    pub fn device(&self) -> Device {
        let devices = self.network.devices();
        let first = devices.into_iter().next();
        first.unwrap_or_else(Device::flex).without_autodiff()
    }

    /// The operator on physical fields `[B, inputs, H, W]`, on any grid.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let scale = |scales: &[f64], like: &Tensor<4>| {
            let data = TensorData::new(scales.to_vec(), [1, scales.len(), 1, 1]);
            Tensor::<4>::from_data(data, (&like.device(), like.dtype()))
        };
        let inputs = scale(&self.config.input_scales, &x);
        let y = self.network.forward(x / inputs);
        let outputs = scale(&self.config.output_scales, &y);
        y * outputs
    }

    /// The same on plain values of `count` samples, `[sample][channel][row][column]`.
    ///
    /// # Errors
    /// When the number of values is not that of the channels and the grid.
    pub fn predict(&self, inputs: &[f32], count: usize, grid: [usize; 2]) -> Result<Vec<f32>> {
        let shape = [count, self.config.inputs.len(), grid[0], grid[1]];
        if inputs.len() != shape.iter().product::<usize>() || inputs.is_empty() {
            return Err(Error::TensorShape {
                tensor: "input fields".into(),
                expected: shape.to_vec(),
                found: vec![inputs.len()],
            });
        }
        let data = TensorData::new(inputs.to_vec(), shape);
        let x = Tensor::<4>::from_data(data, (&self.device(), DType::F32));
        let y = self.forward(x).into_data_as::<f32>();
        Ok(y.try_into_vec().unwrap_or_default())
    }

    /// Writes `model.json` and `weights.safetensors` into a folder, which is made.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        let file = folder.join("model.json");
        let json = serde_json::to_string_pretty(&self.config)
            .map_err(|e| Error::io(&file, std::io::Error::other(e)))?;
        weights::write_atomic(&file, json.as_bytes())?;
        let file = folder.join("weights.safetensors");
        weights::write(&file, &weights::collect(&self.network), HashMap::new())
    }

    /// Reads a folder written by [`FieldOperator::save`].
    ///
    /// # Errors
    /// When a file is missing or broken, or the weights are not those of the configuration.
    pub fn load(folder: &Path, device: &Device) -> Result<Self> {
        let file = folder.join("model.json");
        let text = std::fs::read_to_string(&file).map_err(|e| Error::io(&file, e))?;
        let config = serde_json::from_str(&text).map_err(|e| Error::Corrupt {
            file,
            kind: "model description",
            reason: e.to_string(),
        })?;
        let operator = Self::new(config, device)?;
        let file = folder.join("weights.safetensors");
        let (tensors, _) = weights::read(&file)?;
        let network = weights::apply(operator.network.clone(), &tensors, &file)?;
        Ok(operator.with_network(network))
    }
}
