//! Activations of jets in f64: one pass over the points of a block, on all cores.

use super::contiguous;
use super::elementary::{sine, tanh};
use crate::kernels::jets::{Activation, JetKernels, JetOrder, reference};
use burn::backend::{Flex, TensorMetadata, flex::FlexTensor, tensor::FloatTensor};
use burn::tensor::{DType, Shape, TensorData};
use rayon::prelude::*;

/// Points that a thread takes at a time.
const BLOCK: usize = 64;

fn are_f64(tensors: &[&FlexTensor]) -> bool {
    tensors.iter().all(|t| t.dtype() == DType::F64)
}

fn values(x: &FlexTensor) -> &[f64] {
    x.as_slice::<f64>().unwrap_or_default()
}

fn tensor(values: Vec<f64>, shape: Shape) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

/// The activation of a row and its derivatives, each as long as the row.
struct Derivatives {
    s: [Vec<f64>; 4],
}

impl Derivatives {
    fn new(width: usize) -> Self {
        Self {
            s: std::array::from_fn(|_| vec![0.0; width]),
        }
    }

    #[inline(always)]
    fn fill(&mut self, z: &[f64], bias: &[f64], activation: Activation) {
        let [s0, s1, s2, s3] = &mut self.s;
        let n = z.len();
        let (s0, s1, s2, s3) = (&mut s0[..n], &mut s1[..n], &mut s2[..n], &mut s3[..n]);
        let bias = &bias[..n];
        match activation {
            Activation::Identity => {
                for i in 0..n {
                    (s0[i], s1[i], s2[i], s3[i]) = (z[i] + bias[i], 1.0, 0.0, 0.0);
                }
            }
            Activation::Tanh => {
                for i in 0..n {
                    let t = tanh(z[i] + bias[i]);
                    let slope = 1.0 - t * t;
                    s0[i] = t;
                    s1[i] = slope;
                    s2[i] = -2.0 * t * slope;
                    s3[i] = slope * (6.0 * t * t - 2.0);
                }
            }
            Activation::Sine => {
                for i in 0..n {
                    let (sin, cos) = sine(z[i] + bias[i]);
                    (s0[i], s1[i], s2[i], s3[i]) = (sin, cos, -sin, -cos);
                }
            }
        }
    }
}

#[inline(always)]
fn forward_block(
    out: &mut [f64],
    z: &[f64],
    bias: &[f64],
    order: JetOrder,
    activation: Activation,
    derivatives: &mut Derivatives,
) {
    let width = bias.len();
    let jet = order.components() * width;
    for (out, z) in out.chunks_exact_mut(jet).zip(z.chunks_exact(jet)) {
        derivatives.fill(&z[..width], bias, activation);
        let [s0, s1, s2, _] = &derivatives.s;
        out[..width].copy_from_slice(s0);
        let row = |c: usize| &z[c * width..(c + 1) * width];
        for c in 1..order.components() {
            let (out, z) = (&mut out[c * width..(c + 1) * width], row(c));
            for i in 0..width {
                out[i] = s1[i] * z[i];
            }
        }
        for (n, [a, b]) in order.pairs().enumerate() {
            let c = 1 + order.coordinates() + n;
            let out = &mut out[c * width..(c + 1) * width];
            let (a, b) = (row(order.first(a)), row(order.first(b)));
            for i in 0..width {
                out[i] += s2[i] * (a[i] * b[i]);
            }
        }
    }
}

#[inline(always)]
fn backward_block(
    [out, to_bias]: [&mut [f64]; 2],
    grad: &[f64],
    z: &[f64],
    bias: &[f64],
    order: JetOrder,
    activation: Activation,
    derivatives: &mut Derivatives,
) {
    let width = bias.len();
    let jet = order.components() * width;
    let rows = |c: usize| c * width..(c + 1) * width;
    let jets = grad.chunks_exact(jet).zip(z.chunks_exact(jet));
    for (out, (grad, z)) in out.chunks_exact_mut(jet).zip(jets) {
        derivatives.fill(&z[..width], bias, activation);
        let [_, s1, s2, s3] = &derivatives.s;
        for c in 0..order.components() {
            let (out, grad) = (&mut out[rows(c)], &grad[rows(c)]);
            for i in 0..width {
                out[i] = grad[i] * s1[i];
            }
        }
        let (value, others) = out.split_at_mut(width);
        for a in 0..order.coordinates() {
            let at = rows(order.first(a));
            let (grad, z) = (&grad[at.clone()], &z[at]);
            for i in 0..width {
                value[i] += grad[i] * z[i] * s2[i];
            }
        }
        for (n, [a, b]) in order.pairs().enumerate() {
            let at = rows(1 + order.coordinates() + n);
            let (grad, z2) = (&grad[at.clone()], &z[at]);
            let (za, zb) = (&z[rows(order.first(a))], &z[rows(order.first(b))]);
            for i in 0..width {
                value[i] += grad[i] * (z2[i] * s2[i] + za[i] * zb[i] * s3[i]);
            }
            let to_a = &mut others[rows(a)];
            for i in 0..width {
                to_a[i] += grad[i] * s2[i] * zb[i];
            }
            let to_b = &mut others[rows(b)];
            for i in 0..width {
                to_b[i] += grad[i] * s2[i] * za[i];
            }
        }
        for i in 0..width {
            to_bias[i] += value[i];
        }
    }
}

/// Compiles a block for the widest vectors that the processor has: the loops above are written for
/// the compiler to put into vectors.
macro_rules! dispatched {
    ($name:ident($($arg:ident: $ty:ty),* $(,)?) = $body:ident) => {
        fn $name($($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
                fn avx512($($arg: $ty),*) {
                    $body($($arg),*)
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($arg: $ty),*) {
                    $body($($arg),*)
                }
                use super::vector::Isa;
                // SAFETY: the instruction set was found on this processor.
                match Isa::here() {
                    Isa::Avx512 => return unsafe { avx512($($arg),*) },
                    Isa::Avx2 => return unsafe { avx2($($arg),*) },
                    Isa::Plain => {}
                }
            }
            $body($($arg),*)
        }
    };
}

dispatched!(forward(
    out: &mut [f64],
    z: &[f64],
    bias: &[f64],
    order: JetOrder,
    activation: Activation,
    derivatives: &mut Derivatives,
) = forward_block);

dispatched!(backward(
    out: [&mut [f64]; 2],
    grad: &[f64],
    z: &[f64],
    bias: &[f64],
    order: JetOrder,
    activation: Activation,
    derivatives: &mut Derivatives,
) = backward_block);

impl JetKernels for Flex {
    fn jet_activation(
        z: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        order: JetOrder,
        activation: Activation,
    ) -> FloatTensor<Self> {
        if !are_f64(&[&z, &bias]) {
            return reference::activation::<Self>(z, bias, order, activation);
        }
        let [z, bias] = [z, bias].map(contiguous);
        let (shape, bias) = (z.shape(), values(&bias));
        let z = values(&z);
        let block = (BLOCK * order.components() * bias.len()).max(1);
        let mut out = vec![0.0; z.len()];
        out.par_chunks_mut(block)
            .zip(z.par_chunks(block))
            .for_each_init(
                || Derivatives::new(bias.len()),
                |derivatives, (out, z)| forward(out, z, bias, order, activation, derivatives),
            );
        tensor(out, shape)
    }

    fn jet_activation_backward(
        grad: FloatTensor<Self>,
        z: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        order: JetOrder,
        activation: Activation,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        if !are_f64(&[&grad, &z, &bias]) {
            return reference::activation_backward::<Self>(grad, z, bias, order, activation);
        }
        let [grad, z, bias] = [grad, z, bias].map(contiguous);
        let (shape, bias_shape) = (z.shape(), bias.shape());
        let (grad, z, bias) = (values(&grad), values(&z), values(&bias));
        let block = (BLOCK * order.components() * bias.len()).max(1);
        let mut out = vec![0.0; z.len()];
        let sums: Vec<Vec<f64>> = out
            .par_chunks_mut(block)
            .zip(grad.par_chunks(block).zip(z.par_chunks(block)))
            .map_init(
                || Derivatives::new(bias.len()),
                |derivatives, (out, (grad, z))| {
                    let mut sum = vec![0.0; bias.len()];
                    backward(
                        [out, &mut sum],
                        grad,
                        z,
                        bias,
                        order,
                        activation,
                        derivatives,
                    );
                    sum
                },
            )
            .collect();
        // In the order of the blocks, so that the sum does not depend on the threads.
        let mut to_bias = vec![0.0; bias.len()];
        for sum in sums {
            to_bias.iter_mut().zip(sum).for_each(|(to, s)| *to += s);
        }
        (tensor(out, shape), tensor(to_bias, bias_shape))
    }
}
