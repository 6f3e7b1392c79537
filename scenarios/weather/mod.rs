//! Weather: pairs of solver and operator on the sphere, and surrogates of the user's own analyses.

pub mod analyses;
pub mod grid;
pub mod scores;
pub mod shallow_water;
pub mod verification;
