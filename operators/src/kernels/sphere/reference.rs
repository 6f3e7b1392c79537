//! The bodies in plain tensor primitives.

use super::super::reference::{dims, with_batch_axis};
use burn::backend::{Backend, TensorMetadata, tensor::FloatTensor};
use burn::tensor::{Shape, Slice};

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

/// The inverse of [`by_degree`].
fn by_sample<B: Backend>(spectrum: FloatTensor<B>, batch: usize) -> FloatTensor<B> {
    let [degrees, rows, channels] = dims::<B, 3>(&spectrum);
    let split = Shape::from([degrees, batch, rows / batch, channels]);
    B::float_permute(B::float_reshape(spectrum, split), &[1, 2, 0, 3])
}

/// Both halves of an axis.
fn halves<B: Backend>(tensor: FloatTensor<B>, axis: usize) -> [FloatTensor<B>; 2] {
    let size = tensor.shape()[axis];
    [0..size / 2, size / 2..size].map(|half| {
        let mut slices = vec![Slice::full(); 3];
        slices[axis] = Slice::from(half);
        B::float_slice(tensor.clone(), &slices)
    })
}

/// `[L, Ci, 2 Co]` as real matrices `[L, 2 Ci, 2 Co]` on (part, channel) vectors: rows `[Re, Im]` for
/// the real and `[-Im, Re]` for the imaginary parts.
fn on_parts<B: Backend>(weight: FloatTensor<B>) -> FloatTensor<B> {
    let [real, imaginary] = halves::<B>(weight.clone(), 2);
    let turned = B::float_cat(vec![B::float_neg(imaginary), real], 2);
    B::float_cat(vec![weight, turned], 1)
}

/// Matrices of Fourier and of Legendre, one direction.
pub type Matrices<B> = [FloatTensor<B>; 2];

pub fn harmonic_block_forward<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    [dft_analysis, legendre_analysis]: Matrices<B>,
    [dft_synthesis, legendre_synthesis]: Matrices<B>,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let [batch, _, _, _] = dims::<B, 4>(&x);
    let spectrum = by_degree::<B>(harmonic_analysis::<B>(x, dft_analysis, legendre_analysis));
    let mixed = B::float_matmul(spectrum.clone(), on_parts::<B>(weight));
    let mixed = by_sample::<B>(mixed, batch);
    let y = harmonic_synthesis::<B>(mixed, dft_synthesis, legendre_synthesis);
    (y, spectrum)
}

pub fn harmonic_block_backward<B: Backend>(
    grad: FloatTensor<B>,
    spectrum: FloatTensor<B>,
    weight: FloatTensor<B>,
    [dft_analysis, legendre_analysis]: Matrices<B>,
    [dft_synthesis, legendre_synthesis]: Matrices<B>,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let [batch, _, _, _] = dims::<B, 4>(&grad);
    let grad = by_degree::<B>(harmonic_analysis::<B>(
        grad,
        dft_synthesis,
        legendre_synthesis,
    ));
    let to_spectrum = B::float_matmul(grad.clone(), B::float_transpose(on_parts::<B>(weight)));
    let to_x = harmonic_synthesis::<B>(
        by_sample::<B>(to_spectrum, batch),
        dft_analysis,
        legendre_analysis,
    );
    let [real, imaginary] = halves::<B>(B::float_matmul(B::float_transpose(spectrum), grad), 1)
        .map(|part| halves::<B>(part, 2));
    let [[rr, ri], [ir, ii]] = [real, imaginary];
    let to_weight = B::float_cat(vec![B::float_add(rr, ii), B::float_sub(ri, ir)], 2);
    (to_x, to_weight)
}
