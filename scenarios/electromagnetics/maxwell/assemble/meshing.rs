//! The mesh, with lines where solids, ports and sources need them.

use super::super::Loaded;
use super::super::scene::{Block, WallName};
use super::{corners, point};
use crate::error::Result;
use curlwind_solvers::maxwell::Mesh;
use curlwind_solvers::maxwell::constants::SPEED_OF_LIGHT;
use curlwind_solvers::maxwell::geometry::{Margin, MeshRules, Region, Solid};
use curlwind_solvers::maxwell::ports::{Port, PortKind};

/// Cells that an open margin has at least, so that both surfaces and the solids keep apart.
const LEAST_MARGIN: f64 = 8.0;

impl Loaded {
    pub(super) fn mesh(&self, solids: &[Solid], ports: &[Port]) -> Result<Mesh> {
        let (entry, walls) = (&self.scene.mesh, &self.scene.boundaries);
        let band = self.scene.frequency;
        let highest = band.to.si();
        let cell = SPEED_OF_LIGHT / highest / entry.cells_per_wavelength;
        let largest = entry.largest_cell.map_or(f64::INFINITY, |l| l.si());
        let middle = (band.from.si() + highest) / 2.0;
        let distance = entry
            .margin
            .map_or(SPEED_OF_LIGHT / middle / 4.0, |m| m.si())
            .max(LEAST_MARGIN * cell.min(largest));
        let margin = |wall| match wall {
            WallName::Open => Margin::Open {
                distance,
                absorbing: walls.absorbing_cells,
            },
            WallName::Through => Margin::Through {
                absorbing: walls.absorbing_cells,
            },
            WallName::Pec | WallName::Pmc | WallName::Periodic => Margin::None,
        };
        let mut lines: [Vec<f64>; 3] =
            [&entry.x, &entry.y, &entry.z].map(|l| l.iter().map(|c| c.si()).collect());
        let mut include = |p: [f64; 3]| {
            for a in 0..3 {
                lines[a].push(p[a]);
            }
        };
        for port in ports {
            match &port.kind {
                PortKind::Gap(t) | PortKind::Lumped { terminals: t, .. } => {
                    include(t.negative);
                    include(t.positive);
                }
                PortKind::Microstrip {
                    terminals: t,
                    line,
                    forward,
                    shift,
                    ..
                } => {
                    include(t.negative);
                    include(t.positive);
                    let mut plane = t.negative;
                    plane[*line as usize] += if *forward { *shift } else { -shift };
                    include(plane);
                }
                PortKind::Waveguide {
                    axis,
                    source,
                    reference,
                    min,
                    max,
                    ..
                } => {
                    // power is taken between two equal cells
                    let step = cell.min(largest);
                    for (along, across) in [
                        (*source, min),
                        (*reference, max),
                        (reference - step, max),
                        (reference + step, max),
                    ] {
                        let mut p = [along; 3];
                        p[axis.next() as usize] = across[0];
                        p[axis.previous() as usize] = across[1];
                        include(p);
                    }
                }
            }
        }
        if let Some(dipole) = self.scene.source.as_ref().and_then(|s| s.dipole) {
            let position = point(dipole.position);
            self.check_inside(position, solids, &lines)?;
            for a in 0..3 {
                lines[a].push(position[a]);
            }
        }
        let rules = MeshRules {
            frequency: highest,
            cells_per_wavelength: entry.cells_per_wavelength,
            smallest_cell: entry.smallest_cell.map_or(0.0, |s| s.si()),
            largest_cell: largest,
            ratio: entry.ratio,
            margins: [walls.x, walls.y, walls.z].map(|side| side.map(margin)),
            regions: entry
                .regions
                .iter()
                .map(|region| {
                    let [min, max] = corners(&Block {
                        from: region.from,
                        to: region.to,
                    });
                    Region {
                        min,
                        max,
                        cell: region.cell.xyz().map(|c| c.si()),
                    }
                })
                .collect(),
            lines,
            thirds: None,
        };
        rules.mesh(solids).map_err(|error| self.blame(error))
    }

    /// The smallest cell that the wavelength and the regions ask for, in m.
    pub(in super::super) fn asked_cell(&self) -> f64 {
        let entry = &self.scene.mesh;
        let cell = SPEED_OF_LIGHT / self.scene.frequency.to.si() / entry.cells_per_wavelength;
        let largest = entry.largest_cell.map_or(f64::INFINITY, |l| l.si());
        let regions = entry.regions.iter().flat_map(|r| r.cell.xyz());
        regions.map(|c| c.si()).fold(cell.min(largest), f64::min)
    }

    /// Refuses a source beyond a wall: where a side is open the space reaches out to its source,
    /// where it is not, solids and given lines say where it ends.
    fn check_inside(&self, p: [f64; 3], solids: &[Solid], lines: &[Vec<f64>; 3]) -> Result<()> {
        let walls = &self.scene.boundaries;
        for (a, sides) in [walls.x, walls.y, walls.z].into_iter().enumerate() {
            let bounds = solids.iter().flat_map(|s| s.shape.bounds().map(|b| b[a]));
            let known: Vec<f64> = bounds.chain(lines[a].iter().copied()).collect();
            let first = known.iter().copied().fold(f64::INFINITY, f64::min);
            let last = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let beyond = [p[a] < first, p[a] > last];
            if (0..2).any(|side| beyond[side] && sides[side] != WallName::Open) {
                return Err(self.refuse(
                    "source.dipole.position",
                    format!(
                        "{} m along {} is outside of the mesh, which goes from {first} to {last} m",
                        p[a],
                        ["x", "y", "z"][a]
                    ),
                ));
            }
        }
        Ok(())
    }
}
