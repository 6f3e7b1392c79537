//! One vector of values of a row: differences, curl, layers, medium.

use super::Real;
use super::coefficients::RowMedium;
use super::lanes::Lanes;
use super::row::{Constants, INDEXED, LOSSLESS, Place};

/// `N` values from place `i` on, of all components (`WHICH` 3) or one; with `IN_X` inside a layer
/// along x, whose values are at `n`.
///
/// # Safety
/// Inside of the rows of `rows`, with the instruction set of `L`.
#[inline(always)]
pub(super) unsafe fn block<
    T: Real,
    L: Lanes<T>,
    const E: bool,
    const WHICH: u8,
    const MEDIA: u8,
    const GRADED: bool,
    const LAYER: bool,
    const IN_X: bool,
>(
    rows: &Place<'_, T>,
    set: &Constants<T, L>,
    i: usize,
    n: usize,
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
        if all && rows.ahead != 0 {
            for out in rows.out {
                L::fetch(out.wrapping_add(i + rows.ahead));
            }
        }
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
            let (value, _) = medium::<T, L, MEDIA>(rows, set, 0, sum, i);
            value.store(rows.out[0].add(i));
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
            let (value, cb) = medium::<T, L, MEDIA>(rows, set, 1, sum, i);
            let value = if IN_X {
                let more = in_x::<T, L>(rows, 1, cb, x_of_z, n);
                if E { value.sub(more) } else { value.add(more) }
            } else {
                value
            };
            value.store(rows.out[1].add(i));
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
            let (value, cb) = medium::<T, L, MEDIA>(rows, set, 2, sum, i);
            let value = if IN_X {
                let more = in_x::<T, L>(rows, 2, cb, x_of_y, n);
                if E { value.add(more) } else { value.sub(more) }
            } else {
                value
            };
            value.store(rows.out[2].add(i));
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

/// `ca before + cb curl`, and cb.
#[inline(always)]
unsafe fn medium<T: Real, L: Lanes<T>, const MEDIA: u8>(
    rows: &Place<'_, T>,
    set: &Constants<T, L>,
    component: usize,
    curl: L,
    i: usize,
) -> (L, L) {
    // SAFETY: the caller's promises
    unsafe {
        let before = L::load(rows.out[component].add(i));
        let (ca, cb) = match &rows.media[component] {
            _ if MEDIA == LOSSLESS => {
                let cb = set.media[component].1;
                return (before.add(cb.mul(curl)), cb);
            }
            RowMedium::Palette(index, ..) => {
                let (ca, cb) = set.tables[component];
                let index = index.as_ptr().add(i);
                (L::look_up(ca, index), L::look_up(cb, index))
            }
            // what an indexed kernel is for; tells the compiler that there is nothing else
            _ if MEDIA == INDEXED => return (before, curl),
            RowMedium::One(..) => set.media[component],
            RowMedium::Each(ca, cb) => (L::load(ca.as_ptr().add(i)), L::load(cb.as_ptr().add(i))),
        };
        (ca.mul(before).add(cb.mul(curl)), cb)
    }
}

/// Advances the psi of a layer along x; what the layer adds to a y or z component or takes off it:
/// `cb (psi + (1 / kappa - 1) D)`.
#[inline(always)]
unsafe fn in_x<T: Real, L: Lanes<T>>(
    rows: &Place<'_, T>,
    component: usize,
    cb: L,
    difference: L,
    n: usize,
) -> L {
    // SAFETY: the caller's promises
    unsafe {
        let psi = rows.psi_x[component].add(n);
        let [b, c, g] = rows.x;
        let (b, c, g) = (L::load(b.add(n)), L::load(c.add(n)), L::load(g.add(n)));
        let value = b.mul(L::load(psi)).add(c.mul(difference));
        value.store(psi);
        cb.mul(value.add(g.mul(difference)))
    }
}
