//! Darcy flow: pressure in a porous medium on the unit square.
//!
//! ```text
//! -div(a grad u) = f,   u = 0 on the walls
//! ```
//!
//! (H. Darcy, Les fontaines publiques de la ville de Dijon, 1856; the form is that of Li et al.,
//! Fourier Neural Operator, ICLR 2021, section 5.2.) Finite volumes round the nodes of a grid, with
//! the harmonic mean of the permeability between two nodes, so that flux is continuous where the
//! medium jumps; solved by conjugate gradients with a multigrid cycle as the preconditioner.
//!
//! ```
//! use curlwind_solvers::darcy::{Grid, Permeability, Solver};
//! use ndarray::Array2;
//!
//! let grid = Grid::uniform(64)?;
//! let medium = Permeability::default().field(&grid, 1);
//! let solution = Solver::new(grid).solve(medium.view(), Array2::ones(medium.dim()).view())?;
//! assert!(solution.pressure[[32, 32]] > 0.0 && solution.iterations < 20);
//! # Ok::<(), curlwind_solvers::Error>(())
//! ```

mod grid;
mod level;
mod multigrid;
mod permeability;
mod solver;

pub use grid::Grid;
pub use permeability::Permeability;
pub use solver::{Solution, Solver};
