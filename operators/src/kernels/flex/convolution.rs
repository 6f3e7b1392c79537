//! Convolution on a grid without unfolding it: the products of the taps, each of a shifted field.
//!
//! A strip of rows is copied with what lies beyond its edges. There a shift of the field is a shift of
//! a pointer, so that the convolution is one product whose sum has a term for each tap. Grids that
//! vectors do not fit into are worked on as one long line, edges and all, and the edges dropped.
//!
//! Tasks and the order of their sums follow from the shapes alone: the same bits on any number of
//! threads.

use super::pool::Buffer;
use super::product::{Product, RowProducts, Start, Term, add_lanes, product, row_products};
use super::tiles::{Shared, sum_rows};
use super::vector::{Isa, LANES};
use crate::kernels::grid::Plane;
use rayon::prelude::*;

/// Numbers of a strip of all channels, at most: a share of the second cache.
const STRIP: usize = 1 << 16;

/// Channels that a task of the weight gradient takes of each side, points that it takes at a time,
/// and tasks that are worth splitting the batch for.
const BLOCK: usize = 16;
const CHUNK: usize = 512;
const TASKS: usize = 32;

/// Sizes of a convolution: grid and taps.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub batch: usize,
    pub plane: Plane,
    pub kernel: [usize; 2],
}

impl Sizes {
    fn points(&self) -> usize {
        self.plane.rows * self.plane.columns
    }

    fn halo(&self) -> [usize; 2] {
        self.kernel.map(|k| k / 2)
    }

    fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Length of a row with its edges.
    fn line(&self) -> usize {
        self.plane.columns + 2 * self.halo()[1]
    }

    /// Where a tap begins in a strip.
    fn offset(&self, tap: usize) -> usize {
        tap / self.kernel[1] * self.line() + tap % self.kernel[1]
    }

    /// Numbers of a strip of `count` rows of a channel, in whole cache lines.
    fn stride(&self, count: usize) -> usize {
        let numbers = (count + 2 * self.halo()[0]) * self.line();
        // Odd in cache lines: channels would fall into the same few cache sets.
        (numbers.div_ceil(LANES) | 1) * LANES
    }

    /// Copies `count` rows of a channel from row `from` on, with their edges.
    fn pad(&self, channel: &[f32], from: usize, count: usize, out: &mut [f32]) {
        let ([above, beside], Plane { rows, columns, .. }) = (self.halo(), self.plane);
        let lines = out.chunks_exact_mut(self.line()).take(count + 2 * above);
        for (n, line) in lines.enumerate() {
            // `above` grids further down, so that there is no row below 0.
            let row = from + n + above * rows - above;
            if !self.plane.periodic && row / rows != above {
                line.fill(0.0);
                continue;
            }
            let values = &channel[row % rows * columns..][..columns];
            line[beside..][..columns].copy_from_slice(values);
            for k in 0..beside {
                let (left, right) = match self.plane.periodic {
                    true => (
                        values[(k + beside * columns - beside) % columns],
                        values[k % columns],
                    ),
                    false => (0.0, 0.0),
                };
                line[k] = left;
                line[beside + columns + k] = right;
            }
        }
    }
}

/// Weights `[Co, Ci, taps]` as `[taps, Co, Ci]`, or mirrored as `[taps, Ci, Co]` for the adjoint.
pub(super) fn by_tap(weight: &[f32], [outputs, inputs]: [usize; 2], adjoint: bool) -> Buffer {
    let pairs = outputs * inputs;
    let taps = weight.len() / pairs;
    let mut packed = Buffer::new(weight.len());
    let by_tap = packed.par_chunks_mut(pairs).enumerate();
    by_tap.for_each(|(tap, to)| {
        if adjoint {
            for (i, row) in to.chunks_exact_mut(outputs).enumerate() {
                for (o, to) in row.iter_mut().enumerate() {
                    *to = weight[(o * inputs + i) * taps + taps - 1 - tap];
                }
            }
        } else {
            for (pair, to) in to.iter_mut().enumerate() {
                *to = weight[pair * taps + tap];
            }
        }
    });
    packed
}

/// `[B, Co, P]` of `x` `[B, Ci, P]` and weights `[taps, Co, Ci]`.
pub(super) fn convolution(
    s: Sizes,
    [outputs, inputs]: [usize; 2],
    x: &[f32],
    weight: &[f32],
) -> Buffer {
    let isa = Isa::here();
    let (points, line, Plane { rows, columns, .. }) = (s.points(), s.line(), s.plane);
    let most = (STRIP / (inputs * line)).saturating_sub(2 * s.halo()[0]);
    let most = most.clamp(1, rows);
    let strips = rows.div_ceil(most);
    let mut output = Buffer::new(s.batch * outputs * points);
    let out = Shared(output.as_mut_ptr());
    (0..s.batch * strips).into_par_iter().for_each(|n| {
        let (b, from) = (n / strips, n % strips * most);
        let count = most.min(rows - from);
        let stride = s.stride(count);
        let mut padded = Buffer::new(inputs * stride);
        let channels = x[b * inputs * points..].chunks_exact(points);
        for (channel, to) in channels.zip(padded.chunks_exact_mut(stride)) {
            s.pad(channel, from, count, to);
        }
        let terms: Vec<Term> = (0..s.taps())
            .map(|tap| Term {
                a: weight[tap * outputs * inputs..].as_ptr(),
                row: inputs,
                step: 1,
                b: padded[s.offset(tap)..].as_ptr(),
                stride,
                depth: inputs,
            })
            .collect();
        let all = Product {
            rows: outputs,
            columns: (count - 1) * line + columns,
            terms: &terms,
            start: Start::Zero,
            out: std::ptr::null_mut(),
            stride: 0,
        };
        let to = out.at((b * outputs) * points + from * columns);
        // SAFETY: reads the padded strip, writes rows of this task.
        unsafe {
            if columns.is_multiple_of(LANES) {
                for row in 0..count {
                    let shifted = |term: &Term| Term {
                        b: term.b.add(row * line),
                        ..*term
                    };
                    let terms: Vec<Term> = terms.iter().map(shifted).collect();
                    let row = Product {
                        columns,
                        terms: &terms,
                        out: to.add(row * columns),
                        stride: points,
                        ..all
                    };
                    product(isa, &row);
                }
            } else {
                let stride = s.stride(count);
                let mut lines = Buffer::new(outputs * stride);
                let out = lines.as_mut_ptr();
                product(isa, &Product { out, stride, ..all });
                for o in 0..outputs {
                    for row in 0..count {
                        let from = lines[o * stride + row * line..].as_ptr();
                        let to = to.add(o * points + row * columns);
                        std::ptr::copy_nonoverlapping(from, to, columns);
                    }
                }
            }
        }
    });
    output
}

/// All channels of all samples with their edges, `[B, C, stride]`.
fn padded(s: Sizes, channels: usize, x: &[f32]) -> Buffer {
    let stride = s.stride(s.plane.rows);
    let mut padded = Buffer::new(s.batch * channels * stride);
    padded
        .par_chunks_exact_mut(stride)
        .zip(x.par_chunks_exact(s.points()))
        .for_each(|(to, channel)| s.pad(channel, 0, s.plane.rows, to));
    padded
}

/// Gradient of the weights, `[Co, Ci, taps]`, for the gradient `[B, Co, P]` of the output.
///
/// Fields and gradients are long lines with edges, those of the gradients zero, so that a tap is a
/// product of two long rows.
pub(super) fn weight_gradient(
    s: Sizes,
    [outputs, inputs]: [usize; 2],
    grad: &[f32],
    x: &[f32],
) -> Buffer {
    let isa = Isa::here();
    let (taps, stride) = (s.taps(), s.stride(s.plane.rows));
    let x = padded(s, inputs, x);
    let flat = Sizes {
        plane: Plane {
            periodic: false,
            ..s.plane
        },
        ..s
    };
    let grad = padded(flat, outputs, grad);
    // The first point of the gradients lies under the middle tap.
    let middle = s.offset(taps / 2);
    let length = (s.plane.rows - 1) * s.line() + s.plane.columns;
    let blocks = [outputs, inputs].map(|channels| channels.div_ceil(BLOCK));
    let tiles = blocks[0] * blocks[1];
    let groups = (TASKS / tiles).clamp(1, s.batch);
    let mut partial = Buffer::new(groups * outputs * inputs * taps);
    let parts = Shared(partial.as_mut_ptr());
    (0..groups * tiles).into_par_iter().for_each(|n| {
        let (group, o, i) = (n / tiles, n % tiles / blocks[1], n % blocks[1]);
        let (o, i) = (o * BLOCK, i * BLOCK);
        let (a_rows, b_rows) = (BLOCK.min(outputs - o), BLOCK.min(inputs - i));
        let pairs = a_rows * b_rows;
        let mut sums = Buffer::zeroed(taps * pairs * LANES);
        for b in group * s.batch / groups..(group + 1) * s.batch / groups {
            for at in (0..length).step_by(CHUNK) {
                for (tap, sums) in sums.chunks_exact_mut(pairs * LANES).enumerate() {
                    let grad = &grad[(b * outputs + o) * stride + middle + at..];
                    let x = &x[(b * inputs + i) * stride + s.offset(tap) + at..];
                    let rows = RowProducts {
                        a: grad.as_ptr(),
                        a_rows,
                        a_stride: stride,
                        b: x.as_ptr(),
                        b_rows,
                        b_stride: stride,
                        length: CHUNK.min(length - at),
                        out: sums.as_mut_ptr(),
                    };
                    // SAFETY: rows of the sample, sums of this task.
                    unsafe { row_products(isa, &rows) };
                }
            }
        }
        let mut own = vec![0.0; taps * pairs];
        add_lanes(&sums, &mut own);
        for (n, value) in own.iter().enumerate() {
            let (tap, row, column) = (n / pairs, n % pairs / b_rows, n % b_rows);
            let pair = (group * outputs + o + row) * inputs + i + column;
            // SAFETY: no other task has this pair of channels and group.
            unsafe { *parts.at(pair * taps + tap) = *value };
        }
    });
    let mut weight = Buffer::zeroed(outputs * inputs * taps);
    sum_rows(&partial, &mut weight);
    weight
}
