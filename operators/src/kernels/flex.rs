//! CPU bodies where a chain of single-threaded primitives would dominate a training step.
//!
//! GELU needs the normal distribution function and its density. Both come from one exponential:
//! `erf(t) = 1 - (a1 k + ... + a5 k^5) exp(-t^2)`, `k = 1 / (1 + p t)` (Abramowitz and Stegun,
//! Handbook of Mathematical Functions, eq. 7.1.26, absolute error below 1.5e-7). The loops hold
//! no branches, so the compiler turns them into AVX-512 or AVX2, chosen at run time.

use super::{OperatorKernels, reference};
use burn::backend::{Flex, TensorMetadata, flex::FlexTensor, tensor::FloatTensor};
use burn::tensor::{DType, Shape};
use rayon::prelude::*;

impl OperatorKernels for Flex {
    fn bias_gelu(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let (Some(x_values), Some(bias_values)) = (x.as_slice::<f32>(), bias.as_slice::<f32>())
        else {
            return reference::bias_gelu::<Self>(x, bias);
        };
        let mut output = FlexTensor::empty(x.shape(), DType::F32);
        let points = points(&x);
        output
            .storage_mut::<f32>()
            .par_chunks_mut(points)
            .zip(x_values.par_chunks(points))
            .enumerate()
            .for_each(|(row, (out, x))| {
                simd::gelu(out, x, bias_values[row % bias_values.len()]);
            });
        output
    }

    fn bias_gelu_backward(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let grad = if grad.is_contiguous() {
            grad
        } else {
            grad.to_contiguous()
        };
        let (Some(x_values), Some(bias_values), Some(grad_values)) = (
            x.as_slice::<f32>(),
            bias.as_slice::<f32>(),
            grad.as_slice::<f32>(),
        ) else {
            return reference::bias_gelu_backward::<Self>(x, bias, grad);
        };
        let mut output = FlexTensor::empty(x.shape(), DType::F32);
        let points = points(&x);
        output
            .storage_mut::<f32>()
            .par_chunks_mut(points)
            .zip(x_values.par_chunks(points))
            .zip(grad_values.par_chunks(points))
            .enumerate()
            .for_each(|(row, ((out, x), grad))| {
                simd::gelu_backward(out, x, grad, bias_values[row % bias_values.len()]);
            });
        output
    }

    fn channel_sum(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let Some(values) = x.as_slice::<f32>() else {
            return reference::channel_sum::<Self>(x);
        };
        let [batch, channels, points] = x.shape().dims::<3>();
        let mut output = FlexTensor::empty(Shape::from([channels]), DType::F32);
        // One task per channel and a fixed order within it: the same bits on any thread count.
        output
            .storage_mut::<f32>()
            .par_iter_mut()
            .enumerate()
            .for_each(|(channel, sum)| {
                *sum = (0..batch)
                    .map(|b| {
                        let start = (b * channels + channel) * points;
                        simd::sum(&values[start..start + points])
                    })
                    .sum();
            });
        output
    }
}

/// Length of a row with one bias.
fn points(x: &FlexTensor) -> usize {
    let [_, _, points] = x.shape().dims::<3>();
    points.max(1)
}

mod simd {
    const INV_SQRT_2PI: f32 = 0.398_942_3;

    /// `exp(x)` for `x <= 0`, relative error below 2e-7 down to the smallest normal number.
    #[inline(always)]
    fn exp_negative(x: f32) -> f32 {
        const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: adding it leaves an integer in the mantissa
        let x = x.max(-87.0);
        let shifted = x * std::f32::consts::LOG2_E + ROUND;
        let n = shifted - ROUND;
        let r = (-n).mul_add(0.693_359_4, x);
        let r = (-n).mul_add(-2.121_944_4e-4, r);
        let p = 1.987_569_1e-4_f32;
        let p = p.mul_add(r, 1.398_199_9e-3);
        let p = p.mul_add(r, 8.333_452e-3);
        let p = p.mul_add(r, 4.166_579_6e-2);
        let p = p.mul_add(r, 1.666_666_5e-1);
        let p = p.mul_add(r, 0.5);
        let e = (p * r).mul_add(r, r) + 1.0;
        let exponent = (shifted.to_bits() << 23).wrapping_add(127 << 23);
        e * f32::from_bits(exponent)
    }

    /// Normal distribution function and density at `z`.
    #[inline(always)]
    fn normal(z: f32) -> (f32, f32) {
        let t = z.abs() * std::f32::consts::FRAC_1_SQRT_2;
        let density = exp_negative(-t * t);
        let k = 1.0 / 0.327_591_1_f32.mul_add(t, 1.0);
        let poly = 1.061_405_4_f32
            .mul_add(k, -1.453_152)
            .mul_add(k, 1.421_413_8)
            .mul_add(k, -0.284_496_74)
            .mul_add(k, 0.254_829_6)
            * k;
        let tail = 0.5 * poly * density;
        (
            if z < 0.0 { tail } else { 1.0 - tail },
            INV_SQRT_2PI * density,
        )
    }

    #[inline(always)]
    fn gelu_body(out: &mut [f32], x: &[f32], bias: f32) {
        for (out, &x) in out.iter_mut().zip(x) {
            let z = x + bias;
            *out = z * normal(z).0;
        }
    }

    #[inline(always)]
    fn gelu_backward_body(out: &mut [f32], x: &[f32], grad: &[f32], bias: f32) {
        for ((out, &x), &grad) in out.iter_mut().zip(x).zip(grad) {
            let z = x + bias;
            let (cdf, pdf) = normal(z);
            *out = grad * z.mul_add(pdf, cdf);
        }
    }

    /// Sum with 16 partial sums, so that it vectorises and keeps more digits than one chain.
    #[inline(always)]
    fn sum_body(values: &[f32]) -> f32 {
        let mut lanes = [0.0f32; 16];
        let chunks = values.chunks_exact(16);
        let rest: f32 = chunks.remainder().iter().sum();
        for chunk in chunks {
            for (lane, value) in lanes.iter_mut().zip(chunk) {
                *lane += value;
            }
        }
        lanes.iter().sum::<f32>() + rest
    }

    /// Compiles a body for AVX-512, AVX2 + FMA and the baseline, and picks one at run time.
    macro_rules! dispatch {
        ($name:ident, $body:ident, ($($arg:ident: $ty:ty),*) $(-> $ret:ty)?) => {
            pub fn $name($($arg: $ty),*) $(-> $ret)? {
                #[cfg(target_arch = "x86_64")]
                {
                    #[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
                    fn avx512($($arg: $ty),*) $(-> $ret)? { $body($($arg),*) }
                    #[target_feature(enable = "avx2,fma")]
                    fn avx2($($arg: $ty),*) $(-> $ret)? { $body($($arg),*) }
                    if is_x86_feature_detected!("avx512f")
                        && is_x86_feature_detected!("avx512vl")
                        && is_x86_feature_detected!("avx512dq")
                        && is_x86_feature_detected!("fma")
                    {
                        // SAFETY: the features were just detected.
                        return unsafe { avx512($($arg),*) };
                    }
                    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                        // SAFETY: the features were just detected.
                        return unsafe { avx2($($arg),*) };
                    }
                }
                $body($($arg),*)
            }
        };
    }

    dispatch!(gelu, gelu_body, (out: &mut [f32], x: &[f32], bias: f32));
    dispatch!(gelu_backward, gelu_backward_body, (out: &mut [f32], x: &[f32], grad: &[f32], bias: f32));
    dispatch!(sum, sum_body, (values: &[f32]) -> f32);
}

#[cfg(test)]
mod tests {
    use super::super::bias_gelu;
    use burn::tensor::{DType, Device, Tensor, TensorData};

    /// The f32 path against the plain f64 path, value and both gradients, over the whole range.
    #[test]
    fn bias_gelu_matches_the_reference() {
        let (batch, channels, points) = (2, 3, 301);
        let count = batch * channels * points;
        let values: Vec<f64> = (0..count)
            .map(|i| -9.0 + 18.0 * ((i * 7919) % count) as f64 / count as f64)
            .collect();
        let run = |dtype: DType| {
            let device = Device::flex().autodiff();
            let data = TensorData::new(values.clone(), [batch, channels, points]);
            let x = Tensor::<3>::from_data(data, (&device, dtype)).require_grad();
            let bias = TensorData::new(vec![0.3, -0.7, 0.0], [channels]);
            let bias = Tensor::<1>::from_data(bias, (&device, dtype)).require_grad();
            let y = bias_gelu(x.clone(), bias.clone());
            let grads = (y.clone() * y.clone()).sum().backward();
            let vec = |data: TensorData| data.try_to_vec::<f64>().unwrap_or_default();
            [
                vec(y.into_data_as::<f64>()),
                vec(x.grad(&grads).expect("gradient of x").into_data_as::<f64>()),
                vec(bias
                    .grad(&grads)
                    .expect("gradient of bias")
                    .into_data_as::<f64>()),
            ]
        };
        let (fast, exact) = (run(DType::F32), run(DType::F64));
        for (which, (fast, exact)) in fast.iter().zip(&exact).enumerate() {
            assert_eq!(fast.len(), exact.len());
            let scale = exact.iter().fold(1.0f64, |m, v| m.max(v.abs()));
            for (a, b) in fast.iter().zip(exact) {
                assert!(
                    (a - b).abs() < 1e-6 * scale,
                    "output {which}: {a} against {b}"
                );
            }
        }
    }
}
