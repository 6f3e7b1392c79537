//! Fourier transforms of rows in the shared memory of a cube.
//!
//! A northern row and its mirror travel through one complex transform as `north + i south`. The
//! way to the points splits by decimation in frequency and leaves them in digit-reversed order;
//! the way back is its transpose and takes them so. What happens at the points does not ask for
//! their order, so nothing is ever rearranged, every butterfly stays in its place, and one barrier
//! a stage is enough (Cooley and Tukey 1965, Math. Comp. 19, 297-301; Gentleman and Sande 1966,
//! AFIPS Proc. 29, 563-578).

use crate::{Error, Result};
use cubecl::prelude::*;
use std::f64::consts::TAU;

/// The largest prime factor of the number of longitudes that butterflies are made for.
const LARGEST_RADIX: usize = 13;

/// Most stages of a transform.
const STAGES: usize = 16;

/// Values between the rows of a cube beyond their own, so that they lie in different banks.
const GAP: u32 = 8;

/// The stages of a transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stages {
    pub(crate) nlon: u32,
    radices: [u32; STAGES],
    count: u32,
    /// Units of a cube.
    pub(crate) units: u32,
}

impl Stages {
    /// For rows of so many points.
    ///
    /// # Errors
    /// [`Error::Size`] when the number has a prime factor above 13.
    pub(crate) fn new(nlon: usize) -> Result<Self> {
        let mut radices = [1; STAGES];
        let (mut count, mut left) = (0, nlon);
        // fours last: their strides are powers of two, and the last ones are the shortest
        for radix in [13, 11, 7, 5, 3, 2, 4] {
            let fits = |left: usize| match radix {
                // one factor of two at most, the rest in fours
                2 => left.is_multiple_of(2) && left.trailing_zeros() % 2 == 1,
                _ => left.is_multiple_of(radix),
            };
            while fits(left) && count < STAGES {
                radices[count] = radix as u32;
                left /= radix;
                count += 1;
            }
        }
        if left != 1 {
            return Err(Error::Size {
                what: "number of longitudes of a transform on a device",
                expected: format!("no prime factor above {LARGEST_RADIX}"),
                found: nlon,
            });
        }
        Ok(Self {
            nlon: nlon as u32,
            radices,
            count: count as u32,
            units: ((nlon as u32).div_ceil(4).next_multiple_of(32)).clamp(32, 256),
        })
    }

    /// Values from one row in shared memory to the next.
    pub(crate) fn pitch(&self) -> u32 {
        self.nlon + GAP
    }

    /// Points of a row for each unit.
    pub(crate) fn each(&self) -> u32 {
        self.nlon.div_ceil(self.units)
    }

    /// How many of `fields` rows share the memory of a cube: all, if that leaves room for two
    /// cubes, or one after the other.
    pub(crate) fn together(&self, fields: u32, value_size: usize, memory: usize) -> u32 {
        let all = (2 * fields * self.pitch()) as usize * value_size;
        if 2 * all <= memory { fields } else { 1 }
    }

    /// `cos` and `sin` of `2 pi k / nlon`, one behind the other.
    pub(crate) fn roots(&self) -> Vec<f64> {
        let root = |k: u32| {
            let (sin, cos) = (TAU * f64::from(k) / f64::from(self.nlon)).sin_cos();
            [cos, sin]
        };
        (0..self.nlon).flat_map(root).collect()
    }

    /// The longitude that lies at each place between the way there and the way back.
    pub(crate) fn longitudes(&self) -> Vec<u32> {
        let longitude = |place: u32| {
            let (mut rest, mut length, mut scale, mut sum) = (place, self.nlon, 1, 0);
            for s in 0..self.count as usize {
                length /= self.radices[s];
                sum += rest / length * scale;
                rest %= length;
                scale *= self.radices[s];
            }
            sum
        };
        (0..self.nlon).map(longitude).collect()
    }

    fn radix(&self, stage: usize) -> u32 {
        self.radices[stage]
    }

    /// Points of the blocks that a stage splits.
    fn length(&self, stage: usize) -> u32 {
        let taken: u32 = self.radices[..stage].iter().product();
        self.nlon / taken
    }
}

/// Waves to points: `x_i <- sum_k x_k exp(2 pi i i k / nlon)` for `rows` rows, points in
/// digit-reversed order. Begins and ends with a barrier.
#[cube]
pub(crate) fn waves_to_points<F: Float>(
    re: &mut Shared<[F]>,
    im: &mut Shared<[F]>,
    roots: &[F],
    #[comptime] rows: u32,
    #[comptime] stages: Stages,
) {
    sync_cube();
    #[unroll]
    for s in 0..comptime!(stages.count as usize) {
        let radix = comptime!(stages.radix(s));
        let part = comptime!(stages.length(s) / radix);
        let mut t = UNIT_POS;
        while t < comptime!(stages.nlon / radix) {
            let b = t % part;
            let from = t / part * comptime!(radix * part) + b;
            #[unroll]
            for row in 0..rows {
                let at = from + comptime!(row * stages.pitch());
                let mut x = Array::<F>::new(comptime!((2 * radix) as usize));
                #[unroll]
                for a in 0..radix {
                    let place = (at + comptime!(a * part)) as usize;
                    x[comptime!((2 * a) as usize)] = re[place];
                    x[comptime!((2 * a + 1) as usize)] = im[place];
                }
                butterfly(&mut x, roots, radix, stages);
                #[unroll]
                for d in 0..radix {
                    let place = (at + comptime!(d * part)) as usize;
                    let xr = x[comptime!((2 * d) as usize)];
                    let xi = x[comptime!((2 * d + 1) as usize)];
                    if comptime!(d > 0 && part > 1) {
                        let root = 2 * b * comptime!(stages.nlon / (radix * part) * d);
                        let c = roots[root as usize];
                        let s = roots[(root + 1) as usize];
                        re[place] = xr * c - xi * s;
                        im[place] = xr * s + xi * c;
                    } else {
                        re[place] = xr;
                        im[place] = xi;
                    }
                }
            }
            t += comptime!(stages.units);
        }
        sync_cube();
    }
}

/// Points in digit-reversed order to waves: the transpose of [`waves_to_points`]. With the real
/// and imaginary parts in each other's place it is the transform of the other sign.
#[cube]
pub(crate) fn points_to_waves<F: Float>(
    re: &mut Shared<[F]>,
    im: &mut Shared<[F]>,
    roots: &[F],
    #[comptime] rows: u32,
    #[comptime] stages: Stages,
) {
    sync_cube();
    #[unroll]
    for reversed in 0..comptime!(stages.count as usize) {
        let s = comptime!(stages.count as usize - 1 - reversed);
        let radix = comptime!(stages.radix(s));
        let part = comptime!(stages.length(s) / radix);
        let mut t = UNIT_POS;
        while t < comptime!(stages.nlon / radix) {
            let b = t % part;
            let from = t / part * comptime!(radix * part) + b;
            #[unroll]
            for row in 0..rows {
                let at = from + comptime!(row * stages.pitch());
                let mut x = Array::<F>::new(comptime!((2 * radix) as usize));
                #[unroll]
                for d in 0..radix {
                    let place = (at + comptime!(d * part)) as usize;
                    let xr = re[place];
                    let xi = im[place];
                    if comptime!(d > 0 && part > 1) {
                        let root = 2 * b * comptime!(stages.nlon / (radix * part) * d);
                        let c = roots[root as usize];
                        let s = roots[(root + 1) as usize];
                        x[comptime!((2 * d) as usize)] = xr * c - xi * s;
                        x[comptime!((2 * d + 1) as usize)] = xr * s + xi * c;
                    } else {
                        x[comptime!((2 * d) as usize)] = xr;
                        x[comptime!((2 * d + 1) as usize)] = xi;
                    }
                }
                butterfly(&mut x, roots, radix, stages);
                #[unroll]
                for a in 0..radix {
                    let place = (at + comptime!(a * part)) as usize;
                    re[place] = x[comptime!((2 * a) as usize)];
                    im[place] = x[comptime!((2 * a + 1) as usize)];
                }
            }
            t += comptime!(stages.units);
        }
        sync_cube();
    }
}

/// The transform of `radix` complex numbers (real and imaginary parts in turn), in place.
#[cube]
fn butterfly<F: Float>(
    x: &mut Array<F>,
    roots: &[F],
    #[comptime] radix: u32,
    #[comptime] stages: Stages,
) {
    if comptime!(radix == 2) {
        #[unroll]
        for part in 0..2usize {
            let a = x[part];
            let b = x[part + 2];
            x[part] = a + b;
            x[part + 2] = a - b;
        }
    } else if comptime!(radix == 4) {
        let ar = x[0] + x[4];
        let ai = x[1] + x[5];
        let br = x[0] - x[4];
        let bi = x[1] - x[5];
        let cr = x[2] + x[6];
        let ci = x[3] + x[7];
        let dr = x[2] - x[6];
        let di = x[3] - x[7];
        x[0] = ar + cr;
        x[1] = ai + ci;
        x[2] = br - di;
        x[3] = bi + dr;
        x[4] = ar - cr;
        x[5] = ai - ci;
        x[6] = br + di;
        x[7] = bi - dr;
    } else {
        odd_butterfly(x, roots, radix, stages);
    }
}

/// The same for an odd radix, by pairs `x_q + x_(r-q)` and `x_q - x_(r-q)`.
#[cube]
fn odd_butterfly<F: Float>(
    x: &mut Array<F>,
    roots: &[F],
    #[comptime] radix: u32,
    #[comptime] stages: Stages,
) {
    let mut y = Array::<F>::new(comptime!((2 * radix) as usize));
    #[unroll]
    for d in 0..radix {
        let mut re = x[0];
        let mut im = x[1];
        #[unroll]
        for pair in 0..comptime!(radix / 2) {
            let q = comptime!((2 * (pair + 1)) as usize);
            let p = comptime!((2 * (radix - 1 - pair)) as usize);
            let root = comptime!((2 * ((pair + 1) * d % radix) * (stages.nlon / radix)) as usize);
            let c = roots[root];
            let s = roots[comptime!(root + 1)];
            re += c * (x[q] + x[p]) - s * (x[comptime!(q + 1)] - x[comptime!(p + 1)]);
            im += c * (x[comptime!(q + 1)] + x[comptime!(p + 1)]) + s * (x[q] - x[p]);
        }
        y[comptime!((2 * d) as usize)] = re;
        y[comptime!((2 * d + 1) as usize)] = im;
    }
    #[unroll]
    for n in 0..comptime!((2 * radix) as usize) {
        x[n] = y[n];
    }
}

/// Lines of one northern row to waves `north + i south` in shared memory, for the fields
/// `first..first + count` of a member; `place` is where the member's lines of order 0 begin, and
/// `stride` leads from order to order.
#[cube]
pub(crate) fn load_waves<F: Float>(
    lines: &[F],
    re: &mut Shared<[F]>,
    im: &mut Shared<[F]>,
    place: u32,
    stride: u32,
    orders: u32,
    #[comptime] fields: u32,
    #[comptime] first: u32,
    #[comptime] count: u32,
    #[comptime] stages: Stages,
) {
    let nlon = comptime!(stages.nlon);
    let pitch = comptime!(stages.pitch());
    let gap = nlon + 1 - 2 * orders;
    let mut at = UNIT_POS;
    while at < count * gap {
        let to = (at / gap * pitch + orders + at % gap) as usize;
        re[to] = F::new(0.0);
        im[to] = F::new(0.0);
        at += comptime!(stages.units);
    }
    let mut at = UNIT_POS;
    while at < count * orders {
        let m = at / count;
        let row = at % count * pitch;
        let from = place + m * stride + 2 * (first + at % count);
        let er = lines[from as usize];
        let or = lines[(from + comptime!(2 * fields)) as usize];
        let mut ei = lines[(from + 1) as usize];
        let mut oi = lines[(from + comptime!(2 * fields) + 1) as usize];
        if m == 0 {
            // no real field has them
            ei = F::new(0.0);
            oi = F::new(0.0);
        } else {
            re[(row + nlon - m) as usize] = er + or + ei - oi;
            im[(row + nlon - m) as usize] = er - or - ei - oi;
        }
        re[(row + m) as usize] = er + or - ei + oi;
        im[(row + m) as usize] = er - or + ei + oi;
        at += comptime!(stages.units);
    }
}

/// Waves `north + i south` in shared memory, from `first_row` on, to lines, times `weight`; the rest
/// is as for [`load_waves`].
#[cube]
pub(crate) fn store_waves<F: Float>(
    lines: &mut [F],
    re: &Shared<[F]>,
    im: &Shared<[F]>,
    weight: F,
    place: u32,
    stride: u32,
    orders: u32,
    #[comptime] fields: u32,
    #[comptime] first: u32,
    #[comptime] first_row: u32,
    #[comptime] count: u32,
    #[comptime] stages: Stages,
) {
    let nlon = comptime!(stages.nlon);
    let pitch = comptime!(stages.pitch());
    let mut at = UNIT_POS;
    while at < count * orders {
        let m = at / count;
        let row = (first_row + at % count) * pitch;
        let to = place + m * stride + 2 * (first + at % count);
        let mut mirror = row;
        if m > 0 {
            mirror = row + nlon - m;
        }
        let zr = re[(row + m) as usize];
        let zi = im[(row + m) as usize];
        let yr = re[mirror as usize];
        let yi = im[mirror as usize];
        // twice the waves of the northern and of the southern row
        let nr = zr + yr;
        let ni = zi - yi;
        let sr = zi + yi;
        let si = yr - zr;
        lines[to as usize] = weight * (nr + sr);
        lines[(to + 1) as usize] = weight * (ni + si);
        lines[(to + comptime!(2 * fields)) as usize] = weight * (nr - sr);
        lines[(to + comptime!(2 * fields) + 1) as usize] = weight * (ni - si);
        at += comptime!(stages.units);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_of_the_usual_grids() {
        for nlon in [64, 128, 768, 1024, 320, 20, 28, 2, 1] {
            let stages = Stages::new(nlon).unwrap();
            let product: u32 = stages.radices.iter().product();
            assert_eq!(product as usize, nlon);
            let mut longitudes = stages.longitudes();
            longitudes.sort_unstable();
            assert!(longitudes.into_iter().eq(0..nlon as u32));
        }
        let error = Stages::new(34).unwrap_err().to_string();
        assert!(error.contains("no prime factor above 13"), "{error}");
    }
}
