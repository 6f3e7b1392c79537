//! Electromagnetic fields at one frequency in two dimensions: Helmholtz' equation by finite
//! differences (FDFD).
//!
//! ```text
//! laplacian u + k^2 eps_r u = f,     u = Ez in V/m,  f = j omega mu_0 Jz
//! ```
//!
//! for E along z (TM) on equal cells, time convention exp(+j omega t), so that a lossy permittivity
//! has a negative imaginary part. Five-point differences of second order; sides are perfect
//! conductors or absorbing layers of stretched coordinates ([`Layer`]). The matrix is factorised once
//! by nested dissection, in O(n^3) operations for n x n points, and serves any number of sources. On
//! the points without layers this is the equation of `ScatteringSquare` and of the Helmholtz residual.
//!
//! ```
//! use curlwind_solvers::helmholtz::{Helmholtz, Layer, Side, Solver};
//! use ndarray::Array2;
//! use num_complex::Complex64;
//!
//! // a line source in the middle of 2.5 x 2.5 wavelengths of empty space
//! let side = Side::Absorbing(Layer::new(10));
//! let equation = Helmholtz::at_frequency(3e9, 0.005, [70, 70], side);
//! let solver = Solver::new(equation, Array2::ones(equation.shape()).view())?;
//! let mut source = Array2::zeros(equation.shape());
//! source[[35, 35]] = Complex64::from(1.0 / 0.005f64.powi(2));
//! let field = solver.solve(source.view())?;
//! let exact = curlwind_solvers::helmholtz::line_source(equation.wave_number, 15.0 * 0.005);
//! assert!((field[[35, 50]] - exact).norm() < 0.05 * exact.norm());
//! # Ok::<(), curlwind_solvers::Error>(())
//! ```

mod dense;
mod dissection;
mod equation;
mod exact;
mod five_point;
mod power;
mod scattering;
mod solver;
#[cfg(test)]
mod tests;

pub use equation::{Helmholtz, Layer, Side};
pub use exact::line_source;
pub use power::Power;
pub use solver::Solver;
