//! The program as a user runs it: every command on a small problem, and every kind of bad input.

mod analyses;
mod antennas;
mod compare;
mod coordinate;
mod flow;
mod monitors;
mod nature;
#[cfg(feature = "mpi")]
mod ranks;
mod scattering;
mod scores;
mod support;
mod tables;
mod tutorials;
mod weather;
