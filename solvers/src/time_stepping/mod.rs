//! What the spectral solvers share in time: the Runge-Kutta step, diffusion, and the division of
//! a run into steps.

pub mod diffusion;
pub mod runge_kutta;
pub mod schedule;

pub use diffusion::Diffusion;
pub use runge_kutta::RungeKutta4;
pub use schedule::Schedule;
