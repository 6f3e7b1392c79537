//! The residual of an equation as a loss of an operator's outputs.
//!
//! Li et al., Physics-Informed Neural Operator for Learning Partial Differential Equations (arXiv
//! 2111.03794), section 3.1: what the operator gives is put into the equation, and what is left over
//! is minimised, which needs no labels. The operator gives all states of a trajectory at once, as
//! channels, from the first state.
//!
//! For an input `q_0` and outputs `q_1 .. q_K`, `dt` apart, of an equation `dq/dt = f(q)`, what is left
//! over is, in the one form or the other ([`ResidualForm`]),
//!
//! * `r_k = q_k - q_0 - integral of f(q)` up to `q_k`, for `k = 1 .. K`;
//! * `r_k = K dt (dq/dt - f(q))` at `q_k`, for `k = 0 .. K`, which is the error that a constant residual
//!   would have made by the end. The difference is one-sided near both ends
//!   ([`TimeDifference::everywhere`]): of central ones there would be fewer than unknown states.
//!
//! A sample's loss is `sqrt(mean of r^2) / sqrt(mean of q_0^2)` over all `k` and points.

use super::{FieldOperator, FieldOperatorConfig};
use crate::error::{Error, Result};
use crate::residuals::{BurgersResidual, NavierStokesResidual, TimeDifference, integrals};
use crate::training::{ResidualConfig, ResidualForm};
use burn::tensor::{DType, Device, Tensor};
use curlwind_solvers::burgers::{Burgers, Ends};
use curlwind_solvers::navier_stokes::NavierStokes;
use curlwind_solvers::torus::Line;

/// An equation that the states of a trajectory obey, with the time between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FieldEquation {
    /// The equation.
    pub law: Law,
    /// Time between states in s.
    pub interval: f64,
}

/// An equation with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// Two-dimensional flow on a torus, of vorticities in 1/s.
    NavierStokes(NavierStokes),
    /// Burgers' equation on a periodic line, of velocities in m/s.
    Burgers(Burgers),
}

impl Law {
    fn name(&self) -> &'static str {
        match self {
            Self::NavierStokes(_) => "flow on a torus",
            Self::Burgers(_) => "Burgers' equation",
        }
    }

    /// The word that names of its fields have.
    fn quantity(&self) -> &'static str {
        match self {
            Self::NavierStokes(_) => "vorticity",
            Self::Burgers(_) => "velocity",
        }
    }
}

/// What is known of fields before they are read: whose, and where.
#[derive(Clone, Copy, Debug)]
pub struct FieldNames<'a> {
    /// Names of the inputs.
    pub inputs: &'a [String],
    /// Names of the outputs.
    pub outputs: &'a [String],
}

impl<'a> From<&'a FieldOperatorConfig> for FieldNames<'a> {
    fn from(config: &'a FieldOperatorConfig) -> Self {
        Self {
            inputs: &config.inputs,
            outputs: &config.outputs,
        }
    }
}

impl FieldEquation {
    /// Refuses fields that are no trajectory of the equation, or lie on another kind of grid:
    /// `[rows, columns]`, and whether they go on at one side as at the other.
    ///
    /// # Errors
    /// Saying what was expected and found.
    pub fn check(
        &self,
        names: FieldNames,
        grid: [usize; 2],
        periodic: bool,
        difference: TimeDifference,
    ) -> Result<()> {
        let refuse = |expected: String, found: String| {
            let expected = format!(
                "none, or for the residual of {} {expected}",
                self.law.name()
            );
            Err(Error::config("residual", expected, found))
        };
        let quantity = self.law.quantity();
        let mut all = names.inputs.iter().chain(names.outputs);
        if let Some(other) = all.find(|name| !name.contains(quantity)) {
            return refuse(
                format!("fields of {quantity} alone"),
                format!("a field of another equation, `{other}`"),
            );
        }
        if names.inputs.len() != 1 {
            let found = format!("{} of them", names.inputs.len());
            return refuse("one state as input".into(), found);
        }
        let needed = difference.order();
        if names.outputs.len() < needed {
            return refuse(
                format!("a trajectory of {needed} states or more as output"),
                format!("{}", names.outputs.len()),
            );
        }
        if !(self.interval.is_finite() && self.interval > 0.0) {
            return refuse(
                "a time above 0 between states".into(),
                format!("{} s", self.interval),
            );
        }
        let [rows, columns] = grid;
        let (fits, expected) = match self.law {
            Law::NavierStokes(_) => (rows == columns, "as many rows as columns"),
            Law::Burgers(burgers) => (
                rows == 1 && burgers.ends == Ends::Periodic,
                "a periodic line, one row",
            ),
        };
        if !periodic || !fits {
            let round = if periodic {
                ""
            } else {
                " that is not periodic"
            };
            let expected = format!("a periodic grid, {expected}");
            return refuse(expected, format!("{rows} x {columns}{round}"));
        }
        Ok(())
    }
}

#[derive(Clone, Debug)]
enum Tendency {
    NavierStokes(Box<NavierStokesResidual>),
    Burgers(Box<BurgersResidual>),
}

/// The residual loss of trajectories on one grid.
#[derive(Clone, Debug)]
pub struct FieldResidual {
    tendency: Tendency,
    law: Law,
    grid: [usize; 2],
    interval: f64,
    form: ResidualForm,
    difference: TimeDifference,
}

impl FieldResidual {
    /// For an equation on a periodic grid of `[rows, columns]`, in a form and of an order in time.
    ///
    /// # Errors
    /// When the equation's parameters are unusable or the grid has too few points.
    pub fn new(
        equation: &FieldEquation,
        grid: [usize; 2],
        (form, difference): (ResidualForm, TimeDifference),
        device: &Device,
        dtype: DType,
    ) -> Result<Self> {
        let FieldEquation { law, interval } = *equation;
        let tendency = match law {
            Law::NavierStokes(law) => {
                let residual = NavierStokesResidual::new(law, grid[1], device, dtype)?;
                Tendency::NavierStokes(Box::new(residual))
            }
            Law::Burgers(law) => {
                let line = Line::new(grid[1], law.length, 2)?;
                let residual = BurgersResidual::new(law, &line, device, dtype)?;
                Tendency::Burgers(Box::new(residual))
            }
        };
        Ok(Self {
            tendency,
            law,
            grid,
            interval,
            form,
            difference,
        })
    }

    /// For the fields of an operator on a grid of `[rows, columns]`, in 32 bits on its device.
    ///
    /// # Errors
    /// As [`FieldEquation::check`] and [`Self::new`], and when the network does not take the grid.
    pub fn of_operator(
        operator: &FieldOperator,
        equation: &FieldEquation,
        grid: [usize; 2],
        periodic: bool,
        config: &ResidualConfig,
    ) -> Result<Self> {
        let about = operator.config();
        about.network.check_plane(grid)?;
        equation.check(about.into(), grid, periodic, config.difference)?;
        let in_time = (config.form, config.difference);
        Self::new(equation, grid, in_time, &operator.device(), DType::F32)
    }

    /// What is left over of states `[B, K + 1, H, W]`, see the module: `[B, K, H, W]` in the integral form
    /// and `[B, K + 1, H, W]` in the differential one, in the unit of the state.
    ///
    /// # Errors
    /// When the states are not of the grid, or too few for the difference.
    pub fn residual(&self, states: Tensor<4>) -> Result<Tensor<4>> {
        let [batch, count, rows, columns] = states.dims();
        let needed = self.difference.order() + 1;
        if [rows, columns] != self.grid || count < needed {
            let [h, w] = self.grid;
            return Err(Error::TensorShape {
                tensor: format!("trajectory of {}", self.law.name()),
                expected: vec![batch, count.max(needed), h, w],
                found: states.dims().to_vec(),
            });
        }
        let tendency = match &self.tendency {
            Tendency::NavierStokes(law) => law.tendency(states.clone()),
            Tendency::Burgers(law) => law.tendency(states.clone()),
        };
        let later = count - 1;
        Ok(match self.form {
            ResidualForm::Integral => {
                let gained = integrals(self.difference, tendency, self.interval);
                states.clone().narrow(1, 1, later) - states.narrow(1, 0, 1) - gained
            }
            ResidualForm::Differential => {
                let slope = self.difference.everywhere(states, self.interval);
                (slope - tendency).mul_scalar(self.interval * later as f64)
            }
        })
    }

    /// The loss of each sample `[B]`, see the module, of inputs `[B, 1, H, W]` and outputs
    /// `[B, K, H, W]`, both physical.
    ///
    /// # Errors
    /// As [`Self::residual`].
    pub fn losses(&self, inputs: Tensor<4>, outputs: Tensor<4>) -> Result<Tensor<1>> {
        let batch = outputs.dims()[0];
        let square = |field: Tensor<4>| -> Tensor<1> {
            let points = field.dims()[1..].iter().product::<usize>();
            let field = field.reshape([batch, points]);
            (field.clone() * field).mean_dim(1).reshape([batch])
        };
        let size = square(inputs.clone()).sqrt();
        let left = self.residual(Tensor::cat(vec![inputs, outputs], 1))?;
        // the gradient of a root is finite where nothing is left over
        let left = (square(left) + f64::from(f32::MIN_POSITIVE)).sqrt();
        Ok(left / (size + f64::from(f32::MIN_POSITIVE)))
    }
}

#[cfg(test)]
mod tests;
