//! Making the trajectories that a training store still lacks, side by side.

use crate::error::{Error, Result};
use curlwind_datasets::store::StoreWriter;
use indicatif::ProgressBar;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Makes the missing trajectories, one on each thread of the machine at a time; stops at the first
/// failure, and keeps what is complete.
///
/// # Errors
/// What `make` returns; a store that cannot be written.
pub fn fill_store(
    writer: &StoreWriter,
    progress: &ProgressBar,
    make: impl Fn(usize) -> Result<Vec<f32>> + Sync,
) -> Result<()> {
    let missing = writer.missing();
    let total = writer.layout().trajectories;
    progress.set_length(total as u64);
    progress.set_position((total - missing.len()) as u64);
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let failure: Mutex<Option<Error>> = Mutex::new(None);
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let Some(&index) = missing.get(next.fetch_add(1, Ordering::Relaxed)) else {
                break;
            };
            let made =
                make(index).and_then(|states| writer.write(index, &states).map_err(Error::failed));
            if let Err(error) = made {
                stop.store(true, Ordering::Relaxed);
                if let Ok(mut slot) = failure.lock() {
                    slot.get_or_insert(error);
                }
            }
            progress.inc(1);
        }
    };
    // One trajectory per thread, each solver on its own thread: they are independent, so nothing
    // is lost to waiting.
    let pools = (0..rayon::current_num_threads())
        .map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build())
        .collect::<Result<Vec<_>, _>>()
        .map_err(Error::failed)?;
    std::thread::scope(|scope| {
        for pool in &pools {
            scope.spawn(|| pool.install(work));
        }
    });
    progress.finish_and_clear();
    match failure.into_inner() {
        Ok(Some(error)) => Err(error),
        _ => Ok(()),
    }
}
