//! Sums over samples and points: partial ones of stretches, then their sum in a fixed order.

use super::activation::gelu;
use super::{UNITS, empty};
use burn::backend::TensorMetadata;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

/// Channels of a tile, points of a step and of a stretch.
const TILE: u32 = 32;
const STEP: u32 = 32;
const STRETCH: u32 = 512;

/// `sum over samples and points of grad[o] a[i]`, `[Co, Ci]`, with `a = gelu(x)` or `x`.
pub(super) fn weight_gradient(grad: CubeTensor, x: CubeTensor, activate: bool) -> CubeTensor {
    let [batch, outputs, points] = grad.shape().dims::<3>();
    let [_, inputs, _] = x.shape().dims::<3>();
    let stretches = (points as u32).div_ceil(STRETCH);
    let parts = batch * stretches as usize;
    let partial = empty(&x, [parts, outputs, inputs]);
    let client = partial.client.clone();
    let across = (inputs as u32).div_ceil(TILE);
    weight_gradient_kernel::launch(
        &client,
        CubeCount::Static(
            stretches,
            batch as u32,
            across * (outputs as u32).div_ceil(TILE),
        ),
        CubeDim::new_2d(16, 16),
        grad.into_buffer_arg(),
        x.into_buffer_arg(),
        partial.clone().into_buffer_arg(),
        outputs as u32,
        inputs as u32,
        points as u32,
        across,
        activate,
    );
    sum_parts(partial, [outputs, inputs])
}

#[cube(launch)]
fn weight_gradient_kernel(
    grad: &[f32],
    x: &[f32],
    out: &mut [f32],
    outputs: u32,
    inputs: u32,
    points: u32,
    across: u32,
    #[comptime] activate: bool,
) {
    let size = comptime!((TILE * (STEP + 1)) as usize);
    let mut left = Shared::<[f32]>::new_slice(size);
    let mut right = Shared::<[f32]>::new_slice(size);
    let sample = CUBE_POS_Y;
    let o = CUBE_POS_Z / across * TILE;
    let i = CUBE_POS_Z % across * TILE;
    let end = u32::min((CUBE_POS_X + 1) * STRETCH, points);
    let mut from = CUBE_POS_X * STRETCH;
    let mut s00 = 0.0f32;
    let mut s01 = 0.0f32;
    let mut s10 = 0.0f32;
    let mut s11 = 0.0f32;
    while from < end {
        let mut at = UNIT_POS;
        while at < TILE * STEP {
            let c = at / STEP;
            let p = from + at % STEP;
            let mut g = 0.0f32;
            let mut a = 0.0f32;
            if p < end {
                if o + c < outputs {
                    g = grad[((sample * outputs + o + c) * points + p) as usize];
                }
                if i + c < inputs {
                    a = x[((sample * inputs + i + c) * points + p) as usize];
                    if comptime!(activate) {
                        a = gelu(a);
                    }
                }
            }
            left[(c * (STEP + 1) + at % STEP) as usize] = g;
            right[(c * (STEP + 1) + at % STEP) as usize] = a;
            at += UNITS;
        }
        sync_cube();
        for p in 0..STEP {
            let g0 = left[(UNIT_POS_Y * (STEP + 1) + p) as usize];
            let g1 = left[((UNIT_POS_Y + 16) * (STEP + 1) + p) as usize];
            let a0 = right[(UNIT_POS_X * (STEP + 1) + p) as usize];
            let a1 = right[((UNIT_POS_X + 16) * (STEP + 1) + p) as usize];
            s00 += g0 * a0;
            s01 += g0 * a1;
            s10 += g1 * a0;
            s11 += g1 * a1;
        }
        sync_cube();
        from += STEP;
    }
    let part = (sample * CUBE_COUNT_X + CUBE_POS_X) * outputs * inputs;
    let (o0, o1) = (o + UNIT_POS_Y, o + UNIT_POS_Y + 16);
    let (i0, i1) = (i + UNIT_POS_X, i + UNIT_POS_X + 16);
    if o0 < outputs && i0 < inputs {
        out[(part + o0 * inputs + i0) as usize] = s00;
    }
    if o0 < outputs && i1 < inputs {
        out[(part + o0 * inputs + i1) as usize] = s01;
    }
    if o1 < outputs && i0 < inputs {
        out[(part + o1 * inputs + i0) as usize] = s10;
    }
    if o1 < outputs && i1 < inputs {
        out[(part + o1 * inputs + i1) as usize] = s11;
    }
}

/// Sums the rows of `[parts, ...]`.
pub(super) fn sum_parts<const N: usize>(partial: CubeTensor, shape: [usize; N]) -> CubeTensor {
    let count: usize = shape.iter().product();
    let parts = partial.shape().num_elements() / count.max(1);
    let output = empty(&partial, shape);
    let client = output.client.clone();
    sum_parts_kernel::launch(
        &client,
        CubeCount::Static((count as u32).div_ceil(32), 1, 1),
        CubeDim::new_2d(32, 8),
        partial.into_buffer_arg(),
        output.clone().into_buffer_arg(),
        parts as u32,
        count as u32,
    );
    output
}

#[cube(launch)]
fn sum_parts_kernel(partial: &[f32], out: &mut [f32], parts: u32, count: u32) {
    let mut sums = Shared::<[f32]>::new_slice(256usize);
    let n = CUBE_POS_X * 32 + UNIT_POS_X;
    let mut sum = 0.0f32;
    if n < count {
        let mut part = UNIT_POS_Y;
        while part < parts {
            sum += partial[(part * count + n) as usize];
            part += 8;
        }
    }
    sums[(UNIT_POS_Y * 32 + UNIT_POS_X) as usize] = sum;
    sync_cube();
    if UNIT_POS_Y == 0 && n < count {
        let mut total = 0.0f32;
        for row in 0..8u32 {
            total += sums[(row * 32 + UNIT_POS_X) as usize];
        }
        out[n as usize] = total;
    }
}
