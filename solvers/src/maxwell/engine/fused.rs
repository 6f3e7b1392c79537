//! Each E row right behind its H row: one pass over the mesh per step.
//!
//! Going up in z and y, `h(k, j)` still finds E of the last step at k + 1 and j + 1, and `e(k, j)`
//! finds H of this step at k - 1 and j - 1. Each thread has a slab of planes; H of its last plane
//! is done first, before the thread above takes E of its first plane further, so the slabs are
//! independent after that:
//!
//! ```text
//! H of the last plane | meet | H and E of all planes, but that H | meet
//! ```
//!
//! A mesh of one plane is cut across its rows instead. Not for walls that are periodic along y or
//! z, other than along one cell.

use super::Real;
use super::stepper::Stepper;
use super::threads::{Team, part};
use std::ops::Range;

/// Takes steps from `first` on with `threads` threads.
pub(super) fn advance<T: Real>(
    stepper: &Stepper<'_, T>,
    threads: usize,
    first: usize,
    steps: usize,
) {
    let flat = stepper.planes() == 1;
    let outer = if flat {
        stepper.rows()
    } else {
        stepper.planes()
    };
    Team::run(threads.min(outer), |team, thread| {
        let slab = part(outer, team.size(), thread);
        let last = slab.end - 1;
        for step in first..first + steps {
            // SAFETY: E of all planes rests until the threads meet
            unsafe {
                if flat {
                    stepper.h(step, 0, last..slab.end, 0);
                } else {
                    stepper.h(step, last, 0..stepper.rows(), 0);
                }
            }
            team.meet();
            // SAFETY: H below this slab is done, E in it and above it is the last step's: in this
            // slab because it comes later, above it because H of the last plane has been done
            unsafe {
                if flat {
                    both(stepper, step, 0, slab.start..last, AHEAD);
                    stepper.e(step, 0, last..slab.end, 0);
                } else {
                    for k in slab.start..last {
                        both(stepper, step, k, 0..stepper.rows(), AHEAD);
                    }
                    stepper.e(step, last, 0..stepper.rows(), 0);
                }
            }
            team.meet();
        }
    });
}

/// Rows of H before the same rows of E: few enough that E finds them in the nearest cache, but not
/// still on their way there.
const CHUNK: usize = 4;

/// How many rows ahead of its use memory is asked for. H of a plane and E of the plane above come
/// from memory, and only the H updates touch them first; asked for in E updates as well, they come
/// all the time. Without it, a pass takes a third longer.
const AHEAD: usize = 6;

/// H and E of rows of a plane, asking memory for rows `ahead` rows away, if any.
///
/// # Safety
/// The [order](super::stepper) is kept across threads.
#[inline(always)]
pub(super) unsafe fn both<T: Real>(
    stepper: &Stepper<'_, T>,
    step: usize,
    k: usize,
    rows: Range<usize>,
    ahead: usize,
) {
    let mut from = rows.start;
    while from < rows.end {
        let to = (from + CHUNK).min(rows.end);
        // SAFETY: the caller's promise
        unsafe {
            stepper.h(step, k, from..to, ahead);
            stepper.e(step, k, from..to, ahead);
        }
        from = to;
    }
}
