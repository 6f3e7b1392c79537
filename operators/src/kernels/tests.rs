//! Every fused operation against its reference: outputs and all gradients.

use super::*;
use burn::tensor::{DType, Device, TensorData};

/// Numbers in -0.5..0.5 that follow from a seed.
pub(super) fn noise(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
        })
        .collect()
}

/// Values and gradients of one run, by name.
pub(super) type Results = Vec<(&'static str, Vec<f64>)>;

pub(super) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor
        .into_data_as::<f64>()
        .try_into_vec()
        .unwrap_or_default()
}

/// Largest difference in units of the largest exact value.
pub(super) fn assert_close(case: &str, fast: &Results, exact: &Results, tolerance: f64) {
    for ((name, fast), (_, exact)) in fast.iter().zip(exact) {
        assert_eq!(fast.len(), exact.len(), "{case}: {name}");
        let scale = exact.iter().fold(1e-30, |m: f64, v| m.max(v.abs()));
        let worst = fast
            .iter()
            .zip(exact)
            .fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
        // A comparison that NaN fails.
        assert!(
            worst <= tolerance * scale,
            "{case}, {name}: {worst:.2e} of {scale:.2e}"
        );
    }
}

/// The block on a device and in a precision: output and gradients.
fn block(
    grid: FourierGrid,
    [batch, inputs, outputs]: [usize; 3],
    activate: bool,
    device: &Device,
    dtype: DType,
) -> Results {
    let device = &device.clone().autodiff();
    let (points, modes) = (grid.point_count(), grid.mode_count());
    fn tensor<const D: usize>(
        shape: [usize; D],
        seed: u64,
        device: &Device,
        dtype: DType,
    ) -> Tensor<D> {
        let data = TensorData::new(noise(shape.iter().product(), seed), shape);
        Tensor::from_data(data, (device, dtype)).require_grad()
    }
    let x = tensor([batch, inputs, points], 1, device, dtype);
    let weight = tensor([modes, inputs, 2 * outputs], 2, device, dtype);
    let skip = tensor([outputs, inputs], 3, device, dtype);
    let bias = tensor([outputs], 4, device, dtype);
    let seen = tensor([batch, outputs, points], 5, device, dtype).detach();
    let transforms = crate::spectral::fourier::transforms(grid, device, dtype).autodiff();
    let y = fourier_block(
        // As gelu only bends where numbers are of order 1.
        x.clone() * 4.0,
        weight.clone(),
        skip.clone(),
        bias.clone(),
        transforms,
        grid,
        activate,
    );
    let grads = (y.clone() * seen).sum().backward();
    vec![
        ("y", values(y)),
        ("dx", values(x.grad(&grads).expect("dx"))),
        ("dweight", values(weight.grad(&grads).expect("dweight"))),
        ("dskip", values(skip.grad(&grads).expect("dskip"))),
        ("dbias", values(bias.grad(&grads).expect("dbias"))),
    ]
}

/// Grids of one to three dimensions: even, odd and prime sizes, all modes and few.
pub(super) const GRIDS: [FourierGrid; 9] = [
    grid([1, 1, 64], [1, 1, 9]),
    grid([1, 1, 37], [1, 1, 19]),
    grid([1, 16, 16], [1, 6, 4]),
    grid([1, 7, 11], [1, 7, 6]),
    grid([1, 13, 30], [1, 5, 16]),
    grid([1, 1024, 3], [1, 4, 2]),
    grid([5, 6, 8], [3, 4, 3]),
    grid([4, 7, 5], [4, 7, 3]),
    grid([6, 1, 10], [5, 1, 4]),
];

const fn grid(sizes: [usize; 3], modes: [usize; 3]) -> FourierGrid {
    FourierGrid { sizes, modes }
}

/// The addition on a device and in a precision: output and gradients.
fn channel_adds(
    [batch, inputs, outputs, points]: [usize; 4],
    activate: bool,
    device: &Device,
    dtype: DType,
) -> Results {
    let device = &device.clone().autodiff();
    fn tensor<const D: usize>(
        shape: [usize; D],
        seed: u64,
        device: &Device,
        dtype: DType,
    ) -> Tensor<D> {
        let data = TensorData::new(noise(shape.iter().product(), seed), shape);
        Tensor::from_data(data, (device, dtype)).require_grad()
    }
    let added = tensor([batch, outputs, points], 1, device, dtype);
    let x = tensor([batch, inputs, points], 2, device, dtype);
    let weight = tensor([outputs, inputs], 3, device, dtype);
    let bias = tensor([outputs], 4, device, dtype);
    let seen = tensor([batch, outputs, points], 5, device, dtype).detach();
    let y = channel_add(
        added.clone(),
        x.clone() * 4.0,
        weight.clone(),
        bias.clone(),
        activate,
    );
    let grads = (y.clone() * seen).sum().backward();
    vec![
        ("y", values(y)),
        ("dadded", values(added.grad(&grads).expect("dadded"))),
        ("dx", values(x.grad(&grads).expect("dx"))),
        ("dweight", values(weight.grad(&grads).expect("dweight"))),
        ("dbias", values(bias.grad(&grads).expect("dbias"))),
    ]
}

/// Channels and points of [`channel_adds`].
const ADDITIONS: [[usize; 4]; 4] = [
    [2, 3, 5, 37],
    [1, 8, 8, 2100],
    [3, 1, 2, 16],
    [2, 33, 20, 700],
];

#[test]
fn channel_add_matches_the_reference() {
    let device = Device::flex();
    for sizes in ADDITIONS {
        for activate in [false, true] {
            let fast = channel_adds(sizes, activate, &device, DType::F32);
            let exact = channel_adds(sizes, activate, &device, DType::F64);
            assert_close(&format!("{sizes:?} {activate}"), &fast, &exact, 1e-5);
        }
    }
}

#[test]
fn fourier_block_matches_the_reference() {
    let device = Device::flex();
    for grid in GRIDS {
        for (channels, activate) in [([2, 3, 5], false), ([3, 16, 16], true), ([1, 9, 33], true)] {
            let case = format!("{grid:?} {channels:?} {activate}");
            let fast = block(grid, channels, activate, &device, DType::F32);
            let exact = block(grid, channels, activate, &device, DType::F64);
            assert_close(&case, &fast, &exact, 1e-5);
        }
    }
}

/// The f64 reference's gradients against differences of its output.
#[test]
fn fourier_block_gradients_match_differences() {
    let device = Device::flex().autodiff();
    for grid in GRIDS {
        let (points, modes) = (grid.point_count(), grid.mode_count());
        let transforms = crate::spectral::fourier::transforms(grid, &device, DType::F64);
        let run = |shift: f64| {
            let tensor = |count: usize, seed: u64, which: usize| {
                let values = noise(count, seed)
                    .iter()
                    .zip(noise(count, 50 + seed))
                    .map(|(v, d)| v + shift * d * (1.0 + which as f64))
                    .collect::<Vec<_>>();
                Tensor::<1>::from_data(TensorData::new(values, [count]), (&device, DType::F64))
                    .require_grad()
            };
            let parts = [2 * 2 * points, modes * 2 * 6, 6, 3]
                .into_iter()
                .enumerate()
                .map(|(n, count)| tensor(count, n as u64, n))
                .collect::<Vec<_>>();
            let y = fourier_block(
                parts[0].clone().reshape([2, 2, points]),
                parts[1].clone().reshape([modes, 2, 6]),
                parts[2].clone().reshape([3, 2]),
                parts[3].clone(),
                transforms.clone().autodiff(),
                grid,
                true,
            );
            let loss = y.powi_scalar(3).sum();
            (parts, loss)
        };
        let step = 1e-5;
        let [above, below] = [step, -step].map(|s| run(s).1.into_scalar::<f64>());
        let difference = (above - below) / (2.0 * step);
        let (parts, loss) = run(0.0);
        let grads = loss.backward();
        let slope: f64 = parts
            .iter()
            .enumerate()
            .map(|(n, part)| {
                let gradient = values(part.grad(&grads).expect("gradient"));
                let along = noise(gradient.len(), 50 + n as u64);
                let dot: f64 = gradient.iter().zip(along).map(|(g, d)| g * d).sum();
                dot * (1.0 + n as f64)
            })
            .sum();
        assert!(
            (difference - slope).abs() < 1e-7 * slope.abs().max(1.0),
            "{grid:?}: {difference} against {slope}"
        );
    }
}

/// `<A x, s> = <x, A* s>` for both transforms, on both paths.
#[test]
fn transforms_and_their_adjoints() {
    let device = Device::flex();
    for grid in GRIDS {
        for (dtype, tolerance) in [(DType::F64, 1e-12), (DType::F32, 1e-5)] {
            let (points, modes) = (grid.point_count(), grid.mode_count());
            let matrices = crate::spectral::fourier::transforms(grid, &device, dtype);
            let x = Tensor::<3>::from_data(
                TensorData::new(noise(2 * 3 * points, 1), [2, 3, points]),
                (&device, dtype),
            );
            let s = Tensor::<4>::from_data(
                TensorData::new(noise(modes * 12, 2), [modes, 2, 2, 3]),
                (&device, dtype),
            );
            type Pair = (f64, f64);
            let pair = |adjoint: bool| -> Pair {
                let analysed: Tensor<4> =
                    Tensor::from_dispatch(<Dispatch as OperatorKernels>::fourier_analysis(
                        x.clone().into_dispatch(),
                        matrices.clone().into_dispatch(),
                        grid,
                        adjoint,
                    ));
                let synthesised: Tensor<3> =
                    Tensor::from_dispatch(<Dispatch as OperatorKernels>::fourier_synthesis(
                        s.clone().into_dispatch(),
                        matrices.clone().into_dispatch(),
                        grid,
                        !adjoint,
                    ));
                (
                    (analysed * s.clone()).sum().into_scalar::<f64>(),
                    (synthesised * x.clone()).sum().into_scalar::<f64>(),
                )
            };
            for adjoint in [false, true] {
                let (left, right) = pair(adjoint);
                let scale = (points * modes) as f64;
                assert!(
                    (left - right).abs() < tolerance * scale,
                    "{grid:?} {left} {right}"
                );
            }
        }
    }
}

fn mlp(
    [batch, inputs, hidden, outputs, points]: [usize; 5],
    device: &Device,
    dtype: DType,
) -> Results {
    let device = &device.clone().autodiff();
    fn tensor<const D: usize>(
        shape: [usize; D],
        seed: u64,
        device: &Device,
        dtype: DType,
    ) -> Tensor<D> {
        let data = TensorData::new(noise(shape.iter().product(), seed), shape);
        Tensor::from_data(data, (device, dtype)).require_grad()
    }
    let x = tensor([batch, inputs, points], 1, device, dtype);
    let first = tensor([hidden, inputs], 2, device, dtype);
    let first_bias = tensor([hidden], 3, device, dtype);
    let second = tensor([outputs, hidden], 4, device, dtype);
    let second_bias = tensor([outputs], 5, device, dtype);
    let seen = tensor([batch, outputs, points], 6, device, dtype).detach();
    let y = channel_mlp(
        x.clone(),
        first.clone(),
        first_bias.clone(),
        second.clone(),
        second_bias.clone(),
    );
    let grads = (y.clone() * seen).sum().backward();
    vec![
        ("y", values(y)),
        ("dx", values(x.grad(&grads).expect("dx"))),
        ("dfirst", values(first.grad(&grads).expect("dfirst"))),
        (
            "dfirst_bias",
            values(first_bias.grad(&grads).expect("dfirst_bias")),
        ),
        ("dsecond", values(second.grad(&grads).expect("dsecond"))),
        (
            "dsecond_bias",
            values(second_bias.grad(&grads).expect("dsecond_bias")),
        ),
    ]
}

#[test]
fn channel_mlp_matches_the_reference() {
    let device = Device::flex();
    for sizes in [
        [2, 3, 5, 4, 33],
        [1, 1, 1, 1, 1],
        [2, 16, 32, 16, 700],
        [3, 5, 64, 1, 2500],
    ] {
        let fast = mlp(sizes, &device, DType::F32);
        let exact = mlp(sizes, &device, DType::F64);
        assert_close(&format!("{sizes:?}"), &fast, &exact, 1e-5);
    }
}

#[test]
fn bias_gelu_matches_the_reference() {
    let (batch, channels, points) = (2, 3, 301);
    let run = |dtype: DType| -> Results {
        let device = Device::flex().autodiff();
        let data = TensorData::new(
            noise(batch * channels * points, 1),
            [batch, channels, points],
        );
        let x = Tensor::<3>::from_data(data, (&device, dtype)).require_grad();
        let bias = TensorData::new(vec![0.3, -0.7, 0.0], [channels]);
        let bias = Tensor::<1>::from_data(bias, (&device, dtype)).require_grad();
        let y = bias_gelu(x.clone() * 18.0, bias.clone());
        let grads = (y.clone() * y.clone()).sum().backward();
        vec![
            ("y", values(y)),
            ("dx", values(x.grad(&grads).expect("dx"))),
            ("dbias", values(bias.grad(&grads).expect("dbias"))),
        ]
    };
    assert_close("bias_gelu", &run(DType::F32), &run(DType::F64), 1e-6);
}

/// Two updates on a device, with and without clipping, against the reference in f64.
fn adamw_steps(device: &Device, dtype: DType) -> Results {
    let shape = [7, 33];
    let tensor = |seed, scale: f64| {
        let values: Vec<f64> = noise(shape[0] * shape[1], seed)
            .iter()
            .map(|v| v * scale)
            .collect();
        Tensor::<2>::from_data(TensorData::new(values, shape), (device, dtype))
    };
    let mut weights = tensor(1, 1.0);
    let mut state = [tensor(2, 0.1), tensor(3, 0.1).abs(), tensor(4, 1.0)]
        .map(|t| t.reshape([shape[0] * shape[1]]));
    for (seed, norm, clip) in [(5, 2.0, 1.0), (6, 0.5, 1.0), (7, 3.0, 0.0)] {
        let step = AdamWStep {
            beta1: 0.9,
            beta2: 0.999,
            rate: 1e-2,
            root: 1.5,
            epsilon: 1e-8,
            decay: 1e-3,
            clip,
            average: 0.2,
        };
        let norm = Tensor::<1>::from_data(TensorData::new(vec![norm], [1]), (device, dtype));
        (weights, state) = adamw(weights, tensor(seed, 1.0), state, norm, step);
    }
    let [first, second, average] = state;
    vec![
        ("weights", values(weights)),
        ("first moment", values(first)),
        ("second moment", values(second)),
        ("average", values(average)),
    ]
}

#[cfg(feature = "wgpu")]
mod device {
    //! The same on a GPU, which may be a software one.

    use super::*;

    fn device() -> Device {
        Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)
    }

    #[test]
    fn fourier_block_matches_the_cpu_in_f64() {
        // In three dimensions a device runs the plain primitives.
        for grid in GRIDS.into_iter().filter(|grid| grid.sizes[0] == 1) {
            for (channels, activate) in [([2, 3, 5], false), ([1, 9, 33], true)] {
                let case = format!("{grid:?} {channels:?} {activate}");
                let fast = block(grid, channels, activate, &device(), DType::F32);
                let exact = block(grid, channels, activate, &Device::flex(), DType::F64);
                assert_close(&case, &fast, &exact, 1e-5);
            }
        }
    }

    #[test]
    fn channel_mlp_matches_the_cpu_in_f64() {
        for sizes in [[2, 3, 5, 4, 33], [2, 16, 32, 16, 300], [2, 5, 48, 1, 500]] {
            let fast = mlp(sizes, &device(), DType::F32);
            let exact = mlp(sizes, &Device::flex(), DType::F64);
            assert_close(&format!("{sizes:?}"), &fast, &exact, 1e-5);
        }
    }

    #[test]
    fn channel_add_matches_the_cpu_in_f64() {
        for sizes in ADDITIONS {
            for activate in [false, true] {
                let fast = channel_adds(sizes, activate, &device(), DType::F32);
                let exact = channel_adds(sizes, activate, &Device::flex(), DType::F64);
                assert_close(&format!("{sizes:?} {activate}"), &fast, &exact, 1e-5);
            }
        }
    }

    #[test]
    fn adamw_matches_the_cpu_in_f64() {
        let fast = adamw_steps(&device(), DType::F32);
        let exact = adamw_steps(&Device::flex(), DType::F64);
        assert_close("adamw", &fast, &exact, 1e-5);
    }
}

#[test]
fn adamw_is_the_same_in_both_precisions() {
    let device = Device::flex();
    let fast = adamw_steps(&device, DType::F32);
    let exact = adamw_steps(&device, DType::F64);
    assert_close("adamw", &fast, &exact, 1e-5);
}
