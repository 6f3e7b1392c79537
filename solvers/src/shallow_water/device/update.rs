//! The kernel of an update: see [`super::spectral`]. A cube has an order and a few members, so that
//! neighbouring degrees meet in shared memory.

use super::products::{FIELDS, PRODUCTS};
use super::spectral::{
    ALPHA, CORIOLIS, DEGREES, DRAG, HALF_NU, INVERSE_RADIUS, LARGEST, RADIUS, RELAXATION,
    TIME_STEP, Terms, UNITS, Update,
};
use crate::sphere::device::vector::{curl_part, order_start, wind_part};
use cubecl::prelude::*;

#[cube(launch_unchecked)]
pub(super) fn update_kernel<F: Float>(
    analysed: &[F],
    series: &mut [F],
    state: &mut [F],
    stage: &mut [F],
    other: &mut [F],
    couplings: &[F],
    numbers: &[F],
    bottom: &[F],
    equilibrium: &[F],
    references: &[F],
    means: &mut [F],
    status: &mut [u32],
    members: u32,
    turn: u32,
    step: u32,
    #[comptime] truncation: u32,
    #[comptime] share: u32,
    #[comptime] update: Update,
    #[comptime] terms: Terms,
) {
    // vorticity and divergence, [row + 1][member][2][2]; rows of zeros on either side
    let pitch = comptime!(4 * share);
    let mut winds = Shared::<[F]>::new_slice(comptime!(((truncation + 4) * 4 * share) as usize));
    let m = CUBE_POS_Y;
    let rows = truncation + 1 - m;
    let first = CUBE_POS_X * share;
    let len = comptime!((truncation + 1) * (truncation + 2) / 2);
    let size = 2 * len * members;
    let inverse_radius = numbers[INVERSE_RADIUS];
    let dt = numbers[TIME_STEP];
    let mut task = UNIT_POS;
    while task < pitch {
        winds[task as usize] = F::new(0.0);
        winds[((rows + 1) * pitch + task) as usize] = F::new(0.0);
        winds[((rows + 2) * pitch + task) as usize] = F::new(0.0);
        task += UNITS;
    }
    let mut task = UNIT_POS;
    while task < rows * share {
        let row = task / share;
        let member = first + task % share;
        if member < members {
            let n = m + row;
            let coefficient = order_start(m, truncation) + row;
            let at = 2 * (coefficient * members + member);
            let in_series = (order_start(m, truncation + 1) + row) * members + member;
            let degree = DEGREES + n;
            let eigenvalue = numbers[(degree + comptime!(4 * (truncation + 1))) as usize];
            // relaxation and drag; the means are left alone
            let mut surface_rate = F::new(0.0);
            let mut wind_rate = F::new(0.0);
            if coefficient > 0 {
                surface_rate = numbers[RELAXATION];
                wind_rate = surface_rate + numbers[DRAG];
            }
            // parts that are finite
            let mut finite_zeta = 0u32;
            let mut finite_delta = 0u32;
            let mut finite_surface = 0u32;
            #[unroll]
            for part in 0..2u32 {
                let mut zeta = state[(at + part) as usize];
                let mut delta = state[(size + at + part) as usize];
                let mut surface = state[(2 * size + at + part) as usize];
                if comptime!(update != Update::None) {
                    let from = in_series * comptime!(2 * PRODUCTS) + part;
                    let above = from + comptime!(2 * PRODUCTS) * members;
                    // below the first degree the coupling is 0
                    let below = from - comptime!(2 * PRODUCTS) * members * u32::min(row, 1);
                    // i z = -Im z + i Re z
                    let turned = from + 1 - 2 * part;
                    let sign = F::new(comptime!(2.0 * part as f32 - 1.0));
                    let curl = inverse_radius
                        * curl_part(
                            couplings,
                            m,
                            n,
                            truncation,
                            analysed[above as usize],
                            sign * analysed[(turned + 2) as usize],
                            analysed[below as usize],
                        );
                    let divergence = inverse_radius
                        * curl_part(
                            couplings,
                            m,
                            n,
                            truncation,
                            -analysed[(above + 2) as usize],
                            sign * analysed[turned as usize],
                            -analysed[(below + 2) as usize],
                        );
                    let flux = inverse_radius
                        * curl_part(
                            couplings,
                            m,
                            n,
                            truncation,
                            -analysed[(above + 6) as usize],
                            sign * analysed[(turned + 4) as usize],
                            -analysed[(below + 6) as usize],
                        );
                    let energy = analysed[(from + 8) as usize];
                    let mean = means[(turn * members + member) as usize];
                    let mut push_zeta = F::new(0.0);
                    let mut push_delta = F::new(0.0);
                    let mut push_surface = F::new(0.0);
                    if comptime!(terms.forced) {
                        // the rate of the mean is 0, and so is its push
                        let e = 2 * coefficient + part;
                        push_zeta = surface_rate * equilibrium[e as usize];
                        push_delta = surface_rate * equilibrium[(2 * len + e) as usize];
                        push_surface = surface_rate * equilibrium[(4 * len + e) as usize];
                    }
                    if comptime!(update == Update::Leapfrog) {
                        let reference = references[member as usize];
                        let zeta_old = other[(at + part) as usize];
                        let delta_old = other[(size + at + part) as usize];
                        let surface_old = other[(2 * size + at + part) as usize];
                        let twice = F::new(2.0) * dt;
                        let one = F::new(1.0);
                        let decay = numbers[(degree + comptime!(2 * (truncation + 1))) as usize];
                        let of_surface =
                            numbers[(degree + comptime!(3 * (truncation + 1))) as usize];
                        let mut zeta_new = zeta_old;
                        let mut delta_new = delta_old;
                        let mut surface_new = surface_old - twice * (flux + mean * delta);
                        if comptime!(!terms.frozen_wind) {
                            let rw = dt * wind_rate;
                            let rs = dt * surface_rate;
                            let stiff = dt * eigenvalue;
                            zeta_new = ((one - rw) * zeta_old + twice * (push_zeta - divergence))
                                / (one + rw);
                            // the waves of the middle level are in both terms and cancel
                            let a = (one - rw) * delta_old
                                + twice * (curl + eigenvalue * energy + push_delta)
                                + stiff * surface_old;
                            let b = (one - rs) * surface_old
                                + twice * ((reference - mean) * delta - flux + push_surface)
                                - dt * reference * delta_old;
                            let both = (one + rw) * (one + rs) + dt * stiff * reference;
                            delta_new = ((one + rs) * a + stiff * b) / both;
                            surface_new = (b - dt * reference * delta_new) / (one + rs);
                        }
                        zeta_new *= decay;
                        delta_new *= decay;
                        surface_new *= of_surface;
                        let half_nu = numbers[HALF_NU];
                        let alpha = numbers[ALPHA];
                        zeta = filtered(
                            state,
                            other,
                            at + part,
                            zeta_old,
                            zeta,
                            zeta_new,
                            half_nu,
                            alpha,
                        );
                        delta = filtered(
                            state,
                            other,
                            size + at + part,
                            delta_old,
                            delta,
                            delta_new,
                            half_nu,
                            alpha,
                        );
                        surface = filtered(
                            state,
                            other,
                            2 * size + at + part,
                            surface_old,
                            surface,
                            surface_new,
                            half_nu,
                            alpha,
                        );
                    } else {
                        if comptime!(update.stage() > 0) {
                            zeta = stage[(at + part) as usize];
                            delta = stage[(size + at + part) as usize];
                            surface = stage[(2 * size + at + part) as usize];
                        }
                        let mut zeta_slope = F::new(0.0);
                        let mut delta_slope = F::new(0.0);
                        let mut surface_slope = -flux - mean * delta;
                        if comptime!(!terms.frozen_wind) {
                            zeta_slope = -divergence;
                            delta_slope = curl + eigenvalue * (energy + surface);
                        }
                        if comptime!(terms.forced) {
                            zeta_slope += push_zeta - wind_rate * zeta;
                            delta_slope += push_delta - wind_rate * delta;
                            surface_slope += push_surface - surface_rate * surface;
                        }
                        let decay = numbers[degree as usize];
                        let of_surface = numbers[(degree + truncation + 1) as usize];
                        let number = comptime!(update.stage());
                        zeta = staged(
                            state,
                            stage,
                            other,
                            at + part,
                            zeta_slope,
                            decay,
                            dt,
                            number,
                        );
                        delta = staged(
                            state,
                            stage,
                            other,
                            size + at + part,
                            delta_slope,
                            decay,
                            dt,
                            number,
                        );
                        surface = staged(
                            state,
                            stage,
                            other,
                            2 * size + at + part,
                            surface_slope,
                            of_surface,
                            dt,
                            number,
                        );
                    }
                    if comptime!(update.is_last()) {
                        // comparisons with what is not a number are false
                        let largest = numbers[LARGEST];
                        if zeta.abs() <= largest {
                            finite_zeta += 1;
                        }
                        if delta.abs() <= largest {
                            finite_delta += 1;
                        }
                        if surface.abs() <= largest {
                            finite_surface += 1;
                        }
                    }
                }
                // what the grid gets
                let place = (row + 1) * pitch + task % share * 4;
                winds[(place + part) as usize] = zeta;
                winds[(place + 2 + part) as usize] = delta;
                let mut depth = surface;
                if comptime!(terms.mountains) {
                    depth -= bottom[(2 * coefficient + part) as usize];
                }
                if comptime!(part == 0) {
                    if n == 1 && m < 2 {
                        zeta += numbers[(CORIOLIS as u32 + m) as usize];
                    }
                    if coefficient == 0 {
                        means[((1 - turn) * members + member) as usize] = depth;
                    }
                }
                if coefficient == 0 {
                    // the mean stays in the spectrum
                    depth = F::new(0.0);
                }
                let to = in_series * comptime!(2 * FIELDS) + part;
                series[to as usize] = zeta;
                series[(to + 2) as usize] = depth;
            }
            if comptime!(update.is_last()) {
                // one bad value on the grid reaches every coefficient of order 0 in a step
                let finite = finite_zeta + finite_delta + finite_surface;
                let seen = status[(2 * member) as usize];
                if coefficient == 1 && finite < 6 && seen == 0 {
                    let mut field = 3u32;
                    if finite_delta < 2 {
                        field = 2u32;
                    }
                    if finite_zeta < 2 {
                        field = 1u32;
                    }
                    status[(2 * member) as usize] = step;
                    status[(2 * member + 1) as usize] = field;
                }
            }
        }
        task += UNITS;
    }
    sync_cube();
    let radius = numbers[RADIUS];
    let mut task = UNIT_POS;
    while task < (rows + 1) * share {
        let row = task / share;
        let member = first + task % share;
        if member < members {
            let in_series = (order_start(m, truncation + 1) + row) * members + member;
            let to = in_series * comptime!(2 * FIELDS);
            let here = (row + 1) * pitch + task % share * 4;
            if row == rows {
                #[unroll]
                for part in 0..2u32 {
                    series[(to + part) as usize] = F::new(0.0);
                    series[(to + 2 + part) as usize] = F::new(0.0);
                }
            }
            #[unroll]
            for part in 0..2u32 {
                let sign = F::new(comptime!(1.0 - 2.0 * part as f32));
                let above = here + pitch + part;
                let below = here - pitch + part;
                let turned = here + 1 - part;
                let u = wind_part(
                    couplings,
                    m,
                    m + row,
                    truncation,
                    winds[above as usize],
                    sign * winds[(turned + 2) as usize],
                    winds[below as usize],
                );
                let v = wind_part(
                    couplings,
                    m,
                    m + row,
                    truncation,
                    -winds[(above + 2) as usize],
                    sign * winds[turned as usize],
                    -winds[(below + 2) as usize],
                );
                series[(to + 4 + part) as usize] = radius * u;
                series[(to + 6 + part) as usize] = radius * v;
            }
        }
        task += UNITS;
    }
}

/// The filter: moves the middle level to where the old one was and the new one to the middle;
/// returns the latter.
#[cube]
fn filtered<F: Float>(
    state: &mut [F],
    previous: &mut [F],
    at: u32,
    old: F,
    now: F,
    new: F,
    half_nu: F,
    alpha: F,
) -> F {
    let shift = half_nu * (old - F::new(2.0) * now + new);
    let result = new + (alpha - F::new(1.0)) * shift;
    previous[at as usize] = now + alpha * shift;
    state[at as usize] = result;
    result
}

/// A stage of Runge-Kutta for one value; returns what the next slope is taken of.
#[cube]
fn staged<F: Float>(
    state: &mut [F],
    stage: &mut [F],
    sum: &mut [F],
    at: u32,
    slope: F,
    decay: F,
    dt: F,
    #[comptime] number: u32,
) -> F {
    let at = at as usize;
    let y = state[at];
    let mut result = sum[at];
    if comptime!(number == 0) {
        sum[at] = (y + slope * (dt / F::new(6.0))) * (decay * decay);
        result = (y + slope * (F::new(0.5) * dt)) * decay;
        stage[at] = result;
    } else if comptime!(number == 3) {
        result += slope * (dt / F::new(6.0));
        state[at] = result;
    } else {
        sum[at] = result + slope * (decay * dt / F::new(3.0));
        if comptime!(number == 1) {
            result = y * decay + slope * (F::new(0.5) * dt);
        } else {
            result = (y * decay + slope * dt) * decay;
        }
        stage[at] = result;
    }
    result
}
