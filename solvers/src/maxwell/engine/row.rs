//! The update of rows of E or H, in vectors: the same sums in the same order as the
//! [reference](super::reference).
//!
//! [`update`] takes the three components of a row together, which reads each neighbour once, or a
//! single one, for rows on walls and of idle components. It walks along the row in
//! [blocks](super::block), those in layers along x first and last. What rows have in common is
//! found before the first of them: at 160 cells, finding it anew for each row takes as long as a
//! quarter of its arithmetic.

use super::Real;
use super::block::block;
use super::coefficients::{ComponentMedia, RowMedium};
use super::cpml::RowLayer;
use super::lanes::{Lanes, Vectors};
use super::lines::{Line, NONE, Neighbour, Plane};
use std::ops::Range;

/// One lossless medium per component.
pub(super) const LOSSLESS: u8 = 0;
/// Indices into a palette.
pub(super) const INDEXED: u8 = 1;
/// Any, looked at on the way.
pub(super) const ANY: u8 = 2;

/// E or H: all that is the same for all rows. For H `own` are the components of E, for E those of
/// H.
pub(super) struct Side<'a, T> {
    pub(super) out: [*mut T; 3],
    pub(super) own: [*const T; 3],
    /// Psi of each component along each axis.
    pub(super) psi: [[*mut T; 3]; 3],
    pub(super) media: [&'a ComponentMedia<T>; 3],
    /// `1 / d` along x, one or many.
    pub(super) step_x: T,
    pub(super) steps_x: *const T,
    /// Values that updates touch, values of each component that stay, and whether the first of the
    /// y and z components is held at zero.
    pub(super) width: usize,
    pub(super) end: [usize; 3],
    pub(super) held: bool,
    /// Distance between rows, and the place of the row of zeros.
    pub(super) stride: usize,
    pub(super) zeros: usize,
    /// What rows have in common by their place in a plane, and planes.
    pub(super) lines: Vec<Line<T>>,
    pub(super) planes: Vec<Plane<T>>,
    /// Layers along x.
    pub(super) layer_x: &'a RowLayer<T>,
    pub(super) coefficients_x: [*const T; 3],
}

/// Updates all components of rows of a plane (`WHICH` 3) or one of them. Further const parameters:
/// E or H, the media, a graded x, and whether there may be a layer in y or z. Memory is asked for
/// the values `ahead` of those written, if not 0.
///
/// # Safety
/// Places of rows of `width` values with a neighbour on both sides, the instruction set of `V`,
/// and media and spacings that fit the const parameters; nobody else is at the written rows.
#[inline(always)]
pub(super) unsafe fn update<
    T: Real,
    V: Vectors<T>,
    const E: bool,
    const WHICH: u8,
    const MEDIA: u8,
    const GRADED: bool,
    const LAYER: bool,
>(
    side: &Side<'_, T>,
    plane: &Plane<T>,
    rows: Range<usize>,
    ahead: usize,
) {
    // SAFETY: the caller's promises; layers begin and end at whole vectors
    unsafe {
        let RowLayer { low, high, .. } = *side.layer_x;
        let shift = low.wrapping_sub(high);
        let width = side.width;
        let wide = V::Wide::N;
        let mut set = Constants::<T, V::Wide>::new(side, plane);
        let mut rest = Constants::<T, V::Narrow>::new(side, plane);
        for j in rows {
            let line = side.lines.get_unchecked(j);
            let place = Place::new::<MEDIA>(side, plane, line, j, ahead);
            set.on(line, &place);
            let mut i = 0;
            while i + wide <= low {
                block::<T, V::Wide, E, WHICH, MEDIA, GRADED, LAYER, true>(&place, &set, i, i);
                i += wide;
            }
            while i + wide <= high {
                block::<T, V::Wide, E, WHICH, MEDIA, GRADED, LAYER, false>(&place, &set, i, 0);
                i += wide;
            }
            while i + wide <= width {
                let n = i.wrapping_add(shift);
                block::<T, V::Wide, E, WHICH, MEDIA, GRADED, LAYER, true>(&place, &set, i, n);
                i += wide;
            }
            if wide > 8 && i < width {
                rest.on(line, &place);
                if i < low || i >= high {
                    let n = if i < low { i } else { i.wrapping_add(shift) };
                    block::<T, V::Narrow, E, WHICH, MEDIA, GRADED, LAYER, true>(
                        &place, &rest, i, n,
                    );
                } else {
                    block::<T, V::Narrow, E, WHICH, MEDIA, GRADED, LAYER, false>(
                        &place, &rest, i, 0,
                    );
                }
            }
            if WHICH == 3 {
                trim::<T, E>(side, place.out[0], 0);
                trim::<T, E>(side, place.out[1], 1);
                trim::<T, E>(side, place.out[2], 2);
            } else {
                trim::<T, E>(side, place.out[WHICH as usize], WHICH as usize);
            }
        }
    }
}

/// Sets what came out beyond a component's extent, and E on the walls of x, to zero.
#[inline(always)]
unsafe fn trim<T: Real, const E: bool>(side: &Side<'_, T>, out: *mut T, component: usize) {
    // SAFETY: inside of the row, whose width is at least 8
    unsafe {
        if side.end[component] < side.width {
            let first = side.width - 8;
            let keep = side.end[component] - first.min(side.end[component]);
            let tail = &mut *out.add(first).cast::<[T; 8]>();
            for l in 0..8 {
                tail[l] = if l < keep { tail[l] } else { T::ZERO };
            }
        }
        if E && component > 0 && side.held {
            *out = T::ZERO;
        }
    }
}

/// Where a row's values are.
pub(super) struct Place<'a, T> {
    pub(super) out: [*mut T; 3],
    pub(super) own: [*const T; 3],
    pub(super) across: [*const T; 3],
    pub(super) above: [*const T; 3],
    /// Of the layers along x: psi, and the coefficients b, c, g.
    pub(super) psi_x: [*mut T; 3],
    pub(super) x: [*const T; 3],
    pub(super) psi_y: [*mut T; 3],
    pub(super) psi_z: [*mut T; 3],
    /// Distance of the values to ask memory for, or 0.
    pub(super) ahead: usize,
    pub(super) layer_y: bool,
    pub(super) layer_z: bool,
    pub(super) steps_x: *const T,
    pub(super) media: [RowMedium<'a, T>; 3],
}

impl<'a, T: Real> Place<'a, T> {
    #[inline(always)]
    unsafe fn new<const MEDIA: u8>(
        side: &'a Side<'_, T>,
        plane: &Plane<T>,
        line: &Line<T>,
        j: usize,
        ahead: usize,
    ) -> Self {
        let ([x, y, z], [u, v, w]) = (side.out, side.own);
        let (layer_y, layer_z) = (line.slab != NONE, plane.slab != NONE);
        let number = plane.row + j;
        let here = plane.start + j * side.stride;
        let across = match line.neighbour {
            Neighbour::Away(values) => here.wrapping_add(values),
            Neighbour::Zeros => side.zeros,
        };
        let above = match plane.neighbour {
            Neighbour::Away(values) => here.wrapping_add(values),
            Neighbour::Zeros => side.zeros,
        };
        let psi_x = number * side.layer_x.values;
        let psi_y = if layer_y {
            plane.psi_y + line.slab * side.stride
        } else {
            0
        };
        let psi_z = if layer_z {
            plane.psi_z + j * side.stride
        } else {
            0
        };
        let [px, py, pz] = &side.psi;
        let [mx, my, mz] = &side.media;
        // SAFETY: the caller's promises
        unsafe {
            Self {
                out: [x.add(here), y.add(here), z.add(here)],
                own: [u.add(here), v.add(here), w.add(here)],
                across: [u.add(across), v.add(across), w.add(across)],
                above: [u.add(above), v.add(above), w.add(above)],
                psi_x: [px[0], py[0].add(psi_x), pz[0].add(psi_x)],
                x: side.coefficients_x,
                psi_y: [px[1].add(psi_y), py[1], pz[1].add(psi_y)],
                psi_z: [px[2].add(psi_z), py[2].add(psi_z), pz[2]],
                ahead,
                layer_y,
                layer_z,
                steps_x: side.steps_x,
                media: [
                    medium::<T, MEDIA>(mx, number),
                    medium::<T, MEDIA>(my, number),
                    medium::<T, MEDIA>(mz, number),
                ],
            }
        }
    }
}

#[inline(always)]
fn medium<T: Real, const MEDIA: u8>(media: &ComponentMedia<T>, number: usize) -> RowMedium<'_, T> {
    match MEDIA {
        LOSSLESS => media.one(number),
        INDEXED => media.indexed(number),
        _ => media.row(number),
    }
}

/// What stays the same along a row, and mostly from row to row.
pub(super) struct Constants<T: Real, L: Lanes<T>> {
    pub(super) step: [L; 3],
    pub(super) y: (L, L),
    pub(super) z: (L, L),
    pub(super) media: [(L, L); 3],
    pub(super) tables: [(L::Table, L::Table); 3],
}

// Everything from here on and in the blocks is inlined into functions that are compiled for the
// instruction set; closures would not be, and their intrinsics would become calls.

impl<T: Real, L: Lanes<T>> Constants<T, L> {
    #[inline(always)]
    unsafe fn new(side: &Side<'_, T>, plane: &Plane<T>) -> Self {
        let [x, y, z] = &side.media;
        // SAFETY: the caller has the instruction set
        unsafe {
            let zero = L::splat(T::ZERO);
            Self {
                step: [L::splat(side.step_x), zero, L::splat(plane.step)],
                y: (zero, zero),
                z: (L::splat(plane.stretch.b), L::splat(plane.stretch.c)),
                media: [(zero, zero); 3],
                tables: [tables::<T, L>(x), tables::<T, L>(y), tables::<T, L>(z)],
            }
        }
    }

    /// The same for another row.
    #[inline(always)]
    unsafe fn on(&mut self, line: &Line<T>, place: &Place<'_, T>) {
        let [x, y, z] = &place.media;
        // SAFETY: the caller has the instruction set
        unsafe {
            self.step[1] = L::splat(line.step);
            self.y = (L::splat(line.stretch.b), L::splat(line.stretch.c));
            self.media = [splat(x), splat(y), splat(z)];
        }
    }
}

#[inline(always)]
unsafe fn splat<T: Real, L: Lanes<T>>(medium: &RowMedium<'_, T>) -> (L, L) {
    let (ca, cb) = match medium {
        RowMedium::One(ca, cb) => (*ca, *cb),
        _ => (T::ZERO, T::ZERO),
    };
    // SAFETY: the caller has the instruction set
    unsafe { (L::splat(ca), L::splat(cb)) }
}

#[inline(always)]
unsafe fn tables<T: Real, L: Lanes<T>>(media: &ComponentMedia<T>) -> (L::Table, L::Table) {
    let (ca, cb) = media.palette();
    // SAFETY: the caller has the instruction set
    unsafe { (L::table(ca), L::table(cb)) }
}
