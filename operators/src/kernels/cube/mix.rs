//! Channel mixing of each mode: one cube for a mode and a tile of samples and channels.

use super::empty;
use crate::kernels::FourierGrid;
use burn::backend::TensorMetadata;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

/// Channels and samples (or channels) of a cube.
const ACROSS: u32 = 32;
const DOWN: u32 = 8;

fn count(modes: usize, across: usize, down: usize) -> CubeCount {
    CubeCount::Static(
        modes as u32,
        (across as u32).div_ceil(ACROSS),
        (down as u32).div_ceil(DOWN),
    )
}

/// `[M, B, 2, Ci]` by `[M, Ci, 2 Co]` is `[M, B, 2, Co]`.
pub(super) fn forward(spectrum: CubeTensor, weight: CubeTensor) -> CubeTensor {
    let [modes, batch, _, inputs] = spectrum.shape().dims::<4>();
    let [_, _, pairs] = weight.shape().dims::<3>();
    let output = empty(&spectrum, [modes, batch, 2, pairs / 2]);
    let client = output.client.clone();
    mix_kernel::launch(
        &client,
        count(modes, pairs / 2, batch),
        CubeDim::new_2d(ACROSS, DOWN),
        spectrum.into_buffer_arg(),
        weight.into_buffer_arg(),
        output.clone().into_buffer_arg(),
        batch as u32,
        inputs as u32,
        (pairs / 2) as u32,
    );
    output
}

#[cube(launch)]
fn mix_kernel(x: &[f32], w: &[f32], out: &mut [f32], batch: u32, inputs: u32, outputs: u32) {
    let mode = CUBE_POS_X;
    let o = CUBE_POS_Y * ACROSS + UNIT_POS_X;
    let b = CUBE_POS_Z * DOWN + UNIT_POS_Y;
    if o < outputs && b < batch {
        let row = (mode * batch + b) * 2 * inputs;
        let mut weight = mode * inputs * 2 * outputs + 2 * o;
        let mut re = 0.0f32;
        let mut im = 0.0f32;
        for i in 0..inputs {
            let xr = x[(row + i) as usize];
            let xi = x[(row + inputs + i) as usize];
            let wr = w[weight as usize];
            let wi = w[(weight + 1) as usize];
            re += xr * wr - xi * wi;
            im += xr * wi + xi * wr;
            weight += 2 * outputs;
        }
        let to = (mode * batch + b) * 2 * outputs + o;
        out[to as usize] = re;
        out[(to + outputs) as usize] = im;
    }
}

/// Gradient of the spectrum before mixing, `[M, B, 2, Ci]`.
pub(super) fn backward(grad: CubeTensor, weight: CubeTensor) -> CubeTensor {
    let [modes, batch, _, outputs] = grad.shape().dims::<4>();
    let [_, inputs, _] = weight.shape().dims::<3>();
    let output = empty(&grad, [modes, batch, 2, inputs]);
    let client = output.client.clone();
    mix_backward_kernel::launch(
        &client,
        count(modes, inputs, batch),
        CubeDim::new_2d(ACROSS, DOWN),
        grad.into_buffer_arg(),
        weight.into_buffer_arg(),
        output.clone().into_buffer_arg(),
        batch as u32,
        inputs as u32,
        outputs as u32,
    );
    output
}

#[cube(launch)]
fn mix_backward_kernel(
    grad: &[f32],
    w: &[f32],
    out: &mut [f32],
    batch: u32,
    inputs: u32,
    outputs: u32,
) {
    let mode = CUBE_POS_X;
    let i = CUBE_POS_Y * ACROSS + UNIT_POS_X;
    let b = CUBE_POS_Z * DOWN + UNIT_POS_Y;
    if i < inputs && b < batch {
        let row = (mode * batch + b) * 2 * outputs;
        let weight = (mode * inputs + i) * 2 * outputs;
        let mut re = 0.0f32;
        let mut im = 0.0f32;
        for o in 0..outputs {
            let gr = grad[(row + o) as usize];
            let gi = grad[(row + outputs + o) as usize];
            let wr = w[(weight + 2 * o) as usize];
            let wi = w[(weight + 2 * o + 1) as usize];
            re += gr * wr + gi * wi;
            im += gi * wr - gr * wi;
        }
        let to = (mode * batch + b) * 2 * inputs + i;
        out[to as usize] = re;
        out[(to + inputs) as usize] = im;
    }
}

/// Gradient of the weights, `[M, Ci, 2 Co]`.
pub(super) fn weight_gradient(spectrum: CubeTensor, grad: CubeTensor) -> CubeTensor {
    let [modes, batch, _, inputs] = spectrum.shape().dims::<4>();
    let [_, _, _, outputs] = grad.shape().dims::<4>();
    let output = empty(&grad, [modes, inputs, 2 * outputs]);
    let client = output.client.clone();
    mix_weight_kernel::launch(
        &client,
        count(modes, outputs, inputs),
        CubeDim::new_2d(ACROSS, DOWN),
        spectrum.into_buffer_arg(),
        grad.into_buffer_arg(),
        output.clone().into_buffer_arg(),
        batch as u32,
        inputs as u32,
        outputs as u32,
    );
    output
}

#[cube(launch)]
fn mix_weight_kernel(
    x: &[f32],
    grad: &[f32],
    out: &mut [f32],
    batch: u32,
    inputs: u32,
    outputs: u32,
) {
    let mode = CUBE_POS_X;
    let o = CUBE_POS_Y * ACROSS + UNIT_POS_X;
    let i = CUBE_POS_Z * DOWN + UNIT_POS_Y;
    if o < outputs && i < inputs {
        let mut re = 0.0f32;
        let mut im = 0.0f32;
        for b in 0..batch {
            let row = (mode * batch + b) * 2;
            let xr = x[(row * inputs + i) as usize];
            let xi = x[(row * inputs + inputs + i) as usize];
            let gr = grad[(row * outputs + o) as usize];
            let gi = grad[(row * outputs + outputs + o) as usize];
            re += xr * gr + xi * gi;
            im += xr * gi - xi * gr;
        }
        let to = (mode * inputs + i) * 2 * outputs + 2 * o;
        out[to as usize] = re;
        out[(to + 1) as usize] = im;
    }
}

/// The zero mode of an adjoint analysis summed over samples: the sum of a field over samples and
/// points, `[C]`.
pub(super) fn zero_mode_sum(spectrum: CubeTensor, grid: FourierGrid) -> CubeTensor {
    let [_, batch, _, channels] = spectrum.shape().dims::<4>();
    let output = empty(&spectrum, [channels]);
    let client = output.client.clone();
    let [_, ky, kx] = grid.modes;
    zero_mode_kernel::launch(
        &client,
        CubeCount::Static((channels as u32).div_ceil(ACROSS), 1, 1),
        CubeDim::new_1d(ACROSS),
        spectrum.into_buffer_arg(),
        output.clone().into_buffer_arg(),
        (ky / 2 * kx) as u32,
        batch as u32,
        channels as u32,
    );
    output
}

#[cube(launch)]
fn zero_mode_kernel(x: &[f32], out: &mut [f32], mode: u32, batch: u32, channels: u32) {
    let c = ABSOLUTE_POS as u32;
    if c < channels {
        let mut sum = 0.0f32;
        for b in 0..batch {
            sum += x[((mode * batch + b) * 2 * channels + c) as usize];
        }
        out[c as usize] = sum;
    }
}
