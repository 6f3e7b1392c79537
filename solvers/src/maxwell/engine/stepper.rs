//! The step of some rows: what every fast engine is made of.
//!
//! [`Stepper::h`] takes H of rows from (n - 1/2) dt to (n + 1/2) dt and does what is due on them,
//! [`Stepper::e`] takes E from n dt to (n + 1) dt. The engines differ in nothing but the order in
//! which they call these; the order has to keep that
//!
//! * `h(k, j)` in step n comes after `e` of step n - 1 and before `e` of step n at (k, j),
//!   (k, j + 1) and (k + 1, j);
//! * `e(k, j)` in step n comes after `h` of step n and before `h` of step n + 1 at (k, j),
//!   (k, j - 1) and (k - 1, j).

use super::Real;
use super::buffer::Shared;
use super::coefficients::RowMedium;
use super::grid::{COMPONENTS, Grid};
use super::hooks::Span;
use super::kernels::{InstructionSet, Kernels, number as kernel_number};
use super::layout::AXES;
use super::lines::{NONE, Plane, lines, planes};
use super::row::{ANY, INDEXED, LOSSLESS, Side};
use std::ops::Range;

/// A grid and its hooks during a span of steps, seen by all threads.
pub(super) struct Stepper<'a, T: Real> {
    grid: &'a Grid<T>,
    span: &'a Span<'a, T>,
    kernels: Kernels<T>,
    fields: [Shared<T>; COMPONENTS],
    /// H and E.
    sides: [Side<'a, T>; 2],
    /// For both, the kind of media of each row.
    kinds: [Vec<u8>; 2],
    graded: bool,
}

// SAFETY: the pointers of the sides are those of the fields and psi, which are shared by rows
unsafe impl<T: Real> Sync for Stepper<'_, T> {}

impl<'a, T: Real> Stepper<'a, T> {
    pub(super) fn new(grid: &'a mut Grid<T>, span: &'a Span<'a, T>, set: InstructionSet) -> Self {
        let fields = grid.shared_fields();
        let psi = grid.shared_psi();
        let grid = &*grid;
        let layout = &grid.layout;
        let sides = [false, true].map(|electric| {
            let (out, own) = if electric { (0, AXES) } else { (AXES, 0) };
            let steps = &grid.steps[0];
            Side {
                out: std::array::from_fn(|a| fields[out + a].start()),
                own: std::array::from_fn(|a| fields[own + a].start().cast_const()),
                psi: std::array::from_fn(|a| psi[out + a].map(Shared::start)),
                media: std::array::from_fn(|a| &grid.media[out + a]),
                step_x: steps.uniform.unwrap_or(T::ZERO),
                steps_x: if electric {
                    steps.electric.as_ptr()
                } else {
                    steps.magnetic.as_ptr()
                },
                width: layout.width,
                end: std::array::from_fn(|a| {
                    let held = electric && a > 0 && layout.conducts(0, 1);
                    layout.extent(out + a)[0] - usize::from(held)
                }),
                held: layout.conducts(0, 0),
                stride: layout.stride,
                zeros: layout.zeros(),
                lines: lines(grid, electric),
                planes: planes(grid, electric),
                layer_x: &grid.layer_x,
                coefficients_x: if electric {
                    grid.layer_x.electric.places()
                } else {
                    grid.layer_x.magnetic.places()
                },
            }
        });
        let kinds = [AXES, 0].map(|first| {
            (0..layout.row_count())
                .map(|row| kind_of(&std::array::from_fn(|a| grid.media[first + a].row(row))))
                .collect()
        });
        Self {
            span,
            kernels: T::kernels(set),
            fields,
            sides,
            kinds,
            graded: grid.steps[0].uniform.is_none(),
            grid,
        }
    }

    /// The fields, as threads see them.
    pub(super) fn fields(&self) -> &[Shared<T>; COMPONENTS] {
        &self.fields
    }

    /// Rows of a plane.
    pub(super) fn rows(&self) -> usize {
        self.grid.layout.rows
    }

    /// Planes.
    pub(super) fn planes(&self) -> usize {
        self.grid.layout.planes
    }

    /// Bytes of the six components of a row.
    pub(super) fn row_bytes(&self) -> usize {
        COMPONENTS * self.grid.layout.stride * size_of::<T>()
    }

    /// H of some rows of a plane. Along with them memory is asked for the H that lie `ahead` rows
    /// further, if any; with E, for E there and a plane above.
    ///
    /// # Safety
    /// The order above is kept across threads.
    #[inline(always)]
    pub(super) unsafe fn h(&self, step: usize, k: usize, rows: Range<usize>, ahead: usize) {
        // SAFETY: the caller's promise
        unsafe {
            let layout = &self.grid.layout;
            self.update::<false>(k, rows.clone(), ahead * layout.stride);
            self.span.after(&self.fields, false, step, k, rows);
        }
    }

    /// E of some rows of a plane.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    pub(super) unsafe fn e(&self, step: usize, k: usize, rows: Range<usize>, ahead: usize) {
        // SAFETY: the caller's promise
        unsafe {
            self.span.before_e(&self.fields, k, rows.clone());
            let layout = &self.grid.layout;
            let ahead = match ahead {
                0 => 0,
                rows => rows * layout.stride + layout.plane,
            };
            self.update::<true>(k, rows.clone(), ahead);
            self.span.after(&self.fields, true, step, k, rows);
        }
    }

    /// Rows in a run have the same kernel.
    #[inline(always)]
    unsafe fn update<const E: bool>(&self, k: usize, rows: Range<usize>, ahead: usize) {
        let side = &self.sides[usize::from(E)];
        let kinds = &self.kinds[usize::from(E)];
        let plane = &side.planes[k];
        let kind = |j: usize| {
            let line = &side.lines[j];
            let layer = line.slab != NONE || plane.slab != NONE;
            (line.bits & plane.bits, layer, kinds[plane.row + j])
        };
        let mut from = rows.start;
        while from < rows.end {
            let own = kind(from);
            let mut to = from + 1;
            while to < rows.end && kind(to) == own {
                to += 1;
            }
            // SAFETY: the instruction set was found, the rows are this thread's
            unsafe { self.run::<E>(plane, from..to, own, ahead) };
            from = to;
        }
    }

    #[inline(always)]
    unsafe fn run<const E: bool>(
        &self,
        plane: &Plane<T>,
        rows: Range<usize>,
        (bits, layer, media): (u8, bool, u8),
        ahead: usize,
    ) {
        let electric = usize::from(E);
        let side = &self.sides[electric];
        // SAFETY: the caller's promise
        unsafe {
            if bits == 7 {
                let n = kernel_number(media, self.graded, layer);
                (self.kernels.three[electric][n])(side, plane, rows, ahead);
                return;
            }
            for a in 0..AXES {
                if bits >> a & 1 == 1 {
                    let one = self.kernels.one[electric][a][usize::from(self.graded)];
                    one(side, plane, rows.clone(), 0);
                }
            }
        }
    }
}

/// The kind of media that all three components have in common.
#[inline(always)]
fn kind_of<T: Real>(media: &[RowMedium<'_, T>; 3]) -> u8 {
    use RowMedium::{One, Palette};
    match media {
        [One(x, _), One(y, _), One(z, _)] if *x == T::ONE && *y == T::ONE && *z == T::ONE => {
            LOSSLESS
        }
        [Palette(..), Palette(..), Palette(..)] => INDEXED,
        _ => ANY,
    }
}
