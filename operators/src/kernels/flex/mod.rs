//! CPU bodies of the kernels: tiles that stay in cache, on all cores.
//!
//! Each falls back to the plain primitives when it is given anything but contiguous f32.

mod activation;
mod block;
mod channel_add;
mod channel_mlp;
mod convolution;
mod elementary;
mod grid;
mod jets;
mod mix;
mod normalise;
mod pairs;
mod places;
mod pool;
mod product;
mod sphere;
mod tiles;
mod transform;
mod vector;

use super::{FourierGrid, OperatorKernels, half, reference};
use burn::backend::{Flex, TensorMetadata, flex::FlexTensor, tensor::FloatTensor};
use burn::tensor::{DType, Shape};
use pool::Buffer;
use rayon::prelude::*;
use vector::Isa;

/// The tensor with its elements in order, copied if need be.
fn contiguous(x: FlexTensor) -> FlexTensor {
    match x.is_contiguous() {
        true => x,
        false => x.to_contiguous(),
    }
}

/// Whether all are f32.
fn are_f32(tensors: &[&FlexTensor]) -> bool {
    tensors.iter().all(|t| t.dtype() == DType::F32)
}

/// The numbers of a contiguous f32 tensor.
fn values(x: &FlexTensor) -> &[f32] {
    x.as_slice::<f32>().unwrap_or_default()
}

impl OperatorKernels for Flex {
    fn fourier_block_forward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        skip: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        transforms: FloatTensor<Self>,
        grid: FourierGrid,
        activate: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        if !are_f32(&[&x, &weight, &skip, &bias]) {
            return half::fourier_block_forward::<Self>(
                x, weight, skip, bias, transforms, grid, activate,
            );
        }
        let [x, weight, skip, bias] = [x, weight, skip, bias].map(contiguous);
        let sizes = block_sizes(&x, &skip, grid);
        let operands = block::Operands {
            x: values(&x),
            weight: values(&weight),
            skip: values(&skip),
            bias: values(&bias),
            activate,
        };
        let (output, spectrum) = block::forward(sizes, operands);
        let [batch, _, points] = x.shape().dims::<3>();
        let modes = grid.modes.iter().product();
        (
            output.into_tensor(Shape::from([batch, sizes.outputs, points])),
            spectrum.into_tensor(Shape::from([modes, batch, 2, sizes.inputs])),
        )
    }

    fn fourier_block_backward(
        grad: FloatTensor<Self>,
        x: FloatTensor<Self>,
        spectrum: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        skip: FloatTensor<Self>,
        transforms: FloatTensor<Self>,
        grid: FourierGrid,
        activate: bool,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    ) {
        if !are_f32(&[&grad, &x, &spectrum, &weight, &skip]) {
            return half::fourier_block_backward::<Self>(
                grad, x, spectrum, weight, skip, transforms, grid, activate,
            );
        }
        let [grad, x, spectrum, weight, skip] = [grad, x, spectrum, weight, skip].map(contiguous);
        let sizes = block_sizes(&x, &skip, grid);
        let operands = block::Operands {
            x: values(&x),
            weight: values(&weight),
            skip: values(&skip),
            bias: &[],
            activate,
        };
        let g = block::backward(sizes, operands, values(&spectrum), values(&grad));
        (
            g.x.into_tensor(x.shape()),
            g.weight.into_tensor(weight.shape()),
            g.skip.into_tensor(skip.shape()),
            g.bias.into_tensor(Shape::from([sizes.outputs])),
        )
    }

    fn channel_mlp(
        x: FloatTensor<Self>,
        first: FloatTensor<Self>,
        first_bias: FloatTensor<Self>,
        second: FloatTensor<Self>,
        second_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        if !are_f32(&[&x, &first, &first_bias, &second, &second_bias]) {
            return half::channel_mlp::<Self>(x, first, first_bias, second, second_bias);
        }
        let [x, first, first_bias, second, second_bias] =
            [x, first, first_bias, second, second_bias].map(contiguous);
        let [batch, _, points] = x.shape().dims::<3>();
        let operands = mlp_operands(&x, &first, &first_bias, &second, values(&second_bias));
        let outputs = operands.second_bias.len();
        channel_mlp::forward(operands).into_tensor(Shape::from([batch, outputs, points]))
    }

    fn channel_mlp_backward(
        grad: FloatTensor<Self>,
        x: FloatTensor<Self>,
        first: FloatTensor<Self>,
        first_bias: FloatTensor<Self>,
        second: FloatTensor<Self>,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    ) {
        if !are_f32(&[&grad, &x, &first, &first_bias, &second]) {
            return half::channel_mlp_backward::<Self>(grad, x, first, first_bias, second);
        }
        let [grad, x, first, first_bias, second] =
            [grad, x, first, first_bias, second].map(contiguous);
        let [_, outputs, _] = grad.shape().dims::<3>();
        // Only the number of outputs matters for the backward pass.
        let no_bias = vec![0.0; outputs];
        let operands = mlp_operands(&x, &first, &first_bias, &second, &no_bias);
        let g = channel_mlp::backward(operands, values(&grad));
        (
            g.x.into_tensor(x.shape()),
            g.first.into_tensor(first.shape()),
            g.first_bias.into_tensor(first_bias.shape()),
            g.second.into_tensor(second.shape()),
            g.second_bias.into_tensor(Shape::from([outputs])),
        )
    }

    fn channel_add_forward(
        added: FloatTensor<Self>,
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activate: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        if !are_f32(&[&added, &x, &weight, &bias]) {
            return reference::channel_add_forward::<Self>(added, x, weight, bias, activate);
        }
        let [added, x, weight, bias] = [added, x, weight, bias].map(contiguous);
        let [batch, _, points] = x.shape().dims::<3>();
        let operands = channel_add::Operands {
            added: values(&added),
            x: values(&x),
            weight: values(&weight),
            bias: values(&bias),
            batch,
            points,
        };
        let (sum, active) = channel_add::forward(operands, activate);
        let sum = sum.into_tensor(added.shape());
        let active = active.map_or_else(|| sum.clone(), |a| a.into_tensor(added.shape()));
        (sum, active)
    }

    fn channel_add_backward(
        grad: FloatTensor<Self>,
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        if !are_f32(&[&grad, &x, &weight]) {
            return reference::channel_add_backward::<Self>(grad, x, weight);
        }
        let [grad, x, weight] = [grad, x, weight].map(contiguous);
        let [batch, inputs, points] = x.shape().dims::<3>();
        let [outputs, _] = weight.shape().dims::<2>();
        let sizes = [batch, inputs, outputs, points];
        let (dx, dweight) =
            channel_add::backward(values(&grad), values(&x), values(&weight), sizes);
        (
            dx.into_tensor(x.shape()),
            dweight.into_tensor(weight.shape()),
        )
    }

    fn bias_gelu(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        if !are_f32(&[&x, &bias]) {
            return half::bias_gelu::<Self>(x, bias);
        }
        let [x, bias] = [x, bias].map(contiguous);
        let (isa, points, bias) = (Isa::here(), points(&x), values(&bias));
        let mut output = Buffer::new(values(&x).len());
        output
            .par_chunks_mut(points)
            .zip(values(&x).par_chunks(points))
            .enumerate()
            .for_each(|(row, (out, x))| {
                let bias = bias[row % bias.len()];
                // SAFETY: rows of one length.
                unsafe { activation::gelu(isa, out.as_mut_ptr(), x.as_ptr(), x.len(), bias) };
            });
        output.into_tensor(x.shape())
    }

    fn bias_gelu_backward(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        if !are_f32(&[&x, &bias, &grad]) {
            return half::bias_gelu_backward::<Self>(x, bias, grad);
        }
        let [x, bias, grad] = [x, bias, grad].map(contiguous);
        let (isa, points, bias) = (Isa::here(), points(&x), values(&bias));
        let mut output = Buffer::new(values(&x).len());
        output
            .par_chunks_mut(points)
            .zip(values(&x).par_chunks(points))
            .zip(values(&grad).par_chunks(points))
            .enumerate()
            .for_each(|(row, ((out, x), grad))| {
                let (out, none) = (out.as_mut_ptr(), std::ptr::null_mut());
                let bias = bias[row % bias.len()];
                // SAFETY: rows of one length.
                unsafe {
                    activation::gelu_backward(
                        isa,
                        out,
                        none,
                        x.as_ptr(),
                        grad.as_ptr(),
                        x.len(),
                        bias,
                    );
                }
            });
        output.into_tensor(x.shape())
    }

    fn channel_sum(x: FloatTensor<Self>) -> FloatTensor<Self> {
        if !are_f32(&[&x]) {
            return half::channel_sum::<Self>(x);
        }
        let x = contiguous(x);
        let [batch, channels, points] = x.shape().dims::<3>();
        let (isa, values) = (Isa::here(), values(&x));
        let mut output = Buffer::zeroed(channels);
        // One task per channel and a fixed order within it: the same bits on any thread count.
        output
            .par_iter_mut()
            .enumerate()
            .for_each(|(channel, sum)| {
                for b in 0..batch {
                    let row = &values[(b * channels + channel) * points..][..points];
                    // SAFETY: a row.
                    unsafe { activation::add_sum(isa, row.as_ptr(), points, sum) };
                }
            });
        output.into_tensor(Shape::from([channels]))
    }
}

/// Length of a row with one bias.
fn points(x: &FlexTensor) -> usize {
    let [_, _, points] = x.shape().dims::<3>();
    points.max(1)
}

fn block_sizes(x: &FlexTensor, skip: &FlexTensor, grid: FourierGrid) -> block::Sizes {
    let [batch, inputs, _] = x.shape().dims::<3>();
    let [outputs, _] = skip.shape().dims::<2>();
    block::Sizes {
        batch,
        inputs,
        outputs,
        grid,
    }
}

fn mlp_operands<'a>(
    x: &'a FlexTensor,
    first: &'a FlexTensor,
    first_bias: &'a FlexTensor,
    second: &'a FlexTensor,
    second_bias: &'a [f32],
) -> channel_mlp::Operands<'a> {
    let [batch, _, points] = x.shape().dims::<3>();
    channel_mlp::Operands {
        x: values(x),
        first: values(first),
        first_bias: values(first_bias),
        second: values(second),
        second_bias,
        batch,
        points,
    }
}
