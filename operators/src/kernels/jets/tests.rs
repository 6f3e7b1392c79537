//! The fused activation, which is f64, against the plain one in f32, and jets against finite
//! differences.

use super::*;
use crate::kernels::tests::{Results, assert_close, noise, values};
use burn::tensor::{DType, Device, TensorData};

const ACTIVATIONS: [Activation; 3] = [Activation::Identity, Activation::Tanh, Activation::Sine];

fn leaf<const D: usize>(shape: [usize; D], seed: u64, device: &Device, dtype: DType) -> Tensor<D> {
    let data = TensorData::new(noise(shape.iter().product(), seed), shape);
    Tensor::from_data(data, (device, dtype)).require_grad()
}

fn run(
    order: JetOrder,
    activation: Activation,
    [points, width]: [usize; 2],
    dtype: DType,
) -> Results {
    let device = Device::flex().autodiff();
    let shape = [points, order.components(), width];
    let z = leaf(shape, 1, &device, dtype);
    let bias = leaf([width], 2, &device, dtype);
    let seen = leaf(shape, 3, &device, dtype).detach();
    let a = jet_activation(z.clone(), bias.clone(), order, activation);
    let grads = (a.clone() * seen).sum().backward();
    vec![
        ("a", values(a)),
        ("dz", values(z.grad(&grads).expect("dz"))),
        ("dbias", values(bias.grad(&grads).expect("dbias"))),
    ]
}

#[test]
fn fused_and_plain_agree() {
    let orders = [
        JetOrder::new(1, &[]),
        JetOrder::new(1, &[[0, 0]]),
        JetOrder::new(2, &[[1, 1]]),
        JetOrder::new(3, &[[0, 0], [0, 1], [2, 1], [2, 2]]),
    ];
    for order in orders {
        for activation in ACTIVATIONS {
            for sizes in [[1, 1], [3, 7], [130, 32], [257, 13]] {
                let case = format!("{order:?} {activation:?} {sizes:?}");
                let plain = run(order, activation, sizes, DType::F32);
                let fused = run(order, activation, sizes, DType::F64);
                assert_close(&case, &plain, &fused, 1e-5);
            }
        }
    }
}

/// `z(x, y) = sin(1.3 x) + 0.7 x y`, whose jet is known, through each activation.
#[test]
fn derivatives_are_those_of_finite_differences() {
    let device = Device::flex();
    let order = JetOrder::new(2, &[[0, 0], [0, 1], [1, 1]]);
    let z = |x: f64, y: f64| (1.3 * x).sin() + 0.7 * x * y;
    let (x, y, h) = (0.4, -0.9, 1e-4);
    let jet = [
        z(x, y),
        1.3 * (1.3 * x).cos() + 0.7 * y,
        0.7 * x,
        -1.69 * (1.3 * x).sin(),
        0.7,
        0.0,
    ];
    for activation in ACTIVATIONS {
        let s = |x: f64, y: f64| match activation {
            Activation::Identity => z(x, y) + 0.2,
            Activation::Tanh => (z(x, y) + 0.2).tanh(),
            Activation::Sine => (z(x, y) + 0.2).sin(),
        };
        let expected = [
            s(x, y),
            (s(x + h, y) - s(x - h, y)) / (2.0 * h),
            (s(x, y + h) - s(x, y - h)) / (2.0 * h),
            (s(x + h, y) - 2.0 * s(x, y) + s(x - h, y)) / (h * h),
            (s(x + h, y + h) - s(x + h, y - h) - s(x - h, y + h) + s(x - h, y - h)) / (4.0 * h * h),
            (s(x, y + h) - 2.0 * s(x, y) + s(x, y - h)) / (h * h),
        ];
        let data = TensorData::new(jet.to_vec(), [1, 6, 1]);
        let found = values(jet_activation(
            Tensor::from_data(data, (&device, DType::F64)),
            Tensor::from_data(TensorData::new(vec![0.2], [1]), (&device, DType::F64)),
            order,
            activation,
        ));
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-6,
                "{activation:?}: {found} {expected}"
            );
        }
    }
}
