//! Channel mixing of each mode, forward and backward.

use super::block::Sizes;
use super::pool::Buffer;
use super::product::{Product, Start, Term, product};
use super::vector::{Isa, Vector, for_each_isa};
use rayon::prelude::*;

/// Modes mixed, `[modes, B, 2, Co]`.
pub(super) fn mix(isa: Isa, s: Sizes, spectrum: &[f32], weight: &[f32]) -> Buffer {
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
pub(super) fn mix_backward(
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
    fn transpose(from: *const f32, to: *mut f32, rows: usize, columns: usize) = transpose_body
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
