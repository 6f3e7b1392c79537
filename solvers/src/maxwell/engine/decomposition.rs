//! How processes share a mesh: which rows and planes are whose, and who is beside whom.
//!
//! The ranks form a grid of `[along y, along z]`, y and z the engine's. A rank's place in it is
//! `[rank % along y, rank / along y]`. Rows along x are never cut.

use super::layout::Layout;
use super::threads::part;
use crate::{Error, Result};
use std::ops::Range;

/// A mesh shared out.
#[derive(Clone, Debug)]
pub(super) struct Decomposition {
    /// Ranks along y and z.
    ranks: [usize; 2],
    /// Rows of a plane, and planes.
    lines: [usize; 2],
    periodic: [bool; 2],
}

impl Decomposition {
    /// The grid of so many ranks in which the busiest has least to do: rows of its own and rows of
    /// its neighbours that it needs, as many of them of E as of H.
    ///
    /// # Errors
    /// [`Error::Ranks`] when there are not rows and planes enough.
    pub(super) fn new(whole: &Layout, ranks: usize) -> Result<Self> {
        let lines = [whole.rows, whole.planes];
        let cost = |[y, z]: [usize; 2]| {
            let (rows, planes) = (lines[0].div_ceil(y), lines[1].div_ceil(z));
            let halo = if y > 1 { planes } else { 0 } + if z > 1 { rows } else { 0 };
            rows * planes + halo
        };
        (1..=ranks)
            .filter(|y| ranks.is_multiple_of(*y))
            .map(|y| [y, ranks / y])
            .filter(|[y, z]| *y <= lines[0] && *z <= lines[1])
            .min_by_key(|grid| cost(*grid))
            .map(|ranks| Self {
                ranks,
                lines,
                periodic: [whole.periodic[1], whole.periodic[2]],
            })
            .ok_or_else(|| {
                let [x, y, z] = whole.turned.map(|a| ['x', 'y', 'z'][a]);
                Error::Ranks {
                    ranks,
                    reason: format!(
                        "a mesh of {} lines along {y} and {} along {z} cannot be shared out among \
                         so many (lines along {x} stay whole); take fewer processes",
                        lines[0], lines[1]
                    ),
                }
            })
    }

    /// The rows and planes of a rank.
    pub(super) fn own(&self, rank: usize) -> [Range<usize>; 2] {
        let at = self.place(rank);
        std::array::from_fn(|a| part(self.lines[a], self.ranks[a], at[a]))
    }

    /// Who has the lines below (`side` 0) or above a rank's, along y (`axis` 1) or z; nobody at the
    /// end of an axis, nor where the axis is not cut.
    pub(super) fn beside(&self, rank: usize, axis: usize, side: usize) -> Option<usize> {
        let (a, mut at) = (axis - 1, self.place(rank));
        let count = self.ranks[a];
        let end = if side == 0 { 0 } else { count - 1 };
        if count == 1 || (at[a] == end && !self.periodic[a]) {
            return None;
        }
        at[a] = (at[a] + if side == 0 { count - 1 } else { 1 }) % count;
        Some(at[1] * self.ranks[0] + at[0])
    }

    fn place(&self, rank: usize) -> [usize; 2] {
        [rank % self.ranks[0], rank / self.ranks[0]]
    }
}
