//! Bodies of the kernels on GPUs, written once for CUDA, Vulkan, Metal and DX12.
//!
//! They take f32, in one or two dimensions; anything else goes to the plain primitives. Products
//! are sums of f32 products: no reduced precision of tensor cores enters.

mod activation;
mod analysis;
mod channel_mlp;
mod mix;
mod optimiser;
mod points;
mod sums;
mod synthesis;

use super::{AdamWStep, FourierGrid, OperatorKernels, half, reference};
use burn::backend::tensor::FloatTensor;
use burn::tensor::{DType, Shape};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::{CubeBackend, tensor::CubeTensor};

/// Threads of a cube.
const UNITS: u32 = 256;

/// A new tensor beside another, without gaps between rows.
fn empty<const N: usize>(like: &CubeTensor, shape: [usize; N]) -> CubeTensor {
    let (client, device) = (like.client.clone(), like.device.clone());
    empty_device_contiguous_dtype(client, device, Shape::from(shape), DType::F32)
}

fn are_f32(tensors: &[&CubeTensor]) -> bool {
    tensors.iter().all(|t| t.dtype == DType::F32)
}

/// Whether the kernels know the grid: not three dimensions, and modes that fit into shared memory.
fn fits(x: &CubeTensor, grid: FourierGrid) -> bool {
    let memory = x.client.properties().hardware.max_shared_memory_size;
    grid.sizes[0] == 1 && 8 * grid.mode_count() <= memory
}

impl OperatorKernels for CubeBackend {
    fn fourier_analysis(
        x: FloatTensor<Self>,
        transforms: FloatTensor<Self>,
        grid: FourierGrid,
        adjoint: bool,
    ) -> FloatTensor<Self> {
        if !are_f32(&[&x, &transforms]) || !fits(&x, grid) {
            return reference::fourier_analysis::<Self>(x, transforms, grid, adjoint);
        }
        let [x, transforms] = [x, transforms].map(into_contiguous);
        analysis::launch(x, transforms, grid, adjoint, false)
    }

    fn fourier_block_forward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        skip: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        transforms: FloatTensor<Self>,
        grid: FourierGrid,
        activate: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        if !are_f32(&[&x, &weight, &skip, &bias, &transforms]) || !fits(&x, grid) {
            return half::fourier_block_forward::<Self>(
                x, weight, skip, bias, transforms, grid, activate,
            );
        }
        let [x, weight, skip, bias, transforms] =
            [x, weight, skip, bias, transforms].map(into_contiguous);
        let spectrum = analysis::launch(x.clone(), transforms.clone(), grid, false, activate);
        let mixed = mix::forward(spectrum.clone(), weight);
        let lines = synthesis::launch(mixed, transforms.clone(), grid, false);
        let output = points::forward(x, lines, transforms, skip, bias, grid, activate);
        (output, spectrum)
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
        if !are_f32(&[&grad, &x, &spectrum, &weight, &skip]) || !fits(&x, grid) {
            return half::fourier_block_backward::<Self>(
                grad, x, spectrum, weight, skip, transforms, grid, activate,
            );
        }
        let [grad, x, spectrum, weight, skip, transforms] =
            [grad, x, spectrum, weight, skip, transforms].map(into_contiguous);
        let grad_spectrum = analysis::launch(grad.clone(), transforms.clone(), grid, true, false);
        let bias = mix::zero_mode_sum(grad_spectrum.clone(), grid);
        let to_weight = mix::weight_gradient(spectrum, grad_spectrum.clone());
        let mixed = mix::backward(grad_spectrum, weight);
        let lines = synthesis::launch(mixed, transforms.clone(), grid, true);
        let to_skip = sums::weight_gradient(grad.clone(), x.clone(), activate);
        let to_x = points::backward(grad, x, lines, transforms, skip, grid, activate);
        (to_x, to_weight, to_skip, bias)
    }

    fn channel_mlp(
        x: FloatTensor<Self>,
        first: FloatTensor<Self>,
        first_bias: FloatTensor<Self>,
        second: FloatTensor<Self>,
        second_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        if !are_f32(&[&x, &first, &first_bias, &second, &second_bias])
            || !channel_mlp::fits(&x, &first, &second)
        {
            return half::channel_mlp::<Self>(x, first, first_bias, second, second_bias);
        }
        let [x, first, first_bias, second, second_bias] =
            [x, first, first_bias, second, second_bias].map(into_contiguous);
        channel_mlp::forward(x, first, first_bias, second, second_bias)
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
        if !are_f32(&[&grad, &x, &first, &first_bias, &second])
            || !channel_mlp::fits(&x, &first, &second)
        {
            return half::channel_mlp_backward::<Self>(grad, x, first, first_bias, second);
        }
        let [grad, x, first, first_bias, second] =
            [grad, x, first, first_bias, second].map(into_contiguous);
        channel_mlp::backward(grad, x, first, first_bias, second)
    }

    fn adamw(
        weights: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        average: FloatTensor<Self>,
        norm: FloatTensor<Self>,
        step: AdamWStep,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    ) {
        if !are_f32(&[&weights, &grad, &first, &second, &average, &norm]) {
            return reference::adamw::<Self>(weights, grad, first, second, average, norm, step);
        }
        let [grad, norm] = [grad, norm].map(into_contiguous);
        optimiser::launch(weights, grad, [first, second, average], norm, step)
    }
}
