//! The weights of a Fourier layer, all numbers or in factors, and the modes in use.

use super::fourier::FourierLayerConfig;
use super::tensorised::{TensorisedWeight, WeightSizes};
use burn::module::{Initializer, Module, Param};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Form of spectral weights; in files `dense`, `tucker` or `cp`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Factorization {
    /// All numbers.
    #[default]
    Dense,
    /// A small tensor of numbers, and a factor for each dimension.
    Tucker,
    /// Canonical polyadic: a factor for each dimension.
    Cp,
}

/// A complex channel matrix `R_k` for each mode `k`.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // one per layer
pub enum SpectralWeight {
    /// `[Kz, Ky, Kx, Ci, Co, 2]`, real part first; 1 for absent dimensions.
    Dense(Param<Tensor<6>>),
    /// See [`TensorisedWeight`].
    Tensorised(TensorisedWeight),
}

impl SpectralWeight {
    /// Fresh weights with `E|R|^2 = 1 / Ci`, which keep the variance of white noise in the kept modes;
    /// `modes` as stored.
    pub(super) fn new(config: &FourierLayerConfig, modes: &[usize], device: &Device) -> Self {
        let sizes = WeightSizes {
            modes,
            inputs: config.in_channels,
            outputs: config.out_channels,
        };
        match config.factorization {
            Factorization::Dense => {
                let mut shape = [1, 1, 1, sizes.inputs, sizes.outputs, 2];
                shape[3 - modes.len()..3].copy_from_slice(modes);
                let std = (0.5 / sizes.inputs as f64).sqrt();
                let initializer = Initializer::Normal { mean: 0.0, std };
                Self::Dense(initializer.init(shape, device))
            }
            Factorization::Tucker => {
                Self::Tensorised(TensorisedWeight::tucker(sizes, config.rank, device))
            }
            Factorization::Cp => {
                Self::Tensorised(TensorisedWeight::polyadic(sizes, config.rank, device))
            }
        }
    }

    /// Modes of each dimension, 1 for absent ones.
    pub(super) fn mode_counts(&self) -> [usize; 3] {
        match self {
            Self::Dense(weight) => {
                let [kz, ky, kx, ..] = weight.shape().dims::<6>();
                [kz, ky, kx]
            }
            Self::Tensorised(weight) => weight.mode_counts(),
        }
    }
}

/// The modes in use among those that have weights, `(z, y, x)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeptModes {
    pub all: [usize; 3],
    pub kept: [usize; 3],
}

impl KeptModes {
    /// The rows of those modes in a `dim` of `tensor` that runs over all modes of the dimension `axis`.
    pub fn narrow<const D: usize>(&self, tensor: Tensor<D>, dim: usize, axis: usize) -> Tensor<D> {
        let (all, kept) = (self.all[axis], self.kept[axis]);
        if kept == all {
            return tensor;
        }
        // Along x modes start at 0; along the others mode k sits at k + all / 2.
        let first = if axis == 2 { 0 } else { all / 2 - kept / 2 };
        tensor.narrow(dim, first, kept)
    }

    /// Dense weights of those modes, `[M, Ci, 2 Co]`.
    pub fn of_dense(&self, weight: Tensor<6>) -> Tensor<3> {
        let weight = (0..3).fold(weight, |weight, axis| self.narrow(weight, axis, axis));
        let [kz, ky, kx, inputs, outputs, _] = weight.dims();
        weight.reshape([kz * ky * kx, inputs, 2 * outputs])
    }
}
