//! The operations in which a neural operator spends its time, as one backend extension.
//!
//! Each operation has a body of plain tensor primitives, which is the reference and what every
//! backend runs unless it brings its own. The transforms come in adjoint pairs: with the matrices
//! held fixed, [`OperatorKernels::fourier_analysis`] and [`OperatorKernels::fourier_synthesis`] are
//! transposes of each other. The backward pass of one is therefore the forward pass of the other, in
//! memory layouts that need no copy. Convolutional and spherical networks have extensions of their
//! own, [`grid`] and [`sphere`].

// Gradients come as tuples of tensors.
#![allow(clippy::type_complexity)]

mod autodiff;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod cube;
mod flex;
pub mod grid;
mod half;
pub mod jets;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod metadata;
pub(crate) mod reference;
pub mod sphere;
#[cfg(test)]
mod tests;

use burn::backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;

/// Sizes of a Fourier transform: `(D, H, W)` points and modes, 1 for absent dimensions.
///
/// Modes along z and y are counted with both signs, those along x are 0, 1, ...
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FourierGrid {
    /// Points.
    pub sizes: [usize; 3],
    /// Modes, at most as many as points and along x at most `W / 2 + 1`.
    pub modes: [usize; 3],
}

impl FourierGrid {
    /// Number of points, `P`.
    pub fn point_count(&self) -> usize {
        self.sizes.iter().product()
    }

    /// Number of modes, `M`.
    pub fn mode_count(&self) -> usize {
        self.modes.iter().product()
    }

    /// Shapes of the matrices of each dimension, x first: analysis and synthesis are each
    /// `[2 Kx, W]` (real and imaginary parts of modes, points) along x and `[2 K, 2 N]` (parts of
    /// modes, parts of points) along y and z, which come only where some dimension slower than x
    /// has more than one point.
    pub fn matrices(&self) -> impl Iterator<Item = [usize; 2]> {
        let [depth, height, width] = self.sizes;
        let [kz, ky, kx] = self.modes;
        [
            (true, [2 * kx, width]),
            (height > 1 || depth > 1, [2 * ky, 2 * height]),
            (depth > 1, [2 * kz, 2 * depth]),
        ]
        .into_iter()
        .filter_map(|(wanted, shape)| wanted.then_some(shape))
    }
}

/// Constants of one AdamW update.
#[derive(Clone, Copy, Debug)]
pub struct AdamWStep {
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Learning rate over the first moment's bias correction.
    pub rate: f32,
    /// Reciprocal root of the second moment's bias correction.
    pub root: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// Share of the weights that decays.
    pub decay: f32,
    /// Bound of the gradient norm; 0 for none.
    pub clip: f32,
    /// Share of the new weights in the moving average.
    pub average: f32,
}

/// Kernels of the spectral layers, shaped for matrix products: `B` batch, `C` channels, `P` points,
/// `M` modes.
#[backend_extension(
    Flex,
    Cube: cfg(any(feature = "cuda", feature = "wgpu")),
    Fusion: cfg(any(feature = "cuda", feature = "wgpu")),
    Autodiff
)]
pub trait OperatorKernels: Backend {
    /// Field `[B, C, P]` on `grid` to spectrum `[M, B, 2, C]` (real and imaginary part), or the
    /// adjoint of [`OperatorKernels::fourier_synthesis`].
    ///
    /// `transforms` holds the matrices of all dimensions one after the other, see
    /// [`FourierGrid::matrices`]. They are constants.
    #[fusion(meta = metadata::analysis)]
    fn fourier_analysis(
        x: FloatTensor<Self>,
        transforms: FloatTensor<Self>,
        grid: FourierGrid,
        adjoint: bool,
    ) -> FloatTensor<Self> {
        reference::fourier_analysis::<Self>(x, transforms, grid, adjoint)
    }

    /// Spectrum `[M, B, 2, C]` to field `[B, C, P]`, or the adjoint of
    /// [`OperatorKernels::fourier_analysis`].
    #[fusion(meta = metadata::synthesis)]
    fn fourier_synthesis(
        spectrum: FloatTensor<Self>,
        transforms: FloatTensor<Self>,
        grid: FourierGrid,
        adjoint: bool,
    ) -> FloatTensor<Self> {
        reference::fourier_synthesis::<Self>(spectrum, transforms, grid, adjoint)
    }

    /// `S(R A(a)) + W a + b` with `a = gelu(x)` or `x`: analysis, a complex channel matrix for each
    /// mode, synthesis, and a channel matrix at each point.
    ///
    /// `x` `[B, Ci, P]`, `weight` `[M, Ci, 2 Co]` (channel, part), `skip` `[Co, Ci]`, `bias` `[Co]`.
    #[fusion(default)]
    fn fourier_block(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        skip: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        transforms: FloatTensor<Self>,
        grid: FourierGrid,
        activate: bool,
    ) -> FloatTensor<Self> {
        Self::fourier_block_forward(x, weight, skip, bias, transforms, grid, activate).0
    }

    /// [`OperatorKernels::fourier_block`], and the spectrum `[M, B, 2, Ci]` that its backward pass
    /// wants.
    #[fusion(meta = metadata::block_forward)]
    fn fourier_block_forward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        skip: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        transforms: FloatTensor<Self>,
        grid: FourierGrid,
        activate: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        half::fourier_block_forward::<Self>(x, weight, skip, bias, transforms, grid, activate)
    }

    /// Gradients of [`OperatorKernels::fourier_block`]: x, weight, skip, bias.
    #[fusion(meta = metadata::block_backward)]
    #[allow(clippy::too_many_arguments)] // the operands of the block
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
        half::fourier_block_backward::<Self>(
            grad, x, spectrum, weight, skip, transforms, grid, activate,
        )
    }

    /// `second gelu(first x + first_bias) + second_bias` at each point of `x` `[B, Ci, P]`.
    #[fusion(meta = metadata::mlp)]
    fn channel_mlp(
        x: FloatTensor<Self>,
        first: FloatTensor<Self>,
        first_bias: FloatTensor<Self>,
        second: FloatTensor<Self>,
        second_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        half::channel_mlp::<Self>(x, first, first_bias, second, second_bias)
    }

    /// Gradients of [`OperatorKernels::channel_mlp`]: x, first, its bias, second, its bias.
    #[fusion(meta = metadata::mlp_backward)]
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
        half::channel_mlp_backward::<Self>(grad, x, first, first_bias, second)
    }

    /// `added + weight x + bias` at each point, and `gelu` of it with `activate`: `added` `[B, Co, P]`,
    /// `x` `[B, Ci, P]`, `weight` `[Co, Ci]`, `bias` `[Co]`. What a spherical convolution or an
    /// earlier layer gave is `added` to.
    #[fusion(default)]
    fn channel_add(
        added: FloatTensor<Self>,
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activate: bool,
    ) -> FloatTensor<Self> {
        Self::channel_add_forward(added, x, weight, bias, activate).1
    }

    /// The sum before the activation and [`OperatorKernels::channel_add`], which is the same tensor
    /// without activation.
    #[fusion(meta = metadata::channel_add)]
    fn channel_add_forward(
        added: FloatTensor<Self>,
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activate: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        reference::channel_add_forward::<Self>(added, x, weight, bias, activate)
    }

    /// Gradients of x and weight for that of the sum in [`OperatorKernels::channel_add`].
    #[fusion(meta = metadata::channel_add_backward)]
    fn channel_add_backward(
        grad: FloatTensor<Self>,
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        reference::channel_add_backward::<Self>(grad, x, weight)
    }

    /// `gelu(x + bias)` of `x` `[B, C, P]` and `bias` `[C]`, with the exact (error function) GELU.
    #[fusion(meta = metadata::bias_gelu)]
    fn bias_gelu(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        half::bias_gelu::<Self>(x, bias)
    }

    /// Gradient of [`OperatorKernels::bias_gelu`] with respect to `x`, `[B, C, P]`.
    #[fusion(meta = metadata::bias_gelu_backward)]
    fn bias_gelu_backward(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        half::bias_gelu_backward::<Self>(x, bias, grad)
    }

    /// One AdamW update of all elements: new weights, moments and moving average, the latter three
    /// flat. `norm` `[1]` is the global norm of the gradients, which are scaled down where it exceeds
    /// `step.clip`; without a bound it is not read.
    #[fusion(meta = metadata::adamw)]
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
        reference::adamw::<Self>(weights, grad, first, second, average, norm, step)
    }

    /// Sums `[B, C, P]` over batch and points to `[C]`: the gradient of a bias, in f32 where fields
    /// have 16 bits.
    #[fusion(meta = metadata::channel_sum)]
    fn channel_sum(x: FloatTensor<Self>) -> FloatTensor<Self> {
        half::channel_sum::<Self>(x)
    }
}

/// See [`OperatorKernels::fourier_analysis`].
pub fn fourier_analysis(x: Tensor<3>, transforms: Tensor<1>, grid: FourierGrid) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as OperatorKernels>::fourier_analysis(
        x.into_dispatch(),
        transforms.into_dispatch(),
        grid,
        false,
    ))
}

/// See [`OperatorKernels::fourier_synthesis`].
pub fn fourier_synthesis(
    spectrum: Tensor<4>,
    transforms: Tensor<1>,
    grid: FourierGrid,
) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as OperatorKernels>::fourier_synthesis(
        spectrum.into_dispatch(),
        transforms.into_dispatch(),
        grid,
        false,
    ))
}

/// See [`OperatorKernels::fourier_block`].
pub fn fourier_block(
    x: Tensor<3>,
    weight: Tensor<3>,
    skip: Tensor<2>,
    bias: Tensor<1>,
    transforms: Tensor<1>,
    grid: FourierGrid,
    activate: bool,
) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as OperatorKernels>::fourier_block(
        x.into_dispatch(),
        weight.into_dispatch(),
        skip.into_dispatch(),
        bias.into_dispatch(),
        transforms.into_dispatch(),
        grid,
        activate,
    ))
}

/// See [`OperatorKernels::channel_mlp`].
pub fn channel_mlp(
    x: Tensor<3>,
    first: Tensor<2>,
    first_bias: Tensor<1>,
    second: Tensor<2>,
    second_bias: Tensor<1>,
) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as OperatorKernels>::channel_mlp(
        x.into_dispatch(),
        first.into_dispatch(),
        first_bias.into_dispatch(),
        second.into_dispatch(),
        second_bias.into_dispatch(),
    ))
}

/// See [`OperatorKernels::channel_add`].
pub fn channel_add(
    added: Tensor<3>,
    x: Tensor<3>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    activate: bool,
) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as OperatorKernels>::channel_add(
        added.into_dispatch(),
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        activate,
    ))
}

/// See [`OperatorKernels::bias_gelu`].
pub fn bias_gelu(x: Tensor<3>, bias: Tensor<1>) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as OperatorKernels>::bias_gelu(
        x.into_dispatch(),
        bias.into_dispatch(),
    ))
}

/// See [`OperatorKernels::adamw`]; tensors without autodiff.
pub fn adamw<const D: usize>(
    weights: Tensor<D>,
    grad: Tensor<D>,
    [first, second, average]: [Tensor<1>; 3],
    norm: Tensor<1>,
    step: AdamWStep,
) -> (Tensor<D>, [Tensor<1>; 3]) {
    let (weights, first, second, average) = <Dispatch as OperatorKernels>::adamw(
        weights.into_dispatch(),
        grad.into_dispatch(),
        first.into_dispatch(),
        second.into_dispatch(),
        average.into_dispatch(),
        norm.into_dispatch(),
        step,
    );
    let state = [first, second, average].map(Tensor::from_dispatch);
    (Tensor::from_dispatch(weights), state)
}
