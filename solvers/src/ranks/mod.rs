//! Several processes that work at one thing together.
//!
//! [`Communicator`] is all that the rest of the program knows of them: messages between two, and
//! sums over all. [`Channels`] connect threads of one process, which is how everything that is
//! shared out is tested; the feature `mpi` adds `World` and `Processes`, those that `mpirun` has started.

mod channels;
mod communicator;
mod exact;
#[cfg(feature = "mpi")]
mod world;

pub use channels::Channels;
pub use communicator::Communicator;
pub use exact::ExactSum;
#[cfg(feature = "mpi")]
pub use world::{Processes, World};
