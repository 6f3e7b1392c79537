//! Recognising and decoding the dimensions of a variable.
//!
//! A coordinate is known by its CF standard name, else by its unit (CF-1.11
//! sections 4.1 to 4.4), else by its name. Longitudes are wrapped to 0..360 and
//! put in ascending order, a repeated closing meridian is dropped, and
//! latitudes go north to south; [`Decoded::order`] says which index of the file
//! each place comes from.

use ::netcdf::{File, Variable};
use std::path::Path;

use super::attributes::variable_text;
use crate::calendar::{Calendar, DateTime, TimeUnits, duration_microseconds};
use crate::field::{Axis, Coordinate};
use crate::units::{Unit, conversion};
use crate::{Error, Result};

/// A coordinate and where its values stand in the file.
#[derive(Clone, Debug)]
pub(super) struct Decoded {
    pub coordinate: Coordinate,
    /// Index in the file of each value; `None` if they are in the same order.
    pub order: Option<Vec<usize>>,
}

/// What the variable measures, [`Axis::Other`] if it is no known coordinate.
pub(super) fn classify(name: &str, standard_name: &str, units: &str) -> Axis {
    match standard_name {
        "latitude" => return Axis::Latitude,
        "longitude" => return Axis::Longitude,
        "time" | "forecast_reference_time" => return Axis::Time,
        "forecast_period" => return Axis::Lead,
        "realization" => return Axis::Realization,
        "air_pressure" | "height" | "altitude" | "model_level_number" => return Axis::Level,
        "grid_latitude"
        | "grid_longitude"
        | "projection_x_coordinate"
        | "projection_y_coordinate" => return Axis::Other,
        _ => {}
    }
    match units {
        "degrees_north" | "degree_north" | "degree_N" | "degrees_N" | "degreeN" | "degreesN" => {
            return Axis::Latitude;
        }
        "degrees_east" | "degree_east" | "degree_E" | "degrees_E" | "degreeE" | "degreesE" => {
            return Axis::Longitude;
        }
        _ if units.contains(" since ") => return Axis::Time,
        _ => {}
    }
    match name.to_ascii_lowercase().as_str() {
        "lat" | "latitude" | "latitudes" => Axis::Latitude,
        "lon" | "long" | "longitude" | "longitudes" => Axis::Longitude,
        "time" | "valid_time" | "initial_time" | "init_time" | "forecast_reference_time" => {
            Axis::Time
        }
        "prediction_timedelta"
        | "step"
        | "lead"
        | "lead_time"
        | "leadtime"
        | "forecast_period"
        | "forecast_hour" => Axis::Lead,
        "number" | "member" | "members" | "realization" | "ensemble" | "ensemble_member"
        | "ens" => Axis::Realization,
        "level" | "lev" | "levels" | "plev" | "pressure" | "pressure_level" | "isobaric"
        | "isobaricinhpa" | "isobaricinpa" | "height" | "hybrid" => Axis::Level,
        _ => Axis::Other,
    }
}

/// The axis of a coordinate variable.
pub(super) fn axis_of(variable: &Variable<'_>) -> Axis {
    let attribute = |name| variable_text(variable, name).unwrap_or_default();
    classify(
        &variable.name(),
        &attribute("standard_name"),
        &attribute("units"),
    )
}

/// The coordinate of dimension `dimension`, `length` long, of `variable`.
///
/// # Errors
/// [`Error::Coordinate`] if latitudes or longitudes are missing or unsorted.
pub(super) fn decode_dimension(
    path: &Path,
    file: &File,
    variable: &str,
    dimension: &str,
    length: usize,
) -> Result<Decoded> {
    let own = file
        .variable(dimension)
        .filter(|v| v.dimensions().len() == 1);
    // else some other variable along this dimension alone: lat(y), isobaric1(lev)
    let found = own.or_else(|| {
        file.variables().find(|v| {
            v.dimensions().len() == 1
                && v.dimensions()[0].name() == dimension
                && axis_of(v) != Axis::Other
        })
    });
    match found {
        Some(coordinate) => decode(path, &coordinate, dimension, length),
        None => {
            let axis = classify(dimension, "", "");
            if matches!(
                axis,
                Axis::Latitude | Axis::Longitude | Axis::Time | Axis::Level | Axis::Lead
            ) {
                return Err(Error::Coordinate {
                    path: path.to_path_buf(),
                    variable: variable.to_string(),
                    expected: format!("a coordinate variable '{dimension}({dimension})'"),
                    found: "none".into(),
                });
            }
            Ok(plain(
                dimension,
                axis,
                (0..length).map(|i| i as f64).collect(),
                "1",
            ))
        }
    }
}

fn plain(name: &str, axis: Axis, values: Vec<f64>, units: &str) -> Decoded {
    Decoded {
        coordinate: Coordinate {
            name: name.to_string(),
            axis,
            values,
            units: units.to_string(),
            times: Vec::new(),
            calendar: Calendar::default(),
        },
        order: None,
    }
}

/// Decodes a coordinate variable (or scalar coordinate).
pub(super) fn decode(
    path: &Path,
    variable: &Variable<'_>,
    dimension: &str,
    length: usize,
) -> Result<Decoded> {
    let name = variable.name();
    let refuse = |expected: &str, found: String| Error::Coordinate {
        path: path.to_path_buf(),
        variable: name.clone(),
        expected: expected.to_string(),
        found,
    };
    let axis = axis_of(variable);
    let units = variable_text(variable, "units").unwrap_or_default();
    let is_text = !matches!(
        variable.vartype(),
        ::netcdf::types::NcVariableType::Int(_) | ::netcdf::types::NcVariableType::Float(_)
    );
    if is_text {
        let index = (0..length).map(|i| i as f64).collect();
        return Ok(plain(dimension, Axis::Other, index, "1"));
    }
    let values: Vec<f64> = variable
        .get_values(..)
        .map_err(|e| super::read::library_error(path, &e))?;
    if values.len() != length {
        return Err(refuse(
            &format!("{length} values"),
            values.len().to_string(),
        ));
    }
    if let Some(i) = values.iter().position(|x| !x.is_finite()) {
        return Err(refuse(
            "finite values",
            format!("{} at index {i}", values[i]),
        ));
    }
    let in_units = |wanted: &str| -> Result<Vec<f64>> {
        if units.is_empty() {
            return Ok(values.clone());
        }
        let (factor, offset) = conversion(&units, wanted).map_err(|_| Error::Units {
            path: path.to_path_buf(),
            variable: name.clone(),
            found: format!("'{units}'"),
            expected: format!("'{wanted}'"),
        })?;
        // do not spoil exact values by a factor of 1 that is not quite 1
        if (factor - 1.0).abs() < 1e-12 && offset == 0.0 {
            return Ok(values.clone());
        }
        Ok(values.iter().map(|x| x * factor + offset).collect())
    };
    Ok(match axis {
        Axis::Latitude => {
            let (values, order) = north_to_south(&in_units("degrees_north")?)
                .map_err(|found| refuse("latitudes in order, none twice, -90 to 90", found))?;
            Decoded {
                order,
                ..plain(dimension, axis, values, "degrees_north")
            }
        }
        Axis::Longitude => {
            let (values, order) = eastward(&in_units("degrees_east")?)
                .map_err(|found| refuse("longitudes in order, none twice", found))?;
            Decoded {
                order,
                ..plain(dimension, axis, values, "degrees_east")
            }
        }
        Axis::Time if units.contains(" since ") => {
            let calendar = variable_text(variable, "calendar").unwrap_or_default();
            let bad = |e: Error| refuse("a CF time coordinate", e.to_string());
            let calendar = Calendar::parse(&calendar).map_err(bad)?;
            let time_units = TimeUnits::parse(&units, calendar).map_err(bad)?;
            let times = values
                .iter()
                .map(|&x| time_units.decode(x))
                .collect::<Result<Vec<DateTime>>>()
                .map_err(bad)?;
            let seconds = times
                .iter()
                .map(|t| t.microseconds(calendar) as f64 * 1e-6)
                .collect();
            let mut decoded = plain(dimension, axis, seconds, "s");
            decoded.coordinate.times = times;
            decoded.coordinate.calendar = calendar;
            decoded
        }
        Axis::Lead => {
            let factor = duration_microseconds(&units).ok_or_else(|| Error::Units {
                path: path.to_path_buf(),
                variable: name.clone(),
                found: format!("'{units}'"),
                expected: "hours (or days, minutes, seconds)".into(),
            })?;
            let hours = values.iter().map(|x| x * factor / 3.6e9).collect();
            plain(dimension, axis, hours, "h")
        }
        Axis::Level => level(dimension, &name, values, &units),
        Axis::Time | Axis::Realization | Axis::Other => plain(dimension, axis, values, &units),
    })
}

/// Pressure in Pa; anything else stays. ECMWF files name hPa in the dimension,
/// or leave the unit out where all values are pressures in hPa (1 to 1100).
fn level(dimension: &str, name: &str, values: Vec<f64>, units: &str) -> Decoded {
    let looks_like_hpa = || {
        let name = name.to_ascii_lowercase();
        name.ends_with("hpa")
            || ([
                "level",
                "lev",
                "levels",
                "plev",
                "pressure",
                "pressure_level",
                "isobaric",
            ]
            .contains(&name.as_str())
                && values.iter().all(|x| (1.0..=1100.0).contains(x)))
    };
    let pascal = Unit {
        factor: 1.0,
        offset: 0.0,
        powers: [-1, 1, -2, 0, 0],
    };
    let factor = match Unit::parse(units).ok().and_then(|u| u.to(&pascal)) {
        Some((factor, _)) if !units.is_empty() => Some(factor),
        _ if units.is_empty() && looks_like_hpa() => Some(100.0),
        _ => None,
    };
    match factor {
        Some(factor) => {
            let pascals = values.iter().map(|x| x * factor).collect();
            plain(dimension, Axis::Level, pascals, "Pa")
        }
        None => plain(dimension, Axis::Level, values, units),
    }
}

type Ordered = (Vec<f64>, Option<Vec<usize>>);

fn north_to_south(values: &[f64]) -> std::result::Result<Ordered, String> {
    if let Some(bad) = values.iter().find(|x| x.abs() > 90.0 + 1e-4) {
        return Err(bad.to_string());
    }
    let clamped: Vec<f64> = values.iter().map(|x| x.clamp(-90.0, 90.0)).collect();
    let bad = |pair: &[f64]| format!("{} then {}", pair[0], pair[1]);
    if clamped.len() < 2 || clamped[0] > clamped[1] {
        return match clamped.windows(2).find(|p| p[1] >= p[0]) {
            Some(pair) => Err(bad(pair)),
            None => Ok((clamped, None)),
        };
    }
    if let Some(pair) = clamped.windows(2).find(|p| p[1] <= p[0]) {
        return Err(bad(pair));
    }
    let order: Vec<usize> = (0..values.len()).rev().collect();
    Ok((order.iter().map(|&i| clamped[i]).collect(), Some(order)))
}

/// Wraps to 0..360 and goes east from the smallest, or, for a region, from its
/// western edge (then values may exceed 360).
fn eastward(values: &[f64]) -> std::result::Result<Ordered, String> {
    if values.windows(2).any(|p| p[0] < p[1]) && values.windows(2).any(|p| p[0] > p[1]) {
        // 0..180, -180..0 is in order on the circle, though not as numbers
        let falls = values.windows(2).filter(|p| p[1] < p[0]).count();
        let rises = values.len() - 1 - falls;
        if falls.min(rises) > 1 {
            return Err("values that rise and fall".into());
        }
    }
    let wrap = |x: f64| {
        let w = x.rem_euclid(360.0);
        if 360.0 - w < 1e-5 { 0.0 } else { w }
    };
    let mut sorted: Vec<(f64, usize)> = values
        .iter()
        .enumerate()
        .map(|(i, &x)| (wrap(x), i))
        .collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    if let Some(k) = sorted.windows(2).position(|p| p[1].0 - p[0].0 < 1e-5) {
        let (first, second) = (
            sorted[k].1.min(sorted[k + 1].1),
            sorted[k].1.max(sorted[k + 1].1),
        );
        let closing = first == 0
            && second == values.len() - 1
            && (values[second] - values[first]).abs() > 359.0;
        if !closing {
            return Err(format!("{} and {}", values[first], values[second]));
        }
        sorted.retain(|(_, i)| *i != second);
    }
    let n = sorted.len();
    if n > 1 {
        // start east of the widest gap, unless it is no wider than the others
        let gap = |k: usize| (sorted[(k + 1) % n].0 - sorted[k].0).rem_euclid(360.0);
        let widest = (0..n)
            .max_by(|&a, &b| gap(a).total_cmp(&gap(b)))
            .unwrap_or(n - 1);
        let narrowest = (0..n).map(gap).fold(f64::INFINITY, f64::min);
        if gap(widest) > 1.5 * narrowest && widest != n - 1 {
            sorted.rotate_left(widest + 1);
            let west = sorted[0].0;
            for (x, _) in &mut sorted {
                if *x < west {
                    *x += 360.0;
                }
            }
        }
    }
    let identity =
        sorted.len() == values.len() && sorted.iter().enumerate().all(|(k, (_, i))| k == *i);
    let order = (!identity).then(|| sorted.iter().map(|(_, i)| *i).collect());
    Ok((sorted.into_iter().map(|(x, _)| x).collect(), order))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longitudes_are_wrapped_and_put_in_order() {
        let (values, order) = eastward(&[-180.0, -90.0, 0.0, 90.0]).unwrap();
        assert_eq!(values, [0.0, 90.0, 180.0, 270.0]);
        assert_eq!(order.unwrap(), [2, 3, 0, 1]);
        let (values, order) = eastward(&[0.0, 90.0, 180.0, 270.0, 360.0]).unwrap();
        assert_eq!(values, [0.0, 90.0, 180.0, 270.0]);
        assert_eq!(order.unwrap(), [0, 1, 2, 3]);
        let (values, order) = eastward(&[-10.0, 0.0, 10.0, 20.0]).unwrap();
        assert_eq!(values, [350.0, 360.0, 370.0, 380.0]);
        assert!(order.is_none());
        let (values, order) = eastward(&[270.0, 180.0, 90.0, 0.0]).unwrap();
        assert_eq!(values, [0.0, 90.0, 180.0, 270.0]);
        assert_eq!(order.unwrap(), [3, 2, 1, 0]);
        assert!(eastward(&[0.0, 120.0, 120.0, 240.0]).is_err());
        assert!(eastward(&[0.0, 240.0, 120.0, 180.0, 30.0, 10.0]).is_err());
    }

    #[test]
    fn latitudes_go_north_to_south() {
        let (values, order) = north_to_south(&[-90.0, 0.0, 90.0]).unwrap();
        assert_eq!(values, [90.0, 0.0, -90.0]);
        assert_eq!(order.unwrap(), [2, 1, 0]);
        assert!(north_to_south(&[90.0, 0.0]).unwrap().1.is_none());
        assert!(north_to_south(&[0.0, 0.0]).is_err());
        assert!(north_to_south(&[0.0, 10.0, 5.0]).is_err());
        assert!(north_to_south(&[0.0, 100.0]).is_err());
    }
}
