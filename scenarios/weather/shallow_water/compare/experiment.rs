//! Forecasts as an experiment: solvers at several truncations, surrogates rolled out, baselines.

use super::rungs::Rung;
use super::sets::{Forecast, Set};
use crate::compare::measurements::Panel;
use crate::compare::{Answered, Contestant, Experiment, Kind, Task, TestSet};
use crate::error::{Error, Result};
use crate::weather::scores::AreaMean;
use crate::weather::shallow_water::spectra;
use curlwind_operators::surrogate::Surrogate;
use curlwind_solvers::shallow_water::{Invariants, ShallowWater, State};
use ndarray::Array2;

/// Flows of the training set on its grid, `[flow][time][channel][latitude][longitude]`.
pub struct TrainingFlows {
    /// All states.
    pub states: Vec<Vec<Vec<f32>>>,
    /// Their mean.
    pub mean: Vec<f32>,
    /// Standard deviation of each channel.
    pub std: [f64; 3],
}

/// A pair of solver and surrogates, these trained.
pub struct WeatherExperiment {
    /// In the order in which they are measured: reference, check, solvers, operators, baselines.
    pub contestants: Vec<Contestant>,
    /// Reference, check, and the solvers in their order, for each set.
    pub rungs: Vec<Vec<Rung>>,
    /// Those of kind operator, in order, on the grid of each set or why not.
    pub operators: Vec<Vec<Answered<Surrogate>>>,
    /// For the baselines.
    pub training: TrainingFlows,
    /// Held out, and beyond.
    pub sets: Vec<Set>,
    /// States of a forecast and seconds between them.
    pub leads: (usize, f64),
    /// What a reader is told.
    pub task: Task,
}

impl WeatherExperiment {
    fn by_rung(&self, rung: usize, set: usize, samples: &[usize]) -> Vec<Answered<Forecast>> {
        self.rungs[set][rung].forecasts(&self.sets[set], samples, self.leads)
    }

    fn baseline(&self, name: &str, set: &Set, sample: usize) -> Forecast {
        let (steps, _) = self.leads;
        let training = &self.sets[0].gridded;
        // states of the training grid, on the set's
        let here = |channels: &[f32]| -> Vec<f32> {
            match training.grid() == set.gridded.grid() {
                true => channels.to_vec(),
                false => set
                    .gridded
                    .channels(&training.state(channels), training.truncation()),
            }
        };
        match name {
            "persistence" => vec![set.channels(sample); steps],
            "climatology" => vec![here(&self.training.mean); steps],
            _ => {
                let start = training.channels(&set.starts[sample], set.from);
                let [flow, time] = self.nearest(&start, steps);
                let states = &self.training.states[flow][time + 1..=time + steps];
                states.iter().map(|state| here(state)).collect()
            }
        }
    }

    /// Flow and time of the training state that is nearest, each channel over its standard deviation,
    /// among those with enough states after them.
    fn nearest(&self, start: &[f32], steps: usize) -> [usize; 2] {
        let size = start.len() / 3;
        let distance = |state: &[f32]| -> f64 {
            let channels = state
                .chunks(size)
                .zip(start.chunks(size))
                .zip(self.training.std);
            channels
                .map(|((a, b), std)| {
                    let pairs = a.iter().zip(b);
                    pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / (std * std)
                })
                .sum()
        };
        let mut best = (f64::INFINITY, [0, 0]);
        for (flow, states) in self.training.states.iter().enumerate() {
            for (time, state) in states
                .iter()
                .enumerate()
                .take(states.len().saturating_sub(steps))
            {
                let found = distance(state);
                if found < best.0 {
                    best = (found, [flow, time]);
                }
            }
        }
        best.1
    }

    /// Geopotential height in m, `[latitude][longitude]`.
    fn height(&self, set: &Set, state: &[f32]) -> Array2<f64> {
        let grid = set.gridded.grid();
        let gravity = ShallowWater::default().gravity;
        Array2::from_shape_fn((grid.nlat(), grid.nlon()), |(j, i)| {
            f64::from(state[j * grid.nlon() + i]) / gravity
        })
    }

    /// Mean square error of the height at each lead, in m^2.
    fn squares(&self, set: usize, answer: &Forecast, truth: &Forecast) -> Vec<f64> {
        let set = &self.sets[set];
        let area = AreaMean::new(set.gridded.grid().weights());
        let height = |state: &[f32]| self.height(set, state);
        let pairs = answer.iter().zip(truth);
        pairs
            .map(|(a, t)| area.rmse(height(a).view(), height(t).view()).powi(2))
            .collect()
    }
}

impl Experiment for WeatherExperiment {
    type Answer = Forecast;

    fn task(&self) -> Task {
        self.task.clone()
    }

    fn contestants(&self) -> &[Contestant] {
        &self.contestants
    }

    fn sets(&self) -> Vec<TestSet> {
        self.sets.iter().map(|set| set.about.clone()).collect()
    }

    fn truth(&self, set: usize, sample: usize) -> Result<Forecast> {
        let found = self.rungs[set][0].on_cpu(&self.sets[set], sample, self.leads);
        found.map_err(Error::failed)
    }

    fn answer(&self, contestant: usize, set: usize, samples: &[usize]) -> Vec<Answered<Forecast>> {
        let number = self.among_its_kind(contestant);
        match self.contestants[contestant].kind {
            Kind::Reference => self.by_rung(0, set, samples),
            Kind::Check => self.by_rung(1, set, samples),
            Kind::Solver => self.by_rung(2 + number, set, samples),
            Kind::Operator => {
                let surrogate = match &self.operators[number][set] {
                    Ok(surrogate) => surrogate,
                    Err(reason) => return vec![Err(reason.clone()); samples.len()],
                };
                let starts: Vec<Vec<f32>> = samples
                    .iter()
                    .map(|s| self.sets[set].channels(*s))
                    .collect();
                match surrogate.roll_out_values(&starts, self.leads.0) {
                    Ok(all) => all.into_iter().map(Ok).collect(),
                    Err(error) => vec![Err(error.to_string()); samples.len()],
                }
            }
            Kind::Baseline | Kind::Published => {
                let name = &self.contestants[contestant].name;
                let one = |sample: &usize| Ok(self.baseline(name, &self.sets[set], *sample));
                samples.iter().map(one).collect()
            }
        }
    }

    fn error(&self, set: usize, answer: &Forecast, truth: &Forecast) -> f64 {
        let squares = self.squares(set, answer, truth);
        (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
    }

    fn by_step(&self, set: usize, answer: &Forecast, truth: &Forecast) -> Vec<f64> {
        let squares = self.squares(set, answer, truth);
        squares.into_iter().map(f64::sqrt).collect()
    }

    fn spectrum(&self, set: usize, answer: &Forecast) -> Vec<f64> {
        // of grids that all carry the same degrees
        if set != 0 {
            return Vec::new();
        }
        let gridded = &self.sets[0].gridded;
        let Some(last) = answer.last() else {
            return Vec::new();
        };
        let state = gridded.state(last);
        let power = spectra::power(state.vorticity.view(), gridded.truncation());
        // kinetic energy of the rotation: half the power of the vorticity over n (n + 1) / a^2
        let radius = ShallowWater::default().radius;
        (1..power.len())
            .map(|n| 0.5 * power[n] * radius * radius / (n * (n + 1)) as f64)
            .collect()
    }

    fn checks(
        &self,
        set: usize,
        sample: usize,
        answer: &Forecast,
        _: &Forecast,
    ) -> Vec<(String, f64)> {
        let set = &self.sets[set];
        let gridded = &set.gridded;
        let of = |state: &State| {
            let equation = &set.case.case.equation;
            Invariants::of(gridded.transform(), equation, gridded.orography(), state)
        };
        let Some(last) = answer.last() else {
            return Vec::new();
        };
        let first = set.starts[sample].truncated(set.from, gridded.truncation());
        let (Ok(first), Ok(last)) = (of(&first), of(&gridded.state(last))) else {
            return Vec::new();
        };
        vec![
            (
                "relative drift of mass".into(),
                last.mass / first.mass - 1.0,
            ),
            (
                "relative drift of energy".into(),
                last.energy / first.energy - 1.0,
            ),
            (
                "relative drift of potential enstrophy".into(),
                last.potential_enstrophy / first.potential_enstrophy - 1.0,
            ),
        ]
    }

    fn panel(&self, set: usize, sample: usize, answer: &Forecast) -> Option<Panel> {
        let set = &self.sets[set];
        let grid = set.gridded.grid();
        let last = answer.last()?;
        let degrees = |all: &[f64]| all.iter().map(|x| x.to_degrees()).collect();
        let hours = self.leads.0 as f64 * self.leads.1 / 3600.0;
        let values = self.height(set, last);
        Some(Panel {
            contestant: None,
            set: String::new(),
            sample,
            quantity: "height".into(),
            unit: "m".into(),
            label: format!("after {hours} h"),
            axes: ["longitude".into(), "latitude".into()],
            x: degrees(grid.longitudes()),
            y: degrees(grid.latitudes()),
            values: values
                .iter()
                .map(|h| h.is_finite().then_some(*h as f32))
                .collect(),
        })
    }
}
