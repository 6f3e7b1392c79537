//! The header of a CF-1.11 file: dimensions, coordinates, variables, attributes.
//!
//! Coordinates are double and have no `_FillValue` (CF-1.11 section 2.5.1:
//! coordinates have no missing data). Variables are float32 with shuffle and
//! deflate, one chunk per latitude-longitude field, `_FillValue` NaN.

use ::netcdf::{FileMut, VariableMut};
use std::path::Path;

use super::header::{Header, Layout, OutputVariable};
use crate::Result;
use crate::calendar::{Calendar, TimeUnits};

/// Level 1: float fields hardly shrink further.
const DEFLATE: i32 = 1;

/// The unlimited dimension.
pub(super) fn lead_dimension(layout: Layout) -> &'static str {
    match layout {
        Layout::Forecast => "prediction_timedelta",
        Layout::Trajectory => "time",
    }
}

/// Unit of `time`: hours since the year 1900 (of the calendar) for initial times
/// as in ECMWF files; seconds since the initial time for a trajectory, whose
/// steps need not be whole hours.
pub(super) fn time_units(header: &Header) -> String {
    match header.layout {
        Layout::Forecast => "hours since 1900-01-01 00:00:00".into(),
        Layout::Trajectory => {
            let start = header.initial_times[0].to_string().replace('T', " ");
            format!("seconds since {start}")
        }
    }
}

/// Values of `time` in a forecast.
pub(super) fn initial_values(header: &Header) -> Result<Vec<f64>> {
    let units = TimeUnits::parse(&time_units(header), header.calendar)?;
    Ok(header
        .initial_times
        .iter()
        .map(|t| units.encode(t))
        .collect())
}

fn attributes(variable: &mut VariableMut<'_>, pairs: &[(&str, &str)]) -> ::netcdf::Result<()> {
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        variable.put_attribute(name, *value)?;
    }
    Ok(())
}

fn coordinate(
    file: &mut FileMut,
    name: &str,
    values: &[f64],
    pairs: &[(&str, &str)],
) -> ::netcdf::Result<()> {
    let mut variable = file.add_variable::<f64>(name, &[name])?;
    attributes(&mut variable, pairs)?;
    variable.put_values(values, ..)
}

/// Writes the header and closes the file.
pub(super) fn define(path: &Path, header: &Header) -> Result<()> {
    let times = match header.layout {
        Layout::Forecast => initial_values(header)?,
        Layout::Trajectory => Vec::new(),
    };
    define_with(path, header, &times).map_err(|e| super::read::library_error(path, &e))
}

fn define_with(path: &Path, header: &Header, times: &[f64]) -> ::netcdf::Result<()> {
    let mut file = ::netcdf::create(path)?;
    file.add_attribute("Conventions", "CF-1.11")?;
    let globals = [
        ("title", &header.title),
        ("institution", &header.institution),
        ("source", &header.source),
        ("history", &header.history),
        ("references", &header.references),
    ];
    let further = header
        .attributes
        .iter()
        .map(|(name, value)| (name.as_str(), value));
    for (name, value) in globals.into_iter().chain(further) {
        if !value.is_empty() {
            // text attributes end at the first NUL
            file.add_attribute(name, value.replace('\0', " "))?;
        }
    }

    let lead = lead_dimension(header.layout);
    let has_levels = header.variables.iter().any(|v| v.has_level);
    let calendar = header.calendar.name();
    let units = time_units(header);
    // asked for by CF-1.11 section 4.4.1 in calendars that could have them
    let leap_seconds = match header.calendar {
        Calendar::Standard | Calendar::ProlepticGregorian | Calendar::Julian => {
            "leap_seconds: none"
        }
        Calendar::NoLeap | Calendar::AllLeap | Calendar::Day360 => "",
    };
    let time = [
        ("standard_name", "time"),
        (
            "long_name",
            if header.layout == Layout::Forecast {
                "initial time"
            } else {
                "time"
            },
        ),
        ("units", units.as_str()),
        ("calendar", calendar),
        ("units_metadata", leap_seconds),
        ("axis", "T"),
    ];
    file.add_unlimited_dimension(lead)?;
    let mut variable = file.add_variable::<f64>(lead, &[lead])?;
    variable.set_chunking(&[512])?;
    match header.layout {
        Layout::Forecast => {
            attributes(
                &mut variable,
                &[
                    ("standard_name", "forecast_period"),
                    ("long_name", "time since initial time"),
                    ("units", "hours"),
                    // xarray decodes durations only where this says so
                    ("dtype", "timedelta64[ns]"),
                ],
            )?;
            file.add_dimension("time", times.len())?;
            coordinate(&mut file, "time", times, &time)?;
        }
        Layout::Trajectory => attributes(&mut variable, &time)?,
    }
    if let Some(members) = header.members {
        file.add_dimension("realization", members)?;
        let mut variable = file.add_variable::<i32>("realization", &["realization"])?;
        attributes(
            &mut variable,
            &[
                ("standard_name", "realization"),
                ("long_name", "ensemble member"),
                ("units", "1"),
            ],
        )?;
        let numbers: Vec<i32> = (0..members as i32).collect();
        variable.put_values(&numbers, ..)?;
    }
    if has_levels {
        file.add_dimension("level", header.levels_hpa.len())?;
        coordinate(
            &mut file,
            "level",
            &header.levels_hpa,
            &[
                ("standard_name", "air_pressure"),
                ("long_name", "pressure level"),
                ("units", "hPa"),
                ("positive", "down"),
                ("axis", "Z"),
            ],
        )?;
    }
    let horizontal = [
        ("latitude", &header.grid.latitudes_deg, "degrees_north", "Y"),
        (
            "longitude",
            &header.grid.longitudes_deg,
            "degrees_east",
            "X",
        ),
    ];
    for (name, values, units, axis) in horizontal {
        file.add_dimension(name, values.len())?;
        let pairs = [
            ("standard_name", name),
            ("long_name", name),
            ("units", units),
            ("axis", axis),
        ];
        coordinate(&mut file, name, values, &pairs)?;
    }
    for variable in &header.variables {
        data_variable(&mut file, header, variable)?;
    }
    file.close()
}

fn data_variable(
    file: &mut FileMut,
    header: &Header,
    meant: &OutputVariable,
) -> ::netcdf::Result<()> {
    let mut dimensions = vec![lead_dimension(header.layout)];
    if header.layout == Layout::Forecast {
        dimensions.push("time");
    }
    if header.members.is_some() {
        dimensions.push("realization");
    }
    if meant.has_level {
        dimensions.push("level");
    }
    let mut chunk = vec![1; dimensions.len()];
    dimensions.extend(["latitude", "longitude"]);
    chunk.extend([header.grid.nlat(), header.grid.nlon()]);
    let mut variable = file.add_variable::<f32>(&meant.name, &dimensions)?;
    variable.set_chunking(&chunk)?;
    variable.set_compression(DEFLATE, true)?;
    variable.set_fill_value(f32::NAN)?;
    attributes(
        &mut variable,
        &[
            (
                "standard_name",
                meant.standard_name.as_deref().unwrap_or_default(),
            ),
            ("long_name", &meant.long_name),
            ("units", &meant.units),
        ],
    )
}
