//! From a scene to a problem that the solver takes: solids, mesh, media, ports, surfaces.

use super::Loaded;
use super::scene::{
    AxisName, Block, MaterialEntry, Point, PortEntry, Precision, SolidEntry, WallName,
};
use crate::error::{Error, Result};
use curlwind_solvers::maxwell::constants::{SPEED_OF_LIGHT, VACUUM_PERMITTIVITY};
use curlwind_solvers::maxwell::geometry::{
    Estimate, Margin, Material, Medium, MeshRules, Region, Shape, Solid, voxelise,
};
use curlwind_solvers::maxwell::ports::{Port, PortKind, Terminals};
use curlwind_solvers::maxwell::{Axis, Cpml, Face, FarFieldBox, Mesh, Model, Pole, Wall, Waveform};
use std::f64::consts::PI;

/// Lines between an absorbing layer and the surface on which the far field is recorded.
const FAR_FIELD_GAP: usize = 2;
/// Lines between that surface and the box of a plane wave.
const TOTAL_FIELD_GAP: usize = 2;
/// Cells that an open margin has at least, so that both surfaces and the solids keep apart.
const LEAST_MARGIN: f64 = 8.0;

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

        let frequencies: Vec<f64> = match band.points {
            1 => vec![low],
            n => (0..n)
                .map(|i| low + (high - low) * i as f64 / (n - 1) as f64)
                .collect(),
        };
        let far_frequencies = match &scene.monitors.far_field {
            None => Vec::new(),
            Some(entry) if entry.frequencies.is_empty() => (0..11)
                .map(|i| low + (high - low) * i as f64 / 10.0)
                .collect(),
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
            waveform: self.waveform(),
            max_steps: (longest / model.time_step).ceil() as usize,
            energy_fraction: scene
                .run
                .energy_decay_db
                .map(|db| 10f64.powf(-db.abs() / 10.0)),
            precision: scene.run.precision,
            model,
            ports,
            frequencies,
            far_frequencies,
            estimate,
        })
    }

    /// A pulse that covers the band: a Gaussian where the band reaches far down, so that all of
    /// it is excited well, else a modulated one, which leaves no charges behind.
    fn waveform(&self) -> Waveform {
        let band = self.scene.frequency;
        let (low, high) = (band.from.si(), band.to.si());
        let centre = (low + high) / 2.0;
        let bandwidth = (1.3 * (high - low)).max(0.5 * centre);
        if centre - bandwidth / 2.0 < 0.05 * high {
            Waveform::Gaussian { bandwidth: high }
        } else {
            Waveform::ModulatedGaussian { centre, bandwidth }
        }
    }

    fn solids(&self) -> Result<Vec<Solid>> {
        let entries = &self.scene.solids;
        entries
            .iter()
            .enumerate()
            .map(|(n, entry)| self.solid(n, entry))
            .collect()
    }

    fn solid(&self, n: usize, entry: &SolidEntry) -> Result<Solid> {
        let path = |key: &str| format!("solids.{n}.{key}");
        let mut shapes = Vec::new();
        if let Some(block) = &entry.block {
            let [min, max] = corners(block);
            shapes.push(Shape::Box { min, max });
        }
        if let Some(cylinder) = &entry.cylinder {
            shapes.push(Shape::Cylinder {
                start: point(cylinder.from),
                end: point(cylinder.to),
                radius: cylinder.radius.si(),
            });
        }
        if let Some(sphere) = &entry.sphere {
            shapes.push(Shape::Sphere {
                centre: point(sphere.centre),
                radius: sphere.radius.si(),
            });
        }
        if let Some(polygon) = &entry.polygon {
            shapes.push(Shape::Polygon {
                axis: polygon.normal.axis(),
                offset: polygon.offset.si(),
                thickness: polygon.thickness.si(),
                points: polygon.points.iter().map(|p| p.map(|c| c.si())).collect(),
            });
        }
        if let Some(sheet) = &entry.sheet {
            let [min, max] = corners(sheet);
            let flat: Vec<Axis> = Axis::ALL
                .into_iter()
                .filter(|&a| min[a as usize] == max[a as usize])
                .collect();
            let [axis] = flat[..] else {
                return Err(self.refuse(
                    &path("sheet"),
                    format!(
                        "a sheet is flat along one axis; this one is along {}",
                        flat.len()
                    ),
                ));
            };
            let plane = |p: [f64; 3]| [p[axis.next() as usize], p[axis.previous() as usize]];
            shapes.push(Shape::Sheet {
                axis,
                offset: min[axis as usize],
                min: plane(min),
                max: plane(max),
            });
        }
        if let Some(wire) = &entry.wire {
            shapes.push(Shape::Wire {
                points: wire.points.iter().map(|&p| point(p)).collect(),
                radius: wire.radius.map(|r| r.si()),
            });
        }
        let count = shapes.len();
        let (Some(shape), 1) = (shapes.pop(), count) else {
            return Err(self.refuse(
                &format!("solids.{n}"),
                format!("a solid has one shape (box, cylinder, sphere, polygon, sheet or wire), `{}` has {count}", entry.name),
            ));
        };
        let mut solid = Solid::new(&entry.name, shape, self.material(n, &entry.material)?);
        solid.priority = entry.priority;
        solid
            .validate()
            .map_err(|error| self.refuse(&format!("solids.{n}"), error))?;
        Ok(solid)
    }

    fn material(&self, n: usize, name: &str) -> Result<Material> {
        match name {
            "pec" => return Ok(Material::Pec),
            "vacuum" => return Ok(Material::Medium(Medium::vacuum())),
            _ => {}
        }
        let Some(entry) = self.scene.materials.get(name) else {
            let names = self.scene.materials.keys().map(String::as_str);
            let known: Vec<&str> = ["pec", "vacuum"].into_iter().chain(names).collect();
            let hint = crate::config::nearest(name, known.iter().copied())
                .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return Err(self.refuse(
                &format!("solids.{n}.material"),
                format!("there is no material `{name}` ({}){hint}", known.join(", ")),
            ));
        };
        self.medium(name, entry).map(Material::Medium)
    }

    fn medium(&self, name: &str, entry: &MaterialEntry) -> Result<Medium> {
        let permittivity = entry.permittivity.xyz();
        let conductivity = match (&entry.conductivity, &entry.loss_tangent) {
            (Some(_), Some(_)) => {
                return Err(self.refuse(
                    &format!("materials.{name}.loss_tangent"),
                    "the conductivity is given as well; one of the two is enough",
                ));
            }
            (Some(sigma), None) => sigma.xyz().map(|s| s.si()),
            (None, Some(loss)) => permittivity
                .map(|eps| 2.0 * PI * loss.frequency.si() * VACUUM_PERMITTIVITY * eps * loss.value),
            (None, None) => [0.0; 3],
        };
        let mut poles = Vec::new();
        poles.extend(
            entry
                .debye
                .iter()
                .map(|p| Pole::debye(p.strength, p.tau.si())),
        );
        poles.extend(
            entry
                .drude
                .iter()
                .map(|p| Pole::drude(p.plasma.si(), p.collision.si())),
        );
        poles.extend(
            entry
                .lorentz
                .iter()
                .map(|p| Pole::lorentz(p.strength, p.resonance.si(), p.damping.si())),
        );
        let medium = Medium {
            permittivity,
            conductivity,
            permeability: entry.permeability.xyz(),
            magnetic_loss: [0.0; 3],
            poles,
        };
        let checked = medium.validate();
        checked.map_err(|error| self.refuse(&format!("materials.{name}"), error))?;
        Ok(medium)
    }

    fn ports(&self) -> Result<Vec<Port>> {
        let entries = &self.scene.ports;
        entries
            .iter()
            .enumerate()
            .map(|(n, entry)| self.port(n, entry))
            .collect()
    }

    fn port(&self, n: usize, entry: &PortEntry) -> Result<Port> {
        let mut kinds = Vec::new();
        if let Some(gap) = entry.gap {
            kinds.push(PortKind::Gap(self.terminals(
                n,
                gap.negative,
                gap.positive,
                gap.axis,
            )?));
        }
        if let Some(lumped) = entry.lumped {
            kinds.push(PortKind::Lumped {
                terminals: self.terminals(n, lumped.negative, lumped.positive, lumped.axis)?,
                resistance: lumped.resistance.unwrap_or(entry.impedance).si(),
                inductance: lumped.inductance.map_or(0.0, |l| l.si()),
                capacitance: lumped.capacitance.map_or(f64::INFINITY, |c| c.si()),
            });
        }
        if let Some(strip) = entry.microstrip {
            kinds.push(PortKind::Microstrip {
                terminals: self.terminals(n, strip.negative, strip.positive, strip.axis)?,
                line: strip.line.axis(),
                forward: strip.forward,
                shift: strip.shift.si(),
                resistance: strip.resistance.unwrap_or(entry.impedance).si(),
            });
        }
        if let Some(guide) = entry.waveguide {
            kinds.push(PortKind::Waveguide {
                axis: guide.axis.axis(),
                forward: guide.forward,
                source: guide.source.si(),
                reference: guide.reference.si(),
                min: guide.from.map(|c| c.si()),
                max: guide.to.map(|c| c.si()),
                mode: guide.mode,
            });
        }
        let count = kinds.len();
        match (kinds.pop(), count) {
            (Some(kind), 1) => Ok(Port {
                name: entry.name.clone(),
                impedance: entry.impedance.si(),
                kind,
            }),
            _ => Err(self.refuse(
                &format!("ports.{n}"),
                format!(
                    "a port is of one kind (gap, lumped, microstrip or waveguide), `{}` has {count}",
                    entry.name
                ),
            )),
        }
    }

    fn terminals(
        &self,
        n: usize,
        negative: Point,
        positive: Point,
        axis: Option<AxisName>,
    ) -> Result<Terminals> {
        let (negative, positive) = (point(negative), point(positive));
        let apart: Vec<Axis> = Axis::ALL
            .into_iter()
            .filter(|&a| negative[a as usize] != positive[a as usize])
            .collect();
        let axis = match (axis, &apart[..]) {
            (Some(axis), _) => axis.axis(),
            (None, [axis]) => *axis,
            (None, _) => {
                return Err(self.refuse(
                    &format!("ports.{n}"),
                    format!(
                        "its terminals differ along {} axes; say which one the voltage is along (axis = \"z\")",
                        apart.len()
                    ),
                ));
            }
        };
        Ok(Terminals {
            axis,
            negative,
            positive,
        })
    }

    fn mesh(&self, solids: &[Solid], ports: &[Port]) -> Result<Mesh> {
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
                    for (along, across) in [(*source, min), (*reference, max)] {
                        let mut p = [along; 3];
                        p[axis.next() as usize] = across[0];
                        p[axis.previous() as usize] = across[1];
                        include(p);
                    }
                }
            }
        }
        if let Some(dipole) = self.scene.source.as_ref().and_then(|s| s.dipole) {
            include(point(dipole.position));
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

fn corners(block: &Block) -> [[f64; 3]; 2] {
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
