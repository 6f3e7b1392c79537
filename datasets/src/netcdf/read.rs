//! Reading CF variables into normalised fields.
//!
//! Packed values are `stored * scale_factor + add_offset` (CF-1.11 section
//! 8.1); a value is missing if it equals `_FillValue` or `missing_value` or lies
//! outside `valid_range`, before unpacking (section 2.5.1). The part selected is
//! one hyperslab, read in one call.

use ::netcdf::{File, Variable};
use ndarray::{ArrayD, Axis as ArrayAxis, Dimension as _, IxDyn};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::attributes::{text, variable_numbers, variable_text};
use super::axes::{Decoded, axis_of, decode, decode_dimension};
use super::quantity::{Candidate, Query};
use super::selection::{Selection, TimePick};
use crate::calendar::{Calendar, DateTime};
use crate::field::{Axis, Coordinate, Field, LatLonField};
use crate::sniff::{FileKind, sniff};
use crate::units::conversion;
use crate::{Error, Result};

/// The fill value of the NetCDF library for floats never written.
const NC_FILL_FLOAT: f64 = 9.969_209_968_386_869e36;

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

/// Variables that fit a candidate: one by name or standard name; several only
/// if nothing tells them apart.
fn matching<'v, 'f>(variables: &'v [Variable<'f>], candidate: &Candidate) -> Vec<&'v Variable<'f>> {
    let by_name = |known_otherwise: bool| {
        candidate.names.iter().find_map(|name| {
            variables.iter().find(|v| {
                // a standard name that says something else outweighs a short name
                let other = variable_text(v, "standard_name")
                    .filter(|s| s != "unknown" && !s.is_empty())
                    .is_some_and(|s| !candidate.standard_names.contains(&s));
                v.name() == *name && (known_otherwise || !other)
            })
        })
    };
    if candidate.name_first
        && let Some(one) = by_name(true)
    {
        return vec![one];
    }
    for standard_name in &candidate.standard_names {
        let fits: Vec<&Variable<'f>> = variables
            .iter()
            .filter(|v| variable_text(v, "standard_name").as_ref() == Some(standard_name))
            .collect();
        match fits.len() {
            0 => continue,
            1 => return fits,
            _ => {
                let known = candidate
                    .names
                    .iter()
                    .find_map(|n| fits.iter().find(|v| v.name() == *n));
                return known.map_or(fits.clone(), |one| vec![*one]);
            }
        }
    }
    by_name(false).into_iter().collect()
}

/// Missing values to NaN, then unpacking and the unit in one pass.
fn unpack(variable: &Variable<'_>, values: &mut [f64], factor: f64, offset: f64) {
    let first = |name: &str| variable_numbers(variable, name).first().copied();
    let mut fills = variable_numbers(variable, "_FillValue");
    fills.extend(variable_numbers(variable, "missing_value"));
    let is_float = matches!(
        variable.vartype(),
        ::netcdf::types::NcVariableType::Float(_)
    );
    if fills.is_empty() && is_float {
        fills.push(NC_FILL_FLOAT);
    }
    let range = variable_numbers(variable, "valid_range");
    let (low, high) = match range.as_slice() {
        [low, high] => (*low, *high),
        _ => (
            first("valid_min").unwrap_or(f64::NEG_INFINITY),
            first("valid_max").unwrap_or(f64::INFINITY),
        ),
    };
    let scale = first("scale_factor").unwrap_or(1.0);
    let shift = first("add_offset").unwrap_or(0.0);
    let plain = scale == 1.0 && shift == 0.0 && factor == 1.0 && offset == 0.0;
    for x in values {
        if fills.contains(x) || *x < low || *x > high {
            *x = f64::NAN;
        } else if !plain {
            *x = factor * (scale * *x + shift) + offset;
        }
    }
}

/// What is wanted along one axis.
enum Wish<'s> {
    Index(usize),
    Latest,
    Date(&'s str),
    Value(f64, &'static str),
}

fn wish(selection: &Selection, axis: Axis) -> Option<Wish<'_>> {
    match axis {
        Axis::Time => selection.time.as_ref().map(|t| match t {
            TimePick::Index(i) => Wish::Index(*i),
            TimePick::Latest => Wish::Latest,
            TimePick::Date(d) => Wish::Date(d),
        }),
        Axis::Level => selection.level_pa.map(|p| Wish::Value(p, "Pa")),
        Axis::Realization => selection.member.map(Wish::Index),
        Axis::Lead => match selection.lead_hours {
            Some(hours) => Some(Wish::Value(hours, "h")),
            None => selection.lead_index.map(Wish::Index),
        },
        _ => None,
    }
}

impl Wish<'_> {
    fn is_first(&self) -> bool {
        matches!(self, Self::Index(0) | Self::Latest) || matches!(self, Self::Value(0.0, "h"))
    }

    /// The index along the coordinate, or (wanted, hint) for the message.
    fn find(&self, coordinate: &Coordinate) -> std::result::Result<usize, (String, String)> {
        let n = coordinate.values.len();
        let has = format!("it has {}", listing(coordinate));
        match *self {
            Self::Latest => Ok((0..n)
                .max_by(|&a, &b| coordinate.values[a].total_cmp(&coordinate.values[b]))
                .unwrap_or(0)),
            Self::Index(i) if i < n => Ok(i),
            Self::Index(i) => Err((
                format!("number {i} (counted from 0)"),
                format!("it has {n}"),
            )),
            Self::Date(date) => {
                let calendar = coordinate.calendar;
                let moment = DateTime::parse(date, calendar)
                    .map_err(|e| (format!("'{date}'"), e.to_string()))?;
                if let Some(i) = coordinate.times.iter().position(|t| *t == moment) {
                    return Ok(i);
                }
                let away =
                    |t: &DateTime| (t.microseconds(calendar) - moment.microseconds(calendar)).abs();
                let nearest = coordinate.times.iter().min_by_key(|t| away(t));
                Err((
                    moment.to_string(),
                    nearest.map_or("its times are not dates".into(), |t| {
                        format!("the nearest is {t}; {has}")
                    }),
                ))
            }
            Self::Value(value, units) => {
                if coordinate.units != units {
                    return Err((
                        format!("of {}", quantity_label(value, units)),
                        format!(
                            "its levels are in '{}': {}",
                            coordinate.units,
                            listing(coordinate)
                        ),
                    ));
                }
                let away = |i: &usize| (coordinate.values[*i] - value).abs();
                let nearest = (0..n)
                    .min_by(|a, b| away(a).total_cmp(&away(b)))
                    .unwrap_or(0);
                if away(&nearest) <= 1e-4 * value.abs().max(1e-3) {
                    return Ok(nearest);
                }
                Err((
                    quantity_label(value, units),
                    format!("the nearest is {}; {has}", label(coordinate, nearest)),
                ))
            }
        }
    }
}

impl std::fmt::Display for Wish<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Index(i) => write!(f, "number {i}"),
            Self::Latest => write!(f, "last"),
            Self::Date(d) => write!(f, "{d}"),
            Self::Value(x, units) => f.write_str(&quantity_label(*x, units)),
        }
    }
}

fn quantity_label(value: f64, units: &str) -> String {
    let rounded = |x: f64| (x * 1e6).round() / 1e6;
    match units {
        "Pa" => format!("{} hPa", rounded(value / 100.0)),
        "degrees_north" | "degrees_east" | "1" | "" => rounded(value).to_string(),
        _ => format!("{} {units}", rounded(value)),
    }
}

fn label(coordinate: &Coordinate, index: usize) -> String {
    match coordinate.times.get(index) {
        Some(time) => time.to_string(),
        None => quantity_label(coordinate.values[index], &coordinate.units),
    }
}

/// "a, b, c" or "a, b, ..., y, z (n)".
fn listing(coordinate: &Coordinate) -> String {
    let n = coordinate.values.len();
    let labels = |range: std::ops::Range<usize>| {
        let texts: Vec<String> = range.map(|i| label(coordinate, i)).collect();
        texts.join(", ")
    };
    if n <= 8 {
        labels(0..n)
    } else {
        format!("{}, ..., {} ({n} in all)", labels(0..3), labels(n - 2..n))
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

/// Levenshtein distance.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substitution = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substitution.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
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
mod tests {
    use super::*;
    use crate::coordinates::GridShape;
    use crate::netcdf::quantity::{
        AIR_TEMPERATURE, EASTWARD_WIND, GEOPOTENTIAL, GEOPOTENTIAL_HEIGHT, MEAN_SEA_LEVEL_PRESSURE,
        NORTHWARD_WIND, STANDARD_GRAVITY,
    };

    fn shipped(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("data")
            .join(name)
    }

    /// A file as some other program would write it: `z(time, lev, lon, lat)`,
    /// packed, longitudes from -180, latitudes south to north.
    struct Wild {
        _folder: tempfile::TempDir,
        path: PathBuf,
    }

    fn value(t: usize, k: usize, lat: f64, lon: f64) -> f64 {
        (1000.0 * t as f64 + 500.0 * k as f64 + lat + 0.1 * lon).round()
    }

    fn wild(change: impl Fn(&mut ::netcdf::FileMut)) -> Wild {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wild.nc");
        let mut file = ::netcdf::create(&path).unwrap();
        let lats: Vec<f32> = vec![-60.0, -30.0, 0.0, 30.0, 60.0];
        let lons: Vec<f32> = vec![-180.0, -90.0, 0.0, 90.0];
        for (name, n) in [("time", 2), ("lev", 2), ("lon", 4), ("lat", 5)] {
            file.add_dimension(name, n).unwrap();
        }
        let mut put = |name: &str, values: &[f32], units: &str| {
            let mut v = file.add_variable::<f32>(name, &[name]).unwrap();
            v.put_values(values, ..).unwrap();
            v.put_attribute("units", units).unwrap();
        };
        put("lat", &lats, "degrees_north");
        put("lon", &lons, "degrees_east");
        put("lev", &[850.0, 500.0], "hPa");
        put("time", &[0.0, 0.25], "days since 2001-02-28 18:00");
        file.variable_mut("time")
            .unwrap()
            .put_attribute("calendar", "noleap")
            .unwrap();
        let mut z = file
            .add_variable::<i16>("z", &["time", "lev", "lon", "lat"])
            .unwrap();
        z.put_attribute("units", "m2/s2").unwrap();
        z.put_attribute("scale_factor", 0.5).unwrap();
        z.put_attribute("add_offset", 1000.0).unwrap();
        z.put_attribute("missing_value", -32000i16).unwrap();
        let mut packed = Vec::new();
        for t in 0..2 {
            for k in 0..2 {
                for lon in &lons {
                    for lat in &lats {
                        let x = value(t, k, f64::from(*lat), f64::from(*lon));
                        packed.push(((x - 1000.0) / 0.5) as i16);
                    }
                }
            }
        }
        z.put_values(&packed, ..).unwrap();
        change(&mut file);
        file.close().unwrap();
        Wild {
            _folder: folder,
            path,
        }
    }

    fn at_0_500() -> Selection {
        Selection::new().time_index(0).level_hpa(500.0)
    }

    #[test]
    fn any_order_packing_and_longitudes_come_out_normalised() {
        let wild = wild(|_| {});
        let file = Reader::open(&wild.path).unwrap();
        let z = file
            .read_lat_lon(&GEOPOTENTIAL, &Selection::new().latest().level_pa(50_000.0))
            .unwrap();
        assert_eq!(z.grid.latitudes_deg, [60.0, 30.0, 0.0, -30.0, -60.0]);
        assert_eq!(z.grid.longitudes_deg, [0.0, 90.0, 180.0, 270.0]);
        for (j, lat) in z.grid.latitudes_deg.iter().enumerate() {
            for (i, lon) in [0.0, 90.0, -180.0, -90.0].into_iter().enumerate() {
                assert_eq!(z.values[(j, i)], value(1, 1, *lat, lon));
            }
        }
        assert_eq!((z.units.as_str(), z.level), ("m2 s-2", Some(50_000.0)));
        assert_eq!(z.time.unwrap().0, DateTime::new(2001, 3, 1, 0));
        let by_date = Selection::new().time("2001-03-01").level_hpa(500.0);
        assert_eq!(file.read_lat_lon("z", &by_date).unwrap().values, z.values);
        let height = file.read_lat_lon(&GEOPOTENTIAL_HEIGHT, &by_date).unwrap();
        assert!((height.values[(0, 0)] * STANDARD_GRAVITY - z.values[(0, 0)]).abs() < 1e-9);
        let all = file.read("z", &Selection::new()).unwrap();
        assert_eq!(all.values.shape(), [2, 2, 5, 4]);
        assert_eq!(all.values[[1, 1, 0, 2]], z.values[(0, 2)]);
        assert_eq!(file.coordinates("z").unwrap(), all.dimensions);
    }

    #[test]
    fn what_is_absent_is_answered_with_what_is_there() {
        let wild = wild(|_| {});
        let file = Reader::open(&wild.path).unwrap();
        let refused = |query: Query, selection: &Selection| {
            let message = file.read_lat_lon(query, selection).unwrap_err().to_string();
            assert!(message.contains("wild.nc"), "{message}");
            message
        };
        let message = refused("zz".into(), &at_0_500());
        assert!(
            message.contains("no variable 'zz'; the file has 'z'"),
            "{message}"
        );
        assert!(refused((&EASTWARD_WIND).into(), &at_0_500()).contains("the file has 'z'"));
        let message = refused("z".into(), &Selection::new().time_index(0).level_hpa(510.0));
        assert!(
            message.contains("no level 510 hPa; the nearest is 500 hPa"),
            "{message}"
        );
        let message = refused(
            "z".into(),
            &Selection::new().time("2001-03-02").level_hpa(500.0),
        );
        assert!(
            message.contains("the nearest is 2001-03-01T00:00:00"),
            "{message}"
        );
        let message = refused(
            "z".into(),
            &Selection::new().time("2001-02-29").level_hpa(500.0),
        );
        assert!(message.contains("noleap"), "{message}");
        assert!(refused("z".into(), &at_0_500().time_index(2)).contains("it has 2"));
        assert!(refused("z".into(), &at_0_500().member(3)).contains("no member number 3"));
        assert!(refused("z".into(), &Selection::new().time_index(0)).contains("850 hPa, 500 hPa"));
        assert!(
            refused(Query::named("z").units("K"), &at_0_500()).contains("'m2/s2', expected 'K'")
        );
        assert!(file.read_lat_lon("z", &at_0_500().member(0)).is_ok());
    }

    #[test]
    fn missing_values_are_counted_and_placed_or_allowed() {
        let wild = wild(|file| {
            let mut z = file.variable_mut("z").unwrap();
            z.put_value(-32000i16, [0, 1, 3, 4]).unwrap();
            z.put_value(-32000i16, [0, 1, 0, 0]).unwrap();
        });
        let file = Reader::open(&wild.path).unwrap();
        let message = file.read_lat_lon("z", &at_0_500()).unwrap_err().to_string();
        assert!(
            message.contains("no value in 2 of 20 cells, the first at latitude 60, longitude 90"),
            "{message}"
        );
        let z = file.read_lat_lon("z", &at_0_500().allow_missing()).unwrap();
        assert!(z.values[(0, 1)].is_nan());
        assert!(
            file.read_lat_lon("z", &Selection::new().time_index(1).level_hpa(500.0))
                .is_ok()
        );
    }

    #[test]
    fn units_that_are_missing_or_wrong_are_refused_and_others_converted() {
        let wild = wild(|file| {
            for (name, units, standard) in [
                ("u", "knots", "eastward_wind"),
                ("v", "K", "northward_wind"),
                ("msl", "hPa", "air_pressure_at_sea_level"),
                ("t", "", "air_temperature"),
            ] {
                let mut x = file.add_variable::<f64>(name, &["lat", "lon"]).unwrap();
                x.put_attribute("standard_name", standard).unwrap();
                if !units.is_empty() {
                    x.put_attribute("units", units).unwrap();
                }
                x.put_values(&[1000.0; 20], ..).unwrap();
            }
        });
        let file = Reader::open(&wild.path).unwrap();
        let all = Selection::new();
        let u = file.read_lat_lon(&EASTWARD_WIND, &all).unwrap();
        assert!((u.values[(0, 0)] - 1_852_000.0 / 3600.0).abs() < 1e-9);
        assert_eq!(
            file.read_lat_lon(&MEAN_SEA_LEVEL_PRESSURE, &all)
                .unwrap()
                .values[(0, 0)],
            100_000.0
        );
        let message = file
            .read_lat_lon(&NORTHWARD_WIND, &all)
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("'v' is in 'K', expected 'm s-1'"),
            "{message}"
        );
        let message = file
            .read_lat_lon(&AIR_TEMPERATURE, &all)
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("'t' is in no unit, expected 'K'"),
            "{message}"
        );
    }

    #[test]
    fn coordinates_that_are_missing_unsorted_or_ambiguous_are_refused() {
        let wild = wild(|file| {
            file.add_dimension("latitude", 3).unwrap();
            file.add_dimension("x", 4).unwrap();
            file.add_dimension("y", 3).unwrap();
            file.add_dimension("bad", 3).unwrap();
            let mut bad = file.add_variable::<f64>("bad", &["bad"]).unwrap();
            bad.put_attribute("standard_name", "latitude").unwrap();
            bad.put_attribute("units", "degrees_north").unwrap();
            bad.put_values(&[10.0, 30.0, 20.0], ..).unwrap();
            for (name, dims) in [
                ("a", ["latitude", "lon"]),
                ("b", ["y", "x"]),
                ("c", ["bad", "lon"]),
            ] {
                let mut v = file.add_variable::<f64>(name, &dims).unwrap();
                v.put_attribute("standard_name", "air_temperature").unwrap();
                v.put_attribute("units", "K").unwrap();
                v.put_values(&[0.0; 12], ..).unwrap();
            }
        });
        let file = Reader::open(&wild.path).unwrap();
        let refused = |name: &str| {
            file.read_lat_lon(Query::exactly(name), &Selection::new())
                .unwrap_err()
                .to_string()
        };
        assert!(
            refused("a").contains("a coordinate variable 'latitude(latitude)'"),
            "{}",
            refused("a")
        );
        assert!(
            refused("b").contains("dimensions latitude and longitude"),
            "{}",
            refused("b")
        );
        assert!(refused("c").contains("30 then 20"), "{}", refused("c"));
        let message = file
            .read_lat_lon("air_temperature", &Selection::new())
            .unwrap_err()
            .to_string();
        assert!(message.contains("'a', 'b', 'c'"), "{message}");
    }

    #[test]
    fn files_that_are_foreign_empty_cut_or_absent_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let whole = std::fs::read(shipped("era5_members_2017_z500.nc")).unwrap();
        let cases: [(&str, &[u8]); 5] = [
            ("text.nc", b"this is no NetCDF file"),
            ("empty.nc", b""),
            ("cut.nc", &whole[..whole.len() / 2]),
            ("cut_short.nc", &whole[..whole.len() - 1]),
            ("head.nc", &whole[..64]),
        ];
        for (name, bytes) in cases {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let message = Reader::open(&path).unwrap_err().to_string();
            assert!(
                message.contains(name) && message.contains("expected a NetCDF file"),
                "{message}"
            );
        }
        assert!(
            Reader::open(folder.path().join("none.nc"))
                .unwrap_err()
                .to_string()
                .contains("none.nc")
        );
        assert!(
            Reader::open(folder.path())
                .unwrap_err()
                .to_string()
                .contains("folder")
        );
    }

    #[test]
    fn the_shipped_analysis_is_found_by_every_name() {
        let file = Reader::open(shipped("era5_500hpa_19590102T00.nc")).unwrap();
        let at_500 = Selection::new().level_hpa(500.0);
        let z = file.read_lat_lon(&GEOPOTENTIAL, &at_500).unwrap();
        assert_eq!(z.grid.shape(), GridShape::Gaussian);
        assert_eq!((z.grid.nlat(), z.grid.nlon()), (32, 64));
        assert_eq!(z.time.unwrap().0, DateTime::new(1959, 1, 2, 0));
        assert!(z.values.iter().all(|x| (44_000.0..60_000.0).contains(x)));
        // colder, lower in the north in January
        assert!(z.values.row(2).mean() < z.values.row(16).mean());
        for name in ["z", "geopotential"] {
            assert_eq!(file.read_lat_lon(name, &at_500).unwrap().values, z.values);
        }
        assert!(file.has(&EASTWARD_WIND) && !file.has("t"));
        assert_eq!(
            file.read(&EASTWARD_WIND, &Selection::new())
                .unwrap()
                .values
                .shape(),
            [1, 17, 32, 64]
        );
    }

    #[test]
    fn the_shipped_ensemble_has_members_and_times() {
        let file = Reader::open(shipped("era5_members_2017_z500.nc")).unwrap();
        let pick = Selection::new()
            .time("2017-01-02T12")
            .member(9)
            .level_hpa(500.0);
        let z = file.read_lat_lon(&GEOPOTENTIAL, &pick).unwrap();
        assert_eq!(z.grid.shape(), GridShape::Regular);
        assert!(z.values.iter().all(|x| (44_000.0..60_000.0).contains(x)));
        let message = file
            .read_lat_lon("z", &pick.level_hpa(850.0))
            .unwrap_err()
            .to_string();
        assert!(message.contains("no level 850 hPa"), "{message}");
    }
}
