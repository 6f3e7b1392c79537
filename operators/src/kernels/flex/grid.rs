//! The operations of convolutional networks: checks, layouts and shapes around their CPU bodies.

use super::convolution::{Sizes, by_tap, convolution, weight_gradient};
use super::{are_f32, contiguous, normalise, values};
use crate::kernels::grid::{GridKernels, Plane, reference};
use burn::backend::{Flex, TensorMetadata, flex::FlexTensor, tensor::FloatTensor};
use burn::tensor::Shape;

fn sizes(x: &FlexTensor, weight: &FlexTensor, plane: Plane) -> (Sizes, [usize; 2]) {
    let [batch, _, _] = x.shape().dims::<3>();
    let [outputs, inputs, ky, kx] = weight.shape().dims::<4>();
    let kernel = [ky, kx];
    let sizes = Sizes {
        batch,
        plane,
        kernel,
    };
    (sizes, [outputs, inputs])
}

fn operands<'a>(
    x: &'a FlexTensor,
    bias: &'a FlexTensor,
    gain: &'a FlexTensor,
    shift: &'a FlexTensor,
) -> normalise::Operands<'a> {
    let [batch, _, points] = x.shape().dims::<3>();
    normalise::Operands {
        x: values(x),
        bias: values(bias),
        gain: values(gain),
        shift: values(shift),
        batch,
        points,
    }
}

/// Whether there is nothing to work on.
fn is_empty(x: &FlexTensor) -> bool {
    x.shape().num_elements() == 0
}

impl GridKernels for Flex {
    fn convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        plane: Plane,
        adjoint: bool,
    ) -> FloatTensor<Self> {
        if !are_f32(&[&x, &weight]) || is_empty(&x) {
            return reference::convolution::<Self>(x, weight, plane, adjoint);
        }
        let [x, weight] = [x, weight].map(contiguous);
        let (sizes, channels) = sizes(&x, &weight, plane);
        let packed = by_tap(values(&weight), channels, adjoint);
        let channels = match adjoint {
            true => [channels[1], channels[0]],
            false => channels,
        };
        let output = convolution(sizes, channels, values(&x), &packed);
        let points = plane.rows * plane.columns;
        output.into_tensor(Shape::from([sizes.batch, channels[0], points]))
    }

    fn convolution_weight(
        grad: FloatTensor<Self>,
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        plane: Plane,
    ) -> FloatTensor<Self> {
        if !are_f32(&[&grad, &x]) || is_empty(&x) {
            return reference::convolution_weight::<Self>(grad, x, weight, plane);
        }
        let [grad, x] = [grad, x].map(contiguous);
        let (sizes, channels) = sizes(&x, &weight, plane);
        weight_gradient(sizes, channels, values(&grad), values(&x)).into_tensor(weight.shape())
    }

    fn norm_gelu_forward(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        shift: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        if !are_f32(&[&x, &bias, &gain, &shift]) || is_empty(&x) {
            return reference::norm_gelu_forward::<Self>(x, bias, gain, shift);
        }
        let [x, bias, gain, shift] = [x, bias, gain, shift].map(contiguous);
        let operands = operands(&x, &bias, &gain, &shift);
        let (output, moments) = normalise::forward(operands);
        let moments = moments.into_tensor(Shape::from([operands.batch, 2]));
        (output.into_tensor(x.shape()), moments)
    }

    fn norm_gelu_backward(
        grad: FloatTensor<Self>,
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        shift: FloatTensor<Self>,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    ) {
        if !are_f32(&[&grad, &x, &bias, &moments, &gain, &shift]) || is_empty(&x) {
            return reference::norm_gelu_backward::<Self>(grad, x, bias, moments, gain, shift);
        }
        let [grad, x, bias, moments, gain, shift] =
            [grad, x, bias, moments, gain, shift].map(contiguous);
        let operands = operands(&x, &bias, &gain, &shift);
        let [to_x, to_bias, to_gain, to_shift] =
            normalise::backward(operands, values(&moments), values(&grad));
        (
            to_x.into_tensor(x.shape()),
            to_bias.into_tensor(bias.shape()),
            to_gain.into_tensor(gain.shape()),
            to_shift.into_tensor(shift.shape()),
        )
    }
}
