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
use crate::Result;
use crate::maxwell::{Axis, Component, Index, Mesh};

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
            let (from, to) = (pair[0][a].min(pair[1][a]), pair[0][a].max(pair[1][a]));
            for n in from..to {
                let mut index = pair[0];
                index[a] = n;
                edges.push((Component::electric(axis), index));
            }
        }
    }
    Ok(edges)
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
