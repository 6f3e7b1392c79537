//! Threads over a list.

use cubecl::prelude::*;

/// Threads of a cube.
const UNITS: u32 = 128;
/// Cubes along the first axis, a number that every device can count to.
const ACROSS: u32 = 32768;

/// As many threads as there are items, and some more.
pub(super) fn over(count: usize) -> (CubeCount, CubeDim) {
    let cubes = (count as u32).div_ceil(UNITS);
    let count = CubeCount::Static(cubes.min(ACROSS), cubes.div_ceil(ACROSS), 1);
    (count, CubeDim::new_1d(UNITS))
}

/// The number of this thread.
#[cube]
pub(super) fn thread() -> u32 {
    (CUBE_POS_Y * CUBE_COUNT_X + CUBE_POS_X) * UNITS + UNIT_POS_X
}
