//! # Curlwind
//!
//! Every simulation twice: once by a numerical solver, once by a neural operator, and one honest
//! account of the difference.
//!
//! This is the application: scenarios that pair a solver ([`curlwind_solvers`]) with an operator
//! ([`curlwind_operators`]) of the same equation, the commands, the figures and the files of a run.
//! The program `curlwind` is a thin shell around [`commands`].

#![warn(missing_docs)]

pub mod catalogue;
mod claims;
pub mod commands;
pub mod compare;
pub mod config;
pub mod coordinate;
pub mod electromagnetics;
pub mod error;
pub mod figures;
mod filling;
pub mod flow;
mod on_cores;
pub mod ranks;
pub mod report;
pub mod run_folder;
mod training_data;
pub mod weather;
