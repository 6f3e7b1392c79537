//! A flow as an experiment: solvers of the ladder, networks rolled out, baselines.

use super::sets::{Set, States, stacked, steps, steps_of};
use crate::compare::experiment::axis;
use crate::compare::measurements::{Axis as PlotAxis, Panel};
use crate::compare::{Answered, Contestant, Experiment, Kind, Task, TestSet};
use crate::error::{Error, Result};
use crate::flow::problem::Problem;
use curlwind_operators::field::{FieldOperator, FieldPairs, FieldSamples as _};
use curlwind_solvers::torus::Plane;
use ndarray::{Array3, ArrayView3, Axis, s};
use rayon::prelude::*;

/// A flow, its operators trained.
pub struct FlowExperiment {
    /// In the order in which they are measured: reference, check, solvers, operators, baselines.
    pub contestants: Vec<Contestant>,
    /// Those of kind operator, in order.
    pub operators: Vec<FieldOperator>,
    /// What was trained on.
    pub training: FieldPairs,
    /// Held out, and beyond.
    pub sets: Vec<Set>,
    /// What a reader is told.
    pub task: Task,
}

impl FlowExperiment {
    /// The operator applied to its own outputs until the sample ends, for many samples at once.
    fn roll_out(
        &self,
        operator: &FieldOperator,
        set: &Set,
        samples: &[usize],
    ) -> std::result::Result<Vec<States>, String> {
        let problem = set.physics.problem();
        let mut state = set.inputs.select(Axis(0), samples);
        let channels = state.dim().1;
        let mut all: Vec<Vec<Array3<f32>>> = vec![Vec::new(); samples.len()];
        while all[0].len() < steps(problem) {
            let next = operator.predict(&state).map_err(|e| e.to_string())?;
            for (states, output) in all.iter_mut().zip(next.outer_iter()) {
                states.extend(steps_of(problem, output.to_owned()));
            }
            if problem.persists() {
                let last = next.dim().1 - channels;
                state = next.slice(s![.., last.., .., ..]).to_owned();
            }
        }
        Ok(all.iter().map(|states| stacked(states)).collect())
    }

    fn baseline(
        &self,
        name: &str,
        set: &Set,
        sample: usize,
    ) -> std::result::Result<States, String> {
        let problem = set.physics.problem();
        let count = steps(problem);
        let input = set.inputs.index_axis(Axis(0), sample);
        if name == "persistence" {
            return Ok(stacked(&vec![input.to_owned(); count]));
        }
        let [.., rows, columns] = [0, 0, set.inputs.dim().2, set.inputs.dim().3];
        let training = match self.training.grid() == [rows, columns] {
            true => self.training.clone(),
            false => self
                .training
                .at_resolution(rows.max(columns))
                .map_err(|e| e.to_string())?,
        };
        let mean = || {
            let mean = training.outputs().mapv(f64::from).mean_axis(Axis(0));
            mean.unwrap_or_default().mapv(|v| v as f32)
        };
        let mut states: Vec<Array3<f32>> = Vec::new();
        match name {
            "mean" => {
                while states.len() < count {
                    states.extend(steps_of(problem, mean()));
                }
            }
            _ => {
                // the trajectory of the training sample whose first state is the nearest
                let pairs = problem.pairs();
                let starts: Vec<usize> = (0..training.len()).step_by(pairs).collect();
                let distance = |other: ArrayView3<f32>| -> f64 {
                    let both = other.iter().zip(&input);
                    both.map(|(a, b)| f64::from(a - b).powi(2)).sum()
                };
                let nearest = starts.iter().min_by(|a, b| {
                    let of = |start: usize| distance(training.inputs().index_axis(Axis(0), start));
                    of(**a).total_cmp(&of(**b))
                });
                let first = *nearest.ok_or("there are no training samples")?;
                for pair in first..(first + pairs).min(training.len()) {
                    let output = training.outputs().index_axis(Axis(0), pair).to_owned();
                    states.extend(steps_of(problem, output));
                }
            }
        }
        states.truncate(count);
        match states.len() == count {
            true => Ok(stacked(&states)),
            false => Err(format!("{} states of {count}", states.len())),
        }
    }
}

impl Experiment for FlowExperiment {
    type Answer = States;

    fn task(&self) -> Task {
        self.task.clone()
    }

    fn contestants(&self) -> &[Contestant] {
        &self.contestants
    }

    fn sets(&self) -> Vec<TestSet> {
        self.sets.iter().map(|set| set.about.clone()).collect()
    }

    fn truth(&self, set: usize, sample: usize) -> Result<States> {
        let set = &self.sets[set];
        set.references[0].states(set, sample).map_err(Error::failed)
    }

    fn answer(&self, contestant: usize, set: usize, samples: &[usize]) -> Vec<Answered<States>> {
        let set = &self.sets[set];
        let number = self.among_its_kind(contestant);
        let each = |one: &(dyn Fn(usize) -> Answered<States> + Sync)| match samples {
            [one_sample] => vec![one(*one_sample)],
            many => many.par_iter().map(|sample| one(*sample)).collect(),
        };
        match self.contestants[contestant].kind {
            Kind::Reference => each(&|sample| set.references[0].states(set, sample)),
            Kind::Check => each(&|sample| set.references[1].states(set, sample)),
            Kind::Solver => match &set.rungs[number] {
                Some(rung) => each(&|sample| (rung.solve)(set.inputs.index_axis(Axis(0), sample))),
                None => vec![Err("its points do not fit this grid".into()); samples.len()],
            },
            Kind::Operator => match self.roll_out(&self.operators[number], set, samples) {
                Ok(answers) => answers.into_iter().map(Ok).collect(),
                Err(reason) => vec![Err(reason); samples.len()],
            },
            Kind::Baseline | Kind::Published => {
                let name = &self.contestants[contestant].name;
                each(&|sample| self.baseline(name, set, sample))
            }
        }
    }

    fn error(&self, _: usize, answer: &States, truth: &States) -> f64 {
        relative_l2(answer.iter(), truth.iter())
    }

    fn by_step(&self, _: usize, answer: &States, truth: &States) -> Vec<f64> {
        if self.task.axis.is_none() {
            return Vec::new();
        }
        let pairs = answer.outer_iter().zip(truth.outer_iter());
        pairs
            .map(|(a, t)| relative_l2(a.iter(), t.iter()))
            .collect()
    }

    fn spectrum(&self, set: usize, answer: &States) -> Vec<f64> {
        match (&self.task.spectrum, set) {
            // of the held-out set alone: others have other wavenumbers
            (Some(_), 0) => shells(answer),
            _ => Vec::new(),
        }
    }

    fn checks(
        &self,
        set: usize,
        sample: usize,
        answer: &States,
        truth: &States,
    ) -> Vec<(String, f64)> {
        let set = &self.sets[set];
        let input = set.inputs.index_axis(Axis(0), sample);
        let problem = set.physics.problem();
        problem.checks(&set.grid, input, answer.view(), truth.view())
    }

    fn panel(&self, set: usize, sample: usize, answer: &States) -> Option<Panel> {
        let set = &self.sets[set];
        let problem = set.physics.problem();
        let layout = problem.layout();
        let [(.., y), (.., x)] = set.grid.coordinates();
        if y.len() < 2 {
            return None;
        }
        let channel = layout.channels.last()?;
        let state = answer.index_axis(Axis(0), answer.dim().0 - 1);
        let state = state.index_axis(Axis(0), state.dim().0 - 1);
        Some(Panel {
            contestant: None,
            set: String::new(),
            sample,
            quantity: channel.name.clone(),
            unit: match channel.units.as_str() {
                "1" => String::new(),
                unit => unit.into(),
            },
            label: match problem.persists() {
                true => format!("after {} s", layout.time_step * steps(problem) as f64),
                false => "the whole answer".into(),
            },
            axes: ["x (m)".into(), "y (m)".into()],
            x: x.to_vec(),
            y: y.to_vec(),
            values: state.iter().map(|v| v.is_finite().then_some(*v)).collect(),
        })
    }
}

/// `||a - t|| / ||t||`.
fn relative_l2<'v>(
    answer: impl Iterator<Item = &'v f32>,
    truth: impl Iterator<Item = &'v f32>,
) -> f64 {
    let (mut error, mut size) = (0.0, 0.0);
    for (a, t) in answer.zip(truth) {
        error += f64::from(a - t).powi(2);
        size += f64::from(*t).powi(2);
    }
    (error / size).sqrt()
}

/// Power of the last state by whole wavenumbers, `k - 1/2 <= |n| < k + 1/2`, from k = 1.
fn shells(answer: &States) -> Vec<f64> {
    let last = answer.index_axis(Axis(0), answer.dim().0 - 1);
    let (_, rows, columns) = last.dim();
    let field: Vec<f64> = last
        .index_axis(Axis(0), 0)
        .iter()
        .map(|v| f64::from(*v))
        .collect();
    let sides = match rows {
        // a line is a plane that is the same all the way up
        1 => [4, columns],
        rows => [rows, columns],
    };
    let field = match rows {
        1 => field.repeat(4),
        _ => field,
    };
    let Ok(plane) = Plane::new(sides, [1.0; 2], 1) else {
        return Vec::new();
    };
    let mut spectrum = vec![num_complex::Complex64::default(); plane.spectrum_len()];
    plane.analysis(&field, &mut spectrum, &mut plane.workspace());
    let mut power = vec![0.0; columns / 2 - 1];
    for (value, (kx, ky)) in spectrum.iter().zip(plane.wavenumbers()) {
        let n = (kx.hypot(ky) / std::f64::consts::TAU).round() as usize;
        // half of the plane is kept, the other is its mirror
        let times = if kx > 0.0 { 2.0 } else { 1.0 };
        if let Some(power) = n.checked_sub(1).and_then(|n| power.get_mut(n)) {
            *power += times * value.norm_sqr();
        }
    }
    power
}

/// The axes of the held-out set.
pub fn axes(problem: &dyn Problem, set: &Set) -> [Option<PlotAxis>; 2] {
    let layout = problem.layout();
    let time = |k: usize| layout.time_step * k as f64;
    let count = steps(problem);
    let times = match problem.persists() && count > 1 {
        true => axis("time (s)", (1..=count).map(time)),
        false => None,
    };
    let columns = set.inputs.dim().3;
    let waves = match problem.periodic() {
        true => axis("wavenumber", (1..columns / 2).map(|k| k as f64)),
        false => None,
    };
    [times, waves]
}
