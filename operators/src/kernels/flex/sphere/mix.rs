//! Channel mixing of each degree by a complex matrix, forward and backward.

use super::super::pool::Buffer;
use super::super::product::{Product, Start, Term, product};
use super::super::tiles::Shared;
use super::super::vector::Isa;
use super::fold::transpose;
use super::{Sizes, padded};
use rayon::prelude::*;

/// Spectrum `[M, L, (B, 2, Co)]` with [`padded`] rows of `[L, M, (B, 2, Ci)]` and weights
/// `[L, Ci, 2 Co]`. Entries with `l < m` are not written.
pub(super) fn forward(
    s: Sizes,
    [inputs, outputs]: [usize; 2],
    spectrum: &[f32],
    weight: &[f32],
) -> Buffer {
    let isa = Isa::here();
    let mut mixed = Buffer::new(s.orders * s.degrees * padded(s.batch * 2 * outputs));
    let to = Shared(mixed.as_mut_ptr());
    for_each_degree(
        s,
        || {
            let rows = s.orders * s.batch;
            [
                Buffer::new(inputs * 2 * outputs),
                Buffer::new(rows * 2 * outputs),
            ]
        },
        |[turned, rows], l| {
            let weight = &weight[l * inputs * 2 * outputs..][..inputs * 2 * outputs];
            turn(weight, outputs, 1.0, turned);
            let from = spectrum[l * s.orders * s.batch * 2 * inputs..].as_ptr();
            // SAFETY: one degree of each.
            unsafe {
                let by_part = |part: usize, b: &[f32]| Term {
                    a: from.add(part * inputs),
                    row: 2 * inputs,
                    step: 1,
                    b: b.as_ptr(),
                    stride: 2 * outputs,
                    depth: inputs,
                };
                product(
                    isa,
                    &Product {
                        rows: s.orders_of(l) * s.batch,
                        columns: 2 * outputs,
                        terms: &[by_part(0, weight), by_part(1, turned)],
                        start: Start::Zero,
                        out: rows.as_mut_ptr(),
                        stride: 2 * outputs,
                    },
                );
                by_order(s, l, rows, outputs, to);
            }
        },
    );
    mixed
}

/// Gradients of the spectrum before mixing, `[M, L, (B, 2, Ci)]` with [`padded`] rows, and of the
/// weights, for that of the mixed one, `[L, M, (B, 2, Co)]`.
pub(super) fn backward(
    s: Sizes,
    [inputs, outputs]: [usize; 2],
    spectrum: &[f32],
    grad: &[f32],
    weight: &[f32],
) -> (Buffer, Buffer) {
    let isa = Isa::here();
    let rows = s.orders * s.batch;
    let mut to_spectrum = Buffer::new(s.orders * s.degrees * padded(s.batch * 2 * inputs));
    let mut to_weight = Buffer::new(weight.len());
    let (to, to_weights) = (
        Shared(to_spectrum.as_mut_ptr()),
        Shared(to_weight.as_mut_ptr()),
    );
    for_each_degree(
        s,
        || {
            [
                Buffer::new(outputs * 2 * inputs),
                Buffer::new(outputs * 2 * inputs),
                Buffer::new(rows * 2 * inputs),
                Buffer::new(rows * 2 * outputs),
            ]
        },
        |[by_real, by_imaginary, mixed, turned], l| {
            let count = s.orders_of(l) * s.batch;
            let weight = &weight[l * inputs * 2 * outputs..][..inputs * 2 * outputs];
            adjoint(isa, weight, [inputs, outputs], by_real, by_imaginary);
            let grad = &grad[l * rows * 2 * outputs..][..count * 2 * outputs];
            turn(grad, outputs, -1.0, turned);
            let spectrum = spectrum[l * rows * 2 * inputs..].as_ptr();
            // SAFETY: one degree of each.
            unsafe {
                let to_input = |part: usize, b: &[f32]| Term {
                    a: grad.as_ptr().add(part * outputs),
                    row: 2 * outputs,
                    step: 1,
                    b: b.as_ptr(),
                    stride: 2 * inputs,
                    depth: outputs,
                };
                product(
                    isa,
                    &Product {
                        rows: count,
                        columns: 2 * inputs,
                        terms: &[to_input(0, by_real), to_input(1, by_imaginary)],
                        start: Start::Zero,
                        out: mixed.as_mut_ptr(),
                        stride: 2 * inputs,
                    },
                );
                by_order(s, l, mixed, inputs, to);
                let to_weight = |part: usize, b: *const f32| Term {
                    a: spectrum.add(part * inputs),
                    row: 1,
                    step: 2 * inputs,
                    b,
                    stride: 2 * outputs,
                    depth: count,
                };
                product(
                    isa,
                    &Product {
                        rows: inputs,
                        columns: 2 * outputs,
                        terms: &[to_weight(0, grad.as_ptr()), to_weight(1, turned.as_ptr())],
                        start: Start::Zero,
                        out: to_weights.at(l * inputs * 2 * outputs),
                        stride: 2 * outputs,
                    },
                );
            }
        },
    );
    (to_spectrum, to_weight)
}

/// Calls `task(scratch, degree)`, the degrees with most orders first.
fn for_each_degree<T>(
    s: Sizes,
    scratch: impl Fn() -> T + Sync + Send,
    task: impl Fn(&mut T, usize) + Sync + Send,
) {
    (0..s.degrees)
        .into_par_iter()
        .rev()
        .with_max_len(1)
        .for_each_init(scratch, task);
}

/// Copies the rows `(m, b)` of degree `l` to `[M, L, (B, 2, C)]` with padded rows.
///
/// # Safety
/// `to` is good for that shape.
unsafe fn by_order(s: Sizes, l: usize, rows: &[f32], channels: usize, to: Shared) {
    let row = s.batch * 2 * channels;
    for (m, from) in rows.chunks_exact(row).take(s.orders_of(l)).enumerate() {
        let to = to.at((m * s.degrees + l) * padded(row));
        // SAFETY: as the caller promises.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to, row) };
    }
}

/// `i` or `-i` times rows of (part, channel).
fn turn(values: &[f32], channels: usize, sign: f32, out: &mut [f32]) {
    let pairs = values.chunks_exact(2 * channels);
    for (out, value) in out.chunks_exact_mut(2 * channels).zip(pairs) {
        for c in 0..channels {
            out[c] = -sign * value[channels + c];
            out[channels + c] = sign * value[c];
        }
    }
}

/// What takes the real parts of a gradient to both parts of an input, `[Co, 2 Ci]` with
/// `[Re, -Im]` of the weights `[Ci, 2 Co]`, and the imaginary parts, `[Im, Re]`.
fn adjoint(
    isa: Isa,
    weight: &[f32],
    [inputs, outputs]: [usize; 2],
    by_real: &mut [f32],
    by_imaginary: &mut [f32],
) {
    // SAFETY: `[Ci, Co]` in rows of `2 Co` to `[Co, Ci]` in rows of `2 Ci`.
    unsafe {
        let turned = |part: usize, to: *mut f32| {
            let from = weight.as_ptr().add(part * outputs);
            transpose(isa, from, 2 * outputs, [inputs, outputs], to, 2 * inputs);
        };
        turned(0, by_real.as_mut_ptr());
        turned(1, by_real.as_mut_ptr().add(inputs));
        turned(1, by_imaginary.as_mut_ptr());
        turned(0, by_imaginary.as_mut_ptr().add(inputs));
    }
    for row in by_real.chunks_exact_mut(2 * inputs) {
        for value in &mut row[inputs..] {
            *value = -*value;
        }
    }
}
