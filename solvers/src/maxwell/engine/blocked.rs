//! Several steps in one pass over the mesh (temporal blocking).
//!
//! With S(k, j, t) = `h` and `e` of a row in step t, S(k, j, t + 1) may come once S(k + 1, j, t)
//! and S(k, j + 1, t) are done: each step lags one plane and one row behind the step before it. So
//! the mesh is cut into tiles of rows that shift by a row per step, and a front walks through each
//! tile in z, with step t at plane `front - t`:
//!
//! ```text
//! for each tile [y0, y1):                       handed to the threads in turn
//!   for front in 0..planes + T - 1:             once the tile below has done this front
//!     for t in 0..T:
//!       for j in [y0 - t, y1 - t):  S(front - t, j, t)
//! ```
//!
//! What a tile needs from the one below, the row under its own in the same step, lies beyond the
//! rows which that tile takes further, so it may be any distance ahead. The planes between the
//! first step's and the last one's stay in the cache, and memory is read and written once in T
//! steps. (K. Datta et al., SIAM Rev. 51, 129-159, 2009, on skewed tiles; the wavefront in z is the
//! multicore one of G. Wellein et al., COMPSAC 2009.)

use super::Real;
use super::fused::both;
use super::stepper::Stepper;
use super::threads::Team;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most steps in one pass.
const DEPTH: usize = 16;

/// Bytes of fields that the planes and rows of a front may fill: more than a second-level cache
/// and a core's share of the third. Smaller tiles are in nearer caches, but what tiles have to
/// read again of each other, a row per step, counts for more.
const WORKING_SET: usize = 3 << 20;

/// How a mesh is cut.
struct Tiling {
    /// Steps in one pass.
    depth: usize,
    /// Rows of a tile.
    rows: usize,
}

impl Tiling {
    /// What fits into the cache, and an even share of tiles for each thread; where tiles would be
    /// lower than twice the steps that they shift by, half the steps.
    fn new<T: Real>(stepper: &Stepper<'_, T>, threads: usize, steps: usize) -> Self {
        let all = stepper.rows();
        let fit = |depth: usize| {
            let planes = depth.min(stepper.planes()) + 1;
            (WORKING_SET / (planes * stepper.row_bytes())).clamp(4, all.max(4))
        };
        let mut depth = DEPTH;
        if fit(depth) < (2 * depth).min(all) {
            depth /= 2;
        }
        let depth = depth.min(steps);
        let skewed = all + depth;
        let rounds = skewed.div_ceil(fit(depth) * threads).max(1);
        Self {
            depth,
            rows: skewed.div_ceil(rounds * threads),
        }
    }
}

/// Takes steps from `first` on with `threads` threads.
pub(super) fn advance<T: Real>(
    stepper: &Stepper<'_, T>,
    threads: usize,
    first: usize,
    steps: usize,
) {
    let Tiling { depth, rows: tile } = Tiling::new(stepper, threads, steps);
    let tiles = (stepper.rows() + depth).div_ceil(tile);
    // fronts that each tile has done, counted on over the passes
    let done: Vec<AtomicUsize> = (0..tiles).map(|_| AtomicUsize::new(0)).collect();
    Team::run(threads.min(tiles), |team, thread| {
        let mut before = 0;
        let mut step = first;
        while step < first + steps {
            let depth = depth.min(first + steps - step);
            let fronts = stepper.planes() + depth - 1;
            for n in (thread..tiles).step_by(team.size()) {
                for front in 0..fronts {
                    if n > 0 {
                        let below = &done[n - 1];
                        team.wait(|| below.load(Ordering::Acquire) > before + front);
                    }
                    // SAFETY: as argued above
                    unsafe { at_front(stepper, n * tile, tile, front, step, depth) };
                    done[n].store(before + front + 1, Ordering::Release);
                }
            }
            before += fronts;
            step += depth;
            // tiles of the next pass begin at planes that this one is done with
            team.meet();
        }
    });
}

/// A front of the tile of rows `y0..y0 + tile`.
#[inline(always)]
unsafe fn at_front<T: Real>(
    stepper: &Stepper<'_, T>,
    y0: usize,
    tile: usize,
    front: usize,
    first: usize,
    depth: usize,
) {
    for t in 0..depth.min(front + 1) {
        let k = front - t;
        if k >= stepper.planes() {
            continue;
        }
        let rows = y0.saturating_sub(t)..(y0 + tile).saturating_sub(t).min(stepper.rows());
        // SAFETY: the caller's promise
        unsafe { both(stepper, first + t, k, rows, 0) };
    }
}
