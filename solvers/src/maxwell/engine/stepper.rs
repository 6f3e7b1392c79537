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
    /// For both, by row of a plane, by plane, and the kind of media of each row.
    by_row: [Vec<Line<T>>; 2],
    by_plane: [Vec<Line<T>>; 2],
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
            by_row: [false, true].map(|e| Line::all(grid, e, 1)),
            by_plane: [false, true].map(|e| Line::all(grid, e, 2)),
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
        let (y, z) = (&self.by_row[kind][j], &self.by_plane[kind][k]);
        let bits = y.bits & z.bits;
        if bits == 0 {
            return;
        }
        let layout = &self.grid.layout;
        let side = &self.sides[kind];
        let number = layout.row(k, j);
        let here = layout.start(k, j);
        let stride = layout.stride;
        let [mx, my, mz] = side.media;
        let row = Row {
            number,
            here,
            across: match y.neighbour {
                Neighbour::Away(rows) => here.wrapping_add(rows.wrapping_mul(stride)),
                Neighbour::Zeros => layout.zeros(),
            },
            above: match z.neighbour {
                Neighbour::Away(rows) => here.wrapping_add(rows.wrapping_mul(stride)),
                Neighbour::Zeros => layout.zeros(),
            },
            step_y: y.step,
            step_z: z.step,
            psi_y: match y.slab {
                NONE => NONE,
                slab => self.grid.psi_start(1, slab, k, j),
            },
            psi_z: match z.slab {
                NONE => NONE,
                slab => self.grid.psi_start(2, slab, k, j),
            },
            stretch_y: y.stretch,
            stretch_z: z.stretch,
            codes: [mx.code(number), my.code(number), mz.code(number)],
        };
        // SAFETY: the instruction set was found, the rows are this thread's
        unsafe {
            if bits == 7 {
                let layer = y.slab != NONE || z.slab != NONE;
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
}

/// Where the other row of a difference along y or z is.
enum Neighbour {
    /// So many rows on in memory, wrapping.
    Away(usize),
    /// H beyond the mesh.
    Zeros,
}

/// What all rows at one place along y or z have in common.
struct Line<T> {
    /// The components that are updated there, as bits.
    bits: u8,
    /// `1 / d`.
    step: T,
    /// Slab of the layer, or [`NONE`], and what advances its psi.
    slab: usize,
    stretch: Stretch<T>,
    neighbour: Neighbour,
}

impl<T: Real> Line<T> {
    /// All places along an axis.
    fn all(grid: &Grid<T>, electric: bool, axis: usize) -> Vec<Self> {
        let layout = &grid.layout;
        let (count, apart) = match axis {
            1 => (layout.rows, 1),
            _ => (layout.planes, layout.rows),
        };
        let first = if electric { 0 } else { AXES };
        let steps = &grid.steps[axis];
        let layers = &grid.layers[axis];
        let of = |at: usize| {
            let slab = layers.slab(electric, at);
            // j + 1 or k + 1 for H, j - 1 or k - 1 for E; where H has none but the first, of a
            // periodic axis, it is that or not used
            let other = match electric {
                true if at > 0 => Some(at - 1),
                true if layout.periodic[axis] => Some(count - 1),
                true => None,
                false => Some((at + 1) % count),
            };
            Self {
                bits: (0..AXES)
                    .filter(|a| grid.updates_along(first + a, axis, at))
                    .fold(0, |bits, a| bits | 1 << a),
                step: if electric {
                    steps.electric[at]
                } else {
                    steps.magnetic[at]
                },
                slab: slab.unwrap_or(NONE),
                stretch: slab.map_or_else(Stretch::default, |_| layers.stretch(electric, at)),
                neighbour: match other {
                    Some(other) => Neighbour::Away(other.wrapping_sub(at).wrapping_mul(apart)),
                    None => Neighbour::Zeros,
                },
            }
        };
        (0..count).map(of).collect()
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
