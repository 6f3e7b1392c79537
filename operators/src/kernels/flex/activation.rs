//! GELU and its derivative, a row at a time.
//!
//! Both are `z`, or 1, times an odd function plus a half: `Phi(z) - 1/2` and `Phi(z) + z phi(z) - 1/2` with the
//! normal distribution function and its density. Up to |z| = 5.8, where both have ended, they are
//! fitted by `z P(u) / Q(u)`, `u = (z / 5.8)^2`, with one denominator for the two: least squares with
//! weights that even out the error, 5.2e-8 at most before rounding, 3e-7 with it.

use super::vector::{LANES, Vector, for_each_isa};

/// Where both functions have ended.
const END: f32 = 5.8;

/// Of `Phi(z) - 1/2`, lowest power first.
const CDF: [f32; 7] = [
    0.398_942,
    1.460_872_5,
    6.442_254,
    11.329_741,
    16.526_594,
    9.292_1,
    0.775_568_54,
];

/// Of `Phi(z) + z phi(z) - 1/2`.
const SLOPE: [f32; 8] = [
    0.797_884_2,
    -1.551_755_9,
    16.569_084,
    -8.244_17,
    39.923_74,
    -7.923_211,
    7.960_500_7,
    -1.305_999,
];

/// Their denominator.
const BELOW: [f32; 7] = [
    1.0, 9.268_41, 39.827_65, 102.665_84, 171.191_71, 166.756_82, 45.511_95,
];

#[inline(always)]
unsafe fn polynomial<V: Vector, const N: usize>(u: V, coefficients: &[f32; N]) -> V {
    // SAFETY: the caller's.
    unsafe {
        let mut sum = V::splat(coefficients[N - 1]);
        for n in (0..N - 1).rev() {
            sum = sum.mul_add(u, V::splat(coefficients[n]));
        }
        sum
    }
}

/// `z` within the fit, its `u`, and `z / Q(u)`.
#[inline(always)]
unsafe fn within<V: Vector>(z: V) -> (V, V) {
    // SAFETY: the caller's.
    unsafe {
        let z = z.max(V::splat(-END)).min(V::splat(END));
        let u = z.mul(z).mul(V::splat(1.0 / (END * END)));
        (u, z.mul(polynomial(u, &BELOW).reciprocal()))
    }
}

/// Calls `strip(start, length)` for whole vectors of a row and for what is left.
#[inline(always)]
fn strips(length: usize, mut strip: impl FnMut(usize, usize)) {
    let mut at = 0;
    while at < length {
        strip(at, (length - at).min(LANES));
        at += LANES;
    }
}

#[inline(always)]
unsafe fn load<V: Vector>(from: *const f32, count: usize) -> V {
    // SAFETY: the caller's.
    unsafe {
        match count {
            LANES => V::load(from),
            _ => V::load_part(from, count),
        }
    }
}

#[inline(always)]
unsafe fn store<V: Vector>(value: V, to: *mut f32, count: usize) {
    // SAFETY: the caller's.
    unsafe {
        match count {
            LANES => value.store(to),
            _ => value.store_part(to, count),
        }
    }
}

for_each_isa! {
    /// `out = gelu(x + bias)`, `length` numbers.
    ///
    /// # Safety
    /// Both pointers are good for `length` numbers; they may be the same.
    pub(super) fn gelu(out: *mut f32, x: *const f32, length: usize, bias: f32) = gelu_body
}

#[inline(always)]
unsafe fn gelu_body<V: Vector>(out: *mut f32, x: *const f32, length: usize, bias: f32) {
    // SAFETY: the caller's.
    unsafe {
        strips(length, |at, count| {
            let z = load::<V>(x.add(at), count).add(V::splat(bias));
            let (u, scaled) = within(z);
            let cdf = scaled.mul_add(polynomial(u, &CDF), V::splat(0.5));
            store(z.mul(cdf), out.add(at), count);
        });
    }
}

for_each_isa! {
    /// `out = grad gelu'(x + bias)` and, where `value` is not null, `value = gelu(x + bias)`.
    ///
    /// # Safety
    /// All pointers but a null `value` are good for `length` numbers; `out` may be `grad`.
    pub(super) fn gelu_backward(
        out: *mut f32,
        value: *mut f32,
        x: *const f32,
        grad: *const f32,
        length: usize,
        bias: f32,
    ) = gelu_backward_body
}

#[inline(always)]
unsafe fn gelu_backward_body<V: Vector>(
    out: *mut f32,
    value: *mut f32,
    x: *const f32,
    grad: *const f32,
    length: usize,
    bias: f32,
) {
    // SAFETY: the caller's.
    unsafe {
        strips(length, |at, count| {
            let z = load::<V>(x.add(at), count).add(V::splat(bias));
            let (u, scaled) = within(z);
            let slope = scaled.mul_add(polynomial(u, &SLOPE), V::splat(0.5));
            let slope = load::<V>(grad.add(at), count).mul(slope);
            store(slope, out.add(at), count);
            if !value.is_null() {
                let cdf = scaled.mul_add(polynomial(u, &CDF), V::splat(0.5));
                store(z.mul(cdf), value.add(at), count);
            }
        });
    }
}

for_each_isa! {
    /// `out = gelu(scale x + shift)`, `length` numbers.
    ///
    /// # Safety
    /// As [`gelu`].
    pub(super) fn gelu_rows(
        out: *mut f32,
        x: *const f32,
        length: usize,
        scale: f32,
        shift: f32,
    ) = gelu_rows_body
}

#[inline(always)]
unsafe fn gelu_rows_body<V: Vector>(
    out: *mut f32,
    x: *const f32,
    length: usize,
    scale: f32,
    shift: f32,
) {
    // SAFETY: the caller's.
    unsafe {
        strips(length, |at, count| {
            let z = load::<V>(x.add(at), count).mul_add(V::splat(scale), V::splat(shift));
            let (u, scaled) = within(z);
            let cdf = scaled.mul_add(polynomial(u, &CDF), V::splat(0.5));
            store(z.mul(cdf), out.add(at), count);
        });
    }
}

for_each_isa! {
    /// `out = grad gelu'(scale x + shift)`, and its sum is added to `sum`.
    ///
    /// # Safety
    /// All pointers are good for `length` numbers; `out` may be `grad`.
    pub(super) fn gelu_slopes(
        out: *mut f32,
        x: *const f32,
        grad: *const f32,
        length: usize,
        affine: [f32; 2],
        sum: &mut f32,
    ) = gelu_slopes_body
}

#[inline(always)]
unsafe fn gelu_slopes_body<V: Vector>(
    out: *mut f32,
    x: *const f32,
    grad: *const f32,
    length: usize,
    [scale, shift]: [f32; 2],
    sum: &mut f32,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut lanes = V::splat(0.0);
        strips(length, |at, count| {
            let z = load::<V>(x.add(at), count).mul_add(V::splat(scale), V::splat(shift));
            let (u, scaled) = within(z);
            let slope = scaled.mul_add(polynomial(u, &SLOPE), V::splat(0.5));
            // Beyond the end of a row the gradient is loaded as zero.
            let slope = load::<V>(grad.add(at), count).mul(slope);
            lanes = lanes.add(slope);
            store(slope, out.add(at), count);
        });
        let mut values = [0.0f32; LANES];
        lanes.store(values.as_mut_ptr());
        *sum += values.iter().sum::<f32>();
    }
}

for_each_isa! {
    /// `sum += x[0] + x[1] + ...`
    ///
    /// # Safety
    /// `x` is good for `length` numbers.
    pub(super) fn add_sum(x: *const f32, length: usize, sum: &mut f32) = add_sum_body
}

#[inline(always)]
unsafe fn add_sum_body<V: Vector>(x: *const f32, length: usize, sum: &mut f32) {
    // SAFETY: the caller's.
    unsafe {
        let mut lanes = V::splat(0.0);
        strips(length, |at, count| {
            lanes = lanes.add(load::<V>(x.add(at), count));
        });
        let mut values = [0.0f32; LANES];
        lanes.store(values.as_mut_ptr());
        *sum += values.iter().sum::<f32>();
    }
}

#[cfg(test)]
mod tests {
    use super::super::vector::Isa;
    use super::*;

    /// Against a series in f64, on every instruction set, for whole and broken rows.
    #[test]
    fn gelu_and_its_slope() {
        // Phi by its Taylor series, good to 1e-12 up to |z| = 6.
        let cdf = |z: f64| {
            let (mut term, mut sum, mut n) = (z, z, 0.0);
            while f64::abs(term) > 1e-18 {
                n += 1.0;
                term *= z * z / (2.0 * n + 1.0);
                sum += term;
            }
            0.5 + sum * (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()
        };
        for isa in Isa::all() {
            for length in [1, 15, 16, 33, 301] {
                let x: Vec<f32> = (0..length)
                    .map(|i| -6.0 + 12.0 * ((i * 7919) % 301) as f32 / 301.0)
                    .collect();
                let ones = vec![1.0; length];
                let (mut y, mut slope, mut value) =
                    (vec![0.0; length], vec![0.0; length], vec![0.0; length]);
                // SAFETY: all of one length.
                unsafe {
                    gelu(isa, y.as_mut_ptr(), x.as_ptr(), length, 0.25);
                    gelu_backward(
                        isa,
                        slope.as_mut_ptr(),
                        value.as_mut_ptr(),
                        x.as_ptr(),
                        ones.as_ptr(),
                        length,
                        0.25,
                    );
                }
                let mut sum = 1.0;
                // SAFETY: its length.
                unsafe { add_sum(isa, x.as_ptr(), length, &mut sum) };
                assert!((sum - 1.0 - x.iter().sum::<f32>()).abs() < 1e-4);
                for i in 0..length {
                    let z = f64::from(x[i]) + 0.25;
                    let pdf = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
                    let (exact, exact_slope) = (z * cdf(z), cdf(z) + z * pdf);
                    assert!((f64::from(y[i]) - exact).abs() < 2e-6, "{isa:?} {z}");
                    assert!(
                        (f64::from(slope[i]) - exact_slope).abs() < 1e-6,
                        "{isa:?} {z}"
                    );
                    assert_eq!(y[i], value[i]);
                }
            }
        }
    }
}
