//! The update of one row of E or H, in vectors: the same sums in the same order as the
//! [reference](super::reference).
//!
//! [`update`] takes the three components of a row together, which reads each neighbour once, or a
//! single one, for rows on walls and of idle components. [`window`] corrects a stretch of a row in
//! a layer along x.

use super::Real;
use super::coefficients::{PALETTE, RowMedium};
use super::cpml::Coefficients;
use super::lanes::{Lanes, Vectors};

/// One lossless medium per component.
pub(super) const LOSSLESS: u8 = 0;
/// Indices into a palette.
pub(super) const INDEXED: u8 = 1;
/// Any, looked at on the way.
pub(super) const ANY: u8 = 2;

/// A row of psi of a layer along y or z, and its coefficients.
#[derive(Clone, Copy)]
pub(super) struct Psi<T> {
    pub(super) row: *mut T,
    pub(super) b: T,
    pub(super) c: T,
}

/// The rows that an update reads and writes. For H: `own` are the E rows in the same place,
/// `across` those at j + 1, `above` those at k + 1. For E: `own` are the H rows, `across` those at
/// j - 1, `above` those at k - 1.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, T> {
    pub(super) out: [*mut T; 3],
    pub(super) own: [*const T; 3],
    pub(super) across: [*const T; 3],
    pub(super) above: [*const T; 3],
    /// `1 / d` along y and z, kappa in it.
    pub(super) step_y: T,
    pub(super) step_z: T,
    /// `1 / d` along x, one or many.
    pub(super) step_x: T,
    pub(super) steps_x: *const T,
    /// Psi of each component along y and along z, where there is a layer.
    pub(super) psi_y: [Option<Psi<T>>; 3],
    pub(super) psi_z: [Option<Psi<T>>; 3],
    pub(super) media: [RowMedium<'a, T>; 3],
    pub(super) width: usize,
}

/// Updates all components of a row (`WHICH` 3) or one of them. Further const parameters: E or H,
/// the media, a graded x, and whether there may be a layer in y or z.
///
/// # Safety
/// Pointers to rows of `width` values with a neighbour on both sides, the instruction set of `V`,
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
    rows: &Rows<'_, T>,
) {
    // SAFETY: the caller's promises
    unsafe {
        let mut i = 0;
        let wide = V::Wide::N;
        let set = Constants::<T, V::Wide>::new(rows);
        while i + wide <= rows.width {
            block::<T, V::Wide, E, WHICH, MEDIA, GRADED, LAYER>(rows, &set, i);
            i += wide;
        }
        if wide > 8 && i < rows.width {
            let set = Constants::<T, V::Narrow>::new(rows);
            block::<T, V::Narrow, E, WHICH, MEDIA, GRADED, LAYER>(rows, &set, i);
        }
    }
}

/// What stays the same along a row.
struct Constants<T: Real, L: Lanes<T>> {
    step: [L; 3],
    media: [(L, L); 3],
    tables: [(L::Table, L::Table); 3],
}

// Everything below is inlined into functions that are compiled for the instruction set; closures
// would not be, and their intrinsics would become calls.

impl<T: Real, L: Lanes<T>> Constants<T, L> {
    #[inline(always)]
    unsafe fn new(rows: &Rows<'_, T>) -> Self {
        // SAFETY: the caller has the instruction set
        unsafe {
            let [x, y, z] = &rows.media;
            Self {
                step: [
                    L::splat(rows.step_x),
                    L::splat(rows.step_y),
                    L::splat(rows.step_z),
                ],
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
    rows: &Rows<'_, T>,
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
                    sum = with::<T, L, true>(sum, &rows.psi_y[0], y_of_z, i);
                    sum = with::<T, L, false>(sum, &rows.psi_z[0], z_of_y, i);
                } else {
                    sum = with::<T, L, true>(sum, &rows.psi_z[0], z_of_y, i);
                    sum = with::<T, L, false>(sum, &rows.psi_y[0], y_of_z, i);
                }
            }
            write::<T, L, MEDIA>(rows, set, 0, sum, i);
        }
        if y {
            let mut sum = curl::<T, L, E>(z_of_x, step_z, x_of_z, step_x);
            if LAYER {
                sum = with::<T, L, E>(sum, &rows.psi_z[1], z_of_x, i);
            }
            write::<T, L, MEDIA>(rows, set, 1, sum, i);
        }
        if z {
            let mut sum = curl::<T, L, E>(x_of_y, step_x, y_of_x, step_y);
            if LAYER {
                // minus in the curl of E, plus in that of H
                sum = if E {
                    with::<T, L, false>(sum, &rows.psi_y[2], y_of_x, i)
                } else {
                    with::<T, L, true>(sum, &rows.psi_y[2], y_of_x, i)
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
    psi: &Option<Psi<T>>,
    difference: L,
    i: usize,
) -> L {
    let Some(psi) = psi else { return curl };
    // SAFETY: the caller's promises
    unsafe {
        let place = psi.row.add(i);
        let kept = L::splat(psi.b).mul(L::load(place));
        let value = kept.add(L::splat(psi.c).mul(difference));
        value.store(place);
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
    rows: &Rows<'_, T>,
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

/// Adds a layer along x to a stretch of a row of the y (`AXIS` 1) or z component:
/// `± cb (psi + (1 / kappa - 1) D)`.
///
/// # Safety
/// As [`update`]; `first` and `len` inside of the row, `psi` and the coefficients `len` long, a
/// multiple of eight.
#[inline(always)]
pub(super) unsafe fn window<T: Real, V: Vectors<T>, const E: bool, const AXIS: u8>(
    rows: &Rows<'_, T>,
    set: &Coefficients<T>,
    first: usize,
    len: usize,
    psi: *mut T,
) {
    // SAFETY: the caller's promises
    unsafe {
        let mut n = 0;
        while n + V::Wide::N <= len {
            window_block::<T, V::Wide, E, AXIS>(rows, set, first, n, psi);
            n += V::Wide::N;
        }
        while n < len {
            window_block::<T, V::Narrow, E, AXIS>(rows, set, first, n, psi);
            n += V::Narrow::N;
        }
    }
}

#[inline(always)]
unsafe fn window_block<T: Real, L: Lanes<T>, const E: bool, const AXIS: u8>(
    rows: &Rows<'_, T>,
    set: &Coefficients<T>,
    first: usize,
    n: usize,
    psi: *mut T,
) {
    // SAFETY: the caller's promises
    unsafe {
        let a = AXIS as usize;
        let i = first + n;
        // Ey has - dHz/dx, Ez + dHy/dx; H the opposite
        let own = rows.own[3 - a].add(i);
        let difference = if E {
            L::load(own).sub(L::load(own.sub(1)))
        } else {
            L::load(own.add(1)).sub(L::load(own))
        };
        let (b, c) = (
            L::load(set.b.as_ptr().add(n)),
            L::load(set.c.as_ptr().add(n)),
        );
        let value = b.mul(L::load(psi.add(n))).add(c.mul(difference));
        value.store(psi.add(n));
        let g = L::load(set.g.as_ptr().add(n));
        let cb = match &rows.media[a] {
            RowMedium::One(_, cb) => L::splat(*cb),
            RowMedium::Palette(index, _, cb) => L::look_up(L::table(cb), index.as_ptr().add(i)),
            RowMedium::Each(_, cb) => L::load(cb.as_ptr().add(i)),
        };
        let more = cb.mul(value.add(g.mul(difference)));
        let place = rows.out[a].add(i);
        let before = L::load(place);
        if (AXIS == 2) == E {
            before.add(more).store(place);
        } else {
            before.sub(more).store(place);
        }
    }
}
