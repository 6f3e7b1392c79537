//! The operations of spherical networks, as a third backend extension.
//!
//! `B` batch, `C` channels, `J` latitudes (rows), `I` longitudes (columns), `M` zonal orders, `L`
//! total degrees. A complex axis of length 2 is always merged into its right neighbour: `2C` means
//! (re/im, channel).
//!
//! Transforms come with their matrices. Those of Fourier, `dft` `[2M, I]`, hold for each order a row
//! that is even in the longitude (cosines) and one that is odd (sines); those of Legendre, `[M, L, J]`,
//! are 0 where `l < m`. With the matrices held fixed, [`SphereKernels::harmonic_analysis`] and
//! [`SphereKernels::harmonic_synthesis`] are transposes of each other, so that the backward pass of one
//! is the forward pass of the other.

// Gradients come as tuples of tensors.
#![allow(clippy::type_complexity)]

mod autodiff;
pub(crate) mod reference;
#[cfg(test)]
mod tests;

use burn::backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;

/// Kernels of spherical networks.
#[backend_extension(
    Flex,
    Cube: cfg(any(feature = "cuda", feature = "wgpu")),
    Fusion: cfg(any(feature = "cuda", feature = "wgpu")),
    Autodiff
)]
pub trait SphereKernels: Backend {
    /// Field `[B, C, J, I]` to spectrum `[B, M, L, 2C]` with the Fourier matrix `dft` `[2M, I]`
    /// and the Legendre matrices `legendre` `[M, L, J]`.
    #[fusion(default)]
    fn harmonic_analysis(
        field: FloatTensor<Self>,
        dft: FloatTensor<Self>,
        legendre: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        reference::harmonic_analysis::<Self>(field, dft, legendre)
    }

    /// Spectrum `[B, M, L, 2C]` to field `[B, C, J, I]`; the transpose of
    /// [`SphereKernels::harmonic_analysis`] with the same matrices.
    #[fusion(default)]
    fn harmonic_synthesis(
        spectrum: FloatTensor<Self>,
        dft: FloatTensor<Self>,
        legendre: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        reference::harmonic_synthesis::<Self>(spectrum, dft, legendre)
    }

    /// `S(R_l A(x))`: analysis of `x` `[B, Ci, J, I]`, a complex channel matrix for each degree, and
    /// synthesis, `[B, Co, J, I]`. `weight` `[L, Ci, 2 Co]` holds real, then imaginary parts.
    #[fusion(default)]
    fn harmonic_block(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        dft_analysis: FloatTensor<Self>,
        legendre_analysis: FloatTensor<Self>,
        dft_synthesis: FloatTensor<Self>,
        legendre_synthesis: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        Self::harmonic_block_forward(
            x,
            weight,
            dft_analysis,
            legendre_analysis,
            dft_synthesis,
            legendre_synthesis,
        )
        .0
    }

    /// [`SphereKernels::harmonic_block`], and the spectrum `[L, B M, 2 Ci]` that its backward pass
    /// wants, with the rows of a degree in the backend's own order.
    #[fusion(default)]
    fn harmonic_block_forward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        dft_analysis: FloatTensor<Self>,
        legendre_analysis: FloatTensor<Self>,
        dft_synthesis: FloatTensor<Self>,
        legendre_synthesis: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        reference::harmonic_block_forward::<Self>(
            x,
            weight,
            [dft_analysis, legendre_analysis],
            [dft_synthesis, legendre_synthesis],
        )
    }

    /// Gradients of [`SphereKernels::harmonic_block`]: x, weight.
    #[fusion(default)]
    fn harmonic_block_backward(
        grad: FloatTensor<Self>,
        spectrum: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        dft_analysis: FloatTensor<Self>,
        legendre_analysis: FloatTensor<Self>,
        dft_synthesis: FloatTensor<Self>,
        legendre_synthesis: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        reference::harmonic_block_backward::<Self>(
            grad,
            spectrum,
            weight,
            [dft_analysis, legendre_analysis],
            [dft_synthesis, legendre_synthesis],
        )
    }
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
impl SphereKernels for burn_cubecl::CubeBackend {}

/// See [`SphereKernels::harmonic_analysis`].
pub fn harmonic_analysis(field: Tensor<4>, dft: Tensor<2>, legendre: Tensor<3>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as SphereKernels>::harmonic_analysis(
        field.into_dispatch(),
        dft.into_dispatch(),
        legendre.into_dispatch(),
    ))
}

/// See [`SphereKernels::harmonic_synthesis`].
pub fn harmonic_synthesis(spectrum: Tensor<4>, dft: Tensor<2>, legendre: Tensor<3>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as SphereKernels>::harmonic_synthesis(
        spectrum.into_dispatch(),
        dft.into_dispatch(),
        legendre.into_dispatch(),
    ))
}

/// See [`SphereKernels::harmonic_block`]; matrices of Fourier and of Legendre for each direction.
pub fn harmonic_block(
    x: Tensor<4>,
    weight: Tensor<3>,
    analysis: (Tensor<2>, Tensor<3>),
    synthesis: (Tensor<2>, Tensor<3>),
) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as SphereKernels>::harmonic_block(
        x.into_dispatch(),
        weight.into_dispatch(),
        analysis.0.into_dispatch(),
        analysis.1.into_dispatch(),
        synthesis.0.into_dispatch(),
        synthesis.1.into_dispatch(),
    ))
}
