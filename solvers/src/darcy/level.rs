//! The discrete operator: a network of conductances between neighbouring nodes.
//!
//! `(A u)_n = sum over neighbours m of k_nm (u_n - u_m)` at inner nodes, with u = 0 on the walls.

use super::grid::{Grid, volumes};
use ndarray::ArrayView2;

/// One grid of the hierarchy. Arrays are `[y][x]`, walls included, row by row.
#[derive(Clone, Debug)]
pub(super) struct Level {
    /// Nodes along y and x.
    pub rows: usize,
    pub columns: usize,
    /// To the next node along x; the last column is unused.
    pub east: Vec<f64>,
    /// To the next node along y; the last row is unused.
    pub north: Vec<f64>,
    /// One over the sum of the four, at inner nodes.
    pub inverse_diagonal: Vec<f64>,
}

/// `1 / (1/a + 1/b)` times two.
fn harmonic(a: f64, b: f64) -> f64 {
    2.0 * a * b / (a + b)
}

impl Level {
    /// The finite volumes of a medium.
    pub fn finest(grid: &Grid, permeability: ArrayView2<f64>) -> Self {
        let (rows, columns) = grid.shape();
        let (widths, heights) = (volumes(grid.x()), volumes(grid.y()));
        let (mut east, mut north) = (vec![0.0; rows * columns], vec![0.0; rows * columns]);
        for j in 0..rows {
            for i in 0..columns {
                let a = permeability[[j, i]];
                if i + 1 < columns {
                    let d = grid.x()[i + 1] - grid.x()[i];
                    east[j * columns + i] = harmonic(a, permeability[[j, i + 1]]) * heights[j] / d;
                }
                if j + 1 < rows {
                    let d = grid.y()[j + 1] - grid.y()[j];
                    north[j * columns + i] = harmonic(a, permeability[[j + 1, i]]) * widths[i] / d;
                }
            }
        }
        Self::new(rows, columns, east, north)
    }

    fn new(rows: usize, columns: usize, east: Vec<f64>, north: Vec<f64>) -> Self {
        let mut inverse_diagonal = vec![0.0; rows * columns];
        for j in 1..rows - 1 {
            for n in j * columns + 1..(j + 1) * columns - 1 {
                let sum = east[n] + east[n - 1] + north[n] + north[n - columns];
                inverse_diagonal[n] = 1.0 / sum;
            }
        }
        Self {
            rows,
            columns,
            east,
            north,
            inverse_diagonal,
        }
    }

    /// Whether there is nothing to coarsen.
    pub fn is_coarsest(&self) -> bool {
        self.rows <= 3 && self.columns <= 3
    }

    /// The next grid: every second node and the walls. The conductance between two of its nodes is
    /// that of the fine ones in series, in parallel with half of the rows on either side that the
    /// next grid does not have.
    pub fn coarser(&self) -> Self {
        let (js, is) = (kept(self.rows), kept(self.columns));
        let (rows, columns) = (js.len(), is.len());
        let (mut east, mut north) = (vec![0.0; rows * columns], vec![0.0; rows * columns]);
        let series = |k: &[f64], from: usize, to: usize, step: usize| {
            let resistance: f64 = (from..to).step_by(step).map(|n| 1.0 / k[n]).sum();
            1.0 / resistance
        };
        for (row, &j) in js.iter().enumerate() {
            for (column, &i) in is.iter().enumerate() {
                let n = row * columns + column;
                if column + 1 < columns && row > 0 && row + 1 < rows {
                    let of = |j: usize| {
                        let start = j * self.columns;
                        series(&self.east, start + i, start + is[column + 1], 1)
                    };
                    east[n] = beside(&js, row, j).map(|j| 0.5 * of(j)).sum::<f64>() + of(j);
                }
                if row + 1 < rows && column > 0 && column + 1 < columns {
                    let of = |i: usize| {
                        let (from, to) = (j * self.columns + i, js[row + 1] * self.columns + i);
                        series(&self.north, from, to, self.columns)
                    };
                    north[n] = beside(&is, column, i).map(|i| 0.5 * of(i)).sum::<f64>() + of(i);
                }
            }
        }
        Self::new(rows, columns, east, north)
    }

    /// `A u` at inner nodes.
    pub fn apply(&self, u: &[f64], out: &mut [f64]) {
        self.each_row(|n, end| {
            for n in n..end {
                out[n] = u[n] / self.inverse_diagonal[n] - self.pull(u, n);
            }
        });
    }

    /// `b - A u` at inner nodes.
    pub fn residual(&self, u: &[f64], b: &[f64], out: &mut [f64]) {
        self.each_row(|n, end| {
            for n in n..end {
                out[n] = b[n] + self.pull(u, n) - u[n] / self.inverse_diagonal[n];
            }
        });
    }

    /// A sweep of Gauss-Seidel over the nodes of one colour of the chequerboard.
    pub fn smooth(&self, u: &mut [f64], b: &[f64], colour: usize) {
        let columns = self.columns;
        for j in 1..self.rows - 1 {
            let first = 1 + (j + colour) % 2;
            for n in (j * columns + first..(j + 1) * columns - 1).step_by(2) {
                u[n] = (b[n] + self.pull(u, n)) * self.inverse_diagonal[n];
            }
        }
    }

    #[inline(always)]
    fn pull(&self, u: &[f64], n: usize) -> f64 {
        let columns = self.columns;
        self.east[n] * u[n + 1]
            + self.east[n - 1] * u[n - 1]
            + self.north[n] * u[n + columns]
            + self.north[n - columns] * u[n - columns]
    }

    fn each_row(&self, mut row: impl FnMut(usize, usize)) {
        for j in 1..self.rows - 1 {
            row(j * self.columns + 1, (j + 1) * self.columns - 1);
        }
    }
}

/// The lines of the next grid: every second one, and both walls.
pub(super) fn kept(lines: usize) -> Vec<usize> {
    if lines <= 3 {
        return (0..lines).collect();
    }
    let mut kept: Vec<usize> = (0..lines).step_by(2).collect();
    if kept[kept.len() - 1] != lines - 1 {
        kept.push(lines - 1);
    }
    kept
}

/// The lines next to a kept one that are not kept themselves.
fn beside(kept: &[usize], at: usize, line: usize) -> impl Iterator<Item = usize> {
    let before = (at > 0 && kept[at - 1] + 1 < line).then(|| line - 1);
    let after = (at + 1 < kept.len() && line + 1 < kept[at + 1]).then(|| line + 1);
    before.into_iter().chain(after)
}
