//! Problems with a known solution: each an equation, its conditions, the solver that stands for it,
//! and the truth to judge both by.
//!
//! Scenarios, tests, benchmarks and the ablation tables all take their problems from here.

mod advection;
mod allen_cahn;
mod burgers_shock;
mod fdtd;
mod maxwell_cavity;
mod maxwell_interface;
mod maxwell_point_source;

pub use advection::Advection;
pub use allen_cahn::AllenCahnFronts;
pub use burgers_shock::BurgersShock;
pub use maxwell_cavity::MaxwellCavity;
pub use maxwell_interface::MaxwellInterface;
pub use maxwell_point_source::MaxwellPointSource;

use super::field::Field;
use super::jet::Jet;
use super::problem::{Domain, OfCoordinates, Place, Problem, Term};
use crate::error::Result;
use crate::kernels::jets::JetOrder;
use burn::tensor::{Device, Tensor};
use curlwind_solvers::torus::Line;
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How conditions are imposed, and on how many points residuals are taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Conditions {
    /// Whether initial and boundary values hold exactly, by what the network is multiplied with and
    /// added to; else they are terms of the loss.
    pub exact: bool,
    /// Points in the interior.
    pub interior: usize,
    /// Points of each condition that is a term.
    pub boundary: usize,
    /// Weight of each condition that is a term.
    pub weight: f64,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            exact: true,
            interior: 5000,
            boundary: 500,
            weight: 10.0,
        }
    }
}

/// A quantity: name in files, unit, and what it is.
pub type Quantity = (&'static str, &'static str, &'static str);

/// Values on the product of axes.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Points along each coordinate, the time first.
    pub axes: Vec<Vec<f64>>,
    /// `[point, quantity]`, the last axis running fastest.
    pub values: Array2<f64>,
}

/// A solver's answer at a reference's points, and the seconds it took.
#[derive(Clone, Debug)]
pub struct Solved {
    /// `[point, quantity]`
    pub values: Array2<f64>,
    /// Wall time of the run itself.
    pub seconds: f64,
}

/// The time step of a run, in the unit of the first coordinate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    /// What is taken.
    pub taken: f64,
    /// The longest that is stable, and reaches every time that is asked for.
    pub limit: f64,
}

impl Steps {
    /// Steps of at most `step`, a whole number of them in the interval between the times of a
    /// reference; `stable` is the longest stable one.
    pub fn dividing(at: &Reference, step: f64, stable: f64) -> Self {
        let interval = at.interval();
        let limit = stable.min(interval);
        let whole = (interval / step.min(limit) * (1.0 - 1e-12)).ceil().max(1.0);
        Self {
            taken: interval / whole,
            limit,
        }
    }
}

/// A problem with its solver and its truth.
pub trait Case: Send + Sync {
    /// Coordinates: name, unit.
    fn coordinates(&self) -> Vec<(&'static str, &'static str)>;

    /// Where it is posed.
    ///
    /// # Errors
    /// When a parameter leaves no domain.
    fn domain(&self) -> Result<Domain>;

    /// Quantities that are asked for.
    fn quantities(&self) -> Vec<Quantity>;

    /// The problem in a window of time that begins with the end of another's solution, or with the
    /// initial state.
    ///
    /// # Errors
    /// When a parameter is unusable.
    fn problem(
        &self,
        conditions: &Conditions,
        window: [f64; 2],
        before: Option<&Field>,
    ) -> Result<Problem>;

    /// Where the truth is asked for, the time first; the times are evenly spaced.
    fn axes(&self) -> Vec<Vec<f64>>;

    /// The truth on axes that differ from [`Case::axes`] in their times at most.
    ///
    /// # Errors
    /// When it cannot be computed.
    fn reference_on(&self, axes: Vec<Vec<f64>>) -> Result<Reference>;

    /// The truth.
    ///
    /// # Errors
    /// When it cannot be computed.
    fn reference(&self) -> Result<Reference> {
        self.reference_on(self.axes())
    }

    /// Resolution of the solver that the truth is from; none of an exact solution.
    fn reference_resolution(&self) -> Option<usize> {
        None
    }

    /// Where the truth is from, in a few words.
    fn source(&self) -> &'static str;

    /// The solver's name, and resolutions of which the finest is well below any network's error.
    fn solver(&self) -> (&'static str, Vec<usize>);

    /// The solver's order of accuracy in space and time.
    fn order(&self) -> &'static str;

    /// The time step at a resolution: the solver's own choice, or a share of the longest stable one
    /// where a solver leaves that open.
    ///
    /// # Errors
    /// When the solver refuses.
    fn steps(&self, resolution: usize, share: Option<f64>, at: &Reference) -> Result<Steps>;

    /// The solver's answer at a resolution with these steps.
    ///
    /// # Errors
    /// When the solver refuses.
    fn solve_in(&self, resolution: usize, share: Option<f64>, at: &Reference) -> Result<Solved>;

    /// The solver's answer at a resolution.
    ///
    /// # Errors
    /// When the solver refuses.
    fn solve(&self, resolution: usize, at: &Reference) -> Result<Solved> {
        self.solve_in(resolution, None, at)
    }

    /// Quantities that the equation conserves: largest change over the run relative to the start.
    fn drifts(&self, _at: &Reference, _values: &Array2<f64>) -> Vec<(&'static str, f64)> {
        Vec::new()
    }

    /// What the physics says of any answer, without knowing the truth: conserved quantities, symmetries,
    /// divergence. Zero but for the spacing of the points where it is obeyed.
    fn checks(&self, at: &Reference, values: &Array2<f64>) -> Vec<(String, f64)> {
        let drifts = self.drifts(at, values).into_iter();
        let named = |(what, drift): (&str, f64)| (format!("largest drift of the {what}"), drift);
        drifts.map(named).collect()
    }

    /// Quantities from the functions at a point: `[component][function]`, values first, then the
    /// derivatives by each coordinate.
    fn quantities_at(&self, _point: &[f64], jet: ArrayView2<f64>) -> Vec<f64> {
        jet.row(0).to_vec()
    }
}

impl Reference {
    /// A function of the coordinates on the product of axes.
    pub fn of(axes: Vec<Vec<f64>>, width: usize, f: impl Fn(&[f64]) -> Vec<f64> + Sync) -> Self {
        let mut reference = Self {
            axes,
            values: Array2::default((0, width)),
        };
        let d = reference.axes.len();
        let points = reference.points();
        let values: Vec<f64> = points.par_chunks_exact(d).flat_map_iter(&f).collect();
        let shape = (points.len() / d, width);
        reference.values = Array2::from_shape_vec(shape, values).unwrap_or_default();
        reference
    }

    /// What lies between two times.
    pub fn interval(&self) -> f64 {
        match self.axes[0][..] {
            [first, second, ..] => second - first,
            _ => f64::NAN,
        }
    }

    /// All points, `D` numbers each.
    pub fn points(&self) -> Vec<f64> {
        let d = self.axes.len();
        let count = self.axes.iter().map(Vec::len).product::<usize>();
        let mut points = vec![0.0; count * d];
        for (n, point) in points.chunks_exact_mut(d).enumerate() {
            let mut rest = n;
            for axis in (0..d).rev() {
                let length = self.axes[axis].len();
                point[axis] = self.axes[axis][rest % length];
                rest /= length;
            }
        }
        points
    }

    /// Relative L2 error of each quantity.
    pub fn errors(&self, values: &Array2<f64>) -> Vec<f64> {
        (0..self.values.ncols())
            .map(|q| {
                let truth = self.values.column(q);
                let difference = &values.column(q) - &truth;
                (difference.dot(&difference) / truth.dot(&truth)).sqrt()
            })
            .collect()
    }
}

/// Refuses meshes that have no node at each point of a reference.
fn a_node_at_each_point(at: &Reference, resolution: usize) -> Result<()> {
    let cells = at.axes[1].len() - 1;
    match resolution > 0 && resolution.is_multiple_of(cells) {
        true => Ok(()),
        false => Err(crate::Error::Config {
            key: "resolution".into(),
            expected: format!("a multiple of {cells}: a node at each point of the reference"),
            found: resolution.to_string(),
        }),
    }
}

/// Largest size of numbers; NaN wins.
fn largest(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let larger = |m: f64, v: f64| {
        if v.abs() > m || v.is_nan() {
            v.abs()
        } else {
            m
        }
    };
    numbers.into_iter().fold(0.0, larger)
}

/// Largest `a(n) - sign a(mirror of n)` of a line's states at each time, over the largest size.
fn asymmetry(values: &Array2<f64>, length: usize, sign: f64) -> f64 {
    let values: Vec<f64> = values.column(0).to_vec();
    let lines = values.chunks_exact(length);
    let differences = lines.flat_map(|line| {
        let mirrored = line.iter().rev();
        line.iter().zip(mirrored).map(|(a, b)| a - sign * b)
    });
    largest(differences) / largest(values.iter().copied())
}

/// How far the values of a maximum principle exceed `bound`, relative to it.
fn excess(values: &Array2<f64>, bound: f64) -> f64 {
    (largest(values.iter().copied()) - bound).max(0.0) / bound
}

/// Root mean square of the divergence of a plane field `(a, b)` at the last time by fourth-order
/// differences, over that of its slopes; `[point, quantity]` as in a [`Reference`].
fn divergence(at: &Reference, values: &Array2<f64>, [a, b]: [usize; 2]) -> f64 {
    let (nx, ny) = (at.axes[1].len(), at.axes[2].len());
    let first = (at.axes[0].len() - 1) * nx * ny;
    let value = |q: usize, i: usize, j: usize| values[[first + i * ny + j, q]];
    let slope = |f: &dyn Fn(usize) -> f64, n: usize, spacing: f64| {
        (f(n - 2) - f(n + 2) + 8.0 * (f(n + 1) - f(n - 1))) / (12.0 * spacing)
    };
    let spacing = |axis: usize| at.axes[axis][1] - at.axes[axis][0];
    let (mut squares, mut size) = (0.0, 0.0);
    for i in 2..nx - 2 {
        for j in 2..ny - 2 {
            let along_x = slope(&|i| value(a, i, j), i, spacing(1));
            let along_y = slope(&|j| value(b, i, j), j, spacing(2));
            squares += (along_x + along_y).powi(2);
            size += along_x.powi(2) + along_y.powi(2);
        }
    }
    (squares / size).sqrt()
}

/// Evenly spaced numbers, both ends included.
pub(crate) fn even(low: f64, high: f64, count: usize) -> Vec<f64> {
    let step = (high - low) / (count - 1).max(1) as f64;
    (0..count).map(|n| low + step * n as f64).collect()
}

/// The state that a window begins with, as functions of all coordinates that do not depend on the time,
/// the first: the end of the window before, or the initial state.
fn initial_state(
    before: Option<&Field>,
    start: f64,
    first: impl Fn(&Jet) -> Jet + Send + Sync + 'static,
) -> OfCoordinates {
    let Some(before) = before.cloned() else {
        return Arc::new(first);
    };
    Arc::new(move |at: &Jet| {
        let mut points: Vec<f64> = at.value().into_data().try_into_vec().unwrap_or_default();
        let d = at.order.coordinates();
        points.iter_mut().step_by(d).for_each(|t| *t = start);
        // A window ends where the next begins, and both have the same sides.
        at_rest(before.jets_inside(&points, at.order))
    })
}

/// The same with no dependence on the first coordinate.
fn at_rest(jet: Jet) -> Jet {
    let order = jet.order;
    let by_time = |c: usize| {
        c == order.first(0) || (0..order.coordinates()).any(|i| order.second(0, i) == Some(c))
    };
    let parts = (0..order.components()).map(|c| {
        let part = jet.parts.clone().narrow(1, c, 1);
        if by_time(c) { part.zeros_like() } else { part }
    });
    Jet {
        parts: Tensor::cat(parts.collect(), 1),
        order,
    }
}

/// `exp(u)`.
fn exponential(u: &Jet) -> Jet {
    let order = u.order;
    let value = u.parts.clone().narrow(1, 0, 1).exp();
    let mut parts = vec![value.clone()];
    for i in 0..order.coordinates() {
        parts.push(u.parts.clone().narrow(1, order.first(i), 1) * value.clone());
    }
    for (n, [i, j]) in order.pairs().enumerate() {
        let part = |c: usize| u.parts.clone().narrow(1, c, 1);
        let straight = part(1 + order.coordinates() + n);
        let product = part(order.first(i)) * part(order.first(j));
        parts.push((straight + product) * value.clone());
    }
    Jet {
        parts: Tensor::cat(parts, 1),
        order,
    }
}

/// The term by which a window begins with a state.
fn starts_as(
    domain: &Domain,
    state: OfCoordinates,
    points: usize,
    weight: f64,
    outputs: usize,
) -> Term {
    let place = Place::slice(domain, 0, domain.lower[0]);
    let order = JetOrder::new(domain.coordinates(), &[]);
    let values = move |point: &[f64], to: &mut [f64]| {
        let state = state(&Jet::coordinates(point, order, &Device::flex())).value();
        let state = state.into_data().try_into_vec::<f64>().unwrap_or_default();
        to.copy_from_slice(&state);
    };
    Term::values("initial state", place, points, outputs, values).weighted(weight)
}

/// The term by which a potential and its slopes begin as in the window before, or as `first` has them.
/// The slopes in space are fields too: a potential that is right to 1e-4 may have wrong ones.
fn continues(
    domain: &Domain,
    before: Option<&Field>,
    points: usize,
    weight: f64,
    first: impl Fn(&[f64]) -> [f64; 4] + Send + Sync + 'static,
) -> Term {
    let place = Place::slice(domain, 0, domain.lower[0]);
    let before = before.cloned();
    let order = JetOrder::new(domain.coordinates(), &[]);
    let given = move |point: &[f64], to: &mut [f64]| match &before {
        None => to.copy_from_slice(&first(point)),
        Some(before) => {
            let jet = before.jets_inside(point, order).parts.into_data();
            to.copy_from_slice(&jet.try_into_vec::<f64>().unwrap_or_default());
        }
    };
    let residual = |u: &Jet, given: &Tensor<2>| {
        let slopes = [u.value(), u.first(0), u.first(1), u.first(2)];
        Tensor::cat(slopes.to_vec(), 1) - given.clone()
    };
    Term::equation("initial state", place, points, residual)
        .condition()
        .weighted(weight)
        .given(4, given)
}

/// States on a periodic line at other points of it, `count` from its beginning, as trigonometric
/// polynomials.
fn resampled(line: &Line, states: &Array2<f64>, count: usize) -> Result<Array2<f64>> {
    // Never to fewer points, which would leave waves out: of more, every so many.
    let apart = line.points().div_ceil(count).max(1);
    let to = Line::new(count * apart, line.length(), 1)?;
    let mut values = Array2::zeros((states.nrows(), count));
    for (state, mut row) in states.rows().into_iter().zip(values.rows_mut()) {
        let fine = line.resampled(&state.to_vec(), &to);
        let fine = fine.into_iter().step_by(apart);
        row.iter_mut().zip(fine).for_each(|(to, v)| *to = v);
    }
    Ok(values)
}
