//! The symmetric five-point matrix of a field on the inner points of a grid.
//!
//! With coordinates stretched by `s_x(x)` and `s_y(y)` the equation, times `s_x s_y`, is
//!
//! ```text
//! d/dx (s_y/s_x du/dx) + d/dy (s_x/s_y du/dy) + k^2 eps_r s_x s_y u = s_x s_y f
//! ```
//!
//! (W. C. Chew and W. H. Weedon, Microwave Opt. Technol. Lett. 7, 599-604, 1994), and its central
//! differences, times the spacing squared, are a symmetric matrix: what a point has of its neighbour
//! the neighbour has of it.

use num_complex::Complex64;

/// Rows of the matrix are inner points, y by y.
#[derive(Clone, Debug)]
pub(super) struct FivePoint {
    pub rows: usize,
    pub columns: usize,
    /// Entries of a point with itself, with the next in x and with the next in y.
    centre: Vec<Complex64>,
    east: Vec<Complex64>,
    north: Vec<Complex64>,
}

/// Stretching along one axis, at the lines and between them.
pub(super) struct Stretch {
    pub lines: Vec<Complex64>,
    pub between: Vec<Complex64>,
}

impl FivePoint {
    /// With `weight(row, column)` the value of `(k d)^2 eps_r` at each inner point.
    pub fn new(x: &Stretch, y: &Stretch, weight: impl Fn(usize, usize) -> Complex64) -> Self {
        let (rows, columns) = (y.between.len() - 1, x.between.len() - 1);
        let len = rows * columns;
        let mut matrix = Self {
            rows,
            columns,
            centre: Vec::with_capacity(len),
            east: Vec::with_capacity(len),
            north: Vec::with_capacity(len),
        };
        for j in 0..rows {
            for i in 0..columns {
                let (sx, sy) = (x.lines[i + 1], y.lines[j + 1]);
                let (west, east) = (sy / x.between[i], sy / x.between[i + 1]);
                let (south, north) = (sx / y.between[j], sx / y.between[j + 1]);
                let all = west + east + south + north;
                matrix.centre.push(weight(j, i) * sx * sy - all);
                matrix.east.push(east);
                matrix.north.push(north);
            }
        }
        matrix
    }

    pub fn len(&self) -> usize {
        self.centre.len()
    }

    /// Entry of a point with itself.
    pub fn centre(&self, point: usize) -> Complex64 {
        self.centre[point]
    }

    /// The neighbours of a point and its entries with them.
    pub fn neighbours(&self, point: usize) -> impl Iterator<Item = (usize, Complex64)> {
        let (row, column) = (point / self.columns, point % self.columns);
        let west = (column > 0).then(|| (point - 1, self.east[point - 1]));
        let east = (column + 1 < self.columns).then(|| (point + 1, self.east[point]));
        let south = (row > 0).then(|| (point - self.columns, self.north[point - self.columns]));
        let north = (row + 1 < self.rows).then(|| (point + self.columns, self.north[point]));
        [south, west, east, north].into_iter().flatten()
    }

    /// `right - A u`.
    pub fn residual(&self, u: &[Complex64], right: &[Complex64]) -> Vec<Complex64> {
        (0..self.len())
            .map(|p| {
                let others: Complex64 = self.neighbours(p).map(|(q, a)| a * u[q]).sum();
                right[p] - self.centre[p] * u[p] - others
            })
            .collect()
    }

    /// The largest sum of the sizes of a row's entries.
    pub fn norm(&self) -> f64 {
        (0..self.len())
            .map(|p| self.centre[p].norm() + self.neighbours(p).map(|(_, a)| a.norm()).sum::<f64>())
            .fold(0.0, f64::max)
    }
}
