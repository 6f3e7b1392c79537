//! What a selection asks of a coordinate, and coordinates in words.

use super::selection::{Selection, TimePick};
use crate::calendar::DateTime;
use crate::field::{Axis, Coordinate};

/// What is wanted along one axis.
pub(super) enum Wish<'s> {
    Index(usize),
    Latest,
    Date(&'s str),
    Value(f64, &'static str),
}

pub(super) fn wish(selection: &Selection, axis: Axis) -> Option<Wish<'_>> {
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
    pub fn is_first(&self) -> bool {
        matches!(self, Self::Index(0) | Self::Latest) || matches!(self, Self::Value(0.0, "h"))
    }

    /// The index along the coordinate, or (wanted, hint) for the message.
    pub fn find(&self, coordinate: &Coordinate) -> std::result::Result<usize, (String, String)> {
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

pub(super) fn label(coordinate: &Coordinate, index: usize) -> String {
    match coordinate.times.get(index) {
        Some(time) => time.to_string(),
        None => quantity_label(coordinate.values[index], &coordinate.units),
    }
}

/// "a, b, c" or "a, b, ..., y, z (n)".
pub(super) fn listing(coordinate: &Coordinate) -> String {
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
