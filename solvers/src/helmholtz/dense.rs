//! LU factors of dense complex blocks.
//!
//! Right-looking, with row pivoting, in panels of columns (G. H. Golub and C. F. Van Loan, Matrix
//! Computations, 4th ed., section 3.4.7): all but the panels is matrix products.

use ndarray::linalg::general_mat_mul;
use ndarray::parallel::prelude::*;
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis, s};
use num_complex::Complex64;

/// Columns of a panel.
const PANEL: usize = 32;
/// Rows or columns that one task works on.
const STRIP: usize = 128;
/// Multiplications worth a task.
const TASK: usize = 1 << 18;

/// `P A = L U`: L without its unit diagonal below, U above, in place of A.
#[derive(Clone, Debug)]
pub(super) struct Lu {
    factors: Array2<Complex64>,
    /// The row that each row was exchanged with, in order.
    swaps: Vec<usize>,
}

impl Lu {
    /// Of a square matrix in standard layout; `None` when it is singular or not finite.
    pub fn new(mut matrix: Array2<Complex64>) -> Option<Self> {
        let n = matrix.nrows();
        let mut swaps = Vec::with_capacity(n);
        for start in (0..n).step_by(PANEL) {
            let end = (start + PANEL).min(n);
            for j in start..end {
                let size = |i: usize| matrix[[i, j]].norm_sqr();
                let pivot = (j..n).max_by(|&a, &b| size(a).total_cmp(&size(b)))?;
                if !(size(pivot) > 0.0 && size(pivot).is_finite()) {
                    return None;
                }
                swaps.push(pivot);
                swap_rows(matrix.view_mut(), j, pivot);
                let (above, below) = matrix.as_slice_mut()?.split_at_mut((j + 1) * n);
                let own = &above[j * n..];
                let inverse = own[j].inv();
                for row in below.chunks_exact_mut(n) {
                    row[j] *= inverse;
                    let factor = row[j];
                    for (x, u) in row[j + 1..end].iter_mut().zip(&own[j + 1..end]) {
                        *x -= factor * u;
                    }
                }
            }
            let (above, below) = matrix.view_mut().split_at(Axis(0), end);
            let (panel, mut right) = above.split_at(Axis(1), end);
            let triangle = panel.slice(s![start.., start..]);
            let mut own = right.slice_mut(s![start.., ..]);
            forward(triangle.view(), own.view_mut());
            let (panel, right) = below.split_at(Axis(1), end);
            subtract_product(right, panel.slice(s![.., start..]), own.view());
        }
        Some(Self {
            factors: matrix,
            swaps,
        })
    }

    /// Bytes of the factors of an `n x n` matrix.
    pub fn bytes(n: usize) -> u64 {
        (size_of::<Complex64>() * n * n) as u64
    }

    /// `A^-1 B` in place of B, which has rows in standard layout.
    pub fn solve_matrix(&self, mut right: ArrayViewMut2<Complex64>) {
        let columns = match right.len() * self.swaps.len() > TASK {
            true => STRIP,
            false => right.ncols().max(1),
        };
        right
            .axis_chunks_iter_mut(Axis(1), columns)
            .into_par_iter()
            .for_each(|strip| self.solve_strip(strip));
    }

    fn solve_strip(&self, mut right: ArrayViewMut2<Complex64>) {
        let n = self.swaps.len();
        for (i, &pivot) in self.swaps.iter().enumerate() {
            swap_rows(right.view_mut(), i, pivot);
        }
        let l_u = self.factors.view();
        for start in (0..n).step_by(PANEL) {
            let end = (start + PANEL).min(n);
            let (above, mut below) = right.view_mut().split_at(Axis(0), end);
            let mut own = above.slice_move(s![start.., ..]);
            forward(l_u.slice(s![start..end, start..end]), own.view_mut());
            let panel = l_u.slice(s![end.., start..end]);
            general_mat_mul(-Complex64::ONE, &panel, &own, Complex64::ONE, &mut below);
        }
        for start in (0..n).step_by(PANEL).rev() {
            let end = (start + PANEL).min(n);
            let (above, below) = right.view_mut().split_at(Axis(0), end);
            let mut own = above.slice_move(s![start.., ..]);
            let panel = l_u.slice(s![start..end, end..]);
            general_mat_mul(-Complex64::ONE, &panel, &below, Complex64::ONE, &mut own);
            backward(l_u.slice(s![start..end, start..end]), own);
        }
    }

    /// `A^-1 b` in place of b.
    pub fn solve_vector(&self, right: &mut [Complex64]) {
        for (i, &pivot) in self.swaps.iter().enumerate() {
            right.swap(i, pivot);
        }
        for (i, row) in self.factors.outer_iter().enumerate() {
            let sum = row.slice(s![..i]).dot(&ArrayView1::from(&right[..i]));
            right[i] -= sum;
        }
        for (i, row) in self.factors.outer_iter().enumerate().rev() {
            let sum = row
                .slice(s![i + 1..])
                .dot(&ArrayView1::from(&right[i + 1..]));
            right[i] = (right[i] - sum) / row[i];
        }
    }
}

/// `C - A B` in place of C.
pub(super) fn subtract_product(
    mut c: ArrayViewMut2<Complex64>,
    a: ArrayView2<Complex64>,
    b: ArrayView2<Complex64>,
) {
    let rows = match c.len() * a.ncols() > TASK {
        true => STRIP,
        false => c.nrows().max(1),
    };
    c.axis_chunks_iter_mut(Axis(0), rows)
        .into_par_iter()
        .zip(a.axis_chunks_iter(Axis(0), rows))
        .for_each(|(mut c, a)| {
            general_mat_mul(-Complex64::ONE, &a, &b, Complex64::ONE, &mut c);
        });
}

/// `C - A^T B` in place of a C that is symmetric, as the difference: its lower triangle, and some of
/// the upper.
pub(super) fn subtract_symmetric_product(
    mut c: ArrayViewMut2<Complex64>,
    a: ArrayView2<Complex64>,
    b: ArrayView2<Complex64>,
) {
    let strip = |(n, mut c): (usize, ArrayViewMut2<Complex64>)| {
        let rows = n * STRIP..n * STRIP + c.nrows();
        let (a, b) = (a.slice(s![.., rows.clone()]), b.slice(s![.., ..rows.end]));
        let mut c = c.slice_mut(s![.., ..rows.end]);
        general_mat_mul(-Complex64::ONE, &a.t(), &b, Complex64::ONE, &mut c);
    };
    let strips = c.axis_chunks_iter_mut(Axis(0), STRIP);
    strips.into_par_iter().enumerate().for_each(strip);
}

fn swap_rows(matrix: ArrayViewMut2<Complex64>, i: usize, j: usize) {
    if i < j {
        let (mut above, mut below) = matrix.split_at(Axis(0), j);
        let (mut a, mut b) = (above.row_mut(i), below.row_mut(0));
        ndarray::Zip::from(&mut a)
            .and(&mut b)
            .for_each(std::mem::swap);
    }
}

/// `L^-1 B` with the unit lower triangle of a small matrix.
fn forward(l: ArrayView2<Complex64>, mut right: ArrayViewMut2<Complex64>) {
    for i in 1..l.nrows() {
        let (done, mut rest) = right.view_mut().split_at(Axis(0), i);
        let mut row = rest.row_mut(0);
        for j in 0..i {
            row.scaled_add(-l[[i, j]], &done.row(j));
        }
    }
}

/// `U^-1 B` with the upper triangle of a small matrix.
fn backward(u: ArrayView2<Complex64>, mut right: ArrayViewMut2<Complex64>) {
    let n = u.nrows();
    for i in (0..n).rev() {
        let (mut rest, done) = right.view_mut().split_at(Axis(0), i + 1);
        let mut row = rest.row_mut(i);
        for j in i + 1..n {
            row.scaled_add(-u[[i, j]], &done.row(j - i - 1));
        }
        row *= u[[i, i]].inv();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array1;

    /// Without a pattern, and with zeros on the diagonal.
    fn matrix(rows: usize, columns: usize, seed: f64) -> Array2<Complex64> {
        Array2::from_shape_fn((rows, columns), |(i, j)| {
            let t = seed + 12.9898 * i as f64 + 78.233 * j as f64;
            let size = if i == j { 0.0 } else { 1.0 };
            size * Complex64::new((t.sin() * 43758.0).fract(), (t.cos() * 24634.0).fract())
        })
    }

    fn largest(a: &Array2<Complex64>) -> f64 {
        a.iter().fold(0.0, |s, x| s.max(x.norm()))
    }

    #[test]
    fn solves_small_and_large_systems() {
        for n in [1, 2, 31, 32, 33, 150, 300] {
            let a = match n {
                1 => matrix(1, 2, 0.3).slice(s![.., 1..]).to_owned(),
                _ => matrix(n, n, 0.3),
            };
            let x = matrix(n, 200, 1.7);
            let lu = Lu::new(a.clone()).unwrap();
            let mut found = a.dot(&x);
            lu.solve_matrix(found.view_mut());
            let error = largest(&(&found - &x));
            assert!(error < 1e-9, "{n}: {error:e}");
            let mut one: Array1<Complex64> = a.dot(&x.column(3));
            lu.solve_vector(one.as_slice_mut().unwrap());
            assert!((&one - &x.column(3)).iter().all(|e| e.norm() < 1e-9));
        }
        assert!(Lu::new(Array2::zeros((3, 3))).is_none());
    }

    #[test]
    fn a_symmetric_product_has_its_lower_triangle() {
        let (a, s) = (matrix(40, 300, 0.1), matrix(40, 40, 0.9));
        let b = (&s + &s.t()).dot(&a);
        let whole = Array2::from_elem((300, 300), Complex64::ONE) - a.t().dot(&b);
        let mut lower = Array2::from_elem((300, 300), Complex64::ONE);
        subtract_symmetric_product(lower.view_mut(), a.view(), b.view());
        for ((i, j), v) in lower.indexed_iter().filter(|((i, j), _)| j <= i) {
            assert!((v - whole[[i, j]]).norm() < 1e-11);
        }
        let mut all = Array2::from_elem((300, 300), Complex64::ONE);
        subtract_product(all.view_mut(), a.t(), b.view());
        assert!(largest(&(&all - &whole)) < 1e-11);
    }
}
