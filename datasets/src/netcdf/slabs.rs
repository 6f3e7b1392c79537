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

use super::attributes::{variable_numbers, variable_text};
use super::axes::decode_dimension;
use super::read::library_error;
use crate::field::Axis;
use crate::units::conversion;
use crate::{Error, Result};

/// What the NetCDF library leaves in floats that were never written.
const NEVER_WRITTEN: f64 = 9.969_209_968_386_869e36;

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

/// From stored numbers to values in the unit asked for.
#[derive(Clone, Debug)]
struct Decoding {
    fills: Vec<f64>,
    low: f64,
    high: f64,
    scale: f64,
    shift: f64,
    factor: f64,
    offset: f64,
}

impl Decoding {
    fn new(variable: &Variable<'_>) -> Self {
        let first = |name: &str| variable_numbers(variable, name).first().copied();
        let mut fills = variable_numbers(variable, "_FillValue");
        fills.extend(variable_numbers(variable, "missing_value"));
        let float = matches!(
            variable.vartype(),
            ::netcdf::types::NcVariableType::Float(_)
        );
        if fills.is_empty() && float {
            fills.push(NEVER_WRITTEN);
        }
        fills.retain(|fill| fill.is_finite());
        fills.dedup();
        let range = variable_numbers(variable, "valid_range");
        let (low, high) = match range.as_slice() {
            [low, high] => (*low, *high),
            _ => (
                first("valid_min").unwrap_or(f64::NEG_INFINITY),
                first("valid_max").unwrap_or(f64::INFINITY),
            ),
        };
        Self {
            fills,
            low,
            high,
            scale: first("scale_factor").unwrap_or(1.0),
            shift: first("add_offset").unwrap_or(0.0),
            factor: 1.0,
            offset: 0.0,
        }
    }

    fn plain(&self) -> bool {
        self.scale == 1.0 && self.shift == 0.0 && self.factor == 1.0 && self.offset == 0.0
    }

    /// One pass for each thing to look for: simple loops over a slab that is still in the cache.
    fn apply<T: Real>(&self, values: &mut [T]) {
        for x in values.iter_mut() {
            *x = if x.finite() { *x } else { T::FAILED };
        }
        for fill in &self.fills {
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
                let value = self.factor * (self.scale * stored + self.shift) + self.offset;
                *x = if stored.is_finite() {
                    T::nearest(value)
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
    decoding: Decoding,
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
        let mut decoding = Decoding::new(&variable);
        let own = variable_text(&variable, "units").filter(|u| !u.trim().is_empty());
        if let Some(wanted) = units {
            let refuse = || Error::Units {
                path: path.clone(),
                variable: name.into(),
                found: own.as_ref().map_or("no unit".into(), |u| format!("'{u}'")),
                expected: format!("'{wanted}' or a unit that converts to it"),
            };
            let from = own.as_deref().ok_or_else(refuse)?;
            (decoding.factor, decoding.offset) = conversion(from, wanted).map_err(|_| refuse())?;
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
            decoding,
            units,
        })
    }

    /// True if f32 holds every value exactly: the file has no wider type, no packing and the unit asked for.
    pub fn single(&self) -> bool {
        let float = ::netcdf::types::FloatType::F32;
        self.variable.vartype() == ::netcdf::types::NcVariableType::Float(float)
            && self.decoding.plain()
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
        let mut scratch = Vec::new();
        let mut done = 0;
        while done < members.len() {
            let mut count = 1;
            while done + count < members.len() && members[done + count] == members[done] + count {
                count += 1;
            }
            let run = members[done]..members[done] + count;
            let to = &mut values[done * size..(done + count) * size];
            self.read_run(lead, time, run, to, &mut scratch)?;
            done += count;
        }
        self.decoding.apply(values);
        Ok(())
    }

    /// Members that follow each other.
    fn read_run<T: Real>(
        &self,
        lead: usize,
        time: usize,
        members: Range<usize>,
        to: &mut [T],
        scratch: &mut Vec<T>,
    ) -> Result<()> {
        let mut start = Vec::with_capacity(self.axes.len());
        let mut count = Vec::with_capacity(self.axes.len());
        for (axis, length) in self.axes.iter().zip(&self.lengths) {
            let (first, many) = match axis {
                Axis::Lead => (lead, 1),
                Axis::Time if self.trajectory => (lead, 1),
                Axis::Time => (time, 1),
                Axis::Realization => (members.start, members.len()),
                Axis::Level => (self.level, 1),
                Axis::Latitude | Axis::Longitude => (0, *length),
                Axis::Other => (0, 1),
            };
            if first + many > *length {
                return Err(Error::Absent {
                    path: self.path.clone(),
                    variable: self.variable.name(),
                    axis: axis.name(),
                    wanted: format!("number {} (counted from 0)", first + many - 1),
                    hint: format!("it has {length}"),
                });
            }
            start.push(first);
            count.push(many);
        }
        let inner: Vec<Axis> = self.axes.iter().copied().filter(|a| spatial(*a)).collect();
        let ordered = inner.windows(2).all(|pair| pair[0] < pair[1]);
        let failed = |e: ::netcdf::Error| library_error(&self.path, &e);
        if ordered && self.columns.is_none() {
            return self
                .variable
                .get_values_into(to, (start, count))
                .map_err(failed);
        }
        scratch.resize(count.iter().product(), T::default());
        self.variable
            .get_values_into(scratch, (start, count.clone()))
            .map_err(failed)?;
        let view = ArrayView::from_shape(IxDyn(&count), scratch).map_err(|e| Error::Shape {
            what: format!("variable '{}'", self.variable.name()),
            expected: format!("{count:?}"),
            found: e.to_string(),
        })?;
        // lead, time, member, level, others, latitude, longitude
        let mut order: Vec<usize> = (0..count.len()).collect();
        order.sort_by_key(|k| (spatial(self.axes[*k]), self.axes[*k]));
        let view = view.permuted_axes(IxDyn(&order));
        let (nlat, nlon) = (self.rows.len(), self.length_of(Axis::Longitude));
        let shape = view.shape().to_vec();
        let leading: usize = shape[..shape.len() - 2].iter().product();
        let mut fields = view.lanes(ndarray::Axis(shape.len() - 1)).into_iter();
        let width = self.width();
        debug_assert_eq!(leading * nlat * width, to.len());
        for row in to.chunks_exact_mut(width) {
            let Some(from) = fields.next() else { break };
            debug_assert_eq!(from.len(), nlon);
            match &self.columns {
                Some(columns) => row.iter_mut().zip(columns).for_each(|(x, i)| *x = from[*i]),
                None => row.iter_mut().zip(from).for_each(|(x, y)| *x = *y),
            }
        }
        Ok(())
    }
}

/// Whether a dimension stays when a lead, a time and a level are picked.
fn spatial(axis: Axis) -> bool {
    matches!(axis, Axis::Realization | Axis::Latitude | Axis::Longitude)
}
