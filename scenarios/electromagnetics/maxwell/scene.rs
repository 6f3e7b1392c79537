//! The scene file, as types. Lengths are in any unit of length, corners are `[x, y, z]`.

use crate::config::{
    Farads, Henries, Hertz, Metres, Ohms, Radians, RadiansPerSecond, Seconds, SiemensPerMetre,
};
use curlwind_operators::design::DesignSurrogateConfig;
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

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum AxisName {
    X,
    Y,
    Z,
}

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

/// A wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WallName {
    /// An absorbing layer behind open space.
    Open,
    /// An absorbing layer that solids run into, as a line or guide that goes on.
    Through,
    /// Perfect electric conductor at the outermost solid.
    Pec,
    /// Perfect magnetic conductor there: a plane of symmetry.
    Pmc,
    /// Joined to the opposite side.
    Periodic,
}

/// What bounds the mesh: `[towards lower, towards higher coordinates]`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Boundaries {
    /// Along x.
    pub x: [WallName; 2],
    /// Along y.
    pub y: [WallName; 2],
    /// Along z.
    pub z: [WallName; 2],
    /// Cells of an absorbing layer.
    pub absorbing_cells: usize,
}

impl Default for Boundaries {
    fn default() -> Self {
        Self {
            x: [WallName::Open; 2],
            y: [WallName::Open; 2],
            z: [WallName::Open; 2],
            absorbing_cells: 10,
        }
    }
}

/// How to mesh.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MeshEntry {
    /// In each material, at the highest frequency.
    pub cells_per_wavelength: f64,
    /// Cells are no larger.
    pub largest_cell: Option<Metres>,
    /// Lines closer than this are merged.
    pub smallest_cell: Option<Metres>,
    /// Largest ratio of neighbouring cells.
    pub ratio: f64,
    /// Open space around the solids; a quarter of the wavelength at the middle of the band when left
    /// out.
    pub margin: Option<Metres>,
    /// Boxes with finer cells.
    pub regions: Vec<RegionEntry>,
    /// Further lines along x.
    pub x: Vec<Metres>,
    /// Further lines along y.
    pub y: Vec<Metres>,
    /// Further lines along z.
    pub z: Vec<Metres>,
}

impl Default for MeshEntry {
    fn default() -> Self {
        Self {
            cells_per_wavelength: 20.0,
            largest_cell: None,
            smallest_cell: None,
            ratio: 1.4,
            margin: None,
            regions: Vec::new(),
            x: Vec::new(),
            y: Vec::new(),
            z: Vec::new(),
        }
    }
}

/// A box with cells of its own.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionEntry {
    /// One corner.
    pub from: Point,
    /// The opposite one.
    pub to: Point,
    /// Largest cell.
    pub cell: PerAxis<Metres>,
}

/// What is recorded besides the ports.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Monitors {
    /// Far field: gain and patterns, or radar cross sections under a plane wave.
    pub far_field: Option<FarFieldEntry>,
    /// Fields at points, over time, and the peaks of their spectra.
    pub probes: Vec<ProbeEntry>,
}

/// Where the far field is wanted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FarFieldEntry {
    /// Frequencies; without any, 11 over the band.
    #[serde(default)]
    pub frequencies: Vec<Hertz>,
}

/// A field component at a point.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeEntry {
    /// Name of the series.
    pub name: String,
    /// `ex`, `ey`, `ez`, `hx`, `hy` or `hz`.
    pub component: ComponentName,
    /// Where; the nearest value on the mesh is taken.
    pub position: Point,
}

/// A field component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ComponentName {
    Ex,
    Ey,
    Ez,
    Hx,
    Hy,
    Hz,
}

/// How the run goes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
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
}

impl Default for RunEntry {
    fn default() -> Self {
        Self {
            precision: Precision::Single,
            courant: 0.99,
            energy_decay_db: Some(50.0),
            longest: None,
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

/// The designs of a sweep.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepEntry {
    /// How designs are chosen.
    pub method: SweepMethod,
    /// Designs of a Latin hypercube.
    #[serde(default)]
    pub designs: Option<usize>,
    /// What varies.
    pub variables: Vec<Variable>,
    /// What is wanted of a design.
    #[serde(default)]
    pub goal: Option<Goal>,
    /// Candidates that the surrogate ranks.
    #[serde(default = "ten_thousand")]
    pub candidates: usize,
    /// Of these, the best and as many of the most uncertain are checked by the solver.
    #[serde(default = "three")]
    pub checked: usize,
}

fn ten_thousand() -> usize {
    10_000
}

fn three() -> usize {
    3
}

/// How designs are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepMethod {
    /// Every combination of every variable's points.
    FullFactorial,
    /// Random designs that fill every variable's range evenly (McKay, Beckman and Conover, 1979).
    LatinHypercube,
    /// The variables' `values`, taken together: first with first, second with second.
    List,
}

/// One varied parameter.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// A name of `[parameters]`.
    pub parameter: String,
    /// Lowest value.
    #[serde(default)]
    pub from: Option<Parameter>,
    /// Highest value.
    #[serde(default)]
    pub to: Option<Parameter>,
    /// Points of a factorial sweep.
    #[serde(default)]
    pub points: Option<usize>,
    /// The values of a list.
    #[serde(default)]
    pub values: Vec<Parameter>,
}

/// What is wanted of a design: the smallest largest |S11| over a band.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// Lowest frequency of the band.
    pub from: Hertz,
    /// Highest.
    pub to: Hertz,
}

/// The surrogate of a sweep.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SurrogateEntry {
    /// The network and its training.
    pub network: DesignSurrogateConfig,
}
