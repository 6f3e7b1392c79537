//! The update of one row of E or H, in vectors: the same sums in the same order as the
//! [reference](super::reference).
//!
//! [`update`] takes the three components of a row together, which reads each neighbour once, or a
//! single one, for rows on walls and of idle components. It walks along the row in
//! [blocks](super::block), those in layers along x first and last.

use super::Real;
use super::block::block;
use super::coefficients::{ComponentMedia, PALETTE, RowMedium};
use super::cpml::{RowLayer, Stretch};
use super::lanes::{Lanes, Vectors};

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
    /// Layers along x.
    pub(super) layer_x: &'a RowLayer<T>,
    pub(super) coefficients_x: [*const T; 3],
}

/// No layer.
pub(super) const NONE: usize = usize::MAX;

/// One row of E or H: places of its values in all components. For H `across` is j + 1 and `above`
/// k + 1, for E j - 1 and k - 1.
pub(super) struct Row<T> {
    pub(super) number: usize,
    pub(super) here: usize,
    pub(super) across: usize,
    pub(super) above: usize,
    /// `1 / d` along y and z, kappa in it.
    pub(super) step_y: T,
    pub(super) step_z: T,
    /// Places of psi along y and z or [`NONE`], and what advances them.
    pub(super) psi_y: usize,
    pub(super) psi_z: usize,
    pub(super) stretch_y: Stretch<T>,
    pub(super) stretch_z: Stretch<T>,
    /// Media of the components, encoded.
    pub(super) codes: [u32; 3],
}

/// Updates all components of a row (`WHICH` 3) or one of them. Further const parameters: E or H,
/// the media, a graded x, and whether there may be a layer in y or z.
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
    row: &Row<T>,
) {
    // SAFETY: the caller's promises; layers begin and end at whole vectors
    unsafe {
        let place = Place::new(side, row);
        let RowLayer { low, high, .. } = *side.layer_x;
        let shift = low.wrapping_sub(high);
        let wide = V::Wide::N;
        let set = Constants::<T, V::Wide>::new(side, row, &place);
        let mut i = 0;
        while i + wide <= low {
            block::<T, V::Wide, E, WHICH, MEDIA, GRADED, LAYER, true>(&place, &set, i, i);
            i += wide;
        }
        while i + wide <= high {
            block::<T, V::Wide, E, WHICH, MEDIA, GRADED, LAYER, false>(&place, &set, i, 0);
            i += wide;
        }
        while i + wide <= side.width {
            let n = i.wrapping_add(shift);
            block::<T, V::Wide, E, WHICH, MEDIA, GRADED, LAYER, true>(&place, &set, i, n);
            i += wide;
        }
        if wide > 8 && i < side.width {
            let set = Constants::<T, V::Narrow>::new(side, row, &place);
            if i < low || i >= high {
                let n = if i < low { i } else { i.wrapping_add(shift) };
                block::<T, V::Narrow, E, WHICH, MEDIA, GRADED, LAYER, true>(&place, &set, i, n);
            } else {
                block::<T, V::Narrow, E, WHICH, MEDIA, GRADED, LAYER, false>(&place, &set, i, 0);
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
    pub(super) layer_y: bool,
    pub(super) layer_z: bool,
    pub(super) steps_x: *const T,
    pub(super) media: [RowMedium<'a, T>; 3],
}

impl<'a, T: Real> Place<'a, T> {
    #[inline(always)]
    unsafe fn new(side: &'a Side<'_, T>, row: &Row<T>) -> Self {
        let ([x, y, z], [u, v, w]) = (side.out, side.own);
        let (layer_y, layer_z) = (row.psi_y != NONE, row.psi_z != NONE);
        let psi_x = row.number * side.layer_x.values;
        let psi_y = if layer_y { row.psi_y } else { 0 };
        let psi_z = if layer_z { row.psi_z } else { 0 };
        let [px, py, pz] = &side.psi;
        let [mx, my, mz] = &side.media;
        // SAFETY: the caller's promises
        unsafe {
            let own = |at: usize| [u.add(at), v.add(at), w.add(at)];
            Self {
                out: [x.add(row.here), y.add(row.here), z.add(row.here)],
                own: own(row.here),
                across: own(row.across),
                above: own(row.above),
                psi_x: [px[0], py[0].add(psi_x), pz[0].add(psi_x)],
                x: side.coefficients_x,
                psi_y: [px[1].add(psi_y), py[1], pz[1].add(psi_y)],
                psi_z: [px[2].add(psi_z), py[2].add(psi_z), pz[2]],
                layer_y,
                layer_z,
                steps_x: side.steps_x,
                media: [
                    mx.decode(row.codes[0]),
                    my.decode(row.codes[1]),
                    mz.decode(row.codes[2]),
                ],
            }
        }
    }
}

/// What stays the same along a row.
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
    unsafe fn new(side: &Side<'_, T>, row: &Row<T>, place: &Place<'_, T>) -> Self {
        // SAFETY: the caller has the instruction set
        unsafe {
            let [x, y, z] = &place.media;
            Self {
                step: [
                    L::splat(side.step_x),
                    L::splat(row.step_y),
                    L::splat(row.step_z),
                ],
                y: (L::splat(row.stretch_y.b), L::splat(row.stretch_y.c)),
                z: (L::splat(row.stretch_z.b), L::splat(row.stretch_z.c)),
                media: [splat(x), splat(y), splat(z)],
                tables: [tables::<T, L>(x), tables::<T, L>(y), tables::<T, L>(z)],
            }
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
unsafe fn tables<T: Real, L: Lanes<T>>(medium: &RowMedium<'_, T>) -> (L::Table, L::Table) {
    let none = &[T::ZERO; PALETTE];
    let (ca, cb) = match medium {
        RowMedium::Palette(_, ca, cb) => (*ca, *cb),
        _ => (none, none),
    };
    // SAFETY: the caller has the instruction set
    unsafe { (L::table(ca), L::table(cb)) }
}
