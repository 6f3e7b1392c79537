//! GELU and its derivative, a row at a time.
//!
//! Both need the normal distribution function and its density. They come from one exponential:
//! `erf(t) = 1 - (a1 k + ... + a5 k^5) exp(-t^2)`, `k = 1 / (1 + p t)` (Abramowitz and Stegun,
//! Handbook of Mathematical Functions, eq. 7.1.26, absolute error below 1.5e-7).

use super::vector::{LANES, Vector, for_each_isa};

const INV_SQRT_2PI: f32 = 0.398_942_3;

/// `exp(x)` for `x <= 0`, relative error below 2e-7 down to the smallest normal number.
#[inline(always)]
unsafe fn exp_negative<V: Vector>(x: V) -> V {
    // SAFETY: the caller's.
    unsafe {
        let c = |value| V::splat(value);
        let x = x.max(c(-87.0));
        let n = x.mul(c(std::f32::consts::LOG2_E)).round();
        let r = n.mul_add(c(-0.693_359_4), x);
        let r = n.mul_add(c(2.121_944_4e-4), r);
        let p = c(1.987_569_1e-4);
        let p = p.mul_add(r, c(1.398_199_9e-3));
        let p = p.mul_add(r, c(8.333_452e-3));
        let p = p.mul_add(r, c(4.166_579_6e-2));
        let p = p.mul_add(r, c(1.666_666_5e-1));
        let p = p.mul_add(r, c(0.5));
        p.mul(r).mul_add(r, r).add(c(1.0)).scale(n)
    }
}

/// Normal distribution function at `z`, and `exp(-z^2 / 2)`.
#[inline(always)]
unsafe fn normal<V: Vector>(z: V) -> (V, V) {
    // SAFETY: the caller's.
    unsafe {
        let c = |value| V::splat(value);
        let t = z.abs().mul(c(std::f32::consts::FRAC_1_SQRT_2));
        let density = exp_negative(t.mul(t).mul(c(-1.0)));
        let k = t.mul_add(c(0.327_591_1), c(1.0)).reciprocal();
        let p = c(1.061_405_4);
        let p = p.mul_add(k, c(-1.453_152));
        let p = p.mul_add(k, c(1.421_413_8));
        let p = p.mul_add(k, c(-0.284_496_74));
        let p = p.mul_add(k, c(0.254_829_6)).mul(k);
        let tail = p.mul(density).mul(c(0.5));
        (z.if_negative(tail, tail.mul_add(c(-1.0), c(1.0))), density)
    }
}

/// Runs `full` on whole vectors of a row and `part` on what is left.
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
            store(z.mul(normal(z).0), out.add(at), count);
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
            let (cdf, density) = normal(z);
            let slope = z.mul(V::splat(INV_SQRT_2PI)).mul_add(density, cdf);
            let slope = load::<V>(grad.add(at), count).mul(slope);
            store(slope, out.add(at), count);
            if !value.is_null() {
                store(z.mul(cdf), value.add(at), count);
            }
        });
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
                    assert!((f64::from(y[i]) - exact).abs() < 1e-6, "{isa:?} {z}");
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
