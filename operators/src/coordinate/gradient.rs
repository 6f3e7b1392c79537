//! Methods that need the gradient alone: Adam, and L-BFGS by the `argmin` crate.

use super::evaluate::System;
use crate::error::{Error, Result};
use argmin::core::{CostFunction, Executor, Gradient, State as _};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use serde::{Deserialize, Serialize};

/// Moments of Adam (Kingma and Ba, ICLR 2015).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Moments {
    first: Vec<f64>,
    second: Vec<f64>,
    steps: i32,
}

const BETA: (f64, f64) = (0.9, 0.999);
const EPSILON: f64 = 1e-8;

impl Moments {
    pub fn step(&mut self, parameters: &mut [f64], gradient: &[f64], rate: f64) {
        self.first.resize(parameters.len(), 0.0);
        self.second.resize(parameters.len(), 0.0);
        self.steps += 1;
        let corrections = (1.0 - BETA.0.powi(self.steps), 1.0 - BETA.1.powi(self.steps));
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((p, g), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
            *m += (1.0 - BETA.0) * (g - *m);
            *v += (1.0 - BETA.1) * (g * g - *v);
            *p -= rate * (*m / corrections.0) / ((*v / corrections.1).sqrt() + EPSILON);
        }
    }
}

/// Pairs of steps and gradients that L-BFGS remembers.
const MEMORY: usize = 50;

/// The loss as L-BFGS wants it. Failures are kept aside: the line search is told `NaN`.
struct Loss<'a> {
    system: &'a System<'a>,
    failure: std::cell::RefCell<Option<Error>>,
}

impl Loss<'_> {
    fn evaluate(&self, parameters: &[f64]) -> Result<(f64, Vec<f64>), argmin::core::Error> {
        match self.system.gradients(parameters) {
            Ok(terms) => Ok(self.system.sum(&terms)),
            Err(error) => {
                let told = argmin::core::Error::msg(error.to_string());
                *self.failure.borrow_mut() = Some(error);
                Err(told)
            }
        }
    }
}

impl CostFunction for &Loss<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, parameters: &Vec<f64>) -> Result<f64, argmin::core::Error> {
        let losses = self.system.losses(parameters);
        // A step too far is no failure: the line search takes a shorter one.
        Ok(losses.map_or(f64::MAX.sqrt(), |losses| self.system.total(&losses)))
    }
}

impl Gradient for &Loss<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, parameters: &Vec<f64>) -> Result<Vec<f64>, argmin::core::Error> {
        Ok(self.evaluate(parameters)?.1)
    }
}

/// Some steps of L-BFGS (Nocedal, Math. Comput. 35, 1980) that begin without memory. Ends early
/// where the line search finds no better point.
pub(super) fn lbfgs(system: &System, parameters: &mut Vec<f64>, steps: usize) -> Result<bool> {
    let loss = Loss {
        system,
        failure: std::cell::RefCell::new(None),
    };
    let solver = LBFGS::new(MoreThuenteLineSearch::new(), MEMORY);
    let solver = solver
        .with_tolerance_grad(0.0)
        .and_then(|s| s.with_tolerance_cost(0.0))
        .map_err(|e| Error::config("lbfgs", "tolerances", e))?;
    let start = parameters.clone();
    let run = Executor::new(&loss, solver)
        .configure(|state| state.param(start).max_iters(steps as u64))
        .run();
    if let Some(failure) = loss.failure.take() {
        return Err(failure);
    }
    // A line search that ends without a step is the end of this method, not an error.
    match run {
        Ok(run) => {
            let best = run.state().get_best_param().cloned();
            let gained = best.as_ref().is_some_and(|best| best != parameters);
            if let Some(best) = best {
                *parameters = best;
            }
            Ok(gained)
        }
        Err(_) => Ok(false),
    }
}

impl System<'_> {
    /// Loss and gradient of all terms with their factors.
    pub fn sum(&self, terms: &[(f64, Vec<f64>)]) -> (f64, Vec<f64>) {
        let count = terms.first().map_or(0, |t| t.1.len());
        let (mut loss, mut gradient) = (0.0, vec![0.0; count]);
        for ((value, slopes), factor) in terms.iter().zip(&self.factors) {
            loss += factor * value;
            let sums = gradient.iter_mut().zip(slopes);
            sums.for_each(|(to, g)| *to += factor * g);
        }
        (loss, gradient)
    }
}
