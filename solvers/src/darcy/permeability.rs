//! Random media of two kinds of rock.

use super::Grid;
use ndarray::Array2;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::PI;

/// A Gaussian random field `N(0, (-laplacian + 9)^-2)` with no flux through the walls, cut at zero:
/// where it is positive the permeability is `high`, elsewhere `low` (Li et al., Fourier Neural
/// Operator, ICLR 2021, section 5.2: 12 and 3).
///
/// The amplitudes of the cosines are drawn in square shells outwards, so a seed is the same medium
/// on every grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Permeability {
    /// Where the field is negative.
    pub low: f64,
    /// Where it is positive.
    pub high: f64,
    /// Cosines along each side.
    pub modes: usize,
}

impl Default for Permeability {
    fn default() -> Self {
        Self {
            low: 3.0,
            high: 12.0,
            modes: 128,
        }
    }
}

impl Permeability {
    /// The medium of a seed at the nodes of a grid, `[y][x]`.
    pub fn field(&self, grid: &Grid, seed: u64) -> Array2<f64> {
        let modes = self.modes;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut amplitudes = Array2::<f64>::zeros((modes, modes));
        for shell in 1..modes {
            let places = (0..=shell).map(|n| (n, shell));
            for (l, k) in places.chain((0..shell).map(|n| (shell, n))) {
                let draw: f64 = StandardNormal.sample(&mut rng);
                let root = |n: usize| if n == 0 { 1.0 } else { 2f64.sqrt() };
                let square = PI * PI * (k * k + l * l) as f64;
                amplitudes[[l, k]] = draw * root(k) * root(l) / (square + 9.0);
            }
        }
        let cosines = |lines: &[f64]| {
            Array2::from_shape_fn((lines.len(), modes), |(n, k)| {
                (PI * k as f64 * lines[n]).cos()
            })
        };
        let field = cosines(grid.y())
            .dot(&amplitudes)
            .dot(&cosines(grid.x()).t());
        field.mapv(|v| if v > 0.0 { self.high } else { self.low })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_the_same_medium_on_every_grid() {
        let media = Permeability::default();
        let [coarse, fine] = [20, 60].map(|n| media.field(&Grid::uniform(n).unwrap(), 4));
        for ((j, i), a) in coarse.indexed_iter() {
            assert_eq!(*a, fine[[3 * j, 3 * i]]);
        }
        // half of the area on the average
        let grid = Grid::uniform(16).unwrap();
        let share = (0..200)
            .map(|seed| media.field(&grid, seed).mean().unwrap_or(0.0))
            .sum::<f64>()
            / 200.0;
        assert!((share - 7.5).abs() < 0.5, "{share}");
    }
}
