//! Plane waves on dielectric bodies in two dimensions: the complex field at one frequency.
//!
//! The bodies lie in a square of empty space, uniform along z. [`ScatteringSquare`] meshes it with
//! equal cells, lets a pulse in through a total-field boundary a few cells outside of it, absorbs
//! what leaves, and transforms the field along z at the frequency as the run goes. Relative to the
//! incident field at the middle of the square,
//!
//! ```text
//! u = u_incident + u_scattered,    u_incident = exp(-j k d.r),    u = Ez (TM) or Hz (TE)
//! ```
//!
//! * [`ScatteringSquare`]: the solver, at any resolution.
//! * [`ScatteredField`]: its result on the mesh, and on any other points.
//! * [`born`]: the first-order approximation, without a mesh in time.

pub mod born;
mod field;
mod square;
#[cfg(test)]
mod tests;

pub use field::ScatteredField;
pub use square::ScatteringSquare;
