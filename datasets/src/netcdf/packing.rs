//! From the numbers that a file stores to values, and which of them are missing.
//!
//! Packed values are `stored * scale_factor + add_offset` (CF-1.11 section 8.1); a value is missing if it
//! equals `_FillValue` or `missing_value` or lies outside `valid_range`, before unpacking (section 2.5.1).

use ::netcdf::Variable;

use super::attributes::variable_numbers;

/// What the NetCDF library leaves in floats that were never written.
const NEVER_WRITTEN: f64 = 9.969_209_968_386_869e36;

/// How a variable is packed, and the way from its unit to the one asked for.
#[derive(Clone, Debug)]
pub(super) struct Packing {
    /// Stored numbers that stand for a missing value.
    pub fills: Vec<f64>,
    /// The valid range of stored numbers.
    pub low: f64,
    pub high: f64,
    scale: f64,
    shift: f64,
    factor: f64,
    offset: f64,
}

impl Packing {
    /// The packing of a variable, in its own unit.
    pub fn of(variable: &Variable<'_>) -> Self {
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

    /// The same in another unit: `factor * value + offset`.
    pub fn converted(self, (factor, offset): (f64, f64)) -> Self {
        Self {
            factor,
            offset,
            ..self
        }
    }

    /// True if values are the stored numbers.
    pub fn plain(&self) -> bool {
        self.scale == 1.0 && self.shift == 0.0 && self.factor == 1.0 && self.offset == 0.0
    }

    /// Whether a stored number stands for a missing value.
    pub fn is_missing(&self, stored: f64) -> bool {
        self.fills.contains(&stored) || stored < self.low || stored > self.high
    }

    /// The value of a stored number.
    pub fn value(&self, stored: f64) -> f64 {
        self.factor * (self.scale * stored + self.shift) + self.offset
    }
}
