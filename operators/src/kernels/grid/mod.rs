//! The operations of convolutional networks on a grid, as a second backend extension.
//!
//! Fields are `[B, C, P]` with the points of a grid row by row, as everywhere. Each operation has a
//! body of plain tensor primitives, the reference, and one on the CPU that works in cache and on all
//! cores. A convolution keeps the grid, and its adjoint is the convolution with the mirrored kernel
//! for both ways to go on beyond the edges, so that forward and backward pass are one operation.

// Gradients come as tuples of tensors.
#![allow(clippy::type_complexity)]

mod autodiff;
pub(crate) mod reference;
#[cfg(test)]
mod tests;

use burn::backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;

/// A grid of points, and what lies beyond its edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Plane {
    /// Rows; a line has one.
    pub rows: usize,
    /// Points of a row.
    pub columns: usize,
    /// Whether the field is repeated beyond the edges; it is zero there otherwise.
    pub periodic: bool,
}

/// Added to a variance before its root is taken.
pub const EPSILON: f64 = 1e-5;

/// Kernels of convolutional networks; `B` batch, `C` channels, `P` points.
#[backend_extension(
    Flex,
    Cube: cfg(any(feature = "cuda", feature = "wgpu")),
    Fusion: cfg(any(feature = "cuda", feature = "wgpu")),
    Autodiff
)]
pub trait GridKernels: Backend {
    /// `y_o(p) = sum over i, q of w_oi(q) x_i(p + q)`, `q` from `-K/2` to `K/2` along both axes, of
    /// `x` `[B, Ci, P]` and `weight` `[Co, Ci, Ky, Kx]` with odd `Ky` and `Kx`: `[B, Co, P]`. With
    /// `adjoint`, the transpose: of `[B, Co, P]` to `[B, Ci, P]`.
    #[fusion(default)]
    fn convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        plane: Plane,
        adjoint: bool,
    ) -> FloatTensor<Self> {
        reference::convolution::<Self>(x, weight, plane, adjoint)
    }

    /// Gradient of [`GridKernels::convolution`] with respect to the weight, which is only looked at
    /// for its shape; for the gradient `[B, Co, P]` of the output.
    #[fusion(default)]
    fn convolution_weight(
        grad: FloatTensor<Self>,
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        plane: Plane,
    ) -> FloatTensor<Self> {
        reference::convolution_weight::<Self>(grad, x, weight, plane)
    }

    /// `gelu(gain (x + bias - mean) / deviation + shift)` with mean and deviation of `x + bias` over
    /// all channels and points of a sample: group normalisation (Wu and He 2018) with one group, and
    /// its activation. `x` `[B, C, P]`, the others `[C]`.
    #[fusion(default)]
    fn norm_gelu(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        shift: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        Self::norm_gelu_forward(x, bias, gain, shift).0
    }

    /// [`GridKernels::norm_gelu`], and mean and `1 / deviation` of each sample, `[B, 2]`.
    #[fusion(default)]
    fn norm_gelu_forward(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        shift: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        reference::norm_gelu_forward::<Self>(x, bias, gain, shift)
    }

    /// Gradients of [`GridKernels::norm_gelu`]: x, bias, gain, shift.
    #[fusion(default)]
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
        reference::norm_gelu_backward::<Self>(grad, x, bias, moments, gain, shift)
    }
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
impl GridKernels for burn_cubecl::CubeBackend {}

/// See [`GridKernels::convolution`].
pub fn convolution(x: Tensor<3>, weight: Tensor<4>, plane: Plane) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as GridKernels>::convolution(
        x.into_dispatch(),
        weight.into_dispatch(),
        plane,
        false,
    ))
}

/// See [`GridKernels::norm_gelu`].
pub fn norm_gelu(x: Tensor<3>, bias: Tensor<1>, gain: Tensor<1>, shift: Tensor<1>) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as GridKernels>::norm_gelu(
        x.into_dispatch(),
        bias.into_dispatch(),
        gain.into_dispatch(),
        shift.into_dispatch(),
    ))
}
