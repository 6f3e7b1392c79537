//! From a scene to a problem that the solver takes: solids, mesh, media, ports, surfaces.

mod meshing;
mod ports;
mod solids;
mod waveform;

use super::Loaded;
use super::scene::{AxisName, Block, Point, Precision, WallName};
use crate::error::{Error, Result};
use curlwind_solvers::maxwell::geometry::{Estimate, voxelise};
use curlwind_solvers::maxwell::ports::Port;
use curlwind_solvers::maxwell::{Axis, Cpml, Face, FarFieldBox, Mesh, Model, Wall, Waveform};

/// Lines between an absorbing layer and the surface on which the far field is recorded.
const FAR_FIELD_GAP: usize = 2;
/// Lines between that surface and the box of a plane wave.
const TOTAL_FIELD_GAP: usize = 2;

/// Frequencies of a far field or a flux for which none are listed.
pub(super) const FAR_FREQUENCIES: usize = 21;

/// A scene made ready.
pub struct Problem {
    /// The model with all media, without ports, sources and monitors.
    pub model: Model,
    /// Ports in the order of the scene.
    pub ports: Vec<Port>,
    /// Where S parameters are wanted, in Hz.
    pub frequencies: Vec<f64>,
    /// Where the far field is wanted, in Hz; empty for none.
    pub far_frequencies: Vec<f64>,
    /// The surface of the far field.
    pub far_field: FarFieldBox,
    /// First and last line of a plane wave's box.
    pub total_field: [[usize; 2]; 3],
    /// The course of every source.
    pub waveform: Waveform,
    /// Most steps of a run.
    pub max_steps: usize,
    /// Fraction of the peak energy at which a run ends.
    pub energy_fraction: Option<f64>,
    /// Width of the numbers.
    pub precision: Precision,
    /// What the mesh costs.
    pub estimate: Estimate,
}

impl Loaded {
    /// Makes the scene ready.
    ///
    /// # Errors
    /// Whatever does not fit together, with the file and line of the value at fault.
    pub fn assemble(&self) -> Result<Problem> {
        let scene = &self.scene;
        let band = scene.frequency;
        let (low, high) = (band.from.si(), band.to.si());
        let solids = self.solids()?;
        let ports = self.ports()?;
        let mesh = self.mesh(&solids, &ports)?;

        let width = match scene.run.precision {
            Precision::Single => 4,
            Precision::Double => 8,
        };
        let estimate = Estimate::of(&mesh, width);
        if let Some(free) = free_memory()
            && estimate.bytes > free
        {
            return Err(self.refuse(
                "mesh",
                format!(
                    "{:.3e} cells need {:.1} GiB, free are {:.1} GiB; take larger cells (smallest now {:.3e} m)",
                    estimate.cells as f64,
                    estimate.bytes as f64 / 2f64.powi(30),
                    free as f64 / 2f64.powi(30),
                    estimate.smallest_cell
                ),
            ));
        }

        let mut model = Model::vacuum(mesh, self.walls());
        model.time_step *= scene.run.courant / 0.99;
        voxelise(&mut model, &solids).map_err(|error| self.blame(error))?;

        let frequencies = spread(low, high, band.points);
        let far_frequencies = match &scene.monitors.far_field {
            None => Vec::new(),
            Some(entry) if entry.frequencies.is_empty() => spread(low, high, FAR_FREQUENCIES),
            Some(entry) => entry.frequencies.iter().map(|f| f.si()).collect(),
        };
        let longest = scene.run.longest.map_or(400.0 / low, |t| t.si());
        let lines = self.surfaces(&model.mesh, FAR_FIELD_GAP);
        Ok(Problem {
            far_field: FarFieldBox {
                lines: lines.map(Some),
                faces: self.faces(),
            },
            total_field: self.surfaces(&model.mesh, FAR_FIELD_GAP + TOTAL_FIELD_GAP),
            waveform: self.waveform(model.time_step)?,
            max_steps: (longest / model.time_step).ceil() as usize,
            energy_fraction: scene
                .run
                .energy_decay_db
                .filter(|db| *db != 0.0)
                .map(|db| 10f64.powf(-db.abs() / 10.0)),
            precision: scene.run.precision,
            model,
            ports,
            frequencies,
            far_frequencies,
            estimate,
        })
    }

    fn walls(&self) -> [[Wall; 2]; 3] {
        let entry = &self.scene.boundaries;
        [entry.x, entry.y, entry.z].map(|side| {
            side.map(|wall| match wall {
                WallName::Open | WallName::Through => Wall::Cpml(Cpml::new(entry.absorbing_cells)),
                WallName::Pec => Wall::Pec,
                WallName::Pmc => Wall::Pmc,
                WallName::Periodic => Wall::Periodic,
            })
        })
    }

    /// Lines `gap` inside the absorbing layers; the ends of the mesh where there are none.
    fn surfaces(&self, mesh: &Mesh, gap: usize) -> [[usize; 2]; 3] {
        let entry = &self.scene.boundaries;
        let cells = mesh.cells();
        let sides = [entry.x, entry.y, entry.z];
        std::array::from_fn(|a| {
            let inset = |wall: WallName| match wall {
                WallName::Open | WallName::Through => entry.absorbing_cells + gap,
                _ => 0,
            };
            [
                inset(sides[a][0]),
                cells[a].saturating_sub(inset(sides[a][1])),
            ]
        })
    }

    fn faces(&self) -> [[Face; 2]; 3] {
        let entry = &self.scene.boundaries;
        [entry.x, entry.y, entry.z].map(|side| {
            side.map(|wall| match wall {
                WallName::Open => Face::Recorded,
                WallName::Pec => Face::Ground,
                WallName::Through | WallName::Pmc | WallName::Periodic => Face::Omitted,
            })
        })
    }

    /// A solver's refusal, at the line of the solid or port that it names.
    pub(super) fn blame(&self, error: curlwind_solvers::Error) -> Error {
        use curlwind_solvers::Error as Refusal;
        let at = match &error {
            Refusal::Solid { name, .. } => self
                .scene
                .solids
                .iter()
                .position(|s| s.name == *name)
                .map(|n| format!("solids.{n}")),
            Refusal::Port { name, .. } => self
                .scene
                .ports
                .iter()
                .position(|p| p.name == *name)
                .map(|n| format!("ports.{n}")),
            Refusal::Memory { .. } => Some("mesh".into()),
            Refusal::UnstableTimeStep { .. } => Some("run.courant".into()),
            Refusal::NotFinite { .. } => return Error::failed(error),
            _ => None,
        };
        match at {
            Some(path) => self.refuse(&path, error),
            None => Error::unusable(format!("{}: {error}", self.name)),
        }
    }
}

impl AxisName {
    /// The solver's name of it.
    pub fn axis(self) -> Axis {
        Axis::ALL[self as usize]
    }
}

/// A point in metres.
pub(super) fn point(p: Point) -> [f64; 3] {
    p.map(|c| c.si())
}

/// Equally spaced frequencies, both ends included.
pub(super) fn spread(low: f64, high: f64, count: usize) -> Vec<f64> {
    match count {
        1 => vec![low],
        n => (0..n)
            .map(|i| low + (high - low) * i as f64 / (n - 1) as f64)
            .collect(),
    }
}

pub(super) fn corners(block: &Block) -> [[f64; 3]; 2] {
    let (a, b) = (point(block.from), point(block.to));
    [
        std::array::from_fn(|i| a[i].min(b[i])),
        std::array::from_fn(|i| a[i].max(b[i])),
    ]
}

fn free_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|l| l.starts_with("MemAvailable:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}
