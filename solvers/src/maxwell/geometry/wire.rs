//! Thin wires along the edges of the mesh and their radius.
//!
//! A wave along a straight wire is transverse: across it the field is the potential of a charged
//! node of a square lattice. Far away that potential is the one of a round wire of radius
//!
//! ```text
//! a0 = exp(-gamma) / 4 sqrt(du^2 + dv^2)        0.1985 d for square cells
//! ```
//!
//! with Euler's gamma (J. Cserti, Am. J. Phys. 68, 896-906, 2000, eq. 32 for the square lattice; D.
//! W. Peaceman, SPE J. 23, 531-543, 1983, for rectangular cells). Fits to the fields of antennas
//! and lines give 0.20 to 0.23 d (T. Noda and S. Yokoyama, IEEE Trans. Power Deliv. 17, 841-847,
//! 2002).
//!
//! Another radius r is met by scaling what the lattice has next to the wire, as Noda and Yokoyama
//! do: the permittivity of the radial edges by m and the permeability of the faces between wire and
//! next line by 1/m. The share of the flux that leaves through a radial edge along u is
//! `atan(dv / du) / pi`, so the potential across it changes by `ln(a0 / r) / (2 pi eps)` with
//!
//! ```text
//! 1 / m_u = 1 + (dv / du) ln(a0 / r) / (2 atan(dv / du))
//! ```

use super::{Shape, Solid};

use crate::maxwell::{Axis, Component, EdgeMedium, FaceMedium, Index, Mesh, Model, Pole};
use crate::{Error, Result};
use ndarray::Array3;
use std::collections::HashMap;

/// Euler's constant.
const GAMMA: f64 = 0.577_215_664_901_532_9;

/// Radius in m of the wire that a single edge of perfect conductor acts as, in cells of `du` by
/// `dv` metres across it.
pub fn bare_radius(du: f64, dv: f64) -> f64 {
    (-GAMMA).exp() / 4.0 * du.hypot(dv)
}

/// The edges along a wire, from its first to its last point.
pub(super) fn path(mesh: &Mesh, solid: &Solid) -> Result<Vec<(Component, Index)>> {
    let Shape::Wire { points, .. } = &solid.shape else {
        return Ok(Vec::new());
    };
    let mut nodes = Vec::new();
    for point in points {
        let mut node = [0; 3];
        for axis in Axis::ALL {
            let a = axis as usize;
            let lines = mesh.lines(axis);
            node[a] = nearest(lines, point[a]);
            let cell = lines[(node[a] + 1).min(lines.len() - 1)] - lines[node[a].saturating_sub(1)];
            if (lines[node[a]] - point[a]).abs() > 0.01 * cell {
                return Err(solid.error(format!(
                    "its point {point:?} is not on the mesh: the nearest line along {axis:?} is at {} m; add its coordinates to the lines of the mesh",
                    lines[node[a]]
                )));
            }
        }
        nodes.push(node);
    }
    let mut edges = Vec::new();
    for pair in nodes.windows(2) {
        for axis in Axis::ALL {
            let a = axis as usize;
            let (from, to) = (pair[0][a], pair[1][a]);
            let edge = |n| {
                let mut index = pair[0];
                index[a] = n;
                (Component::electric(axis), index)
            };
            match from < to {
                true => edges.extend((from..to).map(edge)),
                false => edges.extend((to..from).rev().map(edge)),
            }
        }
    }
    Ok(edges)
}

/// Beyond this share of the last cell an end is off the mesh.
pub(super) const FARTHEST_END: f64 = 0.45;

/// The solids as the mesh can hold them, with ends of wires between lines on the nearest line; and
/// how far beyond it, in lengths of the last edge, the first and the last true end of each is.
pub(super) fn with_ends_on_lines(mesh: &Mesh, solids: &[Solid]) -> (Vec<Solid>, Vec<[f64; 2]>) {
    let mut moved = solids.to_vec();
    let offsets = moved
        .iter_mut()
        .map(|solid| {
            let Shape::Wire { points, .. } = &mut solid.shape else {
                return [0.0; 2];
            };
            let last = points.len() - 1;
            [(0, 1), (last, last.saturating_sub(1))].map(|(end, neighbour)| {
                let (at, from) = (points[end], points[neighbour]);
                let along = Axis::ALL
                    .into_iter()
                    .find(|&a| at[a as usize] != from[a as usize]);
                let Some(axis) = along else { return 0.0 };
                let (a, lines) = (axis as usize, mesh.lines(axis));
                let n = nearest(lines, at[a]);
                let outward = (at[a] - from[a]).signum();
                let inner = if outward > 0.0 {
                    n.checked_sub(1)
                } else {
                    Some(n + 1)
                };
                let Some(&inner) = inner.and_then(|i| lines.get(i)) else {
                    return 0.0;
                };
                let offset = outward * (at[a] - lines[n]) / (lines[n] - inner).abs();
                if offset.abs() > FARTHEST_END {
                    return 0.0;
                }
                points[end][a] = lines[n];
                offset
            })
        })
        .collect();
    (moved, offsets)
}

/// Position of the line nearest to a coordinate.
pub(crate) fn nearest(lines: &[f64], x: f64) -> usize {
    let n = lines.partition_point(|&l| l < x);
    if n == 0 {
        0
    } else if n == lines.len() || x - lines[n - 1] <= lines[n] - x {
        n - 1
    } else {
        n
    }
}

/// Mean of the bare radius along a path.
pub(super) fn mean_bare_radius(mesh: &Mesh, path: &[(Component, Index)]) -> Option<f64> {
    let spacings = Axis::ALL.map(|a| mesh.dual_spacings(a));
    let sum: f64 = path
        .iter()
        .map(|(component, index)| {
            let (u, v) = (
                component.axis().next() as usize,
                component.axis().previous() as usize,
            );
            bare_radius(spacings[u][index[u]], spacings[v][index[v]])
        })
        .sum();
    (!path.is_empty()).then(|| sum / path.len() as f64)
}

/// `1 / m` of a radial edge along u for a wire of radius `r` in cells of `du` by `dv`.
fn stiffness(du: f64, dv: f64, r: f64) -> f64 {
    1.0 + dv / du * (bare_radius(du, dv) / r).ln() / (2.0 * (dv / du).atan())
}

/// Scales the edges and faces round a wire so that it has the given radius.
///
/// # Errors
/// [`Error::Solid`] when the radius is not below half a cell across the wire.
pub(super) fn set_radius(
    model: &mut Model,
    solid: &Solid,
    path: &[(Component, Index)],
    radius: f64,
) -> Result<()> {
    let spacings = Axis::ALL.map(|a| model.mesh.dual_spacings(a));
    let cells = model.mesh.cells();
    let mut edges: HashMap<(usize, Index), f64> = HashMap::new();
    let mut faces: HashMap<(usize, Index), f64> = HashMap::new();
    for (component, index) in path {
        let axis = component.axis();
        let a = axis as usize;
        for (u, v) in [
            (axis.next() as usize, axis.previous() as usize),
            (axis.previous() as usize, axis.next() as usize),
        ] {
            let (du, dv) = (spacings[u][index[u]], spacings[v][index[v]]);
            let smaller = du.min(dv);
            if radius >= 0.5 * smaller {
                return Err(solid.error(format!(
                    "radius {radius} m on cells of {smaller} m; expected below half a cell, or a cylinder"
                )));
            }
            let stiffness = stiffness(du, dv, radius);
            for side in [index[u].checked_sub(1), Some(index[u])] {
                let Some(side) = side.filter(|&n| n < cells[u]) else {
                    continue;
                };
                let mut place = *index;
                place[u] = side;
                faces.insert((v, place), stiffness);
                for node in [index[a], index[a] + 1] {
                    place[a] = node;
                    edges.insert((u, place), stiffness);
                }
            }
        }
    }
    for ((axis, [i, j, k]), stiffness) in edges {
        let number = model.edges[axis][[k, j, i]];
        let medium = match &model.edge_media[number as usize] {
            EdgeMedium::Pec => continue,
            EdgeMedium::Dielectric {
                permittivity,
                conductivity,
                poles,
            } => EdgeMedium::Dielectric {
                permittivity: permittivity / stiffness,
                conductivity: conductivity / stiffness,
                poles: poles
                    .iter()
                    .map(|p| Pole {
                        a: p.a / stiffness,
                        ..*p
                    })
                    .collect(),
            },
        };
        model.edges[axis][[k, j, i]] = number_of(&mut model.edge_media, medium)?;
    }
    let shape = model.mesh.shape();
    let all = model
        .faces
        .get_or_insert_with(|| std::array::from_fn(|_| Array3::zeros(shape)));
    for ((axis, [i, j, k]), stiffness) in faces {
        let medium = model.face_media[all[axis][[k, j, i]] as usize];
        let medium = FaceMedium {
            permeability: medium.permeability * stiffness,
            magnetic_loss: medium.magnetic_loss * stiffness,
        };
        all[axis][[k, j, i]] = number_of(&mut model.face_media, medium)?;
    }
    Ok(())
}

pub(super) fn number_of<M: PartialEq>(media: &mut Vec<M>, medium: M) -> Result<u16> {
    let n = media.iter().position(|m| *m == medium).unwrap_or_else(|| {
        media.push(medium);
        media.len() - 1
    });
    u16::try_from(n).map_err(|_| Error::Size {
        what: "number of different media on the mesh",
        expected: "at most 65535".into(),
        found: n + 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_radius_of_square_and_flat_cells() {
        assert!((bare_radius(1.0, 1.0) - 0.198_506).abs() < 1e-6);
        // the wire of a flat cell is a strip of edges: a quarter of the longer side, nearly
        assert!((bare_radius(1e-6, 1.0) - 0.140_365).abs() < 1e-6);
    }

    #[test]
    fn own_radius_needs_no_scaling() {
        assert!((stiffness(1.0, 2.0, bare_radius(1.0, 2.0)) - 1.0).abs() < 1e-15);
        assert!(stiffness(1.0, 1.0, 0.1) > 1.0 && stiffness(1.0, 1.0, 0.3) < 1.0);
    }

    #[test]
    fn nearest_line() {
        let lines = [0.0, 1.0, 3.0];
        assert_eq!(
            [-1.0, 0.4, 0.6, 2.1, 9.0].map(|x| nearest(&lines, x)),
            [0, 0, 1, 2, 2]
        );
    }
}
