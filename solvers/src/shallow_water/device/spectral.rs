//! All that happens between two passes over the grid: the tendency from the series of the products,
//! the step or stage in time with diffusion, forcing and the implicit solve, and the series of the
//! next pass. A cube has an order and a few members, so that neighbouring degrees meet in shared
//! memory.
//!
//! The formulas are those of [`super::super::tendency`], [`super::super::semi_implicit`] and
//! [`crate::time_stepping::RungeKutta4`]. Between passes the third field is the free surface.

use super::products::{FIELDS, PRODUCTS};
use crate::device::{Buffer, Device};
use crate::sphere::device::vector::{curl_part, order_start, wind_part};
use crate::sphere::device::{Real, Tables};
use cubecl::prelude::*;

/// Units of a cube.
const UNITS: u32 = 128;

/// Places in the list of numbers; behind them, from [`DEGREES`] on, stand tables over degree.
const TIME_STEP: usize = 0;
const RADIUS: usize = 1;
const INVERSE_RADIUS: usize = 2;
const CORIOLIS: usize = 3;
const RELAXATION: usize = 5;
const DRAG: usize = 6;
const HALF_NU: usize = 7;
const ALPHA: usize = 8;
const LARGEST: usize = 9;
const DEGREES: u32 = 16;

/// The numbers of a time step.
pub(super) struct Numbers {
    pub(super) time_step: f64,
    pub(super) radius: f64,
    /// Of degree 1, orders 0 and 1.
    pub(super) coriolis: [f64; 2],
    pub(super) relaxation: f64,
    pub(super) drag: f64,
    /// Filter coefficients nu and alpha.
    pub(super) filter: [f64; 2],
    /// Damping rate of each degree for wind and surface, 1/s.
    pub(super) damping: [Vec<f64>; 2],
}

impl Numbers {
    /// As the kernel reads them: of each degree the decay of wind and surface over half a step,
    /// their implicit damping over two, and `n (n+1) / a^2`.
    pub(super) fn list<F: Real>(&self) -> Vec<f64> {
        let mut list = vec![0.0; DEGREES as usize];
        list[TIME_STEP] = self.time_step;
        list[RADIUS] = self.radius;
        list[INVERSE_RADIUS] = 1.0 / self.radius;
        list[CORIOLIS..CORIOLIS + 2].copy_from_slice(&self.coriolis);
        list[RELAXATION] = self.relaxation;
        list[DRAG] = self.drag;
        list[HALF_NU] = 0.5 * self.filter[0];
        list[ALPHA] = self.filter[1];
        list[LARGEST] = F::LARGEST;
        let dt = self.time_step;
        for rates in &self.damping {
            list.extend(rates.iter().map(|d| (-0.5 * d * dt).exp()));
        }
        for rates in &self.damping {
            list.extend(rates.iter().map(|d| 1.0 / (1.0 + 2.0 * dt * d)));
        }
        let degrees = 0..self.damping[0].len();
        list.extend(degrees.map(|n| (n * (n + 1)) as f64 / (self.radius * self.radius)));
        list
    }
}

/// What is done to the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Update {
    /// Nothing: the series of a state that was just set.
    None,
    /// A stage of Runge-Kutta, 0 to 3.
    Stage(u32),
    /// A semi-implicit leapfrog step.
    Leapfrog,
}

impl Update {
    fn stage(self) -> u32 {
        match self {
            Self::Stage(stage) => stage,
            _ => 0,
        }
    }

    /// Whether a step ends here.
    fn is_last(self) -> bool {
        matches!(self, Self::Stage(3) | Self::Leapfrog)
    }
}

/// What the equation has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Terms {
    pub(super) frozen_wind: bool,
    pub(super) forced: bool,
    pub(super) mountains: bool,
}

/// The buffers of an ensemble that this kernel works on.
pub(super) struct Spectral {
    /// Of the products, `[m][n = m..=N+1][member][5][2]`.
    pub(super) analysed: Buffer,
    /// Of the fields, `[m][n = m..=N+1][member][4][2]`.
    pub(super) series: Buffer,
    /// Vorticity, divergence and surface, `[field][coefficient][member][2]`.
    pub(super) state: Buffer,
    /// The same of a Runge-Kutta stage.
    pub(super) stage: Buffer,
    /// The sum of the stages.
    pub(super) sum: Buffer,
    /// The state a leapfrog step before.
    pub(super) previous: Buffer,
    /// Spectrum of `g h_s`.
    pub(super) bottom: Buffer,
    /// What a forcing relaxes to, `[field][coefficient][2]`.
    pub(super) equilibrium: Buffer,
    /// Geopotential of the resting layer of each member.
    pub(super) references: Buffer,
    /// Mean geopotential of each member, that of this pass and that of the last, in turn.
    pub(super) means: Buffer,
    /// Of each member the step after which a value was not finite, 0 for none, and which field.
    pub(super) status: Buffer,
}

/// Members of a cube: few enough for their winds in a third of the smallest shared memory that
/// devices have.
fn share<F: Real>(truncation: u32, members: u32) -> u32 {
    let of_member = 4 * (truncation as usize + 4) * size_of::<F>();
    let most = (10 * 1024 / of_member).clamp(1, 4) as u32;
    most.min(members)
}

/// Does one update of all members; `pass` counts the passes over the grid.
#[allow(clippy::too_many_arguments)]
pub(super) fn launch<F: Real>(
    device: &Device,
    tables: &Tables,
    buffers: &Spectral,
    numbers: &Buffer,
    members: u32,
    (pass, step): (u64, u32),
    update: Update,
    terms: Terms,
) {
    let share = share::<F>(tables.truncation, members);
    let other = match update {
        Update::Leapfrog => &buffers.previous,
        _ => &buffers.sum,
    };
    // SAFETY: every index follows from the sizes that the buffers were made for.
    unsafe {
        update_kernel::launch_unchecked::<F>(
            device.client(),
            CubeCount::Static(members.div_ceil(share), tables.truncation + 1, 1),
            CubeDim::new_1d(UNITS),
            buffers.analysed.argument(),
            buffers.series.argument(),
            buffers.state.argument(),
            buffers.stage.argument(),
            other.argument(),
            tables.couplings.argument(),
            numbers.argument(),
            buffers.bottom.argument(),
            buffers.equilibrium.argument(),
            buffers.references.argument(),
            buffers.means.argument(),
            buffers.status.argument(),
            members,
            (pass % 2) as u32,
            step,
            tables.truncation,
            share,
            update,
            terms,
        );
    }
}

#[cube(launch_unchecked)]
fn update_kernel<F: Float>(
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
            if comptime!(terms.forced) {
                if coefficient > 0 {
                    surface_rate = numbers[RELAXATION];
                    wind_rate = surface_rate + numbers[DRAG];
                }
            }
            let mut bad = 0u32;
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
                        if !(surface.abs() <= largest) {
                            bad = 3;
                        }
                        if !(delta.abs() <= largest) {
                            bad = 2;
                        }
                        if !(zeta.abs() <= largest) {
                            bad = 1;
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
                if coefficient == 1 && bad > 0 {
                    if status[(2 * member) as usize] == 0 {
                        status[(2 * member) as usize] = step;
                        status[(2 * member + 1) as usize] = bad;
                    }
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
