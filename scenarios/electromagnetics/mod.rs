//! Electromagnetics: one folder per equation, and one for designs that others solved.

pub mod design_table;
pub mod maxwell;
