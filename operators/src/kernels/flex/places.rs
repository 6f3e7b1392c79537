//! Modes of a sample's channels, line by line, and their places in a spectrum.

use super::vector::{Vector, for_each_isa};

/// Where a sample's channels are in a spectrum `[modes, B, 2, C]`.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// At mode 0, part 0 of the first channel.
    pub start: *mut f32,
    /// Distance of modes.
    pub mode: usize,
    /// Distance of parts.
    pub part: usize,
    /// Channels, side by side.
    pub channels: usize,
}

/// Calls `copy(place in the spectrum, place in the lines)` for the first channel of every mode and
/// part. Channels are 1 apart in the one and `rows * line` in the other.
#[inline(always)]
fn for_each_mode(
    rows: usize,
    [kx, line]: [usize; 2],
    place: Place,
    mut copy: impl FnMut(*mut f32, usize),
) {
    for row in 0..rows {
        for k in 0..kx {
            for part in 0..2 {
                let offset = (row * kx + k) * place.mode + part * place.part;
                copy(place.start.wrapping_add(offset), row * line + part * kx + k);
            }
        }
    }
}

for_each_isa! {
    /// Lines `[channels, rows, line]` to their places in a spectrum.
    ///
    /// # Safety
    /// Both are good for all modes.
    pub(super) fn scatter(lines: *const f32, rows: usize, size: [usize; 2], place: Place) = scatter_body
}

#[inline(always)]
unsafe fn scatter_body<V: Vector>(lines: *const f32, rows: usize, size: [usize; 2], place: Place) {
    for_each_mode(rows, size, place, |to, from| {
        for c in 0..place.channels {
            // SAFETY: within the shapes.
            unsafe { *to.add(c) = *lines.add(from + c * rows * size[1]) };
        }
    });
}

for_each_isa! {
    /// The other way round; padding becomes 0.
    ///
    /// # Safety
    /// Both are good for all modes.
    pub(super) fn gather(lines: *mut f32, rows: usize, size: [usize; 2], place: Place) = gather_body
}

#[inline(always)]
unsafe fn gather_body<V: Vector>(lines: *mut f32, rows: usize, size: [usize; 2], place: Place) {
    for_each_mode(rows, size, place, |from, to| {
        for c in 0..place.channels {
            // SAFETY: within the shapes.
            unsafe { *lines.add(to + c * rows * size[1]) = *from.add(c) };
        }
    });
    let [kx, line] = size;
    for row in 0..place.channels * rows {
        for k in 2 * kx..line {
            // SAFETY: within the shapes.
            unsafe { *lines.add(row * line + k) = 0.0 };
        }
    }
}
