//! Double-double arithmetic: an unevaluated sum of two f64, about 32 digits.
//!
//! Used where a result is wanted that is right to the last digit of an f64 (nodes of
//! quadrature, long products). Source: Dekker (1971), Numer. Math. 18, 224-242; Hida, Li and
//! Bailey (2001), Proc. ARITH-15.

use std::ops::{Add, Div, Mul, Sub};

/// `high + low` with `|low| <= ulp(high) / 2`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DoubleDouble {
    high: f64,
    low: f64,
}

impl DoubleDouble {
    fn normalised(a: f64, b: f64) -> Self {
        let high = a + b;
        let back = high - a;
        Self {
            high,
            low: (a - (high - back)) + (b - back),
        }
    }

    fn product(a: f64, b: f64) -> Self {
        let high = a * b;
        Self {
            high,
            low: a.mul_add(b, -high),
        }
    }

    pub(crate) fn to_f64(self) -> f64 {
        self.high + self.low
    }

    pub(crate) fn sqrt(self) -> Self {
        let root = self.high.sqrt();
        if root == 0.0 {
            return Self::from(0.0);
        }
        // one Newton step doubles the digits of the f64 root
        let rest = (self - Self::product(root, root)).to_f64();
        Self::normalised(root, rest / (2.0 * root))
    }
}

impl From<f64> for DoubleDouble {
    fn from(high: f64) -> Self {
        Self { high, low: 0.0 }
    }
}

impl Add for DoubleDouble {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let sum = Self::normalised(self.high, other.high);
        let low = Self::normalised(self.low, other.low);
        let first = Self::normalised(sum.high, sum.low + low.high);
        Self::normalised(first.high, first.low + low.low)
    }
}

impl Sub for DoubleDouble {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + Self {
            high: -other.high,
            low: -other.low,
        }
    }
}

impl Mul for DoubleDouble {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let p = Self::product(self.high, other.high);
        Self::normalised(
            p.high,
            p.low + (self.high * other.low + self.low * other.high),
        )
    }
}

impl Mul<f64> for DoubleDouble {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        let p = Self::product(self.high, factor);
        Self::normalised(p.high, self.low.mul_add(factor, p.low))
    }
}

impl Div for DoubleDouble {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let first = self.high / other.high;
        let rest = self - other * first;
        let second = rest.high / other.high;
        let third = (rest - other * second).high / other.high;
        Self::normalised(first, second) + Self::from(third)
    }
}

impl Div<f64> for DoubleDouble {
    type Output = Self;
    fn div(self, divisor: f64) -> Self {
        let first = self.high / divisor;
        let rest = self - Self::product(first, divisor);
        Self::normalised(first, rest.to_f64() / divisor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_and_roots_return_to_32_digits() {
        let third = DoubleDouble::from(1.0) / DoubleDouble::from(3.0);
        assert!((third * 3.0 - DoubleDouble::from(1.0)).to_f64().abs() < 1e-31);
        assert!((third / 7.0 * 7.0 - third).to_f64().abs() < 1e-31);
        let root = DoubleDouble::from(2.0).sqrt();
        assert!((root * root - DoubleDouble::from(2.0)).to_f64().abs() < 1e-30);
    }
}
