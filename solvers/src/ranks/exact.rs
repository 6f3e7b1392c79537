//! Sums that do not depend on their order.

use super::Communicator;
use crate::Result;

/// Bits of a limb.
const BITS: usize = 32;

/// Limbs that hold every f64: exponents from -1074 to 1023, and room for 2^31 of them.
const LIMBS: usize = 68;

/// An exact sum of numbers in f64: a fixed-point number as wide as f64 reaches, in limbs of 32 bits
/// whose carries are left for the end (U. Kulisch and V. Snyder, Computing 91, 307-313, 2011). So a
/// sum over processes has the same bits however the numbers are shared out among them, and a
/// decision made on it is everybody's.
///
/// Holds up to 2^31 numbers.
#[derive(Clone, Debug)]
pub struct ExactSum {
    /// Multiples of `2^(32 n - 1074)`.
    limbs: [i64; LIMBS],
    /// How many numbers were not finite.
    not_finite: i64,
}

impl Default for ExactSum {
    fn default() -> Self {
        Self::new()
    }
}

impl ExactSum {
    /// Zero.
    pub fn new() -> Self {
        Self {
            limbs: [0; LIMBS],
            not_finite: 0,
        }
    }

    /// Adds a number.
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            self.not_finite += 1;
            return;
        }
        let bits = value.to_bits();
        let exponent = (bits >> 52 & 0x7ff) as usize;
        let fraction = bits & ((1 << 52) - 1);
        // subnormal numbers have the exponent of the smallest normal ones and no leading bit
        let (mantissa, shift) = match exponent {
            0 => (fraction, 0),
            _ => (fraction | 1 << 52, exponent - 1),
        };
        let wide = u128::from(mantissa) << (shift % BITS);
        for n in 0..3 {
            let part = (wide >> (n * BITS)) as u32;
            let limb = &mut self.limbs[shift / BITS + n];
            *limb += if value < 0.0 {
                -i64::from(part)
            } else {
                i64::from(part)
            };
        }
    }

    /// The sum, rounded; not-a-number when a number was not finite.
    pub fn value(&self) -> f64 {
        if self.not_finite > 0 {
            return f64::NAN;
        }
        let mut limbs = self.limbs;
        carry(&mut limbs);
        let negative = limbs[LIMBS - 1] < 0;
        if negative {
            limbs.iter_mut().for_each(|limb| *limb = -*limb);
            carry(&mut limbs);
        }
        // the highest limb first: what is left out is below the rounding of what is there
        let of = |(n, limb): (usize, &i64)| scaled(*limb as f64, (n * BITS) as i32 - 1074);
        let sum: f64 = limbs.iter().enumerate().rev().map(of).sum();
        if negative { -sum } else { sum }
    }

    /// The sum over all ranks.
    ///
    /// # Errors
    /// See [`Communicator`].
    pub fn over(&self, ranks: &mut dyn Communicator) -> Result<Self> {
        let mut all = self.clone();
        // rid of carries, so that as many ranks as there may be can add theirs
        carry(&mut all.limbs);
        let mut values = all.limbs.to_vec();
        values.push(all.not_finite);
        ranks.sum_integers(&mut values)?;
        all.limbs.copy_from_slice(&values[..LIMBS]);
        all.not_finite = values[LIMBS];
        Ok(all)
    }
}

/// Leaves each limb but the last with 32 bits, none of them negative.
fn carry(limbs: &mut [i64; LIMBS]) {
    for n in 0..LIMBS - 1 {
        limbs[n + 1] += limbs[n] >> BITS;
        limbs[n] &= (1 << BITS) - 1;
    }
}

/// `value * 2^exponent` in two steps, each of them in the range of normal numbers.
fn scaled(value: f64, exponent: i32) -> f64 {
    let half = exponent / 2;
    value * 2f64.powi(half) * 2f64.powi(exponent - half)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
        let mut sum = ExactSum::new();
        values.into_iter().for_each(|v| sum.add(v));
        sum.value()
    }

    #[test]
    fn what_cancels_leaves_what_is_small() {
        assert_eq!(sum([1e300, 1.0, -1e300]), 1.0);
        assert_eq!(sum([1e-310, 1e16, -1e16]), 1e-310);
        assert_eq!(sum([]), 0.0);
        assert_eq!(sum([f64::MAX, -f64::MAX]), 0.0);
        assert!(sum([1.0, f64::NAN]).is_nan());
        assert!(sum([f64::INFINITY, f64::NEG_INFINITY]).is_nan());
    }

    proptest! {
        #[test]
        fn a_number_is_itself(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
            prop_assert_eq!(sum([value]), value);
        }

        #[test]
        fn the_order_does_not_matter(
            values in prop::collection::vec(-1e3..1e3, 1..200),
            small in prop::collection::vec(-1e-13..1e-13, 1..200),
        ) {
            let all: Vec<f64> = values.iter().chain(&small).copied().collect();
            let forward = sum(all.iter().copied());
            prop_assert_eq!(forward, sum(all.iter().rev().copied()));
            let plain: f64 = all.iter().sum();
            prop_assert!((forward - plain).abs() <= 1e-9);
        }
    }
}
