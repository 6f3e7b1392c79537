//! Fields to modes: one cube for each sample and channel, lines of modes in shared memory.

use super::activation::gelu;
use super::{UNITS, empty};
use crate::kernels::FourierGrid;
use burn::backend::TensorMetadata;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

/// Numbers of a chunk of rows at most.
const CHUNK: usize = 4096;

/// Rows that are transformed at a time.
fn chunk_rows(grid: FourierGrid) -> usize {
    let [_, height, width] = grid.sizes;
    (CHUNK / (width + 1)).clamp(1, height)
}

/// Numbers of shared memory.
pub(super) fn shared_values(grid: FourierGrid) -> usize {
    let [_, height, width] = grid.sizes;
    chunk_rows(grid) * (width + 1) + height * 2 * grid.modes[2]
}

/// Offsets of the matrices of x and y in the list of all.
pub(super) fn offsets(grid: FourierGrid, second: bool) -> [u32; 2] {
    let mut sizes = grid.matrices().map(|[rows, columns]| rows * columns);
    let x = sizes.next().unwrap_or(0);
    let y = sizes.next().unwrap_or(0);
    let (x_at, y_at) = if second { (x, 2 * x + y) } else { (0, 2 * x) };
    [x_at as u32, y_at as u32]
}

/// `[B, C, P]` to `[M, B, 2, C]`.
pub(super) fn launch(
    x: CubeTensor,
    transforms: CubeTensor,
    grid: FourierGrid,
    adjoint: bool,
    activate: bool,
) -> CubeTensor {
    let [batch, channels, _] = x.shape().dims::<3>();
    let [_, height, width] = grid.sizes;
    let [_, ky, kx] = grid.modes;
    let output = empty(&x, [grid.mode_count(), batch, 2, channels]);
    let [x_at, y_at] = offsets(grid, adjoint);
    let client = output.client.clone();
    let rows = chunk_rows(grid);
    analysis_kernel::launch(
        &client,
        CubeCount::Static(channels as u32, batch as u32, 1),
        CubeDim::new_1d(UNITS),
        x.into_buffer_arg(),
        transforms.into_buffer_arg(),
        output.clone().into_buffer_arg(),
        batch as u32,
        channels as u32,
        height as u32,
        width as u32,
        ky as u32,
        kx as u32,
        x_at,
        y_at,
        rows,
        rows * (width + 1),
        height * 2 * kx,
        height > 1,
        activate,
    );
    output
}

#[cube(launch)]
fn analysis_kernel(
    x: &[f32],
    matrices: &[f32],
    out: &mut [f32],
    batch: u32,
    channels: u32,
    height: u32,
    width: u32,
    ky: u32,
    kx: u32,
    x_at: u32,
    y_at: u32,
    #[comptime] chunk_rows: usize,
    #[comptime] chunk_size: usize,
    #[comptime] lines_size: usize,
    #[comptime] two: bool,
    #[comptime] activate: bool,
) {
    let mut chunk = Shared::<[f32]>::new_slice(chunk_size);
    let mut lines = Shared::<[f32]>::new_slice(lines_size);
    let channel = CUBE_POS_X;
    let sample = CUBE_POS_Y;
    let plane = (sample * channels + channel) * height * width;
    let pairs = 2 * kx;
    let chunk_rows = comptime!(chunk_rows as u32);
    // Four modes of a row for each unit: a number of the row serves four sums.
    let groups = (pairs + 3) / 4;
    let mut first = 0u32;
    while first < height {
        let rows = u32::min(chunk_rows, height - first);
        let mut at = UNIT_POS;
        while at < rows * width {
            let row = at / width;
            let value = x[(plane + first * width + at) as usize];
            let value = if comptime!(activate) {
                gelu(value)
            } else {
                value
            };
            // A row ends in a gap, so that a column is spread over the banks.
            chunk[(at + row) as usize] = value;
            at += UNITS;
        }
        sync_cube();
        let mut task = UNIT_POS;
        while task < rows * groups {
            let row = task % rows;
            let k = task / rows * 4;
            // Beyond the last mode the last one is computed again.
            let k1 = u32::min(k + 1, pairs - 1);
            let k2 = u32::min(k + 2, pairs - 1);
            let k3 = u32::min(k + 3, pairs - 1);
            let from = row * (width + 1);
            let m0 = x_at + k * width;
            let m1 = x_at + k1 * width;
            let m2 = x_at + k2 * width;
            let m3 = x_at + k3 * width;
            let mut s0 = 0.0f32;
            let mut s1 = 0.0f32;
            let mut s2 = 0.0f32;
            let mut s3 = 0.0f32;
            for w in 0..width {
                let value = chunk[(from + w) as usize];
                s0 += value * matrices[(m0 + w) as usize];
                s1 += value * matrices[(m1 + w) as usize];
                s2 += value * matrices[(m2 + w) as usize];
                s3 += value * matrices[(m3 + w) as usize];
            }
            let to = (first + row) * pairs;
            lines[(to + k) as usize] = s0;
            lines[(to + k1) as usize] = s1;
            lines[(to + k2) as usize] = s2;
            lines[(to + k3) as usize] = s3;
            task += UNITS;
        }
        sync_cube();
        first += chunk_rows;
    }
    let stride = batch * 2 * channels;
    let place = sample * 2 * channels + channel;
    let mut task = UNIT_POS;
    while task < ky * kx {
        let row = task / kx;
        let column = task % kx;
        let to = task * stride + place;
        if comptime!(two) {
            let real = y_at + row * 2 * height;
            let imaginary = y_at + (ky + row) * 2 * height;
            let mut re = 0.0f32;
            let mut im = 0.0f32;
            for h in 0..height {
                let a = lines[(h * pairs + column) as usize];
                let b = lines[(h * pairs + kx + column) as usize];
                re += matrices[(real + 2 * h) as usize] * a
                    + matrices[(real + 2 * h + 1) as usize] * b;
                im += matrices[(imaginary + 2 * h) as usize] * a
                    + matrices[(imaginary + 2 * h + 1) as usize] * b;
            }
            out[to as usize] = re;
            out[(to + channels) as usize] = im;
        } else {
            out[to as usize] = lines[column as usize];
            out[(to + channels) as usize] = lines[(kx + column) as usize];
        }
        task += UNITS;
    }
}
