//! Truncated Fourier transforms of one sample, up to three dimensions, both directions.
//!
//! Along x fields are real: a transform is a product with cosines and sines. Along y and z they
//! are complex and modes come in pairs of both signs, which share one cosine and one sine: with
//! `P = sum cos L` and `Q = sum sin L` the modes are `P -+ i Q`, at half the cost of a complex matrix.
//!
//! A line of modes along x is `[re 0..Kx | im 0..Kx | padding]`, `line` numbers long.

use super::pool::Buffer;
use super::product::{Product, Start, Term, product};
use super::vector::{Isa, Vector, for_each_isa};
use crate::kernels::FourierGrid;
use crate::spectral::dft;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// A transform or the adjoint of its inverse: they differ in the weights of modes alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Analysis divides by the number of points; synthesis counts conjugate modes.
    Transform,
    /// The adjoint of a synthesis is an analysis with its weights, and the other way round.
    Adjoint,
}

/// Matrices of one grid.
pub(super) struct Plan {
    pub grid: FourierGrid,
    /// Length of a line of modes.
    pub line: usize,
    /// Points to modes along x, `[W][line]`; transform, adjoint.
    x_analysis: [Vec<f32>; 2],
    /// Modes to points along x, `[2 Kx][W]`; transform, adjoint.
    x_synthesis: [Vec<f32>; 2],
    /// Along z and y.
    complex: [Pairs; 2],
}

/// Cosines and sines of one complex dimension.
struct Pairs {
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
    fn new(points: usize, modes: usize) -> Self {
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

impl Plan {
    fn new(grid: FourierGrid) -> Self {
        let [depth, height, width] = grid.sizes;
        let [kz, ky, kx] = grid.modes;
        let line = (2 * kx).div_ceil(16) * 16;
        let order = dft::ComplexOrder::Split;
        let analysis = dft::real_analysis(width, kx, order);
        let synthesis = dft::real_synthesis(width, kx, order);
        let by_points = |matrix: &[f64]| {
            let mut padded = vec![0.0; width * line];
            for k in 0..2 * kx {
                for x in 0..width {
                    padded[x * line + k] = matrix[k * width + x] as f32;
                }
            }
            padded
        };
        let by_modes = |matrix: &[f64]| matrix.iter().map(|&v| v as f32).collect();
        Self {
            grid,
            line,
            x_analysis: [by_points(&analysis), by_points(&synthesis)],
            x_synthesis: [by_modes(&synthesis), by_modes(&analysis)],
            complex: [Pairs::new(depth, kz), Pairs::new(height, ky)],
        }
    }

    /// The plan of a grid, made once.
    pub fn of(grid: FourierGrid) -> Arc<Self> {
        static PLANS: Mutex<Option<HashMap<FourierGrid, Arc<Plan>>>> = Mutex::new(None);
        let mut plans = PLANS
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        plans
            .get_or_insert_default()
            .entry(grid)
            .or_insert_with(|| Arc::new(Self::new(grid)))
            .clone()
    }

    /// Lines of a field along x.
    pub fn rows(&self) -> usize {
        self.grid.sizes[0] * self.grid.sizes[1]
    }

    /// Lines of a spectrum along x.
    pub fn mode_rows(&self) -> usize {
        self.grid.modes[0] * self.grid.modes[1]
    }

    /// Matrix from modes to points along x, `[2 Kx][W]`.
    pub fn x_synthesis(&self, kind: Kind) -> &[f32] {
        &self.x_synthesis[kind as usize]
    }
}

/// Where a sample's channels are in a spectrum `[modes, B, 2, C]`.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// At mode 0, part 0 of the first channel.
    pub start: *mut f32,
    /// Distance of modes.
    pub mode: usize,
    /// Distance of parts.
    pub part: usize,
    /// Channels, side by side.
    pub channels: usize,
}

/// Fields `[channels, D, H, W]` to their modes.
///
/// # Safety
/// `x` is good for the channels, `place` for all modes.
pub(super) unsafe fn analyse(isa: Isa, plan: &Plan, kind: Kind, x: *const f32, place: Place) {
    let [depth, _, width] = plan.grid.sizes;
    let [_, ky, kx] = plan.grid.modes;
    let line = plan.line;
    let rows = place.channels * plan.rows();
    let mut lines = Buffer::new(rows * line);
    // SAFETY: rows of x by columns of the matrix, into a buffer of that size.
    unsafe {
        let along_x = Term {
            a: x,
            row: width,
            step: 1,
            b: plan.x_analysis[kind as usize].as_ptr(),
            stride: line,
            depth: width,
        };
        product(
            isa,
            &Product {
                rows,
                columns: 2 * kx,
                terms: &[along_x],
                start: Start::Zero,
                out: lines.as_mut_ptr(),
                stride: line,
            },
        );
    }
    let layers = place.channels * depth;
    let lines = analyse_pairs(isa, &plan.complex[1], kind, lines, layers, 1, [kx, line]);
    let lines = analyse_pairs(
        isa,
        &plan.complex[0],
        kind,
        lines,
        place.channels,
        ky,
        [kx, line],
    );
    // SAFETY: the spectrum is good for the place, the lines hold all its modes.
    unsafe { scatter(isa, lines.as_ptr(), plan.mode_rows(), [kx, line], place) };
}

/// Transforms `[outer, n, blocks, line]` along `n`.
fn analyse_pairs(
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

/// Modes of some channels to lines along x, `[channels, D H, line]`; what is left is a product with
/// [`Plan::x_synthesis`].
///
/// # Safety
/// `place` is good for reading all modes.
pub(super) unsafe fn synthesise_lines(isa: Isa, plan: &Plan, kind: Kind, place: Place) -> Buffer {
    let [_, ky, kx] = plan.grid.modes;
    let line = plan.line;
    let mut lines = Buffer::new(place.channels * plan.mode_rows() * line);
    // SAFETY: as promised, and a buffer for all modes.
    unsafe { gather(isa, lines.as_mut_ptr(), plan.mode_rows(), [kx, line], place) };
    let lines = synthesise_pairs(
        isa,
        &plan.complex[0],
        kind,
        lines,
        place.channels,
        ky,
        [kx, line],
    );
    let layers = place.channels * plan.grid.sizes[0];
    synthesise_pairs(isa, &plan.complex[1], kind, lines, layers, 1, [kx, line])
}

/// Transforms `[outer, modes, blocks, line]` to points.
fn synthesise_pairs(
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

for_each_isa! {
    /// Lines `[channels, rows, line]` to their places in a spectrum.
    ///
    /// # Safety
    /// Both are good for all modes.
    fn scatter(lines: *const f32, rows: usize, size: [usize; 2], place: Place) = scatter_body
}

#[inline(always)]
unsafe fn scatter_body<V: Vector>(
    lines: *const f32,
    rows: usize,
    [kx, line]: [usize; 2],
    place: Place,
) {
    for row in 0..rows {
        for k in 0..kx {
            for part in 0..2 {
                // SAFETY: within the shapes.
                unsafe {
                    let to = place
                        .start
                        .add((row * kx + k) * place.mode + part * place.part);
                    let from = lines.add(row * line + part * kx + k);
                    for c in 0..place.channels {
                        *to.add(c) = *from.add(c * rows * line);
                    }
                }
            }
        }
    }
}

for_each_isa! {
    /// The other way round; padding becomes 0.
    ///
    /// # Safety
    /// Both are good for all modes.
    fn gather(lines: *mut f32, rows: usize, size: [usize; 2], place: Place) = gather_body
}

#[inline(always)]
unsafe fn gather_body<V: Vector>(
    lines: *mut f32,
    rows: usize,
    [kx, line]: [usize; 2],
    place: Place,
) {
    for row in 0..rows {
        for k in 0..kx {
            for part in 0..2 {
                // SAFETY: within the shapes.
                unsafe {
                    let from = place
                        .start
                        .add((row * kx + k) * place.mode + part * place.part);
                    let to = lines.add(row * line + part * kx + k);
                    for c in 0..place.channels {
                        *to.add(c * rows * line) = *from.add(c);
                    }
                }
            }
        }
        for k in 2 * kx..line {
            for c in 0..place.channels {
                // SAFETY: within the shapes.
                unsafe { *lines.add((c * rows + row) * line + k) = 0.0 };
            }
        }
    }
}
