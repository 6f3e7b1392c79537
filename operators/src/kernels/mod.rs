//! The operations in which a neural operator spends its time, as one backend extension.
//!
//! Each operation has a body of plain tensor primitives, which is the reference and what every
//! backend runs unless it brings its own. The transforms come in adjoint pairs: with the matrices
//! held fixed, [`OperatorKernels::harmonic_analysis`] and [`OperatorKernels::harmonic_synthesis`]
//! are transposes of each other, and so are the two Fourier operations. The backward pass of one
//! is therefore the forward pass of the other, in memory layouts that need no copy.

mod autodiff;
mod flex;

use burn::backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::{Shape, Tensor};

/// Kernels of the spectral layers, shaped for matrix products.
///
/// `B` batch, `C` channels, `J` latitudes (rows), `I` longitudes (columns), `M` zonal orders,
/// `L` total degrees. A complex axis of length 2 is always merged into its right neighbour:
/// `2C` means (re/im, channel).
#[backend_extension(
    Flex,
    Cube: cfg(any(feature = "cuda", feature = "wgpu")),
    Fusion: cfg(any(feature = "cuda", feature = "wgpu")),
    Autodiff
)]
pub trait OperatorKernels: Backend {
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
    /// [`OperatorKernels::harmonic_analysis`] with the same matrices.
    #[fusion(default)]
    fn harmonic_synthesis(
        spectrum: FloatTensor<Self>,
        dft: FloatTensor<Self>,
        legendre: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        reference::harmonic_synthesis::<Self>(spectrum, dft, legendre)
    }

    /// Mixes the channels of each degree: `[B, M, L, Ci]` times `[L, Ci, Co]` is `[B, M, L, Co]`.
    #[fusion(default)]
    fn degree_mix(spectrum: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        reference::degree_mix::<Self>(spectrum, weight)
    }

    /// Field `[B, C, J, I]` to spectrum `[B, 2C, Ky, Kx]` (here the complex axis follows the
    /// channel) with `columns` `[2Kx, I]` and `rows` `[2Ky, 2J]`.
    #[fusion(default)]
    fn fourier_analysis(
        field: FloatTensor<Self>,
        columns: FloatTensor<Self>,
        rows: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        reference::fourier_analysis::<Self>(field, columns, rows)
    }

    /// Spectrum `[B, 2C, Ky, Kx]` to field `[B, C, J, I]`; the transpose of
    /// [`OperatorKernels::fourier_analysis`] with the same matrices.
    #[fusion(default)]
    fn fourier_synthesis(
        spectrum: FloatTensor<Self>,
        columns: FloatTensor<Self>,
        rows: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        reference::fourier_synthesis::<Self>(spectrum, columns, rows)
    }

    /// `gelu(x + bias)` of `x` `[B, C, P]` and `bias` `[C]`, with the exact (error function) GELU.
    #[fusion(default)]
    fn bias_gelu(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        reference::bias_gelu::<Self>(x, bias)
    }

    /// Gradient of [`OperatorKernels::bias_gelu`] with respect to `x`, `[B, C, P]`.
    #[fusion(default)]
    fn bias_gelu_backward(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        reference::bias_gelu_backward::<Self>(x, bias, grad)
    }

    /// Sums `[B, C, P]` over batch and points to `[C]`: the gradient of a bias.
    #[fusion(default)]
    fn channel_sum(x: FloatTensor<Self>) -> FloatTensor<Self> {
        reference::channel_sum::<Self>(x)
    }
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
impl OperatorKernels for burn_cubecl::CubeBackend {}

/// The plain-primitive bodies.
pub(crate) mod reference {
    use super::{Backend, FloatTensor, Shape};
    use burn::backend::TensorMetadata;

    fn with_batch_axis<B: Backend>(matrix: FloatTensor<B>) -> FloatTensor<B> {
        let mut dims = vec![1];
        dims.extend(matrix.shape().iter().copied());
        B::float_reshape(matrix, Shape::from(dims))
    }

    fn dims<B: Backend, const N: usize>(tensor: &FloatTensor<B>) -> [usize; N] {
        tensor.shape().dims::<N>()
    }

    pub fn harmonic_analysis<B: Backend>(
        field: FloatTensor<B>,
        dft: FloatTensor<B>,
        legendre: FloatTensor<B>,
    ) -> FloatTensor<B> {
        let [batch, channels, lat, lon] = dims::<B, 4>(&field);
        let [orders, _, _] = dims::<B, 3>(&legendre);
        let rows = B::float_reshape(field, Shape::from([batch, channels * lat, lon]));
        // [B, 2M, C J]: computing the transpose directly leaves the order outermost.
        let zonal = B::float_matmul(with_batch_axis::<B>(dft), B::float_transpose(rows));
        let zonal = B::float_reshape(zonal, Shape::from([batch, orders, 2 * channels, lat]));
        B::float_matmul(with_batch_axis::<B>(legendre), B::float_transpose(zonal))
    }

    pub fn harmonic_synthesis<B: Backend>(
        spectrum: FloatTensor<B>,
        dft: FloatTensor<B>,
        legendre: FloatTensor<B>,
    ) -> FloatTensor<B> {
        let [batch, orders, _, pairs] = dims::<B, 4>(&spectrum);
        let [_, _, lat] = dims::<B, 3>(&legendre);
        let [_, lon] = dims::<B, 2>(&dft);
        let channels = pairs / 2;
        let zonal = B::float_matmul(B::float_transpose(spectrum), with_batch_axis::<B>(legendre));
        let zonal = B::float_reshape(zonal, Shape::from([batch, 2 * orders, channels * lat]));
        let field = B::float_matmul(B::float_transpose(zonal), with_batch_axis::<B>(dft));
        B::float_reshape(field, Shape::from([batch, channels, lat, lon]))
    }

    /// `[B, M, L, C]` seen as `[L, B M, C]`: strides only, no copy, when the input is contiguous.
    fn by_degree<B: Backend>(spectrum: FloatTensor<B>) -> FloatTensor<B> {
        let [batch, orders, degrees, channels] = dims::<B, 4>(&spectrum);
        let merged = B::float_reshape(spectrum, Shape::from([batch * orders, degrees, channels]));
        B::float_swap_dims(merged, 0, 1)
    }

    pub fn degree_mix<B: Backend>(
        spectrum: FloatTensor<B>,
        weight: FloatTensor<B>,
    ) -> FloatTensor<B> {
        let [batch, orders, degrees, _] = dims::<B, 4>(&spectrum);
        let [_, _, out] = dims::<B, 3>(&weight);
        let mixed = B::float_matmul(by_degree::<B>(spectrum), weight);
        let mixed = B::float_reshape(mixed, Shape::from([degrees, batch, orders, out]));
        B::float_permute(mixed, &[1, 2, 0, 3])
    }

    /// Gradient of [`degree_mix`] with respect to the weight, `[L, Ci, Co]`.
    pub fn degree_mix_weight<B: Backend>(
        spectrum: FloatTensor<B>,
        grad: FloatTensor<B>,
    ) -> FloatTensor<B> {
        let spectrum = B::float_transpose(by_degree::<B>(spectrum));
        B::float_matmul(spectrum, by_degree::<B>(grad))
    }

    pub fn fourier_analysis<B: Backend>(
        field: FloatTensor<B>,
        columns: FloatTensor<B>,
        rows: FloatTensor<B>,
    ) -> FloatTensor<B> {
        let [batch, channels, lat, lon] = dims::<B, 4>(&field);
        let [kx2, _] = dims::<B, 2>(&columns);
        let [ky2, _] = dims::<B, 2>(&rows);
        let (kx, ky) = (kx2 / 2, ky2 / 2);
        let lines = B::float_reshape(field, Shape::from([batch * channels * lat, lon]));
        let lines = B::float_matmul(lines, B::float_transpose(columns));
        let planes = B::float_reshape(lines, Shape::from([batch * channels, 2 * lat, kx]));
        let spectrum = B::float_matmul(with_batch_axis::<B>(rows), planes);
        B::float_reshape(spectrum, Shape::from([batch, 2 * channels, ky, kx]))
    }

    pub fn fourier_synthesis<B: Backend>(
        spectrum: FloatTensor<B>,
        columns: FloatTensor<B>,
        rows: FloatTensor<B>,
    ) -> FloatTensor<B> {
        let [batch, pairs, ky, kx] = dims::<B, 4>(&spectrum);
        let [_, lon] = dims::<B, 2>(&columns);
        let [_, lat2] = dims::<B, 2>(&rows);
        let (channels, lat) = (pairs / 2, lat2 / 2);
        let planes = B::float_reshape(spectrum, Shape::from([batch * channels, 2 * ky, kx]));
        let planes = B::float_matmul(with_batch_axis::<B>(B::float_transpose(rows)), planes);
        let lines = B::float_reshape(planes, Shape::from([batch * channels * lat, 2 * kx]));
        let field = B::float_matmul(lines, columns);
        B::float_reshape(field, Shape::from([batch, channels, lat, lon]))
    }

    fn add_bias<B: Backend>(x: FloatTensor<B>, bias: FloatTensor<B>) -> FloatTensor<B> {
        let [channels] = dims::<B, 1>(&bias);
        B::float_add(x, B::float_reshape(bias, Shape::from([1, channels, 1])))
    }

    pub fn bias_gelu<B: Backend>(x: FloatTensor<B>, bias: FloatTensor<B>) -> FloatTensor<B> {
        let z = add_bias::<B>(x, bias);
        let erf = B::float_erf(B::float_mul_scalar(
            z.clone(),
            std::f64::consts::FRAC_1_SQRT_2.into(),
        ));
        let cdf = B::float_mul_scalar(B::float_add_scalar(erf, 1.0.into()), 0.5.into());
        B::float_mul(z, cdf)
    }

    pub fn bias_gelu_backward<B: Backend>(
        x: FloatTensor<B>,
        bias: FloatTensor<B>,
        grad: FloatTensor<B>,
    ) -> FloatTensor<B> {
        let z = add_bias::<B>(x, bias);
        let erf = B::float_erf(B::float_mul_scalar(
            z.clone(),
            std::f64::consts::FRAC_1_SQRT_2.into(),
        ));
        let cdf = B::float_mul_scalar(B::float_add_scalar(erf, 1.0.into()), 0.5.into());
        let square = B::float_mul(z.clone(), z.clone());
        let pdf = B::float_mul_scalar(
            B::float_exp(B::float_mul_scalar(square, (-0.5).into())),
            (1.0 / (2.0 * std::f64::consts::PI).sqrt()).into(),
        );
        B::float_mul(grad, B::float_add(cdf, B::float_mul(z, pdf)))
    }

    pub fn channel_sum<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
        let [_, channels, _] = dims::<B, 3>(&x);
        let sum = B::float_sum_dim(B::float_sum_dim(x, 2), 0);
        B::float_reshape(sum, Shape::from([channels]))
    }
}

/// See [`OperatorKernels::harmonic_analysis`].
pub fn harmonic_analysis(field: Tensor<4>, dft: Tensor<2>, legendre: Tensor<3>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as OperatorKernels>::harmonic_analysis(
        field.into_dispatch(),
        dft.into_dispatch(),
        legendre.into_dispatch(),
    ))
}

/// See [`OperatorKernels::harmonic_synthesis`].
pub fn harmonic_synthesis(spectrum: Tensor<4>, dft: Tensor<2>, legendre: Tensor<3>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as OperatorKernels>::harmonic_synthesis(
        spectrum.into_dispatch(),
        dft.into_dispatch(),
        legendre.into_dispatch(),
    ))
}

/// See [`OperatorKernels::degree_mix`].
pub fn degree_mix(spectrum: Tensor<4>, weight: Tensor<3>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as OperatorKernels>::degree_mix(
        spectrum.into_dispatch(),
        weight.into_dispatch(),
    ))
}

/// See [`OperatorKernels::fourier_analysis`].
pub fn fourier_analysis(field: Tensor<4>, columns: Tensor<2>, rows: Tensor<2>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as OperatorKernels>::fourier_analysis(
        field.into_dispatch(),
        columns.into_dispatch(),
        rows.into_dispatch(),
    ))
}

/// See [`OperatorKernels::fourier_synthesis`].
pub fn fourier_synthesis(spectrum: Tensor<4>, columns: Tensor<2>, rows: Tensor<2>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as OperatorKernels>::fourier_synthesis(
        spectrum.into_dispatch(),
        columns.into_dispatch(),
        rows.into_dispatch(),
    ))
}

/// See [`OperatorKernels::bias_gelu`].
pub fn bias_gelu(x: Tensor<3>, bias: Tensor<1>) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as OperatorKernels>::bias_gelu(
        x.into_dispatch(),
        bias.into_dispatch(),
    ))
}
