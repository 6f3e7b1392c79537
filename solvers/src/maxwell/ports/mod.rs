//! Ports: where energy enters a model and where it is measured.
//!
//! [`install`] writes resistances, sources, probes and regions of all ports into a
//! [`Model`](super::Model); after the run [`PortProbes::record`] returns each port's phasors, and
//! [`Network::from_runs`](super::Network::from_runs) makes S-parameters of one run for each port.
//!
//! ```
//! use curlwind_solvers::maxwell::geometry::{Material, Shape, Solid, voxelise};
//! use curlwind_solvers::maxwell::ports::{Excitation, Port, Terminals, install};
//! use curlwind_solvers::maxwell::{
//!     Axis, Cpml, Engine, Mesh, Model, Scheme, Simulation, Stop, Wall, Waveform,
//! };
//! use std::ops::ControlFlow;
//!
//! // a dipole of 100 mm along z, fed by 73 ohm in its middle
//! let d = 5e-3;
//! let mesh = Mesh::uniform([20, 20, 41], [d, d, d])?;
//! let mut model = Model::vacuum(mesh, [[Wall::Cpml(Cpml::new(5)); 2]; 3]);
//! let arm = |from: f64, to: f64| {
//!     let points = vec![[10.0 * d, 10.0 * d, from * d], [10.0 * d, 10.0 * d, to * d]];
//!     let shape = Shape::Wire { points, radius: None };
//!     Solid::new("arm", shape, Material::Pec)
//! };
//! voxelise(&mut model, &[arm(10.0, 20.0), arm(21.0, 31.0)])?;
//! let gap = Terminals {
//!     axis: Axis::Z,
//!     negative: [10.0 * d, 10.0 * d, 20.0 * d],
//!     positive: [10.0 * d, 10.0 * d, 21.0 * d],
//! };
//! let waveform = Waveform::Gaussian { bandwidth: 2e9 };
//! let excitation = Excitation { port: 0, waveform, steps: 2000 };
//! let ports = [Port::lumped("feed", gap, 73.0)];
//! let probes = install(&mut model, &ports, Some(&excitation), &[1.35e9])?;
//! let mut run = Simulation::<f32>::new(&model, Scheme::Fastest)?;
//! let stop = Stop { max_steps: 2000, energy_fraction: Some(1e-5), check_interval: 50 };
//! run.run(&stop, &mut |_| ControlFlow::Continue(()))?;
//! let record = probes[0].record(&run)?;
//! assert!(record.reflection()[0].norm() < 0.35);
//! # Ok::<(), curlwind_solvers::Error>(())
//! ```

mod block;
mod install;
mod lumped;
mod mode;
mod port;
mod record;
mod waveguide;

pub use install::{Excitation, PortProbes, install};
pub use port::{Port, PortKind, Terminals};
pub use record::PortRecord;

#[cfg(test)]
mod tests;
