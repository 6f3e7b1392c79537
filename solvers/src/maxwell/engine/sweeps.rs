//! H everywhere, then E everywhere: two passes over the mesh per step, for any walls.

use super::Real;
use super::stepper::Stepper;
use super::threads::{Team, part};

/// Rows at a time.
const CHUNK: usize = 16;

/// Takes steps from `first` on with `threads` threads.
pub(super) fn advance<T: Real>(
    stepper: &Stepper<'_, T>,
    threads: usize,
    first: usize,
    steps: usize,
) {
    // chunks of rows within a plane, the same for both passes
    let rows = stepper.rows();
    let chunks = rows.div_ceil(CHUNK);
    let all = chunks * stepper.planes();
    let place = |n: usize| {
        let (k, first) = (n / chunks, n % chunks * CHUNK);
        (k, first..(first + CHUNK).min(rows))
    };
    Team::run(threads.min(all), |team, thread| {
        for step in first..first + steps {
            for n in part(all, team.size(), thread) {
                let (k, rows) = place(n);
                // SAFETY: E rests until all threads meet; each row is one thread's
                unsafe { stepper.h(step, k, rows, 0) };
            }
            team.meet();
            for n in part(all, team.size(), thread) {
                let (k, rows) = place(n);
                // SAFETY: H rests until all threads meet
                unsafe { stepper.e(step, k, rows, 0) };
            }
            team.meet();
        }
    });
}
