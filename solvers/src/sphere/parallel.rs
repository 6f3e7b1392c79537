//! The division of work among threads, with scratch memory that each keeps.

use super::aligned::AlignedBuffer;
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A slice of which threads write disjoint parts.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a, T>(*mut T, usize, PhantomData<&'a mut [T]>);

// SAFETY: only used by the functions below, whose callers promise disjointness.
unsafe impl<T: Send> Send for Shared<'_, T> {}
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    pub(crate) fn new(slice: &'a mut [T]) -> Self {
        Self(slice.as_mut_ptr(), slice.len(), PhantomData)
    }

    /// # Safety
    /// No two living slices overlap.
    #[allow(clippy::mut_from_ref)]
    #[inline(always)]
    pub(crate) unsafe fn part(&self, from: usize, len: usize) -> &'a mut [T] {
        assert!(from + len <= self.1);
        unsafe { std::slice::from_raw_parts_mut(self.0.add(from), len) }
    }

    pub(crate) fn pointer(&self) -> *mut T {
        self.0
    }
}

thread_local! {
    static SCRATCH: Cell<AlignedBuffer> = const { Cell::new(AlignedBuffer::empty()) };
}

/// Runs `work(i, scratch)` for i in 0..count, in parallel where that pays.
pub(crate) fn for_each(
    count: usize,
    scratch_len: usize,
    parallel: bool,
    work: impl Fn(usize, &mut [f64]) + Sync,
) {
    // A shared counter: whoever is free takes the next piece, so nothing has to be divided
    // evenly in advance. Costly pieces (low orders) come first.
    let next = AtomicUsize::new(0);
    let worker = || {
        // Scratch is taken out of its cell, so that a nested use would only allocate anew.
        let mut scratch = SCRATCH.take();
        scratch.reserve(scratch_len);
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= count {
                break;
            }
            work(i, &mut scratch[..scratch_len]);
        }
        SCRATCH.set(scratch);
    };
    spread(
        if parallel {
            rayon::current_num_threads().min(count)
        } else {
            1
        },
        &worker,
    );
}

/// Runs `worker` on so many threads, as far as they are free.
fn spread(threads: usize, worker: &(impl Fn() + Sync)) {
    if threads <= 1 {
        worker();
    } else {
        rayon::join(
            || spread(threads / 2, worker),
            || spread(threads - threads / 2, worker),
        );
    }
}
