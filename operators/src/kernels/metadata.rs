//! Shapes of what the kernels return, for the lazy execution of fused streams.

use super::{AdamWStep, FourierGrid};
use burn::backend::fusion::custom::TensorSpec;
use burn::tensor::{DType, Shape};

fn like<const N: usize>(tensor: &TensorSpec, shape: [usize; N]) -> TensorSpec {
    TensorSpec::new(Shape::from(shape), tensor.dtype)
}

pub fn analysis(x: &TensorSpec, _: &TensorSpec, grid: &FourierGrid, _: &bool) -> TensorSpec {
    let [batch, channels, _] = x.shape.dims::<3>();
    like(x, [grid.mode_count(), batch, 2, channels])
}

pub fn synthesis(
    spectrum: &TensorSpec,
    _: &TensorSpec,
    grid: &FourierGrid,
    _: &bool,
) -> TensorSpec {
    let [_, batch, _, channels] = spectrum.shape.dims::<4>();
    like(spectrum, [batch, channels, grid.point_count()])
}

pub fn block_forward(
    x: &TensorSpec,
    weight: &TensorSpec,
    skip: &TensorSpec,
    _: &TensorSpec,
    _: &TensorSpec,
    grid: &FourierGrid,
    _: &bool,
) -> (TensorSpec, TensorSpec) {
    let [batch, inputs, points] = x.shape.dims::<3>();
    let [outputs, _] = skip.shape.dims::<2>();
    (
        like(x, [batch, outputs, points]),
        like(weight, [grid.mode_count(), batch, 2, inputs]),
    )
}

#[allow(clippy::too_many_arguments)] // the operands of the block
pub fn block_backward(
    grad: &TensorSpec,
    x: &TensorSpec,
    _: &TensorSpec,
    weight: &TensorSpec,
    skip: &TensorSpec,
    _: &TensorSpec,
    _: &FourierGrid,
    _: &bool,
) -> (TensorSpec, TensorSpec, TensorSpec, TensorSpec) {
    let [_, outputs, _] = grad.shape.dims::<3>();
    (
        x.clone(),
        weight.clone(),
        skip.clone(),
        like(skip, [outputs]),
    )
}

pub fn mlp(
    x: &TensorSpec,
    _: &TensorSpec,
    _: &TensorSpec,
    _: &TensorSpec,
    second_bias: &TensorSpec,
) -> TensorSpec {
    let [batch, _, points] = x.shape.dims::<3>();
    let [outputs] = second_bias.shape.dims::<1>();
    like(x, [batch, outputs, points])
}

pub fn mlp_backward(
    grad: &TensorSpec,
    x: &TensorSpec,
    first: &TensorSpec,
    first_bias: &TensorSpec,
    second: &TensorSpec,
) -> (TensorSpec, TensorSpec, TensorSpec, TensorSpec, TensorSpec) {
    let [_, outputs, _] = grad.shape.dims::<3>();
    (
        x.clone(),
        first.clone(),
        first_bias.clone(),
        second.clone(),
        like(second, [outputs]),
    )
}

pub fn channel_add(
    added: &TensorSpec,
    _: &TensorSpec,
    _: &TensorSpec,
    _: &TensorSpec,
    _: &bool,
) -> (TensorSpec, TensorSpec) {
    (added.clone(), added.clone())
}

pub fn channel_add_backward(
    _: &TensorSpec,
    x: &TensorSpec,
    weight: &TensorSpec,
) -> (TensorSpec, TensorSpec) {
    (x.clone(), weight.clone())
}

pub fn bias_gelu(x: &TensorSpec, _: &TensorSpec) -> TensorSpec {
    x.clone()
}

pub fn bias_gelu_backward(x: &TensorSpec, _: &TensorSpec, _: &TensorSpec) -> TensorSpec {
    x.clone()
}

pub fn channel_sum(x: &TensorSpec) -> TensorSpec {
    let [_, channels, _] = x.shape.dims::<3>();
    let dtype = match x.dtype {
        DType::BF16 | DType::F16 => DType::F32,
        dtype => dtype,
    };
    TensorSpec::new(Shape::from([channels]), dtype)
}

pub fn adamw(
    weights: &TensorSpec,
    _: &TensorSpec,
    first: &TensorSpec,
    second: &TensorSpec,
    average: &TensorSpec,
    _: &TensorSpec,
    _: &AdamWStep,
) -> (TensorSpec, TensorSpec, TensorSpec, TensorSpec) {
    (
        weights.clone(),
        first.clone(),
        second.clone(),
        average.clone(),
    )
}
