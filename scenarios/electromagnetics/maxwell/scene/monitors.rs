//! What is recorded besides the ports.

use super::Point;
use crate::config::Hertz;
use serde::{Deserialize, Serialize};

/// What is recorded besides the ports; of several ports in the run of the first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Monitors {
    /// Far field: gain and patterns, or radar cross sections under a plane wave.
    pub far_field: Option<FarFieldEntry>,
    /// Fields at points, over time, and the peaks of their spectra.
    pub probes: Vec<ProbeEntry>,
    /// Complex fields in boxes, on planes, lines or at points, at frequencies.
    pub fields: Vec<FieldEntry>,
    /// Power through planes or out of boxes, over frequency.
    pub fluxes: Vec<FluxEntry>,
}

/// Where the far field is wanted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FarFieldEntry {
    /// Frequencies; without any, 21 over the band.
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

/// Complex fields in a box, which may be flat along any axis.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldEntry {
    /// Name of the group in `fields.h5`.
    pub name: String,
    /// One corner.
    pub from: Point,
    /// The opposite one. All values of the mesh between the two are recorded, along a flat axis the
    /// nearest.
    pub to: Point,
    /// Of `ex`, `ey`, `ez`, `hx`, `hy`, `hz`.
    pub components: Vec<ComponentName>,
    /// Frequencies within the band; without any, its middle.
    #[serde(default)]
    pub frequencies: Vec<Hertz>,
}

/// Power through a plane or out of a box.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FluxEntry {
    /// Name in tables.
    pub name: String,
    /// One corner.
    pub from: Point,
    /// The opposite one. Flat along one axis: the power along that axis, towards higher coordinates.
    /// A box: the power out of it. Corners are moved to the nearest lines of the mesh.
    pub to: Point,
    /// Frequencies within the band; without any, 21 over it.
    #[serde(default)]
    pub frequencies: Vec<Hertz>,
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
