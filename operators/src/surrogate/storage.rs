//! Surrogates in folders: `model.json`, `weights.safetensors`, and `static.safetensors` with the
//! constant fields and the mask.

use super::domain::StoredDomain;
use super::{Surrogate, SurrogateConfig};
use crate::error::{Error, Result};
use crate::weights::{self, NamedTensors};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(flatten)]
    config: SurrogateConfig,
    grid: StoredDomain,
}

impl Surrogate {
    /// Writes `model.json`, `weights.safetensors` and, with constant fields or a mask,
    /// `static.safetensors` into a folder, which is made if needed.
    pub fn save(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        let stored = Stored {
            config: self.config.clone(),
            grid: StoredDomain::from(&self.domain),
        };
        let file = folder.join("model.json");
        let json = serde_json::to_string_pretty(&stored)
            .map_err(|e| Error::io(&file, std::io::Error::other(e)))?;
        weights::write_atomic(&file, json.as_bytes())?;
        let file = folder.join("weights.safetensors");
        weights::write(&file, &weights::collect(&self.network), HashMap::new())?;
        let constant = [("static", &self.statics), ("mask", &self.mask)];
        let tensors: NamedTensors = constant
            .into_iter()
            .filter_map(|(name, field)| field.as_ref().map(|f| (name.to_owned(), values(f))))
            .collect();
        if !tensors.is_empty() {
            weights::write(&folder.join("static.safetensors"), &tensors, HashMap::new())?;
        }
        Ok(())
    }

    /// Reads a folder written by [`Surrogate::save`].
    ///
    /// # Errors
    /// When a file is missing or broken, or the weights are not those of the configuration: the
    /// message names the file and the tensor.
    pub fn load(folder: &Path, device: &Device) -> Result<Self> {
        let file = folder.join("model.json");
        let text = std::fs::read_to_string(&file).map_err(|e| Error::io(&file, e))?;
        let corrupt = |reason: String| Error::Corrupt {
            file: file.clone(),
            kind: "model description",
            reason,
        };
        let stored: Stored = serde_json::from_str(&text).map_err(|e| corrupt(e.to_string()))?;
        let domain = stored.grid.domain()?;
        let domain = domain.ok_or_else(|| corrupt("its kind of grid is unknown".into()))?;
        let file = folder.join("static.safetensors");
        let mut constant = match stored.config.static_channels.is_empty() && !file.exists() {
            true => NamedTensors::default(),
            false => weights::read(&file)?.0,
        };
        let statics = match stored.config.static_channels.is_empty() {
            true => Vec::new(),
            false => {
                let missing = || Error::Weights {
                    file,
                    problem: "tensor `static` is missing".into(),
                };
                constant.remove("static").ok_or_else(missing)?.1
            }
        };
        let mut surrogate = Self::new(stored.config, &domain, &statics, device)?;
        if let Some((_, mask)) = constant.remove("mask") {
            surrogate = surrogate.masked(&mask)?;
        }
        let file = folder.join("weights.safetensors");
        let (tensors, _) = weights::read(&file)?;
        let network = weights::apply(surrogate.network.clone(), &tensors, &file)?;
        Ok(surrogate.with_network(network))
    }
}

fn values(field: &Tensor<4>) -> (Vec<usize>, Vec<f32>) {
    let values = field.clone().into_data_as::<f32>().try_into_vec();
    (field.dims().to_vec(), values.unwrap_or_default())
}
