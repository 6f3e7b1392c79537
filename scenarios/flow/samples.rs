//! Samples to learn from and to judge by, in memory.

use super::problem::{Problem, with_physics};
use super::settings::Settings;
use crate::error::{Error, Result};
use curlwind_datasets::simulations::{Simulations, Windows};
use curlwind_datasets::store::{Grid, Segment, Split, SplitKind, Store};
use curlwind_operators::field::{FieldPairs, FieldSamples as _};
use ndarray::{Array4, ArrayView4, Axis};
use std::path::Path;

/// Samples that the operator has not seen.
pub struct TestSet {
    /// Its name in tables.
    pub name: String,
    /// Where the values are.
    pub grid: Grid,
    /// Inputs and outputs, sample by sample.
    pub samples: FieldPairs,
    /// Pairs of each sample, in order of time.
    pub pairs: usize,
    /// Seconds that a solver took for an input, where it is made of one.
    pub seconds_before: f64,
}

impl TestSet {
    /// The same samples with `points` along the longest side.
    ///
    /// # Errors
    /// A number of points that the samples cannot be brought to.
    pub fn at_resolution(&self, points: usize) -> Result<Self> {
        let samples = self
            .samples
            .at_resolution(points)
            .map_err(Error::unusable)?;
        let [(.., y), (.., x)] = self.grid.coordinates();
        let [rows, columns] = samples.grid();
        let lines = |old: &[f64], count: usize| -> Vec<f64> {
            let first = old.first().copied().unwrap_or(0.0);
            let spacing = old.get(1).map_or(0.0, |second| second - first);
            let stride = old.len().div_ceil(count);
            match samples.periodic() {
                true => {
                    let spacing = spacing * old.len() as f64 / count as f64;
                    (0..count).map(|i| first + spacing * i as f64).collect()
                }
                false => old.iter().copied().step_by(stride).collect(),
            }
        };
        Ok(Self {
            name: format!("{}_{points}", self.name),
            grid: Grid::Plane {
                y_m: lines(y, rows),
                x_m: lines(x, columns),
            },
            samples,
            pairs: self.pairs,
            seconds_before: 0.0,
        })
    }
}

/// All samples of a run.
pub struct Samples {
    /// Those that the weights follow.
    pub training: FieldPairs,
    /// Those that could be trained on as well, but whose labels are not looked at.
    pub withheld: Option<FieldPairs>,
    /// Those that the best weights are chosen by.
    pub validation: Option<FieldPairs>,
    /// Those that the operator is judged by.
    pub tests: Vec<TestSet>,
    /// Where the values of the first two are.
    pub grid: Grid,
}

/// The samples of a store, dealt out.
///
/// # Errors
/// A store of other channels, or one that cannot be read.
pub fn from_store(store: &Store, split: &Split, problem: &dyn Problem) -> Result<Samples> {
    let layout = store.layout();
    let expected = problem.layout();
    if layout.channels != expected.channels || layout.steps != expected.steps {
        let names = |channels: &[curlwind_datasets::store::Channel]| {
            let names: Vec<&str> = channels.iter().map(|c| c.name.as_str()).collect();
            names.join(", ")
        };
        return Err(Error::unusable(format!(
            "{}: expected {} states of {}, found {} of {}",
            store.path().display(),
            expected.steps,
            names(&expected.channels),
            layout.steps,
            names(&layout.channels)
        )));
    }
    let part = |segments: &[Segment]| -> Result<Option<FieldPairs>> {
        let mut pairs = Pairs::default();
        let mut buffer = vec![0.0f32; layout.steps * layout.state_len()];
        for segment in segments {
            store
                .read_window(segment.trajectory, 0, layout.steps, &mut buffer)
                .map_err(Error::failed)?;
            let states = ArrayView4::from_shape(layout.shape(), &buffer).map_err(Error::failed)?;
            for pair in 0..problem.pairs() {
                let (input, output) = problem.pair(states, pair);
                pairs.push(input.shape(), input.iter(), output.shape(), output.iter());
            }
        }
        pairs.finish()
    };
    let tests = part(&split.test)?.map(|samples| {
        Ok::<_, Error>(TestSet {
            name: "test".into(),
            grid: layout.grid.clone(),
            samples: with_physics(problem, samples)?,
            pairs: problem.pairs(),
            seconds_before: 0.0,
        })
    });
    let tests = tests.transpose()?;
    let validation = part(&split.validation)?;
    Ok(Samples {
        training: with_physics(problem, part(&split.train)?.ok_or_else(nothing)?)?,
        withheld: None,
        validation: validation.map(|v| with_physics(problem, v)).transpose()?,
        tests: tests.into_iter().collect(),
        grid: layout.grid.clone(),
    })
}

/// The samples of another simulation's file (PDEBench, The Well, arrays), dealt out: one state
/// and the constant fields to the next state, or the constants alone where nothing changes. Also
/// the names of inputs and outputs.
///
/// # Errors
/// A file of no known layout or of three dimensions, values that are not numbers.
pub fn from_file(path: &Path, settings: &Settings) -> Result<(Samples, [Vec<String>; 2])> {
    let file = Simulations::open(path, None).map_err(Error::unusable)?;
    let steps = usize::from(file.times().len() > 1);
    let windows = Windows::new(&file, steps, 1).map_err(Error::unusable)?;
    let [rows, columns] = match file.shape()[..] {
        [columns] => [1, columns],
        [rows, columns] => [rows, columns],
        _ => {
            return Err(Error::unusable(format!(
                "{}: expected fields in one or two dimensions, found {}",
                path.display(),
                file.summary()
            )));
        }
    };
    let complete: Vec<usize> = (0..file.samples()).collect();
    // Nothing is written beside a file of somebody else's, so the split is not recorded.
    let set = &settings.training_set;
    let kind = SplitKind::Trajectories {
        seed: settings.seed,
    };
    let states = file.times().len();
    let split =
        Split::new(&complete, states, kind, set.validation, set.test).map_err(Error::unusable)?;
    let per_sample = windows.len() / file.samples();
    let part = |segments: &[Segment]| -> Result<Option<FieldPairs>> {
        let mut pairs = Pairs::default();
        for segment in segments {
            for window in 0..per_sample {
                let window = windows.read(segment.trajectory * per_sample + window);
                let (input, output) = window.map_err(Error::unusable)?;
                let shape = |n: usize| [n, rows, columns];
                let (a, b) = (shape(input.shape()[0]), shape(output.shape()[0]));
                pairs.push(&a, input.iter(), &b, output.iter());
            }
        }
        pairs.finish()
    };
    let lines = |n: usize| (0..n).map(|i| i as f64).collect();
    let grid = Grid::Plane {
        y_m: lines(rows),
        x_m: lines(columns),
    };
    let tests = part(&split.test)?.map(|samples| TestSet {
        name: "test".into(),
        grid: grid.clone(),
        samples,
        pairs: per_sample,
        seconds_before: 0.0,
    });
    // of the physics that the scenario names
    let periodic = settings.problem().periodic();
    let in_time = |pairs: FieldPairs| {
        let pairs = if periodic { pairs.on_a_torus() } else { pairs };
        match steps {
            0 => Ok(pairs),
            _ => pairs.in_sequences(per_sample).map_err(Error::failed),
        }
    };
    let samples = Samples {
        training: in_time(part(&split.train)?.ok_or_else(nothing)?)?,
        withheld: None,
        validation: part(&split.validation)?.map(in_time).transpose()?,
        tests: tests.into_iter().collect(),
        grid,
    };
    let states = file.state_channels().iter();
    let before = states.clone().take(states.len() * steps);
    let inputs = before.chain(file.constant_channels());
    let names = [
        inputs.map(|c| c.name.clone()).collect(),
        states.map(|c| c.name.clone()).collect(),
    ];
    Ok((samples, names))
}

fn nothing() -> Error {
    Error::unusable("no sample is left to train on; lower `training_set.validation` and `.test`")
}

/// Pairs as they are read.
#[derive(Default)]
struct Pairs {
    count: usize,
    shapes: [Vec<usize>; 2],
    values: [Vec<f32>; 2],
}

impl Pairs {
    fn push<'v>(
        &mut self,
        input_shape: &[usize],
        input: impl Iterator<Item = &'v f32>,
        output_shape: &[usize],
        output: impl Iterator<Item = &'v f32>,
    ) {
        self.count += 1;
        self.shapes = [input_shape.to_vec(), output_shape.to_vec()];
        self.values[0].extend(input);
        self.values[1].extend(output);
    }

    /// `None` when there are none.
    fn finish(self) -> Result<Option<FieldPairs>> {
        if self.count == 0 {
            return Ok(None);
        }
        let [inputs, outputs] = self.values;
        let array = |values: Vec<f32>, shape: &[usize]| {
            let shape = (self.count, shape[0], shape[1], shape[2]);
            Array4::from_shape_vec(shape, values).map_err(Error::failed)
        };
        let inputs = array(inputs, &self.shapes[0])?;
        let outputs = array(outputs, &self.shapes[1])?;
        FieldPairs::new(inputs, outputs)
            .map(Some)
            .map_err(Error::failed)
    }
}

/// `||p - t|| / ||t||` over all channels and points, of each sample.
pub fn relative_errors<P: Copy + Into<f64>>(
    predicted: &Array4<P>,
    truth: &Array4<f32>,
) -> Vec<f64> {
    predicted
        .axis_iter(Axis(0))
        .zip(truth.axis_iter(Axis(0)))
        .map(|(p, t)| {
            let (mut error, mut size) = (0.0, 0.0);
            for (p, t) in p.iter().zip(t) {
                let (p, t): (f64, f64) = ((*p).into(), f64::from(*t));
                error += (p - t).powi(2);
                size += t * t;
            }
            (error / size.max(f64::MIN_POSITIVE)).sqrt()
        })
        .collect()
}
