//! Burgers' equation as a residual: `du/dt + d(u^2/2)/dx - nu d2u/dx2`.

use super::periodic::{along_line, line_operator};
use super::time_difference::{TimeDifference, of_trajectory};
use crate::error::Result;
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::burgers::Burgers;
use curlwind_solvers::torus::Line;

/// The residual of one equation on one periodic line.
#[derive(Clone, Debug)]
pub struct BurgersResidual {
    /// `-d/dx / 2` and `nu d2/dx2`.
    advection: Tensor<2>,
    diffusion: Tensor<2>,
}

impl BurgersResidual {
    /// For a periodic equation and a line on which products of two factors are not aliased
    /// (`Line::new(points, length, 2)`), e.g. that of the solver.
    ///
    /// # Errors
    /// When the equation's parameters are unusable.
    pub fn new(equation: Burgers, line: &Line, device: &Device, dtype: DType) -> Result<Self> {
        let Burgers { viscosity, .. } = equation.validated()?;
        Ok(Self {
            advection: line_operator(line, |k| (0.0, -0.5 * k), device, dtype),
            diffusion: line_operator(line, |k| (-viscosity * k * k, 0.0), device, dtype),
        })
    }

    /// The right-hand side in m/s^2 of velocities in m/s, both `[T, B, 1, N]`.
    pub fn tendency(&self, velocity: Tensor<4>) -> Tensor<4> {
        let square = velocity.clone() * velocity.clone();
        along_line(square, &self.advection) + along_line(velocity, &self.diffusion)
    }

    /// `du/dt` minus the right-hand side in m/s^2 at the inner states of trajectories
    /// `[T, B, 1, N]` with states `time_step` seconds apart.
    ///
    /// # Errors
    /// When a trajectory has too few states for the difference.
    pub fn residual(
        &self,
        velocity: Tensor<4>,
        time_step: f64,
        difference: TimeDifference,
    ) -> Result<Tensor<4>> {
        of_trajectory(velocity, time_step, difference, |u| self.tendency(u))
    }
}
