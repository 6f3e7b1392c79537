//! The steps of the network one by one: lifting, each layer, projection.
//!
//! What travels between them is the hidden field and nothing else, so that any of them can be computed
//! again when its gradient is wanted.

use super::{Fno, append_channels};
use crate::buffers::matrix;
use crate::network::Part;
use crate::pointwise::gelu;
use crate::spectral::fourier::three;
use burn::tensor::Tensor;

/// The grids of a network's field and of its hidden fields, `[D, H, W]` with 1 for absent dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HiddenGrid {
    /// Points of the field.
    pub sizes: [usize; 3],
    /// Points of the hidden fields: the same with their padding.
    pub padded: [usize; 3],
}

impl Fno {
    /// The grids for fields of these sizes, slowest dimension first.
    ///
    /// # Panics
    /// When the field has fewer axes than the network has dimensions, or others of more than one
    /// point.
    pub fn hidden_grid(&self, spatial: &[usize]) -> HiddenGrid {
        let extra = spatial.len().checked_sub(self.dimensions);
        let (extra, own) = spatial.split_at(extra.unwrap_or_else(|| {
            panic!(
                "a network of {} dimensions, a field {spatial:?}",
                self.dimensions
            )
        }));
        assert!(
            extra.iter().all(|&n| n == 1),
            "a network of {} dimensions, a field {spatial:?}",
            self.dimensions
        );
        let sizes = three(own, 1).unwrap_or([1; 3]);
        let padded = sizes.map(|n| match n {
            1 => 1,
            _ => n + (self.domain_padding * n as f64).ceil() as usize,
        });
        HiddenGrid { sizes, padded }
    }

    /// The first step: `[B, Ci, P]` to the hidden field `[B, C, P']` on the padded grid.
    pub fn lift(&self, mut x: Tensor<3>, grid: HiddenGrid) -> Tensor<3> {
        let HiddenGrid { sizes, padded } = grid;
        if let Some(cache) = &self.embedding {
            let dtype = x.dtype();
            let channels = cache.get(sizes, &x.device(), dtype, |device| {
                let own = &sizes[3 - self.dimensions..];
                let shape = [1, self.dimensions, own.iter().product()];
                matrix(coordinates(own), shape, device, dtype)
            });
            x = append_channels(x, &channels);
        }
        resize(self.lifting.forward(x), sizes, padded)
    }

    /// One of the layers in between, from and to `[B, C, P']`; what travels is not activated yet.
    ///
    /// # Panics
    /// When there are not so many layers.
    pub fn block(&self, number: usize, mut v: Tensor<3>, grid: HiddenGrid) -> Tensor<3> {
        let block = &self.blocks[number];
        match &block.mlp {
            None => {
                if self.activate_twice && number > 0 {
                    v = gelu(v);
                }
                block.fourier.forward(v, grid.padded, number > 0)
            }
            Some(mlp) => {
                // The gate wants the activated field too.
                let a = if number > 0 { gelu(v) } else { v };
                mlp.forward(block.fourier.forward(a.clone(), grid.padded, false), a)
            }
        }
    }

    /// The last step: the hidden field `[B, C, P']` to `[B, Co, P]`.
    pub fn project(&self, v: Tensor<3>, grid: HiddenGrid) -> Tensor<3> {
        self.projection.forward(resize(v, grid.padded, grid.sizes))
    }

    /// The steps as functions of fields `[B, C, H, W]`, for fields of `rows` x `columns`.
    ///
    /// # Panics
    /// As [`Fno::hidden_grid`].
    pub fn parts(&self, [rows, columns]: [usize; 2]) -> Vec<Part<'_>> {
        let grid = self.hidden_grid(&[rows, columns]);
        let flat = |x: Tensor<4>| {
            let [batch, channels, rows, columns] = x.dims();
            x.reshape([batch, channels, rows * columns])
        };
        let plane = |v: Tensor<3>, [depth, height, width]: [usize; 3]| {
            let [batch, channels, _] = v.dims();
            v.reshape([batch, channels, depth * height, width])
        };
        let mut parts: Vec<Part> = vec![Box::new(move |x| {
            plane(self.lift(flat(x), grid), grid.padded)
        })];
        parts.extend((0..self.blocks.len()).map(|number| -> Part {
            Box::new(move |v| plane(self.block(number, flat(v), grid), grid.padded))
        }));
        parts.push(Box::new(move |v| {
            plane(self.project(flat(v), grid), grid.sizes)
        }));
        parts
    }
}

/// Appends zeros to a field `[B, C, P]` on a grid, or cuts it.
pub(crate) fn resize(v: Tensor<3>, from: [usize; 3], to: [usize; 3]) -> Tensor<3> {
    if from == to {
        return v;
    }
    let [batch, channels, _] = v.dims();
    let mut v = v.reshape([batch, channels, from[0], from[1], from[2]]);
    for axis in 0..3 {
        let (have, want) = (from[axis], to[axis]);
        if want < have {
            v = v.narrow(2 + axis, 0, want);
        } else if want > have {
            let mut shape = v.dims();
            shape[2 + axis] = want - have;
            let zeros = Tensor::zeros(shape, (&v.device(), v.dtype()));
            v = Tensor::cat(vec![v, zeros], 2 + axis);
        }
    }
    v.reshape([batch, channels, to.iter().product()])
}

/// The coordinate along each dimension in 0..1, `[dimensions, points]`.
pub(crate) fn coordinates(sizes: &[usize]) -> Vec<f64> {
    let points: usize = sizes.iter().product();
    let mut inner = points;
    let mut values = Vec::with_capacity(sizes.len() * points);
    for &n in sizes {
        inner /= n;
        values.extend((0..points).map(|p| (p / inner % n) as f64 / n as f64));
    }
    values
}
