//! Two channel layers with GELU between, point by point: the hidden layer lives in cache alone and
//! is computed again in the backward pass.

// Kernels run over several arrays by one index, and are plainer for it.
#![allow(clippy::needless_range_loop)]

use super::activation::{add_sum, gelu, gelu_backward};
use super::pool::Buffer;
use super::product::{Product, RowProducts, Start, Term, add_lanes, product, row_products};
use super::tiles::{Packed, Shared, for_each_tile, sum_rows, tile_tasks};
use super::vector::{Isa, LANES};

/// Points that are worked on together: their hidden layer fits into the first cache.
const STRIP: usize = 128;

/// Operands: `x` `[B, Ci, P]`, `first` `[H, Ci]`, `first_bias` `[H]`, `second` `[Co, H]`, `second_bias` `[Co]`.
#[derive(Clone, Copy)]
pub(super) struct Operands<'a> {
    pub x: &'a [f32],
    pub first: &'a [f32],
    pub first_bias: &'a [f32],
    pub second: &'a [f32],
    pub second_bias: &'a [f32],
    pub batch: usize,
    pub points: usize,
}

impl Operands<'_> {
    fn hidden(&self) -> usize {
        self.first_bias.len()
    }
    fn outputs(&self) -> usize {
        self.second_bias.len()
    }
    fn inputs(&self) -> usize {
        self.first.len() / self.hidden()
    }
}

/// `out[rows][length] = start + matrix b`, where `matrix` has the given row and column distances.
///
/// # Safety
/// As [`product`].
unsafe fn layer(
    isa: Isa,
    matrix: (&[f32], usize, usize),
    (rows, depth): (usize, usize),
    b: (*const f32, usize),
    start: Start,
    out: (*mut f32, usize),
    length: usize,
) {
    let term = Term {
        a: matrix.0.as_ptr(),
        row: matrix.1,
        step: matrix.2,
        b: b.0,
        stride: b.1,
        depth,
    };
    let p = Product {
        rows,
        columns: length,
        terms: &[term],
        start,
        out: out.0,
        stride: out.1,
    };
    // SAFETY: the caller's.
    unsafe { product(isa, &p) };
}

/// Calls `work(at, length)` for strips of a tile.
fn for_each_strip(length: usize, mut work: impl FnMut(usize, usize)) {
    for at in (0..length).step_by(STRIP) {
        work(at, STRIP.min(length - at));
    }
}

/// `[B, Co, P]`.
pub(super) fn forward(o: Operands) -> Buffer {
    let isa = Isa::here();
    let (ci, h, co, points) = (o.inputs(), o.hidden(), o.outputs(), o.points);
    let mut output = Buffer::new(o.batch * co * points);
    let out = Shared(output.as_mut_ptr());
    for_each_tile(o.batch, points, |b, tiles| {
        let mut packed = Packed::new(ci);
        let mut hidden = Buffer::new(h * STRIP);
        let hidden = hidden.as_mut_ptr();
        for (from, length) in tiles {
            packed.fill(&o.x[b * ci * points..], points, from, length);
            for_each_strip(length, |at, length| {
                // SAFETY: strips of this task's tile.
                unsafe {
                    let x = (packed.values.as_ptr().add(at), Packed::STRIDE);
                    let start = Start::Rows(o.first_bias.as_ptr());
                    let first = (o.first, ci, 1);
                    layer(isa, first, (h, ci), x, start, (hidden, STRIP), length);
                    for row in 0..h {
                        let row = hidden.add(row * STRIP);
                        gelu(isa, row, row, length, 0.0);
                    }
                    let to = (out.at(b * co * points + from + at), points);
                    let start = Start::Rows(o.second_bias.as_ptr());
                    let second = (o.second, h, 1);
                    layer(isa, second, (co, h), (hidden, STRIP), start, to, length);
                }
            });
        }
    });
    output
}

/// Gradients of x, first, its bias, second, its bias.
pub(super) struct Gradients {
    pub x: Buffer,
    pub first: Buffer,
    pub first_bias: Buffer,
    pub second: Buffer,
    pub second_bias: Buffer,
}

/// Backward pass for the gradient `[B, Co, P]` of the output.
pub(super) fn backward(o: Operands, grad: &[f32]) -> Gradients {
    let isa = Isa::here();
    let (ci, h, co, points) = (o.inputs(), o.hidden(), o.outputs(), o.points);
    let mut x = Buffer::new(o.x.len());
    let to_x = Shared(x.as_mut_ptr());
    // Of each task: gradients of first, second, first bias, second bias.
    let sizes = [h * ci, co * h, h, co];
    let total: usize = sizes.iter().sum();
    let tasks = tile_tasks(o.batch, points);
    let mut partial = Buffer::zeroed(tasks * total);
    let parts = Shared(partial.as_mut_ptr());
    for_each_tile(o.batch, points, |b, tiles| {
        let mut inputs = Packed::new(ci);
        let mut grads = Packed::new(co);
        let mut hidden = Buffer::new(h * STRIP);
        let mut slope = Buffer::new(h * STRIP);
        let (hidden, slope) = (hidden.as_mut_ptr(), slope.as_mut_ptr());
        let mut first_sums = Buffer::zeroed(h * ci * LANES);
        let mut second_sums = Buffer::zeroed(co * h * LANES);
        let task = b * (tasks / o.batch) + tiles.task;
        // SAFETY: this task's own part.
        let own = unsafe { std::slice::from_raw_parts_mut(parts.at(task * total), total) };
        let (first, rest) = own.split_at_mut(sizes[0]);
        let (second, rest) = rest.split_at_mut(sizes[1]);
        let (first_bias, second_bias) = rest.split_at_mut(sizes[2]);
        for (from, length) in tiles {
            inputs.fill(&o.x[b * ci * points..], points, from, length);
            grads.fill(&grad[b * co * points..], points, from, length);
            for_each_strip(length, |at, length| {
                // SAFETY: strips of this task's tile.
                unsafe {
                    let x = (inputs.values.as_ptr().add(at), Packed::STRIDE);
                    let g = (grads.values.as_ptr().add(at), Packed::STRIDE);
                    let start = Start::Rows(o.first_bias.as_ptr());
                    layer(
                        isa,
                        (o.first, ci, 1),
                        (h, ci),
                        x,
                        start,
                        (hidden, STRIP),
                        length,
                    );
                    let to = (slope, STRIP);
                    layer(isa, (o.second, 1, h), (h, co), g, Start::Zero, to, length);
                    for row in 0..h {
                        let (value, slope) = (hidden.add(row * STRIP), slope.add(row * STRIP));
                        gelu_backward(isa, slope, value, value, slope, length, 0.0);
                        add_sum(isa, slope, length, &mut first_bias[row]);
                    }
                    for row in 0..co {
                        add_sum(isa, g.0.add(row * g.1), length, &mut second_bias[row]);
                    }
                    let to = (to_x.at(b * ci * points + from + at), points);
                    let from = (slope.cast_const(), STRIP);
                    layer(
                        isa,
                        (o.first, 1, ci),
                        (ci, h),
                        from,
                        Start::Zero,
                        to,
                        length,
                    );
                    row_products(
                        isa,
                        &RowProducts {
                            a: slope,
                            a_rows: h,
                            a_stride: STRIP,
                            b: x.0,
                            b_rows: ci,
                            b_stride: x.1,
                            length,
                            out: first_sums.as_mut_ptr(),
                        },
                    );
                    row_products(
                        isa,
                        &RowProducts {
                            a: g.0,
                            a_rows: co,
                            a_stride: g.1,
                            b: hidden,
                            b_rows: h,
                            b_stride: STRIP,
                            length,
                            out: second_sums.as_mut_ptr(),
                        },
                    );
                }
            });
        }
        add_lanes(&first_sums, first);
        add_lanes(&second_sums, second);
    });
    let mut sums = Buffer::zeroed(total);
    sum_rows(&partial, &mut sums);
    let mut rest = &sums[..];
    let mut take = |count: usize| {
        let (own, others) = rest.split_at(count);
        rest = others;
        let mut buffer = Buffer::new(count);
        buffer.copy_from_slice(own);
        buffer
    };
    let [first, second, first_bias, second_bias] = sizes.map(&mut take);
    Gradients {
        x,
        first,
        first_bias,
        second,
        second_bias,
    }
}
