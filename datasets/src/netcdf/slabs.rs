//! One variable at one level, read a lead and a time at a time with all its members.
//!
//! What [`ForecastReader::read_field`](super::ForecastReader::read_field) does for one field, for whole
//! ensembles and without a copy more than the file asks for: values stay in the type that holds them
//! exactly, buffers are the caller's, and latitudes are handed back in the file's order with the rows
//! named.

use ::netcdf::types::NcTypeDescriptor;
use ::netcdf::{File, Variable};
use ndarray::{ArrayView, IxDyn};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::attributes::variable_text;
use super::axes::decode_dimension;
use super::packing::Packing;
use super::read::library_error;
use crate::field::Axis;
use crate::units::conversion;
use crate::{Error, Result};

/// A type that values are read into.
pub trait Real:
    NcTypeDescriptor + Copy + Default + PartialOrd + Into<f64> + Send + Sync + 'static
{
    /// The missing value.
    const MISSING: Self;
    /// What a value that is no number becomes.
    const FAILED: Self;
    /// The nearest value of this type.
    fn nearest(value: f64) -> Self;
    /// Neither infinite nor NaN.
    fn finite(self) -> bool;
}

impl Real for f32 {
    const MISSING: Self = Self::NAN;
    const FAILED: Self = Self::INFINITY;
    fn nearest(value: f64) -> Self {
        value as Self
    }
    fn finite(self) -> bool {
        self.is_finite()
    }
}

impl Real for f64 {
    const MISSING: Self = Self::NAN;
    const FAILED: Self = Self::INFINITY;
    fn nearest(value: f64) -> Self {
        value
    }
    fn finite(self) -> bool {
        self.is_finite()
    }
}

impl Packing {
    /// One pass for each thing to look for: simple loops over a slab that is still in the cache.
    fn apply<T: Real>(&self, values: &mut [T]) {
        for x in values.iter_mut() {
            *x = if x.finite() { *x } else { T::FAILED };
        }
        // NaN is found in any file and stands for a forecast that failed
        for fill in self.fills.iter().filter(|fill| fill.is_finite()) {
            let fill = T::nearest(*fill);
            for x in values.iter_mut() {
                *x = if *x == fill { T::MISSING } else { *x };
            }
        }
        if self.low.is_finite() || self.high.is_finite() {
            let (low, high) = (T::nearest(self.low), T::nearest(self.high));
            for x in values.iter_mut().filter(|x| x.finite()) {
                *x = if *x < low || *x > high {
                    T::MISSING
                } else {
                    *x
                };
            }
        }
        if !self.plain() {
            for x in values.iter_mut() {
                let stored: f64 = (*x).into();
                *x = if stored.is_finite() {
                    T::nearest(self.value(stored))
                } else {
                    *x
                };
            }
        }
    }
}

/// A variable at one level.
#[derive(Debug)]
pub struct SlabReader<'f> {
    path: PathBuf,
    variable: Variable<'f>,
    /// What each dimension of the file measures.
    axes: Vec<Axis>,
    lengths: Vec<usize>,
    level: usize,
    trajectory: bool,
    /// Index in the file of each latitude, north to south.
    rows: Vec<usize>,
    /// Index in the file of each longitude, where they are in another order.
    columns: Option<Vec<usize>>,
    packing: Packing,
    units: Option<String>,
}

impl<'f> SlabReader<'f> {
    /// The variable `name` at `level_hpa`, in the unit `units` where one is given.
    pub(super) fn open(
        path: &Path,
        file: &'f File,
        (name, trajectory): (&str, bool),
        level_hpa: Option<f64>,
        units: Option<&str>,
    ) -> Result<Self> {
        let path = path.to_path_buf();
        let Some(variable) = file.variable(name) else {
            return Err(Error::VariableMissing {
                path,
                wanted: format!("'{name}'"),
                present: "others".into(),
                nearest: None,
            });
        };
        let mut axes = Vec::new();
        let mut lengths = Vec::new();
        let (mut level, mut rows, mut columns) = (0, Vec::new(), None);
        for dimension in variable.dimensions() {
            let length = dimension.len();
            let decoded = decode_dimension(&path, file, name, &dimension.name(), length)?;
            let coordinate = decoded.coordinate;
            match coordinate.axis {
                Axis::Latitude => {
                    rows = decoded.order.unwrap_or_else(|| (0..length).collect());
                }
                Axis::Longitude => {
                    let identity = decoded.order.as_ref().is_none_or(|order| {
                        order.len() == length && order.iter().enumerate().all(|(k, i)| k == *i)
                    });
                    columns = decoded.order.filter(|_| !identity);
                }
                Axis::Level if length > 1 || level_hpa.is_some() => {
                    let wanted = level_hpa.map(|hpa| hpa * 100.0);
                    let away = |k: &usize| (coordinate.values[*k] - wanted.unwrap_or(0.0)).abs();
                    let nearest = (0..length).min_by(|a, b| away(a).total_cmp(&away(b)));
                    let near =
                        |k: &usize| wanted.is_some_and(|p| away(k) <= 1e-4 * p.abs().max(1e-3));
                    level = nearest.filter(near).ok_or_else(|| Error::Absent {
                        path: path.clone(),
                        variable: name.into(),
                        axis: "level",
                        wanted: level_hpa.map_or("given".into(), |hpa| format!("{hpa} hPa")),
                        hint: format!("it has {length}"),
                    })?;
                }
                Axis::Other if length > 1 => {
                    return Err(Error::Coordinate {
                        path,
                        variable: name.into(),
                        expected:
                            "no dimension but lead, time, member, level, latitude and longitude"
                                .into(),
                        found: format!("'{}' of {length}", dimension.name()),
                    });
                }
                _ => {}
            }
            axes.push(coordinate.axis);
            lengths.push(length);
        }
        let mut packing = Packing::of(&variable);
        let own = variable_text(&variable, "units").filter(|u| !u.trim().is_empty());
        if let Some(wanted) = units {
            let refuse = || Error::Units {
                path: path.clone(),
                variable: name.into(),
                found: own.as_ref().map_or("no unit".into(), |u| format!("'{u}'")),
                expected: format!("'{wanted}' or a unit that converts to it"),
            };
            let from = own.as_deref().ok_or_else(refuse)?;
            packing = packing.converted(conversion(from, wanted).map_err(|_| refuse())?);
        }
        let units = units.map(String::from).or(own);
        Ok(Self {
            path,
            variable,
            axes,
            lengths,
            level,
            trajectory,
            rows,
            columns,
            packing,
            units,
        })
    }

    /// True if f32 holds every value exactly: the file has no wider type, no packing and the unit asked for.
    pub fn single(&self) -> bool {
        let float = ::netcdf::types::FloatType::F32;
        self.variable.vartype() == ::netcdf::types::NcVariableType::Float(float)
            && self.packing.plain()
    }

    /// The unit of the values; none where the file has none.
    pub fn units(&self) -> Option<&str> {
        self.units.as_deref()
    }

    /// Number of longitudes of the values.
    fn width(&self) -> usize {
        match &self.columns {
            Some(columns) => columns.len(),
            None => self.length_of(Axis::Longitude),
        }
    }

    fn length_of(&self, axis: Axis) -> usize {
        let at = self.axes.iter().position(|a| *a == axis);
        at.map_or(1, |at| self.lengths[at])
    }

    /// Which row of the values read is each latitude, north to south.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// Leads and times that lie together in the file's chunks; (1, 1) where it has none. A file whose
    /// chunks hold several is read in such blocks: one at a time would unpack each chunk again and again.
    pub fn block(&self) -> (usize, usize) {
        let Ok(Some(chunks)) = self.variable.chunking() else {
            return (1, 1);
        };
        let of = |axis| {
            let at = self.axes.iter().position(|a| *a == axis);
            at.map_or(1, |at| chunks[at].clamp(1, self.lengths[at].max(1)))
        };
        match self.trajectory {
            true => (of(Axis::Time), 1),
            false => (of(Axis::Lead), of(Axis::Time)),
        }
    }

    /// Reads the fields `[member][row][longitude]` of a lead and a time (of a trajectory: its step
    /// `lead`) into `values`, whose size is made to fit; [`rows`](Self::rows) says which row is which
    /// latitude, longitudes go east. Missing (the file's fill value, where it is a number, or a value outside
    /// the valid range) is NaN; a NaN or an infinity of the file is infinity, so that a forecast that
    /// blew up can be told from one that has no value.
    ///
    /// # Errors
    /// [`Error::Absent`] for an index that the file does not have; a file that cannot be read.
    pub fn read<T: Real>(
        &self,
        lead: usize,
        time: usize,
        members: &[usize],
        values: &mut Vec<T>,
    ) -> Result<()> {
        let size = self.rows.len() * self.width();
        values.resize(members.len() * size, T::default());
        let mut done = 0;
        while done < members.len() {
            let mut count = 1;
            while done + count < members.len() && members[done + count] == members[done] + count {
                count += 1;
            }
            let run = members[done]..members[done] + count;
            let to = &mut values[done * size..(done + count) * size];
            self.read_part([lead..lead + 1, time..time + 1, run], to)?;
            done += count;
        }
        self.packing.apply(values);
        Ok(())
    }

    /// As [`read`](Self::read) for several leads and times, `[lead][time][member][row][longitude]`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_block<T: Real>(
        &self,
        leads: Range<usize>,
        times: Range<usize>,
        members: Range<usize>,
        values: &mut Vec<T>,
    ) -> Result<()> {
        let fields = leads.len() * times.len() * members.len();
        values.resize(fields * self.rows.len() * self.width(), T::default());
        self.read_part([leads, times, members], values)?;
        self.packing.apply(values);
        Ok(())
    }

    /// Stored values of leads, times and members that follow each other.
    fn read_part<T: Real>(&self, part: [Range<usize>; 3], to: &mut [T]) -> Result<()> {
        let [leads, times, members] = part;
        let mut start = Vec::with_capacity(self.axes.len());
        let mut count = Vec::with_capacity(self.axes.len());
        for (axis, length) in self.axes.iter().zip(&self.lengths) {
            let range = match axis {
                Axis::Lead => leads.clone(),
                Axis::Time if self.trajectory => leads.clone(),
                Axis::Time => times.clone(),
                Axis::Realization => members.clone(),
                Axis::Level => self.level..self.level + 1,
                Axis::Latitude | Axis::Longitude => 0..*length,
                Axis::Other => 0..1,
            };
            if range.end > *length {
                return Err(Error::Absent {
                    path: self.path.clone(),
                    variable: self.variable.name(),
                    axis: axis.name(),
                    wanted: format!("number {} (counted from 0)", range.end - 1),
                    hint: format!("it has {length}"),
                });
            }
            start.push(range.start);
            count.push(range.len());
        }
        // lead, time, member, latitude, longitude: the order of the axes; one index alone may be anywhere
        let long: Vec<Axis> = self
            .axes
            .iter()
            .zip(&count)
            .filter(|(axis, count)| **count > 1 || horizontal(**axis))
            .map(|(axis, _)| *axis)
            .collect();
        let ordered = long.windows(2).all(|pair| pair[0] < pair[1]);
        let failed = |e: ::netcdf::Error| library_error(&self.path, &e);
        if ordered && self.columns.is_none() {
            return self
                .variable
                .get_values_into(to, (start, count))
                .map_err(failed);
        }
        let mut stored = vec![T::default(); count.iter().product()];
        self.variable
            .get_values_into(&mut stored, (start, count.clone()))
            .map_err(failed)?;
        let view = ArrayView::from_shape(IxDyn(&count), &stored).map_err(|e| Error::Shape {
            what: format!("variable '{}'", self.variable.name()),
            expected: format!("{count:?}"),
            found: e.to_string(),
        })?;
        let mut order: Vec<usize> = (0..count.len()).collect();
        order.sort_by_key(|k| (count[*k] > 1 || horizontal(self.axes[*k]), self.axes[*k]));
        let view = view.permuted_axes(IxDyn(&order));
        let last = ndarray::Axis(count.len() - 1);
        let lanes = view.lanes(last);
        for (row, from) in to.chunks_exact_mut(self.width()).zip(lanes) {
            match &self.columns {
                Some(columns) => row.iter_mut().zip(columns).for_each(|(x, i)| *x = from[*i]),
                None => row.iter_mut().zip(from).for_each(|(x, y)| *x = *y),
            }
        }
        Ok(())
    }
}

/// Whether a dimension is one of the map's.
fn horizontal(axis: Axis) -> bool {
    matches!(axis, Axis::Latitude | Axis::Longitude)
}

#[cfg(test)]
mod tests;
