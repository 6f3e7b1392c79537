//! The scene file, as types. Lengths are in any unit of length, corners are `[x, y, z]`.

mod compare;
mod monitors;
mod ports;
mod solids;
mod space;
mod sweep;
mod waveform;

pub use compare::*;
pub use monitors::*;
pub use ports::*;
pub use solids::*;
pub use space::*;
pub use sweep::*;
pub use waveform::*;

use crate::config::{Hertz, Seconds};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A whole scene.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    /// A line for tables and figures.
    pub title: String,
    /// The equation.
    pub physics: Physics,
    /// Seed of everything random; `--seed` overrides it.
    #[serde(default)]
    pub seed: u64,
    /// Quantities that formulas (`"= length / 2"`) use and sweeps vary.
    #[serde(default)]
    pub parameters: BTreeMap<String, Parameter>,
    /// Where results are wanted.
    pub frequency: Band,
    /// Materials by name; `pec` and `vacuum` are always there.
    #[serde(default)]
    pub materials: BTreeMap<String, MaterialEntry>,
    /// Shapes of these materials; later ones lie over earlier ones.
    #[serde(default)]
    pub solids: Vec<SolidEntry>,
    /// Ports; each is excited once.
    #[serde(default)]
    pub ports: Vec<PortEntry>,
    /// A source in place of ports.
    #[serde(default)]
    pub source: Option<SourceEntry>,
    /// What bounds the mesh.
    #[serde(default)]
    pub boundaries: Boundaries,
    /// How to mesh.
    #[serde(default)]
    pub mesh: MeshEntry,
    /// What is recorded besides the ports.
    #[serde(default)]
    pub monitors: Monitors,
    /// How the run goes.
    #[serde(default)]
    pub run: RunEntry,
    /// Designs for `curlwind sweep`.
    #[serde(default)]
    pub sweep: Option<SweepEntry>,
    /// The surrogate of the sweep.
    #[serde(default)]
    pub surrogate: SurrogateEntry,
    /// What `curlwind compare` does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<CompareEntry>,
}

/// The equation of a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Physics {
    /// Maxwell's equations.
    Maxwell,
}

/// A parameter's value: a number, or a quantity with its unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Parameter {
    /// Without dimension.
    Number(f64),
    /// With its unit.
    Quantity(String),
}

/// Equally spaced frequencies.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Lowest.
    pub from: Hertz,
    /// Highest.
    pub to: Hertz,
    /// How many, both ends included.
    pub points: usize,
}

/// One value for all axes, or one for each.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PerAxis<T> {
    /// The same along x, y, z.
    All(T),
    /// Along x, y, z.
    Each([T; 3]),
}

impl<T: Copy> PerAxis<T> {
    /// The values along x, y, z.
    pub fn xyz(self) -> [T; 3] {
        match self {
            Self::All(value) => [value; 3],
            Self::Each(values) => values,
        }
    }
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum AxisName {
    X,
    Y,
    Z,
}

/// How the run goes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunEntry {
    /// Numbers of 32 or 64 bits.
    pub precision: Precision,
    /// Time step as a fraction of the Courant limit.
    pub courant: f64,
    /// The run ends when the energy has fallen by this much, in dB below its peak.
    pub energy_decay_db: Option<f64>,
    /// The run ends after this time at the latest; 400 periods of the lowest frequency when left
    /// out.
    pub longest: Option<Seconds>,
    /// Time course of the excitation; a pulse that covers the band when left out.
    pub waveform: Option<WaveformEntry>,
}

impl Default for RunEntry {
    fn default() -> Self {
        Self {
            precision: Precision::Single,
            courant: 0.99,
            energy_decay_db: Some(50.0),
            longest: None,
            waveform: None,
        }
    }
}

/// Width of the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precision {
    /// 32 bits.
    #[serde(rename = "f32")]
    Single,
    /// 64 bits.
    #[serde(rename = "f64")]
    Double,
}
