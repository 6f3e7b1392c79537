//! Elementary functions in f64 without branches, so that loops over them become vectors.

/// `x + SHIFTER - SHIFTER` is `x` rounded to a whole number, whose lowest bits are those of the sum.
const SHIFTER: f64 = 1.5 * (1u64 << 52) as f64;

/// The exponential function to 3e-16, relative, of arguments within 700 of zero.
#[inline(always)]
fn exp(x: f64) -> f64 {
    const LN2_HIGH: f64 = 0.693_147_180_485_539_1;
    const LN2_LOW: f64 = 7.440_617_110_012_397e-11;
    let shifted = x * std::f64::consts::LOG2_E + SHIFTER;
    let k = shifted - SHIFTER;
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    // Taylor's polynomial: |r| is below ln(2) / 2.
    let mut sum = 1.0 / 6_227_020_800.0;
    for reciprocal in [
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        sum = sum * r + reciprocal;
    }
    sum * f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0f64.to_bits()))
}

/// The hyperbolic tangent to 3e-16, absolute.
#[inline(always)]
pub(super) fn tanh(x: f64) -> f64 {
    let x = if x > 20.0 { 20.0 } else { x };
    let x = if x < -20.0 { -20.0 } else { x };
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
}

/// Sine and cosine to 5e-16, absolute, of arguments within 1e5 of zero.
#[inline(always)]
pub(super) fn sine(x: f64) -> (f64, f64) {
    // pi in three pieces whose products with small whole numbers are exact
    const PI: [f64; 3] = [
        3.141_592_653_468_251_2,
        1.215_420_101_260_793_2e-10,
        4.044_532_497_591_901e-21,
    ];
    let shifted = x * std::f64::consts::FRAC_1_PI + SHIFTER;
    let k = shifted - SHIFTER;
    let r = ((x - k * PI[0]) - k * PI[1]) - k * PI[2];
    let square = r * r;
    // Taylor's polynomials: |r| is below pi / 2.
    let mut sin = 1.0 / 51_090_942_171_709_440_000.0;
    for reciprocal in [
        -1.0 / 121_645_100_408_832_000.0,
        1.0 / 355_687_428_096_000.0,
        -1.0 / 1_307_674_368_000.0,
        1.0 / 6_227_020_800.0,
        -1.0 / 39_916_800.0,
        1.0 / 362_880.0,
        -1.0 / 5_040.0,
        1.0 / 120.0,
        -1.0 / 6.0,
        1.0,
    ] {
        sin = sin * square + reciprocal;
    }
    let mut cos = 1.0 / 2_432_902_008_176_640_000.0;
    for reciprocal in [
        -1.0 / 6_402_373_705_728_000.0,
        1.0 / 20_922_789_888_000.0,
        -1.0 / 87_178_291_200.0,
        1.0 / 479_001_600.0,
        -1.0 / 3_628_800.0,
        1.0 / 40_320.0,
        -1.0 / 720.0,
        1.0 / 24.0,
        -0.5,
        1.0,
    ] {
        cos = cos * square + reciprocal;
    }
    // Odd multiples of pi turn both signs.
    let sign = shifted.to_bits() << 63;
    let turned = |v: f64| f64::from_bits(v.to_bits() ^ sign);
    (turned(sin * r), turned(cos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_library_has_them() {
        for n in -40_000..40_000 {
            let x = n as f64 * 1.234_5e-3;
            assert!((tanh(x) - x.tanh()).abs() < 4e-16, "tanh {x}");
            let (sin, cos) = sine(x);
            assert!((sin - x.sin()).abs() < 5e-16, "sin {x}: {sin}");
            assert!((cos - x.cos()).abs() < 5e-16, "cos {x}: {cos}");
        }
        for x in [1e4, -7.77e4, 1e5] {
            assert!((sine(x).0 - x.sin()).abs() < 1e-15, "sin {x}");
        }
        assert_eq!(tanh(1e9), 1.0);
        assert!(tanh(f64::NAN).is_nan() && sine(f64::NAN).0.is_nan());
    }
}
