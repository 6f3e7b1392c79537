//! Modes to lines along x: one cube for each sample and channel.

use super::analysis::offsets;
use super::{UNITS, empty};
use crate::kernels::FourierGrid;
use burn::backend::TensorMetadata;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

/// `[M, B, 2, C]` to `[B, C, H, 2 Kx]`.
pub(super) fn launch(
    spectrum: CubeTensor,
    transforms: CubeTensor,
    grid: FourierGrid,
    adjoint: bool,
) -> CubeTensor {
    let [_, batch, _, channels] = spectrum.shape().dims::<4>();
    let height = grid.sizes[1];
    let [_, ky, kx] = grid.modes;
    let output = empty(&spectrum, [batch, channels, height, 2 * kx]);
    let [_, y_at] = offsets(grid, !adjoint);
    let client = output.client.clone();
    synthesis_kernel::launch(
        &client,
        CubeCount::Static(channels as u32, batch as u32, 1),
        CubeDim::new_1d(UNITS),
        spectrum.into_buffer_arg(),
        transforms.into_buffer_arg(),
        output.clone().into_buffer_arg(),
        batch as u32,
        channels as u32,
        height as u32,
        ky as u32,
        kx as u32,
        y_at,
        2 * ky * kx,
        height > 1,
    );
    output
}

#[cube(launch)]
fn synthesis_kernel(
    spectrum: &[f32],
    matrices: &[f32],
    out: &mut [f32],
    batch: u32,
    channels: u32,
    height: u32,
    ky: u32,
    kx: u32,
    y_at: u32,
    #[comptime] size: usize,
    #[comptime] two: bool,
) {
    // (part, ky, kx)
    let mut modes = Shared::<[f32]>::new_slice(size);
    let channel = CUBE_POS_X;
    let sample = CUBE_POS_Y;
    let count = ky * kx;
    let mut at = UNIT_POS;
    while at < 2 * count {
        let part = at / count;
        let mode = at % count;
        let from = ((mode * batch + sample) * 2 + part) * channels + channel;
        modes[at as usize] = spectrum[from as usize];
        at += UNITS;
    }
    sync_cube();
    let plane = (sample * channels + channel) * height * 2 * kx;
    let mut at = UNIT_POS;
    while at < height * 2 * kx {
        if comptime!(two) {
            let row = at / (2 * kx);
            let part = at % (2 * kx) / kx;
            let column = at % kx;
            let real = y_at + 2 * row + part;
            let imaginary = real + ky * 2 * height;
            let mut sum = 0.0f32;
            for k in 0..ky {
                let mode = k * kx + column;
                sum += matrices[(real + k * 2 * height) as usize] * modes[mode as usize]
                    + matrices[(imaginary + k * 2 * height) as usize]
                        * modes[(count + mode) as usize];
            }
            out[(plane + at) as usize] = sum;
        } else {
            out[(plane + at) as usize] = modes[at as usize];
        }
        at += UNITS;
    }
}
