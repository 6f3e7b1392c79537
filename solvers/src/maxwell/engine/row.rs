//! The update of one row of E or H, in vectors: the same sums in the same order as the
//! [reference](super::reference).
//!
//! [`update`] takes the three components of a row together, which reads each neighbour once, or a
//! single one, for rows on walls and of idle components. [`windows`] corrects the stretches of a
//! row in layers along x.

use super::Real;
use super::coefficients::{ComponentMedia, PALETTE, RowMedium};
use super::cpml::{Coefficients, Stretch, Window};
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
    pub(super) windows: Vec<(&'a Window<T>, &'a Coefficients<T>)>,
    pub(super) window_values: usize,
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
    // SAFETY: the caller's promises
    unsafe {
        let place = Place::new(side, row);
        let mut i = 0;
        let wide = V::Wide::N;
        let set = Constants::<T, V::Wide>::new(side, row, &place);
        while i + wide <= side.width {
            block::<T, V::Wide, E, WHICH, MEDIA, GRADED, LAYER>(&place, &set, i);
            i += wide;
        }
        if wide > 8 && i < side.width {
            let set = Constants::<T, V::Narrow>::new(side, row, &place);
            block::<T, V::Narrow, E, WHICH, MEDIA, GRADED, LAYER>(&place, &set, i);
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
    let first = side.width - 8;
    let keep = side.end[component] - first.min(side.end[component]);
    // SAFETY: inside of the row, whose width is at least 8
    unsafe {
        let tail = &mut *out.add(first).cast::<[T; 8]>();
        for l in 0..8 {
            tail[l] = if l < keep { tail[l] } else { T::ZERO };
        }
        if E && component > 0 && side.held {
            *out = T::ZERO;
        }
    }
}

/// Where a row's values are.
struct Place<'a, T> {
    out: [*mut T; 3],
    own: [*const T; 3],
    across: [*const T; 3],
    above: [*const T; 3],
    psi_y: [*mut T; 3],
    psi_z: [*mut T; 3],
    layer_y: bool,
    layer_z: bool,
    steps_x: *const T,
    media: [RowMedium<'a, T>; 3],
}

impl<'a, T: Real> Place<'a, T> {
    #[inline(always)]
    unsafe fn new(side: &'a Side<'_, T>, row: &Row<T>) -> Self {
        let ([x, y, z], [u, v, w]) = (side.out, side.own);
        let (layer_y, layer_z) = (row.psi_y != NONE, row.psi_z != NONE);
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
struct Constants<T: Real, L: Lanes<T>> {
    step: [L; 3],
    y: (L, L),
    z: (L, L),
    media: [(L, L); 3],
    tables: [(L::Table, L::Table); 3],
}

// Everything below is inlined into functions that are compiled for the instruction set; closures
// would not be, and their intrinsics would become calls.

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

/// `N` values from place `i` on, of all components (`WHICH` 3) or one.
#[inline(always)]
unsafe fn block<
    T: Real,
    L: Lanes<T>,
    const E: bool,
    const WHICH: u8,
    const MEDIA: u8,
    const GRADED: bool,
    const LAYER: bool,
>(
    rows: &Place<'_, T>,
    set: &Constants<T, L>,
    i: usize,
) {
    // SAFETY: the caller's promises
    unsafe {
        let all = WHICH == 3;
        let (x, y, z) = (all || WHICH == 0, all || WHICH == 1, all || WHICH == 2);
        let [step_x, step_y, step_z] = set.step;
        let step_x = if GRADED {
            L::load(rows.steps_x.add(i))
        } else {
            step_x
        };
        // all differences before anything is written, so that each neighbour is read once; those
        // of components that are left out are not used, and so not computed
        let [own_x, own_y, own_z] = rows.own;
        let (here_x, here_y, here_z) = (own_x.add(i), own_y.add(i), own_z.add(i));
        let y_of_z = difference::<T, L, E>(here_z, rows.across[2].add(i));
        let z_of_y = difference::<T, L, E>(here_y, rows.above[1].add(i));
        let z_of_x = difference::<T, L, E>(here_x, rows.above[0].add(i));
        let x_of_z = difference::<T, L, E>(here_z, beside::<T, E>(here_z));
        let x_of_y = difference::<T, L, E>(here_y, beside::<T, E>(here_y));
        let y_of_x = difference::<T, L, E>(here_x, rows.across[0].add(i));
        if x {
            let mut sum = curl::<T, L, E>(y_of_z, step_y, z_of_y, step_z);
            if LAYER {
                // what comes with a plus first: y for E, z for H
                if E {
                    sum = if rows.layer_y {
                        with::<T, L, true>(sum, rows.psi_y[0].add(i), set.y, y_of_z)
                    } else {
                        sum
                    };
                    sum = if rows.layer_z {
                        with::<T, L, false>(sum, rows.psi_z[0].add(i), set.z, z_of_y)
                    } else {
                        sum
                    };
                } else {
                    sum = if rows.layer_z {
                        with::<T, L, true>(sum, rows.psi_z[0].add(i), set.z, z_of_y)
                    } else {
                        sum
                    };
                    sum = if rows.layer_y {
                        with::<T, L, false>(sum, rows.psi_y[0].add(i), set.y, y_of_z)
                    } else {
                        sum
                    };
                }
            }
            write::<T, L, MEDIA>(rows, set, 0, sum, i);
        }
        if y {
            let mut sum = curl::<T, L, E>(z_of_x, step_z, x_of_z, step_x);
            if LAYER {
                sum = if rows.layer_z {
                    with::<T, L, E>(sum, rows.psi_z[1].add(i), set.z, z_of_x)
                } else {
                    sum
                };
            }
            write::<T, L, MEDIA>(rows, set, 1, sum, i);
        }
        if z {
            let mut sum = curl::<T, L, E>(x_of_y, step_x, y_of_x, step_y);
            if LAYER {
                // minus in the curl of E, plus in that of H
                sum = if E {
                    if rows.layer_y {
                        with::<T, L, false>(sum, rows.psi_y[2].add(i), set.y, y_of_x)
                    } else {
                        sum
                    }
                } else {
                    if rows.layer_y {
                        with::<T, L, true>(sum, rows.psi_y[2].add(i), set.y, y_of_x)
                    } else {
                        sum
                    }
                };
            }
            write::<T, L, MEDIA>(rows, set, 2, sum, i);
        }
    }
}

/// The neighbour along x: in front for E, behind for H.
#[inline(always)]
unsafe fn beside<T, const E: bool>(own: *const T) -> *const T {
    // SAFETY: rows have a neighbour on both sides
    unsafe { if E { own.sub(1) } else { own.add(1) } }
}

/// Upper less lower neighbour; for E the row's own place is the upper one.
#[inline(always)]
unsafe fn difference<T: Real, L: Lanes<T>, const E: bool>(own: *const T, other: *const T) -> L {
    // SAFETY: the caller's promises
    unsafe {
        let (own, other) = (L::load(own), L::load(other));
        if E { own.sub(other) } else { other.sub(own) }
    }
}

/// The curl for E; for H with the minus inside.
#[inline(always)]
unsafe fn curl<T: Real, L: Lanes<T>, const E: bool>(
    plus: L,
    step_plus: L,
    minus: L,
    step_minus: L,
) -> L {
    // SAFETY: the caller has the instruction set
    unsafe {
        let (plus, minus) = (plus.mul(step_plus), minus.mul(step_minus));
        if E { plus.sub(minus) } else { minus.sub(plus) }
    }
}

/// Advances psi and adds it to the curl or takes it off.
#[inline(always)]
unsafe fn with<T: Real, L: Lanes<T>, const PLUS: bool>(
    curl: L,
    psi: *mut T,
    (b, c): (L, L),
    difference: L,
) -> L {
    // SAFETY: the caller's promises
    unsafe {
        let value = b.mul(L::load(psi)).add(c.mul(difference));
        value.store(psi);
        if PLUS {
            curl.add(value)
        } else {
            curl.sub(value)
        }
    }
}

/// `ca before + cb curl`.
#[inline(always)]
unsafe fn write<T: Real, L: Lanes<T>, const MEDIA: u8>(
    rows: &Place<'_, T>,
    set: &Constants<T, L>,
    component: usize,
    curl: L,
    i: usize,
) {
    // SAFETY: the caller's promises
    unsafe {
        let place = rows.out[component].add(i);
        let before = L::load(place);
        let (ca, cb) = match &rows.media[component] {
            _ if MEDIA == LOSSLESS => {
                before.add(set.media[component].1.mul(curl)).store(place);
                return;
            }
            RowMedium::Palette(index, ..) => {
                let (ca, cb) = set.tables[component];
                let index = index.as_ptr().add(i);
                (L::look_up(ca, index), L::look_up(cb, index))
            }
            // what an indexed kernel is for; tells the compiler that there is nothing else
            _ if MEDIA == INDEXED => return,
            RowMedium::One(..) => set.media[component],
            RowMedium::Each(ca, cb) => (L::load(ca.as_ptr().add(i)), L::load(cb.as_ptr().add(i))),
        };
        ca.mul(before).add(cb.mul(curl)).store(place);
    }
}

/// Adds the layers along x to the y and z components of a row, as far as `bits` name them:
/// `± cb (psi + (1 / kappa - 1) D)`.
///
/// # Safety
/// As [`update`].
#[inline(always)]
pub(super) unsafe fn windows<T: Real, V: Vectors<T>, const E: bool>(
    side: &Side<'_, T>,
    row: &Row<T>,
    bits: u8,
) {
    // SAFETY: the caller's promises
    unsafe {
        for (window, set) in &side.windows {
            let psi = row.number * side.window_values + window.place;
            if bits & 2 != 0 {
                stretch::<T, V, E, 1>(side, row, window, set, side.psi[1][0].add(psi));
            }
            if bits & 4 != 0 {
                stretch::<T, V, E, 2>(side, row, window, set, side.psi[2][0].add(psi));
            }
        }
    }
}

#[inline(always)]
unsafe fn stretch<T: Real, V: Vectors<T>, const E: bool, const AXIS: u8>(
    side: &Side<'_, T>,
    row: &Row<T>,
    window: &Window<T>,
    set: &Coefficients<T>,
    psi: *mut T,
) {
    // SAFETY: the caller's promises
    unsafe {
        let a = AXIS as usize;
        let at = row.here + window.first;
        // Ey has - dHz/dx, Ez + dHy/dx; H the opposite
        let (own, out) = (side.own[3 - a].add(at), side.out[a].add(at));
        let medium = side.media[a].decode(row.codes[a]);
        let mut n = 0;
        while n + V::Wide::N <= window.len {
            stretch_block::<T, V::Wide, E, AXIS>(own, out, &medium, set, window.first, n, psi);
            n += V::Wide::N;
        }
        while n < window.len {
            stretch_block::<T, V::Narrow, E, AXIS>(own, out, &medium, set, window.first, n, psi);
            n += V::Narrow::N;
        }
    }
}

#[inline(always)]
unsafe fn stretch_block<T: Real, L: Lanes<T>, const E: bool, const AXIS: u8>(
    own: *const T,
    out: *mut T,
    medium: &RowMedium<'_, T>,
    set: &Coefficients<T>,
    first: usize,
    n: usize,
    psi: *mut T,
) {
    // SAFETY: the caller's promises
    unsafe {
        let own = own.add(n);
        let difference = difference::<T, L, E>(own, beside::<T, E>(own));
        let (b, c) = (
            L::load(set.b.as_ptr().add(n)),
            L::load(set.c.as_ptr().add(n)),
        );
        let value = b.mul(L::load(psi.add(n))).add(c.mul(difference));
        value.store(psi.add(n));
        let g = L::load(set.g.as_ptr().add(n));
        let cb = match medium {
            RowMedium::One(_, cb) => L::splat(*cb),
            RowMedium::Palette(index, _, cb) => {
                L::look_up(L::table(cb), index.as_ptr().add(first + n))
            }
            RowMedium::Each(_, cb) => L::load(cb.as_ptr().add(first + n)),
        };
        let more = cb.mul(value.add(g.mul(difference)));
        let before = L::load(out.add(n));
        let after = if (AXIS == 2) == E {
            before.add(more)
        } else {
            before.sub(more)
        };
        after.store(out.add(n));
    }
}
