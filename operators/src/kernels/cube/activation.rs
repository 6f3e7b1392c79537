//! GELU on the device, by the same formula as on the CPU (Abramowitz and Stegun, eq. 7.1.26).

use cubecl::prelude::*;

/// The normal distribution function at `z`, given `density = exp(-z^2 / 2)`.
#[cube]
fn normal_cdf(z: f32, density: f32) -> f32 {
    let t = z.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let k = 1.0f32 / (1.0f32 + 0.327_591_1f32 * t);
    let p = 1.061_405_4f32;
    let p = p * k - 1.453_152f32;
    let p = p * k + 1.421_413_8f32;
    let p = p * k - 0.284_496_74f32;
    let p = (p * k + 0.254_829_6f32) * k;
    let tail = 0.5f32 * p * density;
    select(z < 0.0f32, tail, 1.0f32 - tail)
}

/// `z Phi(z)`
#[cube]
pub fn gelu(z: f32) -> f32 {
    let density = (-0.5f32 * z * z).exp();
    z * normal_cdf(z, density)
}

/// Derivative of [`gelu`].
#[cube]
pub fn gelu_slope(z: f32) -> f32 {
    let density = (-0.5f32 * z * z).exp();
    normal_cdf(z, density) + z * 0.398_942_3f32 * density
}
