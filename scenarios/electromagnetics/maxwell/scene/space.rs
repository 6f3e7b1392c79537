//! Walls and mesh.

use super::{PerAxis, Point};
use crate::config::Metres;
use serde::{Deserialize, Serialize};

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
