//! Fully normalised associated Legendre functions of any degree and order.
//!
//! With `mean over mu of P_n^m P_k^m = delta_nk` and no Condon-Shortley phase:
//!
//! ```text
//! P_m^m  = sqrt((2m+1)!! / (2m)!!) cos^m(phi)
//! eps_{n+1} P_{n+1}^m = mu P_n^m - eps_n P_{n-1}^m,   eps_n = sqrt((n^2 - m^2) / (4 n^2 - 1))
//! ```
//!
//! (Holmes and Featherstone 2002, J. Geodesy 76, 279-299, eq. 11 to 13.) `cos^m` leaves the range
//! of f64 towards the poles from m of a few hundred on, while `P_n^m` of higher n comes back into
//! it. So values carry an integer exponent of radix 2^960 (Fukushima 2012, J. Geodesy 86,
//! 271-285) until they are of ordinary size; values below 2^-480 (3e-145) are returned as 0.

use super::double_double::DoubleDouble;
use super::lanes::{self, LANES, Lanes};

/// The radix of the extended exponent is `BIG^2`; a mantissa lies between `1/BIG` and `BIG`.
const BIG: f64 = f64::from_bits((1023 + 480) << 52);
const RADIX_INVERSE: f64 = f64::from_bits((1023 - 960) << 52);
const RADIX_LOG2: i64 = 960;

/// Recurrence coefficients up to a degree for all orders: O(degree^2) numbers.
///
/// ```
/// use curlwind_solvers::sphere::Legendre;
/// let legendre = Legendre::new(2);
/// let mut p = [0.0; 3];
/// legendre.fill_order(0, &[0.5], &mut p);
/// assert_eq!(p[0], 1.0);
/// assert!((p[1] - 3f64.sqrt() * 0.5).abs() < 1e-15);
/// assert!((p[2] - 5f64.sqrt() * (3.0 * 0.25 - 1.0) / 2.0).abs() < 1e-15);
/// ```
#[derive(Clone, Debug)]
pub struct Legendre {
    max_degree: usize,
    /// sqrt((2m+1)!! / (2m)!!) per order.
    sectoral: Vec<f64>,
    /// `[1/eps_n, -eps_{n-1}/eps_n]` for n = m+1..=max_degree, all orders one behind the other.
    steps: Vec<[f64; 2]>,
}

impl Legendre {
    /// Prepares all orders and degrees up to `max_degree`.
    pub fn new(max_degree: usize) -> Self {
        let mut sectoral = Vec::with_capacity(max_degree + 1);
        // the product of m factors, carried in double-double so that it is right to the last digit
        let mut square = DoubleDouble::from(1.0);
        for m in 0..=max_degree {
            if m > 0 {
                square = square * (2 * m + 1) as f64 / (2 * m) as f64;
            }
            sectoral.push(square.sqrt().to_f64());
        }
        let mut steps = Vec::with_capacity(max_degree * (max_degree + 1) / 2);
        for m in 0..=max_degree {
            for n in m + 1..=max_degree {
                let (nn, mm) = ((n * n) as f64, (m * m) as f64);
                let a = ((4.0 * nn - 1.0) / (nn - mm)).sqrt();
                let below = (n - 1) as f64;
                let b = ((2 * n + 1) as f64 * (below * below - mm)
                    / ((2 * n) as f64 - 3.0)
                    / (nn - mm))
                    .sqrt();
                // eps_m = 0, also where 2n - 3 is negative (m = 0, n = 1)
                steps.push([a, if n == m + 1 { 0.0 } else { -b }]);
            }
        }
        Self {
            max_degree,
            sectoral,
            steps,
        }
    }

    /// The largest degree.
    pub fn max_degree(&self) -> usize {
        self.max_degree
    }

    /// `epsilon_n^m = sqrt((n^2 - m^2) / (4 n^2 - 1))`, the coupling of neighbouring degrees in
    /// `mu P_n = eps_n P_{n-1} + eps_{n+1} P_{n+1}`; 0 for `n <= m`.
    pub fn epsilon(m: usize, n: usize) -> f64 {
        if n <= m {
            return 0.0;
        }
        let (nn, mm) = ((n * n) as f64, (m * m) as f64);
        ((nn - mm) / (4.0 * nn - 1.0)).sqrt()
    }

    /// Writes `P_n^m(mu_j)` for `n = m..=max_degree`: `out[(n - m) * mu.len() + j]`.
    ///
    /// # Panics
    /// When `m > max_degree` or `out` is not of length `(max_degree - m + 1) * mu.len()`.
    pub fn fill_order(&self, m: usize, mu: &[f64], out: &mut [f64]) {
        assert!(
            m <= self.max_degree,
            "order {m} above the largest degree {}",
            self.max_degree
        );
        let rows = self.max_degree - m + 1;
        assert_eq!(out.len(), rows * mu.len(), "length of out for order {m}");
        let mut block = vec![0.0; rows * LANES];
        for (b, chunk) in mu.chunks(LANES).enumerate() {
            let mut x = [0.0; LANES];
            let mut start = [[0.0; LANES]; 2];
            for (l, &v) in chunk.iter().enumerate() {
                x[l] = v;
                let cos = ((1.0 - v) * (1.0 + v)).sqrt();
                (start[0][l], start[1][l]) = self.start(m, cos);
            }
            self.fill_block(m, &x, &start, &mut block, LANES);
            for (row, values) in block.chunks_exact(LANES).enumerate() {
                let at = row * mu.len() + b * LANES;
                out[at..at + chunk.len()].copy_from_slice(&values[..chunk.len()]);
            }
        }
    }

    /// `P_m^m` as (mantissa, exponent of radix 2^960), the start of the recurrence.
    pub(crate) fn start(&self, m: usize, cos: f64) -> (f64, f64) {
        scaled_power(self.sectoral[m], cos, m)
    }

    /// `P_n^m` of eight latitudes for `n = m..`, row `n - m` at `out[(n - m) * stride..][..8]`,
    /// for as many degrees as `out` has room for.
    pub(crate) fn fill_block(
        &self,
        m: usize,
        mu: &[f64; LANES],
        start: &[[f64; LANES]; 2],
        out: &mut [f64],
        stride: usize,
    ) {
        let rows = (self.max_degree - m + 1).min((out.len() + stride - LANES) / stride);
        let first = m * self.max_degree - m * m.saturating_sub(1) / 2;
        let steps = &self.steps[first..first + rows - 1];
        lanes::dispatch!(recurrence(steps, mu, &start[0], &start[1], out, stride));
    }
}

/// `factor * cos^m` as (mantissa, exponent of radix 2^960).
fn scaled_power(factor: f64, cos: f64, m: usize) -> (f64, f64) {
    if m == 0 {
        return (factor, 0.0);
    }
    if cos == 0.0 {
        return (0.0, 0.0);
    }
    // binary powers, each factor kept in [2^-0.5, 2^0.5] by an integer exponent of two
    let (mut base, mut base_log2) = split(cos);
    let (mut power, mut log2) = split(factor);
    let mut left = m;
    while left > 0 {
        if left & 1 == 1 {
            let (p, e) = split(power * base);
            power = p;
            log2 += base_log2 + e;
        }
        let (b, e) = split(base * base);
        base = b;
        base_log2 = 2 * base_log2 + e;
        left >>= 1;
    }
    let radix_power = (log2 + RADIX_LOG2 / 2).div_euclid(RADIX_LOG2);
    let rest = log2 - radix_power * RADIX_LOG2;
    (
        power * f64::from_bits(((1023 + rest) as u64) << 52),
        radix_power as f64,
    )
}

/// `x = mantissa * 2^exponent` with the mantissa in [1, 2), for positive normal x.
fn split(x: f64) -> (f64, i64) {
    let exponent = ((x.to_bits() >> 52) & 0x7ff) as i64 - 1023;
    (
        x * f64::from_bits(((1023 - exponent) as u64) << 52),
        exponent,
    )
}

#[inline(always)]
unsafe fn recurrence<V: Lanes>(
    steps: &[[f64; 2]],
    mu: &[f64; LANES],
    mantissa: &[f64; LANES],
    exponent: &[f64; LANES],
    out: &mut [f64],
    stride: usize,
) {
    assert!(out.len() >= steps.len() * stride + LANES);
    // SAFETY: every access below is within the rows asserted above; the caller has chosen V to
    // suit the processor.
    unsafe {
        let out = out.as_mut_ptr();
        let x = V::load(mu.as_ptr());
        let mut previous = V::splat(0.0);
        let mut p = V::load(mantissa.as_ptr());
        let mut scale = V::load(exponent.as_ptr());
        let mut n = 0;
        // with extended exponents, until every lane is of ordinary size
        loop {
            p.zero_where_negative(scale).store(out.add(n * stride));
            if n == steps.len() {
                return;
            }
            if !scale.any_negative() {
                break;
            }
            let [a, b] = *steps.get_unchecked(n);
            let next = x.mul(V::splat(a)).mul(p).add(V::splat(b).mul(previous));
            (previous, p) = (p, next);
            // a lane beyond BIG moves one radix up
            let (rescaled, moved) = p.rescale(BIG, RADIX_INVERSE);
            previous = V::select_moved(moved, previous.mul(V::splat(RADIX_INVERSE)), previous);
            p = rescaled;
            scale = V::select_moved(moved, scale.add(V::splat(1.0)), scale);
            n += 1;
        }
        while n < steps.len() {
            let [a, b] = *steps.get_unchecked(n);
            let next = x.mul(V::splat(a)).mul_add(p, V::splat(b).mul(previous));
            (previous, p) = (p, next);
            n += 1;
            p.store(out.add(n * stride));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sphere::SphereGrid;

    #[test]
    fn closed_forms() {
        let mu = [0.3, -0.7, 0.0, 1.0, -1.0];
        let legendre = Legendre::new(3);
        let mut p = vec![0.0; 3 * mu.len()];
        legendre.fill_order(1, &mu, &mut p);
        for (j, x) in mu.iter().enumerate() {
            let c = (1.0 - x * x).max(0.0).sqrt();
            assert!((p[j] - 1.5f64.sqrt() * c).abs() < 1e-15);
            assert!((p[5 + j] - 7.5f64.sqrt() * x * c).abs() < 1e-15);
            assert!((p[10 + j] - (21.0f64 / 16.0).sqrt() * (5.0 * x * x - 1.0) * c).abs() < 2e-15);
        }
    }

    #[test]
    fn orthonormal_to_high_degree() {
        let grid = SphereGrid::gaussian(1200, 1).unwrap();
        let legendre = Legendre::new(1100);
        let nlat = grid.nlat();
        for m in [0, 1, 2, 37, 400, 1000, 1100] {
            let rows = 1101 - m;
            let mut p = vec![0.0; rows * nlat];
            legendre.fill_order(m, grid.sin_latitudes(), &mut p);
            for (i, k) in [
                (0, 0),
                (rows - 1, rows - 1),
                (rows / 2, rows / 2),
                (0, rows - 1),
            ] {
                let dot: f64 = (0..nlat)
                    .map(|j| grid.weights()[j] * p[i * nlat + j] * p[k * nlat + j])
                    .sum();
                let exact = if i == k { 1.0 } else { 0.0 };
                assert!(
                    (dot - exact).abs() < 1e-11,
                    "m {m} rows {i} {k}: {}",
                    dot - exact
                );
            }
        }
    }

    #[test]
    fn order_1000_neither_under_nor_overflows() {
        // P_m^m by logarithms; and a value that cos^m alone (1e-421) could not reach.
        let legendre = Legendre::new(3000);
        let mu: f64 = 0.925;
        let mut p = vec![0.0; 2001];
        legendre.fill_order(1000, &[mu], &mut p);
        assert_eq!(p[0], 0.0);
        let big = p.iter().fold(0.0f64, |a, v| a.max(v.abs()));
        assert!(big > 1.0 && big < 10.0, "{big}");
        let mut q = vec![0.0; 2001];
        legendre.fill_order(1000, &[0.1], &mut q);
        let log: f64 = (1..=1000)
            .map(|k| 0.5 * (1.0 + 0.5 / k as f64).ln())
            .sum::<f64>()
            + 500.0 * (1.0f64 - 0.01).ln();
        assert!((q[0] / log.exp() - 1.0).abs() < 1e-11);
    }

    #[test]
    fn addition_theorem() {
        // sum over m of (P_n^m)^2, m and -m, is 2n + 1 at any latitude
        for n in [5, 60, 700] {
            let legendre = Legendre::new(n);
            for mu in [0.0, 0.43, 0.9991] {
                let mut sum = 0.0;
                for m in 0..=n {
                    let mut p = vec![0.0; n - m + 1];
                    legendre.fill_order(m, &[mu], &mut p);
                    sum += if m == 0 { 1.0 } else { 2.0 } * p[n - m] * p[n - m];
                }
                let exact = (2 * n + 1) as f64;
                assert!(
                    (sum / exact - 1.0).abs() < 1e-11,
                    "n {n} mu {mu}: {}",
                    sum / exact - 1.0
                );
            }
        }
    }
}
