//! Stretches of points that tasks share out, and tiles of them that fit in cache.
//!
//! Tasks and the order of their sums follow from the shapes alone: the same bits on any number of
//! threads.

use super::pool::Buffer;
use rayon::prelude::*;

/// Points of a tile, and of a task.
const TILE: usize = 512;
const TASK: usize = 2048;

/// A pointer that tasks write different places of.
#[derive(Clone, Copy)]
pub(super) struct Shared(pub *mut f32);
// SAFETY: every task writes its own part.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    pub fn at(self, offset: usize) -> *mut f32 {
        self.0.wrapping_add(offset)
    }
}

/// `out += ` the rows of `parts`, in their order.
pub(super) fn sum_rows(parts: &[f32], out: &mut [f32]) {
    for part in parts.chunks_exact(out.len()) {
        for (sum, value) in out.iter_mut().zip(part) {
            *sum += value;
        }
    }
}

/// The tiles of one task.
pub(super) struct Tiles {
    at: usize,
    end: usize,
    /// Number of the task in its sample.
    pub task: usize,
}

impl Iterator for Tiles {
    type Item = (usize, usize);
    fn next(&mut self) -> Option<(usize, usize)> {
        let from = self.at;
        let length = TILE.min(self.end - from);
        self.at += length;
        (length > 0).then_some((from, length))
    }
}

/// Calls `task(sample, tiles)` for stretches of points.
pub(super) fn for_each_tile(batch: usize, points: usize, task: impl Fn(usize, Tiles) + Sync) {
    let tasks = points.div_ceil(TASK);
    (0..batch * tasks).into_par_iter().for_each(|n| {
        let at = n % tasks * TASK;
        let tiles = Tiles {
            at,
            end: points.min(at + TASK),
            task: n % tasks,
        };
        task(n / tasks, tiles);
    });
}

/// Number of tasks of [`for_each_tile`].
pub(super) fn tile_tasks(batch: usize, points: usize) -> usize {
    batch * points.div_ceil(TASK)
}

/// A tile of all channels side by side: rows as far apart as the grid has points would all fall
/// into the same few cache sets.
pub(super) struct Packed {
    pub values: Buffer,
    channels: usize,
}

impl Packed {
    /// Distance of rows; odd in cache lines.
    pub const STRIDE: usize = TILE + 16;

    pub fn new(channels: usize) -> Self {
        Self {
            values: Buffer::new(channels * Self::STRIDE),
            channels,
        }
    }

    /// Takes points `from ..` of rows that are `points` apart.
    pub fn fill(&mut self, x: &[f32], points: usize, from: usize, length: usize) {
        for c in 0..self.channels {
            let row = &x[c * points + from..][..length];
            self.values[c * Self::STRIDE..][..length].copy_from_slice(row);
        }
    }
}
