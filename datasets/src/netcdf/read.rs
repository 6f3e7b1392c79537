//! Reading CF variables into normalised fields.
//!
//! The part selected is one hyperslab, read in one call.

use ::netcdf::{File, Variable};
use ndarray::{ArrayD, Axis as ArrayAxis, Dimension as _, IxDyn};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::attributes::{text, variable_text};
use super::axes::{Decoded, axis_of, decode, decode_dimension};
use super::find::{edit_distance, matching};
use super::packing::Packing;
use super::quantity::Query;
use super::selection::Selection;
use super::wish::{label, listing, wish};
use crate::calendar::{Calendar, DateTime};
use crate::field::{Axis, Coordinate, Field, LatLonField};
use crate::sniff::{FileKind, sniff};
use crate::units::conversion;
use crate::{Error, Result};

/// An open NetCDF file (NetCDF-4 or classic).
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    file: File,
}

/// A variable as listed by [`Reader::variables`].
#[derive(Clone, Debug, PartialEq)]
pub struct VariableSummary {
    /// Name in the file.
    pub name: String,
    /// CF standard name.
    pub standard_name: Option<String>,
    /// Unit in the file.
    pub units: Option<String>,
    /// `(name, length)` of each dimension, in the file's order.
    pub dimensions: Vec<(String, usize)>,
}

/// A variable as [`Reader::describe`] tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// Name in the file.
    pub name: String,
    /// CF standard name.
    pub standard_name: Option<String>,
    /// What it is in words; empty if the file does not say.
    pub long_name: String,
    /// The unit that values are returned in.
    pub units: String,
}

/// A variable found, with the way from its unit to the one wanted.
struct Found<'f> {
    variable: Variable<'f>,
    factor: f64,
    offset: f64,
    units: String,
}

/// One dimension of the variable as it will be read.
struct Slab {
    decoded: Decoded,
    /// The index selected, `None` for all.
    pick: Option<usize>,
    /// The indices selected where the dimension stays; all of them without.
    range: Option<std::ops::Range<usize>>,
}

impl Reader {
    /// Opens a file.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be opened, [`Error::Unreadable`] if it is not
    /// a NetCDF file, is cut short or is damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let kind = sniff(&path)?;
        if !matches!(kind, FileKind::Hdf5 | FileKind::NetcdfClassic) {
            return Err(Error::Unreadable {
                path,
                expected: "a NetCDF file",
                found: kind.found().into(),
            });
        }
        let file = guarded(&path, || {
            let file = ::netcdf::open(&path).map_err(|e| library_error(&path, &e))?;
            walk(&file);
            Ok(file)
        })?;
        Ok(Self { path, file })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Global attributes, as text.
    pub fn attributes(&self) -> BTreeMap<String, String> {
        self.file
            .attributes()
            .filter_map(|a| Some((a.name().to_string(), text(&a.value().ok()?))))
            .collect()
    }

    /// All data variables: what is no coordinate, bounds or grid mapping.
    pub fn variables(&self) -> Vec<VariableSummary> {
        self.data_variables()
            .iter()
            .map(|v| VariableSummary {
                name: v.name(),
                standard_name: variable_text(v, "standard_name"),
                units: variable_text(v, "units"),
                dimensions: v.dimensions().iter().map(|d| (d.name(), d.len())).collect(),
            })
            .collect()
    }

    /// True if a variable answers to the query, whatever its unit.
    pub fn has(&self, query: impl Into<Query>) -> bool {
        let variables = self.data_variables();
        query
            .into()
            .candidates
            .iter()
            .any(|c| !matching(&variables, c).is_empty())
    }

    /// The dimensions of a variable as [`read`](Self::read) would return them.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn coordinates(&self, query: impl Into<Query>) -> Result<Vec<Coordinate>> {
        let found = self.find(&query.into())?;
        let mut coordinates: Vec<Coordinate> = self
            .slabs(&found.variable)?
            .into_iter()
            .map(|s| s.decoded.coordinate)
            .collect();
        coordinates.sort_by_key(|c| rank(c.axis));
        Ok(coordinates)
    }

    /// The times of a variable, of its dimension or of its scalar coordinate, and their calendar.
    ///
    /// # Errors
    /// As [`read`](Self::read); [`Error::Coordinate`] if it has no time.
    pub fn times(&self, query: impl Into<Query>) -> Result<(Vec<DateTime>, Calendar)> {
        let found = self.find(&query.into())?;
        let slabs = self.slabs(&found.variable)?.into_iter();
        let along = slabs
            .map(|s| s.decoded.coordinate)
            .find(|c| c.axis == Axis::Time);
        let time = match along {
            Some(time) => Some(time),
            None => self
                .scalars(&found.variable)?
                .into_iter()
                .find(|c| c.axis == Axis::Time),
        };
        match time.filter(|time| !time.times.is_empty()) {
            Some(time) => Ok((time.times, time.calendar)),
            None => Err(Error::Coordinate {
                path: self.path.clone(),
                variable: found.variable.name(),
                expected: "a time coordinate with dates, 'hours since ...'".into(),
                found: dimension_list(&found.variable),
            }),
        }
    }

    /// Whether a variable has a level, as a dimension or as a scalar coordinate.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn has_level(&self, query: impl Into<Query>) -> Result<bool> {
        let found = self.find(&query.into())?;
        let level = |c: &Coordinate| c.axis == Axis::Level;
        let along = self.slabs(&found.variable)?;
        Ok(along.iter().any(|s| level(&s.decoded.coordinate))
            || self.scalars(&found.variable)?.iter().any(level))
    }

    /// What a variable is, and the unit that [`read`](Self::read) would return.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn describe(&self, query: impl Into<Query>) -> Result<Description> {
        let found = self.find(&query.into())?;
        let attribute = |name| variable_text(&found.variable, name);
        Ok(Description {
            name: found.variable.name(),
            standard_name: attribute("standard_name").filter(|s| !s.is_empty() && s != "unknown"),
            long_name: attribute("long_name").unwrap_or_default(),
            units: found.units,
        })
    }

    /// Reads what is selected. Dimensions not selected stay, in the order lead,
    /// time, member, level, others, latitude (north to south), longitude (0 to
    /// 360).
    ///
    /// # Errors
    /// No or several such variables, a unit that cannot be converted, a time,
    /// level, member or lead that is absent, missing values (unless allowed),
    /// unsorted coordinates.
    pub fn read(&self, query: impl Into<Query>, selection: &Selection) -> Result<Field> {
        let found = self.find(&query.into())?;
        let (slabs, scalars) = self.select(&found.variable, selection)?;
        self.read_slabs(&found, slabs, scalars, selection)
    }

    /// Reads one latitude-longitude field; dimensions not selected must have
    /// length 1.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`Error::Coordinate`] if a longer dimension
    /// is left to choose from.
    pub fn read_lat_lon(
        &self,
        query: impl Into<Query>,
        selection: &Selection,
    ) -> Result<LatLonField> {
        let found = self.find(&query.into())?;
        let (mut slabs, scalars) = self.select(&found.variable, selection)?;
        let refuse = |expected: String, got: String| Error::Coordinate {
            path: self.path.clone(),
            variable: found.variable.name(),
            expected,
            found: got,
        };
        let has = |axis| slabs.iter().any(|s| s.decoded.coordinate.axis == axis);
        if !has(Axis::Latitude) || !has(Axis::Longitude) {
            return Err(refuse(
                "dimensions latitude and longitude, each with its coordinate".into(),
                dimension_list(&found.variable),
            ));
        }
        for slab in &mut slabs {
            let c = &slab.decoded.coordinate;
            if slab.pick.is_some() || matches!(c.axis, Axis::Latitude | Axis::Longitude) {
                continue;
            }
            if c.values.len() > 1 {
                return Err(refuse(
                    format!("one {} to be chosen", c.axis.name()),
                    format!(
                        "{} in dimension '{}': {}",
                        c.values.len(),
                        c.name,
                        listing(c)
                    ),
                ));
            }
            slab.pick = Some(0);
        }
        self.read_slabs(&found, slabs, scalars, selection)?
            .into_lat_lon()
    }

    fn data_variables(&self) -> Vec<Variable<'_>> {
        let all: Vec<Variable<'_>> = self.file.variables().collect();
        let mut named_by_others: Vec<String> = Vec::new();
        for v in &all {
            for attribute in ["bounds", "coordinates", "grid_mapping", "climatology"] {
                let names = variable_text(v, attribute).unwrap_or_default();
                named_by_others.extend(names.split_whitespace().map(String::from));
            }
        }
        all.into_iter()
            .filter(|v| {
                let name = v.name();
                let own_dimension = matches!(v.dimensions(), [d] if d.name() == name);
                let coordinate = v.dimensions().len() < 2 && axis_of(v) != Axis::Other;
                !own_dimension && !coordinate && !named_by_others.contains(&name)
            })
            .collect()
    }

    fn find(&self, query: &Query) -> Result<Found<'_>> {
        let variables = self.data_variables();
        let mut refused = None;
        for candidate in &query.candidates {
            let fits = matching(&variables, candidate);
            let variable = match fits.as_slice() {
                [] => continue,
                [one] => (*one).clone(),
                many => {
                    let names: Vec<String> =
                        many.iter().map(|v| format!("'{}'", v.name())).collect();
                    return Err(Error::VariableAmbiguous {
                        path: self.path.clone(),
                        wanted: query.to_string(),
                        candidates: names.join(", "),
                    });
                }
            };
            let units = variable_text(&variable, "units");
            // the unit decides between z in m2 s-2 and z in m
            let ways = std::iter::once(candidate).chain(&query.candidates);
            for way in ways {
                let Some(wanted) = &way.units else {
                    return Ok(Found {
                        variable,
                        factor: 1.0,
                        offset: 0.0,
                        units: units.unwrap_or_default(),
                    });
                };
                let file_units = match &units {
                    Some(u) if !u.is_empty() => u.as_str(),
                    _ if wanted == "1" => "1",
                    _ => continue,
                };
                if let Ok((factor, offset)) = conversion(file_units, wanted) {
                    return Ok(Found {
                        variable,
                        factor: factor * way.factor,
                        offset: offset * way.factor,
                        units: way.result_units.clone().unwrap_or_default(),
                    });
                }
            }
            refused.get_or_insert(Error::Units {
                path: self.path.clone(),
                variable: variable.name(),
                found: units.map_or("no unit".into(), |u| format!("'{u}'")),
                expected: format!("'{}'", candidate.units.as_deref().unwrap_or_default()),
            });
        }
        Err(refused.unwrap_or_else(|| self.missing(query, &variables)))
    }

    fn missing(&self, query: &Query, variables: &[Variable<'_>]) -> Error {
        let present: Vec<String> = variables.iter().map(Variable::name).collect();
        let wanted: Vec<&String> = query
            .candidates
            .iter()
            .flat_map(|c| c.names.iter().chain(&c.standard_names))
            .collect();
        let nearest = present
            .iter()
            .map(|p| {
                let closest = wanted
                    .iter()
                    .map(|w| edit_distance(p, w))
                    .min()
                    .unwrap_or(usize::MAX);
                (closest, p)
            })
            .min()
            .filter(|(distance, name)| *distance <= name.len() / 3)
            .map(|(_, name)| name.clone());
        Error::VariableMissing {
            path: self.path.clone(),
            wanted: query.to_string(),
            present: if present.is_empty() {
                "no data variables".into()
            } else {
                let quoted: Vec<String> = present.iter().map(|p| format!("'{p}'")).collect();
                quoted.join(", ")
            },
            nearest,
        }
    }

    fn slabs(&self, variable: &Variable<'_>) -> Result<Vec<Slab>> {
        let name = variable.name();
        variable
            .dimensions()
            .iter()
            .map(|d| {
                if d.len() == 0 {
                    return Err(Error::Coordinate {
                        path: self.path.clone(),
                        variable: name.clone(),
                        expected: format!("at least one value along '{}'", d.name()),
                        found: "none (length 0)".into(),
                    });
                }
                Ok(Slab {
                    decoded: decode_dimension(&self.path, &self.file, &name, &d.name(), d.len())?,
                    pick: None,
                    range: None,
                })
            })
            .collect()
    }

    /// Scalar coordinates of a variable, by its `coordinates` attribute or, if
    /// it has none, all in the file.
    fn scalars(&self, variable: &Variable<'_>) -> Result<Vec<Coordinate>> {
        let listed = variable_text(variable, "coordinates");
        let mut scalars = Vec::new();
        for v in self.file.variables().filter(|v| v.dimensions().is_empty()) {
            let name = v.name();
            let meant = listed
                .as_ref()
                .is_none_or(|l| l.split_whitespace().any(|n| n == name));
            if meant && axis_of(&v) != Axis::Other {
                // a scalar that makes no sense is no reason to refuse the field
                if let Ok(decoded) = decode(&self.path, &v, &name, 1) {
                    scalars.push(decoded.coordinate);
                }
            }
        }
        Ok(scalars)
    }

    fn select(
        &self,
        variable: &Variable<'_>,
        selection: &Selection,
    ) -> Result<(Vec<Slab>, Vec<Coordinate>)> {
        let mut slabs = self.slabs(variable)?;
        let present: Vec<Axis> = slabs.iter().map(|s| s.decoded.coordinate.axis).collect();
        let mut scalars = self.scalars(variable)?;
        scalars.retain(|s| !present.contains(&s.axis));
        for axis in [Axis::Time, Axis::Level, Axis::Realization, Axis::Lead] {
            let Some(wish) = wish(selection, axis) else {
                continue;
            };
            let slab = slabs.iter_mut().find(|s| s.decoded.coordinate.axis == axis);
            let scalar = scalars.iter().find(|c| c.axis == axis);
            let absent = |wanted: String, hint: String| Error::Absent {
                path: self.path.clone(),
                variable: variable.name(),
                axis: axis.name(),
                wanted,
                hint,
            };
            let coordinate = match (&slab, scalar) {
                (Some(slab), _) => &slab.decoded.coordinate,
                (None, Some(scalar)) => scalar,
                // the only one there is need not be named
                (None, None) if wish.is_first() => continue,
                (None, None) => {
                    let hint = format!("it has the dimensions {}", dimension_list(variable));
                    return Err(absent(wish.to_string(), hint));
                }
            };
            let index = wish
                .find(coordinate)
                .map_err(|(wanted, hint)| absent(wanted, hint))?;
            if let Some(slab) = slab {
                slab.pick = Some(index);
            }
        }
        if let Some(range) = &selection.time_range {
            let slab = slabs
                .iter_mut()
                .find(|s| s.decoded.coordinate.axis == Axis::Time);
            let times = slab
                .as_ref()
                .map_or(0, |s| s.decoded.coordinate.values.len());
            match slab {
                Some(slab) if range.start < range.end && range.end <= times => {
                    slab.range = Some(range.clone());
                }
                // the only one there is
                None if *range == (0..1) => {}
                _ => {
                    return Err(Error::Absent {
                        path: self.path.clone(),
                        variable: variable.name(),
                        axis: Axis::Time.name(),
                        wanted: format!("numbers {} to {}", range.start, range.end),
                        hint: format!("it has {times}"),
                    });
                }
            }
        }
        Ok((slabs, scalars))
    }

    fn read_slabs(
        &self,
        found: &Found<'_>,
        slabs: Vec<Slab>,
        mut scalars: Vec<Coordinate>,
        selection: &Selection,
    ) -> Result<Field> {
        let variable = &found.variable;
        let lengths: Vec<usize> = variable.dimensions().iter().map(|d| d.len()).collect();
        let part = |slab: &Slab, length: usize| match (slab.pick, &slab.range) {
            (Some(index), _) => (index, 1),
            (None, Some(range)) => (range.start, range.len()),
            (None, None) => (0, length),
        };
        let (start, count): (Vec<usize>, Vec<usize>) = slabs
            .iter()
            .zip(&lengths)
            .map(|(slab, length)| part(slab, *length))
            .unzip();
        let mut raw: Vec<f64> = variable
            .get_values((start, count.clone()))
            .map_err(|e| library_error(&self.path, &e))?;
        unpack(variable, &mut raw, found.factor, found.offset);

        let mut values = ArrayD::from_shape_vec(IxDyn(&count), raw).map_err(|e| Error::Shape {
            what: format!("variable '{}'", variable.name()),
            expected: format!("{count:?}"),
            found: e.to_string(),
        })?;
        let mut dimensions = Vec::new();
        // from the last axis, so that those before keep their numbers
        for (k, slab) in slabs.into_iter().enumerate().rev() {
            let mut coordinate = slab.decoded.coordinate;
            if let Some(index) = slab.pick {
                values = values.index_axis_move(ArrayAxis(k), 0);
                coordinate.values = vec![coordinate.values[index]];
                if let Some(time) = coordinate.times.get(index).copied() {
                    coordinate.times = vec![time];
                }
                scalars.push(coordinate);
                continue;
            }
            if let Some(order) = &slab.decoded.order {
                values = values.select(ArrayAxis(k), order);
            }
            if let Some(range) = slab.range {
                coordinate.values = coordinate.values[range.clone()].to_vec();
                if !coordinate.times.is_empty() {
                    coordinate.times = coordinate.times[range].to_vec();
                }
            }
            dimensions.insert(0, coordinate);
        }
        let mut permutation: Vec<usize> = (0..dimensions.len()).collect();
        permutation.sort_by_key(|&k| rank(dimensions[k].axis));
        let values = values.permuted_axes(IxDyn(&permutation));
        let values = values.as_standard_layout().into_owned();
        let dimensions: Vec<Coordinate> =
            permutation.iter().map(|&k| dimensions[k].clone()).collect();
        if !selection.allow_missing {
            self.refuse_missing(&variable.name(), &values, &dimensions)?;
        }
        Ok(Field {
            name: variable.name(),
            standard_name: variable_text(variable, "standard_name"),
            units: found.units.clone(),
            attributes: variable
                .attributes()
                .filter_map(|a| Some((a.name().to_string(), text(&a.value().ok()?))))
                .collect(),
            scalars,
            dimensions,
            values,
        })
    }

    fn refuse_missing(
        &self,
        variable: &str,
        values: &ArrayD<f64>,
        dimensions: &[Coordinate],
    ) -> Result<()> {
        let count = values.iter().filter(|x| !x.is_finite()).count();
        if count == 0 {
            return Ok(());
        }
        let first = values.indexed_iter().find(|(_, x)| !x.is_finite());
        let place: Vec<String> = first
            .iter()
            .flat_map(|(index, _)| dimensions.iter().zip(index.slice().to_vec()))
            .map(|(c, i)| format!("{} {}", c.axis.name(), label(c, i)))
            .collect();
        Err(Error::MissingValues {
            path: self.path.clone(),
            variable: variable.to_string(),
            count,
            total: values.len(),
            place: place.join(", "),
        })
    }
}

/// Order of the dimensions of a field.
fn rank(axis: Axis) -> u8 {
    match axis {
        Axis::Lead => 0,
        Axis::Time => 1,
        Axis::Realization => 2,
        Axis::Level => 3,
        Axis::Other => 4,
        Axis::Latitude => 5,
        Axis::Longitude => 6,
    }
}

/// Missing values to NaN, then unpacking and the unit in one pass.
fn unpack(variable: &Variable<'_>, values: &mut [f64], factor: f64, offset: f64) {
    let packing = Packing::of(variable).converted((factor, offset));
    let plain = packing.plain();
    for x in values {
        if packing.is_missing(*x) {
            *x = f64::NAN;
        } else if !plain {
            *x = packing.value(*x);
        }
    }
}

fn dimension_list(variable: &Variable<'_>) -> String {
    let names: Vec<String> = variable
        .dimensions()
        .iter()
        .map(|d| format!("{} {}", d.name(), d.len()))
        .collect();
    format!("({})", names.join(", "))
}

/// Visits every name and attribute, so that what is damaged shows on opening.
fn walk(file: &File) {
    for attribute in file.attributes() {
        let _ = (attribute.name(), attribute.value());
    }
    for dimension in file.dimensions() {
        let _ = dimension.name();
    }
    for variable in file.variables() {
        let _ = (variable.name(), variable.vartype());
        for attribute in variable.attributes() {
            let _ = (attribute.name(), attribute.value());
        }
    }
}

/// Turns a panic of the NetCDF binding, which unwraps where a damaged header
/// makes the library fail or a name is no UTF-8, into an error.
pub(crate) fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).unwrap_or_else(|_| {
        Err(Error::Unreadable {
            path: path.to_path_buf(),
            expected: "a NetCDF file",
            found: "its header is damaged".into(),
        })
    })
}

/// An error of the NetCDF library, with the reason HDF5 gives for a file that
/// does not open.
pub(super) fn library_error(path: &Path, error: &::netcdf::Error) -> Error {
    let deeper = hdf5::File::open(path)
        .err()
        .map(|e| crate::arrays::reason(&e));
    Error::Unreadable {
        path: path.to_path_buf(),
        expected: "a NetCDF file",
        found: format!(
            "it is cut short or damaged ({}{})",
            error,
            deeper.map_or(String::new(), |d| format!("; {d}"))
        ),
    }
}

#[cfg(test)]
mod tests;
