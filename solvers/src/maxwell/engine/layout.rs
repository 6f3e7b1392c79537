//! Where field values lie in memory.
//!
//! The engine turns the axes of a model cyclically (which keeps the curl's form) so that an axis
//! that the fields do not vary along comes last, and a periodic one first; its x, y, z below are
//! the turned ones. A row is all values along x at one (y, z), padded:
//!
//! ```text
//!  | 0 1 2 ... nx | zeros up to `width` | ... | value at -1 of the next row |
//!  |<----------------------------- stride --------------------------------->|
//! ```
//!
//! Rows are updated over their whole `width`, a multiple of eight, and what came out beyond the
//! component's extent is set back to zero. The last value of the stride is never touched by an
//! update of its row, so it serves as the left neighbour of the next row: zero, or the far end of
//! that row along a periodic x.
//!
//! Where x begins and ends in conductors rows are tight: the last line, where E along it and H
//! through it are zero, is the first of the next row, where they are zero as well, and a row of
//! zeros follows the last row of each plane. What is found in front of a row does not matter then,
//! for it only enters E along the conductor, which is set to zero. Much less memory has to be
//! moved where the number of cells is a multiple of the vectors' length.
//!
//! Where several processes share a mesh, each has the layout of its [part](Layout::part): its own
//! rows and planes, and one of a neighbour beyond each side at which the mesh is cut.

use crate::maxwell::{Component, Index, Model, Wall};
use std::ops::Range;

/// Values in front of the row of zeros.
const LEAD: usize = 16;

/// Number of E or H components.
pub(super) const AXES: usize = 3;

#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Model axis of each engine axis.
    pub(super) turned: [usize; AXES],
    /// Cells along the engine's axes.
    pub(super) cells: [usize; AXES],
    /// Walls of the engine's axes, those of the whole mesh.
    pub(super) walls: [[Wall; 2]; AXES],
    /// Periodic axes.
    pub(super) periodic: [bool; AXES],
    /// Axes that the fields do not vary along: one cell, periodic.
    pub(super) idle: [bool; AXES],
    /// Rows of a plane that are stored: the last line of a periodic axis is its first.
    pub(super) rows: usize,
    /// Planes that are stored.
    pub(super) planes: usize,
    /// Values of a row that updates touch.
    pub(super) width: usize,
    /// Distance between rows.
    pub(super) stride: usize,
    /// Distance between planes.
    pub(super) plane: usize,
    /// Whether the last line along x is the first of the next row.
    pub(super) tight: bool,
    /// Cells of the whole mesh.
    pub(super) whole_cells: [usize; AXES],
    /// Lines of the whole mesh that are stored.
    pub(super) whole_lines: [usize; AXES],
    /// Place in the whole mesh of the first line that is stored here.
    pub(super) first: [usize; AXES],
    /// Sides at which the mesh goes on in another process.
    pub(super) cut: [[bool; 2]; AXES],
    /// Of the lines stored here, those that are not another process's.
    pub(super) own: [Range<usize>; AXES],
}

impl Layout {
    pub(super) fn new(model: &Model) -> Self {
        let all = model.mesh.cells();
        let periodic = |a: usize| model.walls[a][0] == Wall::Periodic;
        let idle = |a: usize| all[a] == 1 && periodic(a);
        // of the three turns: idle axes last, then a periodic one first
        let worth = |turn: usize| {
            let axis = |a: usize| (a + turn) % AXES;
            let idles = usize::from(idle(axis(2))) * 4 + usize::from(idle(axis(1))) * 2;
            let first = usize::from(periodic(axis(0)) && !idle(axis(0)));
            (idles + usize::from(!idle(axis(0))), first)
        };
        let turn = (0..AXES).rev().max_by_key(|&turn| worth(turn)).unwrap_or(0);
        let turned: [usize; AXES] = std::array::from_fn(|a| (a + turn) % AXES);
        let cells = turned.map(|a| all[a]);
        let periodic = turned.map(periodic);
        let idle = turned.map(idle);
        let stored = |a: usize| cells[a] + usize::from(!periodic[a]);
        let mut own = Self {
            turned,
            walls: turned.map(|a| model.walls[a]),
            rows: stored(1),
            planes: stored(2),
            width: 0,
            stride: 0,
            plane: 0,
            tight: false,
            whole_cells: cells,
            whole_lines: std::array::from_fn(stored),
            first: [0; AXES],
            cut: [[false; 2]; AXES],
            own: std::array::from_fn(|a| 0..stored(a)),
            cells,
            periodic,
            idle,
        };
        let last = usize::from(!own.conducts(0, 1));
        own.width = (own.cells[0] + last).next_multiple_of(8);
        own.tight = own.conducts(0, 0) && own.conducts(0, 1);
        own.stride = (own.width + usize::from(!own.tight)).next_multiple_of(16);
        own.plane = (own.rows + usize::from(own.tight)) * own.stride;
        own
    }

    /// The layout of a part of this one: these rows and planes, and a line more beyond each side at
    /// which others have the mesh's next line.
    pub(super) fn part(&self, rows: Range<usize>, planes: Range<usize>) -> Self {
        let mut own = self.clone();
        for (a, range) in [(1, rows), (2, planes)] {
            let all = self.whole_lines[a];
            if range.len() == all {
                continue;
            }
            let around = self.periodic[a];
            let cut = [around || range.start > 0, around || range.end < all];
            let [lower, upper] = cut.map(usize::from);
            let lines = lower + range.len() + upper;
            own.first[a] = (range.start + all - lower) % all;
            own.cells[a] = lines - 1;
            own.periodic[a] = false;
            own.cut[a] = cut;
            own.own[a] = lower..lower + range.len();
            match a {
                1 => own.rows = lines,
                _ => own.planes = lines,
            }
        }
        own.plane = (own.rows + usize::from(own.tight)) * own.stride;
        own
    }

    /// Place in the whole mesh of a line along y or z.
    pub(super) fn in_whole(&self, axis: usize, line: usize) -> usize {
        (self.first[axis] + line) % self.whole_lines[axis]
    }

    /// Values of one component with what surrounds them.
    pub(super) fn len(&self) -> usize {
        LEAD + self.stride + self.planes * self.plane + LEAD
    }

    /// Values of a row that belong to it alone; where a component has more they are zero.
    #[inline(always)]
    pub(super) fn line(&self) -> usize {
        self.cells[0] + usize::from(!self.tight)
    }

    /// Number of rows.
    pub(super) fn row_count(&self) -> usize {
        self.planes * self.rows
    }

    /// Number of a row.
    #[inline(always)]
    pub(super) fn row(&self, k: usize, j: usize) -> usize {
        k * self.rows + j
    }

    /// Place of the first value of a row.
    #[inline(always)]
    pub(super) fn start(&self, k: usize, j: usize) -> usize {
        LEAD + self.stride + k * self.plane + j * self.stride
    }

    /// Place of the first value of a row of zeros, which is H beyond the mesh.
    #[inline(always)]
    pub(super) fn zeros(&self) -> usize {
        LEAD
    }

    /// The engine's component for one of the model.
    pub(super) fn component(&self, component: Component) -> usize {
        let axis = component.axis() as usize;
        let turn = self.turned[0];
        (axis + AXES - turn) % AXES + if component.is_electric() { 0 } else { AXES }
    }

    /// The engine's `[i, j, k]` in the whole mesh for one of the model; the last line of a periodic
    /// y or z is the first.
    pub(super) fn index(&self, index: Index) -> Index {
        let [i, j, k] = self.turned.map(|a| index[a]);
        [i, j % self.whole_lines[1], k % self.whole_lines[2]]
    }

    /// The model's `[i, j, k]` of a stored place.
    pub(super) fn in_model(&self, [i, j, k]: Index) -> Index {
        let whole = [i, self.in_whole(1, j), self.in_whole(2, k)];
        let mut index = [0; AXES];
        for (a, value) in whole.into_iter().enumerate() {
            index[self.turned[a]] = value;
        }
        index
    }

    /// Where a line along y or z of the whole mesh is stored, if it is one of this layout's own.
    pub(super) fn own_line(&self, axis: usize, line: usize) -> Option<usize> {
        let all = self.whole_lines[axis];
        let line = (line + all - self.first[axis]) % all;
        self.own[axis].contains(&line).then_some(line)
    }

    /// Where the model's `[i, j, k]` is stored, if it is on one of this layout's own rows.
    pub(super) fn place(&self, index: Index) -> Option<Index> {
        let [i, j, k] = self.index(index);
        Some([i, self.own_line(1, j)?, self.own_line(2, k)?])
    }

    /// Whether a place of the whole mesh holds a value of a component that is not a copy at the far
    /// end of a periodic axis.
    pub(super) fn exists(&self, component: usize, index: Index) -> bool {
        let extent = Component::ALL[component].extent(self.whole_cells);
        (0..AXES).all(|a| index[a] < extent[a].min(self.whole_lines[a]))
    }

    /// Values along each engine axis of a component in the engine's numbering, as a model counts
    /// them.
    pub(super) fn extent(&self, component: usize) -> Index {
        Component::ALL[component].extent(self.cells)
    }

    /// Of these, those that are stored and not copies.
    pub(super) fn stored(&self, component: usize) -> Index {
        let [i, j, k] = self.extent(component);
        [i, j.min(self.rows), k.min(self.planes)]
    }

    /// Whether a value is zero because of a conducting wall: E along it and H through it, on the
    /// first or last line of an axis that ends there in a conductor.
    pub(super) fn held(&self, component: usize, index: Index) -> bool {
        (0..AXES).any(|a| {
            (a != component % AXES) == (component < AXES)
                && ((index[a] == 0 && self.conducts(a, 0))
                    || (index[a] == self.cells[a] && self.conducts(a, 1)))
        })
    }

    /// Whether a side of an axis is a conductor; an absorbing layer ends in one.
    pub(super) fn conducts(&self, axis: usize, side: usize) -> bool {
        !self.cut[axis][side] && matches!(self.walls[axis][side], Wall::Pec | Wall::Cpml(_))
    }

    /// Thickness of the whole mesh's absorbing layer in cells.
    pub(super) fn layer(&self, axis: usize, side: usize) -> usize {
        match self.walls[axis][side] {
            Wall::Cpml(cpml) => cpml.cells,
            _ => 0,
        }
    }
}
