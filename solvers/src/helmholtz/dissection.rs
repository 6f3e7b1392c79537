//! LU factors of a five-point matrix by nested dissection.
//!
//! A line of points across a rectangle separates what is on its two sides. With both sides
//! eliminated first and the line last, and each side in the same way, the factors of n x n points
//! take O(n^3) operations and O(n^2 log n) numbers, where a band takes n^4 and n^3 (A. George, SIAM J.
//! Numer. Anal. 10, 345-363, 1973). Each rectangle is a dense front (I. S. Duff and J. K. Reid, ACM
//! Trans. Math. Softw. 9, 302-325, 1983): its own points O, which are eliminated, and the ring R of
//! points round it that they are tied to, for which what the rectangle adds is
//!
//! ```text
//! X = A_OO^-1 A_OR          A_RR <- A_RR - A_OR^T X          (A is symmetric)
//! ```
//!
//! Rows are pivoted within O alone. A rectangle near one of its own resonances costs digits, which
//! a step of refinement brings back.

use super::dense::{Lu, subtract_symmetric_product};
use super::five_point::FivePoint;
use ndarray::{Array2, ArrayView1};
use num_complex::Complex64;

/// Points of a rectangle that is not divided further.
const LEAF: usize = 24;
/// Points of a rectangle that is worth a task.
const TASK: usize = 2048;

/// The factors, each front after those inside of it.
#[derive(Clone, Debug)]
pub(super) struct Factors {
    fronts: Vec<Front>,
}

#[derive(Clone, Debug)]
struct Front {
    /// Places in the matrix, increasing.
    own: Vec<usize>,
    ring: Vec<usize>,
    block: Lu,
    /// X, own by ring.
    coupling: Array2<Complex64>,
}

/// A rectangle of points that has been eliminated; its front is the last.
struct Eliminated {
    fronts: Vec<Front>,
    /// What it adds to its ring, lower triangle.
    update: Array2<Complex64>,
}

/// Rows and columns of a rectangle: from, and up to but without.
#[derive(Clone, Copy, Debug)]
struct Part {
    rows: [usize; 2],
    columns: [usize; 2],
}

impl Part {
    fn points(self) -> usize {
        (self.rows[1] - self.rows[0]) * (self.columns[1] - self.columns[0])
    }

    /// Both sides of the line across the middle, and the line.
    fn split(self) -> [Self; 3] {
        let Self { rows, columns } = self;
        if rows[1] - rows[0] > columns[1] - columns[0] {
            let middle = rows[0].midpoint(rows[1]);
            [
                [rows[0], middle],
                [middle + 1, rows[1]],
                [middle, middle + 1],
            ]
            .map(|rows| Self { rows, columns })
        } else {
            let middle = columns[0].midpoint(columns[1]);
            [
                [columns[0], middle],
                [middle + 1, columns[1]],
                [middle, middle + 1],
            ]
            .map(|columns| Self { rows, columns })
        }
    }

    /// Places of its points in a matrix of `width` columns.
    fn places(self, width: usize) -> Vec<usize> {
        let Self { rows, columns } = self;
        let row = |j: usize| (columns[0]..columns[1]).map(move |i| j * width + i);
        (rows[0]..rows[1]).flat_map(row).collect()
    }

    /// Places of the points next to it, in order.
    fn ring(self, shape: [usize; 2]) -> Vec<usize> {
        let Self { rows, columns } = self;
        let width = shape[1];
        let mut ring = Vec::new();
        let line = |j: usize| (columns[0]..columns[1]).map(move |i| j * width + i);
        if rows[0] > 0 {
            ring.extend(line(rows[0] - 1));
        }
        for j in rows[0]..rows[1] {
            if columns[0] > 0 {
                ring.push(j * width + columns[0] - 1);
            }
            if columns[1] < width {
                ring.push(j * width + columns[1]);
            }
        }
        if rows[1] < shape[0] {
            ring.extend(line(rows[1]));
        }
        ring
    }

    /// Bytes of its factors, and the most that its elimination needs beside them.
    fn bytes(self, shape: [usize; 2]) -> (u64, u64) {
        let ring = self.ring(shape).len();
        let (inside, beside, own) = match self.points() <= LEAF {
            true => (0, 0, self.points()),
            false => {
                let [low, high, line] = self.split();
                let ((a, x), (b, y)) = (low.bytes(shape), high.bytes(shape));
                (a + b, x + y, line.points())
            }
        };
        let number = size_of::<Complex64>() as u64;
        let (own, ring) = (own as u64, ring as u64);
        let front = Lu::bytes(own as usize) + number * own * ring;
        (inside + front, beside.max(number * ring * (ring + own)))
    }
}

/// Bytes that the factors of a matrix of `[rows, columns]` points take, at most, while they are made.
pub(super) fn bytes(shape: [usize; 2]) -> u64 {
    let (factors, beside) = whole(shape).bytes(shape);
    factors + beside
}

fn whole([rows, columns]: [usize; 2]) -> Part {
    Part {
        rows: [0, rows],
        columns: [0, columns],
    }
}

impl Factors {
    /// `None` when a front is singular.
    pub fn new(matrix: &FivePoint) -> Option<Self> {
        let shape = [matrix.rows, matrix.columns];
        let fronts = eliminate(matrix, whole(shape))?.fronts;
        Some(Self { fronts })
    }

    /// `A^-1 b` in place of b.
    pub fn solve(&self, right: &mut [Complex64]) {
        let mut values = Vec::new();
        for front in &self.fronts {
            values.clear();
            values.extend(front.own.iter().map(|&p| right[p]));
            for (value, row) in values.iter().zip(front.coupling.outer_iter()) {
                for (&place, x) in front.ring.iter().zip(row) {
                    right[place] -= x * value;
                }
            }
            front.block.solve_vector(&mut values);
            for (&place, value) in front.own.iter().zip(&values) {
                right[place] = *value;
            }
        }
        for front in self.fronts.iter().rev() {
            values.clear();
            values.extend(front.ring.iter().map(|&p| right[p]));
            for (&place, row) in front.own.iter().zip(front.coupling.outer_iter()) {
                right[place] -= row.dot(&ArrayView1::from(&values[..]));
            }
        }
    }
}

/// Eliminates the points of a rectangle.
fn eliminate(matrix: &FivePoint, part: Part) -> Option<Eliminated> {
    let shape = [matrix.rows, matrix.columns];
    let (own, children) = match part.points() <= LEAF {
        true => (part.places(shape[1]), Vec::new()),
        false => {
            let [low, high, line] = part.split();
            let (low, high) = match part.points() > TASK {
                true => rayon::join(|| eliminate(matrix, low), || eliminate(matrix, high)),
                false => (eliminate(matrix, low), eliminate(matrix, high)),
            };
            (line.places(shape[1]), vec![low?, high?])
        }
    };
    let ring = part.ring(shape);
    let mut assembly = Assembly::new(&own, &ring);
    for (row, &point) in own.iter().enumerate() {
        assembly.block[[row, row]] += matrix.centre(point);
        for (other, entry) in matrix.neighbours(point) {
            // the other neighbours came first, and brought their entry with them
            match assembly.position(other) {
                Some(column) if column < own.len() => assembly.block[[row, column]] += entry,
                Some(column) => assembly.coupling[[row, column - own.len()]] += entry,
                None => {}
            }
        }
    }
    let mut fronts = Vec::new();
    for child in children {
        if let Some(front) = child.fronts.last() {
            assembly.add(&front.ring, &child.update);
        }
        fronts.extend(child.fronts);
    }
    let Assembly {
        block,
        coupling: of_ring,
        mut update,
        ..
    } = assembly;
    let block = Lu::new(block)?;
    let mut coupling = of_ring.clone();
    block.solve_matrix(coupling.view_mut());
    subtract_symmetric_product(update.view_mut(), of_ring.view(), coupling.view());
    fronts.push(Front {
        own,
        ring,
        block,
        coupling,
    });
    Some(Eliminated { fronts, update })
}

/// A front before its own points are eliminated.
struct Assembly<'a> {
    own: &'a [usize],
    ring: &'a [usize],
    /// `A_OO`, `A_OR` and the lower triangle of `A_RR`.
    block: Array2<Complex64>,
    coupling: Array2<Complex64>,
    update: Array2<Complex64>,
}

impl<'a> Assembly<'a> {
    fn new(own: &'a [usize], ring: &'a [usize]) -> Self {
        let (k, m) = (own.len(), ring.len());
        Self {
            own,
            ring,
            block: Array2::zeros((k, k)),
            coupling: Array2::zeros((k, m)),
            update: Array2::zeros((m, m)),
        }
    }

    /// Where a place of the matrix is in the front: its own points, then the ring.
    fn position(&self, place: usize) -> Option<usize> {
        let in_ring = || self.ring.binary_search(&place).map(|n| n + self.own.len());
        self.own.binary_search(&place).or_else(|_| in_ring()).ok()
    }

    /// Adds what a rectangle inside adds to its ring, given by the lower triangle.
    fn add(&mut self, places: &[usize], update: &Array2<Complex64>) {
        let own = self.own.len();
        // every point of its ring is on the line or in the ring of the whole
        let positions: Vec<usize> = places.iter().filter_map(|&p| self.position(p)).collect();
        debug_assert_eq!(positions.len(), places.len());
        for (row, &p) in update.outer_iter().zip(&positions) {
            for (value, &q) in row.iter().zip(&positions) {
                let (low, high) = (p.min(q), p.max(q));
                if high < own {
                    self.block[[p, q]] += value;
                    if p != q {
                        self.block[[q, p]] += value;
                    }
                } else if low < own {
                    self.coupling[[low, high - own]] += value;
                } else {
                    self.update[[high - own, low - own]] += value;
                }
                if p == q {
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::five_point::Stretch;
    use super::*;

    /// Grids of all proportions, with losses and stretched coordinates.
    #[test]
    fn solves_its_matrix() {
        for [rows, columns] in [[1, 1], [1, 70], [3, 9], [5, 5], [33, 20], [64, 97]] {
            let stretch = |n: usize| {
                let at = |t: f64| Complex64::new(1.0, -0.3 * (t / n as f64).powi(2));
                Stretch {
                    lines: (0..n + 2).map(|i| at(i as f64)).collect(),
                    between: (0..n + 1).map(|i| at(i as f64 + 0.5)).collect(),
                }
            };
            let matrix = FivePoint::new(&stretch(columns), &stretch(rows), |j, i| {
                Complex64::new(0.3 + 0.1 * ((3 * i + 7 * j) % 5) as f64, -0.02)
            });
            let factors = Factors::new(&matrix).unwrap();
            let right: Vec<_> = (0..matrix.len())
                .map(|p| Complex64::new((1.3 * p as f64).sin(), (0.7 * p as f64).cos()))
                .collect();
            let mut found = right.clone();
            factors.solve(&mut found);
            let left = matrix.residual(&found, &right);
            let worst = left.iter().fold(0.0f64, |s, r| s.max(r.norm()));
            println!("{rows} x {columns}: residual {worst:.1e}");
            assert!(worst < 1e-11, "{rows} x {columns}: {worst:e}");
        }
    }
}
