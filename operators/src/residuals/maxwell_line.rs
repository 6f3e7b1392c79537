//! Maxwell's equations in one dimension as a residual on the solver's staggered grid.
//!
//! ```text
//! dEz/dt + sigma/eps Ez - 1/eps dHy/dx          dHy/dt - 1/mu dEz/dx
//! ```
//!
//! E is given at whole, H at half time steps, as the solver leaves them. With [`Stencil::Second`] the
//! residual is the solver's own scheme: of its trajectory it is zero to round-off, across interfaces
//! too. With [`Stencil::Fourth`] it shows the solver's error in space, which away from interfaces
//! falls as the square of the cells.

use super::staggered::{Derivative, Stencil};
use crate::buffers::matrix;
use crate::error::{Error, Result};
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::maxwell::constants::VACUUM_IMPEDANCE;
use curlwind_solvers::maxwell::line::Solver;
use curlwind_solvers::maxwell::{Axis, Mesh};

/// Trajectories of a batch or their residual. Of a trajectory: Ez on all lines `[T, B, N + 1]` in
/// V/m, Hy in all cells `[T, B, N]` in A/m. Of a residual: at the inner ones, per second.
#[derive(Clone, Debug)]
pub struct MaxwellLineFields {
    /// Ez.
    pub electric: Tensor<3>,
    /// Hy.
    pub magnetic: Tensor<3>,
}

/// The residual of one problem.
#[derive(Clone, Debug)]
pub struct MaxwellLineResidual {
    cells: usize,
    along_x: Derivative,
    /// 1 / eps and sigma / eps on the inner lines, 1 / mu in the inner cells.
    gain: Tensor<3>,
    loss: Tensor<3>,
    magnetic_gain: Tensor<3>,
}

impl MaxwellLineResidual {
    /// With the media of a solver, on the part of its line that begins `margin` cells from the ends:
    /// at least [`Stencil::margin`]. What holds at the ends is no part of it.
    ///
    /// # Errors
    /// When the margin is too small, or fewer than two cells are left inside.
    pub fn new(
        solver: &Solver,
        stencil: Stencil,
        margin: usize,
        device: &Device,
        dtype: DType,
    ) -> Result<Self> {
        let cells = solver.permeability().len();
        let least = stencil.margin();
        if margin < least || cells < 2 * margin + 2 {
            return Err(Error::config(
                "margin",
                format!("{least} or more, with two cells or more left inside"),
                format!("{margin} of {cells} cells"),
            ));
        }
        let d = solver.spacing();
        let mesh = Mesh::uniform([cells, 1, 1], [d; 3])?;
        let along_x = Derivative::new(&mesh, Axis::X, stencil, margin, device, dtype);
        let row = |values: Vec<f64>| {
            let shape = [1, 1, values.len()];
            matrix::<3>(values, shape, device, dtype)
        };
        let (eps, sigma) = (solver.permittivity(), solver.conductivity());
        let gain = row(eps.iter().map(|eps| 1.0 / eps).collect());
        let loss = row(sigma.iter().zip(eps).map(|(s, eps)| s / eps).collect());
        let magnetic_gain = row(solver.permeability().iter().map(|mu| 1.0 / mu).collect());
        Ok(Self {
            cells,
            gain: along_x.inner_lines(gain),
            loss: along_x.inner_lines(loss),
            magnetic_gain: along_x.inner_cells(magnetic_gain),
            along_x,
        })
    }

    /// The equations' left minus right sides, per second, between the states of trajectories,
    /// `time_step` seconds apart, E in each half a step after H: `T - 1` times, half-way between
    /// the two values of each field.
    ///
    /// # Errors
    /// When the tensors are not those of the line or there are fewer than two states.
    pub fn residual(
        &self,
        trajectory: &MaxwellLineFields,
        time_step: f64,
    ) -> Result<MaxwellLineFields> {
        let MaxwellLineFields { electric, magnetic } = trajectory;
        let [times, batch, _] = electric.dims();
        for (name, tensor, count) in [
            ("Ez", electric, self.cells + 1),
            ("Hy", magnetic, self.cells),
        ] {
            let expected = [times.max(2), batch, count];
            if tensor.dims() != expected {
                return Err(Error::TensorShape {
                    tensor: name.into(),
                    expected: expected.to_vec(),
                    found: tensor.dims().to_vec(),
                });
            }
        }
        let x = &self.along_x;
        let part = |field: &Tensor<3>, start| field.clone().narrow(0, start, times - 1);
        let slope = |field: Tensor<3>| {
            let (before, after) = (part(&field, 0), part(&field, 1));
            (after - before).div_scalar(time_step)
        };
        // H goes from one state to the next through E of the first, E through H of the second
        let inner = x.inner_lines(electric.clone());
        let mean = (part(&inner, 0) + part(&inner, 1)).mul_scalar(0.5);
        let curl = x.on_lines(&part(magnetic, 1));
        let magnetic_curl = x.in_cells(&part(electric, 0));
        Ok(MaxwellLineFields {
            electric: slope(inner) + mean * self.loss.clone() - curl * self.gain.clone(),
            magnetic: slope(x.inner_cells(magnetic.clone()))
                - magnetic_curl * self.magnetic_gain.clone(),
        })
    }

    /// A dimensionless loss: the mean square of the residual in units of `amplitude` (V/m, and
    /// divided by the impedance of free space A/m) times `rate` (1/s), averaged over times, places
    /// and both fields.
    pub fn loss(&self, residual: &MaxwellLineFields, amplitude: f64, rate: f64) -> Tensor<1> {
        let unit = amplitude * rate;
        let size = |field: &Tensor<3>, unit: f64| {
            let scaled = field.clone().div_scalar(unit);
            scaled.powi_scalar(2).mean()
        };
        let electric = size(&residual.electric, unit);
        (electric + size(&residual.magnetic, unit / VACUUM_IMPEDANCE)).div_scalar(2.0)
    }
}
