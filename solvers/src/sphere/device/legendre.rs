//! The Legendre half on a device: for each order, products over degree and over latitude.
//!
//! Both are products of a matrix of Legendre functions with many columns, the real and imaginary
//! parts of all fields of all members. Degrees are taken in pairs, one even and one odd in
//! latitude: only northern rows are summed, and the mirrored ones follow as `E + O` and `E - O`.
//!
//! A cube makes a tile of the product from strips of both factors in shared memory; each unit
//! keeps a few sums of either parity in registers. The sums are plain ones in the precision of the
//! values: no tensor cores, which would round to ten bits.

use super::Batch;
use super::transform::Tables;
use crate::device::{Buffer, Device, Real};
use cubecl::prelude::*;

/// A tile of a product: units along its rows and columns, sums of each unit along both, and the
/// depth of a strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Tile {
    rows: u32,
    columns: u32,
    per_row: u32,
    per_column: u32,
    depth: u32,
}

impl Tile {
    /// Tiles for as many columns: narrow ones for a single member, so that no unit is idle.
    fn of(columns: u32) -> Self {
        match columns {
            ..=4 => Self {
                rows: 16,
                columns: 4,
                per_row: 4,
                per_column: 1,
                depth: 16,
            },
            5..=24 => Self {
                rows: 16,
                columns: 4,
                per_row: 4,
                per_column: if columns <= 8 { 2 } else { 3 },
                depth: 16,
            },
            _ => Self {
                rows: 16,
                columns: 16,
                per_row: 4,
                per_column: 4,
                depth: 8,
            },
        }
    }

    fn units(&self) -> u32 {
        self.rows * self.columns
    }

    /// Rows of a tile.
    fn height(&self) -> u32 {
        self.rows * self.per_row
    }

    /// Columns of a tile.
    fn width(&self) -> u32 {
        self.columns * self.per_column
    }
}

/// Series `[m][n = m..=N+1][column]` to lines `[m][northern row][member][parity][column of the
/// member]`.
pub(crate) fn synthesis<F: Real>(
    device: &Device,
    tables: &Tables,
    batch: Batch,
    series: &Buffer,
    lines: &Buffer,
) {
    let tile = Tile::of(batch.columns());
    // SAFETY: every index follows from the sizes that the buffers were made for.
    unsafe {
        synthesis_kernel::launch_unchecked::<F>(
            device.client(),
            CubeCount::Static(
                tables.half.div_ceil(tile.height()),
                tables.truncation + 1,
                batch.columns().div_ceil(tile.width()),
            ),
            CubeDim::new_1d(tile.units()),
            tables.functions.argument(),
            tables.places.argument(),
            series.argument(),
            lines.argument(),
            tables.truncation,
            tables.half,
            batch.members,
            batch.width(),
            tile,
        );
    }
}

#[cube(launch_unchecked)]
fn synthesis_kernel<F: Float>(
    functions: &[F],
    places: &[u32],
    series: &[F],
    lines: &mut [F],
    truncation: u32,
    half: u32,
    members: u32,
    width: u32,
    #[comptime] tile: Tile,
) {
    let high = comptime!(tile.height());
    let wide = comptime!(tile.width());
    let strip = comptime!(2 * tile.depth);
    let units = comptime!(tile.units());
    // (degree, latitude) and (degree, column); degrees alternate in parity
    let mut left = Shared::<[F]>::new_slice(comptime!((strip * high) as usize));
    let mut right = Shared::<[F]>::new_slice(comptime!((strip * wide) as usize));
    let sums = comptime!((tile.per_row * tile.per_column) as usize);
    let mut even = Array::<F>::new(sums);
    let mut odd = Array::<F>::new(sums);
    let mut p = Array::<F>::new(comptime!((2 * tile.per_row) as usize));
    #[unroll]
    for s in 0..sums {
        even[s] = F::new(0.0);
        odd[s] = F::new(0.0);
    }
    let m = CUBE_POS_Y;
    let start = places[(2 * m) as usize];
    let first = places[(2 * m + 1) as usize];
    let reach = half - first;
    let degrees = truncation + 2 - m;
    let columns = members * width;
    // rows are counted from the first latitude that the order reaches
    let j0 = CUBE_POS_X * high;
    let c0 = CUBE_POS_Z * wide;
    let series_row = m * (2 * truncation + 5 - m) / 2;
    // columns go with the fastest unit, so that neighbours write to one place
    let x = UNIT_POS % comptime!(tile.columns);
    let y = UNIT_POS / comptime!(tile.columns);
    if j0 < reach {
        let mut n0 = 0u32;
        while n0 < degrees {
            let mut at = UNIT_POS;
            while at < strip * high {
                let n = n0 + at / high;
                let j = j0 + at % high;
                let mut value = F::new(0.0);
                if n < degrees && j < reach {
                    value = functions[(start + n * reach + j) as usize];
                }
                left[at as usize] = value;
                at += units;
            }
            let mut at = UNIT_POS;
            while at < strip * wide {
                let n = n0 + at / wide;
                let c = c0 + at % wide;
                let mut value = F::new(0.0);
                if n < degrees && c < columns {
                    value = series[((series_row + n) * columns + c) as usize];
                }
                right[at as usize] = value;
                at += units;
            }
            sync_cube();
            for k in 0..comptime!(tile.depth) {
                #[unroll]
                for r in 0..comptime!(tile.per_row) {
                    let from = 2 * k * high + y + comptime!(r * tile.rows);
                    p[comptime!((2 * r) as usize)] = left[from as usize];
                    p[comptime!((2 * r + 1) as usize)] = left[(from + high) as usize];
                }
                accumulate(&p, &right, &mut even, &mut odd, 2 * k * wide + x, tile);
            }
            sync_cube();
            n0 += strip;
        }
        #[unroll]
        for r in 0..comptime!(tile.per_row) {
            #[unroll]
            for c in 0..comptime!(tile.per_column) {
                let j = j0 + y + comptime!(r * tile.rows);
                let column = c0 + x + comptime!(c * tile.columns);
                if j < reach && column < columns {
                    let row = (m * half + first + j) * members + column / width;
                    let to = 2 * row * width + column % width;
                    let at = comptime!((r * tile.per_column + c) as usize);
                    lines[to as usize] = even[at];
                    lines[(to + width) as usize] = odd[at];
                }
            }
        }
    }
}

/// Adds the products of a unit's rows at one depth, even and odd in turn, with its columns there,
/// which begin at `from`.
#[cube]
fn accumulate<F: Float>(
    rows: &Array<F>,
    columns: &Shared<[F]>,
    even: &mut Array<F>,
    odd: &mut Array<F>,
    from: u32,
    #[comptime] tile: Tile,
) {
    #[unroll]
    for c in 0..comptime!(tile.per_column) {
        let place = from + comptime!(c * tile.columns);
        let s = columns[place as usize];
        let t = columns[(place + comptime!(tile.width())) as usize];
        #[unroll]
        for r in 0..comptime!(tile.per_row) {
            let at = comptime!((r * tile.per_column + c) as usize);
            even[at] += rows[comptime!((2 * r) as usize)] * s;
            odd[at] += rows[comptime!((2 * r + 1) as usize)] * t;
        }
    }
}

/// Lines `[m][northern row][member][parity][column of the member]`, already weighted, to series
/// `[m][n = m..=N+1][column]`.
pub(crate) fn analysis<F: Real>(
    device: &Device,
    tables: &Tables,
    batch: Batch,
    lines: &Buffer,
    series: &Buffer,
) {
    let tile = Tile::of(batch.columns());
    // SAFETY: every index follows from the sizes that the buffers were made for.
    unsafe {
        analysis_kernel::launch_unchecked::<F>(
            device.client(),
            CubeCount::Static(
                (tables.truncation + 2).div_ceil(2 * tile.height()),
                tables.truncation + 1,
                batch.columns().div_ceil(tile.width()),
            ),
            CubeDim::new_1d(tile.units()),
            tables.functions.argument(),
            tables.places.argument(),
            lines.argument(),
            series.argument(),
            tables.truncation,
            tables.half,
            batch.members,
            batch.width(),
            tile,
        );
    }
}

#[cube(launch_unchecked)]
fn analysis_kernel<F: Float>(
    functions: &[F],
    places: &[u32],
    lines: &[F],
    series: &mut [F],
    truncation: u32,
    half: u32,
    members: u32,
    width: u32,
    #[comptime] tile: Tile,
) {
    let high = comptime!(tile.height());
    let wide = comptime!(tile.width());
    let depth = comptime!(tile.depth);
    let pitch = comptime!(tile.depth + 1);
    let units = comptime!(tile.units());
    // (parity, pair of degrees, latitude) and (latitude, parity, column)
    let mut left = Shared::<[F]>::new_slice(comptime!((2 * high * pitch) as usize));
    let mut right = Shared::<[F]>::new_slice(comptime!((depth * 2 * wide) as usize));
    let sums = comptime!((tile.per_row * tile.per_column) as usize);
    let mut even = Array::<F>::new(sums);
    let mut odd = Array::<F>::new(sums);
    let mut p = Array::<F>::new(comptime!((2 * tile.per_row) as usize));
    #[unroll]
    for s in 0..sums {
        even[s] = F::new(0.0);
        odd[s] = F::new(0.0);
    }
    let m = CUBE_POS_Y;
    let start = places[(2 * m) as usize];
    let first = places[(2 * m + 1) as usize];
    let reach = half - first;
    let degrees = truncation + 2 - m;
    let columns = members * width;
    let n0 = CUBE_POS_X * 2 * high;
    let c0 = CUBE_POS_Z * wide;
    let x = UNIT_POS % comptime!(tile.columns);
    let y = UNIT_POS / comptime!(tile.columns);
    if n0 < degrees {
        let mut j0 = 0u32;
        while j0 < reach {
            let mut at = UNIT_POS;
            while at < 2 * high * depth {
                let row = at / depth;
                let j = j0 + at % depth;
                let n = n0 + row;
                let mut value = F::new(0.0);
                if n < degrees && j < reach {
                    value = functions[(start + n * reach + j) as usize];
                }
                left[((row % 2 * high + row / 2) * pitch + at % depth) as usize] = value;
                at += units;
            }
            let mut at = UNIT_POS;
            while at < depth * 2 * wide {
                let j = j0 + at / (2 * wide);
                let column = c0 + at % wide;
                let parity = at / wide % 2;
                let mut value = F::new(0.0);
                if j < reach && column < columns {
                    let row = (m * half + first + j) * members + column / width;
                    value = lines[((2 * row + parity) * width + column % width) as usize];
                }
                right[at as usize] = value;
                at += units;
            }
            sync_cube();
            for k in 0..depth {
                #[unroll]
                for r in 0..comptime!(tile.per_row) {
                    let from = (y + comptime!(r * tile.rows)) * pitch + k;
                    p[comptime!((2 * r) as usize)] = left[from as usize];
                    p[comptime!((2 * r + 1) as usize)] = left[(from + high * pitch) as usize];
                }
                accumulate(&p, &right, &mut even, &mut odd, 2 * k * wide + x, tile);
            }
            sync_cube();
            j0 += depth;
        }
        let series_row = m * (2 * truncation + 5 - m) / 2;
        #[unroll]
        for r in 0..comptime!(tile.per_row) {
            #[unroll]
            for c in 0..comptime!(tile.per_column) {
                let n = n0 + 2 * (y + comptime!(r * tile.rows));
                let column = c0 + x + comptime!(c * tile.columns);
                let at = comptime!((r * tile.per_column + c) as usize);
                if n < degrees && column < columns {
                    series[((series_row + n) * columns + column) as usize] = even[at];
                }
                if n + 1 < degrees && column < columns {
                    series[((series_row + n + 1) * columns + column) as usize] = odd[at];
                }
            }
        }
    }
}
