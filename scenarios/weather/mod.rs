//! Weather: pairs of solver and operator on the sphere.

pub mod scores;
pub mod shallow_water;
pub mod verification;
