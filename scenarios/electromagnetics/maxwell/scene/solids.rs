//! Materials and the shapes made of them.

use super::{AxisName, PerAxis};
use crate::config::{Hertz, Metres, RadiansPerSecond, Seconds, SiemensPerMetre};
use serde::{Deserialize, Serialize};

/// A linear material.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaterialEntry {
    /// Relative permittivity (at high frequency, with poles).
    #[serde(default = "one")]
    pub permittivity: PerAxis<f64>,
    /// Conductivity.
    #[serde(default)]
    pub conductivity: Option<PerAxis<SiemensPerMetre>>,
    /// Loss tangent at a frequency, made a conductivity; in place of `conductivity`.
    #[serde(default)]
    pub loss_tangent: Option<LossTangent>,
    /// Relative permeability.
    #[serde(default = "one")]
    pub permeability: PerAxis<f64>,
    /// Relaxations.
    #[serde(default)]
    pub debye: Vec<Debye>,
    /// Free charges.
    #[serde(default)]
    pub drude: Vec<Drude>,
    /// Resonances.
    #[serde(default)]
    pub lorentz: Vec<Lorentz>,
}

fn one() -> PerAxis<f64> {
    PerAxis::All(1.0)
}

/// A loss tangent and the frequency where it holds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossTangent {
    /// tan(delta).
    pub value: f64,
    /// Where.
    pub frequency: Hertz,
}

/// `strength / (1 + j omega tau)`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Debye {
    /// Static minus high-frequency permittivity.
    pub strength: f64,
    /// Relaxation time.
    pub tau: Seconds,
}

/// `plasma^2 / (j omega collision - omega^2)`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drude {
    /// Plasma frequency.
    pub plasma: RadiansPerSecond,
    /// Collision rate.
    pub collision: RadiansPerSecond,
}

/// `strength omega0^2 / (omega0^2 + 2 j omega damping - omega^2)`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lorentz {
    /// Static contribution to the permittivity.
    pub strength: f64,
    /// Resonance.
    pub resonance: RadiansPerSecond,
    /// Damping rate.
    pub damping: RadiansPerSecond,
}

/// A point or corner.
pub type Point = [Metres; 3];

/// A shape of a material: exactly one of the shapes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SolidEntry {
    /// Name for messages.
    pub name: String,
    /// `pec`, `vacuum` or one of the materials.
    pub material: String,
    /// Where solids overlap the higher wins; among equals the later one.
    #[serde(default)]
    pub priority: i32,
    /// A block between two opposite corners.
    #[serde(default, rename = "box")]
    pub block: Option<Block>,
    /// A round rod.
    #[serde(default)]
    pub cylinder: Option<Cylinder>,
    /// A ball.
    #[serde(default)]
    pub sphere: Option<Sphere>,
    /// A plane polygon or the prism over it.
    #[serde(default)]
    pub polygon: Option<Polygon>,
    /// A rectangle without thickness between two opposite corners.
    #[serde(default)]
    pub sheet: Option<Block>,
    /// A thin wire along mesh lines.
    #[serde(default)]
    pub wire: Option<Wire>,
}

/// Two opposite corners.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// One corner.
    pub from: Point,
    /// The opposite one.
    pub to: Point,
}

/// A round rod with flat ends.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cylinder {
    /// Centre of one end.
    pub from: Point,
    /// Centre of the other.
    pub to: Point,
    /// Radius.
    pub radius: Metres,
}

/// A ball.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sphere {
    /// Centre.
    pub centre: Point,
    /// Radius.
    pub radius: Metres,
}

/// A polygon in a plane normal to an axis.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Polygon {
    /// Normal of the plane.
    pub normal: AxisName,
    /// Its coordinate along the normal.
    pub offset: Metres,
    /// Extent from there towards higher coordinates; 0 makes a sheet.
    #[serde(default)]
    pub thickness: Metres,
    /// Corners in order, along the two axes that follow the normal cyclically: (y, z), (z, x) or
    /// (x, y).
    pub points: Vec<[Metres; 2]>,
}

/// A chain of wire segments, each parallel to an axis.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wire {
    /// Corners of the chain.
    pub points: Vec<Point>,
    /// Radius; left out, that of a bare edge of the mesh, about 0.23 cells.
    #[serde(default)]
    pub radius: Option<Metres>,
}
