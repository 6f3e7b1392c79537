//! Conjugate gradients with the multigrid preconditioner.

use super::Grid;
use super::grid::volumes;
use super::level::Level;
use super::multigrid::Multigrid;
use crate::{Error, Result};
use ndarray::parallel::prelude::*;
use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis};

/// A solver for one grid.
#[derive(Clone, Debug)]
pub struct Solver {
    grid: Grid,
    tolerance: f64,
}

/// A pressure and how it was found.
#[derive(Clone, Debug)]
pub struct Solution {
    /// At the nodes, `[y][x]`, walls included.
    pub pressure: Array2<f64>,
    /// Iterations of conjugate gradients.
    pub iterations: usize,
    /// Norm of the residual over that of the right-hand side.
    pub residual: f64,
}

/// Beyond this the iteration is taken to have failed; 10 to 20 are usual.
const LARGEST_COUNT: usize = 200;

impl Solver {
    /// With a tolerance of 1e-10 of the right-hand side.
    pub fn new(grid: Grid) -> Self {
        Self {
            grid,
            tolerance: 1e-10,
        }
    }

    /// The same with another tolerance.
    ///
    /// # Errors
    /// [`Error::Parameter`] when it is not above 1e-14 and below 1.
    pub fn with_tolerance(mut self, tolerance: f64) -> Result<Self> {
        if !(tolerance > 1e-14 && tolerance < 1.0) {
            return Err(Error::Parameter {
                name: "tolerance",
                value: tolerance,
                expected: "above 1e-14 and below 1",
            });
        }
        self.tolerance = tolerance;
        Ok(self)
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The pressure of a medium and a source, both at the nodes as `[y][x]`.
    ///
    /// # Errors
    /// [`Error::Shape`] when a field is not of the grid; [`Error::Parameter`] when a permeability is
    /// not above 0 or a source not finite; [`Error::NoConvergence`].
    pub fn solve(
        &self,
        permeability: ArrayView2<f64>,
        source: ArrayView2<f64>,
    ) -> Result<Solution> {
        self.check(permeability, source)?;
        let (rows, columns) = self.grid.shape();
        let (widths, heights) = (volumes(self.grid.x()), volumes(self.grid.y()));
        let mut r = vec![0.0; rows * columns];
        for j in 1..rows - 1 {
            for i in 1..columns - 1 {
                r[j * columns + i] = source[[j, i]] * heights[j] * widths[i];
            }
        }
        let mut preconditioner = Multigrid::new(Level::finest(&self.grid, permeability));
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let target = dot(&r, &r).sqrt() * self.tolerance;
        let zeros = || vec![0.0; r.len()];
        let (mut u, mut z, mut p, mut q) = (zeros(), zeros(), zeros(), zeros());
        let (mut size, mut previous, mut iterations) = (dot(&r, &r).sqrt(), 1.0, 0);
        let whole = size.max(f64::MIN_POSITIVE);
        while size > target {
            if iterations == LARGEST_COUNT {
                return Err(Error::NoConvergence {
                    what: "pressure of Darcy flow",
                    iterations,
                    residual: size / whole,
                    tolerance: self.tolerance,
                });
            }
            preconditioner.cycle(&r, &mut z);
            let product = dot(&r, &z);
            let beta = if iterations == 0 {
                0.0
            } else {
                product / previous
            };
            for (p, z) in p.iter_mut().zip(&z) {
                *p = z + beta * *p;
            }
            preconditioner.finest().apply(&p, &mut q);
            let alpha = product / dot(&p, &q);
            for n in 0..u.len() {
                u[n] += alpha * p[n];
                r[n] -= alpha * q[n];
            }
            previous = product;
            size = dot(&r, &r).sqrt();
            iterations += 1;
        }
        Ok(Solution {
            pressure: Array2::from_shape_fn((rows, columns), |(j, i)| u[j * columns + i]),
            iterations,
            residual: size / whole,
        })
    }

    /// The pressures `[sample][y][x]` of many media with the same source, side by side.
    ///
    /// # Errors
    /// As [`Self::solve`].
    pub fn solve_many(
        &self,
        permeabilities: ArrayView3<f64>,
        source: ArrayView2<f64>,
    ) -> Result<Array3<f64>> {
        let mut all = Array3::zeros(permeabilities.dim());
        all.axis_iter_mut(Axis(0))
            .into_par_iter()
            .zip(permeabilities.axis_iter(Axis(0)))
            .try_for_each(|(mut pressure, medium)| {
                pressure.assign(&self.solve(medium, source)?.pressure);
                Ok(())
            })?;
        Ok(all)
    }

    fn check(&self, permeability: ArrayView2<f64>, source: ArrayView2<f64>) -> Result<()> {
        let shape = self.grid.shape();
        for (what, field) in [("permeability", &permeability), ("source", &source)] {
            if field.dim() != shape {
                return Err(Error::Shape {
                    what,
                    expected: vec![shape.0, shape.1],
                    found: field.shape().to_vec(),
                });
            }
        }
        if let Some(&value) = permeability.iter().find(|a| !(**a > 0.0 && a.is_finite())) {
            return Err(Error::Parameter {
                name: "permeability",
                value,
                expected: "a number above 0",
            });
        }
        match source.iter().find(|f| !f.is_finite()) {
            Some(&value) => Err(Error::Parameter {
                name: "source",
                value,
                expected: "a finite number",
            }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::darcy::Permeability;
    use std::f64::consts::PI;

    /// Domain: unit square, `a = 1 + x/2 + sin(2 pi y)/3`, `u = sin(pi x) sin(2 pi y)`; the largest
    /// error falls by four when cells are halved, on even, odd and shifted grids.
    #[test]
    fn second_order() {
        let error = |grid: Grid| {
            let at = |f: &dyn Fn(f64, f64) -> f64| {
                Array2::from_shape_fn(grid.shape(), |(j, i)| f(grid.x()[i], grid.y()[j]))
            };
            let a = at(&|x, y| 1.0 + 0.5 * x + (2.0 * PI * y).sin() / 3.0);
            let u = at(&|x, y| (PI * x).sin() * (2.0 * PI * y).sin());
            let f = at(&|x, y| {
                let medium = 1.0 + 0.5 * x + (2.0 * PI * y).sin() / 3.0;
                let (sx, cx) = (PI * x).sin_cos();
                let (sy, cy) = (2.0 * PI * y).sin_cos();
                5.0 * PI * PI * medium * sx * sy
                    - 0.5 * PI * cx * sy
                    - (2.0 * PI / 3.0) * cy * 2.0 * PI * sx * cy
            });
            let found = Solver::new(grid).solve(a.view(), f.view()).unwrap();
            assert!(found.residual < 1e-10 && found.iterations < 16);
            (&found.pressure - &u)
                .iter()
                .fold(0.0f64, |s, e| s.max(e.abs()))
        };
        type Make = fn(usize) -> Grid;
        let families: [(Make, [usize; 3]); 3] = [
            (|n| Grid::uniform(n).unwrap(), [16, 32, 64]),
            (|n| Grid::uniform(n).unwrap(), [15, 30, 60]),
            (|n| Grid::offset(n, 0.5 / n as f64).unwrap(), [16, 32, 64]),
        ];
        for (make, sizes) in families {
            let errors = sizes.map(|n| error(make(n)));
            let order = (errors[1] / errors[2]).log2();
            println!("{sizes:?}: errors {errors:?}, order {order:.2}");
            assert!((order - 2.0).abs() < 0.15, "{errors:?}");
        }
    }

    /// The count hardly grows with the grid or the jump of the medium.
    #[test]
    fn iterations_are_few_in_any_medium() {
        for cells in [32, 85, 210] {
            for high in [12.0, 54.0, 3000.0] {
                let grid = Grid::uniform(cells).unwrap();
                let media = Permeability {
                    high,
                    ..Permeability::default()
                };
                let medium = media.field(&grid, 2);
                let source = Array2::ones(medium.dim());
                let found = Solver::new(grid).solve(medium.view(), source.view());
                let found = found.unwrap();
                println!(
                    "{cells} cells, jump {}: {} iterations",
                    high / 3.0,
                    found.iterations
                );
                assert!(
                    found.iterations < 30,
                    "{cells} {high}: {}",
                    found.iterations
                );
                assert!(found.pressure.iter().all(|u| *u >= 0.0));
            }
        }
    }

    #[test]
    fn batches_are_the_samples_and_bad_input_is_refused() {
        let solver = Solver::new(Grid::uniform(16).unwrap());
        let shape = solver.grid().shape();
        let media = Array3::from_shape_fn((3, shape.0, shape.1), |(s, j, i)| {
            1.0 + (s * (i + 2 * j) % 5) as f64
        });
        let source = Array2::ones(shape);
        let all = solver.solve_many(media.view(), source.view()).unwrap();
        let one = solver.solve(media.index_axis(Axis(0), 2), source.view());
        assert_eq!(all.index_axis(Axis(0), 2), one.unwrap().pressure);
        let zero = solver.solve(Array2::zeros(shape).view(), source.view());
        assert!(zero.unwrap_err().to_string().contains("above 0"));
        assert!(
            solver
                .solve(Array2::ones((4, 4)).view(), source.view())
                .is_err()
        );
        let still = solver
            .solve(source.view(), Array2::zeros(shape).view())
            .unwrap();
        assert!(still.pressure.iter().all(|u| *u == 0.0));
        assert!(
            Solver::new(Grid::uniform(4).unwrap())
                .with_tolerance(2.0)
                .is_err()
        );
    }
}
