//! Processes that `mpirun` has started, by the system's MPI.
//!
//! Messages are begun by non-blocking calls whose buffers have to stay until they are done, which a
//! lifetime cannot say across calls: so these few calls are MPI's own, and the buffers live beside
//! their requests.

use super::Communicator;
use crate::{Error, Result};
use mpi::Threading;
use mpi::environment::Universe;
use mpi::ffi;
use std::ffi::c_int;

/// Most bytes in one call of MPI, which counts in 32 bits with a sign.
const AT_ONCE: usize = 1 << 30;

/// MPI between its start and its end. Dropped by a panic, it ends all processes, for the others
/// would wait for this one.
pub struct World {
    _universe: Universe,
}

impl World {
    /// Starts MPI; a program that `mpirun` has not started is the only rank.
    ///
    /// # Errors
    /// [`Error::Ranks`] when it has been started before, or cannot be used by more than one thread.
    pub fn start() -> Result<Self> {
        let failed = |reason: &str| Error::Ranks {
            ranks: 1,
            reason: reason.into(),
        };
        let (universe, threading) = mpi::initialize_with_threading(Threading::Serialized)
            .ok_or_else(|| failed("MPI has been started already"))?;
        if threading < Threading::Serialized {
            return Err(failed(
                "expected an MPI that any thread may call (MPI_THREAD_SERIALIZED), found one for a \
                 single thread; use an MPI built with threads",
            ));
        }
        Ok(Self {
            _universe: universe,
        })
    }

    /// Ends all processes at once with an exit status.
    pub fn abort(&self, status: i32) -> ! {
        // SAFETY: MPI has been started and not ended; it does not return to a state that matters
        unsafe { ffi::MPI_Abort(ffi::RSMPI_COMM_WORLD, status) };
        std::process::exit(status)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.abort(101);
        }
    }
}

/// All processes of the world, while [`World`] lives.
#[derive(Default)]
pub struct Processes {
    requests: Vec<ffi::MPI_Request>,
    /// What requests read and write; boxed, so that it stays where it is.
    sent: Vec<Box<[u8]>>,
    received: Vec<Box<[u8]>>,
}

// SAFETY: requests are handles of the library, which any one thread at a time may use (see
// `World::start`); whoever has this value is that thread
unsafe impl Send for Processes {}

impl Processes {
    /// All processes; no messages under way.
    pub fn new() -> Self {
        Self::default()
    }

    fn check(&self, status: c_int, what: &str) -> Result<()> {
        // by default MPI ends all processes itself
        match status {
            0 => Ok(()),
            code => Err(Error::Ranks {
                ranks: self.size(),
                reason: format!("{what} failed with MPI's code {code}"),
            }),
        }
    }

    /// A length as MPI counts.
    fn count(&self, len: usize) -> Result<c_int> {
        c_int::try_from(len).map_err(|_| Error::Ranks {
            ranks: self.size(),
            reason: format!(
                "expected a message of less than 2 GiB, found {len} values; take more processes"
            ),
        })
    }
}

impl Communicator for Processes {
    fn rank(&self) -> usize {
        let mut rank = 0;
        // SAFETY: MPI runs as long as there is a world
        unsafe { ffi::MPI_Comm_rank(ffi::RSMPI_COMM_WORLD, &mut rank) };
        rank as usize
    }

    fn size(&self) -> usize {
        let mut size = 1;
        // SAFETY: as above
        unsafe { ffi::MPI_Comm_size(ffi::RSMPI_COMM_WORLD, &mut size) };
        size as usize
    }

    fn send(&mut self, to: usize, tag: u16, bytes: Vec<u8>) -> Result<()> {
        let count = self.count(bytes.len())?;
        let bytes = bytes.into_boxed_slice();
        // SAFETY: the buffer stays in `sent` until the request is done
        let status = unsafe {
            let mut request = ffi::RSMPI_REQUEST_NULL;
            let status = ffi::MPI_Isend(
                bytes.as_ptr().cast(),
                count,
                ffi::RSMPI_UINT8_T,
                to as c_int,
                c_int::from(tag),
                ffi::RSMPI_COMM_WORLD,
                &mut request,
            );
            self.requests.push(request);
            status
        };
        self.sent.push(bytes);
        self.check(status, "sending")
    }

    fn receive(&mut self, from: usize, tag: u16, len: usize) -> Result<()> {
        let count = self.count(len)?;
        let mut bytes = vec![0; len].into_boxed_slice();
        // SAFETY: the buffer stays in `received`, untouched, until the request is done
        let status = unsafe {
            let mut request = ffi::RSMPI_REQUEST_NULL;
            let status = ffi::MPI_Irecv(
                bytes.as_mut_ptr().cast(),
                count,
                ffi::RSMPI_UINT8_T,
                from as c_int,
                c_int::from(tag),
                ffi::RSMPI_COMM_WORLD,
                &mut request,
            );
            self.requests.push(request);
            status
        };
        self.received.push(bytes);
        self.check(status, "receiving")
    }

    fn progress(&mut self) {
        if self.requests.is_empty() {
            return;
        }
        let mut done = 0;
        // SAFETY: requests of this value; those that are done become null ones, which a later wait
        // passes over
        unsafe {
            ffi::MPI_Testall(
                self.requests.len() as c_int,
                self.requests.as_mut_ptr(),
                &mut done,
                ffi::RSMPI_STATUSES_IGNORE,
            );
        }
        if done != 0 {
            self.requests.clear();
        }
    }

    fn wait(&mut self) -> Result<Vec<Vec<u8>>> {
        // SAFETY: requests of this value, whose buffers are still there
        let status = unsafe {
            ffi::MPI_Waitall(
                self.requests.len() as c_int,
                self.requests.as_mut_ptr(),
                ffi::RSMPI_STATUSES_IGNORE,
            )
        };
        self.requests.clear();
        self.sent.clear();
        let received = std::mem::take(&mut self.received);
        self.check(status, "an exchange")?;
        Ok(received.into_iter().map(<[u8]>::into_vec).collect())
    }

    fn broadcast(&mut self, from: usize, bytes: &mut Vec<u8>) -> Result<()> {
        let mut len = [if from == self.rank() {
            bytes.len() as i64
        } else {
            0
        }];
        self.sum_integers(&mut len)?;
        bytes.resize(len[0] as usize, 0);
        for some in bytes.chunks_mut(AT_ONCE) {
            // SAFETY: as many bytes on all ranks
            let status = unsafe {
                ffi::MPI_Bcast(
                    some.as_mut_ptr().cast(),
                    some.len() as c_int,
                    ffi::RSMPI_UINT8_T,
                    from as c_int,
                    ffi::RSMPI_COMM_WORLD,
                )
            };
            self.check(status, "a broadcast")?;
        }
        Ok(())
    }

    fn sum_integers(&mut self, values: &mut [i64]) -> Result<()> {
        let mut sums = vec![0i64; values.len()];
        let count = self.count(values.len())?;
        // SAFETY: two buffers of as many integers on all ranks
        let status = unsafe {
            ffi::MPI_Allreduce(
                values.as_ptr().cast(),
                sums.as_mut_ptr().cast(),
                count,
                ffi::RSMPI_INT64_T,
                ffi::RSMPI_SUM,
                ffi::RSMPI_COMM_WORLD,
            )
        };
        values.copy_from_slice(&sums);
        self.check(status, "a sum")
    }

    fn sum(&mut self, values: &mut [f32]) -> Result<()> {
        let mut sums = vec![0f32; values.len().min(AT_ONCE)];
        for some in values.chunks_mut(AT_ONCE) {
            let sums = &mut sums[..some.len()];
            // SAFETY: as above
            let status = unsafe {
                ffi::MPI_Reduce(
                    some.as_ptr().cast(),
                    sums.as_mut_ptr().cast(),
                    some.len() as c_int,
                    ffi::RSMPI_FLOAT,
                    ffi::RSMPI_SUM,
                    0,
                    ffi::RSMPI_COMM_WORLD,
                )
            };
            self.check(status, "a sum")?;
            some.copy_from_slice(sums);
            // all ranks have to get the same bits, which MPI does not promise of MPI_Allreduce
            // SAFETY: as many values on all ranks
            let status = unsafe {
                ffi::MPI_Bcast(
                    some.as_mut_ptr().cast(),
                    some.len() as c_int,
                    ffi::RSMPI_FLOAT,
                    0,
                    ffi::RSMPI_COMM_WORLD,
                )
            };
            self.check(status, "a sum")?;
        }
        Ok(())
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        // buffers must outlive their requests; an error has ended all processes, or will
        if !self.requests.is_empty() {
            self.sent.drain(..).for_each(std::mem::forget);
            self.received.drain(..).for_each(std::mem::forget);
        }
    }
}
