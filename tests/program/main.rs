//! The program as a user runs it: every command on a small problem, and every kind of bad input.

mod antennas;
mod compare;
mod coordinate;
mod flow;
mod monitors;
mod scattering;
mod scores;
mod support;
mod tables;
mod weather;
