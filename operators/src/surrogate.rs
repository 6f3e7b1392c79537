//! A trained step of an equation: network, normalisation, channels, grid and time step.
//!
//! States are physical (SI) on the outside. Inside every channel has mean 0 and deviation 1, and
//! with [`Predict::Tendency`] the network gives the change over one step in units of its own mean
//! and deviation, so that doing nothing is where learning starts from.

use crate::buffers::matrix;
use crate::error::{Error, Result};
use crate::fno::append_channels;
use crate::network::{Network, NetworkConfig};
use crate::training::Windows;
use crate::weights;
use burn::module::Module;
use burn::tensor::{DType, Device, Tensor, TensorData};
use curlwind_solvers::sphere::grid::{GridKind, SphereGrid};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// What the network's output means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Predict {
    /// The normalised change over one step.
    #[default]
    Tendency,
    /// The normalised next state.
    State,
}

/// Mean and deviation of each channel and of its change over one step, in SI units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalisation {
    /// Mean of the state.
    pub mean: Vec<f64>,
    /// Standard deviation of the state.
    pub std: Vec<f64>,
    /// Mean of the one-step change.
    pub difference_mean: Vec<f64>,
    /// Standard deviation of the one-step change.
    pub difference_std: Vec<f64>,
}

/// A surrogate of one time step.
#[derive(Clone, Debug)]
pub struct Surrogate {
    network: Network,
    config: SurrogateConfig,
    grid: SphereGrid,
    /// `[1, S, nlat, nlon]`
    statics: Option<Tensor<4>>,
}

/// All of a surrogate but its weights and static fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurrogateConfig {
    /// The network.
    pub network: NetworkConfig,
    /// Names of the channels of a state, in order.
    pub channels: Vec<String>,
    /// Names of the constant input fields, in order.
    #[serde(default)]
    pub static_channels: Vec<String>,
    /// Normalisation of the channels of a state.
    pub normalisation: Normalisation,
    /// Time that one step advances, in seconds.
    pub time_step: f64,
    /// What the network's output means.
    #[serde(default)]
    pub predict: Predict,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(flatten)]
    config: SurrogateConfig,
    grid: StoredGrid,
}

#[derive(Serialize, Deserialize)]
struct StoredGrid {
    kind: String,
    nlat: usize,
    nlon: usize,
}

impl Normalisation {
    /// Fits mean and deviation over all first two states of all windows.
    ///
    /// # Errors
    /// When there is no window, reading fails, or a value is not finite.
    pub fn fit(windows: &dyn Windows) -> Result<Self> {
        let [channels, height, width] = windows.state_shape();
        let (points, size) = (height * width, channels * height * width);
        if windows.is_empty() || size == 0 {
            return Err(Error::Data(
                "expected at least one window to fit statistics".into(),
            ));
        }
        let mut buffer = vec![0.0f32; 2 * size];
        // Welford's update by fields: (count, mean, squared deviations).
        let mut moments = vec![[0.0f64; 3]; 2 * channels];
        for index in 0..windows.len() {
            windows.read(index, 1, &mut buffer)?;
            let (now, next) = buffer.split_at(size);
            for c in 0..channels {
                let span = c * points..(c + 1) * points;
                let field = now[span.clone()].iter().map(|&v| f64::from(v));
                add_field(&mut moments[c], field);
                let change = next[span.clone()].iter().zip(&now[span]);
                let change = change.map(|(b, a)| f64::from(*b) - f64::from(*a));
                add_field(&mut moments[channels + c], change);
            }
        }
        if let Some(at) = moments
            .iter()
            .position(|m| !(m[1].is_finite() && m[2].is_finite()))
        {
            let channel = at % channels;
            return Err(Error::Data(format!(
                "channel {channel} holds values that are not finite"
            )));
        }
        let mean = |range: std::ops::Range<usize>| moments[range].iter().map(|m| m[1]).collect();
        // A constant channel keeps its values: deviation 1.
        let std = |range: std::ops::Range<usize>| -> Vec<f64> {
            let deviation = moments[range].iter().map(|m| (m[2] / m[0]).sqrt());
            deviation.map(|d| if d > 0.0 { d } else { 1.0 }).collect()
        };
        Ok(Self {
            mean: mean(0..channels),
            std: std(0..channels),
            difference_mean: mean(channels..2 * channels),
            difference_std: std(channels..2 * channels),
        })
    }

    fn check(&self, channels: usize) -> Result<()> {
        for (name, values) in [
            ("mean", &self.mean),
            ("std", &self.std),
            ("difference_mean", &self.difference_mean),
            ("difference_std", &self.difference_std),
        ] {
            let key = format!("normalisation.{name}");
            if values.len() != channels {
                return Err(Error::config(
                    &key,
                    format!("{channels} values"),
                    values.len(),
                ));
            }
            if let Some(bad) = values.iter().find(|v| !v.is_finite()) {
                return Err(Error::config(&key, "finite values", bad));
            }
            if name.ends_with("std")
                && let Some(bad) = values.iter().find(|v| **v <= 0.0)
            {
                return Err(Error::config(&key, "positive values", bad));
            }
        }
        Ok(())
    }
}

/// Merges the moments of a field into `[count, mean, squared deviations]` (Chan et al., 1983).
fn add_field(moments: &mut [f64; 3], field: impl Iterator<Item = f64> + Clone) {
    let count = field.clone().count() as f64;
    let mean = field.clone().sum::<f64>() / count;
    let squares: f64 = field.map(|v| (v - mean) * (v - mean)).sum();
    let [n, m, s] = *moments;
    let (total, delta) = (n + count, mean - m);
    *moments = [
        total,
        m + delta * count / total,
        s + squares + delta * delta * n * count / total,
    ];
}

impl Surrogate {
    /// An untrained surrogate on `grid`, with constant input fields `statics` `[S][nlat][nlon]`
    /// (already of order 1, e.g. sin(latitude), orography over its maximum).
    ///
    /// # Errors
    /// When sizes disagree or the network's configuration is refused.
    pub fn new(
        mut config: SurrogateConfig,
        grid: &SphereGrid,
        statics: &[f32],
        device: &Device,
    ) -> Result<Self> {
        let channels = config.channels.len();
        config.normalisation.check(channels)?;
        config.network = config
            .network
            .with_channels(channels + config.static_channels.len(), channels);
        if let (NetworkConfig::Stepping(_), Predict::Tendency) = (&config.network, config.predict) {
            let expected = "`state`: a stepping network gives the next state itself";
            return Err(Error::config("predict", expected, "`tendency`"));
        }
        let network = config.network.init(grid, device)?;
        let statics = static_fields(&config, grid, statics, device)?;
        Ok(Self {
            network,
            config,
            grid: grid.clone(),
            statics,
        })
    }

    /// Everything but the weights.
    pub fn config(&self) -> &SurrogateConfig {
        &self.config
    }

    /// The grid of the states.
    pub fn grid(&self) -> &SphereGrid {
        &self.grid
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The same surrogate with other weights.
    pub fn with_network(&self, network: Network) -> Self {
        Self {
            network,
            ..self.clone()
        }
    }

    /// Fits what the network wants to know of its inputs before training, from the first states of
    /// up to 200 windows spread over the data. Nothing happens when it wants nothing or was fitted.
    ///
    /// # Errors
    /// When reading fails or the states have another shape.
    pub fn fitted(self, data: &dyn Windows) -> Result<Self> {
        if !self.network.wants_fit() {
            return Ok(self);
        }
        let [channels, nlat, nlon] = data.state_shape();
        let size = channels * nlat * nlon;
        let samples = data.len().min(200);
        let mut states = Vec::with_capacity(samples * size);
        let mut window = vec![0.0f32; 2 * size];
        for sample in 0..samples {
            data.read(sample * data.len() / samples, 1, &mut window)?;
            states.extend_from_slice(&window[..size]);
        }
        let data = TensorData::new(states, [samples, channels, nlat, nlon]);
        let mut inputs = self.normalise(Tensor::from_data(data, &self.device()));
        if let Some(statics) = &self.statics {
            inputs = append_channels(inputs, statics);
        }
        let network = self.network.clone().fit(inputs)?;
        Ok(self.with_network(network))
    }

    /// The device of the weights, without autodiff.
    pub fn device(&self) -> Device {
        self.network
            .devices()
            .into_iter()
            .next()
            .unwrap_or_else(Device::flex)
            .without_autodiff()
    }

    /// The surrogate on another grid, with its constant fields there.
    pub fn at_grid(&self, grid: &SphereGrid, statics: &[f32]) -> Result<Self> {
        let network = self.network.at_grid(grid)?;
        let statics = static_fields(&self.config, grid, statics, &self.device())?;
        Ok(Self {
            network,
            config: self.config.clone(),
            grid: grid.clone(),
            statics,
        })
    }

    /// One step of a physical state `[B, C, nlat, nlon]`, in SI units.
    pub fn step(&self, state: Tensor<4>) -> Tensor<4> {
        self.denormalise(self.step_normalised(self.normalise(state)))
    }

    /// `steps` steps from a physical state; returns the states after 1, 2, ... steps.
    pub fn roll_out(&self, state: Tensor<4>, steps: usize) -> Vec<Tensor<4>> {
        let mut x = self.normalise(state);
        let mut states = Vec::with_capacity(steps);
        for _ in 0..steps {
            x = self.step_normalised(x);
            states.push(self.denormalise(x.clone()));
        }
        states
    }

    /// One step of a single state given and returned as plain values
    /// `[channel][latitude][longitude]`, in SI units, for callers without tensors.
    ///
    /// # Errors
    /// When the number of values is not that of the grid and channels.
    pub fn step_values(&self, state: &[f32]) -> Result<Vec<f32>> {
        let shape = [
            1,
            self.config.channels.len(),
            self.grid.nlat(),
            self.grid.nlon(),
        ];
        if state.len() != shape.iter().product::<usize>() {
            return Err(Error::TensorShape {
                tensor: "state".into(),
                expected: shape[1..].to_vec(),
                found: vec![state.len()],
            });
        }
        let data = TensorData::new(state.to_vec(), shape);
        let next = self
            .step(Tensor::from_data(data, &self.device()))
            .into_data_as::<f32>();
        Ok(next.try_into_vec().unwrap_or_default())
    }

    /// `steps` steps of many states `[channel][latitude][longitude]` at once, in SI units, for callers
    /// without tensors: `[state][step]`, values as in [`Self::step_values`].
    ///
    /// # Errors
    /// When the number of values is not that of the grid and channels.
    pub fn roll_out_values(&self, states: &[Vec<f32>], steps: usize) -> Result<Vec<Vec<Vec<f32>>>> {
        let shape = [
            states.len(),
            self.config.channels.len(),
            self.grid.nlat(),
            self.grid.nlon(),
        ];
        let size: usize = shape[1..].iter().product();
        if let Some(wrong) = states.iter().find(|state| state.len() != size) {
            return Err(Error::TensorShape {
                tensor: "state".into(),
                expected: shape[1..].to_vec(),
                found: vec![wrong.len()],
            });
        }
        let start = Tensor::from_data(TensorData::new(states.concat(), shape), &self.device());
        let mut all = vec![Vec::with_capacity(steps); states.len()];
        for state in self.roll_out(start, steps) {
            let values: Vec<f32> = state
                .into_data_as::<f32>()
                .try_into_vec()
                .unwrap_or_default();
            for (own, values) in all.iter_mut().zip(values.chunks(size)) {
                own.push(values.to_vec());
            }
        }
        Ok(all)
    }

    /// `(state - mean) / std`.
    pub fn normalise(&self, state: Tensor<4>) -> Tensor<4> {
        let [mean, std] = [
            &self.config.normalisation.mean,
            &self.config.normalisation.std,
        ]
        .map(|v| per_channel(v, &state));
        (state - mean) / std
    }

    /// `mean + std x`.
    pub fn denormalise(&self, x: Tensor<4>) -> Tensor<4> {
        let [mean, std] = [
            &self.config.normalisation.mean,
            &self.config.normalisation.std,
        ]
        .map(|v| per_channel(v, &x));
        x * std + mean
    }

    /// One step of a normalised state.
    pub fn step_normalised(&self, x: Tensor<4>) -> Tensor<4> {
        let input = match &self.statics {
            Some(statics) => append_channels(x.clone(), statics),
            None => x.clone(),
        };
        let output = self.network.forward(input);
        match self.config.predict {
            Predict::State => output,
            Predict::Tendency => {
                let n = &self.config.normalisation;
                let ratio =
                    |a: &[f64]| a.iter().zip(&n.std).map(|(a, s)| a / s).collect::<Vec<_>>();
                let scale = per_channel(&ratio(&n.difference_std), &x);
                let shift = per_channel(&ratio(&n.difference_mean), &x);
                output * scale + (x + shift)
            }
        }
    }

    /// Writes `model.json`, `weights.safetensors` and, with constant fields, `static.safetensors`
    /// into a folder, which is made if needed.
    pub fn save(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        let grid = StoredGrid {
            kind: kind_name(self.grid.kind()).into(),
            nlat: self.grid.nlat(),
            nlon: self.grid.nlon(),
        };
        let stored = Stored {
            config: self.config.clone(),
            grid,
        };
        let file = folder.join("model.json");
        let json = serde_json::to_string_pretty(&stored)
            .map_err(|e| Error::io(&file, std::io::Error::other(e)))?;
        weights::write_atomic(&file, json.as_bytes())?;
        let file = folder.join("weights.safetensors");
        weights::write(&file, &weights::collect(&self.network), HashMap::new())?;
        if let Some(statics) = &self.statics {
            let shape = statics.dims().to_vec();
            let values = statics
                .clone()
                .into_data_as::<f32>()
                .try_into_vec()
                .unwrap_or_default();
            let tensors = [("static".to_owned(), (shape, values))].into();
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
        let StoredGrid { kind, nlat, nlon } = stored.grid;
        let grid = match kind.as_str() {
            "gaussian" => SphereGrid::gaussian(nlat, nlon)?,
            "regular" => SphereGrid::regular(nlat, nlon)?,
            "regular_offset" => SphereGrid::regular_offset(nlat, nlon)?,
            other => return Err(corrupt(format!("grid kind `{other}` is unknown"))),
        };
        let statics = match stored.config.static_channels.is_empty() {
            true => Vec::new(),
            false => {
                let file = folder.join("static.safetensors");
                let (mut tensors, _) = weights::read(&file)?;
                let missing = || Error::Weights {
                    file,
                    problem: "tensor `static` is missing".into(),
                };
                tensors.remove("static").ok_or_else(missing)?.1
            }
        };
        let surrogate = Self::new(stored.config, &grid, &statics, device)?;
        let file = folder.join("weights.safetensors");
        let (tensors, _) = weights::read(&file)?;
        let network = weights::apply(surrogate.network.clone(), &tensors, &file)?;
        Ok(surrogate.with_network(network))
    }
}

fn kind_name(kind: &GridKind) -> &'static str {
    match kind {
        GridKind::Gaussian => "gaussian",
        GridKind::Regular => "regular",
        GridKind::RegularOffset => "regular_offset",
    }
}

fn per_channel(values: &[f64], like: &Tensor<4>) -> Tensor<4> {
    matrix(
        values.to_vec(),
        [1, values.len(), 1, 1],
        &like.device(),
        like.dtype(),
    )
}

fn static_fields(
    config: &SurrogateConfig,
    grid: &SphereGrid,
    values: &[f32],
    device: &Device,
) -> Result<Option<Tensor<4>>> {
    let shape = [1, config.static_channels.len(), grid.nlat(), grid.nlon()];
    if values.len() != shape.iter().product::<usize>() {
        return Err(Error::TensorShape {
            tensor: format!("static fields {:?}", config.static_channels),
            expected: shape[1..].to_vec(),
            found: vec![values.len()],
        });
    }
    let values = values.iter().map(|&v| f64::from(v)).collect();
    Ok((shape[1] > 0).then(|| matrix(values, shape, device, DType::F32)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sfno::SfnoConfig;
    use burn::tensor::Distribution;

    fn surrogate(predict: Predict) -> Surrogate {
        let grid = SphereGrid::gaussian(8, 16).expect("grid");
        let config = SurrogateConfig {
            network: NetworkConfig::Sfno(SfnoConfig {
                hidden_channels: 4,
                layers: 1,
                ..Default::default()
            }),
            channels: vec!["h".into(), "u".into()],
            static_channels: vec!["sin_latitude".into()],
            normalisation: Normalisation {
                mean: vec![1e4, 5.0],
                std: vec![300.0, 10.0],
                difference_mean: vec![0.0, 0.1],
                difference_std: vec![20.0, 1.0],
            },
            time_step: 3600.0,
            predict,
        };
        let statics: Vec<f32> = grid
            .sin_latitudes()
            .iter()
            .flat_map(|s| [*s as f32; 16])
            .collect();
        Surrogate::new(config, &grid, &statics, &Device::flex()).expect("surrogate")
    }

    fn state() -> Tensor<4> {
        let noise = Tensor::<4>::random(
            [2, 2, 8, 16],
            Distribution::Normal(0.0, 1.0),
            &Device::flex(),
        );
        noise * 10.0 + 100.0
    }

    #[test]
    fn saved_and_loaded_it_steps_the_same() {
        for predict in [Predict::Tendency, Predict::State] {
            let folder = tempfile::tempdir().expect("folder");
            let before = surrogate(predict);
            before.save(folder.path()).expect("saved");
            let after = Surrogate::load(folder.path(), &Device::flex()).expect("loaded");
            assert_eq!(before.config(), after.config());
            let x = state();
            assert_eq!(
                before.step(x.clone()).into_data(),
                after.step(x.clone()).into_data()
            );
            let states = before.roll_out(x.clone(), 3);
            assert_eq!(states.len(), 3);
            let twice = before.step(before.step(x));
            let difference = (states[1].clone() - twice).abs().max().into_scalar::<f32>();
            assert!(difference < 1e-2, "{difference}");
        }
    }

    #[test]
    fn another_networks_weights_are_refused_by_name() {
        let folder = tempfile::tempdir().expect("folder");
        surrogate(Predict::State)
            .save(folder.path())
            .expect("saved");
        let file = folder.path().join("model.json");
        let json = std::fs::read_to_string(&file)
            .expect("json")
            .replace("\"hidden_channels\": 4", "\"hidden_channels\": 6");
        std::fs::write(&file, json).expect("written");
        let message = Surrogate::load(folder.path(), &Device::flex())
            .expect_err("refused")
            .to_string();
        assert!(
            message.contains("expected shape") && message.contains("weights.safetensors"),
            "{message}"
        );
        std::fs::remove_file(folder.path().join("weights.safetensors")).expect("removed");
        let message = Surrogate::load(folder.path(), &Device::flex())
            .expect_err("refused")
            .to_string();
        assert!(message.contains("weights.safetensors"), "{message}");
    }

    #[test]
    fn moves_to_a_finer_grid() {
        let surrogate = surrogate(Predict::Tendency);
        let grid = SphereGrid::gaussian(16, 32).expect("grid");
        assert!(surrogate.at_grid(&grid, &[]).is_err());
        let finer = surrogate
            .at_grid(&grid, &vec![0.0; 16 * 32])
            .expect("moved");
        let x = Tensor::<4>::ones([1, 2, 16, 32], &Device::flex());
        assert_eq!(finer.step(x).dims(), [1, 2, 16, 32]);
    }
}
