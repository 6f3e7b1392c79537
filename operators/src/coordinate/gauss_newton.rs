//! Levenberg's and Marquardt's method on all residuals at once.
//!
//! ```text
//! (J^T J + mu diag) step = J^T r
//! ```
//!
//! with the rows of `J` from [`TermPoints::rows`](super::evaluate::TermPoints::rows). The damping
//! follows Nielsen (Damping Parameter in Marquardt's Method, IMM-REP-1999-05, 1999): it falls with
//! the share of the predicted gain that a step brings, and rises ever faster while steps fail.

use super::evaluate::{Rows, System};
use crate::error::Result;
use crate::normal_equations::damped_step;
use burn::tensor::{Device, Element, Tensor, TensorData};
use ndarray::{Array2, s};

/// Columns of a block of the normal matrix, at least.
const BLOCK: usize = 256;

/// State of the method between steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Damping {
    pub mu: f64,
    pub rise: f64,
}

impl Default for Damping {
    fn default() -> Self {
        Self {
            mu: 1e-3,
            rise: 2.0,
        }
    }
}

/// Least damping: below, rounding errors of the normal matrix decide.
const LEAST: f64 = 1e-14;
/// Damping of a weight that nothing depends on, in units of the largest diagonal element.
const FLOOR: f64 = 1e-9;
/// Trials of a step.
const TRIALS: usize = 16;

/// What the normal equations say of each term besides, without its factor.
#[derive(Clone, Copy, Debug)]
pub(super) struct TermFacts {
    /// Mean of the weighted squares.
    pub loss: f64,
    /// Norm of its gradient.
    pub gradient: f64,
    /// Trace of `J J^T` over the points: what the neural tangent kernel balances.
    pub trace: f64,
}

/// Normal matrix (lower half) and right-hand side.
pub(super) struct Normal {
    pub matrix: Array2<f64>,
    pub gradient: Array2<f64>,
    pub facts: Vec<TermFacts>,
}

/// Damping above which the rounding errors of a normal matrix in f32, some 1e-6 of its diagonal, are
/// hidden by it.
const SINGLE: f64 = 1e-2;

impl System<'_> {
    /// The normal equations, for steps with a damping of `damping` and more: the matrix, nearly all of
    /// the work, in f32 where that is enough, the right-hand side always in f64.
    pub fn normal(&self, parameters: &[f64], damping: f64) -> Result<Normal> {
        let n = parameters.len();
        let mut matrix = Array2::zeros((n, n));
        let mut gradient = vec![0.0; n];
        let weights = self.network.weights(parameters, false);
        let mut facts = Vec::new();
        for (t, (term, points)) in self.problem.terms.iter().zip(&self.points).enumerate() {
            let factor = self.factors[t];
            let mut own = vec![0.0; n];
            let (mut loss, mut trace) = (0.0, 0.0);
            points.rows(term, self.network, &weights, parameters, |rows| {
                let Rows {
                    jacobian,
                    residuals,
                } = rows;
                for (row, r) in jacobian.chunks_exact(n).zip(&residuals) {
                    own.iter_mut().zip(row).for_each(|(to, j)| *to += j * r);
                    loss += r * r;
                    trace += row.iter().map(|j| j * j).sum::<f64>();
                }
                match damping > SINGLE {
                    true => {
                        let jacobian = jacobian.iter().map(|j| *j as f32).collect();
                        add_square::<f32>(&mut matrix, jacobian, factor);
                    }
                    false => add_square::<f64>(&mut matrix, jacobian, factor),
                }
            })?;
            let norm = own.iter().map(|g| g * g).sum::<f64>().sqrt();
            let sums = gradient.iter_mut().zip(&own);
            sums.for_each(|(to, g)| *to += factor * g);
            facts.push(TermFacts {
                loss,
                gradient: 2.0 * norm,
                trace,
            });
        }
        let gradient = Array2::from_shape_vec((n, 1), gradient).unwrap_or_default();
        Ok(Normal {
            matrix,
            gradient,
            facts,
        })
    }

    /// One step from `parameters`; the new losses of the terms, or nothing where no step gains.
    pub fn damped(
        &self,
        normal: &Normal,
        parameters: &mut Vec<f64>,
        damping: &mut Damping,
    ) -> Option<Vec<f64>> {
        let losses: Vec<f64> = normal.facts.iter().map(|f| f.loss).collect();
        let loss = self.total(&losses);
        let largest = normal.matrix.diag().iter().fold(0.0, |m: f64, d| m.max(*d));
        let floor = FLOOR * largest;
        for _ in 0..TRIALS {
            let step = damped_step(&normal.matrix, &normal.gradient, damping.mu, floor);
            if let Some(step) = step {
                let trial: Vec<f64> = parameters.iter().zip(&step).map(|(p, s)| p - s).collect();
                // What is not a number is no gain either.
                let losses = self.losses(&trial).unwrap_or_default();
                let new = if losses.is_empty() {
                    f64::NAN
                } else {
                    self.total(&losses)
                };
                if new < loss {
                    let slope: f64 = step.iter().zip(&normal.gradient).map(|(s, g)| s * g).sum();
                    let bend: f64 = step
                        .iter()
                        .zip(normal.matrix.diag())
                        .map(|(s, d)| s * s * d)
                        .sum();
                    let predicted = slope + damping.mu * bend;
                    let share = (loss - new) / predicted.max(f64::MIN_POSITIVE);
                    let fall = (1.0 - (2.0 * share - 1.0).powi(3)).max(1.0 / 3.0);
                    damping.mu = (damping.mu * fall).max(LEAST);
                    damping.rise = 2.0;
                    *parameters = trial;
                    return Some(losses);
                }
            }
            damping.mu *= damping.rise;
            damping.rise *= 2.0;
        }
        None
    }
}

/// Adds `factor J^T J` to the lower half of a matrix, block by block, in the precision of `J`.
fn add_square<E: Element + Into<f64>>(matrix: &mut Array2<f64>, jacobian: Vec<E>, factor: f64) {
    let n = matrix.nrows();
    let rows = jacobian.len() / n;
    let data = TensorData::new(jacobian, [rows, n]);
    let jacobian = Tensor::<2>::from_data(data, (&Device::flex(), E::dtype()));
    let block = BLOCK.max(n.div_ceil(6));
    for first in (0..n).step_by(block) {
        let last = (first + block).min(n);
        // All rows of the lower half from the block's diagonal on, in one product.
        let left = jacobian.clone().narrow(1, first, n - first).transpose();
        let right = jacobian.clone().narrow(1, first, last - first);
        let product = left.matmul(right).into_data();
        let product = product.try_into_vec::<E>().unwrap_or_default();
        let mut to = matrix.slice_mut(s![first.., first..last]);
        for (to, value) in to.iter_mut().zip(product) {
            *to += factor * value.into();
        }
    }
}
