//! Central differences along the time axis of a trajectory.

use crate::error::{Error, Result};
use burn::tensor::Tensor;

/// A central difference for the first derivative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
        }
    }
}
