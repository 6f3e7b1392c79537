//! What a block computes at each point: lines by the modes-to-points matrix, channels by the skip
//! matrix, the bias, and backward the slope of the activation.

use super::activation::{gelu, gelu_slope};
use super::analysis::offsets;
use super::empty;
use crate::kernels::FourierGrid;
use burn::backend::TensorMetadata;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

/// Points and channels of a cube; each unit has 4 points and 2 channels.
const POINTS: u32 = 64;
const CHANNELS: u32 = 32;
/// Depth of a step of the sum.
const DEPTH: u32 = 16;

/// `start + lines matrix + skip gelu(x)`, `[B, Co, P]`.
pub(super) fn forward(
    x: CubeTensor,
    lines: CubeTensor,
    transforms: CubeTensor,
    skip: CubeTensor,
    bias: CubeTensor,
    grid: FourierGrid,
    activate: bool,
) -> CubeTensor {
    let [batch, inputs, points] = x.shape().dims::<3>();
    let [outputs, _] = skip.shape().dims::<2>();
    let output = empty(&x, [batch, outputs, points]);
    let [x_at, _] = offsets(grid, true);
    // The bias stands in where the slope's argument is not read.
    let unread = bias.clone();
    launch(
        Sides {
            right: x,
            lines,
            transforms,
            skip,
            bias,
            before: unread,
            output: output.clone(),
        },
        grid,
        [batch, inputs, outputs],
        x_at,
        (activate, false, false),
    );
    output
}

/// `gelu'(x) (lines matrix + skip^T grad)`, `[B, Ci, P]`.
pub(super) fn backward(
    grad: CubeTensor,
    x: CubeTensor,
    lines: CubeTensor,
    transforms: CubeTensor,
    skip: CubeTensor,
    grid: FourierGrid,
    activate: bool,
) -> CubeTensor {
    let [batch, inputs, points] = x.shape().dims::<3>();
    let [outputs, _] = skip.shape().dims::<2>();
    let output = empty(&x, [batch, inputs, points]);
    let [x_at, _] = offsets(grid, false);
    let unread = skip.clone();
    launch(
        Sides {
            right: grad,
            lines,
            transforms,
            skip,
            bias: unread,
            before: x,
            output: output.clone(),
        },
        grid,
        [batch, outputs, inputs],
        x_at,
        (false, activate, true),
    );
    output
}

struct Sides {
    right: CubeTensor,
    lines: CubeTensor,
    transforms: CubeTensor,
    skip: CubeTensor,
    bias: CubeTensor,
    before: CubeTensor,
    output: CubeTensor,
}

/// `depth` channels of `right` to `rows` channels of the output.
fn launch(
    s: Sides,
    grid: FourierGrid,
    [batch, depth, rows]: [usize; 3],
    x_at: u32,
    (activate, slope, adjoint): (bool, bool, bool),
) {
    let [_, height, width] = grid.sizes;
    let client = s.output.client.clone();
    let tiles = (width as u32).div_ceil(POINTS);
    points_kernel::launch(
        &client,
        CubeCount::Static(
            height as u32 * tiles,
            batch as u32,
            (rows as u32).div_ceil(CHANNELS),
        ),
        CubeDim::new_2d(16, 16),
        s.right.into_buffer_arg(),
        s.lines.into_buffer_arg(),
        s.transforms.into_buffer_arg(),
        s.skip.into_buffer_arg(),
        s.bias.into_buffer_arg(),
        s.before.into_buffer_arg(),
        s.output.into_buffer_arg(),
        depth as u32,
        rows as u32,
        height as u32,
        width as u32,
        2 * grid.modes[2] as u32,
        x_at,
        activate,
        slope,
        adjoint,
    );
}

#[cube(launch)]
fn points_kernel(
    right: &[f32],
    lines: &[f32],
    matrices: &[f32],
    skip: &[f32],
    bias: &[f32],
    before: &[f32],
    out: &mut [f32],
    depth: u32,
    rows: u32,
    height: u32,
    width: u32,
    pairs: u32,
    x_at: u32,
    #[comptime] activate: bool,
    #[comptime] slope: bool,
    #[comptime] adjoint: bool,
) {
    let mut a = Shared::<[f32]>::new_slice(comptime!((DEPTH * (CHANNELS + 1)) as usize));
    let mut b = Shared::<[f32]>::new_slice(comptime!((DEPTH * POINTS) as usize));
    let tiles = (width + POINTS - 1) / POINTS;
    let row = CUBE_POS_X / tiles;
    let first = CUBE_POS_X % tiles * POINTS;
    let sample = CUBE_POS_Y;
    let channel = CUBE_POS_Z * CHANNELS;
    let points = height * width;
    let c0 = channel + 2 * UNIT_POS_Y;
    let mut sums = Array::<f32>::new(8usize);
    #[unroll]
    for n in 0..8 {
        sums[n] = 0.0f32;
    }
    if comptime!(!adjoint) {
        let s0 = bias[u32::min(c0, rows - 1) as usize];
        let s1 = bias[u32::min(c0 + 1, rows - 1) as usize];
        #[unroll]
        for n in 0..4 {
            sums[n] = s0;
            sums[n + 4] = s1;
        }
    }
    let total = pairs + depth;
    let mut k0 = 0u32;
    while k0 < total {
        // (k, channel) of the left factor
        let mut at = UNIT_POS;
        while at < DEPTH * CHANNELS {
            let k = k0 + at % DEPTH;
            let c = channel + at / DEPTH;
            let mut value = 0.0f32;
            if c < rows {
                if k < pairs {
                    value = lines[(((sample * rows + c) * height + row) * pairs + k) as usize];
                } else if k < total {
                    if comptime!(adjoint) {
                        value = skip[((k - pairs) * rows + c) as usize];
                    } else {
                        value = skip[(c * depth + k - pairs) as usize];
                    }
                }
            }
            a[(at % DEPTH * (CHANNELS + 1) + at / DEPTH) as usize] = value;
            at += 256;
        }
        // (k, point) of the right factor
        let mut at = UNIT_POS;
        while at < DEPTH * POINTS {
            let k = k0 + at / POINTS;
            let w = first + at % POINTS;
            let mut value = 0.0f32;
            if w < width {
                if k < pairs {
                    value = matrices[(x_at + k * width + w) as usize];
                } else if k < total {
                    let from = (sample * depth + k - pairs) * points + row * width + w;
                    value = right[from as usize];
                    if comptime!(activate) {
                        value = gelu(value);
                    }
                }
            }
            b[at as usize] = value;
            at += 256;
        }
        sync_cube();
        #[unroll]
        for k in 0..DEPTH {
            let left = k * (CHANNELS + 1) + 2 * UNIT_POS_Y;
            let a0 = a[left as usize];
            let a1 = a[(left + 1) as usize];
            #[unroll]
            for n in 0..4u32 {
                let value = b[(k * POINTS + UNIT_POS_X + 16 * n) as usize];
                sums[n as usize] += a0 * value;
                sums[(n + 4) as usize] += a1 * value;
            }
        }
        sync_cube();
        k0 += DEPTH;
    }
    #[unroll]
    for n in 0..4u32 {
        let w = first + UNIT_POS_X + 16 * n;
        if w < width {
            #[unroll]
            for r in 0..2u32 {
                let c = c0 + r;
                if c < rows {
                    let to = (sample * rows + c) * points + row * width + w;
                    let mut value = sums[(n + 4 * r) as usize];
                    if comptime!(slope) {
                        value *= gelu_slope(before[to as usize]);
                    }
                    out[to as usize] = value;
                }
            }
        }
    }
}
