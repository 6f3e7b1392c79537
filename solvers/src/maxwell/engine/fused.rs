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

/// Takes steps from `first` on with `threads` threads.
pub(super) fn advance<T: Real>(
    stepper: &Stepper<'_, T>,
    threads: usize,
    first: usize,
    steps: usize,
) {
    let flat = stepper.planes() == 1;
    let (outer, inner) = if flat {
        (stepper.rows(), 1)
    } else {
        (stepper.planes(), stepper.rows())
    };
    Team::run(threads.min(outer), |team, thread| {
        let slab = part(outer, team.size(), thread);
        let last = slab.end - 1;
        let place = |o: usize, i: usize| if flat { (0, o) } else { (o, i) };
        for step in first..first + steps {
            for i in 0..inner {
                let (k, j) = place(last, i);
                // SAFETY: E of all planes rests until the threads meet
                unsafe { stepper.h(step, k, j) };
            }
            team.meet();
            for o in slab.clone() {
                for i in 0..inner {
                    let (k, j) = place(o, i);
                    // SAFETY: H at o - 1 below this slab is done, E at o + 1 is the last step's:
                    // in this slab because it comes later, above it because H of the last plane
                    // has been done
                    unsafe {
                        if o != last {
                            stepper.h(step, k, j);
                        }
                        stepper.e(step, k, j);
                    }
                }
            }
            team.meet();
        }
    });
}
