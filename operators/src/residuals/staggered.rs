//! First derivatives on a staggered grid, between the values they are taken from.

use crate::buffers::matrix;
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::maxwell::{Axis, Mesh};

/// A difference over one cell or more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stencil {
    /// `(q_1 - q_0) / d`: that of K. S. Yee (IEEE Trans. Antennas Propag. 14, 302-307, 1966), on
    /// any mesh.
    #[default]
    Second,
    /// `(27 (q_1 - q_0) - (q_2 - q_-1)) / (24 d)`, on equal cells (J. Fang, Ph.D. thesis, University
    /// of California at Berkeley, 1989).
    Fourth,
}

impl Stencil {
    /// Order of accuracy on equal cells.
    pub fn order(self) -> usize {
        match self {
            Self::Second => 2,
            Self::Fourth => 4,
        }
    }

    /// Cells that it needs to both sides beyond the one it is taken in.
    pub fn margin(self) -> usize {
        self.order() / 2 - 1
    }
}

/// Derivatives along one axis, on the inner part of the mesh that begins and ends `margin` cells
/// from its ends.
#[derive(Clone, Debug)]
pub(super) struct Derivative {
    stencil: Stencil,
    dimension: usize,
    margin: usize,
    cells: usize,
    /// One over the cells' lengths, at the inner cells.
    per_cell: Tensor<3>,
    /// One over the distances of the cells' centres, at the inner lines.
    per_line: Tensor<3>,
}

impl Derivative {
    /// Along x (the last dimension of `[T, y, x]`) or y.
    pub(super) fn new(
        mesh: &Mesh,
        axis: Axis,
        stencil: Stencil,
        margin: usize,
        device: &Device,
        dtype: DType,
    ) -> Self {
        let dimension = if axis == Axis::X { 2 } else { 1 };
        let spacings = mesh.spacings(axis);
        let cells = spacings.len();
        let along = |values: Vec<f64>| {
            let mut shape = [1; 3];
            shape[dimension] = values.len();
            matrix(values, shape, device, dtype)
        };
        let inverse = |d: &[f64]| d.iter().map(|d| 1.0 / d).collect();
        Self {
            per_cell: along(inverse(&spacings[margin..cells - margin])),
            per_line: along(inverse(
                &mesh.dual_spacings(axis)[margin + 1..cells - margin],
            )),
            stencil,
            dimension,
            margin,
            cells,
        }
    }

    /// In the inner cells, of values on lines.
    pub(super) fn in_cells(&self, on_lines: &Tensor<3>) -> Tensor<3> {
        let count = self.cells - 2 * self.margin;
        self.difference(on_lines, self.margin, count) * self.per_cell.clone()
    }

    /// On the inner lines, of values in cells.
    pub(super) fn on_lines(&self, in_cells: &Tensor<3>) -> Tensor<3> {
        let count = self.cells - 2 * self.margin - 1;
        self.difference(in_cells, self.margin, count) * self.per_line.clone()
    }

    /// `q[n + 1] - q[n]` from `start` on, or what stands for it at fourth order.
    fn difference(&self, q: &Tensor<3>, start: usize, count: usize) -> Tensor<3> {
        let from = |at: usize| q.clone().narrow(self.dimension, at, count);
        let near = from(start + 1) - from(start);
        match self.stencil {
            Stencil::Second => near,
            Stencil::Fourth => {
                (near.mul_scalar(27.0) - (from(start + 2) - from(start - 1))).div_scalar(24.0)
            }
        }
    }

    /// The inner part of values in cells.
    pub(super) fn inner_cells(&self, q: Tensor<3>) -> Tensor<3> {
        q.narrow(self.dimension, self.margin, self.cells - 2 * self.margin)
    }

    /// The inner part of values on lines.
    pub(super) fn inner_lines(&self, q: Tensor<3>) -> Tensor<3> {
        let count = self.cells - 2 * self.margin - 1;
        q.narrow(self.dimension, self.margin + 1, count)
    }
}
