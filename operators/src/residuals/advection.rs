//! Linear advection as a residual: `du/dt + c du/dx`.

use super::periodic::{along_line, line_operator};
use super::time_difference::{TimeDifference, of_trajectory};
use crate::error::Result;
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::advection::Advection;
use curlwind_solvers::torus::Line;

/// The residual of one equation on one periodic line.
#[derive(Clone, Debug)]
pub struct AdvectionResidual {
    /// `-c d/dx`
    advection: Tensor<2>,
}

impl AdvectionResidual {
    /// For an equation and a line, e.g. that of the solver.
    ///
    /// # Errors
    /// When the equation's parameters are unusable.
    pub fn new(equation: Advection, line: &Line, device: &Device, dtype: DType) -> Result<Self> {
        let Advection { speed, .. } = equation.validated()?;
        Ok(Self {
            advection: line_operator(line, |k| (0.0, -speed * k), device, dtype),
        })
    }

    /// The right-hand side, the field's unit per second, of fields, both `[T, B, 1, N]`.
    pub fn tendency(&self, field: Tensor<4>) -> Tensor<4> {
        along_line(field, &self.advection)
    }

    /// `du/dt` minus the right-hand side at the inner states of trajectories `[T, B, 1, N]` with
    /// states `time_step` seconds apart.
    ///
    /// # Errors
    /// When a trajectory has too few states for the difference.
    pub fn residual(
        &self,
        field: Tensor<4>,
        time_step: f64,
        difference: TimeDifference,
    ) -> Result<Tensor<4>> {
        of_trajectory(field, time_step, difference, |u| self.tendency(u))
    }
}
