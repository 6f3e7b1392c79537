//! What excites a scene: ports, or a source without one.

use super::{AxisName, Point};
use crate::config::{Farads, Henries, Metres, Ohms, Radians};
use serde::{Deserialize, Serialize};

/// A port: exactly one of the kinds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortEntry {
    /// Name for messages.
    pub name: String,
    /// Reference impedance of its S parameters.
    #[serde(default = "fifty_ohms")]
    pub impedance: Ohms,
    /// An ideal voltage source in a gap.
    #[serde(default)]
    pub gap: Option<TerminalsEntry>,
    /// A source with a resistance and, if wished, an inductance and a capacitance in series.
    #[serde(default)]
    pub lumped: Option<Lumped>,
    /// A resistive sheet between ground and strip, measured further along the line.
    #[serde(default)]
    pub microstrip: Option<Microstrip>,
    /// A TE mode of a rectangular waveguide.
    #[serde(default)]
    pub waveguide: Option<Waveguide>,
}

fn fifty_ohms() -> Ohms {
    Ohms::from_si(50.0)
}

/// The two conductors of a port.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalsEntry {
    /// A corner on the negative conductor.
    pub negative: Point,
    /// The opposite corner on the positive conductor.
    pub positive: Point,
    /// Direction of the voltage; needed when the corners differ along several axes.
    #[serde(default)]
    pub axis: Option<AxisName>,
}

/// A lumped port.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lumped {
    /// A corner on the negative conductor.
    pub negative: Point,
    /// The opposite corner on the positive conductor.
    pub positive: Point,
    /// Direction of the voltage; needed when the corners differ along several axes.
    #[serde(default)]
    pub axis: Option<AxisName>,
    /// Resistance; the reference impedance when left out.
    #[serde(default)]
    pub resistance: Option<Ohms>,
    /// Inductance in series.
    #[serde(default)]
    pub inductance: Option<Henries>,
    /// Capacitance in series.
    #[serde(default)]
    pub capacitance: Option<Farads>,
}

/// A microstrip port.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Microstrip {
    /// A corner of the sheet on the ground.
    pub negative: Point,
    /// The opposite corner on the strip.
    pub positive: Point,
    /// Direction of the voltage; needed when the corners differ along several axes.
    #[serde(default)]
    pub axis: Option<AxisName>,
    /// Axis of the line.
    pub line: AxisName,
    /// Whether the wave into the device goes towards higher coordinates.
    #[serde(default = "yes")]
    pub forward: bool,
    /// Distance from the sheet to where the wave is measured.
    pub shift: Metres,
    /// Resistance of the sheet; the reference impedance when left out.
    #[serde(default)]
    pub resistance: Option<Ohms>,
}

/// A rectangular waveguide.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waveguide {
    /// Axis of the guide.
    pub axis: AxisName,
    /// Whether the wave into the device goes towards higher coordinates.
    #[serde(default = "yes")]
    pub forward: bool,
    /// Coordinate of the current sheet along the axis.
    pub source: Metres,
    /// Coordinate of the reference plane.
    pub reference: Metres,
    /// Cross-section: lowest coordinates along the two axes that follow cyclically.
    pub from: [Metres; 2],
    /// Highest ones.
    pub to: [Metres; 2],
    /// Half waves along the two.
    #[serde(default = "dominant")]
    pub mode: [usize; 2],
}

fn yes() -> bool {
    true
}

fn dominant() -> [usize; 2] {
    [1, 0]
}

/// A source without a port: exactly one of the kinds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceEntry {
    /// A current on one edge (or, magnetic, through one face).
    #[serde(default)]
    pub dipole: Option<DipoleEntry>,
    /// A plane wave let into a box around all solids.
    #[serde(default)]
    pub plane_wave: Option<PlaneWaveEntry>,
}

/// A short dipole.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DipoleEntry {
    /// Where.
    pub position: Point,
    /// Direction.
    pub axis: AxisName,
    /// A magnetic dipole.
    #[serde(default)]
    pub magnetic: bool,
}

/// Where a plane wave comes from, in spherical coordinates about z.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaneWaveEntry {
    /// Angle from z.
    pub theta: Radians,
    /// Angle from x towards y.
    #[serde(default)]
    pub phi: Radians,
    /// E along cos(psi) theta + sin(psi) phi.
    #[serde(default)]
    pub psi: Radians,
}
