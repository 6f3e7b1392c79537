//! Discrete Fourier transform along longitude, eight latitudes at a time.
//!
//! The lanes of a vector are eight rows of the northern half; the real part carries the northern
//! row and the imaginary part its mirror in the south. One complex transform of length `nlon`
//! therefore serves sixteen real rows, without shuffles and without a real-to-complex
//! post-processing step.
//!
//! Stockham's self-sorting scheme (Van Loan 1992, Computational Frameworks for the FFT,
//! section 1.7) with radices 8, 5, 4, 3, 2 and a plain sum for other prime factors.

use super::lanes::{LANES, Lanes};
use std::f64::consts::PI;

/// One line of real parts followed by one of imaginary parts.
pub(crate) const POINT: usize = 2 * LANES;

/// A plan for one length.
#[derive(Clone, Debug)]
pub(crate) struct LaneFft {
    len: usize,
    passes: Vec<Pass>,
}

#[derive(Clone, Debug)]
struct Pass {
    radix: usize,
    /// Number of butterflies that differ in twiddle factor.
    groups: usize,
    /// Number of butterflies that share it.
    stride: usize,
    /// exp(2 pi i p k / (radix * groups)), `[p][k - 1]` for k = 1..radix.
    twiddles: Vec<[f64; 2]>,
    /// exp(2 pi i k / radix) for the plain sum.
    roots: Vec<[f64; 2]>,
}

/// Sign of the exponent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Direction {
    /// exp(-i k x), values to coefficients, not divided by the length.
    Forward,
    /// exp(+i k x), coefficients to values.
    Inverse,
}

fn unit(numerator: usize, denominator: usize) -> [f64; 2] {
    // reduced to the first octant, so that equal angles give equal values
    let k = numerator % denominator;
    let eighths = 8 * k / denominator;
    let angle = |n: i64| 2.0 * PI * n as f64 / denominator as f64;
    let (k, d) = (k as i64, denominator as i64);
    // quarter turns in units of 1/(4 denominator) keep the remainders integer
    let (sin, cos) = match eighths {
        0 => angle(k).sin_cos(),
        1 | 2 => {
            let (s, c) = (angle(4 * k - d) / 4.0).sin_cos();
            (c, -s)
        }
        3 | 4 => {
            let (s, c) = (angle(2 * k - d) / 2.0).sin_cos();
            (-s, -c)
        }
        5 | 6 => {
            let (s, c) = (angle(4 * k - 3 * d) / 4.0).sin_cos();
            (-c, s)
        }
        _ => angle(k - d).sin_cos(),
    };
    [cos, sin]
}

impl LaneFft {
    pub(crate) fn new(len: usize) -> Self {
        let mut radices = Vec::new();
        let mut rest = len;
        for radix in [5, 3] {
            while rest.is_multiple_of(radix) {
                radices.push(radix);
                rest /= radix;
            }
        }
        let mut twos = rest.trailing_zeros();
        rest >>= twos;
        while twos > 0 {
            // eights, but no lone two where two fours do
            let log2 = match twos {
                1 => 1,
                2 | 4 => 2,
                _ => 3,
            };
            radices.push(1 << log2);
            twos -= log2;
        }
        let mut prime = 7;
        while rest > 1 {
            while rest.is_multiple_of(prime) {
                radices.push(prime);
                rest /= prime;
            }
            prime += 2;
        }
        let (mut size, mut stride) = (len, 1);
        let passes = radices
            .into_iter()
            .map(|radix| {
                let groups = size / radix;
                let twiddles = (0..groups)
                    .flat_map(|p| (1..radix).map(move |k| (p * k, size)))
                    .map(|(k, n)| unit(k, n))
                    .collect();
                let roots = (0..radix).map(|k| unit(k, radix)).collect();
                let pass = Pass {
                    radix,
                    groups,
                    stride,
                    twiddles,
                    roots,
                };
                size = groups;
                stride *= radix;
                pass
            })
            .collect();
        Self { len, passes }
    }

    /// Values in a buffer for one transform.
    pub(crate) fn buffer_len(&self) -> usize {
        self.len * POINT
    }

    /// Transforms `data` with the help of `spare`; true when the result ends in `spare`.
    ///
    /// # Safety
    /// The processor has the instruction set of `V`; both pointers are valid for
    /// [`Self::buffer_len`] values and do not overlap.
    #[inline(always)]
    pub(crate) unsafe fn run<V: Lanes>(
        &self,
        data: *mut f64,
        spare: *mut f64,
        direction: Direction,
    ) -> bool {
        // A forward transform is an inverse one with real and imaginary parts exchanged.
        let (re, im) = match direction {
            Direction::Inverse => (0, LANES),
            Direction::Forward => (LANES, 0),
        };
        let (mut from, mut to) = (data, spare);
        for pass in &self.passes {
            unsafe {
                let (x, y) = (Points { at: from, re, im }, Points { at: to, re, im });
                match pass.radix {
                    8 => pass.run::<V, 8>(
                        x,
                        y,
                        #[inline(always)]
                        |a| dft8(a),
                    ),
                    5 => pass.run::<V, 5>(
                        x,
                        y,
                        #[inline(always)]
                        |a| dft5(a),
                    ),
                    4 => pass.run::<V, 4>(
                        x,
                        y,
                        #[inline(always)]
                        |a| dft4(a),
                    ),
                    3 => pass.run::<V, 3>(
                        x,
                        y,
                        #[inline(always)]
                        |a| dft3(a),
                    ),
                    2 => pass.run::<V, 2>(
                        x,
                        y,
                        #[inline(always)]
                        |a| dft2(a),
                    ),
                    _ => pass.run_plain::<V>(x, y),
                }
            }
            (from, to) = (to, from);
        }
        self.passes.len() % 2 == 1
    }
}

/// Complex lanes.
#[derive(Clone, Copy)]
struct Cx<V> {
    re: V,
    im: V,
}

impl<V: Lanes> Cx<V> {
    #[inline(always)]
    unsafe fn add(self, o: Self) -> Self {
        unsafe {
            Self {
                re: self.re.add(o.re),
                im: self.im.add(o.im),
            }
        }
    }
    #[inline(always)]
    unsafe fn sub(self, o: Self) -> Self {
        unsafe {
            Self {
                re: self.re.sub(o.re),
                im: self.im.sub(o.im),
            }
        }
    }
    /// self + i o
    #[inline(always)]
    unsafe fn add_i(self, o: Self) -> Self {
        unsafe {
            Self {
                re: self.re.sub(o.im),
                im: self.im.add(o.re),
            }
        }
    }
    /// self - i o
    #[inline(always)]
    unsafe fn sub_i(self, o: Self) -> Self {
        unsafe {
            Self {
                re: self.re.add(o.im),
                im: self.im.sub(o.re),
            }
        }
    }
    #[inline(always)]
    unsafe fn scale(self, f: V) -> Self {
        unsafe {
            Self {
                re: self.re.mul(f),
                im: self.im.mul(f),
            }
        }
    }
    /// self * f + o, f real
    #[inline(always)]
    unsafe fn scale_add(self, f: V, o: Self) -> Self {
        unsafe {
            Self {
                re: self.re.mul_add(f, o.re),
                im: self.im.mul_add(f, o.im),
            }
        }
    }
    #[inline(always)]
    unsafe fn times(self, w: [V; 2]) -> Self {
        unsafe {
            Self {
                re: self.im.neg_mul_add(w[1], self.re.mul(w[0])),
                im: self.im.mul_add(w[0], self.re.mul(w[1])),
            }
        }
    }
}

/// Points of a buffer; which line is the real part depends on the direction.
#[derive(Clone, Copy)]
struct Points {
    at: *mut f64,
    re: usize,
    im: usize,
}

impl Points {
    #[inline(always)]
    unsafe fn load<V: Lanes>(self, j: usize) -> Cx<V> {
        unsafe {
            let at = self.at.add(j * POINT);
            Cx {
                re: V::load(at.add(self.re)),
                im: V::load(at.add(self.im)),
            }
        }
    }
    /// `R` points from `first` on, `step` apart.
    #[inline(always)]
    unsafe fn gather<V: Lanes, const R: usize>(self, first: usize, step: usize) -> [Cx<V>; R] {
        // Loops rather than array::from_fn, here and in the other kernels: what a kernel calls
        // has to be inlined without exception to be compiled for its instruction set.
        unsafe {
            let mut points = [self.load(first); R];
            for (k, point) in points.iter_mut().enumerate().skip(1) {
                *point = self.load(first + k * step);
            }
            points
        }
    }
    #[inline(always)]
    unsafe fn store<V: Lanes>(self, j: usize, value: Cx<V>) {
        unsafe {
            let at = self.at.add(j * POINT);
            value.re.store(at.add(self.re));
            value.im.store(at.add(self.im));
        }
    }
}

impl Pass {
    #[inline(always)]
    unsafe fn run<V: Lanes, const R: usize>(
        &self,
        x: Points,
        y: Points,
        dft: impl Fn([Cx<V>; R]) -> [Cx<V>; R],
    ) {
        let (groups, stride) = (self.groups, self.stride);
        unsafe {
            for q in 0..stride {
                let b = dft(x.gather(q, stride * groups));
                for (k, &value) in b.iter().enumerate() {
                    y.store(q + stride * k, value);
                }
            }
            for p in 1..groups {
                let at = self.twiddles.as_ptr().add(p * (R - 1));
                let mut w = [[V::splat(0.0); 2]; R];
                for k in 1..R {
                    let [c, s] = *at.add(k - 1);
                    w[k] = [V::splat(c), V::splat(s)];
                }
                for q in 0..stride {
                    let b = dft(x.gather(q + stride * p, stride * groups));
                    y.store(q + stride * R * p, b[0]);
                    for k in 1..R {
                        y.store(q + stride * (R * p + k), b[k].times(w[k]));
                    }
                }
            }
        }
    }

    /// Any radix by its definition.
    #[inline(always)]
    unsafe fn run_plain<V: Lanes>(&self, x: Points, y: Points) {
        let (radix, groups, stride) = (self.radix, self.groups, self.stride);
        unsafe {
            for p in 0..groups {
                for q in 0..stride {
                    for k in 0..radix {
                        let mut sum = x.load::<V>(q + stride * p);
                        for j in 1..radix {
                            let [c, s] = self.roots[(j * k) % radix];
                            let a = x.load::<V>(q + stride * (p + groups * j));
                            sum = sum.add(a.times([V::splat(c), V::splat(s)]));
                        }
                        if k > 0 {
                            let [c, s] = self.twiddles[p * (radix - 1) + k - 1];
                            sum = sum.times([V::splat(c), V::splat(s)]);
                        }
                        y.store(q + stride * (radix * p + k), sum);
                    }
                }
            }
        }
    }
}

// The butterflies are called from kernels compiled for the instruction set of V only.

#[inline(always)]
fn dft2<V: Lanes>([a, b]: [Cx<V>; 2]) -> [Cx<V>; 2] {
    unsafe { [a.add(b), a.sub(b)] }
}

#[inline(always)]
fn dft3<V: Lanes>([a, b, c]: [Cx<V>; 3]) -> [Cx<V>; 3] {
    const SIN_60: f64 = 0.866_025_403_784_438_6;
    unsafe {
        let sum = b.add(c);
        let difference = b.sub(c).scale(V::splat(SIN_60));
        let middle = sum.scale_add(V::splat(-0.5), a);
        [
            a.add(sum),
            middle.add_i(difference),
            middle.sub_i(difference),
        ]
    }
}

#[inline(always)]
fn dft4<V: Lanes>([a, b, c, d]: [Cx<V>; 4]) -> [Cx<V>; 4] {
    unsafe {
        let (s, t) = (a.add(c), a.sub(c));
        let (u, v) = (b.add(d), b.sub(d));
        [s.add(u), t.add_i(v), s.sub(u), t.sub_i(v)]
    }
}

#[inline(always)]
fn dft5<V: Lanes>([a, b, c, d, e]: [Cx<V>; 5]) -> [Cx<V>; 5] {
    const COS_72: f64 = 0.309_016_994_374_947_45;
    const COS_144: f64 = -0.809_016_994_374_947_5;
    const SIN_72: f64 = 0.951_056_516_295_153_5;
    const SIN_144: f64 = 0.587_785_252_292_473_1;
    unsafe {
        let (s1, d1) = (b.add(e), b.sub(e));
        let (s2, d2) = (c.add(d), c.sub(d));
        let (c1, c2) = (V::splat(COS_72), V::splat(COS_144));
        let (i1, i2) = (V::splat(SIN_72), V::splat(SIN_144));
        let r1 = s2.scale_add(c2, s1.scale_add(c1, a));
        let r2 = s2.scale_add(c1, s1.scale_add(c2, a));
        let q1 = d2.scale_add(i2, d1.scale(i1));
        let q2 = d1.scale(i2).sub(d2.scale(i1));
        [
            a.add(s1).add(s2),
            r1.add_i(q1),
            r2.add_i(q2),
            r2.sub_i(q2),
            r1.sub_i(q1),
        ]
    }
}

#[inline(always)]
fn dft8<V: Lanes>(a: [Cx<V>; 8]) -> [Cx<V>; 8] {
    unsafe {
        let e = dft4([a[0], a[2], a[4], a[6]]);
        let o = dft4([a[1], a[3], a[5], a[7]]);
        let h = V::splat(std::f64::consts::FRAC_1_SQRT_2);
        // (1 + i)/sqrt2 o1 and (-1 + i)/sqrt2 o3
        let o1 = Cx {
            re: o[1].re.sub(o[1].im),
            im: o[1].re.add(o[1].im),
        }
        .scale(h);
        let o3 = Cx {
            re: o[3].re.add(o[3].im),
            im: o[3].im.sub(o[3].re),
        }
        .scale(h);
        [
            e[0].add(o[0]),
            e[1].add(o1),
            e[2].add_i(o[2]),
            // w^3 o3 = (-1 + i)/sqrt2 o3 = (-(re + im), re - im)/sqrt2 = -o3 as held above
            e[3].sub(o3),
            e[0].sub(o[0]),
            e[1].sub(o1),
            e[2].sub_i(o[2]),
            e[3].add(o3),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sphere::aligned::AlignedBuffer;
    use crate::sphere::lanes;

    #[inline(always)]
    unsafe fn run<V: Lanes>(
        fft: &LaneFft,
        a: &mut AlignedBuffer,
        b: &mut AlignedBuffer,
        direction: Direction,
    ) -> bool {
        unsafe { fft.run::<V>(a.as_mut_ptr(), b.as_mut_ptr(), direction) }
    }

    #[test]
    fn equals_the_sum_for_any_length() {
        for n in [
            1, 2, 3, 4, 5, 7, 8, 12, 16, 30, 36, 49, 64, 77, 80, 128, 144, 320, 360,
        ] {
            let fft = LaneFft::new(n);
            for direction in [Direction::Forward, Direction::Inverse] {
                let sign = if direction == Direction::Forward {
                    -1.0
                } else {
                    1.0
                };
                let mut a = AlignedBuffer::zeros(fft.buffer_len());
                for (i, v) in a.iter_mut().enumerate() {
                    *v = ((i * i + 3 * i) % 17) as f64 / 17.0 - 0.4;
                }
                let input = a.clone();
                let mut b = AlignedBuffer::zeros(fft.buffer_len());
                let in_spare = lanes::dispatch!(run(&fft, &mut a, &mut b, direction));
                let result = if in_spare { &b } else { &a };
                for k in [0, 1, n / 3, n / 2, n - 1] {
                    let k = k % n;
                    for l in [0, 5] {
                        let (mut re, mut im) = (0.0, 0.0);
                        for j in 0..n {
                            let t = sign * 2.0 * PI * ((j * k) % n) as f64 / n as f64;
                            let (x, y) = (input[j * POINT + l], input[j * POINT + LANES + l]);
                            re += x * t.cos() - y * t.sin();
                            im += x * t.sin() + y * t.cos();
                        }
                        let found = (result[k * POINT + l], result[k * POINT + LANES + l]);
                        assert!(
                            (found.0 - re).abs() + (found.1 - im).abs() < 1e-12,
                            "n {n} k {k} {direction:?}: {found:?} {re} {im}"
                        );
                    }
                }
            }
        }
    }
}
