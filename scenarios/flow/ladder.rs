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

/// Solvers with a first step in seconds, half of it and a quarter: what is stable for the inputs may be
/// too long for what follows.
pub struct Halved<S> {
    solvers: Vec<S>,
    first: f64,
}

impl<S> Halved<S> {
    /// Plans the solvers.
    ///
    /// # Errors
    /// As `planned`, which is given the step.
    pub fn new(
        first: f64,
        planned: impl Fn(f64) -> curlwind_solvers::Result<S>,
    ) -> curlwind_solvers::Result<Self> {
        let solvers = (0..3).map(|halvings| planned(first / f64::from(1 << halvings)));
        Ok(Self {
            solvers: solvers.collect::<curlwind_solvers::Result<_>>()?,
            first,
        })
    }

    /// What the first solver makes of it that does not fail, else why the last failed.
    pub fn solve<T>(&self, solve: impl Fn(&S) -> curlwind_solvers::Result<T>) -> Result<T, String> {
        let mut failed = String::new();
        for solver in &self.solvers {
            match solve(solver) {
                Ok(states) => return Ok(states),
                Err(error) => failed = error.to_string(),
            }
        }
        Err(failed)
    }
}

impl Rung {
    /// The Fourier pseudo-spectral method with exponential Runge-Kutta steps, the longest stable one
    /// being `limit` seconds.
    pub fn spectral<S>(
        solvers: Halved<S>,
        limit: f64,
        solve: impl FnOnce(Halved<S>) -> Box<Solve>,
    ) -> Self {
        Self {
            about: "Fourier pseudo-spectral, 2/3 rule, exponential Runge-Kutta (ETDRK4)".into(),
            order: "spectral, 4",
            time_step: Some(TimeStep {
                seconds: solvers.first,
                limit: Some(limit),
            }),
            precision: "f64",
            solve: solve(solvers),
        }
    }
}

/// Energy and enstrophy of an answer against the truth's, beside its own checks.
pub fn against_truth(own: [f64; 2], truth: [f64; 2]) -> Checks {
    let names = [
        "energy of the last state, relative to the reference's",
        "enstrophy of the last state, relative to the reference's",
    ];
    let pairs = names.into_iter().zip(own.into_iter().zip(truth));
    pairs
        .map(|(name, (own, truth))| (name.to_string(), relative(own, truth)))
        .collect()
}

/// A conserved quantity or a residual of an answer, by name.
pub type Checks = Vec<(String, f64)>;

/// Relative difference of two numbers.
pub fn relative(value: f64, to: f64) -> f64 {
    (value - to) / to.abs().max(f64::MIN_POSITIVE)
}
