//! Truncated Fourier transforms along a complex dimension.
//!
//! Modes come in pairs of both signs, which share one cosine and one sine: with `P = sum cos L` and
//! `Q = sum sin L` the modes are `P -+ i Q`, at half the cost of a complex matrix.

use super::pool::Buffer;
use super::product::{Product, Start, Term, product};
use super::vector::{Isa, Vector, for_each_isa};
use crate::spectral::dft;

/// A transform or the adjoint of its inverse: they differ in the weights of modes alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Analysis divides by the number of points; synthesis counts conjugate modes.
    Transform,
    /// The adjoint of a synthesis is an analysis with its weights, and the other way round.
    Adjoint,
}

/// Cosines and sines of one complex dimension.
pub(super) struct Pairs {
    points: usize,
    modes: usize,
    /// Frequencies 0, 1, ... up to the highest of either sign.
    frequencies: usize,
    /// `[cos; sin]` by points, `[2 F][n]`; with and without `1/n`.
    analysis: [Vec<f32>; 2],
    /// The transpose, `[n][2 F]`; without and with `1/n`.
    synthesis: [Vec<f32>; 2],
}

impl Pairs {
    pub fn new(points: usize, modes: usize) -> Self {
        let frequencies = modes / 2 + 1;
        let scaled = 1.0 / points as f64;
        let value = |row: usize, x: usize| {
            let (cos, sin) = dft::phase((row % frequencies) as i64, x, points);
            if row < frequencies { cos } else { sin }
        };
        let analysis = |scale: f64| -> Vec<f32> {
            (0..2 * frequencies * points)
                .map(|n| (scale * value(n / points, n % points)) as f32)
                .collect()
        };
        let synthesis = |scale: f64| -> Vec<f32> {
            (0..2 * frequencies * points)
                .map(|n| (scale * value(n % (2 * frequencies), n / (2 * frequencies))) as f32)
                .collect()
        };
        Self {
            points,
            modes,
            frequencies,
            analysis: [analysis(scaled), analysis(1.0)],
            synthesis: [synthesis(1.0), synthesis(scaled)],
        }
    }
}

/// Transforms `[outer, n, blocks, line]` along `n`.
pub(super) fn analyse_pairs(
    isa: Isa,
    pairs: &Pairs,
    kind: Kind,
    input: Buffer,
    outer: usize,
    blocks: usize,
    [kx, line]: [usize; 2],
) -> Buffer {
    let (n, f) = (pairs.points, pairs.frequencies);
    if n == 1 {
        return input;
    }
    let row = blocks * line;
    // A single line ends with padding that nobody needs.
    let columns = if blocks == 1 { 2 * kx } else { row };
    let mut pq = Buffer::new(2 * f * row);
    let mut output = Buffer::new(outer * pairs.modes * row);
    for o in 0..outer {
        // SAFETY: slices of the sizes that follow from the shapes.
        unsafe {
            let term = Term {
                a: pairs.analysis[kind as usize].as_ptr(),
                row: n,
                step: 1,
                b: input.as_ptr().add(o * n * row),
                stride: row,
                depth: n,
            };
            product(
                isa,
                &Product {
                    rows: 2 * f,
                    columns,
                    terms: &[term],
                    start: Start::Zero,
                    out: pq.as_mut_ptr(),
                    stride: row,
                },
            );
            let out = output.as_mut_ptr().add(o * pairs.modes * row);
            signs_from_pairs(isa, pq.as_ptr(), out, pairs.modes, blocks, kx, line);
        }
    }
    output
}

for_each_isa! {
    /// `P_f, Q_f` to the modes `+-f`: `X(+-f) = (P_r +- Q_i) + i (P_i -+ Q_r)`.
    ///
    /// # Safety
    /// `pq` is `[2 F, blocks, line]`, `out` `[modes, blocks, line]`.
    fn signs_from_pairs(
        pq: *const f32,
        out: *mut f32,
        modes: usize,
        blocks: usize,
        kx: usize,
        line: usize,
    ) = signs_from_pairs_body
}

#[inline(always)]
unsafe fn signs_from_pairs_body<V: Vector>(
    pq: *const f32,
    out: *mut f32,
    modes: usize,
    blocks: usize,
    kx: usize,
    line: usize,
) {
    let (half, frequencies, row) = (modes / 2, modes / 2 + 1, blocks * line);
    for f in 0..frequencies {
        for block in 0..blocks {
            // SAFETY: within the shapes.
            unsafe {
                let p = pq.add(f * row + block * line);
                let q = pq.add((frequencies + f) * row + block * line);
                if f == 0 || half + f < modes {
                    let plus = out.add((half + f) * row + block * line);
                    for k in 0..kx {
                        *plus.add(k) = *p.add(k) + *q.add(kx + k);
                        *plus.add(kx + k) = *p.add(kx + k) - *q.add(k);
                    }
                }
                if f > 0 {
                    let minus = out.add((half - f) * row + block * line);
                    for k in 0..kx {
                        *minus.add(k) = *p.add(k) - *q.add(kx + k);
                        *minus.add(kx + k) = *p.add(kx + k) + *q.add(k);
                    }
                }
            }
        }
    }
}

/// Transforms `[outer, modes, blocks, line]` to points.
pub(super) fn synthesise_pairs(
    isa: Isa,
    pairs: &Pairs,
    kind: Kind,
    input: Buffer,
    outer: usize,
    blocks: usize,
    [kx, line]: [usize; 2],
) -> Buffer {
    let (n, f) = (pairs.points, pairs.frequencies);
    if n == 1 {
        return input;
    }
    let row = blocks * line;
    let columns = if blocks == 1 { 2 * kx } else { row };
    let mut even_odd = Buffer::new(2 * f * row);
    let mut output = Buffer::new(outer * n * row);
    for o in 0..outer {
        // SAFETY: slices of the sizes that follow from the shapes.
        unsafe {
            let modes = input.as_ptr().add(o * pairs.modes * row);
            pairs_from_signs(
                isa,
                modes,
                even_odd.as_mut_ptr(),
                pairs.modes,
                blocks,
                kx,
                line,
            );
            let term = Term {
                a: pairs.synthesis[kind as usize].as_ptr(),
                row: 2 * f,
                step: 1,
                b: even_odd.as_ptr(),
                stride: row,
                depth: 2 * f,
            };
            product(
                isa,
                &Product {
                    rows: n,
                    columns,
                    terms: &[term],
                    start: Start::Zero,
                    out: output.as_mut_ptr().add(o * n * row),
                    stride: row,
                },
            );
        }
    }
    output
}

for_each_isa! {
    /// Modes `+-f` to what multiplies the cosine, `X(f) + X(-f)`, and the sine, `i (X(f) - X(-f))`.
    ///
    /// # Safety
    /// `modes` is `[count, blocks, line]`, `out` `[2 F, blocks, line]`.
    fn pairs_from_signs(
        modes: *const f32,
        out: *mut f32,
        count: usize,
        blocks: usize,
        kx: usize,
        line: usize,
    ) = pairs_from_signs_body
}

#[inline(always)]
unsafe fn pairs_from_signs_body<V: Vector>(
    modes: *const f32,
    out: *mut f32,
    count: usize,
    blocks: usize,
    kx: usize,
    line: usize,
) {
    let (half, frequencies, row) = (count / 2, count / 2 + 1, blocks * line);
    for f in 0..frequencies {
        for block in 0..blocks {
            // SAFETY: within the shapes.
            unsafe {
                let even = out.add(f * row + block * line);
                let odd = out.add((frequencies + f) * row + block * line);
                let plus = modes.add((half + f) * row + block * line);
                let minus = modes.add((half - f) * row + block * line);
                // The highest frequency of an even count has the negative sign alone.
                match (f == 0, half + f < count) {
                    (true, _) => {
                        for k in 0..2 * kx {
                            *even.add(k) = *plus.add(k);
                            *odd.add(k) = 0.0;
                        }
                    }
                    (false, true) => {
                        for k in 0..kx {
                            let (pr, pi) = (*plus.add(k), *plus.add(kx + k));
                            let (mr, mi) = (*minus.add(k), *minus.add(kx + k));
                            *even.add(k) = pr + mr;
                            *even.add(kx + k) = pi + mi;
                            *odd.add(k) = mi - pi;
                            *odd.add(kx + k) = pr - mr;
                        }
                    }
                    (false, false) => {
                        for k in 0..kx {
                            let (mr, mi) = (*minus.add(k), *minus.add(kx + k));
                            *even.add(k) = mr;
                            *even.add(kx + k) = mi;
                            *odd.add(k) = mi;
                            *odd.add(kx + k) = -mr;
                        }
                    }
                }
            }
        }
    }
}
