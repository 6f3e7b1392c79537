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
use super::pool::Buffer;
use super::product::{Product, RowProducts, Start, Term, add_lanes, product, row_products};
use super::transform::{Kind, Place, Plan, analyse, synthesise_lines};
use super::vector::{Isa, LANES, Vector, for_each_isa};
use crate::kernels::FourierGrid;
use rayon::prelude::*;

/// Channels of a task in passes 1 and 3.
const CHANNELS: usize = 8;
/// Points of a tile in pass 4, and of a task.
const TILE: usize = 512;
const TASK: usize = 2048;

/// A pointer that tasks write different places of.
#[derive(Clone, Copy)]
pub(super) struct Shared(pub *mut f32);
// SAFETY: every task writes its own part.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    pub fn at(self, offset: usize) -> *mut f32 {
        self.0.wrapping_add(offset)
    }
}

/// Sizes of a block.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub batch: usize,
    pub inputs: usize,
    pub outputs: usize,
    pub grid: FourierGrid,
}

impl Sizes {
    fn points(&self) -> usize {
        self.grid.sizes.iter().product()
    }
    fn modes(&self) -> usize {
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
    let tasks = s.batch * points.div_ceil(TASK);
    let mut partial = Buffer::zeroed(tasks * pairs);
    let parts = Shared(partial.as_mut_ptr());
    for_each_tile(s.batch, points, |b, tiles| {
        let mut packed = Packed::new(s.outputs);
        let mut active = Packed::new(s.inputs);
        let mut sums = Buffer::zeroed(pairs * LANES);
        let task = b * points.div_ceil(TASK) + tiles.task;
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

/// `out += ` the rows of `parts`, in their order.
pub(super) fn sum_rows(parts: &[f32], out: &mut [f32]) {
    for part in parts.chunks_exact(out.len()) {
        for (sum, value) in out.iter_mut().zip(part) {
            *sum += value;
        }
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

/// Modes mixed, `[modes, B, 2, Co]`.
fn mix(isa: Isa, s: Sizes, spectrum: &[f32], weight: &[f32]) -> Buffer {
    let (rows, ci, co) = (2 * s.batch, s.inputs, s.outputs);
    let mut mixed = Buffer::new(s.modes() * rows * co);
    mixed.par_chunks_mut(rows * co).enumerate().for_each_init(
        || Buffer::new(rows * 2 * co),
        |both, (mode, out)| {
            // SAFETY: one mode of each.
            unsafe {
                let term = Term {
                    a: spectrum[mode * rows * ci..].as_ptr(),
                    row: ci,
                    step: 1,
                    b: weight[mode * ci * 2 * co..].as_ptr(),
                    stride: 2 * co,
                    depth: ci,
                };
                product(
                    isa,
                    &Product {
                        rows,
                        columns: 2 * co,
                        terms: &[term],
                        start: Start::Zero,
                        out: both.as_mut_ptr(),
                        stride: 2 * co,
                    },
                );
                // Re x [Re w, Im w] and Im x [Re w, Im w] to x w
                combine(isa, both.as_ptr(), out.as_mut_ptr(), s.batch, co);
            }
        },
    );
    mixed
}

for_each_isa! {
    /// `[B, 2, (Co, 2)]` products of parts to `[B, 2, Co]`.
    ///
    /// # Safety
    /// Both are good for their shapes.
    fn combine(both: *const f32, out: *mut f32, batch: usize, channels: usize) = combine_body
}

#[inline(always)]
unsafe fn combine_body<V: Vector>(both: *const f32, out: *mut f32, batch: usize, channels: usize) {
    for b in 0..batch {
        for c in 0..channels {
            // SAFETY: within the shapes.
            unsafe {
                let real = both.add(b * 4 * channels + 2 * c);
                let imaginary = real.add(2 * channels);
                let out = out.add(b * 2 * channels + c);
                *out = *real - *imaginary.add(1);
                *out.add(channels) = *real.add(1) + *imaginary;
            }
        }
    }
}

/// Gradients of the modes before mixing, `[modes, B, 2, Ci]`, and of the weights.
fn mix_backward(
    isa: Isa,
    s: Sizes,
    spectrum: &[f32],
    grad: &[f32],
    weight: &[f32],
) -> (Buffer, Buffer) {
    let (rows, ci, co) = (2 * s.batch, s.inputs, s.outputs);
    let mut mixed = Buffer::new(s.modes() * rows * ci);
    let mut weights = Buffer::new(s.modes() * ci * 2 * co);
    mixed
        .par_chunks_mut(rows * ci)
        .zip(weights.par_chunks_mut(ci * 2 * co))
        .enumerate()
        .for_each_init(
            || (Buffer::new(rows * 2 * co), Buffer::new(2 * co * ci)),
            |(both, transposed), (mode, (out, weights))| {
                // SAFETY: one mode of each.
                unsafe {
                    let grad = grad[mode * rows * co..].as_ptr();
                    separate(isa, grad, both.as_mut_ptr(), s.batch, co);
                    let weight = weight[mode * ci * 2 * co..].as_ptr();
                    transpose(isa, weight, transposed.as_mut_ptr(), ci, 2 * co);
                    let to_input = Term {
                        a: both.as_ptr(),
                        row: 2 * co,
                        step: 1,
                        b: transposed.as_ptr(),
                        stride: ci,
                        depth: 2 * co,
                    };
                    product(
                        isa,
                        &Product {
                            rows,
                            columns: ci,
                            terms: &[to_input],
                            start: Start::Zero,
                            out: out.as_mut_ptr(),
                            stride: ci,
                        },
                    );
                    let to_weight = Term {
                        a: spectrum[mode * rows * ci..].as_ptr(),
                        row: 1,
                        step: ci,
                        b: both.as_ptr(),
                        stride: 2 * co,
                        depth: rows,
                    };
                    product(
                        isa,
                        &Product {
                            rows: ci,
                            columns: 2 * co,
                            terms: &[to_weight],
                            start: Start::Zero,
                            out: weights.as_mut_ptr(),
                            stride: 2 * co,
                        },
                    );
                }
            },
        );
    (mixed, weights)
}

for_each_isa! {
    /// The adjoint of `combine`.
    ///
    /// # Safety
    /// Both are good for their shapes.
    fn separate(grad: *const f32, both: *mut f32, batch: usize, channels: usize) = separate_body
}

#[inline(always)]
unsafe fn separate_body<V: Vector>(
    grad: *const f32,
    both: *mut f32,
    batch: usize,
    channels: usize,
) {
    for b in 0..batch {
        for c in 0..channels {
            // SAFETY: within the shapes.
            unsafe {
                let re = *grad.add(b * 2 * channels + c);
                let im = *grad.add(b * 2 * channels + channels + c);
                let real = both.add(b * 4 * channels + 2 * c);
                let imaginary = real.add(2 * channels);
                *real = re;
                *real.add(1) = im;
                *imaginary = im;
                *imaginary.add(1) = -re;
            }
        }
    }
}

for_each_isa! {
    /// `[rows, columns]` to `[columns, rows]`.
    ///
    /// # Safety
    /// Both are good for their shapes.
    pub(super) fn transpose(from: *const f32, to: *mut f32, rows: usize, columns: usize) = transpose_body
}

#[inline(always)]
unsafe fn transpose_body<V: Vector>(from: *const f32, to: *mut f32, rows: usize, columns: usize) {
    for j in 0..columns {
        for i in 0..rows {
            // SAFETY: within the shapes.
            unsafe { *to.add(j * rows + i) = *from.add(i * columns + j) };
        }
    }
}

/// The tiles of one task.
pub(super) struct Tiles {
    at: usize,
    end: usize,
    /// Number of the task in its sample.
    pub task: usize,
}

impl Iterator for Tiles {
    type Item = (usize, usize);
    fn next(&mut self) -> Option<(usize, usize)> {
        let from = self.at;
        let length = TILE.min(self.end - from);
        self.at += length;
        (length > 0).then_some((from, length))
    }
}

/// Calls `task(sample, tiles)` for stretches of points.
pub(super) fn for_each_tile(batch: usize, points: usize, task: impl Fn(usize, Tiles) + Sync) {
    let tasks = points.div_ceil(TASK);
    (0..batch * tasks).into_par_iter().for_each(|n| {
        let at = n % tasks * TASK;
        let tiles = Tiles {
            at,
            end: points.min(at + TASK),
            task: n % tasks,
        };
        task(n / tasks, tiles);
    });
}

/// Number of tasks of [`for_each_tile`].
pub(super) fn tile_tasks(batch: usize, points: usize) -> usize {
    batch * points.div_ceil(TASK)
}

/// A tile of all channels side by side: rows as far apart as the grid has points would all fall
/// into the same few cache sets.
pub(super) struct Packed {
    pub values: Buffer,
    channels: usize,
}

impl Packed {
    /// Distance of rows; odd in cache lines.
    pub const STRIDE: usize = TILE + 16;

    pub fn new(channels: usize) -> Self {
        Self {
            values: Buffer::new(channels * Self::STRIDE),
            channels,
        }
    }

    /// Takes points `from ..` of rows that are `points` apart.
    pub fn fill(&mut self, x: &[f32], points: usize, from: usize, length: usize) {
        for c in 0..self.channels {
            let row = &x[c * points + from..][..length];
            self.values[c * Self::STRIDE..][..length].copy_from_slice(row);
        }
    }
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
