//! Simulations in the HDF5 layouts that benchmark sets come in, as windows of inputs and outputs.
//!
//! | layout | what it looks like |
//! |---|---|
//! | PDEBench (Takamoto et al., NeurIPS 2022) | `tensor` (sample, time, x); one data set a variable, `Vx` (sample, time, x, y); `nu` and `tensor` for Darcy flow; groups `0000/data` (time, x, y, channel) |
//! | The Well (Ohana et al., NeurIPS 2024) | groups `t0_fields`, `t1_fields`, `t2_fields`, `dimensions`, `boundary_conditions` |
//! | arrays | two data sets of a group, `x` and `y` (sample, ..): input and output |
//!
//! Spatial dimensions keep the order of the file, the last one fastest. Nothing but the window asked
//! for is read.
//!
//! ```no_run
//! use curlwind_datasets::simulations::{Simulations, Windows};
//!
//! let file = Simulations::open("1D_Burgers_Sols_Nu0.01.hdf5", None)?;
//! let windows = Windows::new(&file, 10, 1)?;
//! let (history, next) = windows.read(0)?;
//! assert_eq!(history.shape()[0], 10 * file.state_channels().len());
//! # Ok::<(), curlwind_datasets::Error>(())
//! ```

mod arrays;
mod pdebench;
mod the_well;
mod windows;

pub use windows::Windows;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hdf5::{Hyperslab, Selection, SliceOrIndex};
use ndarray::{ArrayD, IxDyn};

use crate::arrays::{damaged, dataset_names, open_hdf5};
use crate::inspect::hdf5_attributes;
use crate::{Error, Result};

/// Whose layout a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// PDEBench.
    PdeBench,
    /// The Well.
    TheWell,
    /// An input array and an output array.
    Arrays,
}

impl Kind {
    /// The name of the layout.
    pub fn name(self) -> &'static str {
        match self {
            Self::PdeBench => "PDEBench",
            Self::TheWell => "The Well",
            Self::Arrays => "arrays of inputs and outputs",
        }
    }
}

/// A spatial dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Its name; "axis 1" and so on where the file does not say.
    pub name: String,
    /// Coordinates; empty where the file has none.
    pub coordinates: Vec<f64>,
    /// Points.
    pub points: usize,
    /// Whether its ends are one point, where the file says so.
    pub periodic: Option<bool>,
}

/// Where a channel lies in its data set.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    /// Data set; `{sample}` stands for the group of a sample.
    dataset: String,
    sample: Option<usize>,
    time: Option<usize>,
    /// Axes with a fixed index: components of vectors, channels.
    fixed: Vec<(usize, usize)>,
}

/// A field of a simulation.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Its name.
    pub name: String,
    place: Place,
}

/// A file of simulations, opened to read.
#[derive(Debug)]
pub struct Simulations {
    path: PathBuf,
    file: hdf5::File,
    kind: Kind,
    samples: usize,
    /// Groups of the samples, where each has one.
    groups: Vec<String>,
    states: Vec<Channel>,
    constants: Vec<Channel>,
    times: Vec<f64>,
    axes: Vec<Axis>,
    attributes: BTreeMap<String, String>,
}

impl Simulations {
    /// Opens a file. `group` names the group of a pair of arrays where the file has several, e.g.
    /// `train_16`.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Unreadable`] for what is no HDF5 file or of no layout known here;
    /// [`Error::Shape`] when its data sets do not fit each other; [`Error::VariableMissing`] for a
    /// group that is not there.
    pub fn open(path: impl AsRef<Path>, group: Option<&str>) -> Result<Self> {
        let path = path.as_ref();
        let file = open_hdf5(path)?;
        let found = match Kind::of(&file) {
            Some(Kind::PdeBench) => pdebench::read(path, &file),
            Some(Kind::TheWell) => the_well::read(path, &file),
            Some(Kind::Arrays) => arrays::read(path, &file, group),
            None => Err(Error::Unreadable {
                path: path.to_path_buf(),
                expected: "simulations in the layout of PDEBench, The Well, or arrays `x` and `y`",
                found: format!("it has {}", some(&dataset_names(&file, ""))),
            }),
        }?;
        let attributes = hdf5_attributes(&file);
        let simulations = Self {
            path: path.to_path_buf(),
            attributes,
            file,
            kind: found.kind,
            samples: found.samples,
            groups: found.groups,
            states: found.states,
            constants: found.constants,
            times: found.times,
            axes: found.axes,
        };
        simulations.check()?;
        Ok(simulations)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whose layout it has.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Simulations in the file.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Times of the states; one for what does not change.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// Spatial dimensions, the last one fastest.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// Fields of a state.
    pub fn state_channels(&self) -> &[Channel] {
        &self.states
    }

    /// Fields of a simulation that do not change: media, forces, inputs.
    pub fn constant_channels(&self) -> &[Channel] {
        &self.constants
    }

    /// Attributes of the file.
    pub fn attributes(&self) -> &BTreeMap<String, String> {
        &self.attributes
    }

    /// Points along the spatial dimensions.
    pub fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|axis| axis.points).collect()
    }

    /// What the file holds, in a line.
    pub fn summary(&self) -> String {
        let points: Vec<String> = self.shape().iter().map(ToString::to_string).collect();
        let names = |channels: &[Channel]| {
            let names: Vec<&str> = channels.iter().map(|c| c.name.as_str()).collect();
            names.join(", ")
        };
        let constants = match self.constants.is_empty() {
            true => String::new(),
            false => format!("; given {}", names(&self.constants)),
        };
        format!(
            "{}: {} samples, {} times, {} points, {}{constants}",
            self.kind.name(),
            self.samples,
            self.times.len(),
            points.join(" x "),
            names(&self.states)
        )
    }

    /// States `start..start + steps` of a sample, `[step][channel]` and the spatial dimensions.
    ///
    /// # Errors
    /// [`Error::Shape`] when there is no such sample or window; [`Error::MissingValues`] for values
    /// that are not numbers; [`Error::Unreadable`] for a damaged file.
    pub fn states(&self, sample: usize, start: usize, steps: usize) -> Result<ArrayD<f32>> {
        let times = self.times.len();
        if start.saturating_add(steps) > times {
            return Err(Error::Shape {
                what: format!("{}: window of sample {sample}", self.path.display()),
                expected: format!("states 0 to {}", times.saturating_sub(1)),
                found: format!("{steps} from {start}"),
            });
        }
        let mut all = vec![0.0; steps * self.states.len() * self.points()];
        for (n, channel) in self.states.iter().enumerate() {
            let values = self.read(channel, sample, start, steps)?;
            for (step, values) in values.chunks_exact(self.points()).enumerate() {
                let at = (step * self.states.len() + n) * self.points();
                all[at..at + values.len()].copy_from_slice(values);
            }
        }
        self.array(&[steps, self.states.len()], all)
    }

    /// The constant fields of a sample, `[channel]` and the spatial dimensions.
    ///
    /// # Errors
    /// As [`Self::states`].
    pub fn constants(&self, sample: usize) -> Result<ArrayD<f32>> {
        let mut all = Vec::with_capacity(self.constants.len() * self.points());
        for channel in &self.constants {
            all.extend(self.read(channel, sample, 0, 1)?);
        }
        self.array(&[self.constants.len()], all)
    }

    fn points(&self) -> usize {
        self.axes.iter().map(|axis| axis.points).product()
    }

    fn array(&self, leading: &[usize], values: Vec<f32>) -> Result<ArrayD<f32>> {
        let mut shape = leading.to_vec();
        shape.extend(self.shape());
        ArrayD::from_shape_vec(IxDyn(&shape), values).map_err(|error| Error::Shape {
            what: self.path.display().to_string(),
            expected: format!("{shape:?}"),
            found: error.to_string(),
        })
    }

    /// `[step]` and the spatial dimensions of one channel.
    fn read(
        &self,
        channel: &Channel,
        sample: usize,
        start: usize,
        steps: usize,
    ) -> Result<Vec<f32>> {
        if sample >= self.samples {
            return Err(Error::Absent {
                path: self.path.clone(),
                variable: channel.name.clone(),
                axis: "sample",
                wanted: sample.to_string(),
                hint: format!("it has {}", self.samples),
            });
        }
        let place = &channel.place;
        let name = match self.groups.get(sample) {
            Some(group) => place.dataset.replace("{sample}", group),
            None => place.dataset.clone(),
        };
        let failed = |error| damaged(&self.path, &error);
        let dataset = self.file.dataset(&name).map_err(failed)?;
        let slices: Vec<SliceOrIndex> = (0..dataset.ndim())
            .map(|axis| {
                let fixed = place.fixed.iter().find(|(at, _)| *at == axis);
                match fixed {
                    Some((_, index)) => SliceOrIndex::Index(*index),
                    None if place.sample == Some(axis) => SliceOrIndex::Index(sample),
                    None if place.time == Some(axis) => (start..start + steps).into(),
                    None => (..).into(),
                }
            })
            .collect();
        let selection = Selection::from(Hyperslab::from(slices));
        let values: ArrayD<f32> = dataset.read_slice(selection).map_err(failed)?;
        // time comes before space in every layout
        let mut values: Vec<f32> = values.into_iter().collect();
        let expected = self.points() * if place.time.is_some() { steps } else { 1 };
        if values.len() != expected {
            return Err(Error::Shape {
                what: format!("{}: '{name}'", self.path.display()),
                expected: format!("{expected} values"),
                found: values.len().to_string(),
            });
        }
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            return Err(Error::MissingValues {
                path: self.path.clone(),
                variable: channel.name.clone(),
                count: values.iter().filter(|v| !v.is_finite()).count(),
                total: values.len(),
                place: format!("sample {sample}, value {at}"),
            });
        }
        if place.time.is_none() && steps > 1 {
            values = values.repeat(steps);
        }
        Ok(values)
    }

    /// Every data set against what the file is said to hold.
    fn check(&self) -> Result<()> {
        for channel in self.states.iter().chain(&self.constants) {
            let place = &channel.place;
            let name = match self.groups.first() {
                Some(group) => place.dataset.replace("{sample}", group),
                None => place.dataset.clone(),
            };
            let dataset = self.file.dataset(&name);
            let found = dataset.map_err(|e| damaged(&self.path, &e))?.shape();
            let mut space = self.axes.iter();
            let expected: Vec<usize> = (0..found.len())
                .map(|axis| {
                    if place.sample == Some(axis) {
                        self.samples
                    } else if place.time == Some(axis) {
                        self.times.len()
                    } else if let Some((_, index)) = place.fixed.iter().find(|f| f.0 == axis) {
                        found[axis].max(index + 1)
                    } else {
                        space.next().map_or(0, |axis| axis.points)
                    }
                })
                .collect();
            if expected != found || space.next().is_some() {
                return Err(Error::Shape {
                    what: format!("{}: data set '{name}'", self.path.display()),
                    expected: format!("{expected:?}"),
                    found: format!("{found:?}"),
                });
            }
        }
        let empty = [
            ("samples", self.samples),
            ("times", self.times.len()),
            ("points", self.points()),
        ];
        match empty.into_iter().find(|(_, n)| *n == 0) {
            Some((what, _)) => Err(Error::Unreadable {
                path: self.path.clone(),
                expected: "simulations",
                found: format!("it has no {what}"),
            }),
            None => Ok(()),
        }
    }
}

/// What the reader of a layout finds.
struct Found {
    kind: Kind,
    samples: usize,
    groups: Vec<String>,
    states: Vec<Channel>,
    constants: Vec<Channel>,
    times: Vec<f64>,
    axes: Vec<Axis>,
}

impl Kind {
    /// The layout of a file, by the names in it.
    pub(crate) fn of(file: &hdf5::File) -> Option<Self> {
        let has = |name: &str| file.link_exists(name);
        if has("t0_fields") || has("t1_fields") || has("t2_fields") {
            return Some(Self::TheWell);
        }
        if has("tensor") || has("0000/data") || has("velocity") {
            return Some(Self::PdeBench);
        }
        if has("x-coordinate") && (has("density") || has("Vx")) {
            return Some(Self::PdeBench);
        }
        match arrays::groups(file).is_empty() {
            true => None,
            false => Some(Self::Arrays),
        }
    }
}

/// At most a few names.
fn some(names: &[String]) -> String {
    match names {
        [] => "no data sets".into(),
        names if names.len() > 6 => format!("{}, ..", names[..6].join(", ")),
        names => names.join(", "),
    }
}

/// A dimension of `points` points, with the coordinates of a data set where there is one of that
/// length.
fn axis(file: &hdf5::File, dataset: &str, name: &str, points: usize) -> Axis {
    let found = file
        .dataset(dataset)
        .ok()
        .and_then(|d| d.read_dyn::<f64>().ok());
    let coordinates: Vec<f64> = found.map_or(Vec::new(), |values| values.into_iter().collect());
    Axis {
        name: name.into(),
        coordinates: if coordinates.len() == points {
            coordinates
        } else {
            Vec::new()
        },
        points,
        periodic: None,
    }
}

/// The first `count` times of a data set (PDEBench writes one more than it has states), or 0, 1, ..
fn times(file: &hdf5::File, dataset: &str, count: usize) -> Vec<f64> {
    let found = file
        .dataset(dataset)
        .ok()
        .and_then(|d| d.read_dyn::<f64>().ok());
    let mut times: Vec<f64> = found.map_or(Vec::new(), |values| values.into_iter().collect());
    if times.len() < count {
        times = (0..count).map(|n| n as f64).collect();
    }
    times.truncate(count);
    times
}
