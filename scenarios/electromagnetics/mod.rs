//! Electromagnetics: one folder per equation.

pub mod maxwell;
