//! Two channel layers with GELU between: the hidden layer of a tile of points lives in shared
//! memory alone, and is computed again in the backward pass.

use super::activation::{gelu, gelu_slope};
use super::sums::sum_parts;
use super::{UNITS, empty};
use burn::backend::TensorMetadata;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

/// Points of a tile, and tiles of a stretch in the backward pass.
const POINTS: u32 = 32;
const TILES: u32 = 8;

/// Whether tiles fit into shared memory.
pub(super) fn fits(x: &CubeTensor, first: &CubeTensor, second: &CubeTensor) -> bool {
    let [hidden, inputs] = first.shape().dims::<2>();
    let [outputs, _] = second.shape().dims::<2>();
    let numbers = (inputs + outputs + 2 * hidden) * (POINTS as usize + 1);
    4 * numbers <= x.client.properties().hardware.max_shared_memory_size
}

pub(super) fn forward(
    x: CubeTensor,
    first: CubeTensor,
    first_bias: CubeTensor,
    second: CubeTensor,
    second_bias: CubeTensor,
) -> CubeTensor {
    let [batch, inputs, points] = x.shape().dims::<3>();
    let [outputs, hidden] = second.shape().dims::<2>();
    let output = empty(&x, [batch, outputs, points]);
    let client = output.client.clone();
    let pitch = POINTS as usize + 1;
    // SAFETY: every index follows from the shapes that the counts were made of.
    unsafe {
        forward_kernel::launch_unchecked(
            &client,
            CubeCount::Static((points as u32).div_ceil(POINTS), batch as u32, 1),
            CubeDim::new_1d(UNITS),
            x.into_buffer_arg(),
            first.into_buffer_arg(),
            first_bias.into_buffer_arg(),
            second.into_buffer_arg(),
            second_bias.into_buffer_arg(),
            output.clone().into_buffer_arg(),
            inputs as u32,
            hidden as u32,
            outputs as u32,
            points as u32,
            inputs * pitch,
            hidden * pitch,
        );
    }
    output
}

/// Points `from ..` of `channels` rows, the first of which is `row`, to shared memory; 0 from `end` on.
#[cube]
fn load_tile(
    tile: &mut Shared<[f32]>,
    x: &[f32],
    row: u32,
    channels: u32,
    points: u32,
    from: u32,
    end: u32,
) {
    let p = UNIT_POS % POINTS;
    let mut c = UNIT_POS / POINTS;
    while c < channels {
        let mut value = 0.0f32;
        if from + p < end {
            value = x[((row + c) * points + from + p) as usize];
        }
        tile[(c * (POINTS + 1) + p) as usize] = value;
        c += UNITS / POINTS;
    }
}

#[cube(launch_unchecked)]
fn forward_kernel(
    x: &[f32],
    first: &[f32],
    first_bias: &[f32],
    second: &[f32],
    second_bias: &[f32],
    out: &mut [f32],
    inputs: u32,
    hidden: u32,
    outputs: u32,
    points: u32,
    #[comptime] x_size: usize,
    #[comptime] h_size: usize,
) {
    let mut tile = Shared::<[f32]>::new_slice(x_size);
    let mut layer = Shared::<[f32]>::new_slice(h_size);
    let pitch = POINTS + 1;
    let from = CUBE_POS_X * POINTS;
    let sample = CUBE_POS_Y;
    // A unit stays at its point and takes every eighth channel.
    let p = UNIT_POS % POINTS;
    let lane = UNIT_POS / POINTS;
    let inside = from + p < points;
    load_tile(&mut tile, x, sample * inputs, inputs, points, from, points);
    sync_cube();
    let mut h = lane;
    while h < hidden {
        let mut sum = first_bias[h as usize];
        for c in 0..inputs {
            sum += first[(h * inputs + c) as usize] * tile[(c * pitch + p) as usize];
        }
        layer[(h * pitch + p) as usize] = gelu(sum);
        h += UNITS / POINTS;
    }
    sync_cube();
    if inside {
        let mut o = lane;
        while o < outputs {
            let mut sum = second_bias[o as usize];
            for h in 0..hidden {
                sum += second[(o * hidden + h) as usize] * layer[(h * pitch + p) as usize];
            }
            out[((sample * outputs + o) * points + from + p) as usize] = sum;
            o += UNITS / POINTS;
        }
    }
}

/// Gradients of x, first, its bias, second, its bias.
pub(super) fn backward(
    grad: CubeTensor,
    x: CubeTensor,
    first: CubeTensor,
    first_bias: CubeTensor,
    second: CubeTensor,
) -> (CubeTensor, CubeTensor, CubeTensor, CubeTensor, CubeTensor) {
    let [batch, inputs, points] = x.shape().dims::<3>();
    let [outputs, hidden] = second.shape().dims::<2>();
    let to_x = empty(&x, [batch, inputs, points]);
    let stretches = (points as u32).div_ceil(POINTS * TILES);
    let parts = batch * stretches as usize;
    let first_parts = empty(&x, [parts, hidden, inputs]);
    let first_bias_parts = empty(&x, [parts, hidden]);
    let second_parts = empty(&x, [parts, outputs, hidden]);
    let second_bias_parts = empty(&x, [parts, outputs]);
    let client = x.client.clone();
    let pitch = POINTS as usize + 1;
    // SAFETY: every index follows from the shapes that the counts were made of.
    unsafe {
        backward_kernel::launch_unchecked(
            &client,
            CubeCount::Static(stretches, batch as u32, 1),
            CubeDim::new_1d(UNITS),
            grad.into_buffer_arg(),
            x.into_buffer_arg(),
            first.into_buffer_arg(),
            first_bias.into_buffer_arg(),
            second.into_buffer_arg(),
            to_x.clone().into_buffer_arg(),
            first_parts.clone().into_buffer_arg(),
            first_bias_parts.clone().into_buffer_arg(),
            second_parts.clone().into_buffer_arg(),
            second_bias_parts.clone().into_buffer_arg(),
            inputs as u32,
            hidden as u32,
            outputs as u32,
            points as u32,
            inputs * pitch,
            hidden * pitch,
            outputs * pitch,
            (hidden * inputs).div_ceil(UNITS as usize),
            (outputs * hidden).div_ceil(UNITS as usize),
        );
    }
    (
        to_x,
        sum_parts(first_parts, [hidden, inputs]),
        sum_parts(first_bias_parts, [hidden]),
        sum_parts(second_parts, [outputs, hidden]),
        sum_parts(second_bias_parts, [outputs]),
    )
}

#[cube(launch_unchecked)]
fn backward_kernel(
    grad: &[f32],
    x: &[f32],
    first: &[f32],
    first_bias: &[f32],
    second: &[f32],
    to_x: &mut [f32],
    to_first: &mut [f32],
    to_first_bias: &mut [f32],
    to_second: &mut [f32],
    to_second_bias: &mut [f32],
    inputs: u32,
    hidden: u32,
    outputs: u32,
    points: u32,
    #[comptime] x_size: usize,
    #[comptime] h_size: usize,
    #[comptime] g_size: usize,
    #[comptime] first_each: usize,
    #[comptime] second_each: usize,
) {
    let mut tile = Shared::<[f32]>::new_slice(x_size);
    let mut layer = Shared::<[f32]>::new_slice(h_size);
    let mut slope = Shared::<[f32]>::new_slice(h_size);
    let mut g = Shared::<[f32]>::new_slice(g_size);
    let mut first_sums = Array::<f32>::new(first_each);
    let mut second_sums = Array::<f32>::new(second_each);
    #[unroll]
    for n in 0..first_each {
        first_sums[n] = 0.0f32;
    }
    #[unroll]
    for n in 0..second_each {
        second_sums[n] = 0.0f32;
    }
    let mut first_bias_sum = 0.0f32;
    let mut second_bias_sum = 0.0f32;
    let pitch = POINTS + 1;
    let sample = CUBE_POS_Y;
    let p = UNIT_POS % POINTS;
    let lane = UNIT_POS / POINTS;
    let mut from = CUBE_POS_X * POINTS * TILES;
    let end = u32::min(from + POINTS * TILES, points);
    while from < end {
        let inside = from + p < end;
        load_tile(&mut tile, x, sample * inputs, inputs, points, from, end);
        load_tile(&mut g, grad, sample * outputs, outputs, points, from, end);
        sync_cube();
        let mut h = lane;
        while h < hidden {
            let mut z = first_bias[h as usize];
            for c in 0..inputs {
                z += first[(h * inputs + c) as usize] * tile[(c * pitch + p) as usize];
            }
            let mut back = 0.0f32;
            for o in 0..outputs {
                back += second[(o * hidden + h) as usize] * g[(o * pitch + p) as usize];
            }
            layer[(h * pitch + p) as usize] = gelu(z);
            // Outside the gradient is 0, and so is what follows from it.
            slope[(h * pitch + p) as usize] = back * gelu_slope(z);
            h += UNITS / POINTS;
        }
        sync_cube();
        if inside {
            let mut c = lane;
            while c < inputs {
                let mut sum = 0.0f32;
                for h in 0..hidden {
                    sum += first[(h * inputs + c) as usize] * slope[(h * pitch + p) as usize];
                }
                to_x[((sample * inputs + c) * points + from + p) as usize] = sum;
                c += UNITS / POINTS;
            }
        }
        #[unroll]
        for n in 0..first_each {
            let at = UNIT_POS + comptime!(n as u32 * UNITS);
            if at < hidden * inputs {
                let h = at / inputs * pitch;
                let c = at % inputs * pitch;
                let mut sum = first_sums[n];
                for p in 0..POINTS {
                    sum += slope[(h + p) as usize] * tile[(c + p) as usize];
                }
                first_sums[n] = sum;
            }
        }
        #[unroll]
        for n in 0..second_each {
            let at = UNIT_POS + comptime!(n as u32 * UNITS);
            if at < outputs * hidden {
                let o = at / hidden * pitch;
                let h = at % hidden * pitch;
                let mut sum = second_sums[n];
                for p in 0..POINTS {
                    sum += g[(o + p) as usize] * layer[(h + p) as usize];
                }
                second_sums[n] = sum;
            }
        }
        if UNIT_POS < hidden {
            for p in 0..POINTS {
                first_bias_sum += slope[(UNIT_POS * pitch + p) as usize];
            }
        }
        if UNIT_POS < outputs {
            for p in 0..POINTS {
                second_bias_sum += g[(UNIT_POS * pitch + p) as usize];
            }
        }
        sync_cube();
        from += POINTS;
    }
    let part = sample * CUBE_COUNT_X + CUBE_POS_X;
    #[unroll]
    for n in 0..first_each {
        let at = UNIT_POS + comptime!(n as u32 * UNITS);
        if at < hidden * inputs {
            to_first[(part * hidden * inputs + at) as usize] = first_sums[n];
        }
    }
    #[unroll]
    for n in 0..second_each {
        let at = UNIT_POS + comptime!(n as u32 * UNITS);
        if at < outputs * hidden {
            to_second[(part * outputs * hidden + at) as usize] = second_sums[n];
        }
    }
    if UNIT_POS < hidden {
        to_first_bias[(part * hidden + UNIT_POS) as usize] = first_bias_sum;
    }
    if UNIT_POS < outputs {
        to_second_bias[(part * outputs + UNIT_POS) as usize] = second_bias_sum;
    }
}
