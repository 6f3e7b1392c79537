//! One problem as an experiment: the solver at its resolutions, networks that know the equation.

use crate::compare::measurements::Panel;
use crate::compare::{Answered, Contestant, Experiment, Kind, Task, TestSet};
use crate::coordinate::evaluate::worst;
use crate::coordinate::train::values_at;
use crate::error::Result;
use crate::on_cores::on_cores;
use curlwind_operators::coordinate::Field;
use curlwind_operators::coordinate::cases::{Case, Reference};
use ndarray::{Array2, Axis, s};

/// Quantities at the points of a set, `[point, quantity]`, the time slowest.
pub type Values = Array2<f64>;

/// The points that everyone is asked at, and the truth there.
///
/// A truth that was found is kept in the run's folder: an exact solution may be an integral for each
/// point.
pub struct Asked {
    /// Name and relation.
    pub about: TestSet,
    /// Axes and values.
    pub truth: Reference,
}

/// A solver on the curve.
pub struct SolverAt {
    /// Points or cells along a side.
    pub resolution: usize,
    /// Share of the stable time step; the solver's own choice without one.
    pub share: Option<f64>,
    /// The time step, in the unit of the first coordinate.
    pub taken: f64,
}

/// The problem, its networks trained.
pub struct CoordinateExperiment {
    /// The problem.
    pub case: Box<dyn Case>,
    /// In the order in which they are measured: reference, check, solvers, operators, baselines.
    pub contestants: Vec<Contestant>,
    /// Networks of all windows of time, for each contestant of kind operator.
    pub networks: Vec<Vec<Field>>,
    /// Of each contestant of kind solver.
    pub solvers: Vec<SolverAt>,
    /// Resolution of the check.
    pub check: usize,
    /// The reference's points, then others.
    pub sets: Vec<Asked>,
    /// What a reader is told.
    pub task: Task,
}

impl CoordinateExperiment {
    fn one(&self, contestant: usize, truth: &Reference) -> Answered<Values> {
        let number = self.among_its_kind(contestant);
        let solve = |resolution, share| {
            let solved = self.case.solve_in(resolution, share, truth);
            solved.map(|s| s.values).map_err(|e| e.to_string())
        };
        match self.contestants[contestant].kind {
            Kind::Reference if self.case.reference_resolution().is_none() => {
                Err("a solution in closed form is no solver, and is not timed".into())
            }
            Kind::Reference => {
                let again = self.case.reference_on(truth.axes.clone());
                again.map(|r| r.values).map_err(|e| e.to_string())
            }
            Kind::Check => solve(self.check, None),
            Kind::Solver => solve(self.solvers[number].resolution, self.solvers[number].share),
            Kind::Operator => {
                let fields = &self.networks[number];
                values_at(&*self.case, fields, &truth.points()).map_err(|e| e.to_string())
            }
            Kind::Baseline | Kind::Published => match self.contestants[contestant].name.as_str() {
                "persistence" => self.persistence(truth),
                _ => {
                    let mean = truth.values.mean_axis(Axis(0)).unwrap_or_default();
                    Ok(Values::from_shape_fn(truth.values.dim(), |(_, q)| mean[q]))
                }
            },
        }
    }

    /// The state at the start at all times; rest, where the truth leaves the start out.
    fn persistence(&self, truth: &Reference) -> Answered<Values> {
        let start = self.case.domain().map_err(|e| e.to_string())?.lower[0];
        let places = places(truth);
        let starts = truth.axes[0][0] <= start;
        Ok(Values::from_shape_fn(
            truth.values.dim(),
            |(n, q)| match starts {
                true => truth.values[[n % places, q]],
                false => 0.0,
            },
        ))
    }
}

/// Points at each time.
fn places(truth: &Reference) -> usize {
    truth.axes[1..].iter().map(Vec::len).product()
}

impl Experiment for CoordinateExperiment {
    type Answer = Values;

    fn task(&self) -> Task {
        self.task.clone()
    }

    fn contestants(&self) -> &[Contestant] {
        &self.contestants
    }

    fn sets(&self) -> Vec<TestSet> {
        self.sets.iter().map(|set| set.about.clone()).collect()
    }

    fn truth(&self, set: usize, _: usize) -> Result<Values> {
        Ok(self.sets[set].truth.values.clone())
    }

    fn answer(&self, contestant: usize, set: usize, samples: &[usize]) -> Vec<Answered<Values>> {
        let truth = &self.sets[set].truth;
        match samples {
            [_] => vec![self.one(contestant, truth)],
            many => on_cores(many.len(), |_| Ok(self.one(contestant, truth)))
                .unwrap_or_else(|e| vec![Err(e.to_string()); many.len()]),
        }
    }

    fn error(&self, set: usize, answer: &Values, _: &Values) -> f64 {
        worst(&self.sets[set].truth.errors(answer))
    }

    fn by_step(&self, set: usize, answer: &Values, truth: &Values) -> Vec<f64> {
        // other sets have other times
        if set > 0 {
            return Vec::new();
        }
        let places = places(&self.sets[set].truth);
        let difference = answer - truth;
        let mean_square = |of: ndarray::ArrayView1<f64>| of.dot(&of) / of.len() as f64;
        let sizes: Vec<f64> = truth.columns().into_iter().map(mean_square).collect();
        (0..truth.nrows() / places)
            .map(|n| {
                let now = difference.slice(s![n * places..(n + 1) * places, ..]);
                let columns = now.columns();
                let errors = columns.into_iter().zip(&sizes);
                let errors: Vec<f64> = errors
                    .map(|(column, size)| (mean_square(column) / size).sqrt())
                    .collect();
                worst(&errors)
            })
            .collect()
    }

    fn checks(&self, set: usize, _: usize, answer: &Values, _: &Values) -> Vec<(String, f64)> {
        self.case.checks(&self.sets[set].truth, answer)
    }

    fn panel(&self, set: usize, sample: usize, answer: &Values) -> Option<Panel> {
        let truth = &self.sets[set].truth;
        let (coordinates, quantities) = (self.case.coordinates(), self.case.quantities());
        // time and place on a line, the last time on a plane
        let (across, up, first) = match truth.axes.len() {
            2 => (0, 1, 0),
            _ => (1, 2, truth.values.nrows() - places(truth)),
        };
        let (columns, rows) = (truth.axes[across].len(), truth.axes[up].len());
        let q = if across == 0 { 0 } else { quantities.len() - 1 };
        let (name, unit, about) = quantities[q];
        let axis = |n: usize| format!("{} ({})", coordinates[n].0, coordinates[n].1);
        let value = |j: usize, i: usize| answer[[first + i * rows + j, q]];
        let values = (0..rows).flat_map(|j| (0..columns).map(move |i| (j, i)));
        Some(Panel {
            contestant: None,
            set: String::new(),
            sample,
            quantity: format!("{about} {name}"),
            unit: if unit == "1" {
                String::new()
            } else {
                unit.into()
            },
            label: match across {
                0 => "all times".into(),
                _ => "the last time".into(),
            },
            axes: [axis(across), axis(up)],
            x: truth.axes[across].clone(),
            y: truth.axes[up].clone(),
            values: values
                .map(|(j, i)| value(j, i))
                .map(|v| v.is_finite().then_some(v as f32))
                .collect(),
        })
    }
}
