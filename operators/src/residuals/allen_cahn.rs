//! The Allen-Cahn equation as a residual: `du/dt - epsilon d2u/dx2 - r (u - u^3)`.

use super::periodic::{along_line, line_operator};
use super::time_difference::{TimeDifference, of_trajectory};
use crate::error::Result;
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::allen_cahn::AllenCahn;
use curlwind_solvers::torus::Line;

/// The residual of one equation on one periodic line.
#[derive(Clone, Debug)]
pub struct AllenCahnResidual {
    rate: f64,
    /// `epsilon d2/dx2 + r`, and the wavenumbers kept.
    linear: Tensor<2>,
    filter: Tensor<2>,
}

impl AllenCahnResidual {
    /// For an equation and a line on which products of three factors are not aliased
    /// (`Line::new(points, length, 3)`), e.g. that of the solver.
    pub fn new(equation: AllenCahn, line: &Line, device: &Device, dtype: DType) -> Self {
        let AllenCahn {
            diffusivity, rate, ..
        } = equation;
        let linear = |k: f64| (rate - diffusivity * k * k, 0.0);
        Self {
            rate,
            linear: line_operator(line, linear, device, dtype),
            filter: line_operator(line, |_| (1.0, 0.0), device, dtype),
        }
    }

    /// The right-hand side in 1/s of order parameters, both `[T, B, 1, N]`.
    pub fn tendency(&self, order: Tensor<4>) -> Tensor<4> {
        let cube = order.clone() * order.clone() * order.clone();
        along_line(order, &self.linear) - along_line(cube, &self.filter).mul_scalar(self.rate)
    }

    /// `du/dt` minus the right-hand side in 1/s at the inner states of trajectories `[T, B, 1, N]`
    /// with states `time_step` seconds apart.
    ///
    /// # Errors
    /// When a trajectory has too few states for the difference.
    pub fn residual(
        &self,
        order: Tensor<4>,
        time_step: f64,
        difference: TimeDifference,
    ) -> Result<Tensor<4>> {
        of_trajectory(order, time_step, difference, |u| self.tendency(u))
    }
}
