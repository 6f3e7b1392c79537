//! Independent pieces of work, side by side.

use crate::error::{Error, Result};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Does `count` pieces of work, one for each core at a time. Each has a pool of one thread, so that
/// nothing waits at barriers and nothing is shared but the last cache; the workers are threads of
/// their own, since a rayon worker that waits for another pool takes up the next piece meanwhile.
/// Results are in order; after the first error nothing more is begun.
///
/// # Errors
/// The first that `work` returns.
pub fn on_cores<T: Send>(count: usize, work: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let found: Mutex<Vec<(usize, Result<T>)>> = Mutex::default();
    let worker = || {
        while !stop.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                break;
            }
            let result = work(index);
            if result.is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            if let Ok(mut found) = found.lock() {
                found.push((index, result));
            }
        }
    };
    let pools = (0..rayon::current_num_threads().min(count))
        .map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build())
        .collect::<Result<Vec<_>, _>>()
        .map_err(Error::failed)?;
    std::thread::scope(|scope| {
        for pool in &pools {
            scope.spawn(|| pool.install(worker));
        }
    });
    let mut found = found.into_inner().map_err(Error::failed)?;
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_and_the_first_error_ends_the_work() {
        let squares = on_cores(50, |n| Ok(n * n)).expect("squares");
        assert!(squares.into_iter().eq((0..50).map(|n| n * n)));
        assert!(on_cores(0, Ok).expect("nothing").is_empty());
        let begun = AtomicUsize::new(0);
        let refused = on_cores(1000, |n| {
            begun.fetch_add(1, Ordering::Relaxed);
            match n {
                3 => Err(Error::failed("three")),
                n => Ok(n),
            }
        });
        assert!(refused.expect_err("refused").to_string().contains("three"));
        assert!(begun.into_inner() < 1000);
    }
}
