//! The lines of a rectilinear mesh and the spacings of its two staggered grids.

use crate::{Error, Result};

/// A direction of the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Axis {
    /// First axis, contiguous in memory.
    X,
    /// Second axis.
    Y,
    /// Third axis, outermost in memory.
    Z,
}

impl Axis {
    /// All three, in order.
    pub const ALL: [Self; 3] = [Self::X, Self::Y, Self::Z];

    /// The axis that follows cyclically.
    pub fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % 3]
    }

    /// The axis that precedes cyclically.
    pub fn previous(self) -> Self {
        Self::ALL[(self as usize + 2) % 3]
    }
}

/// Node coordinates in metres along each axis; `n + 1` lines bound `n` cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Mesh {
    lines: [Vec<f64>; 3],
}

impl Mesh {
    /// A mesh of the given lines.
    ///
    /// # Errors
    /// [`Error::Size`] with fewer than two lines along an axis; [`Error::Parameter`] when lines do
    /// not increase or are not finite.
    pub fn new(lines: [Vec<f64>; 3]) -> Result<Self> {
        for axis in &lines {
            if axis.len() < 2 {
                return Err(Error::Size {
                    what: "number of mesh lines along an axis",
                    expected: "2 or more".into(),
                    found: axis.len(),
                });
            }
            for pair in axis.windows(2) {
                if !(pair[1] - pair[0] > 0.0 && pair[1].is_finite() && pair[0].is_finite()) {
                    return Err(Error::Parameter {
                        name: "mesh line",
                        value: pair[1],
                        expected: "a finite coordinate above that of the line before it",
                    });
                }
            }
        }
        Ok(Self { lines })
    }

    /// A mesh of `cells` equal cells along each axis, from the origin.
    ///
    /// # Errors
    /// As [`Mesh::new`].
    pub fn uniform(cells: [usize; 3], spacing: [f64; 3]) -> Result<Self> {
        Self::new(std::array::from_fn(|a| {
            (0..=cells[a]).map(|i| i as f64 * spacing[a]).collect()
        }))
    }

    /// Cells along each axis.
    pub fn cells(&self) -> [usize; 3] {
        std::array::from_fn(|a| self.lines[a].len() - 1)
    }

    /// Shape `[nz + 1, ny + 1, nx + 1]` of arrays that hold one value per edge or face: all six
    /// components share it, entries beyond a component's own range are unused.
    pub fn shape(&self) -> [usize; 3] {
        let [nx, ny, nz] = self.cells();
        [nz + 1, ny + 1, nx + 1]
    }

    /// Node coordinates along an axis in metres.
    pub fn lines(&self, axis: Axis) -> &[f64] {
        &self.lines[axis as usize]
    }

    /// Lengths of the cells along an axis in metres: the spacing of E edges, over which H is
    /// updated.
    pub fn spacings(&self, axis: Axis) -> Vec<f64> {
        self.lines(axis).windows(2).map(|p| p[1] - p[0]).collect()
    }

    /// Distances between the centres of neighbouring cells in metres, one per line: the spacing
    /// over which E is updated. At the first and last line it is half the cell, which with H = 0
    /// beyond the mesh makes an untouched outer wall a perfect magnetic conductor.
    pub fn dual_spacings(&self, axis: Axis) -> Vec<f64> {
        let d = self.spacings(axis);
        let n = d.len();
        (0..=n)
            .map(|i| match i {
                0 => d[0] / 2.0,
                i if i == n => d[n - 1] / 2.0,
                i => (d[i - 1] + d[i]) / 2.0,
            })
            .collect()
    }

    /// Whether all cells along an axis are equal to rounding.
    pub fn is_uniform(&self, axis: Axis) -> bool {
        let lines = self.lines(axis);
        let n = lines.len() - 1;
        let mean = (lines[n] - lines[0]) / n as f64;
        self.spacings(axis)
            .iter()
            .all(|d| (d - mean).abs() <= 1e-9 * mean)
    }

    /// The Courant limit in seconds for waves of `speed` m/s: `1 / (c sqrt(sum 1/d^2))` with the
    /// smallest cell along each axis (A. Taflove and S. C. Hagness, Computational Electrodynamics,
    /// 3rd ed., eq. 4.54b); an axis of one cell does not count, the fields do not vary along it.
    pub fn courant_limit(&self, speed: f64) -> f64 {
        let sum: f64 = Axis::ALL
            .iter()
            .map(|&a| self.spacings(a))
            .filter(|d| d.len() > 1)
            .map(|d| d.into_iter().fold(f64::INFINITY, f64::min).powi(-2))
            .sum();
        1.0 / (speed * sum.sqrt())
    }
}
