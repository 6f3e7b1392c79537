//! Curlwind.

#![warn(missing_docs)]

pub mod config;
pub mod figures;
pub mod report;
pub mod run_folder;
