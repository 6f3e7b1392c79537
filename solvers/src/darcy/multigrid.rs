//! A multigrid cycle as an approximate inverse of the operator.
//!
//! Interpolation follows the operator: the value between two nodes is the one at which no flux is
//! lost (R. E. Alcouffe, A. Brandt, J. E. Dendy, J. W. Painter, SIAM J. Sci. Stat. Comput. 2,
//! 430-454, 1981), so that jumps of the medium by orders of magnitude do no harm. One sweep of
//! Gauss-Seidel before the coarse correction and one in the reverse order after it make the cycle
//! symmetric, as conjugate gradients ask.

use super::level::{Level, kept};

/// The hierarchy of one medium, with its buffers.
#[derive(Debug)]
pub(super) struct Multigrid {
    levels: Vec<Level>,
    /// Solution, right-hand side and residual of each level but the finest's own two.
    buffers: Vec<[Vec<f64>; 3]>,
    /// Lines of each level that are on the next.
    kept: Vec<[Vec<usize>; 2]>,
}

impl Multigrid {
    pub fn new(finest: Level) -> Self {
        let mut levels = vec![finest];
        let mut kept_lines = Vec::new();
        while let Some(last) = levels.last()
            && !last.is_coarsest()
        {
            kept_lines.push([kept(last.rows), kept(last.columns)]);
            let next = last.coarser();
            levels.push(next);
        }
        let zeros = |level: &Level| vec![0.0; level.rows * level.columns];
        Self {
            buffers: levels
                .iter()
                .map(|level| std::array::from_fn(|_| zeros(level)))
                .collect(),
            levels,
            kept: kept_lines,
        }
    }

    pub fn finest(&self) -> &Level {
        &self.levels[0]
    }

    /// `z`, about the solution of `A z = r`.
    pub fn cycle(&mut self, r: &[f64], z: &mut [f64]) {
        self.buffers[0][1].copy_from_slice(r);
        self.descend(0);
        z.copy_from_slice(&self.buffers[0][0]);
    }

    fn descend(&mut self, depth: usize) {
        let level = &self.levels[depth];
        let [u, b, residual] = &mut self.buffers[depth];
        u.fill(0.0);
        if depth + 1 == self.levels.len() {
            // one inner node
            level.smooth(u, b, 0);
            level.smooth(u, b, 1);
            return;
        }
        level.smooth(u, b, 0);
        level.smooth(u, b, 1);
        level.residual(u, b, residual);
        let (fine, coarse) = self.buffers.split_at_mut(depth + 1);
        let lines = &self.kept[depth];
        restrict(level, lines, &mut fine[depth][2], &mut coarse[0][1]);
        self.descend(depth + 1);
        let level = &self.levels[depth];
        let (fine, coarse) = self.buffers.split_at_mut(depth + 1);
        let [u, b, correction] = &mut fine[depth];
        prolong(level, &self.kept[depth], &coarse[0][0], correction);
        for (u, c) in u.iter_mut().zip(correction.iter()) {
            *u += c;
        }
        level.smooth(u, b, 1);
        level.smooth(u, b, 0);
    }
}

/// Whether each line is on the next grid.
fn marks(lines: &[usize], count: usize) -> Vec<bool> {
    let mut marks = vec![false; count];
    lines.iter().for_each(|&line| marks[line] = true);
    marks
}

/// Values of the next grid on this one.
fn prolong(level: &Level, lines: &[Vec<usize>; 2], coarse: &[f64], fine: &mut [f64]) {
    let (rows, columns) = (level.rows, level.columns);
    let [js, is] = lines;
    fine.fill(0.0);
    for (row, &j) in js.iter().enumerate() {
        for (column, &i) in is.iter().enumerate() {
            fine[j * columns + i] = coarse[row * is.len() + column];
        }
    }
    let (on_row, on_column) = (marks(js, rows), marks(is, columns));
    let (east, north) = (&level.east, &level.north);
    for j in 1..rows - 1 {
        for i in 1..columns - 1 {
            let n = j * columns + i;
            match (on_row[j], on_column[i]) {
                (true, false) => {
                    let (w, e) = (east[n - 1], east[n]);
                    fine[n] = (w * fine[n - 1] + e * fine[n + 1]) / (w + e);
                }
                (false, true) => {
                    let (s, k) = (north[n - columns], north[n]);
                    fine[n] = (s * fine[n - columns] + k * fine[n + columns]) / (s + k);
                }
                _ => {}
            }
        }
    }
    for j in (1..rows - 1).filter(|j| !on_row[*j]) {
        for i in (1..columns - 1).filter(|i| !on_column[*i]) {
            let n = j * columns + i;
            let sum = east[n - 1] * fine[n - 1]
                + east[n] * fine[n + 1]
                + north[n - columns] * fine[n - columns]
                + north[n] * fine[n + columns];
            fine[n] = sum * level.inverse_diagonal[n];
        }
    }
}

/// The transpose of [`prolong`]; uses up `fine`.
fn restrict(level: &Level, lines: &[Vec<usize>; 2], fine: &mut [f64], coarse: &mut [f64]) {
    let (rows, columns) = (level.rows, level.columns);
    let [js, is] = lines;
    let (on_row, on_column) = (marks(js, rows), marks(is, columns));
    let (east, north) = (&level.east, &level.north);
    for j in (1..rows - 1).filter(|j| !on_row[*j]) {
        for i in (1..columns - 1).filter(|i| !on_column[*i]) {
            let n = j * columns + i;
            let share = fine[n] * level.inverse_diagonal[n];
            fine[n - 1] += east[n - 1] * share;
            fine[n + 1] += east[n] * share;
            fine[n - columns] += north[n - columns] * share;
            fine[n + columns] += north[n] * share;
        }
    }
    for j in 1..rows - 1 {
        for i in 1..columns - 1 {
            let n = j * columns + i;
            match (on_row[j], on_column[i]) {
                (true, false) => {
                    let (w, e) = (east[n - 1], east[n]);
                    let share = fine[n] / (w + e);
                    fine[n - 1] += w * share;
                    fine[n + 1] += e * share;
                }
                (false, true) => {
                    let (s, k) = (north[n - columns], north[n]);
                    let share = fine[n] / (s + k);
                    fine[n - columns] += s * share;
                    fine[n + columns] += k * share;
                }
                _ => {}
            }
        }
    }
    coarse.fill(0.0);
    for row in 1..js.len() - 1 {
        for column in 1..is.len() - 1 {
            coarse[row * is.len() + column] = fine[js[row] * columns + is[column]];
        }
    }
    // walls receive shares that do not count
    for j in [0, rows - 1] {
        fine[j * columns..(j + 1) * columns].fill(0.0);
    }
    for j in 0..rows {
        fine[j * columns] = 0.0;
        fine[(j + 1) * columns - 1] = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::darcy::Grid;
    use ndarray::Array2;

    fn random(len: usize, seed: u64) -> Vec<f64> {
        (0..len as u64)
            .map(|n| ((n * 7919 + seed * 104_729) % 1009) as f64 / 1009.0 - 0.5)
            .collect()
    }

    /// Conjugate gradients ask for `(r, M s) = (M r, s)` and `(r, M r) > 0`.
    #[test]
    fn the_cycle_is_symmetric_and_positive() {
        for cells in [8, 13, 22] {
            let grid = Grid::uniform(cells).unwrap();
            let values = random((cells + 1).pow(2), 1);
            let medium = Array2::from_shape_fn(grid.shape(), |(j, i)| {
                if values[j * (cells + 1) + i] > 0.0 {
                    100.0
                } else {
                    1.0
                }
            });
            let level = Level::finest(&grid, medium.view());
            let inner: Vec<f64> = level
                .inverse_diagonal
                .iter()
                .map(|d| f64::from(u8::from(*d > 0.0)))
                .collect();
            let field = |seed| -> Vec<f64> {
                let values = random(inner.len(), seed);
                values.iter().zip(&inner).map(|(v, m)| v * m).collect()
            };
            let mut grid = Multigrid::new(level);
            let (r, s) = (field(2), field(3));
            let (mut a, mut b) = (vec![0.0; r.len()], vec![0.0; r.len()]);
            grid.cycle(&r, &mut a);
            grid.cycle(&s, &mut b);
            let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
            let (one, other) = (dot(&s, &a), dot(&r, &b));
            assert!(
                (one - other).abs() < 1e-12 * dot(&a, &a).sqrt(),
                "{one} {other}"
            );
            assert!(dot(&r, &a) > 0.0);
        }
    }
}
