//! Everything that a comparison has measured, in one file; its report is made from nothing else.
//!
//! JSON has no NaN: what failed is `null`, and stays in its list.

use crate::error::{Error, Result};
use crate::run_folder::{Machine, RunError, write_atomically};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The name of the file in a run's folder.
pub const FILE: &str = "measurements.json";

/// What [`Measurements::format`] is in files of this version.
pub const FORMAT: u32 = 1;

/// All measurements of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurements {
    /// Version of the layout.
    pub format: u32,
    /// Program and version.
    pub program: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Its title.
    pub title: String,
    /// When the comparison began, ISO 8601 in UTC.
    pub started: String,
    /// The machine of all timings but those of published figures.
    pub machine: Machine,
    /// Threads that a run may use.
    pub threads: usize,
    /// Seed of the run; trainings count on from it.
    pub seed: u64,
    /// The command line.
    pub command: Vec<String>,
    /// The scenario as TOML, all defaults written out.
    pub configuration: String,
    /// What is asked of everyone.
    pub task: Task,
    /// Who answers.
    pub contestants: Vec<Contestant>,
    /// What they are asked; the first is the held-out set that speed is compared on.
    pub sets: Vec<TestSet>,
    /// Their errors.
    pub outcomes: Vec<Outcome>,
    /// Their times.
    pub timings: Vec<Timing>,
    /// What it took to have them.
    pub costs: Vec<Cost>,
    /// Fields to look at.
    pub panels: Vec<Panel>,
}

/// What is asked of everyone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// The equation, in words.
    pub equation: String,
    /// One piece of work: `a forecast over 5 days`.
    pub work: String,
    /// How an answer is judged: `relative L2 error of the vorticity at all times`.
    pub metric: String,
    /// Its unit; empty for a pure number.
    pub unit: String,
    /// What the numbers of resolutions count: `points along a side`.
    pub resolution: String,
    /// The axis that errors are resolved along, where there is one: `time (s)`.
    pub axis: Option<Axis>,
    /// The axis of spectra: `wavenumber`; their values in `spectrum_unit`.
    pub spectrum: Option<Axis>,
    /// Baselines that cannot be had here, with the reason.
    pub without: Vec<(String, String)>,
    /// What a reader must know of how far the result reaches.
    pub limitations: Vec<String>,
}

/// An axis of a plot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// Quantity and unit.
    pub label: String,
    /// Where values are.
    pub at: Vec<f64>,
}

/// What a contestant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The solver that truth is taken from.
    Reference,
    /// The reference on fewer points: how much they differ tells how well it has converged.
    Check,
    /// A solver at one resolution and time step: a point of the curve.
    Solver,
    /// A trained operator.
    Operator,
    /// Mean, persistence, climatology, nearest neighbour: no work at all.
    Baseline,
    /// A figure from the literature, measured elsewhere.
    Published,
}

/// A time step against what is stable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeStep {
    /// In s.
    pub seconds: f64,
    /// The longest stable one, in s; none where any is, or where there is no time.
    pub limit: Option<f64>,
}

/// Somebody who answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contestant {
    /// Unique: `solver@16, step 0.9`, `fno, seed 2`.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Trainings that differ in their seed alone are of one family.
    pub family: String,
    /// Seed of the training.
    pub seed: Option<u64>,
    /// Of a solver; of an operator that of the solver it learned from. In [`Task::resolution`].
    pub resolution: Option<f64>,
    /// Method, or size of a network.
    pub about: String,
    /// Order of accuracy in space and time, of a solver: `spectral, 4`.
    pub order: Option<String>,
    /// Of a solver that steps in time.
    pub time_step: Option<TimeStep>,
    /// Whether there is no coarser solver.
    pub coarsest: bool,
    /// The speed-up over a solver that a published figure came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<f64>,
    /// `f32`, `f64`.
    pub precision: String,
    /// `cpu`, `cuda:0`.
    pub device: String,
}

impl Contestant {
    /// A solver at a resolution.
    pub fn solver(name: impl Into<String>, resolution: f64, about: &str) -> Self {
        Self {
            name: name.into(),
            kind: Kind::Solver,
            family: "solver".into(),
            seed: None,
            resolution: Some(resolution),
            about: about.into(),
            order: None,
            time_step: None,
            coarsest: false,
            claim: None,
            precision: "f64".into(),
            device: "cpu".into(),
        }
    }

    /// A trained operator; `number` counts trainings of the family from 0.
    pub fn operator(family: &str, number: usize, seed: u64, about: &str, device: &str) -> Self {
        Self {
            kind: Kind::Operator,
            family: family.into(),
            seed: Some(seed),
            resolution: None,
            precision: "f32".into(),
            device: device.into(),
            ..Self::solver(format!("{family}, seed {}", number + 1), 0.0, about)
        }
    }

    /// An answer that takes no work.
    pub fn baseline(name: &str) -> Self {
        Self {
            kind: Kind::Baseline,
            family: name.into(),
            resolution: None,
            ..Self::solver(name, 0.0, "")
        }
    }

    /// The same as something else.
    #[must_use]
    pub fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }
}

/// How a set is related to what was trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Of the same distribution, kept out.
    HeldOut,
    /// Beyond what was trained on.
    OutOfDistribution,
    /// On other points than those trained on.
    OffResolution,
}

impl Relation {
    /// The words in tables.
    pub fn words(self) -> &'static str {
        match self {
            Self::HeldOut => "held out",
            Self::OutOfDistribution => "out of distribution",
            Self::OffResolution => "off training resolution",
        }
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestSet {
    /// Unique.
    pub name: String,
    /// To what was trained on.
    pub relation: Relation,
    /// Samples in it.
    pub samples: usize,
}

/// A contestant on a set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Its name.
    pub contestant: String,
    /// The set's name.
    pub set: String,
    /// One for each sample; null where it failed.
    pub errors: Vec<Option<f64>>,
    /// Why, where it failed; the first reason of several.
    pub failure: Option<String>,
    /// Mean error at each place of [`Task::axis`].
    pub by_step: Vec<Option<f64>>,
    /// Mean spectrum of the answers at [`Task::spectrum`].
    pub spectrum: Vec<Option<f64>>,
    /// Physics.
    pub checks: Vec<Check>,
}

/// A conserved quantity, a residual.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// `relative drift of mass`.
    pub name: String,
    /// Mean over the samples of its size.
    pub value: Option<f64>,
}

/// Calls of a contestant, timed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// Its name.
    pub contestant: String,
    /// Samples in a call.
    pub batch: usize,
    /// Calls before, not counted.
    pub warm_up: usize,
    /// Whether the clock stopped only when the answer was in the host's memory.
    pub synchronised: bool,
    /// Wall time of each call in s.
    pub seconds: Vec<f64>,
}

/// What a cost was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Making training data.
    Data,
    /// Training of one seed.
    Training,
    /// Finding settings.
    Tuning,
}

/// A cost of having an operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// The family it is for; all of them without one.
    pub family: Option<String>,
    /// For what.
    pub purpose: Purpose,
    /// Wall time in s; null where nobody has counted.
    pub seconds: Option<f64>,
    /// What it bought.
    pub note: String,
}

/// A field of one sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Panel {
    /// Whose; truth without one.
    pub contestant: Option<String>,
    /// Of the set.
    pub set: String,
    /// Number of the sample.
    pub sample: usize,
    /// Quantity.
    pub quantity: String,
    /// Unit; empty for a pure number.
    pub unit: String,
    /// What and when: `last state`.
    pub label: String,
    /// Names of the axes; latitudes and longitudes in degrees make a map.
    pub axes: [String; 2],
    /// Coordinates of columns.
    pub x: Vec<f64>,
    /// Coordinates of rows.
    pub y: Vec<f64>,
    /// `[y][x]`.
    pub values: Vec<Option<f32>>,
}

impl Measurements {
    /// Reads a file.
    ///
    /// # Errors
    /// No file, or not one of these.
    pub fn read(path: &Path) -> Result<Self> {
        let refuse = |reason: String| Error::unusable(format!("{}: {reason}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|e| refuse(e.to_string()))?;
        let found: Self = serde_json::from_str(&text)
            .map_err(|e| refuse(format!("expected measurements of `curlwind compare`: {e}")))?;
        if found.format != FORMAT {
            return Err(refuse(format!(
                "expected measurements of layout {FORMAT}, found {}",
                found.format
            )));
        }
        found.consistent().map_err(refuse)?;
        Ok(found)
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut text = serde_json::to_vec(self).map_err(RunError::Configuration)?;
        text.push(b'\n');
        Ok(write_atomically(path, &text)?)
    }

    /// Names that do not refer to anything, and lists of the wrong length.
    fn consistent(&self) -> std::result::Result<(), String> {
        if self.sets.is_empty() {
            return Err("has no `sets`".into());
        }
        for outcome in &self.outcomes {
            let Outcome {
                contestant, set, ..
            } = outcome;
            if self.contestant(contestant).is_none() {
                return Err(format!(
                    "`outcomes`: no contestant is called `{contestant}`"
                ));
            }
            let Some(of) = self.sets.iter().find(|s| s.name == *set) else {
                return Err(format!("`outcomes`: no set is called `{set}`"));
            };
            if of.samples != outcome.errors.len() {
                return Err(format!(
                    "`outcomes`: {contestant} on {set}: expected {} errors, found {}",
                    of.samples,
                    outcome.errors.len()
                ));
            }
        }
        for timing in &self.timings {
            if self.contestant(&timing.contestant).is_none() {
                let name = &timing.contestant;
                return Err(format!("`timings`: no contestant is called `{name}`"));
            }
            if timing.batch == 0 || timing.seconds.is_empty() {
                return Err("`timings`: expected a batch of 1 or more and a time".into());
            }
        }
        for panel in &self.panels {
            if panel.values.len() != panel.x.len() * panel.y.len() {
                return Err("`panels`: values do not fit the coordinates".into());
            }
        }
        Ok(())
    }

    /// A contestant by its name.
    pub fn contestant(&self, name: &str) -> Option<&Contestant> {
        self.contestants.iter().find(|c| c.name == name)
    }

    /// Contestants of a kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Contestant> {
        self.contestants.iter().filter(move |c| c.kind == kind)
    }

    /// Families of operators in their order.
    pub fn families(&self) -> Vec<&str> {
        let mut families: Vec<&str> = Vec::new();
        for operator in self.of_kind(Kind::Operator) {
            if !families.contains(&operator.family.as_str()) {
                families.push(&operator.family);
            }
        }
        families
    }

    /// How a contestant did on a set.
    pub fn outcome(&self, contestant: &str, set: &str) -> Option<&Outcome> {
        self.outcomes
            .iter()
            .find(|o| o.contestant == contestant && o.set == set)
    }

    /// The held-out set that speed is compared on.
    pub fn held_out(&self) -> &str {
        self.sets.first().map_or("", |set| &set.name)
    }

    /// Times of a contestant, one call of one sample each.
    pub fn times_of_one(&self, contestant: &str) -> Option<&Timing> {
        self.timings
            .iter()
            .find(|t| t.contestant == contestant && t.batch == 1)
    }

    /// Times of a contestant alone, or in its best batch.
    pub fn timing(&self, contestant: &str, batched: bool) -> Option<&Timing> {
        match batched {
            true => self.best_throughput(contestant),
            false => self.times_of_one(contestant),
        }
    }

    /// The batch with the shortest time for a sample.
    pub fn best_throughput(&self, contestant: &str) -> Option<&Timing> {
        self.timings
            .iter()
            .filter(|t| t.contestant == contestant)
            .min_by(|a, b| a.per_sample().total_cmp(&b.per_sample()))
    }
}

impl Cost {
    /// Training data, made once for all families.
    pub fn data(seconds: f64, note: impl Into<String>) -> Self {
        Self {
            family: None,
            purpose: Purpose::Data,
            seconds: Some(seconds),
            note: note.into(),
        }
    }

    /// One training of a family: the mean of all its seeds' seconds.
    pub fn training(family: &str, seconds: &[f64]) -> Self {
        Self {
            family: Some(family.into()),
            purpose: Purpose::Training,
            seconds: Some(seconds.iter().sum::<f64>() / seconds.len() as f64),
            note: format!("mean of {} trainings", seconds.len()),
        }
    }

    /// What is said of tuning; its time was not counted.
    pub fn tuning(note: impl Into<String>) -> Self {
        Self {
            family: None,
            purpose: Purpose::Tuning,
            seconds: None,
            note: note.into(),
        }
    }
}

impl Outcome {
    /// Mean of the errors; nothing where one failed.
    pub fn mean(&self) -> Option<f64> {
        let all: Option<Vec<f64>> = self.errors.iter().copied().collect();
        let all = all?;
        (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    }

    /// How many samples failed.
    pub fn failures(&self) -> usize {
        self.errors.iter().filter(|e| e.is_none()).count()
    }
}

impl Timing {
    /// Median of the times of a call, over the samples in it.
    pub fn per_sample(&self) -> f64 {
        median(&self.seconds) / self.batch as f64
    }

    /// Lowest and highest, over the samples in a call.
    pub fn spread(&self) -> [f64; 2] {
        let fold = |f: fn(f64, f64) -> f64, from| self.seconds.iter().copied().fold(from, f);
        [
            fold(f64::min, f64::INFINITY) / self.batch as f64,
            fold(f64::max, 0.0) / self.batch as f64,
        ]
    }
}

/// The middle one; NaN of none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]),
    }
}
