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

impl<T: Real, L: Lanes<T>> Constants<T, L> {
    #[inline(always)]
    unsafe fn new(rows: &Rows<'_, T>) -> Self {
        // SAFETY: the caller has the instruction set
        unsafe {
            let none = [T::ZERO; PALETTE];
            Self {
                step: [
                    L::splat(rows.step_x),
                    L::splat(rows.step_y),
                    L::splat(rows.step_z),
                ],
                media: rows.media.map(|m| match m {
                    RowMedium::One(ca, cb) => (L::splat(ca), L::splat(cb)),
                    _ => (L::splat(T::ZERO), L::splat(T::ZERO)),
                }),
                tables: rows.media.map(|m| match m {
                    RowMedium::Palette(_, ca, cb) => (L::table(ca), L::table(cb)),
                    _ => (L::table(&none), L::table(&none)),
                }),
            }
        }
    }
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
        // upper less lower neighbour; for E the row's own place is the upper one
        let difference = |component: usize, other: *const T| {
            let (own, other) = (L::load(rows.own[component].add(i)), L::load(other));
            if E { own.sub(other) } else { other.sub(own) }
        };
        let along = |component: usize| {
            let own = rows.own[component].add(i);
            difference(component, if E { own.sub(1) } else { own.add(1) })
        };
        let across = |component: usize| difference(component, rows.across[component].add(i));
        let above = |component: usize| difference(component, rows.above[component].add(i));
        // all differences before anything is written
        let all = WHICH == 3;
        let nothing = L::splat(T::ZERO);
        let (x, y, z) = (all || WHICH == 0, all || WHICH == 1, all || WHICH == 2);
        let y_of_z = if x { across(2) } else { nothing };
        let z_of_y = if x { above(1) } else { nothing };
        let z_of_x = if y { above(0) } else { nothing };
        let x_of_z = if y { along(2) } else { nothing };
        let x_of_y = if z { along(1) } else { nothing };
        let y_of_x = if z { across(0) } else { nothing };
        let step_x = if GRADED {
            L::load(rows.steps_x.add(i))
        } else {
            set.step[0]
        };
        let curl = |plus: L, step_plus: L, minus: L, step_minus: L| {
            if E {
                plus.mul(step_plus).sub(minus.mul(step_minus))
            } else {
                minus.mul(step_minus).sub(plus.mul(step_plus))
            }
        };
        // psi of the derivative that comes with a plus in the curl of E and a minus in that of H
        let advance = |psi: &Psi<T>, difference: L| {
            let place = psi.row.add(i);
            let value = L::splat(psi.b)
                .mul(L::load(place))
                .add(L::splat(psi.c).mul(difference));
            value.store(place);
            value
        };
        let with = |curl: L, psi: &Option<Psi<T>>, difference: L, plus: bool| match psi {
            Some(psi) if plus == E => curl.add(advance(psi, difference)),
            Some(psi) => curl.sub(advance(psi, difference)),
            None => curl,
        };
        let write = |component: usize, curl: L| {
            let place = rows.out[component].add(i);
            let before = L::load(place);
            let after = match &rows.media[component] {
                _ if MEDIA == LOSSLESS => before.add(set.media[component].1.mul(curl)),
                RowMedium::Palette(index, ..) => {
                    let index = index.as_ptr().add(i);
                    let ca = L::look_up(set.tables[component].0, index);
                    let cb = L::look_up(set.tables[component].1, index);
                    ca.mul(before).add(cb.mul(curl))
                }
                // a palette is what the kernel was asked for
                _ if MEDIA == INDEXED => before,
                RowMedium::One(..) => {
                    let (ca, cb) = set.media[component];
                    ca.mul(before).add(cb.mul(curl))
                }
                RowMedium::Each(ca, cb) => {
                    let (ca, cb) = (L::load(ca.as_ptr().add(i)), L::load(cb.as_ptr().add(i)));
                    ca.mul(before).add(cb.mul(curl))
                }
            };
            after.store(place);
        };
        let (step_y, step_z) = (set.step[1], set.step[2]);
        if x {
            let mut sum = curl(y_of_z, step_y, z_of_y, step_z);
            // the plus of the reference first: y for E, z for H
            if E {
                if LAYER {
                    sum = with(sum, &rows.psi_y[0], y_of_z, true);
                }
                if LAYER {
                    sum = with(sum, &rows.psi_z[0], z_of_y, false);
                }
            } else {
                if LAYER {
                    sum = with(sum, &rows.psi_z[0], z_of_y, false);
                }
                if LAYER {
                    sum = with(sum, &rows.psi_y[0], y_of_z, true);
                }
            }
            write(0, sum);
        }
        if y {
            let mut sum = curl(z_of_x, step_z, x_of_z, step_x);
            if LAYER {
                sum = with(sum, &rows.psi_z[1], z_of_x, true);
            }
            write(1, sum);
        }
        if z {
            let mut sum = curl(x_of_y, step_x, y_of_x, step_y);
            if LAYER {
                sum = with(sum, &rows.psi_y[2], y_of_x, false);
            }
            write(2, sum);
        }
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
