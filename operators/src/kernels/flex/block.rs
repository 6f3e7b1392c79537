//! The Fourier block, forward and backward, in four passes over tiles that fit in cache.
//!
//! Forward: (1) activation and analysis of each sample's channels, (2) channel mixing of each mode,
//! (3) synthesis down to lines along x, (4) one product for the rest: lines by the modes-to-points
//! matrix plus channels by the skip matrix plus bias. Backward is the same with adjoints, and in
//! pass (4) the slope of the activation and the gradient of the skip matrix.
//!
//! Tasks and the order of their sums follow from the shapes alone: the same bits on any number of
//! threads.

use super::activation::{gelu, gelu_backward};
use super::mix::{mix, mix_backward};
use super::pairs::Kind;
use super::places::Place;
use super::pool::Buffer;
use super::product::{Product, RowProducts, Start, Term, add_lanes, product, row_products};
use super::tiles::{Packed, Shared, for_each_tile, sum_rows, tile_tasks};
use super::transform::{Plan, analyse, synthesise_lines};
use super::vector::{Isa, LANES};
use crate::kernels::FourierGrid;
use rayon::prelude::*;

/// Channels of a task in passes 1 and 3.
const CHANNELS: usize = 8;

/// Sizes of a block.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub batch: usize,
    pub inputs: usize,
    pub outputs: usize,
    pub grid: FourierGrid,
}

impl Sizes {
    pub fn points(&self) -> usize {
        self.grid.sizes.iter().product()
    }
    pub fn modes(&self) -> usize {
        self.grid.modes.iter().product()
    }
}

/// Operands of a block: weights `[modes, Ci, 2 Co]`, skip `[Co, Ci]`, bias `[Co]`.
#[derive(Clone, Copy)]
pub(super) struct Operands<'a> {
    pub x: &'a [f32],
    pub weight: &'a [f32],
    pub skip: &'a [f32],
    pub bias: &'a [f32],
    /// Whether the block sees `gelu(x)`.
    pub activate: bool,
}

/// Output `[B, Co, P]` and spectrum of the input `[modes, B, 2, Ci]`.
pub(super) fn forward(s: Sizes, o: Operands) -> (Buffer, Buffer) {
    let isa = Isa::here();
    let plan = Plan::of(s.grid);
    let active = o.activate.then(|| {
        let mut active = Buffer::new(o.x.len());
        let to = Shared(active.as_mut_ptr());
        (active, to)
    });
    let spectrum = {
        let input = |offset: usize, count: usize| match &active {
            Some((_, to)) => {
                // SAFETY: the channels of this task.
                unsafe { gelu(isa, to.at(offset), o.x[offset..].as_ptr(), count, 0.0) };
                to.at(offset).cast_const()
            }
            None => o.x[offset..].as_ptr(),
        };
        analysis(isa, &plan, Kind::Transform, s.batch, s.inputs, input)
    };
    let mixed = mix(isa, s, &spectrum, o.weight);
    let lines = synthesis(isa, &plan, Kind::Transform, s.batch, s.outputs, &mixed);
    let points = s.points();
    let mut output = Buffer::new(s.batch * s.outputs * points);
    let out = Shared(output.as_mut_ptr());
    let x: &[f32] = active.as_ref().map_or(o.x, |(active, _)| active);
    for_each_tile(s.batch, points, |b, tiles| {
        let mut packed = Packed::new(s.inputs);
        for (from, length) in tiles {
            packed.fill(&x[b * s.inputs * points..], points, from, length);
            // SAFETY: a tile of this task's sample.
            unsafe {
                let skip = Term {
                    a: o.skip.as_ptr(),
                    row: s.inputs,
                    step: 1,
                    b: packed.values.as_ptr(),
                    stride: Packed::STRIDE,
                    depth: s.inputs,
                };
                let sample = &lines[b * s.outputs * plan.rows() * plan.line..];
                let to = out.at(b * s.outputs * points + from);
                let start = Start::Rows(o.bias.as_ptr());
                points_of_tile(
                    isa,
                    &plan,
                    Kind::Transform,
                    sample,
                    (from, length),
                    skip,
                    s.outputs,
                    start,
                    to,
                    points,
                );
            }
        }
    });
    (output, spectrum)
}

/// Gradients of x, weight, skip and bias.
pub(super) struct Gradients {
    pub x: Buffer,
    pub weight: Buffer,
    pub skip: Buffer,
    pub bias: Buffer,
}

/// Backward pass for the gradient `[B, Co, P]` of the output.
pub(super) fn backward(s: Sizes, o: Operands, spectrum: &[f32], grad: &[f32]) -> Gradients {
    let isa = Isa::here();
    let plan = Plan::of(s.grid);
    let grad_spectrum = analysis(
        isa,
        &plan,
        Kind::Adjoint,
        s.batch,
        s.outputs,
        |offset, _| grad[offset..].as_ptr(),
    );
    let mut bias = Buffer::zeroed(s.outputs);
    // The zero mode of the adjoint is the sum over points.
    let zero = zero_mode(s.grid) * s.batch * 2 * s.outputs;
    for b in 0..s.batch {
        for c in 0..s.outputs {
            bias[c] += grad_spectrum[zero + b * 2 * s.outputs + c];
        }
    }
    let (mixed, weight) = mix_backward(isa, s, spectrum, &grad_spectrum, o.weight);
    drop(grad_spectrum);
    let lines = synthesis(isa, &plan, Kind::Adjoint, s.batch, s.inputs, &mixed);
    let points = s.points();
    let mut x = Buffer::new(s.batch * s.inputs * points);
    let out = Shared(x.as_mut_ptr());
    let pairs = s.outputs * s.inputs;
    let tasks = tile_tasks(s.batch, points);
    let mut partial = Buffer::zeroed(tasks * pairs);
    let parts = Shared(partial.as_mut_ptr());
    for_each_tile(s.batch, points, |b, tiles| {
        let mut packed = Packed::new(s.outputs);
        let mut active = Packed::new(s.inputs);
        let mut sums = Buffer::zeroed(pairs * LANES);
        let task = b * (tasks / s.batch) + tiles.task;
        for (from, length) in tiles {
            packed.fill(&grad[b * s.outputs * points..], points, from, length);
            // SAFETY: a tile of this task's sample.
            unsafe {
                let skip = Term {
                    a: o.skip.as_ptr(),
                    row: 1,
                    step: s.inputs,
                    b: packed.values.as_ptr(),
                    stride: Packed::STRIDE,
                    depth: s.outputs,
                };
                let sample = &lines[b * s.inputs * plan.rows() * plan.line..];
                let to = out.at(b * s.inputs * points + from);
                points_of_tile(
                    isa,
                    &plan,
                    Kind::Adjoint,
                    sample,
                    (from, length),
                    skip,
                    s.inputs,
                    Start::Zero,
                    to,
                    points,
                );
                let x = o.x[b * s.inputs * points + from..].as_ptr();
                if o.activate {
                    for c in 0..s.inputs {
                        let to = to.add(c * points);
                        let value = active.values.as_mut_ptr().add(c * Packed::STRIDE);
                        gelu_backward(isa, to, value, x.add(c * points), to, length, 0.0);
                    }
                } else {
                    active.fill(&o.x[b * s.inputs * points..], points, from, length);
                }
                row_products(
                    isa,
                    &RowProducts {
                        a: packed.values.as_ptr(),
                        a_rows: s.outputs,
                        a_stride: Packed::STRIDE,
                        b: active.values.as_ptr(),
                        b_rows: s.inputs,
                        b_stride: Packed::STRIDE,
                        length,
                        out: sums.as_mut_ptr(),
                    },
                );
            }
        }
        // SAFETY: this task's own part.
        let own = unsafe { std::slice::from_raw_parts_mut(parts.at(task * pairs), pairs) };
        add_lanes(&sums, own);
    });
    let mut skip = Buffer::zeroed(pairs);
    sum_rows(&partial, &mut skip);
    Gradients {
        x,
        weight,
        skip,
        bias,
    }
}

fn zero_mode(grid: FourierGrid) -> usize {
    let [kz, ky, kx] = grid.modes;
    (kz / 2 * ky + ky / 2) * kx
}

/// Spectrum `[modes, B, 2, C]` of fields that `input(offset, count)` gives.
fn analysis(
    isa: Isa,
    plan: &Plan,
    kind: Kind,
    batch: usize,
    channels: usize,
    input: impl Fn(usize, usize) -> *const f32 + Sync,
) -> Buffer {
    let points: usize = plan.grid.sizes.iter().product();
    let modes: usize = plan.grid.modes.iter().product();
    let mut spectrum = Buffer::new(modes * batch * 2 * channels);
    let to = Shared(spectrum.as_mut_ptr());
    for_each_group(batch, channels, |b, from, count| {
        let x = input((b * channels + from) * points, count * points);
        // SAFETY: this task's channels.
        unsafe {
            analyse(
                isa,
                plan,
                kind,
                x,
                place(to, batch, channels, b, from, count),
            )
        };
    });
    spectrum
}

/// Lines along x, `[B, C, D H, line]`.
fn synthesis(
    isa: Isa,
    plan: &Plan,
    kind: Kind,
    batch: usize,
    channels: usize,
    spectrum: &[f32],
) -> Buffer {
    let size = plan.rows() * plan.line;
    let mut lines = Buffer::new(batch * channels * size);
    let to = Shared(lines.as_mut_ptr());
    let from_spectrum = Shared(spectrum.as_ptr().cast_mut());
    for_each_group(batch, channels, |b, from, count| {
        // SAFETY: reads the spectrum, writes this task's channels.
        unsafe {
            let place = place(from_spectrum, batch, channels, b, from, count);
            let own = synthesise_lines(isa, plan, kind, place);
            let to = to.at((b * channels + from) * size);
            std::ptr::copy_nonoverlapping(own.as_ptr(), to, count * size);
        }
    });
    lines
}

fn place(
    spectrum: Shared,
    batch: usize,
    channels: usize,
    b: usize,
    from: usize,
    count: usize,
) -> Place {
    Place {
        start: spectrum.at(b * 2 * channels + from),
        mode: batch * 2 * channels,
        part: channels,
        channels: count,
    }
}

/// Calls `task(sample, first channel, channels)` for groups of channels.
fn for_each_group(batch: usize, channels: usize, task: impl Fn(usize, usize, usize) + Sync) {
    let groups = channels.div_ceil(CHANNELS);
    (0..batch * groups).into_par_iter().for_each(|n| {
        let from = n % groups * CHANNELS;
        task(n / groups, from, CHANNELS.min(channels - from));
    });
}

/// Pass 4: `out = start + lines x matrix + skip`, row by row of the grid.
///
/// # Safety
/// `lines` are those of the sample, `skip.b` the packed tile, `out` its first point.
#[allow(clippy::too_many_arguments)] // one call site forward, one backward
unsafe fn points_of_tile(
    isa: Isa,
    plan: &Plan,
    kind: Kind,
    lines: &[f32],
    (from, length): (usize, usize),
    skip: Term,
    channels: usize,
    start: Start,
    out: *mut f32,
    points: usize,
) {
    let width = plan.grid.sizes[2];
    let rows = plan.rows();
    let mut done = 0;
    while done < length {
        let (row, x) = ((from + done) / width, (from + done) % width);
        let columns = (width - x).min(length - done);
        // SAFETY: as the caller promises.
        unsafe {
            let transform = Term {
                a: lines[row * plan.line..].as_ptr(),
                row: rows * plan.line,
                step: 1,
                b: plan.x_synthesis(kind)[x..].as_ptr(),
                stride: width,
                depth: 2 * plan.grid.modes[2],
            };
            let skip = Term {
                b: skip.b.add(done),
                ..skip
            };
            product(
                isa,
                &Product {
                    rows: channels,
                    columns,
                    terms: &[transform, skip],
                    start,
                    out: out.add(done),
                    stride: points,
                },
            );
        }
        done += columns;
    }
}
