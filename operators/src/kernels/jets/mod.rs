//! The activation of a layer on jets, as a backend extension.
//!
//! A jet is a value with some of its exact derivatives by the coordinates it is a function of.
//! Tensors of jets are `[N, C, W]`: point, component, channel. Linear layers act on every component
//! alike; an activation `s` mixes those of one channel (Faa di Bruno's formula to second order):
//!
//! ```text
//! a = s(z)      a_i = s'(z) z_i      a_ij = s'(z) z_ij + s''(z) z_i z_j
//! ```
//!
//! Its adjoint needs `s'''`, so that one backward pass gives the gradient of a loss of second
//! derivatives.

mod autodiff;
pub(crate) mod reference;
#[cfg(test)]
mod tests;

use burn::backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;

/// Most coordinates of a jet.
pub const MOST_COORDINATES: usize = 4;
const MOST_PAIRS: usize = MOST_COORDINATES * (MOST_COORDINATES + 1) / 2;

/// Which derivatives a jet has: its components are the value, the first derivatives by all
/// coordinates, then the second derivatives asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JetOrder {
    coordinates: u8,
    count: u8,
    pairs: [[u8; 2]; MOST_PAIRS],
}

impl JetOrder {
    /// Jets in `coordinates` coordinates (at most [`MOST_COORDINATES`]) with the second derivatives
    /// of some pairs of them.
    ///
    /// # Panics
    /// With no or too many coordinates, a pair of others, or one twice.
    pub fn new(coordinates: usize, second: &[[usize; 2]]) -> Self {
        assert!(
            (1..=MOST_COORDINATES).contains(&coordinates),
            "jets in 1 to {MOST_COORDINATES} coordinates, found {coordinates}"
        );
        let mut order = Self {
            coordinates: coordinates as u8,
            count: 0,
            pairs: [[0; 2]; MOST_PAIRS],
        };
        for &[i, j] in second {
            assert!(i < coordinates && j < coordinates, "no such pair: {i} {j}");
            assert!(order.second(i, j).is_none(), "pair {i} {j} twice");
            order.pairs[order.count as usize] = [i.min(j) as u8, i.max(j) as u8];
            order.count += 1;
        }
        order
    }

    /// Number of coordinates.
    pub fn coordinates(&self) -> usize {
        self.coordinates as usize
    }

    /// Pairs of coordinates with a second derivative.
    pub fn pairs(&self) -> impl Iterator<Item = [usize; 2]> + '_ {
        let pairs = &self.pairs[..self.count as usize];
        pairs.iter().map(|&[i, j]| [i as usize, j as usize])
    }

    /// Number of components.
    pub fn components(&self) -> usize {
        1 + self.coordinates() + self.count as usize
    }

    /// The component with the first derivative by coordinate `i`.
    pub fn first(&self, i: usize) -> usize {
        1 + i
    }

    /// The component with the second derivative by coordinates `i` and `j`, if there is one.
    pub fn second(&self, i: usize, j: usize) -> Option<usize> {
        let wanted = [i.min(j), i.max(j)];
        let at = self.pairs().position(|pair| pair == wanted)?;
        Some(1 + self.coordinates() + at)
    }
}

/// Activations that jets go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activation {
    /// None: the bias alone.
    Identity,
    /// Hyperbolic tangent.
    Tanh,
    /// Sine.
    Sine,
}

/// Kernels of jets; `N` points, `C` components, `W` channels.
#[backend_extension(
    Flex,
    Cube: cfg(any(feature = "cuda", feature = "wgpu")),
    Fusion: cfg(any(feature = "cuda", feature = "wgpu")),
    Autodiff
)]
pub trait JetKernels: Backend {
    /// The jets of `s(z + bias)`, of `z` `[N, C, W]` and `bias` `[W]`.
    #[fusion(default)]
    fn jet_activation(
        z: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        order: JetOrder,
        activation: Activation,
    ) -> FloatTensor<Self> {
        reference::activation::<Self>(z, bias, order, activation)
    }

    /// Gradients of [`JetKernels::jet_activation`]: z `[N, C, W]` and bias `[W]`.
    #[fusion(default)]
    fn jet_activation_backward(
        grad: FloatTensor<Self>,
        z: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        order: JetOrder,
        activation: Activation,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        reference::activation_backward::<Self>(grad, z, bias, order, activation)
    }
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
impl JetKernels for burn_cubecl::CubeBackend {}

/// See [`JetKernels::jet_activation`].
///
/// # Panics
/// When `z` is not `[N, C, W]` with the components of the order, or `bias` not `[W]`.
pub fn jet_activation(
    z: Tensor<3>,
    bias: Tensor<1>,
    order: JetOrder,
    activation: Activation,
) -> Tensor<3> {
    let [_, components, width] = z.dims();
    assert_eq!(components, order.components(), "components of the jets");
    assert_eq!(bias.dims(), [width], "channels of the bias");
    Tensor::from_dispatch(<Dispatch as JetKernels>::jet_activation(
        z.into_dispatch(),
        bias.into_dispatch(),
        order,
        activation,
    ))
}
