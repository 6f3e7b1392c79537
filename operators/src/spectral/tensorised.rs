//! Spectral weights in factors, applied without ever being multiplied out.
//!
//! Kossaifi et al., Multi-Grid Tensorized Fourier Neural Operator for High-Resolution PDEs (TMLR
//! 2024), section 3: the weights of all modes and channels are one complex tensor `R`, in Tucker's
//! form
//!
//! `R[z, y, x, i, o] = sum over a, b, c, p, q of G[a, b, c, p, q] Z[z, a] Y[y, b] X[x, c] V[i, p] W[o, q]`
//!
//! or in the canonical polyadic form, whose core `G` is diagonal:
//!
//! `R[z, y, x, i, o] = sum over r of Z[z, r] Y[y, r] X[x, r] V[i, r] W[o, r]`.
//!
//! A spectrum goes through `V`, then for each mode through the core that `Z`, `Y` and `X` have been
//! contracted with, then through `W`. Modes that are not in use are rows left out.

use super::rank::{cp_rank, tucker_ranks};
use super::weight::KeptModes;
use burn::module::{Initializer, Module, Param};
use burn::tensor::{Device, Tensor};

/// Spectral weights in Tucker's or the canonical polyadic form; complex numbers as a last axis of two.
#[derive(Module, Debug)]
pub struct TensorisedWeight {
    /// `G` `[Rz, Ry, Rx, Ri, Ro, 2]`, 1 for absent dimensions; none in the polyadic form.
    pub core: Option<Param<Tensor<6>>>,
    /// `Z` `[Kz, Rz, 2]`; none in fewer than three dimensions.
    pub along_z: Option<Param<Tensor<3>>>,
    /// `Y` `[Ky, Ry, 2]`; none in one dimension.
    pub along_y: Option<Param<Tensor<3>>>,
    /// `X` `[Kx, Rx, 2]`.
    pub along_x: Param<Tensor<3>>,
    /// `V` `[Ci, Ri, 2]`.
    pub input: Param<Tensor<3>>,
    /// `W` `[Co, Ro, 2]`.
    pub output: Param<Tensor<3>>,
}

/// Sizes of a weight tensor: one to three dimensions of modes (as stored, slowest first), channels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WeightSizes<'a> {
    pub modes: &'a [usize],
    pub inputs: usize,
    pub outputs: usize,
}

impl WeightSizes<'_> {
    /// The sizes in the order of ranks: channels first.
    fn shape(&self) -> Vec<usize> {
        [&[self.inputs, self.outputs], self.modes].concat()
    }
}

impl TensorisedWeight {
    /// Tucker's form with `share` of the parameters. Each contraction keeps the variance of what it is
    /// applied to, so that `E|R|^2 = 1 / Ci`, as of dense weights.
    pub(crate) fn tucker(sizes: WeightSizes, share: f64, device: &Device) -> Self {
        let ranks = tucker_ranks(&sizes.shape(), share);
        let [ri, ro] = [ranks[0], ranks[1]];
        let mut core = [1, 1, 1, ri, ro, 2];
        core[3 - sizes.modes.len()..3].copy_from_slice(&ranks[2..]);
        let core = normal(core, 1.0 / ri as f64, device);
        let mean = |rank: usize| 1.0 / rank as f64;
        Self::with_ranks(sizes, &ranks, Some(core), mean, device)
    }

    /// The canonical polyadic form with `share` of the parameters, as [`TensorisedWeight::tucker`].
    pub(crate) fn polyadic(sizes: WeightSizes, share: f64, device: &Device) -> Self {
        let rank = cp_rank(&sizes.shape(), share);
        let ranks = vec![rank; 2 + sizes.modes.len()];
        // Nothing is summed over where a mode's numbers multiply those of the others.
        Self::with_ranks(sizes, &ranks, None, |_| 1.0, device)
    }

    /// Factors of the given ranks; `variance` is that of a mode's numbers.
    fn with_ranks(
        sizes: WeightSizes,
        ranks: &[usize],
        core: Option<Param<Tensor<6>>>,
        variance: impl Fn(usize) -> f64,
        device: &Device,
    ) -> Self {
        let [inputs, outputs] = [sizes.inputs, sizes.outputs];
        let [ri, ro] = [ranks[0], ranks[1]];
        let mut along = sizes
            .modes
            .iter()
            .zip(&ranks[2..])
            .map(|(&modes, &rank)| normal([modes, rank, 2], variance(rank), device))
            .rev();
        let along_x = along.next();
        Self {
            core,
            along_x: along_x.unwrap_or_else(|| normal([1, 1, 2], 1.0, device)),
            along_y: along.next(),
            along_z: along.next(),
            input: normal([inputs, ri, 2], 1.0 / inputs as f64, device),
            output: normal([outputs, ro, 2], 1.0 / ro as f64, device),
        }
    }

    /// Factors of the dimensions z, y, x.
    fn along(&self) -> [Option<&Param<Tensor<3>>>; 3] {
        let (z, y) = (self.along_z.as_ref(), self.along_y.as_ref());
        [z, y, Some(&self.along_x)]
    }

    /// Modes of each dimension, 1 for absent ones.
    pub(crate) fn mode_counts(&self) -> [usize; 3] {
        let count = |factor: &Param<Tensor<3>>| factor.shape()[0];
        self.along().map(|factor| factor.map_or(1, count))
    }

    /// Applies the weights of the modes in use to their spectrum `[M, B, 2, Ci]`: `[M, B, 2, Co]`.
    pub(crate) fn apply(&self, spectrum: Tensor<4>, kept: KeptModes) -> Tensor<4> {
        let reduced = multiply(spectrum, parts(self.input.val()));
        let mixed = match &self.core {
            Some(core) => multiply_each(reduced, self.reduced_core(core.val(), kept)),
            None => scale_each(reduced, self.mode_product(kept)),
        };
        multiply(mixed, parts(self.output.val().swap_dims(0, 1)))
    }

    /// `G` contracted with `Z`, `Y` and `X`: `[M, Ri, Ro]`.
    fn reduced_core(&self, core: Tensor<6>, kept: KeptModes) -> Complex<3> {
        let [rz, ry, rx, ri, ro, _] = core.dims();
        let core = core.permute([5, 0, 1, 2, 3, 4]);
        let mut core = core.reshape([2, rz, ry, rx, ri * ro]);
        for (axis, factor) in self.along().into_iter().enumerate() {
            if let Some(factor) = factor {
                let [_, rank, second, third, channels] = core.dims();
                let [real, imaginary] = parts(kept.narrow(factor.val(), 0, axis));
                let modes = real.dims()[0];
                let columns = core.reshape([2 * rank, second * third * channels]);
                // From the left: the transpose of the matrix of the transpose.
                let product = real_matrix([real, -imaginary]).matmul(columns);
                core = product.reshape([2, modes, second, third, channels]);
            }
            // The next dimension to the front; after three they are in order again.
            core = core.permute([0, 2, 3, 1, 4]);
        }
        let [_, kz, ky, kx, _] = core.dims();
        [0, 1].map(|part| {
            let part = core.clone().narrow(0, part, 1);
            part.reshape([kz * ky * kx, ri, ro])
        })
    }

    /// Product of `Z`, `Y` and `X` in the polyadic form, `[M, R]`.
    fn mode_product(&self, kept: KeptModes) -> Complex<2> {
        let mut product = parts(kept.narrow(self.along_x.val(), 0, 2));
        for (axis, factor) in [(1, &self.along_y), (0, &self.along_z)] {
            let Some(factor) = factor else { continue };
            let slower = parts(kept.narrow(factor.val(), 0, axis));
            let [modes, rank] = product[0].dims();
            let [count, _] = slower[0].dims();
            let slower = slower.map(|part| part.reshape([count, 1, rank]));
            let faster = product.map(|part| part.reshape([1, modes, rank]));
            product = elementwise(slower, faster).map(|part| part.reshape([count * modes, rank]));
        }
        product
    }
}

/// Complex normal numbers with `E|z|^2 = variance`.
fn normal<const D: usize>(shape: [usize; D], variance: f64, device: &Device) -> Param<Tensor<D>> {
    let std = (0.5 * variance).sqrt();
    Initializer::Normal { mean: 0.0, std }.init(shape, device)
}

/// Real and imaginary part.
type Complex<const D: usize> = [Tensor<D>; 2];

/// `[N, R, 2]` as two parts.
fn parts(pairs: Tensor<3>) -> Complex<2> {
    let [rows, columns, _] = pairs.dims();
    [0, 1].map(|part| pairs.clone().narrow(2, part, 1).reshape([rows, columns]))
}

/// The real matrices `[.., 2N, 2R]` by which rows (part, N) are multiplied with complex matrices
/// `[.., N, R]`.
fn real_matrix<const D: usize>([real, imaginary]: Complex<D>) -> Tensor<D> {
    let of_real = Tensor::cat(vec![real.clone(), imaginary.clone()], D - 1);
    let of_imaginary = Tensor::cat(vec![-imaginary, real], D - 1);
    Tensor::cat(vec![of_real, of_imaginary], D - 2)
}

fn elementwise<const D: usize>([a, b]: Complex<D>, [c, d]: Complex<D>) -> Complex<D> {
    let real = a.clone() * c.clone() - b.clone() * d.clone();
    [real, a * d + b * c]
}

/// `[M, B, 2, C]` times one matrix `[C, R]` is `[M, B, 2, R]`.
fn multiply(spectrum: Tensor<4>, matrix: Complex<2>) -> Tensor<4> {
    let [modes, batch, _, channels] = spectrum.dims();
    let [_, rank] = matrix[0].dims();
    let rows = spectrum.reshape([modes * batch, 2 * channels]);
    rows.matmul(real_matrix(matrix))
        .reshape([modes, batch, 2, rank])
}

/// `[M, B, 2, C]` times a matrix for each mode, `[M, C, R]`.
fn multiply_each(spectrum: Tensor<4>, matrices: Complex<3>) -> Tensor<4> {
    let [modes, batch, _, channels] = spectrum.dims();
    let [_, _, rank] = matrices[0].dims();
    let rows = spectrum.reshape([modes, batch, 2 * channels]);
    rows.matmul(real_matrix(matrices))
        .reshape([modes, batch, 2, rank])
}

/// `[M, B, 2, R]` times a number for each mode and channel, `[M, R]`.
fn scale_each(spectrum: Tensor<4>, numbers: Complex<2>) -> Tensor<4> {
    let [modes, _, _, rank] = spectrum.dims();
    let numbers = numbers.map(|part| part.reshape([modes, 1, 1, rank]));
    let spectrum = [0, 1].map(|part| spectrum.clone().narrow(2, part, 1));
    Tensor::cat(elementwise(spectrum, numbers).to_vec(), 2)
}

#[cfg(test)]
mod tests;
