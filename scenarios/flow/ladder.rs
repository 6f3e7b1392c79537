//! Solvers of a flow at a resolution and a time step, ready to be asked: the rungs that a comparison
//! climbs.

use crate::compare::measurements::TimeStep;
use ndarray::{Array4, ArrayView3};

/// What a prepared solver makes of an input `[channel][row][column]`: the states that follow
/// `[step][channel][row][column]`, on the points of the input.
pub type Solve = dyn Fn(ArrayView3<f32>) -> Result<Array4<f32>, String> + Send + Sync;

/// A solver that is planned and waits for inputs.
pub struct Rung {
    /// The method, for a table.
    pub about: String,
    /// Orders in space and time.
    pub order: &'static str,
    /// Its step, where it steps.
    pub time_step: Option<TimeStep>,
    /// `f64` or `f32`.
    pub precision: &'static str,
    /// The work.
    pub solve: Box<Solve>,
}

/// What a rung is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Points or cells along a side.
    pub resolution: usize,
    /// The time step as a share of the longest stable one.
    pub share: f64,
    /// Steps of the layout that follow the input.
    pub steps: usize,
}

/// A conserved quantity or a residual of an answer, by name.
pub type Checks = Vec<(String, f64)>;

/// Relative difference of two numbers.
pub fn relative(value: f64, to: f64) -> f64 {
    (value - to) / to.abs().max(f64::MIN_POSITIVE)
}
