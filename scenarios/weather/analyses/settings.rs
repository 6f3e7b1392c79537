//! The file of a scenario that learns from analyses, as types.

use crate::config::{Pascals, Seconds};
use crate::weather::shallow_water::settings::{MountainSettings, SolverSettings};
use curlwind_datasets::series::Derived;
use curlwind_operators::network::NetworkConfig;
use curlwind_operators::training::TrainingConfig;
use serde::{Deserialize, Serialize};

/// A whole scenario file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A line for tables and figures.
    pub title: String,
    /// What is learned.
    pub physics: Physics,
    /// Seed of everything random; `--seed` overrides it.
    #[serde(default)]
    pub seed: u64,
    /// The analyses.
    pub data: DataSettings,
    /// Which times are for what.
    #[serde(default)]
    pub split: SplitSettings,
    /// The network.
    pub operator: NetworkConfig,
    /// How it is trained.
    pub training: TrainingConfig,
    /// Networks that differ in their seed; members of an ensemble take turns with them.
    #[serde(default = "one")]
    pub models: usize,
    /// Members and what makes them differ.
    #[serde(default)]
    pub ensemble: EnsembleSettings,
    /// The forecasts that `run` makes of the test period.
    pub forecast: ForecastSettings,
    /// Numerical models that forecast from the same states.
    #[serde(default)]
    pub partners: PartnerSettings,
}

fn one() -> usize {
    1
}

/// What is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Physics {
    /// The step from one analysis to the next.
    Analyses,
}

/// The analyses.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSettings {
    /// NetCDF files, patterns such as `era5/*.nc` allowed; each may hold some of the variables and
    /// some of the times. Without any, the ERA5 ensemble that the program carries.
    #[serde(default)]
    pub files: Vec<String>,
    /// What a state is made of.
    pub variables: Vec<VariableSettings>,
    /// Time between states; that of the files without one. A longer one thins them out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Seconds>,
    /// Part of the grid; all of it without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionSettings>,
    /// Fields that never change, such as orography and the land-sea mask.
    #[serde(default)]
    pub constants: Vec<ConstantSettings>,
    /// Inputs that follow from place and time.
    #[serde(default = "latitude")]
    pub inputs: Vec<Derived>,
    /// What becomes of values that are missing.
    #[serde(default)]
    pub missing: Missing,
}

fn latitude() -> Vec<Derived> {
    vec![Derived::SinLatitude]
}

/// A variable of a state.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariableSettings {
    /// Name in the files, CF standard name or short name.
    pub name: String,
    /// Pressure levels; none for a variable without levels.
    #[serde(default)]
    pub levels: Vec<Pascals>,
    /// Unit to convert to; SI for known quantities, else the files'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<String>,
    /// What it counts in the loss.
    #[serde(default = "unit")]
    pub weight: f64,
}

fn unit() -> f64 {
    1.0
}

/// A box of latitudes and longitudes in degrees.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionSettings {
    /// South and north.
    pub latitudes: [f64; 2],
    /// West and east.
    pub longitudes: [f64; 2],
}

/// A field that never changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstantSettings {
    /// Name in the file, CF standard name or short name.
    pub name: String,
    /// The file.
    pub file: String,
}

/// What becomes of values that are missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// They are refused.
    #[default]
    Refuse,
    /// Places that miss more than half of the times are left out, single gaps get the mean.
    Mask,
}

/// Which times are for what: training first, then validation, then test.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SplitSettings {
    /// Share of the times for validation, unless it begins at a date.
    pub validation: f64,
    /// Share of the times for the test, unless it begins at a date.
    pub test: f64,
    /// First time of validation, as ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_from: Option<String>,
    /// First time of the test, as ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_from: Option<String>,
    /// Time left out before validation and before the test, so that no weather is in two sets.
    pub gap: Seconds,
}

impl Default for SplitSettings {
    fn default() -> Self {
        Self {
            validation: 0.1,
            test: 0.1,
            validation_from: None,
            test_from: None,
            gap: Seconds::from_si(5.0 * 86400.0),
        }
    }
}

/// Members of an ensemble and what makes them differ.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnsembleSettings {
    /// Members; the first starts from the analysis itself.
    pub members: usize,
    /// How initial states are perturbed.
    pub perturbation: PerturbationKind,
    /// Size of a perturbation, in units of the weather's own anomalies; of several the one whose spread
    /// fits the error best on the validation set is taken.
    pub amplitude: Vec<f64>,
    /// Size of what is added in each step for the error of the model, in units of its own errors over
    /// one step on the validation set; of several the best likewise.
    pub noise: Vec<f64>,
    /// Time over which it turns into another one: a model errs alike from one step to the next.
    pub noise_time: Seconds,
    /// Steps from one rescaling to the next (bred vectors).
    pub cycle: usize,
    /// Cycles before the initial time (bred vectors).
    pub cycles: usize,
    /// Initial states that amplitudes are chosen on.
    pub calibration_starts: usize,
}

impl Default for EnsembleSettings {
    fn default() -> Self {
        Self {
            members: 1,
            perturbation: PerturbationKind::RandomField,
            amplitude: vec![0.05],
            noise: vec![0.0],
            noise_time: Seconds::from_si(5.0 * 86400.0),
            cycle: 2,
            cycles: 6,
            calibration_starts: 8,
        }
    }
}

/// How initial states are perturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PerturbationKind {
    /// Differences of anomalies at two times of the training set (Magnusson et al., Tellus A 61,
    /// 2009): balanced, as all weather is.
    RandomField,
    /// The same with random phases for each spherical harmonic.
    RandomSpectral,
    /// Differences that grow under the surrogate, rescaled again and again (Toth and Kalnay, Mon.
    /// Weather Rev. 125, 3297-3319, 1997).
    Bred,
    /// Member k starts k steps earlier (Hoffman and Kalnay, Tellus A 35, 100-118, 1983).
    Lagged,
}

/// Forecasts of the test period.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForecastSettings {
    /// Length.
    pub duration: Seconds,
    /// Number of initial times, spread evenly over the test period.
    #[serde(default = "starts")]
    pub starts: usize,
}

fn starts() -> usize {
    20
}

/// Numerical models that forecast from the same states.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PartnerSettings {
    /// Shallow-water models: need wind and geopotential on one level.
    pub shallow_water: Vec<PartnerSolver>,
    /// Barotropic models: need wind (or vorticity) on one level.
    pub barotropic: Vec<PartnerSolver>,
}

/// A solver that forecasts from the analyses.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerSolver {
    /// Level of wind and geopotential; not needed where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Pascals>,
    /// Whether the geopotential is replaced by the one in balance with the wind.
    #[serde(default)]
    pub balanced: bool,
    /// Mountains under the layer (shallow water).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mountains: Vec<MountainSettings>,
    /// Truncation, time step, diffusion; duration and output interval are those of the forecasts.
    pub solver: SolverSettings,
}
