//! Electromagnetics: Maxwell's equations in scenes, plane waves on bodies in two dimensions, and
//! designs that others solved.

pub mod design_table;
pub mod maxwell;
pub mod scattering;
