//! Every fused operation against its reference in f64: outputs and all gradients; and the reference
//! against sums over taps.

use super::*;
use crate::kernels::tests::{Results, assert_close, noise, values};
use burn::tensor::{DType, Device, TensorData};

fn leaf<const D: usize>(
    shape: [usize; D],
    scale: f64,
    seed: u64,
    device: &Device,
    dtype: DType,
) -> Tensor<D> {
    let values: Vec<f64> = noise(shape.iter().product(), seed)
        .iter()
        .map(|v| scale * v)
        .collect();
    Tensor::from_data(TensorData::new(values, shape), (device, dtype)).require_grad()
}

const fn plane(rows: usize, columns: usize, periodic: bool) -> Plane {
    Plane {
        rows,
        columns,
        periodic,
    }
}

/// Planes and lines: sizes that vectors fit into, odd ones, single points, more than one strip.
const PLANES: [Plane; 9] = [
    plane(8, 16, true),
    plane(8, 16, false),
    plane(7, 11, true),
    plane(7, 11, false),
    plane(1, 37, true),
    plane(2, 1, true),
    plane(1, 1, false),
    plane(96, 64, false),
    plane(61, 83, true),
];

fn kernel(plane: Plane) -> [usize; 2] {
    match plane.rows {
        1 => [1, 3],
        _ => [3, 3],
    }
}

fn run(plane: Plane, [batch, inputs, outputs]: [usize; 3], dtype: DType) -> Results {
    let device = Device::flex().autodiff();
    let points = plane.rows * plane.columns;
    let [ky, kx] = kernel(plane);
    let x = leaf([batch, inputs, points], 1.0, 1, &device, dtype);
    let weight = leaf([outputs, inputs, ky, kx], 1.0, 2, &device, dtype);
    let seen = leaf([batch, outputs, points], 1.0, 3, &device, dtype).detach();
    let y = convolution(x.clone(), weight.clone(), plane);
    let grads = (y.clone() * seen).sum().backward();
    vec![
        ("y", values(y)),
        ("dx", values(x.grad(&grads).expect("dx"))),
        ("dweight", values(weight.grad(&grads).expect("dweight"))),
    ]
}

#[test]
fn convolution_matches_the_reference() {
    for plane in PLANES {
        for channels in [[2, 3, 5], [3, 17, 20], [1, 33, 1]] {
            let case = format!("{plane:?} {channels:?}");
            let fast = run(plane, channels, DType::F32);
            let exact = run(plane, channels, DType::F64);
            assert_close(&case, &fast, &exact, 1e-5);
        }
    }
}

/// `y_o(p) = sum over i, q of w_oi(q) x_i(p + q)`, written out.
#[test]
fn the_reference_is_a_sum_over_taps() {
    for plane in PLANES.into_iter().filter(|p| p.rows < 50) {
        let [ky, kx] = kernel(plane);
        let (rows, columns) = (plane.rows as isize, plane.columns as isize);
        let points = plane.rows * plane.columns;
        let (x, weight) = (noise(2 * points, 1), noise(3 * 2 * ky * kx, 2));
        let found = values(convolution(
            Tensor::from_data(
                TensorData::new(x.clone(), [1, 2, points]),
                (&Device::flex(), DType::F64),
            ),
            Tensor::from_data(
                TensorData::new(weight.clone(), [3, 2, ky, kx]),
                (&Device::flex(), DType::F64),
            ),
            plane,
        ));
        let at = |i: usize, row: isize, column: isize| {
            let inside = (0..rows).contains(&row) && (0..columns).contains(&column);
            if !inside && !plane.periodic {
                return 0.0;
            }
            let point = row.rem_euclid(rows) * columns + column.rem_euclid(columns);
            x[i * points + point as usize]
        };
        for (n, found) in found.iter().enumerate() {
            let (o, row, column) = (n / points, n % points / plane.columns, n % plane.columns);
            let mut sum = 0.0;
            for i in 0..2 {
                for (tap, w) in weight[(o * 2 + i) * ky * kx..][..ky * kx]
                    .iter()
                    .enumerate()
                {
                    let down = (tap / kx) as isize - (ky / 2) as isize;
                    let across = (tap % kx) as isize - (kx / 2) as isize;
                    sum += w * at(i, row as isize + down, column as isize + across);
                }
            }
            assert!((sum - found).abs() < 1e-12, "{plane:?} {n}: {sum} {found}");
        }
    }
}

/// Gradients of the f64 reference against differences of its output.
#[test]
fn gradients_match_differences() {
    let device = Device::flex().autodiff();
    for plane in [plane(4, 5, true), plane(5, 3, false), plane(1, 6, true)] {
        let points = plane.rows * plane.columns;
        let [ky, kx] = kernel(plane);
        let counts = [2 * 2 * points, 3 * 2 * ky * kx, 3, 3, 3];
        let run = |shift: f64| {
            let part = |(n, count): (usize, usize)| {
                let along = noise(count, 50 + n as u64);
                let values: Vec<f64> = noise(count, n as u64)
                    .iter()
                    .zip(along)
                    .map(|(v, d)| 3.0 * v + shift * d)
                    .collect();
                Tensor::<1>::from_data(TensorData::new(values, [count]), (&device, DType::F64))
                    .require_grad()
            };
            let parts: Vec<_> = counts.into_iter().enumerate().map(part).collect();
            let y = convolution(
                parts[0].clone().reshape([2, 2, points]),
                parts[1].clone().reshape([3, 2, ky, kx]),
                plane,
            );
            let [bias, gain, shift] = [2, 3, 4].map(|n: usize| parts[n].clone());
            let y = norm_gelu(y, bias, gain, shift);
            (parts, y.powi_scalar(3).sum())
        };
        let step = 1e-5;
        let [above, below] = [step, -step].map(|s| run(s).1.into_scalar::<f64>());
        let difference = (above - below) / (2.0 * step);
        let (parts, loss) = run(0.0);
        let grads = loss.backward();
        let mut slope = 0.0;
        for (n, part) in parts.iter().enumerate() {
            let gradient = values(part.grad(&grads).expect("gradient"));
            let along = noise(gradient.len(), 50 + n as u64);
            slope += gradient.iter().zip(along).map(|(g, d)| g * d).sum::<f64>();
        }
        assert!(
            (difference - slope).abs() < 1e-7 * slope.abs().max(1.0),
            "{plane:?}: {difference} against {slope}"
        );
    }
}

#[test]
fn norm_gelu_matches_the_reference() {
    // A mean far from zero must not drown the deviation.
    for ([batch, channels, points], mean) in
        [([2, 3, 301], 0.0), ([1, 2, 7], 0.5), ([3, 5, 64], 30.0)]
    {
        let run = |dtype: DType| -> Results {
            let device = Device::flex().autodiff();
            let x = leaf([batch, channels, points], 2.0, 1, &device, dtype);
            let bias = leaf([channels], 1.0, 5, &device, dtype);
            let gain = leaf([channels], 3.0, 2, &device, dtype);
            let shift = leaf([channels], 1.0, 3, &device, dtype);
            let seen = leaf([batch, channels, points], 1.0, 4, &device, dtype).detach();
            let y = norm_gelu(x.clone() + mean, bias.clone(), gain.clone(), shift.clone());
            let grads = (y.clone() * seen).sum().backward();
            vec![
                ("y", values(y)),
                ("dx", values(x.grad(&grads).expect("dx"))),
                ("dbias", values(bias.grad(&grads).expect("dbias"))),
                ("dgain", values(gain.grad(&grads).expect("dgain"))),
                ("dshift", values(shift.grad(&grads).expect("dshift"))),
            ]
        };
        let (fast, exact) = (run(DType::F32), run(DType::F64));
        assert_close(&format!("{points} about {mean}"), &fast, &exact, 2e-5);
    }
}
