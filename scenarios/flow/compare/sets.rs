//! What everyone is asked: inputs on a grid, and where the truth comes from.

use super::settings::CompareSettings;
use crate::compare::{Relation, TestSet};
use crate::error::{Error, Result};
use crate::flow::Loaded;
use crate::flow::ladder::{Rung, Wanted};
use crate::flow::problem::Problem;
use crate::flow::samples::Samples;
use crate::flow::settings::Physics;
use crate::on_cores::on_cores;
use curlwind_datasets::store::Grid;
use curlwind_operators::field::FieldSamples as _;
use ndarray::{Array3, Array4, ArrayView4, Axis, concatenate, s};
use std::time::Instant;

/// The states of an answer `[step][channel][row][column]`.
pub type States = Array4<f32>;

/// A set with its samples.
pub struct Set {
    /// Its name, relation and size.
    pub about: TestSet,
    /// The physics, which differs from set to set.
    pub physics: Physics,
    /// Where the values are.
    pub grid: Grid,
    /// `[sample][channel][row][column]`.
    pub inputs: Array4<f32>,
    /// The rungs of the curve, in the order of the contestants; none where it does not fit the grid.
    pub rungs: Vec<Option<Rung>>,
    /// Reference and check.
    pub references: [Source; 2],
}

/// Where an answer comes from that is no rung of the curve.
pub enum Source {
    /// A rung.
    Rung(Rung),
    /// The same sample by a finer solver.
    Finer(Box<dyn Problem>, Vec<u64>),
    /// Labels of a file, `[sample][channel][row][column]`.
    Labels(Array4<f32>),
    /// Nowhere.
    Nothing(String),
}

impl Source {
    /// The states that follow an input.
    ///
    /// # Errors
    /// A solver that fails.
    pub fn states(&self, set: &Set, sample: usize) -> std::result::Result<States, String> {
        match self {
            Self::Rung(rung) => (rung.solve)(set.inputs.index_axis(Axis(0), sample)),
            Self::Finer(problem, seeds) => {
                let states = trajectory(&**problem, seeds[sample]).map_err(|e| e.to_string())?;
                Ok(outputs(&**problem, states.view()))
            }
            Self::Labels(all) => {
                let label = all.index_axis(Axis(0), sample).to_owned();
                Ok(label.insert_axis(Axis(0)))
            }
            Self::Nothing(reason) => Err(reason.clone()),
        }
    }
}

/// All states of a sample.
fn trajectory(problem: &dyn Problem, seed: u64) -> Result<States> {
    let layout = problem.layout();
    let [y, x] = layout.grid.coordinates().map(|(.., lines)| lines.len());
    let shape = (layout.steps, layout.channels.len(), y, x);
    Array4::from_shape_vec(shape, problem.sample(seed)?).map_err(Error::failed)
}

/// The outputs of all pairs of a sample, one after the other, each state a step of one channel where the
/// operator gives several at once.
pub fn outputs(problem: &dyn Problem, states: ArrayView4<f32>) -> States {
    let mut all: Vec<Array3<f32>> = Vec::new();
    for pair in 0..problem.pairs() {
        let (_, output) = problem.pair(states, pair);
        all.extend(steps_of(problem, output.to_owned()));
    }
    stacked(&all)
}

/// The states in one output of the operator.
pub fn steps_of(problem: &dyn Problem, output: Array3<f32>) -> Vec<Array3<f32>> {
    let (inputs, _) = problem.names();
    match problem.persists() {
        // one state after the other, of as many channels as the input
        true => output
            .axis_chunks_iter(Axis(0), inputs.len())
            .map(|state| state.to_owned())
            .collect(),
        false => vec![output],
    }
}

/// States as one array.
pub fn stacked(states: &[Array3<f32>]) -> States {
    let views: Vec<_> = states
        .iter()
        .map(|s| s.view().insert_axis(Axis(0)))
        .collect();
    concatenate(Axis(0), &views).unwrap_or_default()
}

/// The held-out set and those beyond; `samples` has what the program carries or the solver made.
///
/// # Errors
/// A solver that fails or refuses its settings.
pub fn sets(
    loaded: &Loaded,
    c: &CompareSettings,
    samples: &Samples,
    held_out: &[usize],
) -> Result<Vec<Set>> {
    let settings = &loaded.settings;
    let of_seed = |index: usize| {
        let first = settings.seed.wrapping_mul(1_000_003);
        first.wrapping_add(index as u64)
    };
    let mut sets = Vec::new();
    if settings.training_set.carried {
        for (n, test) in samples.tests.iter().enumerate() {
            let count = c.samples.min(test.samples.len());
            let first = |all: &Array4<f32>| all.slice(s![..count, .., .., ..]).to_owned();
            let relation = match n {
                0 => Relation::HeldOut,
                _ => Relation::OffResolution,
            };
            sets.push(Set {
                about: TestSet {
                    name: test.name.clone(),
                    relation,
                    samples: count,
                },
                physics: settings.physics.clone(),
                grid: test.grid.clone(),
                inputs: first(test.samples.inputs()),
                rungs: Vec::new(),
                references: [
                    Source::Labels(first(test.samples.outputs())),
                    Source::Nothing("labels of the set have no coarser version".into()),
                ],
            });
        }
    } else {
        let seeds: Vec<u64> = held_out
            .iter()
            .take(c.samples)
            .map(|i| of_seed(*i))
            .collect();
        sets.push(made(
            "held out",
            Relation::HeldOut,
            settings.physics.clone(),
            &seeds,
            c,
        )?);
    }
    for (number, beyond) in c.sets.iter().enumerate() {
        let physics = settings
            .physics
            .with(&beyond.set)
            .map_err(Error::unusable)?;
        // the last quarter of the seeds between this scenario's first and the next one's
        let from = 750_000 + 10_000 * number;
        let count = c.samples.div_ceil(2);
        let seeds: Vec<u64> = (0..count).map(|i| of_seed(from + i)).collect();
        sets.push(made(&beyond.name, beyond.relation, physics, &seeds, c)?);
    }
    for set in &mut sets {
        set.rungs = rungs(set, c)?;
    }
    Ok(sets)
}

fn made(
    name: &str,
    relation: Relation,
    physics: Physics,
    seeds: &[u64],
    c: &CompareSettings,
) -> Result<Set> {
    let problem = physics.problem();
    let inputs = on_cores(seeds.len(), |n| problem.input(seeds[n]))?;
    let inputs = stacked(&inputs);
    let grid = problem.layout().grid;
    let references = match problem.refined(c.reference) {
        Some(finer) => {
            let check: Box<dyn Problem> = match problem.refined(c.check) {
                Some(check) => check,
                None => return Err(Error::failed("the problem has one reference only")),
            };
            [finer, check].map(|problem| Source::Finer(problem, seeds.to_vec()))
        }
        None => {
            let steps = steps(problem);
            let rung = |resolution, share| -> Result<Source> {
                let wanted = Wanted {
                    resolution,
                    share,
                    steps,
                };
                let found = problem.rung(&grid, inputs.view(), wanted)?;
                Ok(found.map_or_else(
                    || Source::Nothing(format!("{resolution} does not fit the grid")),
                    Source::Rung,
                ))
            };
            [rung(c.reference, 0.25)?, rung(c.check, 0.5)?]
        }
    };
    Ok(Set {
        about: TestSet {
            name: name.into(),
            relation,
            samples: seeds.len(),
        },
        grid,
        inputs,
        rungs: Vec::new(),
        references,
        physics,
    })
}

/// States that follow the input of a sample.
pub fn steps(problem: &dyn Problem) -> usize {
    match problem.persists() {
        true => problem.layout().steps - 1,
        false => 1,
    }
}

/// The solvers of the curve, every resolution with every step; where there is no time one step only.
fn rungs(set: &Set, c: &CompareSettings) -> Result<Vec<Option<Rung>>> {
    let problem = set.physics.problem();
    let mut rungs = Vec::new();
    for (resolution, share) in settings_of(problem, c) {
        let wanted = Wanted {
            resolution,
            share,
            steps: steps(problem),
        };
        rungs.push(problem.rung(&set.grid, set.inputs.view(), wanted)?);
    }
    Ok(rungs)
}

/// Resolutions and shares of the stable step that are measured.
pub fn settings_of(problem: &dyn Problem, c: &CompareSettings) -> Vec<(usize, f64)> {
    let shares = match problem.persists() {
        true => c.steps.as_slice(),
        false => &[1.0],
    };
    let each = |n: &usize| shares.iter().map(|s| (*n, *s)).collect::<Vec<_>>();
    c.resolutions.iter().flat_map(each).collect()
}

/// Seconds of the solver for one training sample, for sets that somebody else has made.
///
/// # Errors
/// A solver that fails.
pub fn seconds_of_a_sample(problem: &dyn Problem) -> Result<f64> {
    let started = Instant::now();
    problem.sample(0)?;
    Ok(started.elapsed().as_secs_f64())
}
