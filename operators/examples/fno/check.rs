//! Every kernel on a device in f32 against the CPU in f64, outputs and gradients.

use crate::Result;
use burn::tensor::{DType, Device, Distribution, Tensor};
use curlwind_operators::kernels::{self, AdamWStep, FourierGrid};
use curlwind_operators::spectral::transforms;

/// Relative to the largest exact value.
const TOLERANCE: f64 = 1e-5;

/// A leaf on the CPU in f64, and the same on the device in f32.
struct Leaf<const D: usize> {
    exact: Tensor<D>,
    fast: Tensor<D>,
}

fn leaf<const D: usize>(shape: [usize; D], scale: f64, device: &Device) -> Leaf<D> {
    let cpu = Device::flex();
    let values = Tensor::<D>::random(shape, Distribution::Normal(0.0, scale), (&cpu, DType::F32))
        .into_data();
    let at = |device: &Device, dtype| {
        let device = device.clone().autodiff();
        Tensor::from_data(values.clone().convert_dtype(dtype), (&device, dtype)).require_grad()
    };
    Leaf {
        exact: at(&cpu, DType::F64),
        fast: at(device, DType::F32),
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor
        .into_data_as::<f64>()
        .try_into_vec()
        .unwrap_or_default()
}

/// Prints the error of a result; whether it passes.
fn compare(case: &str, name: &str, fast: &[f64], exact: &[f64]) -> bool {
    let scale = exact.iter().fold(1e-30, |m: f64, v| m.max(v.abs()));
    let worst = fast.iter().zip(exact).fold(0.0, |m: f64, (a, b)| {
        if a.is_nan() {
            f64::NAN
        } else {
            m.max((a - b).abs())
        }
    });
    let passes = fast.len() == exact.len() && worst <= TOLERANCE * scale;
    println!(
        "{case:34} {name:13} {:.1e}{}",
        worst / scale,
        if passes { "" } else { "  FAILS" }
    );
    passes
}

/// All kernels on typical and odd grids.
pub fn run(device: &Device) -> Result<()> {
    let mut passes = true;
    for sizes in [
        [2, 3, 64, 32, 1024],
        [2, 32, 64, 1, 1024],
        [1, 64, 128, 64, 509],
        [2, 5, 7, 3, 100],
    ] {
        passes &= mlp(sizes, device);
    }
    passes &= adamw(device);
    for (grid, [batch, inputs, outputs], activate) in [
        ([[1, 64, 64], [1, 12, 7]], [2, 32, 32], true),
        ([[1, 64, 64], [1, 24, 13]], [1, 32, 64], false),
        ([[1, 256, 256], [1, 32, 17]], [1, 8, 8], true),
        ([[1, 37, 61], [1, 13, 9]], [3, 5, 33], true),
        ([[1, 1, 1024], [1, 1, 9]], [2, 64, 64], true),
        ([[1, 1, 1009], [1, 1, 505]], [2, 3, 4], false),
        ([[7, 6, 9], [5, 4, 5]], [2, 4, 3], true),
    ] {
        let grid = FourierGrid {
            sizes: grid[0],
            modes: grid[1],
        };
        passes &= block(grid, [batch, inputs, outputs], activate, device);
    }
    match passes {
        true => Ok(()),
        false => Err("some kernels differ from the reference".into()),
    }
}

fn block(
    grid: FourierGrid,
    [batch, inputs, outputs]: [usize; 3],
    activate: bool,
    device: &Device,
) -> bool {
    let (points, modes) = (grid.point_count(), grid.mode_count());
    let x = leaf([batch, inputs, points], 1.0, device);
    let weight = leaf([modes, inputs, 2 * outputs], 0.2, device);
    let skip = leaf([outputs, inputs], 0.2, device);
    let bias = leaf([outputs], 1.0, device);
    let seen = leaf([batch, outputs, points], 1.0, device);
    let run = |x: &Tensor<3>,
               weight: &Tensor<3>,
               skip: &Tensor<2>,
               bias: &Tensor<1>,
               seen: &Tensor<3>| {
        let matrices = transforms(grid, &x.device(), x.dtype()).autodiff();
        let y = kernels::fourier_block(
            x.clone(),
            weight.clone(),
            skip.clone(),
            bias.clone(),
            matrices,
            grid,
            activate,
        );
        let grads = (y.clone() * seen.clone().detach()).sum().backward();
        let none = Vec::new;
        [
            values(y),
            x.grad(&grads).map_or_else(none, values),
            weight.grad(&grads).map_or_else(none, values),
            skip.grad(&grads).map_or_else(none, values),
            bias.grad(&grads).map_or_else(none, values),
        ]
    };
    let fast = run(&x.fast, &weight.fast, &skip.fast, &bias.fast, &seen.fast);
    let exact = run(
        &x.exact,
        &weight.exact,
        &skip.exact,
        &bias.exact,
        &seen.exact,
    );
    let case = format!("block {:?} {:?}", grid.sizes, grid.modes);
    let names = ["output", "d input", "d weight", "d skip", "d bias"];
    names
        .iter()
        .zip(fast.iter().zip(&exact))
        .fold(true, |all, (name, (fast, exact))| {
            compare(&case, name, fast, exact) & all
        })
}

fn mlp([batch, inputs, hidden, outputs, points]: [usize; 5], device: &Device) -> bool {
    let x = leaf([batch, inputs, points], 1.0, device);
    let first = leaf([hidden, inputs], 0.3, device);
    let first_bias = leaf([hidden], 0.3, device);
    let second = leaf([outputs, hidden], 0.3, device);
    let second_bias = leaf([outputs], 0.3, device);
    let seen = leaf([batch, outputs, points], 1.0, device);
    let run = |x: &Tensor<3>,
               first: &Tensor<2>,
               first_bias: &Tensor<1>,
               second: &Tensor<2>,
               second_bias: &Tensor<1>,
               seen: &Tensor<3>| {
        let y = kernels::channel_mlp(
            x.clone(),
            first.clone(),
            first_bias.clone(),
            second.clone(),
            second_bias.clone(),
        );
        let grads = (y.clone() * seen.clone().detach()).sum().backward();
        let none = Vec::new;
        [
            values(y),
            x.grad(&grads).map_or_else(none, values),
            first.grad(&grads).map_or_else(none, values),
            first_bias.grad(&grads).map_or_else(none, values),
            second.grad(&grads).map_or_else(none, values),
            second_bias.grad(&grads).map_or_else(none, values),
        ]
    };
    let fast = run(
        &x.fast,
        &first.fast,
        &first_bias.fast,
        &second.fast,
        &second_bias.fast,
        &seen.fast,
    );
    let exact = run(
        &x.exact,
        &first.exact,
        &first_bias.exact,
        &second.exact,
        &second_bias.exact,
        &seen.exact,
    );
    let case = format!("channel_mlp {inputs} {hidden} {outputs} {points}");
    let names = [
        "output",
        "d input",
        "d first",
        "d first bias",
        "d second",
        "d second bias",
    ];
    names
        .iter()
        .zip(fast.iter().zip(&exact))
        .fold(true, |all, (name, (fast, exact))| {
            compare(&case, name, fast, exact) & all
        })
}

fn adamw(device: &Device) -> bool {
    let leaves: Vec<Leaf<2>> = (0..5).map(|_| leaf([300, 77], 1.0, device)).collect();
    let step = AdamWStep {
        beta1: 0.9,
        beta2: 0.999,
        rate: 1e-2,
        root: 1.5,
        epsilon: 1e-8,
        decay: 1e-3,
        clip: 1.0,
        average: 0.2,
    };
    let run = |fast: bool| {
        let mut all = leaves.iter().map(|l| {
            if fast {
                l.fast.clone()
            } else {
                l.exact.clone()
            }
            .inner()
        });
        let mut next = || all.next().unwrap_or_else(|| unreachable!("five tensors"));
        let (weights, grad) = (next(), next());
        let norm = (grad.clone() * grad.clone()).sum().sqrt();
        let state = [next(), next().abs(), next()].map(|t| t.reshape([300 * 77]));
        let (weights, [first, second, average]) = kernels::adamw(weights, grad, state, norm, step);
        let state = [first, second, average].map(values);
        std::iter::once(values(weights))
            .chain(state)
            .collect::<Vec<_>>()
    };
    let names = ["weights", "first moment", "second moment", "average"];
    let (fast, exact) = (run(true), run(false));
    names
        .iter()
        .zip(fast.iter().zip(&exact))
        .fold(true, |all, (name, (fast, exact))| {
            compare("adamw 300 77", name, fast, exact) & all
        })
}
