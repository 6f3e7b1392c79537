//! What the spectral solvers share in time: Runge-Kutta steps, classical and exponential,
//! Adams-Bashforth steps, diffusion, and the division of a run into steps.

pub mod adams_bashforth;
pub mod diffusion;
pub mod etdrk4;
pub mod runge_kutta;
pub mod schedule;

pub use adams_bashforth::AdamsBashforth3;
pub use diffusion::Diffusion;
pub use etdrk4::Etdrk4;
pub use runge_kutta::RungeKutta4;
pub use schedule::Schedule;
