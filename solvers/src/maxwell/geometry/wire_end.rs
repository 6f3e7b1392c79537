//! Free ends of thin wires.
//!
//! On the mesh the charge of a wire sits on nodes, each of which stands for a whole cell of wire.
//! The last node of a wire does too although the wire ends there, so that an end of perfectly
//! conducting edges acts as about half a cell too long: a half-wave dipole of 21 edges resonates
//! 3.4 % too low (R. M. Maekinen et al., IEEE Trans. Microw. Theory Tech. 50, 1245-1255, 2002,
//! show the same and count the charge of the end by itself).
//!
//! Here the last edge of a wire with a free end is no conductor but a capacitance: its permittivity
//! is that of the medium beyond the end times a factor kappa, between 1 (the wire ends a cell
//! earlier) and infinity (the plain end). That costs nothing in the time step. The factor is the one
//! with which the charge of a wire at 1 V is right, a static problem whose parts were solved once:
//!
//! * the mesh: the charges on the nodes of a straight wire, from the Green's function of the lattice
//!   `g(m) = integral over t of prod_a exp(-2 c_a t) I_m(2 c_a t)`, `c_a` the capacitance of an
//!   edge, with the radial edges of the wire scaled for its radius (see `wire`) up to the end node;
//! * the truth: a round rod of that radius and length with flat ends, by rings of charge.
//!
//! The kappa at which both charges agree depends on the length by 0.3 % between 12 and 40 cells, and
//! is tabled over the cell's length and the wire's radius, for square cells. For `dv / du` of 2 and
//! 4 across the wire it is larger by about `exp(0.088 ln^2(dv / du))`, to 4 %; an error of 10 % moves
//! the end by 0.02 cells.
//!
//! An end need not lie on a line. The capacitance in series with that of the end node, which is the
//! kappa of an end on the line, lets the last edge carry the share `kappa / (kappa + kappa_0)` of its
//! charge, a half where the end is right: an end `delta` edges beyond the line has
//! `kappa = kappa_0 (1/2 + delta) / (1/2 - delta)`.

use super::wire::bare_radius;
use crate::Result;
use crate::maxwell::{Component, EdgeMedium, Index, Model, Pole, Wall, WireEnd};

/// Length of the cell along the wire over `sqrt(du dv)`.
const LENGTHS: [f64; 7] = [0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0];
/// Radius over that of the bare wire.
const RADII: [f64; 8] = [0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0];
/// Kappa; below 1 an end should be more than a cell shorter.
const FACTORS: [[f64; 8]; 7] = [
    [0.442, 0.641, 0.948, 1.296, 2.027, 3.045, 6.748, 16.434],
    [0.943, 1.338, 1.924, 2.563, 3.824, 5.424, 10.163, 18.116],
    [1.654, 2.296, 3.216, 4.178, 5.976, 8.102, 13.648, 21.301],
    [3.678, 4.917, 6.583, 8.22, 11.058, 14.127, 21.136, 29.348],
    [6.418, 8.339, 10.811, 13.141, 17.001, 20.973, 29.483, 38.805],
    [
        13.752, 17.224, 21.458, 25.264, 31.252, 37.105, 48.895, 61.047,
    ],
    [
        34.947, 42.222, 50.636, 57.855, 68.697, 78.816, 98.155, 117.086,
    ],
];

/// Edges that a wire must have for its ends to be corrected.
const SHORTEST: usize = 3;

/// Kappa of the last edge, `length` m long, of a wire of `radius` m on cells of `du` by `dv` m.
pub(super) fn end_factor(du: f64, dv: f64, length: f64, radius: f64) -> f64 {
    let (row, s) = place(&LENGTHS, length / (du * dv).sqrt());
    let (column, t) = place(&RADII, radius / bare_radius(du, dv));
    let at = |r: usize, c: usize| FACTORS[r][c].ln();
    let near = at(row, column) * (1.0 - t) + at(row, column + 1) * t;
    let far = at(row + 1, column) * (1.0 - t) + at(row + 1, column + 1) * t;
    let uneven = 0.088 * (dv / du).ln().powi(2);
    (near * (1.0 - s) + far * s + uneven).exp().max(1.0)
}

/// The interval of a table that holds `x`, and where in it, on a logarithmic scale; beyond the ends
/// it is continued a little.
fn place(table: &[f64], x: f64) -> (usize, f64) {
    let n = table.partition_point(|&v| v < x).clamp(1, table.len() - 1) - 1;
    let t = (x / table[n]).ln() / (table[n + 1] / table[n]).ln();
    (n, t.clamp(-0.5, 1.5))
}

/// A wire on the mesh.
pub(super) struct Path<'a> {
    /// Position among the solids.
    pub solid: usize,
    /// Edges in order.
    pub edges: &'a [(Component, Index)],
    /// In m.
    pub radius: f64,
    /// How far the true ends, first and last, are beyond these edges, in lengths of the last one.
    pub offsets: [f64; 2],
}

/// An end to be made a capacitance.
pub(super) struct FreeEnd {
    /// The solid, and 0 for its first or 1 for its last end.
    pub of: (usize, usize),
    pub end: WireEnd,
    pub radius: f64,
    pub offset: f64,
}

/// Ends of wires that touch no other metal.
pub(super) fn free_ends(model: &Model, wires: &[Path]) -> Vec<FreeEnd> {
    let mut found = Vec::new();
    for path in wires {
        let (wire, radius) = (path.edges, path.radius);
        if wire.len() < SHORTEST {
            continue;
        }
        let ends = [(0, 1), (wire.len() - 1, wire.len() - 2)];
        for (side, (edge, neighbour)) in ends.into_iter().enumerate() {
            let (component, index) = wire[edge];
            // the node that the neighbouring edge does not touch
            let shared = nodes(wire[neighbour]);
            let Some(node) = nodes(wire[edge]).into_iter().find(|n| !shared.contains(n)) else {
                continue;
            };
            if is_free(model, (component, index), node) {
                let end = WireEnd {
                    component,
                    index,
                    node,
                };
                found.push(FreeEnd {
                    of: (path.solid, side),
                    end,
                    radius,
                    offset: path.offsets[side],
                });
            }
        }
    }
    found
}

fn nodes((component, index): (Component, Index)) -> [Index; 2] {
    let mut other = index;
    other[component.axis() as usize] += 1;
    [index, other]
}

/// Whether the node touches no metal but that edge and lies within the mesh.
fn is_free(model: &Model, own: (Component, Index), node: Index) -> bool {
    let cells = model.mesh.cells();
    let outer = (0..3).any(|a| {
        let walls = model.walls[a];
        (node[a] == 0 && walls[0] != Wall::Pmc)
            || (node[a] == cells[a] && walls[1] != Wall::Pmc)
            || (node[a] == 0 || node[a] == cells[a]) && own.0.axis() as usize == a
    });
    !outer
        && edges_at(model, node)
            .into_iter()
            .all(|edge| edge == own || !is_metal(model, edge))
}

/// The edges that meet in a node.
fn edges_at(model: &Model, node: Index) -> Vec<(Component, Index)> {
    let cells = model.mesh.cells();
    let mut all = Vec::new();
    for a in 0..3 {
        let component = Component::ALL[a];
        if node[a] < cells[a] {
            all.push((component, node));
        }
        if node[a] > 0 {
            let mut before = node;
            before[a] -= 1;
            all.push((component, before));
        }
    }
    all
}

fn is_metal(model: &Model, (component, [i, j, k]): (Component, Index)) -> bool {
    let medium = model.edges[component.axis() as usize][[k, j, i]];
    model.edge_media[usize::from(medium)] == EdgeMedium::Pec
}

/// Makes the last edge a capacitance.
pub(super) fn soften(model: &mut Model, free: &FreeEnd) -> Result<()> {
    let FreeEnd {
        end,
        radius,
        offset,
        ..
    } = *free;
    let axis = end.component.axis();
    let a = axis as usize;
    let across = [axis.next(), axis.previous()];
    let [du, dv] = across.map(|b| model.mesh.dual_spacings(b)[end.index[b as usize]]);
    let length = model.mesh.spacings(axis)[end.index[a]];
    let factor = end_factor(du, dv, length, radius) * (0.5 + offset) / (0.5 - offset);
    let factor = factor.max(1.0);
    let mut beyond = end.index;
    if end.node == end.index {
        beyond[a] -= 1;
    } else {
        beyond[a] += 1;
    }
    let [i, j, k] = beyond;
    let EdgeMedium::Dielectric {
        permittivity,
        conductivity,
        poles,
    } = &model.edge_media[usize::from(model.edges[a][[k, j, i]])]
    else {
        return Ok(());
    };
    let medium = EdgeMedium::Dielectric {
        permittivity: permittivity * factor,
        conductivity: conductivity * factor,
        poles: poles
            .iter()
            .map(|p| Pole {
                a: p.a * factor,
                ..*p
            })
            .collect(),
    };
    let [i, j, k] = end.index;
    model.edges[a][[k, j, i]] = super::wire::number_of(&mut model.edge_media, medium)?;
    model.wire_ends.push(end);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_and_between() {
        let r = bare_radius(1.0, 1.0);
        assert!((end_factor(1.0, 1.0, 1.0, r) - 8.102).abs() < 1e-9);
        assert!((end_factor(1e-3, 1e-3, 2e-3, 0.2e-3 * r) - 8.339).abs() < 1e-9);
        // solved for these: 5.80 at dz / d = 1.2, r / a0 = 0.5; 22.401 at dv / du = 2, dz / d = 2
        let s = 2f64.sqrt();
        let uneven = end_factor(1.0 / s, s, 2.0, bare_radius(1.0 / s, s));
        assert!((uneven / 22.401 - 1.0).abs() < 0.04, "{uneven}");
        // thick wires in short cells and thin ones stay passive and at least a vacuum
        assert_eq!(end_factor(1.0, 1.0, 0.3, 0.01), 1.0);
        assert!(end_factor(1.0, 1.0, 0.01, 0.49).is_finite());
        // monotonous in both
        assert!(end_factor(1.0, 1.0, 1.0, 0.1) < end_factor(1.0, 1.0, 1.0, 0.2));
        assert!(end_factor(1.0, 1.0, 1.0, 0.1) < end_factor(1.0, 1.0, 1.2, 0.1));
    }
}
