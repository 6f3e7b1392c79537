//! The spherical block on the CPU: checks and shapes around five passes.
//!
//! Forward: (1) along each latitude from longitudes to orders, (2) for each order from latitudes to
//! degrees, (3) channel mixing of each degree, and (4), (5) the way back. Spectra keep their samples
//! and channels side by side, so that passes 2 to 4 are one product of wide matrices for each order or
//! degree, of the degrees `l >= m` alone. Backward is the same with the matrices of the other direction.
//!
//! Tasks and the order of their sums follow from the shapes alone: the same bits on any number of
//! threads.

mod fold;
mod mix;
mod transform;

use super::{are_f32, contiguous, values};
use crate::kernels::sphere::{SphereKernels, reference};
use burn::backend::{Flex, TensorMetadata, flex::FlexTensor, tensor::FloatTensor};
use burn::tensor::Shape;

/// Sizes of a block besides its channels.
#[derive(Clone, Copy)]
struct Sizes {
    batch: usize,
    latitudes: usize,
    longitudes: usize,
    orders: usize,
    degrees: usize,
}

impl Sizes {
    fn of(field: &FlexTensor, legendre: &FlexTensor) -> Self {
        let [batch, _, latitudes, longitudes] = field.shape().dims::<4>();
        let [orders, degrees, _] = legendre.shape().dims::<3>();
        Self {
            batch,
            latitudes,
            longitudes,
            orders,
            degrees,
        }
    }

    /// Orders of degree `l`, which has no others.
    fn orders_of(&self, degree: usize) -> usize {
        self.orders.min(degree + 1)
    }
}

/// Matrices of one direction: `[2M, I]` and `[M, L, J]`.
#[derive(Clone, Copy)]
struct Matrices<'a> {
    dft: &'a [f32],
    legendre: &'a [f32],
}

/// Distance of the rows of a matrix: whole cache lines and an odd number of them, as rows a power of
/// two apart would all fall into the same few sets.
fn padded(columns: usize) -> usize {
    (columns.div_ceil(16) | 1) * 16
}

impl SphereKernels for Flex {
    fn harmonic_block_forward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        dft_analysis: FloatTensor<Self>,
        legendre_analysis: FloatTensor<Self>,
        dft_synthesis: FloatTensor<Self>,
        legendre_synthesis: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let analysis = [dft_analysis, legendre_analysis];
        let synthesis = [dft_synthesis, legendre_synthesis];
        if !are_f32(&[&x, &weight, &analysis[0], &synthesis[0]]) || is_empty(&x) {
            return reference::harmonic_block_forward::<Self>(x, weight, analysis, synthesis);
        }
        let [x, weight] = [x, weight].map(contiguous);
        let [analysis, synthesis] = [analysis, synthesis].map(|pair| pair.map(contiguous));
        let s = Sizes::of(&x, &analysis[1]);
        let [_, inputs, pairs] = weight.shape().dims::<3>();
        let channels = [inputs, pairs / 2];
        let spectrum = transform::analysis(s, inputs, values(&x), matrices(&analysis));
        let mixed = mix::forward(s, channels, &spectrum, values(&weight));
        let y = transform::synthesis(s, channels[1], &mixed, matrices(&synthesis));
        let field = Shape::from([s.batch, channels[1], s.latitudes, s.longitudes]);
        let rows = Shape::from([s.degrees, s.orders * s.batch, 2 * inputs]);
        (y.into_tensor(field), spectrum.into_tensor(rows))
    }

    fn harmonic_block_backward(
        grad: FloatTensor<Self>,
        spectrum: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        dft_analysis: FloatTensor<Self>,
        legendre_analysis: FloatTensor<Self>,
        dft_synthesis: FloatTensor<Self>,
        legendre_synthesis: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let analysis = [dft_analysis, legendre_analysis];
        let synthesis = [dft_synthesis, legendre_synthesis];
        if !are_f32(&[&grad, &spectrum, &weight, &analysis[0], &synthesis[0]]) || is_empty(&grad) {
            return reference::harmonic_block_backward::<Self>(
                grad, spectrum, weight, analysis, synthesis,
            );
        }
        let [grad, spectrum, weight] = [grad, spectrum, weight].map(contiguous);
        let [analysis, synthesis] = [analysis, synthesis].map(|pair| pair.map(contiguous));
        let s = Sizes::of(&grad, &analysis[1]);
        let [_, inputs, pairs] = weight.shape().dims::<3>();
        let channels = [inputs, pairs / 2];
        let to_mixed = transform::analysis(s, channels[1], values(&grad), matrices(&synthesis));
        let (to_spectrum, to_weight) =
            mix::backward(s, channels, values(&spectrum), &to_mixed, values(&weight));
        let to_x = transform::synthesis(s, inputs, &to_spectrum, matrices(&analysis));
        let field = Shape::from([s.batch, inputs, s.latitudes, s.longitudes]);
        (
            to_x.into_tensor(field),
            to_weight.into_tensor(weight.shape()),
        )
    }
}

/// Whether there is nothing to work on.
fn is_empty(field: &FlexTensor) -> bool {
    field.shape().num_elements() == 0
}

fn matrices([dft, legendre]: &[FlexTensor; 2]) -> Matrices<'_> {
    Matrices {
        dft: values(dft),
        legendre: values(legendre),
    }
}
