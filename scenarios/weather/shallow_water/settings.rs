//! The scenario file of the shallow-water pair, as types.

use super::archive::settings::Archive;
use super::compare::CompareSettings;
use crate::config::{Metres, MetresPerSecond, Pascals, Radians, Seconds, SquareMetresPerSecond};
use curlwind_operators::network::NetworkConfig;
use curlwind_operators::training::TrainingConfig;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A whole scenario file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A line for tables and figures.
    pub title: String,
    /// The equation; one so far.
    pub physics: Physics,
    /// Seed of everything random; `--seed` overrides it.
    #[serde(default)]
    pub seed: u64,
    /// The state to forecast from.
    pub initial: Initial,
    /// Rounded mountains under the layer; none when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mountains: Vec<MountainSettings>,
    /// The reference solver.
    pub solver: SolverSettings,
    /// What the operator learns from.
    pub training_set: TrainingSet,
    /// The network.
    pub operator: NetworkConfig,
    /// How it is trained.
    pub training: TrainingConfig,
    /// The comparison.
    pub forecast: ForecastSettings,
    /// The benchmark report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<CompareSettings>,
    /// A long run of `simulate`, in one file a year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Archive>,
}

/// The equation of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Physics {
    /// Rotating shallow water on the sphere.
    ShallowWater,
}

/// The state to forecast from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "case", rename_all = "snake_case", deny_unknown_fields)]
pub enum Initial {
    /// Advection of a cosine bell by solid-body rotation (Williamson et al. 1992, case 1).
    #[serde(rename = "williamson_1")]
    Williamson1 {
        /// Angle between the axis of the flow and that of the planet.
        #[serde(default)]
        angle: Radians,
    },
    /// Steady zonal flow (case 2).
    #[serde(rename = "williamson_2")]
    Williamson2 {
        /// Angle between the axis of the flow and that of the planet.
        #[serde(default)]
        angle: Radians,
    },
    /// Zonal flow over an isolated mountain (case 5).
    #[serde(rename = "williamson_5")]
    Williamson5 {},
    /// Rossby-Haurwitz wave (case 6).
    #[serde(rename = "williamson_6")]
    Williamson6 {},
    /// Barotropically unstable jet (Galewsky et al. 2004).
    Galewsky {
        /// Whether the height perturbation that starts the instability is there.
        #[serde(default = "yes")]
        perturbed: bool,
    },
    /// A random flow in nonlinear balance.
    Random {
        /// Root mean square wind.
        wind: MetresPerSecond,
        /// Mean depth of the fluid.
        depth: Metres,
        /// Degree at which the kinetic energy peaks.
        peak_degree: f64,
    },
    /// An analysis from a NetCDF file with u, v and z (or h).
    Analysis {
        /// The file; without one, the ERA5 analysis that the program carries.
        #[serde(default)]
        file: Option<PathBuf>,
        /// Pressure level to read.
        level: Pascals,
        /// Time to read where there are several, as ISO 8601; the last without one.
        #[serde(default)]
        time: Option<String>,
        /// Whether the geopotential is replaced by the one in nonlinear balance with the
        /// rotational wind, so that no gravity waves are excited.
        #[serde(default = "yes")]
        balanced: bool,
    },
}

fn yes() -> bool {
    true
}

/// The reference solver.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SolverSettings {
    /// Triangular truncation.
    pub truncation: usize,
    /// Time integration.
    pub integrator: IntegratorName,
    /// Time step; refused when over the stability limit.
    pub time_step: Seconds,
    /// Length of the run.
    pub duration: Seconds,
    /// Time between written states.
    pub output_interval: Seconds,
    /// Diffusion; none when left out.
    #[serde(default)]
    pub diffusion: Option<DiffusionSettings>,
    /// Relaxation to two jets, which keeps the flow going; none when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forcing: Option<ForcingSettings>,
}

/// Relaxation of wind and free surface to a westerly jet in each hemisphere, in balance, and drag
/// on the wind: see `curlwind_solvers::shallow_water::forcing`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForcingSettings {
    /// Wind in the core of the jets.
    pub jet_speed: MetresPerSecond,
    /// Latitude of the cores, north and south.
    pub jet_latitude: Radians,
    /// Angle at which the wind has fallen to 1/e.
    pub jet_width: Radians,
    /// e-folding time of the relaxation.
    pub relaxation_time: Seconds,
    /// e-folding time of the drag; none when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drag_time: Option<Seconds>,
}

/// A rounded mountain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MountainSettings {
    /// Height of the top.
    pub height: Metres,
    /// Latitude of the top.
    pub latitude: Radians,
    /// Longitude of the top.
    pub longitude: Radians,
    /// Angle from the top at which the height has fallen to 1/e.
    pub width: Radians,
}

/// Time integration schemes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntegratorName {
    /// Classical Runge-Kutta of order 4.
    Rk4,
    /// Semi-implicit leapfrog with the Robert-Asselin-Williams filter.
    SemiImplicit,
}

/// Diffusion of vorticity and divergence (and depth, for plain viscosity).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DiffusionSettings {
    /// The viscosity of Galewsky et al. on all three fields.
    Viscosity {
        /// Coefficient of the Laplacian.
        coefficient: SquareMetresPerSecond,
    },
    /// An even power of the Laplacian's root, by its time scale at the truncation.
    Hyper {
        /// Order of the derivative: 4, 6, 8, ...
        order: u32,
        /// e-folding time of the shortest wave.
        e_folding: Seconds,
    },
}

/// What the operator learns from: flows evolved by the solver.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSet {
    /// Where the flows start.
    pub source: FlowSource,
    /// How many flows.
    pub trajectories: usize,
    /// Time run before the first state is kept.
    pub spin_up: Seconds,
    /// Length of each flow.
    pub duration: Seconds,
    /// Time between states: the operator's step.
    pub interval: Seconds,
    /// Latitudes of the Gaussian grid the states are kept on (twice as many longitudes).
    pub latitudes: usize,
    /// Fraction of the flows kept for choosing.
    pub validation: f64,
    /// Fraction of the flows kept for reporting.
    pub test: f64,
}

/// Where training flows start.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FlowSource {
    /// Random flows in balance.
    Random {
        /// Root mean square wind of the fastest; the others are drawn between a third of it and all.
        wind: MetresPerSecond,
        /// Mean depth of the fluid.
        depth: Metres,
        /// Degree at which the kinetic energy peaks.
        peak_degree: f64,
    },
    /// Real states: levels of the carried ERA5 analysis other than the test level, and the carried
    /// ERA5 ensemble of another year, mirrored, rotated and perturbed.
    Analyses {
        /// Root mean square wind of the random perturbation added to each.
        perturbation: MetresPerSecond,
    },
}

/// The comparison of solver and operator.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForecastSettings {
    /// Length of the forecasts.
    pub duration: Seconds,
    /// Truncations of the coarse solvers to compare with.
    #[serde(default)]
    pub coarse_truncations: Vec<usize>,
}
