//! The bodies in plain tensor primitives: what every backend runs unless it brings its own, and what
//! the others are tested against.

use super::{AdamWStep, FourierGrid};
use burn::backend::{Backend, TensorMetadata, tensor::FloatTensor};
use burn::tensor::{Shape, Slice};

pub(super) fn with_batch_axis<B: Backend>(matrix: FloatTensor<B>) -> FloatTensor<B> {
    let mut dims = vec![1];
    dims.extend(matrix.shape().iter().copied());
    B::float_reshape(matrix, Shape::from(dims))
}

pub(super) fn dims<B: Backend, const N: usize>(tensor: &FloatTensor<B>) -> [usize; N] {
    tensor.shape().dims::<N>()
}

fn add_bias<B: Backend>(x: FloatTensor<B>, bias: FloatTensor<B>) -> FloatTensor<B> {
    let [channels] = dims::<B, 1>(&bias);
    B::float_add(x, B::float_reshape(bias, Shape::from([1, channels, 1])))
}

pub fn bias_gelu<B: Backend>(x: FloatTensor<B>, bias: FloatTensor<B>) -> FloatTensor<B> {
    gelu::<B>(add_bias::<B>(x, bias))
}

pub fn bias_gelu_backward<B: Backend>(
    x: FloatTensor<B>,
    bias: FloatTensor<B>,
    grad: FloatTensor<B>,
) -> FloatTensor<B> {
    gelu_backward::<B>(add_bias::<B>(x, bias), grad)
}

pub fn channel_sum<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    let [_, channels, _] = dims::<B, 3>(&x);
    let sum = B::float_sum_dim(B::float_sum_dim(x, 2), 0);
    B::float_reshape(sum, Shape::from([channels]))
}

/// Matrices of one direction: along x, then y, then z.
fn matrices<B: Backend>(
    transforms: FloatTensor<B>,
    grid: FourierGrid,
    adjoint: bool,
    synthesis: bool,
) -> Vec<FloatTensor<B>> {
    let mut at = 0;
    grid.matrices()
        .map(|[rows, columns]| {
            let size = rows * columns;
            let from = at + if adjoint == synthesis { 0 } else { size };
            at += 2 * size;
            let values = B::float_slice(transforms.clone(), &[Slice::from(from..from + size)]);
            B::float_reshape(values, Shape::from([rows, columns]))
        })
        .collect()
}

/// `[B, C, P]` to `[modes, B, 2, C]`.
pub fn fourier_analysis<B: Backend>(
    x: FloatTensor<B>,
    transforms: FloatTensor<B>,
    grid: FourierGrid,
    adjoint: bool,
) -> FloatTensor<B> {
    let [batch, channels, _] = dims::<B, 3>(&x);
    let [depth, height, width] = grid.sizes;
    let [_, ky, kx] = grid.modes;
    let modes = grid.mode_count();
    let mut along = matrices::<B>(transforms, grid, adjoint, false).into_iter();
    let lines = B::float_reshape(x, Shape::from([batch * channels * depth * height, width]));
    let mut lines = match along.next() {
        Some(matrix) => B::float_matmul(lines, B::float_transpose(matrix)),
        None => lines,
    };
    let sizes = [
        (batch * channels * depth, height, kx),
        (batch * channels, depth, ky * kx),
    ];
    for (matrix, (outer, points, inner)) in along.zip(sizes) {
        let planes = B::float_reshape(lines, Shape::from([outer, 2 * points, inner]));
        lines = B::float_matmul(with_batch_axis::<B>(matrix), planes);
    }
    let spectrum = B::float_reshape(lines, Shape::from([batch, channels, 2, modes]));
    B::float_permute(spectrum, &[3, 0, 2, 1])
}

/// `[modes, B, 2, C]` to `[B, C, P]`.
pub fn fourier_synthesis<B: Backend>(
    spectrum: FloatTensor<B>,
    transforms: FloatTensor<B>,
    grid: FourierGrid,
    adjoint: bool,
) -> FloatTensor<B> {
    let [_, batch, _, channels] = dims::<B, 4>(&spectrum);
    let [depth, height, _] = grid.sizes;
    let [kz, ky, kx] = grid.modes;
    let along = matrices::<B>(transforms, grid, adjoint, true);
    let mut lines = B::float_permute(spectrum, &[1, 3, 2, 0]);
    let sizes = [
        (batch * channels * depth, ky, kx),
        (batch * channels, kz, ky * kx),
    ];
    let complex = along.iter().skip(1).zip(sizes).rev();
    for (matrix, (outer, modes, inner)) in complex {
        let planes = B::float_reshape(lines, Shape::from([outer, 2 * modes, inner]));
        let matrix = with_batch_axis::<B>(B::float_transpose(matrix.clone()));
        lines = B::float_matmul(matrix, planes);
    }
    let rows = batch * channels * depth * height;
    let mut lines = B::float_reshape(lines, Shape::from([rows, 2 * kx]));
    if let Some(matrix) = along.into_iter().next() {
        lines = B::float_matmul(lines, matrix);
    }
    let points = grid.point_count();
    B::float_reshape(lines, Shape::from([batch, channels, points]))
}

/// One entry of an axis, which is dropped.
fn pick<B: Backend>(tensor: FloatTensor<B>, axis: usize, index: usize) -> FloatTensor<B> {
    let mut shape: Vec<usize> = tensor.shape().iter().copied().collect();
    let slices: Vec<Slice> = (0..shape.len())
        .map(|n| match n == axis {
            true => Slice::from(index..index + 1),
            false => Slice::from(0..shape[n]),
        })
        .collect();
    shape.remove(axis);
    B::float_reshape(B::float_slice(tensor, &slices), Shape::from(shape))
}

/// `[modes, B, 2, Ci]` by `[modes, Ci, 2 Co]` (channel, part) is `[modes, B, 2, Co]`.
pub fn mode_mix<B: Backend>(spectrum: FloatTensor<B>, weight: FloatTensor<B>) -> FloatTensor<B> {
    let [modes, batch, _, inputs] = dims::<B, 4>(&spectrum);
    let [_, _, pairs] = dims::<B, 3>(&weight);
    let outputs = pairs / 2;
    let rows = B::float_reshape(spectrum, Shape::from([modes, batch * 2, inputs]));
    let both = B::float_matmul(rows, weight);
    // (part of x, channel, part of w)
    let both = B::float_reshape(both, Shape::from([modes * batch, 2, outputs, 2]));
    let (by_real, by_imaginary) = (pick::<B>(both.clone(), 3, 0), pick::<B>(both, 3, 1));
    let row = |t: &FloatTensor<B>, part| pick::<B>(t.clone(), 1, part);
    let real = B::float_sub(row(&by_real, 0), row(&by_imaginary, 1));
    let imaginary = B::float_add(row(&by_imaginary, 0), row(&by_real, 1));
    let parts = [real, imaginary]
        .map(|t| B::float_reshape(t, Shape::from([modes, batch, 1, outputs])))
        .to_vec();
    B::float_cat(parts, 2)
}

/// Gradients of [`mode_mix`] with respect to spectrum and weight.
pub fn mode_mix_backward<B: Backend>(
    grad: FloatTensor<B>,
    spectrum: FloatTensor<B>,
    weight: FloatTensor<B>,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let [modes, batch, _, outputs] = dims::<B, 4>(&grad);
    let [_, inputs, pairs] = dims::<B, 3>(&weight);
    let column = Shape::from([modes, batch, outputs, 1]);
    let real = B::float_reshape(pick::<B>(grad.clone(), 2, 0), column.clone());
    let imaginary = B::float_reshape(pick::<B>(grad, 2, 1), column);
    // For the real part of x: (re, im); for the imaginary part: (im, -re).
    let parts = [
        vec![real.clone(), imaginary.clone()],
        vec![imaginary, B::float_neg(real)],
    ]
    .map(|pair| {
        let pair = B::float_cat(pair, 3);
        B::float_reshape(pair, Shape::from([modes, batch, 1, pairs]))
    })
    .to_vec();
    let both = B::float_reshape(
        B::float_cat(parts, 2),
        Shape::from([modes, 2 * batch, pairs]),
    );
    let rows = B::float_reshape(spectrum, Shape::from([modes, 2 * batch, inputs]));
    let to_spectrum = B::float_matmul(both.clone(), B::float_transpose(weight));
    let to_weight = B::float_matmul(B::float_transpose(rows), both);
    let shape = Shape::from([modes, batch, 2, inputs]);
    (B::float_reshape(to_spectrum, shape), to_weight)
}

pub fn gelu<B: Backend>(z: FloatTensor<B>) -> FloatTensor<B> {
    let cdf = normal_cdf::<B>(z.clone());
    B::float_mul(z, cdf)
}

/// `grad gelu'(z)`
pub fn gelu_backward<B: Backend>(z: FloatTensor<B>, grad: FloatTensor<B>) -> FloatTensor<B> {
    let cdf = normal_cdf::<B>(z.clone());
    let square = B::float_mul(z.clone(), z.clone());
    let pdf = B::float_mul_scalar(
        B::float_exp(B::float_mul_scalar(square, (-0.5).into())),
        (1.0 / (2.0 * std::f64::consts::PI).sqrt()).into(),
    );
    B::float_mul(grad, B::float_add(cdf, B::float_mul(z, pdf)))
}

fn normal_cdf<B: Backend>(z: FloatTensor<B>) -> FloatTensor<B> {
    let scaled = B::float_mul_scalar(z, std::f64::consts::FRAC_1_SQRT_2.into());
    B::float_mul_scalar(
        B::float_add_scalar(B::float_erf(scaled), 1.0.into()),
        0.5.into(),
    )
}

/// `y` and the spectrum of the block's (activated) input.
pub fn fourier_block_forward<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    skip: FloatTensor<B>,
    bias: FloatTensor<B>,
    transforms: FloatTensor<B>,
    grid: FourierGrid,
    activate: bool,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let x = if activate { gelu::<B>(x) } else { x };
    let spectrum = fourier_analysis::<B>(x.clone(), transforms.clone(), grid, false);
    let mixed = mode_mix::<B>(spectrum.clone(), weight);
    let convolved = fourier_synthesis::<B>(mixed, transforms, grid, false);
    let skipped = B::float_matmul(with_batch_axis::<B>(skip), x);
    let output = add_bias::<B>(B::float_add(convolved, skipped), bias);
    (output, spectrum)
}

/// Gradients of x, weight, skip, bias.
#[allow(clippy::too_many_arguments)] // the operands of the block
pub fn fourier_block_backward<B: Backend>(
    grad: FloatTensor<B>,
    x: FloatTensor<B>,
    spectrum: FloatTensor<B>,
    weight: FloatTensor<B>,
    skip: FloatTensor<B>,
    transforms: FloatTensor<B>,
    grid: FourierGrid,
    activate: bool,
) -> (
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
) {
    let active = if activate {
        gelu::<B>(x.clone())
    } else {
        x.clone()
    };
    let grad_spectrum = fourier_analysis::<B>(grad.clone(), transforms.clone(), grid, true);
    let (mixed, to_weight) = mode_mix_backward::<B>(grad_spectrum, spectrum, weight);
    let convolved = fourier_synthesis::<B>(mixed, transforms, grid, true);
    let skipped = B::float_matmul(with_batch_axis::<B>(B::float_transpose(skip)), grad.clone());
    let to_x = B::float_add(convolved, skipped);
    let to_x = if activate {
        gelu_backward::<B>(x, to_x)
    } else {
        to_x
    };
    let to_skip = weight_gradient::<B>(grad.clone(), active);
    (to_x, to_weight, to_skip, channel_sum::<B>(grad))
}

/// `sum over samples and points of grad[o] x[i]`, `[Co, Ci]`.
fn weight_gradient<B: Backend>(grad: FloatTensor<B>, x: FloatTensor<B>) -> FloatTensor<B> {
    let [_, outputs, _] = dims::<B, 3>(&grad);
    let [_, inputs, _] = dims::<B, 3>(&x);
    let by_sample = B::float_matmul(grad, B::float_transpose(x));
    B::float_reshape(
        B::float_sum_dim(by_sample, 0),
        Shape::from([outputs, inputs]),
    )
}

pub fn channel_mlp<B: Backend>(
    x: FloatTensor<B>,
    first: FloatTensor<B>,
    first_bias: FloatTensor<B>,
    second: FloatTensor<B>,
    second_bias: FloatTensor<B>,
) -> FloatTensor<B> {
    let hidden = B::float_matmul(with_batch_axis::<B>(first), x);
    let hidden = bias_gelu::<B>(hidden, first_bias);
    add_bias::<B>(
        B::float_matmul(with_batch_axis::<B>(second), hidden),
        second_bias,
    )
}

/// Gradients of x, first, its bias, second, its bias.
pub fn channel_mlp_backward<B: Backend>(
    grad: FloatTensor<B>,
    x: FloatTensor<B>,
    first: FloatTensor<B>,
    first_bias: FloatTensor<B>,
    second: FloatTensor<B>,
) -> (
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
) {
    let hidden = B::float_matmul(with_batch_axis::<B>(first.clone()), x.clone());
    let hidden = add_bias::<B>(hidden, first_bias);
    let to_second = weight_gradient::<B>(grad.clone(), gelu::<B>(hidden.clone()));
    let slope = B::float_matmul(
        with_batch_axis::<B>(B::float_transpose(second)),
        grad.clone(),
    );
    let slope = gelu_backward::<B>(hidden, slope);
    let to_x = B::float_matmul(
        with_batch_axis::<B>(B::float_transpose(first)),
        slope.clone(),
    );
    (
        to_x,
        weight_gradient::<B>(slope.clone(), x),
        channel_sum::<B>(slope),
        to_second,
        channel_sum::<B>(grad),
    )
}

/// New weights, moments and average.
pub fn adamw<B: Backend>(
    weights: FloatTensor<B>,
    grad: FloatTensor<B>,
    first: FloatTensor<B>,
    second: FloatTensor<B>,
    average: FloatTensor<B>,
    norm: FloatTensor<B>,
    step: AdamWStep,
) -> (
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
) {
    let times = |tensor: FloatTensor<B>, factor: f32| B::float_mul_scalar(tensor, factor.into());
    let shape = weights.shape();
    let weights = B::float_reshape(weights, first.shape());
    let mut grad = B::float_reshape(grad, first.shape());
    if step.clip > 0.0 {
        // min(1, clip / norm)
        let scale = B::float_recip(times(norm, 1.0 / step.clip));
        let scale = B::float_clamp_max(scale, 1.0.into());
        grad = B::float_mul(grad, scale);
    }
    let square = B::float_mul(grad.clone(), grad.clone());
    let first = B::float_add(times(first, step.beta1), times(grad, 1.0 - step.beta1));
    let second = B::float_add(times(second, step.beta2), times(square, 1.0 - step.beta2));
    let root = times(B::float_sqrt(second.clone()), step.root);
    let root = B::float_add_scalar(root, step.epsilon.into());
    let change = times(B::float_div(first.clone(), root), step.rate);
    let weights = B::float_sub(times(weights, 1.0 - step.decay), change);
    let moved = B::float_sub(weights.clone(), average.clone());
    let average = B::float_add(average, times(moved, step.average));
    (B::float_reshape(weights, shape), first, second, average)
}

pub fn channel_add_forward<B: Backend>(
    added: FloatTensor<B>,
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    activate: bool,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let mixed = B::float_matmul(with_batch_axis::<B>(weight), x);
    let sum = add_bias::<B>(B::float_add(added, mixed), bias);
    match activate {
        true => (sum.clone(), gelu::<B>(sum)),
        false => (sum.clone(), sum),
    }
}

pub fn channel_add_backward<B: Backend>(
    grad: FloatTensor<B>,
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let [outputs, inputs] = dims::<B, 2>(&weight);
    let products = B::float_matmul(grad.clone(), B::float_transpose(x));
    let dweight = B::float_reshape(
        B::float_sum_dim(products, 0),
        Shape::from([outputs, inputs]),
    );
    let dx = B::float_matmul(with_batch_axis::<B>(B::float_transpose(weight)), grad);
    (dx, dweight)
}
