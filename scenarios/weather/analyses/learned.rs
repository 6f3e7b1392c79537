//! A trained model with all that forecasts need besides the network, in a folder of its own.

use super::climatology::Climatology;
use super::settings::{DataSettings, EnsembleSettings};
use crate::error::{Error, Result};
use crate::run_folder::write_atomically;
use curlwind_datasets::coordinates::LatLon;
use curlwind_datasets::series::{Channel, Derived};
use curlwind_operators::surrogate::{Domain, Region, Surrogate};
use curlwind_operators::weights::{self, NamedTensors};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

const ABOUT: &str = "analyses.json";
const FIELDS: &str = "fields.safetensors";

/// What was trained, and on what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct About {
    /// Title of the scenario.
    pub title: String,
    /// How states are read.
    pub data: DataSettings,
    /// Fields of a state.
    pub channels: Vec<Channel>,
    /// Where the values are.
    pub grid: LatLon,
    /// Microseconds of a step.
    pub step: i64,
    /// Networks.
    pub models: usize,
    /// Means by time of day and year; its coefficients are stored beside.
    pub climatology: Climatology,
    /// Share of an anomaly that is left after 1, 2, ... steps, `[step][channel]`.
    pub damping: Vec<Vec<f64>>,
    /// Members and what makes them differ.
    pub ensemble: EnsembleSettings,
    /// Size of initial perturbations.
    pub amplitude: f64,
    /// Size of what is added in each step.
    pub noise: f64,
}

/// A trained model.
pub struct Learned {
    /// What was trained.
    pub about: About,
    /// Perturbations in units of the deviations, each a state.
    pub perturbations: Vec<Vec<f32>>,
    /// Errors of the first network over one step, in the same units.
    pub errors: Vec<Vec<f32>>,
    /// `[channel][latitude][longitude]`, 0 where there are no values.
    pub mask: Option<Vec<f32>>,
    /// The networks.
    pub surrogates: Vec<Surrogate>,
    /// Area-weighted root mean square of the perturbations of each channel: the size of the weather,
    /// in units of the deviations.
    pub scales: Vec<f64>,
}

/// The folder of a model trained on analyses: a run's, or `model/` itself.
pub fn model_in(given: &Path) -> Option<PathBuf> {
    let places = [given.join("model"), given.to_path_buf()];
    places.into_iter().find(|place| place.join(ABOUT).is_file())
}

impl Learned {
    /// Writes the model; networks beyond the first into `1/`, `2/`, ...
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)
            .map_err(|e| Error::failed(format!("{}: {e}", folder.display())))?;
        for (number, surrogate) in self.surrogates.iter().enumerate() {
            surrogate
                .save(&member(folder, number))
                .map_err(Error::failed)?;
        }
        let count = self.perturbations.len();
        let size = self.perturbations.first().map_or(0, Vec::len);
        let climatology = self.about.climatology.coefficients().to_vec();
        let tensors = NamedTensors::from([
            (
                "climatology".to_string(),
                (vec![climatology.len()], climatology),
            ),
            (
                "perturbations".to_string(),
                (vec![count, size], self.perturbations.concat()),
            ),
            (
                "errors".to_string(),
                (vec![self.errors.len(), size], self.errors.concat()),
            ),
        ]);
        weights::write(&folder.join(FIELDS), &tensors, HashMap::new()).map_err(Error::failed)?;
        let json = serde_json::to_vec_pretty(&self.about).map_err(Error::failed)?;
        write_atomically(&folder.join(ABOUT), &json)?;
        Ok(())
    }

    /// Reads a folder written by [`Self::save`].
    ///
    /// # Errors
    /// A file that is missing or damaged, by name.
    pub fn load(folder: &Path, device: &str) -> Result<Self> {
        let path = folder.join(ABOUT);
        let refuse = |reason: String| Error::unusable(format!("{}: {reason}", path.display()));
        let text = std::fs::read(&path).map_err(|e| refuse(e.to_string()))?;
        let mut about: About = serde_json::from_slice(&text).map_err(|e| refuse(e.to_string()))?;
        let file = folder.join(FIELDS);
        let (mut tensors, _) = weights::read(&file).map_err(Error::unusable)?;
        let mut take = |name: &str| tensors.remove(name).map(|(_, values)| values);
        let missing =
            |name: &str| Error::unusable(format!("{}: `{name}` is missing", file.display()));
        let climatology = take("climatology").ok_or_else(|| missing("climatology"))?;
        about.climatology = about.climatology.clone().with_coefficients(climatology);
        let size = about.channels.len() * about.grid.nlat() * about.grid.nlon();
        let perturbations = take("perturbations").ok_or_else(|| missing("perturbations"))?;
        let errors = take("errors").ok_or_else(|| missing("errors"))?;
        let device = curlwind_operators::device::select(device).map_err(Error::unusable)?;
        let surrogates = (0..about.models)
            .map(|number| {
                Surrogate::load(&member(folder, number), &device).map_err(Error::unusable)
            })
            .collect::<Result<Vec<_>>>()?;
        let perturbations: Vec<Vec<f32>> = perturbations
            .chunks_exact(size)
            .map(<[f32]>::to_vec)
            .collect();
        Ok(Self {
            scales: scales(&about.grid, about.channels.len(), &perturbations)?,
            perturbations,
            errors: errors.chunks_exact(size).map(<[f32]>::to_vec).collect(),
            mask: surrogates.first().and_then(Surrogate::mask),
            surrogates,
            about,
        })
    }

    /// Values of a state.
    pub fn state_len(&self) -> usize {
        self.about.channels.len() * self.points()
    }

    /// Points of the grid.
    pub fn points(&self) -> usize {
        self.about.grid.nlat() * self.about.grid.nlon()
    }

    /// Hours of a step.
    pub fn step_hours(&self) -> f64 {
        self.about.step as f64 / 3.6e9
    }

    /// Deviations of the channels.
    pub fn deviations(&self) -> &[f64] {
        &self.surrogates[0].config().normalisation.std
    }

    /// Inputs that change with time.
    pub fn forcings(&self) -> Vec<Derived> {
        forcings(&self.about.data)
    }

    /// Name of the network: `sfno`, `fno`.
    pub fn name(&self) -> &'static str {
        self.surrogates[0].config().network.name()
    }
}

/// See [`Learned::scales`]; 1 for channels without perturbations.
///
/// # Errors
/// As [`domain`].
pub fn scales(grid: &LatLon, channels: usize, perturbations: &[Vec<f32>]) -> Result<Vec<f64>> {
    let rows = row_weights(&domain(grid)?);
    let (points, width) = (grid.nlat() * grid.nlon(), grid.nlon());
    let mut squares = vec![0.0f64; channels];
    for (k, value) in perturbations
        .iter()
        .flat_map(|field| field.iter().enumerate())
    {
        squares[k / points] += rows[k % points / width] / width as f64 * f64::from(*value).powi(2);
    }
    let scale = |square: f64| match square > 0.0 {
        true => (square / perturbations.len() as f64).sqrt(),
        false => 1.0,
    };
    Ok(squares.into_iter().map(scale).collect())
}

fn member(folder: &Path, number: usize) -> PathBuf {
    match number {
        0 => folder.to_path_buf(),
        number => folder.join(number.to_string()),
    }
}

/// Inputs of settings that change with time.
pub fn forcings(data: &DataSettings) -> Vec<Derived> {
    data.inputs
        .iter()
        .copied()
        .filter(|input| !input.is_constant())
        .collect()
}

/// The grid as networks know it: of the whole sphere where it has a quadrature.
///
/// # Errors
/// None that a grid of a file could raise.
pub fn domain(grid: &LatLon) -> Result<Domain> {
    Ok(match crate::weather::grid::sphere(grid)? {
        Some(sphere) => Domain::Sphere(sphere),
        None => Domain::Region(Region {
            latitudes_deg: grid.latitudes_deg.clone(),
            longitudes_deg: grid.longitudes_deg.clone(),
            row_weights: grid.area_weights(),
        }),
    })
}

/// Shares of the latitudes in the area: those of the quadrature on the whole sphere, else of cells.
pub fn row_weights(domain: &Domain) -> Vec<f64> {
    match domain {
        Domain::Sphere(sphere) => sphere.weights().to_vec(),
        Domain::Region(region) => region.row_weights.clone(),
    }
}
