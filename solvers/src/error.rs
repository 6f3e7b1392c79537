//! What can go wrong in a solver, told so that the reader can act on it.

/// Every failure that the solvers report.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A number of grid points, a truncation or another size is unusable.
    #[error("{what}: expected {expected}, found {found}")]
    Size {
        /// The quantity, e.g. "number of latitudes".
        what: &'static str,
        /// The condition that it has to meet.
        expected: String,
        /// Its value.
        found: usize,
    },
    /// Fields or spectra whose shape does not belong to this grid and truncation.
    #[error("shape of {what}: expected {expected:?}, found {found:?}")]
    Shape {
        /// The array.
        what: &'static str,
        /// The shape that fits.
        expected: Vec<usize>,
        /// The shape that came.
        found: Vec<usize>,
    },
    /// A physical or numerical parameter outside its range.
    #[error("{name} = {value}: expected {expected}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// Its value, in SI units.
        value: f64,
        /// The range.
        expected: &'static str,
    },
    /// The time step is beyond what the integrator can bear.
    #[error(
        "time step {time_step} s is over the stability limit {limit:.4} s of {integrator} at this resolution; take a smaller one"
    )]
    UnstableTimeStep {
        /// The step asked for, in seconds.
        time_step: f64,
        /// The largest stable step, in seconds.
        limit: f64,
        /// The name of the integrator.
        integrator: &'static str,
    },
    /// A field has become infinite or not-a-number.
    #[error("{field} is not finite at t = {time} s (step {step})")]
    NotFinite {
        /// The field.
        field: &'static str,
        /// Model time in seconds.
        time: f64,
        /// Number of steps taken.
        step: u64,
    },
    /// A solid that cannot be meshed.
    #[error("solid \"{name}\": {problem}")]
    Solid {
        /// Its name.
        name: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// A port that cannot be connected.
    #[error("port \"{name}\": {problem}")]
    Port {
        /// Its name.
        name: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// An iteration did not reach its tolerance.
    #[error(
        "{what} did not converge: residual {residual:e} after {iterations} iterations, tolerance {tolerance:e}"
    )]
    NoConvergence {
        /// The iteration.
        what: &'static str,
        /// Number of iterations done.
        iterations: usize,
        /// Last residual.
        residual: f64,
        /// The tolerance asked for.
        tolerance: f64,
    },
    /// A part of a model contradicts the rest of it.
    #[error("{item}: expected {expected}, found {found}")]
    Model {
        /// The part, e.g. "probe 3 on Ez at [1, 2, 3]".
        item: String,
        /// What fits.
        expected: String,
        /// What came.
        found: String,
    },
    /// A device that is not there, or failed at its work.
    #[error("device `{name}`: {reason}")]
    Device {
        /// Its name.
        name: String,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// Processes that share a simulation and cannot go on.
    #[error("{ranks} processes: {reason}")]
    Ranks {
        /// Their number.
        ranks: usize,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// More memory than is free.
    #[error("{what} needs {:.2} GiB, free are {:.2} GiB; take fewer or larger cells", *needed as f64 / 1073741824.0, *available as f64 / 1073741824.0)]
    Memory {
        /// What needs it.
        what: String,
        /// Bytes needed.
        needed: u64,
        /// Bytes free.
        available: u64,
    },
}

/// The result of anything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;
