//! Central differences along the time axis of a trajectory.

use crate::buffers::matrix;
use crate::error::{Error, Result};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// A central difference for the first derivative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeDifference {
    /// `(q_1 - q_-1) / (2 dt)`, error `dt^2 / 6 q'''`.
    #[default]
    Second,
    /// `(8 (q_1 - q_-1) - (q_2 - q_-2)) / (12 dt)`, error `dt^4 / 30 q'''''`.
    Fourth,
}

impl TimeDifference {
    /// Order of accuracy.
    pub fn order(self) -> usize {
        match self {
            Self::Second => 2,
            Self::Fourth => 4,
        }
    }

    /// States needed before and after the one where the derivative is taken.
    pub fn margin(self) -> usize {
        self.order() / 2
    }

    /// Derivative of `[T, ...]` with `time_step` seconds between states, at the
    /// `T - 2 margin` inner states.
    ///
    /// # Panics
    /// When there are fewer than `2 margin + 1` states.
    pub fn apply(self, states: Tensor<4>, time_step: f64) -> Tensor<4> {
        let margin = self.margin();
        let count = inner_count(self, states.dims()[0]);
        let pair = |offset: usize| {
            let at = |start| states.clone().narrow(0, start, count);
            at(margin + offset) - at(margin - offset)
        };
        match self {
            Self::Second => pair(1).div_scalar(2.0 * time_step),
            Self::Fourth => (pair(1).mul_scalar(8.0) - pair(2)).div_scalar(12.0 * time_step),
        }
    }

    /// The states at which [`TimeDifference::apply`] gives the derivative.
    pub fn inner(self, states: Tensor<4>) -> Tensor<4> {
        let count = inner_count(self, states.dims()[0]);
        states.narrow(0, self.margin(), count)
    }

    /// Derivative of `[B, T, H, W]` with `time_step` seconds between states, at all of them: central
    /// inside, one-sided and of the same order near both ends.
    ///
    /// Central differences alone say too little: of T states after a known one they leave as many free
    /// as the margin has, so that a residual of 0 would not make a trajectory the solution.
    ///
    /// # Panics
    /// When there are fewer than `order + 1` states.
    pub fn everywhere(self, states: Tensor<4>, time_step: f64) -> Tensor<4> {
        let [batch, count, rows, columns] = states.dims();
        let needed = self.order() + 1;
        assert!(
            count >= needed,
            "{self:?} difference: expected {needed} states or more, found {count}"
        );
        let entries = (0..count).flat_map(|at| {
            let start = at.saturating_sub(self.margin()).min(count - needed);
            (0..count).map(move |j| match (start..start + needed).contains(&j) {
                true => slope_weight(start..start + needed, at, j) / time_step,
                false => 0.0,
            })
        });
        let shape = [1, count, count];
        let weights = matrix(entries.collect(), shape, &states.device(), states.dtype());
        weights
            .matmul(states.reshape([batch, count, rows * columns]))
            .reshape([batch, count, rows, columns])
    }
}

/// Integrals from the first of the states `[B, T, H, W]`, `time_step` seconds apart, to each of the
/// others, `[B, T - 1, H, W]`: between two neighbours that of the polynomial through the `order` states
/// around them, which makes it of the order of the difference of that name. For `order` 2 it is the
/// trapezoidal rule.
///
/// # Panics
/// When there are fewer than `order` states.
pub(crate) fn integrals(
    difference: TimeDifference,
    states: Tensor<4>,
    time_step: f64,
) -> Tensor<4> {
    let [batch, count, rows, columns] = states.dims();
    let order = difference.order();
    assert!(
        count >= order,
        "{difference:?} integral: expected {order} states or more, found {count}"
    );
    let mut sums = vec![0.0; count];
    let mut entries = Vec::new();
    for interval in 0..count - 1 {
        let start = (interval + 1).saturating_sub(order / 2).min(count - order);
        for (j, sum) in sums.iter_mut().enumerate().skip(start).take(order) {
            *sum += time_step * area_weight(start..start + order, interval, j);
        }
        entries.extend_from_slice(&sums);
    }
    let shape = [1, count - 1, count];
    let weights = matrix(entries, shape, &states.device(), states.dtype());
    weights
        .matmul(states.reshape([batch, count, rows * columns]))
        .reshape([batch, count - 1, rows, columns])
}

/// The weight of the value at `j` in the integral from `from` to `from + 1` of the polynomial through
/// the values at whole numbers `nodes`; Gauss' rule of three points, exact to the fifth degree.
fn area_weight(nodes: std::ops::Range<usize>, from: usize, j: usize) -> f64 {
    let lagrange = |x: f64| -> f64 {
        let others = nodes.clone().filter(|m| *m != j);
        others
            .map(|m| (x - m as f64) / (j as f64 - m as f64))
            .product()
    };
    let at = |offset: f64| lagrange(from as f64 + 0.5 + offset);
    let far = 0.5 * 0.6f64.sqrt();
    (5.0 * (at(-far) + at(far)) + 8.0 * at(0.0)) / 18.0
}

/// The weight of the value at `j` in the slope at `at` of the polynomial through the values at whole
/// numbers `nodes`, both among them: the slope of Lagrange's polynomial of `j`.
fn slope_weight(nodes: std::ops::Range<usize>, at: usize, j: usize) -> f64 {
    let difference = |a: usize, b: usize| a as f64 - b as f64;
    let others = |of: usize| nodes.clone().filter(move |m| *m != of);
    if at == j {
        return others(j).map(|m| 1.0 / difference(j, m)).sum();
    }
    let above: f64 = others(j)
        .filter(|m| *m != at)
        .map(|m| difference(at, m))
        .product();
    above / others(j).map(|m| difference(j, m)).product::<f64>()
}

/// `dq/dt` minus `tendency(q)` at the inner states of a trajectory `[T, ...]`.
///
/// # Errors
/// When the trajectory has too few states for the difference.
pub(super) fn of_trajectory(
    states: Tensor<4>,
    time_step: f64,
    difference: TimeDifference,
    tendency: impl FnOnce(Tensor<4>) -> Tensor<4>,
) -> Result<Tensor<4>> {
    let (found, needed) = (states.dims()[0], 2 * difference.margin() + 1);
    if found < needed {
        return Err(Error::Data(format!(
            "a {difference:?} time difference needs {needed} states, found {found}"
        )));
    }
    let tendency = tendency(difference.inner(states.clone()));
    Ok(difference.apply(states, time_step) - tendency)
}

fn inner_count(difference: TimeDifference, states: usize) -> usize {
    let needed = 2 * difference.margin() + 1;
    assert!(
        states >= needed,
        "{difference:?} difference: expected {needed} states or more, found {states}"
    );
    states - 2 * difference.margin()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers::matrix;
    use burn::tensor::{DType, Device};

    #[test]
    fn exact_on_polynomials_of_its_order() {
        for (difference, order) in [(TimeDifference::Second, 2), (TimeDifference::Fourth, 4)] {
            let values = (0..7).map(|t| (0.5 * t as f64).powi(order)).collect();
            let states = matrix::<4>(values, [7, 1, 1, 1], &Device::flex(), DType::F64);
            let slope = difference
                .apply(states, 0.5)
                .into_data()
                .try_into_vec::<f64>()
                .expect("f64");
            assert_eq!(slope.len(), 7 - order as usize);
            for (i, s) in slope.iter().enumerate() {
                let t = 0.5 * (i + difference.margin()) as f64;
                assert!((s - order as f64 * t.powi(order - 1)).abs() < 1e-12);
            }
            let values = (0..7).map(|t| (0.5 * t as f64).powi(order)).collect();
            let states = matrix::<4>(values, [1, 7, 1, 1], &Device::flex(), DType::F64);
            let slope = difference.everywhere(states, 0.5).into_data();
            let slope = slope.try_into_vec::<f64>().expect("f64");
            assert_eq!(slope.len(), 7);
            for (i, s) in slope.iter().enumerate() {
                let exact = order as f64 * (0.5 * i as f64).powi(order - 1);
                assert!((s - exact).abs() < 1e-11, "{difference:?} {i}: {s} {exact}");
            }
            let values = (0..7).map(|t| order as f64 * (0.5 * t as f64).powi(order - 1));
            let slopes = matrix::<4>(values.collect(), [1, 7, 1, 1], &Device::flex(), DType::F64);
            let found = integrals(difference, slopes, 0.5).into_data();
            let found = found.try_into_vec::<f64>().expect("f64");
            assert_eq!(found.len(), 6);
            for (i, s) in found.iter().enumerate() {
                let exact = (0.5 * (i + 1) as f64).powi(order);
                assert!((s - exact).abs() < 1e-11, "{difference:?} {i}: {s} {exact}");
            }
        }
    }
}
