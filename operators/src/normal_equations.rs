//! Damped normal equations of least squares, by Cholesky's method.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayViewMut2, Axis, s};
use rayon::prelude::*;

/// Columns of a block in [`factorise`].
const BLOCK: usize = 64;
/// Rows below a block that a thread takes at a time.
const ROWS: usize = 256;

/// `(A + mu (diag A + floor))^-1 g` for the lower half of a symmetric `A`; nothing where the matrix is
/// not positive. The floor is for unknowns that nothing depends on.
pub(crate) fn damped_step(
    normal: &Array2<f64>,
    gradient: &Array2<f64>,
    damping: f64,
    floor: f64,
) -> Option<Array2<f64>> {
    let n = gradient.len();
    let mut factor = normal.clone();
    for i in 0..n {
        factor[[i, i]] += damping * (normal[[i, i]] + floor);
    }
    if !factorise(&mut factor) {
        return None;
    }
    let l = factor.as_slice()?;
    let mut step: Vec<f64> = gradient.iter().copied().collect();
    for i in 0..n {
        step[i] = (step[i] - dot(&l[i * n..i * n + i], &step[..i])) / l[i * n + i];
    }
    for i in (0..n).rev() {
        let value = step[i] / l[i * n + i];
        step[i] = value;
        let row = &l[i * n..i * n + i];
        step[..i]
            .iter_mut()
            .zip(row)
            .for_each(|(s, l)| *s -= value * l);
    }
    Array2::from_shape_vec(gradient.dim(), step).ok()
}

/// Cholesky's factor in the lower half of a matrix, a block of columns at a time so that most of
/// the work is a matrix product, the rows below a block shared among threads; `false` where the
/// matrix is not positive.
fn factorise(matrix: &mut Array2<f64>) -> bool {
    let n = matrix.nrows();
    for first in (0..n).step_by(BLOCK) {
        let width = BLOCK.min(n - first);
        let (done, mut panel) = matrix
            .slice_mut(s![first.., ..first + width])
            .split_at(Axis(1), first);
        let top = done.slice(s![..width, ..]).to_owned();
        let shared = |panel: &mut ArrayViewMut2<f64>, from: usize, work: &Rows| {
            panel
                .axis_chunks_iter_mut(Axis(0), ROWS)
                .into_par_iter()
                .enumerate()
                .for_each(|(chunk, rows)| work(from + chunk * ROWS, rows));
        };
        shared(&mut panel, 0, &|at, mut rows| {
            let done = done.slice(s![at..at + rows.nrows(), ..]);
            general_mat_mul(-1.0, &done, &top.t(), 1.0, &mut rows);
        });
        let (mut corner, mut below) = panel.split_at(Axis(0), width);
        for j in 0..width {
            let pivot = corner.row(j).to_vec();
            let square = pivot[j] - dot(&pivot[..j], &pivot[..j]);
            let root = square.sqrt();
            if root.is_nan() || root <= 0.0 {
                return false;
            }
            corner[[j, j]] = root;
            for mut row in corner.rows_mut().into_iter().skip(j + 1) {
                let found: f64 = row.iter().zip(&pivot[..j]).map(|(a, b)| a * b).sum();
                row[j] = (row[j] - found) / root;
            }
        }
        let corner: Vec<Vec<f64>> = corner.rows().into_iter().map(|r| r.to_vec()).collect();
        shared(&mut below, 0, &|_, mut rows| {
            for mut row in rows.rows_mut() {
                let Some(row) = row.as_slice_mut() else {
                    continue; // rows of a standard matrix are slices
                };
                for (j, pivot) in corner.iter().enumerate() {
                    row[j] = (row[j] - dot(&row[..j], &pivot[..j])) / pivot[j];
                }
            }
        });
    }
    true
}

/// Work on some rows that begin at one.
type Rows<'a> = dyn Fn(usize, ArrayViewMut2<f64>) + Sync + 'a;

/// Sum of products over the shorter length, in eight lanes that the compiler keeps in vectors.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().min(b.len());
    let (a, b) = (a[..n].chunks_exact(8), b[..n].chunks_exact(8));
    let rest = a.remainder().iter().zip(b.remainder());
    let rest: f64 = rest.map(|(a, b)| a * b).sum();
    let mut lanes = [0.0; 8];
    for (a, b) in a.zip(b) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_solves_its_system() {
        let n = 612;
        let root = Array2::from_shape_fn((n, n), |(i, j)| (1.3 * (i * i + 7 * j * j) as f64).sin());
        let matrix = root.dot(&root.t());
        let gradient = Array2::from_shape_fn((36, 17), |(i, j)| (i + 2 * j) as f64 - 5.0);
        let step = damped_step(&matrix, &gradient, 0.5, 1e-6).expect("positive");
        let step = step.into_shape_with_order(n).expect("shape");
        let mut damped = matrix.clone();
        for i in 0..n {
            damped[[i, i]] += 0.5 * (matrix[[i, i]] + 1e-6);
        }
        for (found, expected) in damped.dot(&step).iter().zip(&gradient) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
        assert!(damped_step(&-matrix, &gradient, 0.5, 1e-6).is_none());
    }
}
