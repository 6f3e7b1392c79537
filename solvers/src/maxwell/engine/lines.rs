//! What all rows at one place along y, or all rows of a plane, have in common.

use super::Real;
use super::cpml::Stretch;
use super::grid::Grid;
use super::layout::AXES;

/// No layer.
pub(super) const NONE: usize = usize::MAX;

/// Where the other row of a difference along y or z is: for H at j + 1 or k + 1, for E at j - 1 or
/// k - 1.
#[derive(Clone, Copy)]
pub(super) enum Neighbour {
    /// So many values on in memory, wrapping.
    Away(usize),
    /// H beyond the mesh.
    Zeros,
}

/// One place along y or z.
pub(super) struct Line<T> {
    /// The components that are updated there, as bits.
    pub(super) bits: u8,
    /// `1 / d`, kappa in it.
    pub(super) step: T,
    /// Slab of the layer, or [`NONE`], and what advances its psi.
    pub(super) slab: usize,
    pub(super) stretch: Stretch<T>,
    pub(super) neighbour: Neighbour,
}

/// One plane.
pub(super) struct Plane<T> {
    /// The components that are updated in it, as bits.
    pub(super) bits: u8,
    /// `1 / d`, kappa in it.
    pub(super) step: T,
    /// Slab of the layer along z, or [`NONE`], and what advances its psi.
    pub(super) slab: usize,
    pub(super) stretch: Stretch<T>,
    pub(super) neighbour: Neighbour,
    /// Number and place of its first row.
    pub(super) row: usize,
    pub(super) start: usize,
    /// Places of the psi of a first row in layers along y and z.
    pub(super) psi_y: usize,
    pub(super) psi_z: usize,
}

/// All places along y.
pub(super) fn lines<T: Real>(grid: &Grid<T>, electric: bool) -> Vec<Line<T>> {
    all(grid, electric, 1)
}

/// All planes.
pub(super) fn planes<T: Real>(grid: &Grid<T>, electric: bool) -> Vec<Plane<T>> {
    let layout = &grid.layout;
    let of = |(k, line): (usize, Line<T>)| Plane {
        bits: line.bits,
        step: line.step,
        slab: line.slab,
        stretch: line.stretch,
        neighbour: line.neighbour,
        row: layout.row(k, 0),
        start: layout.start(k, 0),
        psi_y: grid.psi_start(1, 0, k, 0),
        psi_z: match line.slab {
            NONE => NONE,
            slab => grid.psi_start(2, slab, k, 0),
        },
    };
    all(grid, electric, 2)
        .into_iter()
        .enumerate()
        .map(of)
        .collect()
}

fn all<T: Real>(grid: &Grid<T>, electric: bool, axis: usize) -> Vec<Line<T>> {
    let layout = &grid.layout;
    let (count, apart) = match axis {
        1 => (layout.rows, layout.stride),
        _ => (layout.planes, layout.plane),
    };
    let first = if electric { 0 } else { AXES };
    let steps = &grid.steps[axis];
    let layers = &grid.layers[axis];
    let of = |at: usize| {
        let slab = layers.slab(electric, at);
        // where H has no neighbour but the first, of a periodic axis, it is that or not used
        let other = match electric {
            true if at > 0 => Some(at - 1),
            true if layout.periodic[axis] => Some(count - 1),
            true => None,
            false => Some((at + 1) % count),
        };
        Line {
            bits: (0..AXES)
                .filter(|a| grid.updates_along(first + a, axis, at))
                .fold(0, |bits, a| bits | 1 << a),
            step: if electric {
                steps.electric[at]
            } else {
                steps.magnetic[at]
            },
            slab: slab.unwrap_or(NONE),
            stretch: slab.map_or_else(Stretch::default, |_| layers.stretch(electric, at)),
            neighbour: match other {
                Some(other) => Neighbour::Away(other.wrapping_sub(at).wrapping_mul(apart)),
                None => Neighbour::Zeros,
            },
        }
    };
    (0..count).map(of).collect()
}
