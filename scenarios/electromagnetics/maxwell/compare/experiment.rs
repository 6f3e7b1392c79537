//! Designs as an experiment: the solver on meshes, surrogates of several seeds, training designs.

use super::designs::{Mesh, Set, refined, solve_kept};
use crate::compare::measurements::Panel;
use crate::compare::{Answered, Contestant, Experiment, Kind, Task, TestSet};
use crate::electromagnetics::maxwell::Loaded;
use crate::electromagnetics::maxwell::solve::Solution;
use crate::electromagnetics::maxwell::sweep::cache::Cache;
use crate::electromagnetics::maxwell::sweep::designs::Range;
use crate::electromagnetics::maxwell::sweep::queue::written;
use crate::electromagnetics::maxwell::sweep::surrogate::matrix;
use crate::error::{Error, Result};
use crate::on_cores::on_cores;
use curlwind_operators::design::{DesignData, DesignSurrogate, Response};
use indicatif::ProgressBar;
use ndarray::{Array2, Array3, Axis, s};
use num_complex::Complex64;

/// What is known of a design.
#[derive(Clone, Debug)]
pub struct Ports {
    /// S parameters `[port pair, frequency]`, S11 first.
    pub s: Array2<Complex64>,
    /// Radiated over accepted power at the frequencies of the far field, where it was computed.
    pub efficiency: Vec<f64>,
}

/// The designs, surrogates trained.
pub struct DesignExperiment<'l> {
    /// The scene.
    pub loaded: &'l Loaded,
    /// What varies.
    pub ranges: Vec<Range>,
    /// Solutions that need not be timed.
    pub cache: Cache,
    /// In the order in which they are measured: reference, check, solvers, operators, baselines.
    pub contestants: Vec<Contestant>,
    /// Those of kind operator, in order.
    pub surrogates: Vec<DesignSurrogate>,
    /// What was trained on.
    pub neighbours: Neighbours,
    /// Held out, and beyond.
    pub sets: Vec<Set>,
    /// What a reader is told.
    pub task: Task,
}

/// The training designs, looked up.
pub struct Neighbours {
    /// Values over the ranges, for each design.
    places: Vec<Vec<f64>>,
    ranges: Vec<[f64; 2]>,
    frequencies: Vec<f64>,
    /// `[design, port pair, frequency]`
    response: Array3<Complex64>,
}

impl Neighbours {
    /// Of the designs that were trained on.
    pub fn new(ranges: &[Range], data: &DesignData) -> Self {
        let ranges: Vec<[f64; 2]> = ranges.iter().map(|r| [r.low, r.high]).collect();
        let rows = data.parameters.rows().into_iter();
        Self {
            places: rows.map(|row| place(&ranges, &row.to_vec())).collect(),
            ranges,
            frequencies: data.frequencies.clone(),
            response: complex(&data.response),
        }
    }

    fn mean(&self) -> Array2<Complex64> {
        let sum = self.response.sum_axis(Axis(0));
        sum / self.places.len().max(1) as f64
    }

    fn nearest(&self, design: &[f64]) -> Answered<Array2<Complex64>> {
        let own = place(&self.ranges, design);
        let distance = |other: &[f64]| -> f64 {
            let both = own.iter().zip(other);
            both.map(|(a, b)| (a - b) * (a - b)).sum()
        };
        let nearest = (0..self.places.len())
            .min_by(|&a, &b| distance(&self.places[a]).total_cmp(&distance(&self.places[b])));
        let nearest = nearest.ok_or("there are no training designs")?;
        Ok(self.response.index_axis(Axis(0), nearest).to_owned())
    }

    /// Straight lines between the training frequencies.
    fn at(&self, s: &Array2<Complex64>, frequencies: &[f64]) -> Array2<Complex64> {
        let known = &self.frequencies;
        let last = known.len() - 1;
        Array2::from_shape_fn((s.nrows(), frequencies.len()), |(pair, n)| {
            let f = frequencies[n];
            match known.partition_point(|k| *k < f * (1.0 - 1e-12)) {
                0 => s[[pair, 0]],
                above if above > last => s[[pair, last]],
                above => {
                    let t = (f - known[above - 1]) / (known[above] - known[above - 1]);
                    s[[pair, above - 1]] * (1.0 - t) + s[[pair, above]] * t
                }
            }
        })
    }
}

/// Values as shares of their ranges.
fn place(ranges: &[[f64; 2]], values: &[f64]) -> Vec<f64> {
    let both = values.iter().zip(ranges);
    both.map(|(v, [low, high])| (v - low) / (high - low))
        .collect()
}

/// A response as complex numbers; of magnitudes alone the phase is 0.
fn complex(response: &Response) -> Array3<Complex64> {
    match response {
        Response::Complex(values) => values.clone(),
        Response::Decibel(values) => values.mapv(|db| Complex64::new(10f64.powf(db / 20.0), 0.0)),
    }
}

impl DesignExperiment<'_> {
    /// From the run's folder, or solved and kept there, the far field as well.
    fn kept(&self, set: &Set, sample: usize, mesh: Mesh) -> Result<Ports> {
        let texts = written(&self.ranges, &set.designs[sample]);
        let mesh = Mesh {
            far_field: true,
            ..mesh
        };
        let solved = solve_kept(self.loaded, &texts, mesh, &self.cache)?;
        ports(&solved.result.map_err(Error::failed)?)
    }

    fn solved(&self, set: &Set, sample: usize, mesh: Mesh) -> Result<Ports> {
        let texts = written(&self.ranges, &set.designs[sample]);
        let design = refined(self.loaded, &texts, mesh)?;
        ports(&design.solve(&ProgressBar::hidden())?)
    }

    fn predicted(&self, contestant: usize, set: &Set, samples: &[usize]) -> Vec<Answered<Ports>> {
        let before = &self.contestants[..contestant];
        let number = before.iter().filter(|c| c.kind == Kind::Operator).count();
        let designs: Vec<Vec<f64>> = samples.iter().map(|n| set.designs[*n].clone()).collect();
        let designs = matrix(&designs, self.ranges.len());
        match self.surrogates[number].predict_at(&designs, &set.frequencies) {
            Ok(prediction) => complex(&prediction.mean)
                .outer_iter()
                .map(|s| Ok(without_far_field(s.to_owned())))
                .collect(),
            Err(error) => vec![Err(error.to_string()); samples.len()],
        }
    }
}

fn without_far_field(s: Array2<Complex64>) -> Ports {
    Ports {
        s,
        efficiency: Vec::new(),
    }
}

fn ports(solution: &Solution) -> Result<Ports> {
    let Some(network) = &solution.network else {
        return Err(Error::failed("the scene has no ports"));
    };
    if let Some(run) = solution.runs.iter().find(|run| !run.decayed) {
        let fell = run.energy_decay_db;
        return Err(Error::failed(format!("energy fell by {fell:.0} dB only")));
    }
    let count = network.ports();
    let shape = (count * count, network.frequencies.len());
    Ok(Ports {
        s: Array2::from_shape_fn(shape, |(pair, f)| {
            network.s[[f, pair / count, pair % count]]
        }),
        efficiency: solution
            .far_field
            .iter()
            .filter_map(|p| p.efficiency)
            .collect(),
    })
}

impl Experiment for DesignExperiment<'_> {
    type Answer = Ports;

    fn task(&self) -> Task {
        self.task.clone()
    }

    fn contestants(&self) -> &[Contestant] {
        &self.contestants
    }

    fn sets(&self) -> Vec<TestSet> {
        self.sets.iter().map(|set| set.about.clone()).collect()
    }

    fn truth(&self, set: usize, sample: usize) -> Result<Ports> {
        let set = &self.sets[set];
        let reference = self.contestants.iter().find(|c| c.kind == Kind::Reference);
        self.kept(set, sample, set.mesh(reference.map_or(1.0, finer)))
    }

    fn answer(&self, contestant: usize, set: usize, samples: &[usize]) -> Vec<Answered<Ports>> {
        let set = &self.sets[set];
        let who = &self.contestants[contestant];
        match who.kind {
            Kind::Reference | Kind::Check | Kind::Solver => {
                let mesh = set.mesh(finer(who));
                let solve = |sample: usize| {
                    let found = match who.kind {
                        // the check is not timed
                        Kind::Check => self.kept(set, sample, mesh),
                        _ => self.solved(set, sample, mesh),
                    };
                    found.map_err(|e| e.to_string())
                };
                match samples {
                    [one] => vec![solve(*one)],
                    many => on_cores(many.len(), |n| Ok(solve(many[n])))
                        .unwrap_or_else(|e| vec![Err(e.to_string()); many.len()]),
                }
            }
            Kind::Operator => self.predicted(contestant, set, samples),
            Kind::Baseline | Kind::Published => samples
                .iter()
                .map(|sample| {
                    let known = match who.name.as_str() {
                        "mean" => self.neighbours.mean(),
                        _ => self.neighbours.nearest(&set.designs[*sample])?,
                    };
                    Ok(without_far_field(
                        self.neighbours.at(&known, &set.frequencies),
                    ))
                })
                .collect(),
        }
    }

    fn error(&self, _: usize, answer: &Ports, truth: &Ports) -> f64 {
        (power(&(&answer.s - &truth.s)) / power(&truth.s)).sqrt()
    }

    fn by_step(&self, set: usize, answer: &Ports, truth: &Ports) -> Vec<f64> {
        // other sets may have other frequencies
        if set > 0 {
            return Vec::new();
        }
        let difference = &answer.s - &truth.s;
        let mean = power(&truth.s) / truth.s.ncols() as f64;
        let columns = difference.columns().into_iter();
        columns
            .map(|column| (column.iter().map(|s| s.norm_sqr()).sum::<f64>() / mean).sqrt())
            .collect()
    }

    fn checks(&self, _: usize, _: usize, answer: &Ports, _: &Ports) -> Vec<(String, f64)> {
        let count = (answer.s.nrows() as f64).sqrt().round() as usize;
        // waves into a port come out of all of them
        let returned = (0..count).flat_map(|j| {
            (0..answer.s.ncols()).map(move |f| -> f64 {
                let out = answer.s.slice(s![j..;count as isize, f]);
                out.iter().map(|s| s.norm_sqr()).sum()
            })
        });
        let most = returned.fold(0.0, f64::max);
        let mut checks = vec![(
            "power returned beyond that sent, over that sent".to_string(),
            (most - 1.0).max(0.0),
        )];
        if count > 1 {
            let pairs = (0..count).flat_map(|i| (0..i).map(move |j| (i, j)));
            let apart = pairs.flat_map(|(i, j)| {
                let [a, b] = [[i, j], [j, i]].map(|[i, j]| answer.s.row(i * count + j));
                a.iter()
                    .zip(b)
                    .map(|(a, b)| (a - b).norm())
                    .collect::<Vec<_>>()
            });
            let apart = apart.fold(0.0, f64::max);
            checks.push(("lack of reciprocity, |S_ij - S_ji|".into(), apart));
        }
        if !answer.efficiency.is_empty() {
            let lost = answer.efficiency.iter().map(|e| (1.0 - e).abs());
            checks.push((
                "accepted less radiated power, over that accepted (losses included)".into(),
                lost.fold(0.0, f64::max),
            ));
        }
        checks
    }

    fn panel(&self, _: usize, _: usize, _: &Ports) -> Option<Panel> {
        None
    }
}

fn power(s: &Array2<Complex64>) -> f64 {
    s.iter().map(|s| s.norm_sqr()).sum()
}

/// How many times finer a solver's mesh is than the scene's.
fn finer(contestant: &Contestant) -> f64 {
    contestant.resolution.unwrap_or(1.0)
}
