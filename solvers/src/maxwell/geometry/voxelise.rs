//! Solids in the palettes of a model.
//!
//! **Conductors** are conformal to the mesh: an edge of which both ends and the middle lie in or on a
//! body of perfect conductor is one; of sheets and wires the middle is enough. Surfaces on mesh lines
//! are exact, others move inwards by half a cell on average. The ends matter: edges that stick out
//! of a curved surface, one to each node, raise it like a bed of nails, which made a sphere of 20
//! cells' radius scatter as if it were larger by half a cell at `k a = 1` and by more at shorter waves.
//!
//! **Dielectrics** are averaged over the cell of the dual mesh round each edge and, if magnetic,
//! round each face (see `averaging`), so that an interface parallel to the mesh may lie anywhere in
//! a cell (J.-Y. Lee and N.-H. Myung, Microw. Opt. Technol. Lett. 23, 245-249, 1999).

use super::averaging::{Averaging, Mean, Span};
use super::shape::Overlap;
use super::{Material, Shape, Solid, Trace, wire, wire_end};
use crate::maxwell::constants::SPEED_OF_LIGHT;
use crate::maxwell::{Axis, Component, EdgeMedium, FaceMedium, Mesh, Model, Pole, Wall};
use crate::{Error, Result};
use ndarray::Array3;
use std::collections::HashMap;

/// Owner of a value of which several materials have a part; else a solid's position plus one.
const MIXED: u32 = u32::MAX;

/// Writes the solids into the model's palettes, on a background of vacuum; what was there before
/// is replaced. The last edges of wires that end freely get a permittivity instead of metal, which
/// [`Model::wire_ends`] lists. Media faster than vacuum, which the scaling of wires to a radius makes too, shorten
/// the model's time step to 0.99 of their Courant limit. Returns what became of each solid.
///
/// # Errors
/// [`Error::Solid`] for a defect of a solid, for one that leaves no trace because it lies outside
/// the mesh, between its lines or under others, and for a wire that is not on the mesh;
/// [`Error::Parameter`] for a value of a medium; [`Error::Size`] for more than 65535 different
/// media.
pub fn voxelise(model: &mut Model, solids: &[Solid]) -> Result<Vec<Trace>> {
    for solid in solids {
        solid.validate()?;
    }
    let (solids, offsets) = wire::with_ends_on_lines(&model.mesh, solids);
    let solids = solids.as_slice();
    let mut order: Vec<usize> = (0..solids.len()).collect();
    order.sort_by_key(|&n| solids[n].priority);
    let averaging = Averaging::new(solids, &order);
    let cells = DualCells::new(&model.mesh, &model.walls);
    let shape = model.mesh.shape();
    let mut edges = vec![0usize; solids.len()];

    let mut palette = Palette::<EdgeMedium>::new(EdgeMedium::vacuum());
    for axis in Axis::ALL {
        let mut own: Vec<Option<u16>> = vec![None; solids.len()];
        let component = Component::electric(axis);
        let painted = paint(&cells, model, solids, &order, component);
        let index = &mut model.edges[axis as usize];
        *index = Array3::zeros(shape);
        for ((k, j, i), owner) in painted.owners.indexed_iter() {
            let conductor = painted.conductors[[k, j, i]];
            if conductor > 0 {
                edges[conductor as usize - 1] += 1;
                index[[k, j, i]] = palette.edge(EdgeMedium::Pec)?;
                continue;
            }
            match *owner {
                0 => {}
                MIXED => {
                    let cell = cells.of(component, [i, j, k]);
                    if let Some(mean) = averaging.mean(cell, axis) {
                        for &n in &mean.solids {
                            edges[n] += 1;
                        }
                        index[[k, j, i]] = palette.edge(edge_medium(mean))?;
                    }
                }
                n => {
                    let n = n as usize - 1;
                    edges[n] += 1;
                    index[[k, j, i]] = match (own[n], &solids[n].material) {
                        (Some(number), _) => number,
                        (None, Material::Pec) => 0,
                        (None, Material::Medium(medium)) => {
                            let number = palette.edge(EdgeMedium::Dielectric {
                                permittivity: medium.permittivity[axis as usize],
                                conductivity: medium.conductivity[axis as usize],
                                poles: medium.poles.clone(),
                            })?;
                            own[n] = Some(number);
                            number
                        }
                    };
                }
            }
        }
    }
    model.edge_media = palette.entries;

    let magnetic = |s: &Solid| matches!(&s.material, Material::Medium(m) if m.is_magnetic());
    let mut palette = Palette::<FaceMedium>::new(FaceMedium::VACUUM);
    model.faces = None;
    if solids.iter().any(magnetic) {
        let mut faces: [Array3<u16>; 3] = std::array::from_fn(|_| Array3::zeros(shape));
        for axis in Axis::ALL {
            let component = Component::magnetic(axis);
            let painted = paint(&cells, model, solids, &order, component);
            for ((k, j, i), owner) in painted.owners.indexed_iter() {
                let medium = match *owner {
                    0 => continue,
                    MIXED => match averaging.mean(cells.of(component, [i, j, k]), axis) {
                        None => continue,
                        Some(mean) => FaceMedium {
                            permeability: mean.permeability,
                            magnetic_loss: mean.magnetic_loss,
                        },
                    },
                    n => match &solids[n as usize - 1].material {
                        Material::Pec => continue,
                        Material::Medium(medium) => FaceMedium {
                            permeability: medium.permeability[axis as usize],
                            magnetic_loss: medium.magnetic_loss[axis as usize],
                        },
                    },
                };
                faces[axis as usize][[k, j, i]] = palette.face(medium)?;
            }
        }
        model.faces = Some(faces);
    }
    model.face_media = palette.entries;

    let mut traces = Vec::new();
    for (solid, &edges) in solids.iter().zip(&edges) {
        if edges == 0 {
            return Err(solid.error(format!(
                "nothing of it is in the mesh; expected it to hold at least one edge between {} m and not to be covered by solids after it",
                extent(&model.mesh)
            )));
        }
        let wire = wire::path(&model.mesh, solid)?;
        let radius = match solid.shape {
            Shape::Wire {
                radius: Some(radius),
                ..
            } => {
                wire::set_radius(model, solid, &wire, radius)?;
                Some(radius)
            }
            _ => wire::mean_bare_radius(&model.mesh, &wire),
        };
        traces.push(Trace {
            name: solid.name.clone(),
            edges,
            radius,
            wire,
        });
    }
    let mut wires = Vec::new();
    for (solid, (trace, &offsets)) in traces.iter().zip(&offsets).enumerate() {
        if let Some(radius) = trace.radius {
            wires.push(wire_end::Path {
                solid,
                edges: &trace.wire,
                radius,
                offsets,
            });
        }
    }
    model.wire_ends.clear();
    let free = wire_end::free_ends(model, &wires);
    for end in &free {
        wire_end::soften(model, end)?;
    }
    // an end that is joined to something must be where it says
    for (n, (solid, offsets)) in solids.iter().zip(&offsets).enumerate() {
        for (side, offset) in offsets.iter().enumerate() {
            if offset.abs() > 0.01 && !free.iter().any(|end| end.of == (n, side)) {
                return Err(solid.error(format!(
                    "an end that is joined to something lies {:.2} cells from the nearest line; add its coordinates to the lines of the mesh",
                    offset.abs()
                )));
            }
        }
    }
    limit_time_step(model);
    Ok(traces)
}

/// Shortens the time step to 0.99 of the Courant limit of the fastest medium.
fn limit_time_step(model: &mut Model) {
    let eps = model.edge_media.iter().filter_map(|m| match m {
        EdgeMedium::Pec => None,
        EdgeMedium::Dielectric { permittivity, .. } => Some(*permittivity),
    });
    let mu = model.face_media.iter().map(|m| m.permeability);
    let square = eps.fold(f64::INFINITY, f64::min) * mu.fold(f64::INFINITY, f64::min);
    if square < 1.0 {
        let limit = model.mesh.courant_limit(SPEED_OF_LIGHT / square.sqrt());
        model.time_step = model.time_step.min(0.99 * limit);
    }
}

fn extent(mesh: &Mesh) -> String {
    let ends = |last: bool| {
        Axis::ALL.map(|a| {
            let lines = mesh.lines(a);
            format!(
                "{:.6}",
                if last {
                    lines[lines.len() - 1]
                } else {
                    lines[0]
                }
            )
        })
    };
    format!(
        "({}) and ({})",
        ends(false).join(", "),
        ends(true).join(", ")
    )
}

fn edge_medium(mean: Mean) -> EdgeMedium {
    EdgeMedium::Dielectric {
        permittivity: mean.permittivity,
        conductivity: mean.conductivity,
        poles: mean.poles,
    }
}

/// Where each value of a component lies and what cell it stands for.
pub(super) struct DualCells {
    /// `[axis][0]`: between the centres of cells, round a line; `[axis][1]`: between lines.
    spans: [[Vec<Span>; 2]; 3],
    positions: [[Vec<f64>; 2]; 3],
}

impl DualCells {
    pub fn new(mesh: &Mesh, walls: &[[Wall; 2]; 3]) -> Self {
        let mut spans: [[Vec<Span>; 2]; 3] = Default::default();
        let mut positions: [[Vec<f64>; 2]; 3] = Default::default();
        for axis in Axis::ALL {
            let lines = mesh.lines(axis);
            let centres: Vec<f64> = lines.windows(2).map(|p| (p[0] + p[1]) / 2.0).collect();
            let n = centres.len();
            let mut round: Vec<Span> = (0..=n)
                .map(|i| {
                    vec![[
                        if i == 0 { lines[0] } else { centres[i - 1] },
                        if i == n { lines[n] } else { centres[i] },
                    ]]
                })
                .collect();
            if walls[axis as usize][0] == Wall::Periodic {
                let both = if n == 1 {
                    vec![[lines[0], lines[1]]]
                } else {
                    vec![[centres[n - 1], lines[n]], [lines[0], centres[0]]]
                };
                round[0] = both.clone();
                round[n] = both;
            }
            spans[axis as usize] = [
                round,
                lines.windows(2).map(|p| vec![[p[0], p[1]]]).collect(),
            ];
            positions[axis as usize] = [lines.to_vec(), centres];
        }
        Self { spans, positions }
    }

    fn kind(component: Component, axis: usize) -> usize {
        usize::from(component.offset()[axis] != 0.0)
    }

    fn of(&self, component: Component, index: [usize; 3]) -> [&Span; 3] {
        std::array::from_fn(|a| &self.spans[a][Self::kind(component, a)][index[a]])
    }

    fn position(&self, component: Component, index: [usize; 3]) -> [f64; 3] {
        std::array::from_fn(|a| self.positions[a][Self::kind(component, a)][index[a]])
    }

    /// Both ends of an edge.
    fn ends(&self, component: Component, index: [usize; 3]) -> [[f64; 3]; 2] {
        [0, 1].map(|end| {
            std::array::from_fn(|a| {
                let along = component.axis() as usize == a;
                let lines = &self.positions[a][0];
                lines[(index[a] + if along { end } else { 0 }).min(lines.len() - 1)]
            })
        })
    }

    /// Index range of the values along an axis whose cells reach between two coordinates.
    fn range(&self, component: Component, axis: usize, low: f64, high: f64) -> Vec<usize> {
        let spans = &self.spans[axis][Self::kind(component, axis)];
        (0..spans.len())
            .filter(|&i| spans[i].iter().any(|s| s[1] >= low && s[0] <= high))
            .collect()
    }
}

struct Painted {
    /// 0 for vacuum, a solid's position plus one, or MIXED.
    owners: Array3<u32>,
    /// 0, or the position plus one of the perfect conductor that an edge belongs to.
    conductors: Array3<u32>,
}

/// Goes through the solids, lowest priority first, and lets each take the values it covers.
fn paint(
    cells: &DualCells,
    model: &Model,
    solids: &[Solid],
    order: &[usize],
    component: Component,
) -> Painted {
    let shape = model.mesh.shape();
    let mut owners = Array3::zeros(shape);
    let mut conductors = Array3::zeros(shape);
    let smallest = Axis::ALL
        .iter()
        .flat_map(|&a| model.mesh.spacings(a))
        .fold(f64::INFINITY, f64::min);
    let tolerance = 1e-3 * smallest;
    for &n in order {
        let solid = &solids[n];
        let owner = n as u32 + 1;
        let conductor = solid.material == Material::Pec;
        let body = solid.shape.has_volume();
        let [low, high] = solid.shape.bounds();
        let ranges: [Vec<usize>; 3] = std::array::from_fn(|a| {
            cells.range(component, a, low[a] - tolerance, high[a] + tolerance)
        });
        for &k in &ranges[2] {
            for &j in &ranges[1] {
                for &i in &ranges[0] {
                    let place = [k, j, i];
                    if component.is_electric() {
                        let middle = cells.position(component, [i, j, k]);
                        if conductor {
                            let ends = cells.ends(component, [i, j, k]);
                            if solid.shape.contains(middle, tolerance)
                                && (!body
                                    || ends.iter().all(|&p| solid.shape.contains(p, tolerance)))
                            {
                                conductors[place] = owner;
                            }
                        } else if conductors[place] > 0 && solid.shape.contains(middle, -tolerance)
                        {
                            conductors[place] = 0;
                        }
                    }
                    match overlap(solid, cells.of(component, [i, j, k])) {
                        Overlap::Outside => {}
                        Overlap::Inside => owners[place] = owner,
                        Overlap::Cut => owners[place] = MIXED,
                    }
                }
            }
        }
    }
    Painted { owners, conductors }
}

fn overlap(solid: &Solid, cell: [&Span; 3]) -> Overlap {
    let mut all: Option<Overlap> = None;
    for x in cell[0] {
        for y in cell[1] {
            for z in cell[2] {
                let one = solid.shape.overlap([x[0], y[0], z[0]], [x[1], y[1], z[1]]);
                all = match all {
                    None => Some(one),
                    Some(before) if before == one => all,
                    Some(_) => return Overlap::Cut,
                };
            }
        }
    }
    all.unwrap_or(Overlap::Outside)
}

/// Different media in the order of their first use.
struct Palette<M> {
    entries: Vec<M>,
    known: HashMap<Vec<u64>, u16>,
}

impl<M> Palette<M> {
    fn number(&mut self, key: Vec<u64>, medium: M) -> Result<u16> {
        if let Some(&n) = self.known.get(&key) {
            return Ok(n);
        }
        let n = u16::try_from(self.entries.len()).map_err(|_| Error::Size {
            what: "number of different media on the mesh",
            expected: "at most 65535".into(),
            found: self.entries.len() + 1,
        })?;
        self.entries.push(medium);
        self.known.insert(key, n);
        Ok(n)
    }
}

impl Palette<EdgeMedium> {
    fn new(first: EdgeMedium) -> Self {
        Self {
            known: HashMap::from([(edge_key(&first), 0)]),
            entries: vec![first],
        }
    }

    fn edge(&mut self, medium: EdgeMedium) -> Result<u16> {
        self.number(edge_key(&medium), medium)
    }
}

impl Palette<FaceMedium> {
    fn new(first: FaceMedium) -> Self {
        Self {
            known: HashMap::from([(face_key(&first), 0)]),
            entries: vec![first],
        }
    }

    fn face(&mut self, medium: FaceMedium) -> Result<u16> {
        self.number(face_key(&medium), medium)
    }
}

fn edge_key(medium: &EdgeMedium) -> Vec<u64> {
    match medium {
        EdgeMedium::Pec => Vec::new(),
        EdgeMedium::Dielectric {
            permittivity,
            conductivity,
            poles,
        } => [*permittivity, *conductivity]
            .into_iter()
            .chain(poles.iter().flat_map(|&Pole { a, b, c, d }| [a, b, c, d]))
            .map(f64::to_bits)
            .collect(),
    }
}

fn face_key(medium: &FaceMedium) -> Vec<u64> {
    [medium.permeability, medium.magnetic_loss]
        .map(f64::to_bits)
        .to_vec()
}
