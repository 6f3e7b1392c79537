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
        self.decoding.apply(values);
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
        self.decoding.apply(values);
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
mod tests {
    use super::super::ForecastReader;
    use super::*;

    /// A value for each place.
    fn value(lead: usize, time: usize, member: usize, lat: f64, lon: f64) -> f32 {
        ((((lead * 10 + time) * 10 + member) as f64) * 1000.0 + lat + lon / 10.0) as f32
    }

    /// A forecast whose dimensions are in this order, latitudes from the south, longitudes from -180.
    fn file(folder: &Path, order: [&str; 5], chunks: Option<[usize; 5]>) -> PathBuf {
        let path = folder.join(format!("{}.nc", order.concat()));
        let mut file = ::netcdf::create(&path).unwrap();
        let lat = [-60.0f32, 0.0, 60.0];
        let lon = [-180.0f32, -90.0, 0.0, 90.0];
        let sizes = [
            ("lead", 3),
            ("time", 2),
            ("number", 4),
            ("lat", 3),
            ("lon", 4),
        ];
        for (name, size) in sizes {
            file.add_dimension(name, size).unwrap();
        }
        let mut put = |name: &str, values: &[f32], units: &str| {
            let mut v = file.add_variable::<f32>(name, &[name]).unwrap();
            v.put_values(values, ..).unwrap();
            v.put_attribute("units", units).unwrap();
        };
        put("lead", &[0.0, 6.0, 12.0], "hours");
        put("time", &[0.0, 24.0], "hours since 2020-01-01");
        put("number", &[0.0, 1.0, 2.0, 3.0], "1");
        put("lat", &lat, "degrees_north");
        put("lon", &lon, "degrees_east");
        let mut z = file.add_variable::<f32>("z", &order).unwrap();
        if let Some(chunks) = chunks {
            z.set_chunking(&chunks).unwrap();
        }
        z.put_attribute("_FillValue", -1.0f32).unwrap();
        z.put_attribute("units", "m").unwrap();
        let shape: Vec<usize> = order
            .iter()
            .map(|name| sizes.iter().find(|s| s.0 == *name).unwrap().1)
            .collect();
        let all = ndarray::ArrayD::from_shape_fn(IxDyn(&shape), |at| {
            let of = |name: &str| at[order.iter().position(|o| *o == name).unwrap()];
            let (lead, time, member) = (of("lead"), of("time"), of("number"));
            match (lead, time, member, of("lat"), of("lon")) {
                (1, 1, 2, 0, 0) => -1.0,
                (1, 1, 2, 0, 1) => f32::NAN,
                (_, _, _, j, i) => value(lead, time, member, f64::from(lat[j]), f64::from(lon[i])),
            }
        });
        z.put_values(all.as_slice().unwrap(), ..).unwrap();
        file.close().unwrap();
        path
    }

    #[test]
    fn any_order_is_read_alike() {
        let folder = tempfile::tempdir().unwrap();
        let orders = [
            (["lead", "time", "number", "lat", "lon"], None),
            (
                ["time", "lead", "number", "lon", "lat"],
                Some([2, 2, 1, 4, 3]),
            ),
            (["number", "lat", "lon", "lead", "time"], None),
        ];
        for (order, chunks) in orders {
            let path = file(folder.path(), order, chunks);
            let reader = ForecastReader::open(&path).unwrap();
            let slabs = reader.slabs("z", None, None).unwrap();
            assert!(slabs.single() && slabs.units() == Some("m"));
            assert_eq!(
                slabs.block(),
                if chunks.is_some() { (2, 2) } else { (1, 1) }
            );
            let mut values: Vec<f32> = Vec::new();
            slabs.read(1, 1, &[0, 2, 3], &mut values).unwrap();
            for (m, member) in [0, 2, 3].into_iter().enumerate() {
                for (j, lat) in [60.0, 0.0, -60.0].into_iter().enumerate() {
                    for (i, lon) in [0.0, 90.0, -180.0, -90.0].into_iter().enumerate() {
                        let found = values[(m * 3 + slabs.rows()[j]) * 4 + i];
                        match (member, j, i) {
                            (2, 2, 2) => assert!(found.is_nan(), "the fill value"),
                            (2, 2, 3) => assert!(found == f32::INFINITY, "no number"),
                            _ => assert_eq!(found, value(1, 1, member, lat, lon)),
                        }
                    }
                }
            }
            let mut block: Vec<f32> = Vec::new();
            slabs.read_block(0..3, 0..2, 0..4, &mut block).unwrap();
            let at = (3 + 2 * 4) * 12;
            let one = &block[at..at + 12];
            assert!(
                one.iter().zip(&values[24..]).all(|(a, b)| *a != *b),
                "another lead"
            );
            let one = &block[(((2 + 1) * 4) + 3) * 12..][..12];
            assert_eq!(one, &values[24..], "lead 1, time 1, member 3");
            let message = slabs.read(3, 0, &[0], &mut values).unwrap_err().to_string();
            assert!(message.contains("no lead number 3"), "{message}");
            let doubled = reader.slabs("z", None, Some("cm")).unwrap();
            let mut centimetres: Vec<f64> = Vec::new();
            doubled.read(0, 1, &[1], &mut centimetres).unwrap();
            assert!(!doubled.single());
            let found = centimetres[doubled.rows()[1] * 4];
            assert!((found - 100.0 * f64::from(value(0, 1, 1, 0.0, 0.0))).abs() < 1e-6);
            let message = reader.slabs("z", None, Some("K")).unwrap_err().to_string();
            assert!(
                message.contains("'m'") && message.contains("'K'"),
                "{message}"
            );
        }
    }
}
