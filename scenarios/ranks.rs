//! Several processes of this program, where `mpirun` has started them.
//!
//! Rank 0 keeps the run's folder and talks to the user; the others work for it and are silent. An
//! error of any ends all of them. Without the feature `mpi`, and without `mpirun`, there is one.

use crate::error::{Error, Result};
use curlwind_solvers::ranks::Communicator;
use std::process::ExitCode;
use std::sync::OnceLock;

/// Rank and number of ranks.
static PLACE: OnceLock<[usize; 2]> = OnceLock::new();

/// The processes, from the start of the program to its end.
pub struct World {
    #[cfg(feature = "mpi")]
    mpi: curlwind_solvers::ranks::World,
}

impl World {
    /// Finds the others.
    ///
    /// # Errors
    /// When MPI cannot be used.
    pub fn start() -> Result<Self> {
        #[cfg(feature = "mpi")]
        let own = Self {
            mpi: curlwind_solvers::ranks::World::start().map_err(Error::failed)?,
        };
        #[cfg(not(feature = "mpi"))]
        let own = Self {};
        #[cfg(feature = "mpi")]
        PLACE.get_or_init(|| {
            let all = curlwind_solvers::ranks::Processes::new();
            [all.rank(), all.size()]
        });
        Ok(own)
    }

    /// Tells the error and gives the exit status; where there are other processes, ends them too.
    pub fn fail(&self, error: &Error) -> ExitCode {
        match (rank(), size()) {
            (_, 1) => eprintln!("curlwind: {error}"),
            (0, _) => eprintln!("curlwind: {error}"),
            (rank, size) => {
                // what is wrong for all, rank 0 says
                std::thread::sleep(std::time::Duration::from_secs(3));
                eprintln!("curlwind: rank {rank} of {size}: {error}");
            }
        }
        #[cfg(feature = "mpi")]
        if size() > 1 {
            self.mpi.abort(i32::from(error.exit_status()));
        }
        ExitCode::from(error.exit_status())
    }
}

/// The number of this process among the others; 0 talks to the user and writes the run's folder.
pub fn rank() -> usize {
    PLACE.get().map_or(0, |[rank, _]| *rank)
}

/// The number of processes.
pub fn size() -> usize {
    PLACE.get().map_or(1, |[_, size]| *size)
}

/// All processes, where there are several.
pub fn all() -> Option<Box<dyn Communicator>> {
    #[cfg(feature = "mpi")]
    if size() > 1 {
        return Some(Box::new(curlwind_solvers::ranks::Processes::new()));
    }
    None
}

/// Refuses several processes for what only one can do.
///
/// # Errors
/// When there are several.
pub fn refuse(what: &str) -> Result<()> {
    match size() {
        1 => Ok(()),
        size => Err(Error::unusable(format!(
            "{what} is the work of one process, but mpirun started {size}; what several can share \
             is in docs/clusters.md"
        ))),
    }
}

/// Waits for the others.
///
/// # Errors
/// When one has failed.
pub fn meet() -> Result<()> {
    match all() {
        Some(mut all) => all.sum_integers(&mut [0]).map_err(Error::failed),
        None => Ok(()),
    }
}
