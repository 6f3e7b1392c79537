//! Ports: where energy enters a model and where it is measured.
//!
//! A port writes its resistance, source, probes and regions into a [`Model`](super::Model)
//! ([`install`]); after the run [`PortProbes::record`] returns its phasors.

mod port;

pub use port::{Port, PortKind, Terminals};
