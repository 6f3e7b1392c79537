//! Periodic intervals and rectangles with their Fourier transforms, and random fields on them.
//!
//! Points lie at `x_j = j L / N`. A spectrum holds the coefficients `c_k` of
//! `sum c_k exp(2 pi i k x / L)`, so `c_0` is the mean; only wavenumbers that stay free of aliases in
//! the products of the equation are kept (the two-thirds rule for quadratic ones: S. A. Orszag,
//! J. Atmos. Sci. 28, 1074, 1971).

mod line;
mod plane;
pub mod random_field;

pub(crate) use line::positive;
pub use line::{Line, LineWorkspace};
pub use plane::{Plane, PlaneWorkspace};
