//! Coordinates as further channels of a field: they tell a network where a point lies.

use crate::buffers::{GridCache, matrix};
use crate::fno::{append_channels, coordinates};
use burn::tensor::Tensor;

/// Appends the coordinate along each dimension, in 0..1.
#[derive(Clone, Debug, Default)]
pub(crate) struct PositionalEmbedding {
    cache: GridCache<Tensor<3>>,
}

impl PositionalEmbedding {
    /// `[B, C, P]` on a grid of `N` dimensions to `[B, C + N, P]`.
    pub(crate) fn forward<const N: usize>(&self, x: Tensor<3>, sizes: [usize; N]) -> Tensor<3> {
        let (dtype, points) = (x.dtype(), sizes.iter().product());
        let grid = self.cache.get(sizes, &x.device(), dtype, |device| {
            matrix(coordinates(&sizes), [1, N, points], device, dtype)
        });
        append_channels(x, &grid)
    }

    /// The same for fields of one or two dimensions, lines being planes of one row.
    pub(crate) fn of_plane(
        &self,
        x: Tensor<3>,
        [rows, columns]: [usize; 2],
        dimensions: usize,
    ) -> Tensor<3> {
        match dimensions {
            1 => self.forward(x, [columns]),
            _ => self.forward(x, [rows, columns]),
        }
    }
}
