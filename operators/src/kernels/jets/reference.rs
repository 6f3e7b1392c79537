//! The kernels of jets in plain tensor primitives.

use super::{Activation, JetOrder};
use burn::backend::{Backend, TensorMetadata, tensor::FloatTensor};
use burn::tensor::{Shape, Slice};

/// A component `[N, 1, W]`.
fn part<B: Backend>(x: &FloatTensor<B>, at: usize) -> FloatTensor<B> {
    B::float_slice(
        x.clone(),
        &[Slice::full(), Slice::from(at..at + 1), Slice::full()],
    )
}

/// The value with its bias.
fn shifted<B: Backend>(z: &FloatTensor<B>, bias: FloatTensor<B>) -> FloatTensor<B> {
    let [width] = bias.shape().dims::<1>();
    let bias = B::float_reshape(bias, Shape::from([1, 1, width]));
    B::float_add(part::<B>(z, 0), bias)
}

/// The activation and its first `N - 1` derivatives.
fn derivatives<B: Backend, const N: usize>(
    z: FloatTensor<B>,
    activation: Activation,
) -> [FloatTensor<B>; N] {
    let scaled = |x: FloatTensor<B>, by: f64| B::float_mul_scalar(x, by.into());
    match activation {
        Activation::Identity => std::array::from_fn(|n| match n {
            0 => z.clone(),
            n => B::float_add_scalar(
                scaled(z.clone(), 0.0),
                if n == 1 { 1.0 } else { 0.0 }.into(),
            ),
        }),
        Activation::Tanh => {
            let t = B::float_tanh(z);
            let square = B::float_mul(t.clone(), t.clone());
            let slope = B::float_add_scalar(scaled(square.clone(), -1.0), 1.0.into());
            std::array::from_fn(|n| match n {
                0 => t.clone(),
                1 => slope.clone(),
                2 => scaled(B::float_mul(t.clone(), slope.clone()), -2.0),
                // s''' = s' (6 t^2 - 2)
                _ => B::float_mul(
                    slope.clone(),
                    B::float_add_scalar(scaled(square.clone(), 6.0), (-2.0).into()),
                ),
            })
        }
        Activation::Sine => {
            let (sin, cos) = (B::float_sin(z.clone()), B::float_cos(z));
            std::array::from_fn(|n| match n {
                0 => sin.clone(),
                1 => cos.clone(),
                2 => scaled(sin.clone(), -1.0),
                _ => scaled(cos.clone(), -1.0),
            })
        }
    }
}

pub fn activation<B: Backend>(
    z: FloatTensor<B>,
    bias: FloatTensor<B>,
    order: JetOrder,
    activation: Activation,
) -> FloatTensor<B> {
    let [s, first, second] = derivatives::<B, 3>(shifted::<B>(&z, bias), activation);
    let mut parts = vec![s];
    for i in 0..order.coordinates() {
        parts.push(B::float_mul(first.clone(), part::<B>(&z, order.first(i))));
    }
    for (n, [i, j]) in order.pairs().enumerate() {
        let product = B::float_mul(part::<B>(&z, order.first(i)), part::<B>(&z, order.first(j)));
        let straight = part::<B>(&z, 1 + order.coordinates() + n);
        parts.push(B::float_add(
            B::float_mul(first.clone(), straight),
            B::float_mul(second.clone(), product),
        ));
    }
    B::float_cat(parts, 1)
}

/// Gradients of z and bias.
pub fn activation_backward<B: Backend>(
    grad: FloatTensor<B>,
    z: FloatTensor<B>,
    bias: FloatTensor<B>,
    order: JetOrder,
    activation: Activation,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let width = bias.shape()[0];
    let [_, s1, s2, s3] = derivatives::<B, 4>(shifted::<B>(&z, bias), activation);
    let mut parts: Vec<FloatTensor<B>> = (0..order.components())
        .map(|c| B::float_mul(part::<B>(&grad, c), s1.clone()))
        .collect();
    let mut add = |to: usize, what: FloatTensor<B>| {
        parts[to] = B::float_add(parts[to].clone(), what);
    };
    for i in 0..order.coordinates() {
        let (g, z) = (
            part::<B>(&grad, order.first(i)),
            part::<B>(&z, order.first(i)),
        );
        add(0, B::float_mul(B::float_mul(g, z), s2.clone()));
    }
    for (n, [i, j]) in order.pairs().enumerate() {
        let at = 1 + order.coordinates() + n;
        let g = part::<B>(&grad, at);
        let (zi, zj) = (part::<B>(&z, order.first(i)), part::<B>(&z, order.first(j)));
        let straight = B::float_mul(part::<B>(&z, at), s2.clone());
        let product = B::float_mul(B::float_mul(zi.clone(), zj.clone()), s3.clone());
        add(0, B::float_mul(g.clone(), B::float_add(straight, product)));
        let curved = B::float_mul(g, s2.clone());
        add(order.first(i), B::float_mul(curved.clone(), zj));
        add(order.first(j), B::float_mul(curved, zi));
    }
    let to_bias = B::float_sum_dim(parts[0].clone(), 0);
    let to_bias = B::float_reshape(to_bias, Shape::from([width]));
    (B::float_cat(parts, 1), to_bias)
}
