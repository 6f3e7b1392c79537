//! The solvers' equations as differentiable residuals on tensors.
//!
//! A residual takes a trajectory, differentiates it in time by central differences and subtracts
//! the right-hand side, which equals the solver's own to round-off. Of the solver's trajectory it
//! falls at the order of the difference that is not the solver's own; as a loss it needs no labels.

pub mod advection;
pub mod allen_cahn;
pub mod barotropic;
pub mod burgers;
pub mod darcy;
pub mod helmholtz;
pub mod maxwell;
pub mod maxwell_line;
pub mod navier_stokes;
mod periodic;
pub mod pointwise;
pub mod quasi_geostrophic;
pub mod shallow_water;
pub mod shallow_water_torus;
pub mod staggered;
pub mod time_difference;

pub use advection::AdvectionResidual;
pub use allen_cahn::AllenCahnResidual;
pub use barotropic::BarotropicResidual;
pub use burgers::BurgersResidual;
pub use darcy::DarcyResidual;
pub use helmholtz::HelmholtzResidual;
pub use maxwell::{MaxwellFields, MaxwellResidual, Polarisation};
pub use maxwell_line::{MaxwellLineFields, MaxwellLineResidual};
pub use navier_stokes::NavierStokesResidual;
pub use quasi_geostrophic::QuasiGeostrophicResidual;
pub use shallow_water::{ShallowWaterFields, ShallowWaterResidual};
pub use shallow_water_torus::ShallowWaterTorusResidual;
pub use staggered::Stencil;
pub use time_difference::TimeDifference;
pub(crate) use time_difference::integrals;
