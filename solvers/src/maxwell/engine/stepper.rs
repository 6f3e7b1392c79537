//! The step of one row: what every fast engine is made of.
//!
//! [`Stepper::h`] takes H of a row from (n - 1/2) dt to (n + 1/2) dt and does what is due on it,
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
use super::cpml::Stretch;
use super::grid::{COMPONENTS, Grid};
use super::hooks::Span;
use super::kernels::{InstructionSet, Kernels, number as kernel_number};
use super::layout::AXES;
use super::row::{ANY, INDEXED, LOSSLESS, NONE, Row, Side};

/// A grid and its hooks during a span of steps, seen by all threads.
pub(super) struct Stepper<'a, T: Real> {
    grid: &'a Grid<T>,
    span: &'a Span<'a, T>,
    kernels: Kernels<T>,
    fields: [Shared<T>; COMPONENTS],
    /// H and E.
    sides: [Side<'a, T>; 2],
    /// For both: which components rows and planes have, as bits; the kind of media of a row.
    by_row: [Vec<u8>; 2],
    by_plane: [Vec<u8>; 2],
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
        let bits = |electric: bool, axis: usize, count: usize| -> Vec<u8> {
            let first = if electric { 0 } else { AXES };
            (0..count)
                .map(|at| {
                    (0..AXES)
                        .filter(|a| grid.updates_along(first + a, axis, at))
                        .fold(0, |bits, a| bits | 1 << a)
                })
                .collect()
        };
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
                layer_x: &grid.layer_x,
                coefficients_x: if electric {
                    &grid.layer_x.electric
                } else {
                    &grid.layer_x.magnetic
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
            by_row: [false, true].map(|e| bits(e, 1, layout.rows)),
            by_plane: [false, true].map(|e| bits(e, 2, layout.planes)),
            kinds,
            graded: grid.steps[0].uniform.is_none(),
            grid,
        }
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

    /// H of a row.
    ///
    /// # Safety
    /// The order above is kept across threads.
    #[inline(always)]
    pub(super) unsafe fn h(&self, step: usize, k: usize, j: usize) {
        // SAFETY: the caller's promise
        unsafe {
            self.update::<false>(k, j);
            self.span.after(&self.fields, false, step, k, j);
        }
    }

    /// E of a row.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    pub(super) unsafe fn e(&self, step: usize, k: usize, j: usize) {
        // SAFETY: the caller's promise
        unsafe {
            self.span.before_e(&self.fields, k, j);
            self.update::<true>(k, j);
            self.span.after(&self.fields, true, step, k, j);
        }
    }

    #[inline(always)]
    unsafe fn update<const E: bool>(&self, k: usize, j: usize) {
        let kind = usize::from(E);
        let bits = self.by_row[kind][j] & self.by_plane[kind][k];
        if bits == 0 {
            return;
        }
        let grid = self.grid;
        let side = &self.sides[kind];
        let number = grid.layout.row(k, j);
        let [_, y, z] = &grid.steps;
        let (step_y, step_z) = if E {
            (y.electric[j], z.electric[k])
        } else {
            (y.magnetic[j], z.magnetic[k])
        };
        let (psi_y, stretch_y) = self.psi::<E>(1, j, k, j);
        let (psi_z, stretch_z) = self.psi::<E>(2, k, k, j);
        let [mx, my, mz] = side.media;
        let row = Row {
            number,
            here: grid.layout.start(k, j),
            across: self.neighbour::<E>(1, k, j),
            above: self.neighbour::<E>(2, k, j),
            step_y,
            step_z,
            psi_y,
            psi_z,
            stretch_y,
            stretch_z,
            codes: [mx.code(number), my.code(number), mz.code(number)],
        };
        // SAFETY: the instruction set was found, the rows are this thread's
        unsafe {
            if bits == 7 {
                let layer = psi_y != NONE || psi_z != NONE;
                let n = kernel_number(self.kinds[kind][number], self.graded, layer);
                (self.kernels.three[kind][n])(side, &row);
            } else {
                for a in 0..AXES {
                    if bits >> a & 1 == 1 {
                        (self.kernels.one[kind][a][usize::from(self.graded)])(side, &row);
                    }
                }
            }
        }
    }

    /// Place of psi along y or z, or [`NONE`], and what advances it.
    #[inline(always)]
    fn psi<const E: bool>(
        &self,
        axis: usize,
        at: usize,
        k: usize,
        j: usize,
    ) -> (usize, Stretch<T>) {
        match self.grid.layers[axis].slab(E, at) {
            None => (NONE, Stretch::default()),
            Some(slab) => (
                self.grid.psi_start(axis, slab, k, j),
                self.grid.layers[axis].stretch(E, at),
            ),
        }
    }

    /// Place of the row at j + 1 or k + 1 (for H), j - 1 or k - 1 (for E).
    #[inline(always)]
    fn neighbour<const E: bool>(&self, axis: usize, k: usize, j: usize) -> usize {
        let layout = &self.grid.layout;
        let (at, count) = if axis == 1 {
            (j, layout.rows)
        } else {
            (k, layout.planes)
        };
        let other = if E {
            if at > 0 {
                at - 1
            } else if layout.periodic[axis] {
                count - 1
            } else {
                return layout.zeros();
            }
        } else if at + 1 < count {
            at + 1
        } else {
            // the first of a periodic axis; otherwise not used
            0
        };
        if axis == 1 {
            layout.start(k, other)
        } else {
            layout.start(other, j)
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
