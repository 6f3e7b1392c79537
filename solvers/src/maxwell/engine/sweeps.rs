//! H everywhere, then E everywhere: two passes over the mesh per step, for any walls.

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
    let rows = stepper.rows();
    let all = rows * stepper.planes();
    Team::run(threads.min(all), |team, thread| {
        for step in first..first + steps {
            for row in part(all, team.size(), thread) {
                // SAFETY: E rests until all threads meet; each row is one thread's
                unsafe { stepper.h(step, row / rows, row % rows) };
            }
            team.meet();
            for row in part(all, team.size(), thread) {
                // SAFETY: H rests until all threads meet
                unsafe { stepper.e(step, row / rows, row % rows) };
            }
            team.meet();
        }
    });
}
