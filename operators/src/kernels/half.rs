//! What a backend runs where it has no kernel of its own for its operands.
//!
//! Fields of 16 bits beside weights of 32 are widened, given back to the backend's kernels, and the
//! results rounded: what is kept between layers takes half the memory, and the arithmetic and the
//! gradients of weights stay f32. All else goes to the plain primitives of [`reference`].

use super::{FourierGrid, OperatorKernels, reference};
use burn::backend::{TensorMetadata, tensor::FloatTensor};
use burn::tensor::{DType, FloatDType};

/// Whether a field has fewer bits than the weights beside it.
fn is_half<B: OperatorKernels>(x: &FloatTensor<B>, weight: &FloatTensor<B>) -> bool {
    matches!(x.dtype(), DType::BF16 | DType::F16) && weight.dtype() == DType::F32
}

fn wide<B: OperatorKernels>(x: FloatTensor<B>) -> FloatTensor<B> {
    match x.dtype() {
        DType::F32 => x,
        _ => B::float_cast(x, FloatDType::F32),
    }
}

fn rounded<B: OperatorKernels>(x: FloatTensor<B>, dtype: DType) -> FloatTensor<B> {
    let dtype = match dtype {
        DType::F16 => FloatDType::F16,
        _ => FloatDType::BF16,
    };
    B::float_cast(x, dtype)
}

/// See [`OperatorKernels::fourier_block_forward`].
pub fn fourier_block_forward<B: OperatorKernels>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    skip: FloatTensor<B>,
    bias: FloatTensor<B>,
    transforms: FloatTensor<B>,
    grid: FourierGrid,
    activate: bool,
) -> (FloatTensor<B>, FloatTensor<B>) {
    if !is_half::<B>(&x, &weight) {
        return reference::fourier_block_forward::<B>(
            x, weight, skip, bias, transforms, grid, activate,
        );
    }
    let dtype = x.dtype();
    let x = wide::<B>(x);
    let (output, spectrum) =
        B::fourier_block_forward(x, weight, skip, bias, transforms, grid, activate);
    (rounded::<B>(output, dtype), spectrum)
}

/// See [`OperatorKernels::fourier_block_backward`].
#[allow(clippy::too_many_arguments)] // the operands of the block
pub fn fourier_block_backward<B: OperatorKernels>(
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
    if !is_half::<B>(&x, &weight) {
        return reference::fourier_block_backward::<B>(
            grad, x, spectrum, weight, skip, transforms, grid, activate,
        );
    }
    let dtype = x.dtype();
    let (grad, x) = (wide::<B>(grad), wide::<B>(x));
    let (dx, dweight, dskip, dbias) =
        B::fourier_block_backward(grad, x, spectrum, weight, skip, transforms, grid, activate);
    (rounded::<B>(dx, dtype), dweight, dskip, dbias)
}

/// See [`OperatorKernels::channel_mlp`].
pub fn channel_mlp<B: OperatorKernels>(
    x: FloatTensor<B>,
    first: FloatTensor<B>,
    first_bias: FloatTensor<B>,
    second: FloatTensor<B>,
    second_bias: FloatTensor<B>,
) -> FloatTensor<B> {
    if !is_half::<B>(&x, &first) {
        return reference::channel_mlp::<B>(x, first, first_bias, second, second_bias);
    }
    let dtype = x.dtype();
    let output = B::channel_mlp(wide::<B>(x), first, first_bias, second, second_bias);
    rounded::<B>(output, dtype)
}

/// See [`OperatorKernels::channel_mlp_backward`].
pub fn channel_mlp_backward<B: OperatorKernels>(
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
    if !is_half::<B>(&x, &first) {
        return reference::channel_mlp_backward::<B>(grad, x, first, first_bias, second);
    }
    let dtype = x.dtype();
    let (grad, x) = (wide::<B>(grad), wide::<B>(x));
    let (dx, dfirst, dfirst_bias, dsecond, dsecond_bias) =
        B::channel_mlp_backward(grad, x, first, first_bias, second);
    let dx = rounded::<B>(dx, dtype);
    (dx, dfirst, dfirst_bias, dsecond, dsecond_bias)
}

/// See [`OperatorKernels::bias_gelu`].
pub fn bias_gelu<B: OperatorKernels>(x: FloatTensor<B>, bias: FloatTensor<B>) -> FloatTensor<B> {
    if !is_half::<B>(&x, &bias) {
        return reference::bias_gelu::<B>(x, bias);
    }
    let dtype = x.dtype();
    rounded::<B>(B::bias_gelu(wide::<B>(x), bias), dtype)
}

/// See [`OperatorKernels::bias_gelu_backward`].
pub fn bias_gelu_backward<B: OperatorKernels>(
    x: FloatTensor<B>,
    bias: FloatTensor<B>,
    grad: FloatTensor<B>,
) -> FloatTensor<B> {
    if !is_half::<B>(&x, &bias) {
        return reference::bias_gelu_backward::<B>(x, bias, grad);
    }
    let dtype = x.dtype();
    let dx = B::bias_gelu_backward(wide::<B>(x), bias, wide::<B>(grad));
    rounded::<B>(dx, dtype)
}

/// See [`OperatorKernels::channel_sum`]; of 16-bit fields in f32, as the bias is.
pub fn channel_sum<B: OperatorKernels>(x: FloatTensor<B>) -> FloatTensor<B> {
    match x.dtype() {
        DType::BF16 | DType::F16 => B::channel_sum(wide::<B>(x)),
        _ => reference::channel_sum::<B>(x),
    }
}
