//! The fused block against its reference in f64, outputs and all gradients; and the reference against
//! the operations that it consists of.

use super::*;
use crate::kernels::tests::{Results, assert_close, noise, values};
use crate::spherical::HarmonicTransform;
use burn::tensor::{DType, Device, TensorData};
use curlwind_solvers::sphere::grid::SphereGrid;

/// Grids with even, odd and prime numbers of rows and columns, all degrees and orders and few, with
/// poles and without; degrees, orders.
fn cases() -> Vec<(SphereGrid, usize, usize)> {
    let gaussian = |nlat, nlon| SphereGrid::gaussian(nlat, nlon).expect("grid");
    let regular = |nlat, nlon| SphereGrid::regular(nlat, nlon).expect("grid");
    vec![
        (gaussian(1, 1), 1, 1),
        (gaussian(2, 2), 2, 2),
        (gaussian(8, 16), 8, 8),
        (gaussian(16, 32), 16, 16),
        (gaussian(7, 13), 7, 7),
        (gaussian(13, 20), 11, 5),
        (gaussian(5, 8), 5, 5),
        (regular(11, 21), 10, 10),
        (regular(17, 31), 9, 4),
    ]
}

fn leaf<const D: usize>(shape: [usize; D], seed: u64, device: &Device, dtype: DType) -> Tensor<D> {
    let data = TensorData::new(noise(shape.iter().product(), seed), shape);
    Tensor::from_data(data, (device, dtype)).require_grad()
}

fn run(
    (grid, degrees, orders): &(SphereGrid, usize, usize),
    [batch, inputs, outputs]: [usize; 3],
    dtype: DType,
) -> Results {
    let device = Device::flex().autodiff();
    let transform =
        HarmonicTransform::new(grid, *degrees, *orders, &device, dtype).expect("transform");
    let (nlat, nlon) = (grid.nlat(), grid.nlon());
    let x = leaf([batch, inputs, nlat, nlon], 1, &device, dtype);
    let weight = leaf([*degrees, inputs, 2 * outputs], 2, &device, dtype);
    let seen = leaf([batch, outputs, nlat, nlon], 3, &device, dtype).detach();
    let y = transform.convolve(x.clone(), weight.clone());
    let grads = (y.clone() * seen).sum().backward();
    vec![
        ("y", values(y)),
        ("dx", values(x.grad(&grads).expect("dx"))),
        ("dweight", values(weight.grad(&grads).expect("dweight"))),
    ]
}

#[test]
fn harmonic_block_matches_the_reference() {
    for case in cases() {
        for channels in [[2, 3, 5], [1, 16, 16], [3, 33, 7], [4, 1, 1]] {
            let fast = run(&case, channels, DType::F32);
            let exact = run(&case, channels, DType::F64);
            let (grid, degrees, orders) = &case;
            let name = format!(
                "{} x {}, {degrees} degrees, {orders} orders, {channels:?}",
                grid.nlat(),
                grid.nlon()
            );
            assert_close(&name, &fast, &exact, 1e-5);
        }
    }
}

/// Analysis, complex products written out, synthesis; gradients by the adjoints of these.
#[test]
fn the_reference_is_analysis_mixing_and_synthesis() {
    let device = Device::flex().autodiff();
    let dtype = DType::F64;
    let [batch, inputs, outputs] = [2, 2, 3];
    for (grid, degrees, orders) in cases() {
        let transform =
            HarmonicTransform::new(&grid, degrees, orders, &device, dtype).expect("transform");
        let x = leaf([batch, inputs, grid.nlat(), grid.nlon()], 1, &device, dtype);
        let weight = leaf([degrees, inputs, 2 * outputs], 2, &device, dtype);
        let loss = |y: Tensor<4>| y.powi_scalar(3).sum();
        let block = loss(transform.convolve(x.clone(), weight.clone()));
        let spectrum = transform.analysis(x.clone());
        let parts = |n: usize| spectrum.clone().narrow(3, n * inputs, inputs);
        let weights = |n: usize| weight.clone().narrow(2, n * outputs, outputs);
        // `[B, M, L, 1, Ci]` by `[1, 1, L, Ci, Co]`
        let times = |a: Tensor<4>, b: Tensor<3>| -> Tensor<4> {
            let a = a.unsqueeze_dim::<5>(3);
            let b = b.reshape([1, 1, degrees, inputs, outputs]);
            let shape = [batch, orders, degrees, outputs];
            a.matmul(b.repeat_dim(0, batch).repeat_dim(1, orders))
                .reshape(shape)
        };
        let real = times(parts(0), weights(0)) - times(parts(1), weights(1));
        let imaginary = times(parts(0), weights(1)) + times(parts(1), weights(0));
        let whole = loss(transform.synthesis(Tensor::cat(vec![real, imaginary], 3)));
        let results = |loss: Tensor<1>| -> Results {
            let grads = loss.backward();
            vec![
                ("loss", values(loss)),
                ("dx", values(x.grad(&grads).expect("dx"))),
                ("dweight", values(weight.grad(&grads).expect("dweight"))),
            ]
        };
        let name = format!("{} x {}", grid.nlat(), grid.nlon());
        assert_close(&name, &results(block), &results(whole), 1e-12);
    }
}
