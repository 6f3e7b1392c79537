//! Maxwell's equations by the Yee scheme in one, two and three dimensions.
//!
//! ```text
//! dB/dt = - curl E - M        D = eps0 eps_r E + P        J = sigma E + impressed
//! dD/dt =   curl H - J        B = mu0 mu_r H
//! ```
//!
//! Time convention exp(+j omega t). E lives on the edges of the mesh at t = n dt, H on its faces at
//! t = (n + 1/2) dt (K. S. Yee, IEEE Trans. Antennas Propag. 14, 302-307, 1966). Fewer dimensions
//! are meshes with one cell and periodic walls along the others.
//!
//! * [`Mesh`]: the lines of a rectilinear mesh, uniform or graded.
//! * [`Model`]: everything an engine needs, as data: walls, the medium of each edge and face,
//!   sources, lumped elements, monitors. What writes it (geometry, ports, plane waves) and what
//!   runs it (the engines) know nothing of each other.
//! * [`mod@line`]: waves along one axis, on their own.

pub mod analytic;
pub mod constants;
mod dipole;
mod dispersion_relation;
mod engine;
mod far_field;
pub mod geometry;
pub mod line;
mod medium;
mod mesh;
mod model;
mod network;
mod plane_wave;
pub mod ports;
pub mod scattering;
mod waveform;

pub use dipole::{dipole, electric_dipole_power, magnetic_dipole_power};
pub use dispersion_relation::DispersionRelation;
pub use engine::{
    Distributed, Engine, Outcome, Progress, Real, Scheme, Simulation, Stop, StopReason, engine,
    shared_engine,
};
pub use far_field::{Cut, Face, FarField, FarFieldBox, FarFieldMonitor, FluxMonitor};
pub use medium::{EdgeMedium, FaceMedium, Pole};
pub use mesh::{Axis, Mesh};
pub use model::{
    Component, Cpml, FieldRegion, Index, Model, Probe, SeriesElement, SourceTerm, Wall, Waveforms,
    WireEnd,
};
pub use network::Network;
pub use plane_wave::{IncidentField, PlaneWave, TotalField};
pub use waveform::Waveform;
