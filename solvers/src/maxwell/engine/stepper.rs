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
use super::grid::{COMPONENTS, Grid};
use super::hooks::Span;
use super::kernels::{InstructionSet, Kernels, number};
use super::layout::AXES;
use super::row::{ANY, INDEXED, LOSSLESS, Psi, Rows};

/// A grid and its hooks during a span of steps, seen by all threads.
pub(super) struct Stepper<'a, T: Real> {
    grid: &'a Grid<T>,
    span: &'a Span<'a, T>,
    kernels: Kernels<T>,
    fields: [Shared<T>; COMPONENTS],
    psi: [[Shared<T>; AXES]; COMPONENTS],
    zeros: Vec<T>,
    /// For H and E: which components rows and planes have, as bits.
    by_row: [Vec<u8>; 2],
    by_plane: [Vec<u8>; 2],
    graded: bool,
    /// Values of each component that are not padding.
    extent: [usize; COMPONENTS],
    /// E at the ends of x is held.
    held: [bool; 2],
}

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
        Self {
            span,
            kernels: T::kernels(set),
            fields,
            psi,
            zeros: vec![T::ZERO; layout.stride + 2],
            by_row: [false, true].map(|e| bits(e, 1, layout.rows)),
            by_plane: [false, true].map(|e| bits(e, 2, layout.planes)),
            graded: grid.steps[0].uniform.is_none(),
            extent: std::array::from_fn(|c| layout.extent(c)[0]),
            held: [0, 1].map(|side| layout.conducts(0, side)),
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
        let layout = &grid.layout;
        let row = layout.row(k, j);
        let start = layout.start(k, j);
        let (out, own) = if E { (0, AXES) } else { (AXES, 0) };
        // SAFETY: places of stored rows
        let (here, across, above) = unsafe {
            let at = |c: usize, start: usize| self.fields[c].place(start);
            let here = |first: usize| std::array::from_fn(|a| at(first + a, start));
            (
                here(out),
                self.neighbour::<E>(own, 1, k, j),
                self.neighbour::<E>(own, 2, k, j),
            )
        };
        let media: [RowMedium<'_, T>; 3] = std::array::from_fn(|a| grid.media[out + a].row(row));
        let [_, y, z] = &grid.steps;
        let slabs = [grid.layers[1].slab(E, j), grid.layers[2].slab(E, k)];
        let psi = |axis: usize, at: usize| -> [Option<Psi<T>>; 3] {
            let Some(slab) = slabs[axis - 1] else {
                return [None; 3];
            };
            let stretch = grid.layers[axis].stretch(E, at);
            let start = grid.psi_start(axis, slab, k, j);
            std::array::from_fn(|a| {
                (a != axis).then(|| Psi {
                    // SAFETY: the psi of this row
                    row: unsafe { self.psi[out + a][axis].place(start) },
                    b: stretch.b,
                    c: stretch.c,
                })
            })
        };
        let steps_x = if E {
            &grid.steps[0].electric
        } else {
            &grid.steps[0].magnetic
        };
        let rows = Rows {
            out: here,
            // SAFETY: as above
            own: std::array::from_fn(|a| unsafe { self.fields[own + a].place(start).cast_const() }),
            across,
            above,
            step_y: if E {
                y.electric[j]
            } else {
                y.magnetic[j.min(y.magnetic.len() - 1)]
            },
            step_z: if E {
                z.electric[k]
            } else {
                z.magnetic[k.min(z.magnetic.len() - 1)]
            },
            step_x: grid.steps[0].uniform.unwrap_or(T::ZERO),
            steps_x: steps_x.as_ptr(),
            psi_y: psi(1, j),
            psi_z: psi(2, k),
            media,
            width: layout.width,
        };
        // SAFETY: the instruction set was found, the rows are this thread's
        unsafe {
            if bits == 7 {
                let layer = slabs[0].is_some() || slabs[1].is_some();
                let n = number(kind_of(&media), self.graded, layer);
                (self.kernels.three[kind][n])(&rows);
            } else {
                for a in 0..AXES {
                    if bits >> a & 1 == 1 {
                        (self.kernels.one[kind][a][usize::from(self.graded)])(&rows);
                    }
                }
            }
            for w in &grid.windows {
                let set = if E { &w.electric } else { &w.magnetic };
                for a in 1..AXES {
                    if bits >> a & 1 == 1 {
                        let psi = self.psi[out + a][0].place(row * grid.window_values + w.place);
                        (self.kernels.window[kind][a - 1])(&rows, set, w.first, w.len, psi);
                    }
                }
            }
            self.trim::<E>(&here, bits);
        }
    }

    /// The rows of the other field at j + 1 or k + 1 (for H), j - 1 or k - 1 (for E).
    #[inline(always)]
    unsafe fn neighbour<const E: bool>(
        &self,
        first: usize,
        axis: usize,
        k: usize,
        j: usize,
    ) -> [*const T; 3] {
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
                // H in front of the mesh
                return [self.zeros[1..].as_ptr(); 3];
            }
        } else if at + 1 < count {
            at + 1
        } else {
            // the first of a periodic axis; otherwise not used
            0
        };
        let start = if axis == 1 {
            layout.start(k, other)
        } else {
            layout.start(other, j)
        };
        // SAFETY: a stored row
        std::array::from_fn(|a| unsafe { self.fields[first + a].place(start).cast_const() })
    }

    /// Sets what came out beyond a component's extent, and E on the walls of x, to zero.
    #[inline(always)]
    unsafe fn trim<const E: bool>(&self, rows: &[*mut T; 3], bits: u8) {
        let width = self.grid.layout.width;
        for a in 0..AXES {
            if bits >> a & 1 == 0 {
                continue;
            }
            let tangential = E && a > 0;
            let end =
                self.extent[a + if E { 0 } else { AXES }] - usize::from(tangential && self.held[1]);
            // SAFETY: inside of this thread's row, whose width is at least 8
            unsafe {
                let tail = &mut *rows[a].add(width - 8).cast::<[T; 8]>();
                for (l, value) in tail.iter_mut().enumerate() {
                    *value = if width - 8 + l < end { *value } else { T::ZERO };
                }
                if tangential && self.held[0] {
                    *rows[a] = T::ZERO;
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
