//! Channel mixing added to a field, `s + W x + b`, and its activation, tile by tile.

use super::activation::gelu;
use super::pool::Buffer;
use super::product::{Product, RowProducts, Start, Term, add_lanes, product, row_products};
use super::tiles::{Packed, Shared, for_each_tile, sum_rows, tile_tasks};
use super::vector::{Isa, LANES};

/// Operands: `added` `[B, Co, P]`, `x` `[B, Ci, P]`, `weight` `[Co, Ci]`, `bias` `[Co]`.
#[derive(Clone, Copy)]
pub(super) struct Operands<'a> {
    pub added: &'a [f32],
    pub x: &'a [f32],
    pub weight: &'a [f32],
    pub bias: &'a [f32],
    pub batch: usize,
    pub points: usize,
}

/// `z = s + W x + b`, and `gelu(z)` where it is asked for.
pub(super) fn forward(o: Operands, activate: bool) -> (Buffer, Option<Buffer>) {
    let isa = Isa::here();
    let (points, outputs) = (o.points, o.bias.len());
    let inputs = o.weight.len() / outputs;
    let mut sums = Buffer::new(o.batch * outputs * points);
    let mut active = activate.then(|| Buffer::new(sums.len()));
    let to = Shared(sums.as_mut_ptr());
    let to_active = active.as_mut().map(|buffer| Shared(buffer.as_mut_ptr()));
    for_each_tile(o.batch, points, |b, tiles| {
        let mut packed = Packed::new(inputs);
        for (from, length) in tiles {
            packed.fill(&o.x[b * inputs * points..], points, from, length);
            let first = b * outputs * points + from;
            let mixed = Term {
                a: o.weight.as_ptr(),
                row: inputs,
                step: 1,
                b: packed.values.as_ptr(),
                stride: Packed::STRIDE,
                depth: inputs,
            };
            // SAFETY: a tile of this task's sample.
            unsafe {
                product(
                    isa,
                    &Product {
                        rows: outputs,
                        columns: length,
                        terms: &[mixed],
                        start: Start::Rows(o.bias.as_ptr()),
                        out: to.at(first),
                        stride: points,
                    },
                );
                for c in 0..outputs {
                    let place = first + c * points;
                    let row = std::slice::from_raw_parts_mut(to.at(place), length);
                    for (sum, value) in row.iter_mut().zip(&o.added[place..]) {
                        *sum += value;
                    }
                    if let Some(active) = to_active {
                        gelu(isa, active.at(place), row.as_ptr(), length, 0.0);
                    }
                }
            }
        }
    });
    (sums, active)
}

/// Gradients of x and weight for that of the sum, `[B, Co, P]`.
pub(super) fn backward(
    grad: &[f32],
    x: &[f32],
    weight: &[f32],
    [batch, inputs, outputs, points]: [usize; 4],
) -> (Buffer, Buffer) {
    let isa = Isa::here();
    let mut dx = Buffer::new(batch * inputs * points);
    let to = Shared(dx.as_mut_ptr());
    let pairs = outputs * inputs;
    let tasks = tile_tasks(batch, points);
    let mut partial = Buffer::zeroed(tasks * pairs);
    let parts = Shared(partial.as_mut_ptr());
    for_each_tile(batch, points, |b, tiles| {
        let (mut packed, mut packed_x) = (Packed::new(outputs), Packed::new(inputs));
        let mut sums = Buffer::zeroed(pairs * LANES);
        let task = b * (tasks / batch) + tiles.task;
        for (from, length) in tiles {
            packed.fill(&grad[b * outputs * points..], points, from, length);
            packed_x.fill(&x[b * inputs * points..], points, from, length);
            // SAFETY: a tile of this task's sample.
            unsafe {
                let transposed = Term {
                    a: weight.as_ptr(),
                    row: 1,
                    step: inputs,
                    b: packed.values.as_ptr(),
                    stride: Packed::STRIDE,
                    depth: outputs,
                };
                product(
                    isa,
                    &Product {
                        rows: inputs,
                        columns: length,
                        terms: &[transposed],
                        start: Start::Zero,
                        out: to.at(b * inputs * points + from),
                        stride: points,
                    },
                );
                row_products(
                    isa,
                    &RowProducts {
                        a: packed.values.as_ptr(),
                        a_rows: outputs,
                        a_stride: Packed::STRIDE,
                        b: packed_x.values.as_ptr(),
                        b_rows: inputs,
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
    let mut dweight = Buffer::zeroed(pairs);
    sum_rows(&partial, &mut dweight);
    (dx, dweight)
}
