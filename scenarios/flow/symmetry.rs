//! Symmetries of the flows' equations: what makes of a pair of fields another that solves them too.
//!
//! An operator that is shown a pair in all its symmetries need not learn them one by one (Brandstetter,
//! Welling and Worrall, Lie Point Symmetry Data Augmentation for Neural PDE Solvers, ICML 2022).

use ndarray::{ArrayViewMut3, Axis};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Moves a field by so many rows and columns round a torus.
pub fn roll(mut field: ArrayViewMut3<f32>, rows: usize, columns: usize) {
    let (_, height, width) = field.dim();
    let (rows, columns) = (rows % height, columns % width);
    if (rows, columns) == (0, 0) {
        return;
    }
    let old = field.to_owned();
    for ((c, j, i), value) in field.indexed_iter_mut() {
        *value = old[[
            c,
            (j + height - rows) % height,
            (i + width - columns) % width,
        ]];
    }
}

/// One of the eight symmetries of the square, for fields with a point on each wall. What is the same
/// for all fields of a pair is drawn first.
pub struct SquareSymmetry {
    flips: [bool; 2],
    transposed: bool,
}

impl SquareSymmetry {
    /// Draws one.
    pub fn draw(rng: &mut ChaCha8Rng) -> Self {
        Self {
            flips: [rng.random(), rng.random()],
            transposed: rng.random(),
        }
    }

    /// Applies it to a scalar, whose sides must be equal to be exchanged.
    pub fn apply(&self, mut field: ArrayViewMut3<f32>) {
        let (_, rows, columns) = field.dim();
        let mut view = field.to_owned();
        for (axis, flip) in self.flips.into_iter().enumerate() {
            if flip {
                view.invert_axis(Axis(1 + axis));
            }
        }
        if self.transposed && rows == columns {
            view.swap_axes(1, 2);
        }
        field.assign(&view);
    }
}

/// `u(x)` to `-u(-x)` on a periodic line.
pub fn reflect(mut field: ArrayViewMut3<f32>) {
    let (_, _, width) = field.dim();
    let old = field.to_owned();
    for ((c, j, i), value) in field.indexed_iter_mut() {
        *value = -old[[c, j, (width - i) % width]];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::burgers::BurgersProblem;
    use crate::flow::darcy::DarcyProblem;
    use crate::flow::navier_stokes::{ForcingEntry, NavierStokesProblem};
    use crate::flow::problem::Problem;
    use ndarray::{Array3, ArrayView4};
    use rand::SeedableRng;

    fn numbers() -> Array3<f32> {
        Array3::from_shape_fn((1, 3, 3), |(_, j, i)| (3 * j + i) as f32)
    }

    #[test]
    fn rolls_and_reflections() {
        let mut field = numbers();
        roll(field.view_mut(), 1, 2);
        assert_eq!(field[[0, 1, 2]], 0.0);
        assert_eq!(field[[0, 0, 0]], 7.0);
        roll(field.view_mut(), 2, 1);
        assert_eq!(field, numbers());
        let mut line = numbers().slice_move(ndarray::s![.., 0..1, ..]);
        reflect(line.view_mut());
        assert_eq!(line.iter().copied().collect::<Vec<_>>(), [0.0, -2.0, -1.0]);
    }

    /// A pair in another symmetry is what the solver makes of the input.
    #[test]
    fn solvers_know_the_symmetries() {
        let flow = |forcing| NavierStokesProblem {
            viscosity: 1e-2,
            drag: 0.1,
            length: 1.0,
            forcing,
            initial_vorticity: Some(3.0),
            points: 32,
            stride: 1,
            time_step: 5e-3,
            spin_up: 0.0,
            interval: 0.5,
            states: 2,
            trajectory: 1,
        };
        let (wavenumber, amplitude) = (4, 1.0);
        let problems: [&dyn Problem; 4] = [
            &BurgersProblem {
                viscosity: 0.1,
                length: 1.0,
                mean: true,
                points: 64,
                time_step: 1e-3,
                time: 0.3,
            },
            &DarcyProblem {
                low: 3.0,
                high: 12.0,
                source: 1.0,
                modes: 8,
                cells: 12,
                stride: 1,
                refinement: 1,
            },
            &flow(ForcingEntry::Diagonal { amplitude }),
            &flow(ForcingEntry::Kolmogorov {
                wavenumber,
                amplitude,
            }),
        ];
        for problem in problems {
            let layout = problem.layout();
            let sample = problem.sample(11).expect("sample");
            let [y, x] = layout.grid.coordinates().map(|(.., lines)| lines.len());
            let shape = (layout.steps, layout.channels.len(), y, x);
            let states = ArrayView4::from_shape(shape, &sample).expect("shape");
            let (input, output) = problem.pair(states, 0);
            let symmetry = problem.symmetry().expect("symmetry");
            let mut changed = 0.0f64;
            for seed in 0..8 {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let (mut input, mut output) = (input.to_owned(), output.to_owned());
                symmetry(&mut rng, input.view_mut(), output.view_mut());
                let solved = problem
                    .coarse(&layout.grid, 1, input.view())
                    .expect("solved");
                let solved = solved.expect("a solver of every point");
                let (mut error, mut size) = (0.0, 0.0);
                for (a, b) in solved.iter().zip(&output) {
                    error += (a - f64::from(*b)).powi(2);
                    size += a * a;
                }
                let error = (error / size).sqrt();
                assert!(error < 1e-4, "{} {seed}: {error}", problem.physics());
                let (_, first) = problem.pair(states, 0);
                let moved = output
                    .iter()
                    .zip(first)
                    .map(|(a, b)| f64::from(a - b).abs());
                changed = moved.fold(changed, f64::max);
            }
            assert!(changed > 1e-3, "{} never changes", problem.physics());
        }
    }

    /// All eight come up, and no other.
    #[test]
    fn the_square_has_eight_symmetries() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let mut field = numbers();
            SquareSymmetry::draw(&mut rng).apply(field.view_mut());
            assert_eq!(field[[0, 1, 1]], 4.0);
            seen.insert(field.iter().map(|v| *v as u8).collect::<Vec<_>>());
        }
        assert_eq!(seen.len(), 8);
    }
}
