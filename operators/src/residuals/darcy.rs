//! Darcy flow as a residual: `-div(a grad u) - f` at the inner nodes of a grid.

use crate::buffers::matrix;
use crate::error::{Error, Result};
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::darcy::Grid;

/// The permeability between two nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Between {
    /// `2 a b / (a + b)`: the solver's, right where the medium jumps.
    #[default]
    Harmonic,
    /// `(a + b) / 2`: of second order in smooth media.
    Arithmetic,
}

/// The residual on one grid.
#[derive(Clone, Debug)]
pub struct DarcyResidual {
    between: Between,
    shape: [usize; 2],
    /// One over the cells' widths and over those of the inner control volumes:
    /// `[1, 1, 1, W - 1]` and `[1, 1, 1, W - 2]`, along y `[1, 1, H - 1, 1]` and `[1, 1, H - 2, 1]`.
    x: [Tensor<4>; 2],
    y: [Tensor<4>; 2],
}

impl DarcyResidual {
    /// On the nodes of a grid, walls included.
    pub fn new(grid: &Grid, between: Between, device: &Device, dtype: DType) -> Self {
        let along = |lines: &[f64], y: bool| -> [Tensor<4>; 2] {
            let cells: Vec<f64> = lines.windows(2).map(|p| 1.0 / (p[1] - p[0])).collect();
            let volumes = lines.windows(3).map(|p| 2.0 / (p[2] - p[0])).collect();
            [cells, volumes].map(|values| {
                let n = values.len();
                let shape = if y { [1, 1, n, 1] } else { [1, 1, 1, n] };
                matrix(values, shape, device, dtype)
            })
        };
        let (rows, columns) = grid.shape();
        Self {
            between,
            shape: [rows, columns],
            x: along(grid.x(), false),
            y: along(grid.y(), true),
        }
    }

    /// `-div(a grad u)` at the inner nodes, `[B, 1, H - 2, W - 2]`, of a permeability and a pressure
    /// at all nodes, `[B, 1, H, W]`.
    ///
    /// # Errors
    /// When the fields are not of the grid.
    pub fn flux_divergence(
        &self,
        permeability: Tensor<4>,
        pressure: Tensor<4>,
    ) -> Result<Tensor<4>> {
        let [rows, columns] = self.shape;
        for (name, field) in [("permeability", &permeability), ("pressure", &pressure)] {
            let [batch, ..] = field.dims();
            if field.dims() != [batch, 1, rows, columns] {
                return Err(Error::TensorShape {
                    tensor: name.into(),
                    expected: vec![batch, 1, rows, columns],
                    found: field.dims().to_vec(),
                });
            }
        }
        let inner_rows = |field: &Tensor<4>| field.clone().narrow(2, 1, rows - 2);
        let inner_columns = |field: &Tensor<4>| field.clone().narrow(3, 1, columns - 2);
        let outflow =
            |a: Tensor<4>, u: Tensor<4>, dim: usize, [cells, volumes]: &[Tensor<4>; 2]| {
                let n = u.dims()[dim];
                let pair = |field: &Tensor<4>| {
                    let at = |start| field.clone().narrow(dim, start, n - 1);
                    (at(0), at(1))
                };
                let ((a0, a1), (u0, u1)) = (pair(&a), pair(&u));
                let between = match self.between {
                    Between::Harmonic => (a0.clone() * a1.clone()).mul_scalar(2.0) / (a0 + a1),
                    Between::Arithmetic => (a0 + a1).mul_scalar(0.5),
                };
                let flux = between * (u1 - u0) * cells.clone();
                let at = |start| flux.clone().narrow(dim, start, n - 2);
                (at(0) - at(1)) * volumes.clone()
            };
        Ok(
            outflow(inner_rows(&permeability), inner_rows(&pressure), 3, &self.x)
                + outflow(
                    inner_columns(&permeability),
                    inner_columns(&pressure),
                    2,
                    &self.y,
                ),
        )
    }

    /// `-div(a grad u) - f` at the inner nodes; the source `[B or 1, 1, H, W]`.
    ///
    /// # Errors
    /// When the fields are not of the grid.
    pub fn residual(
        &self,
        permeability: Tensor<4>,
        pressure: Tensor<4>,
        source: Tensor<4>,
    ) -> Result<Tensor<4>> {
        let [rows, columns] = self.shape;
        let found = self.flux_divergence(permeability, pressure)?;
        if source.dims()[1..] != [1, rows, columns] {
            return Err(Error::TensorShape {
                tensor: "source".into(),
                expected: vec![1, 1, rows, columns],
                found: source.dims().to_vec(),
            });
        }
        let source = source.narrow(2, 1, rows - 2).narrow(3, 1, columns - 2);
        Ok(found - source)
    }
}
