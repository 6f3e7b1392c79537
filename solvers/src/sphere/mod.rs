//! The sphere: grids with quadrature, associated Legendre functions, transforms.
//!
//! Conventions
//! * Grids run north to south and eastward from longitude 0, stored `[latitude][longitude]`.
//! * `f(lambda, mu) = sum_m sum_n f_n^m P_n^m(mu) exp(i m lambda)`, `mu = sin(latitude)`;
//!   of a real field only the orders `m >= 0` are stored, m-major: for each `m` the degrees
//!   `n = m..=N`, so coefficient `(m, n)` lies at `m (N+1) - m (m-1)/2 + n - m`.
//! * `P_n^m` has mean square 1 over `mu` in [-1, 1] and no Condon-Shortley phase
//!   (`P_0^0 = 1`, `P_1^0 = sqrt(3) mu`), so `f_0^0` is the global mean.

mod aligned;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
pub mod device;
mod double_double;
pub(crate) mod fourier;
pub mod grid;
mod lane_fft;
mod lanes;
pub mod legendre;
mod legendre_panel;
pub(crate) mod parallel;
pub(crate) mod passes;
pub mod transform;
pub(crate) mod vector;

pub use grid::{GridKind, SphereGrid};
pub use legendre::Legendre;
pub use transform::SphericalTransform;
