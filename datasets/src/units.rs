//! Units as CF writes them: `m s-1`, `m**2 s**-2`, `kg/kg`, `degC`, `hPa`.
//!
//! A unit is a factor, an offset and the powers of the base units metre,
//! kilogram, second, kelvin, ampere: x_SI = factor x + offset. Angles and
//! fractions count as pure numbers (radian = 1), as in UDUNITS.

use crate::{Error, Result};

/// A unit in terms of SI base units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// x in SI is `factor * x + offset`.
    pub factor: f64,
    /// Non-zero for degrees Celsius and Fahrenheit.
    pub offset: f64,
    /// Powers of m, kg, s, K, A.
    pub powers: [i32; 5],
}

const NUMBER: [i32; 5] = [0; 5];
const LENGTH: [i32; 5] = [1, 0, 0, 0, 0];
const MASS: [i32; 5] = [0, 1, 0, 0, 0];
const TIME: [i32; 5] = [0, 0, 1, 0, 0];
const TEMPERATURE: [i32; 5] = [0, 0, 0, 1, 0];
const PRESSURE: [i32; 5] = [-1, 1, -2, 0, 0];

impl Unit {
    /// Reads a unit.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the part that is not known.
    pub fn parse(text: &str) -> Result<Self> {
        let mut unit = Self {
            factor: 1.0,
            offset: 0.0,
            powers: NUMBER,
        };
        let cleaned = text.replace("**", "^").replace(['.', '*', '(', ')'], " ");
        // "m2/s2" and "m / s": a slash inverts the one symbol after it
        let spaced = cleaned.replace('/', " / ");
        let tokens: Vec<&str> = spaced.split_whitespace().collect();
        let mut invert = false;
        for token in &tokens {
            if *token == "/" {
                invert = true;
                continue;
            }
            let (symbol, power) = split_power(token);
            let base = symbol_unit(symbol).ok_or_else(|| {
                Error::invalid(
                    "unit",
                    "a CF unit such as 'm s-1' or 'K'",
                    format!("'{text}'"),
                )
            })?;
            if base.offset != 0.0 && tokens.len() == 1 && power == 1 {
                return Ok(base);
            }
            let power = if invert { -power } else { power };
            invert = false;
            unit.factor *= base.factor.powi(power);
            for (sum, p) in unit.powers.iter_mut().zip(base.powers) {
                *sum += p * power;
            }
        }
        Ok(unit)
    }

    /// Factor and offset from this unit to another: `y = factor x + offset`;
    /// `None` if they measure different things.
    pub fn to(&self, other: &Self) -> Option<(f64, f64)> {
        (self.powers == other.powers).then(|| {
            (
                self.factor / other.factor,
                (self.offset - other.offset) / other.factor,
            )
        })
    }
}

/// Factor and offset from one unit's text to another's.
///
/// # Errors
/// [`Error::Invalid`] if either cannot be read or they measure different things.
pub fn conversion(from: &str, to: &str) -> Result<(f64, f64)> {
    if from.trim() == to.trim() {
        return Ok((1.0, 0.0));
    }
    Unit::parse(from)?
        .to(&Unit::parse(to)?)
        .ok_or_else(|| Error::invalid("unit", format!("one of '{to}'"), format!("'{from}'")))
}

/// "s-1", "s^-1", "m2" to symbol and power.
fn split_power(token: &str) -> (&str, i32) {
    let start = token
        .char_indices()
        .skip(1)
        .find(|(_, c)| matches!(c, '^' | '-' | '+' | '0'..='9'))
        .map(|(i, _)| i);
    if let Some(i) = start
        && let Ok(power) = token[i..].trim_start_matches('^').parse()
    {
        return (&token[..i], power);
    }
    (token, 1)
}

fn symbol_unit(symbol: &str) -> Option<Unit> {
    let of = |factor, powers| {
        Some(Unit {
            factor,
            offset: 0.0,
            powers,
        })
    };
    match symbol {
        "1" | "radian" | "radians" | "rad" | "sr" | "dimensionless" | "~" => of(1.0, NUMBER),
        "%" | "percent" => of(0.01, NUMBER),
        "degree" | "degrees" | "deg" | "degree_north" | "degrees_north" | "degree_east"
        | "degrees_east" | "degreeN" | "degreeE" | "degrees_N" | "degrees_E" | "degreesN"
        | "degreesE" => of(std::f64::consts::PI / 180.0, NUMBER),
        "m" | "metre" | "metres" | "meter" | "meters" | "gpm" => of(1.0, LENGTH),
        "km" | "kilometre" | "kilometers" => of(1e3, LENGTH),
        "dm" => of(0.1, LENGTH),
        "gpdm" | "dam" | "dagpm" => of(10.0, LENGTH),
        "cm" => of(1e-2, LENGTH),
        "mm" => of(1e-3, LENGTH),
        "ft" | "feet" => of(0.3048, LENGTH),
        "kg" | "kilogram" => of(1.0, MASS),
        "g" | "gram" | "grams" => of(1e-3, MASS),
        "mg" => of(1e-6, MASS),
        "s" | "sec" | "second" | "seconds" => of(1.0, TIME),
        "min" | "minute" | "minutes" => of(60.0, TIME),
        "h" | "hr" | "hour" | "hours" => of(3600.0, TIME),
        "d" | "day" | "days" => of(86_400.0, TIME),
        "K" | "kelvin" | "Kelvin" | "degK" | "deg_K" => of(1.0, TEMPERATURE),
        "degC" | "deg_C" | "celsius" | "Celsius" | "degrees_C" | "degree_C" | "°C" | "C"
        | "degree_Celsius" | "degrees_Celsius" => Some(Unit {
            factor: 1.0,
            offset: 273.15,
            powers: TEMPERATURE,
        }),
        "degF" | "fahrenheit" | "Fahrenheit" | "°F" => Some(Unit {
            factor: 5.0 / 9.0,
            offset: 273.15 - 160.0 / 9.0,
            powers: TEMPERATURE,
        }),
        "Pa" | "pascal" | "Pascal" => of(1.0, PRESSURE),
        "hPa" | "mb" | "mbar" | "millibar" | "millibars" | "hectopascal" => of(100.0, PRESSURE),
        "kPa" => of(1e3, PRESSURE),
        "bar" => of(1e5, PRESSURE),
        "kt" | "kts" | "knot" | "knots" | "kn" => of(1852.0 / 3600.0, [1, 0, -1, 0, 0]),
        "mph" => of(0.447_04, [1, 0, -1, 0, 0]),
        "N" => of(1.0, [1, 1, -2, 0, 0]),
        "J" => of(1.0, [2, 1, -2, 0, 0]),
        "W" => of(1.0, [2, 1, -3, 0, 0]),
        "Hz" => of(1.0, [0, 0, -1, 0, 0]),
        "A" => of(1.0, [0, 0, 0, 0, 1]),
        "V" => of(1.0, [2, 1, -3, 0, -1]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: &str, to: &str, x: f64, y: f64) {
        let (factor, offset) = conversion(from, to).unwrap();
        assert!(
            (factor * x + offset - y).abs() < 1e-9 * y.abs().max(1.0),
            "{from} to {to}"
        );
    }

    #[test]
    fn spellings_of_one_unit_agree() {
        for text in [
            "m2 s-2",
            "m**2 s**-2",
            "m^2 s^-2",
            "m2/s2",
            "m**2/s**2",
            "J/kg",
            "J kg**-1",
            "m2.s-2",
        ] {
            assert_eq!(
                Unit::parse(text).unwrap(),
                Unit::parse("m2 s-2").unwrap(),
                "{text}"
            );
        }
        assert_eq!(Unit::parse("kg kg**-1").unwrap(), Unit::parse("1").unwrap());
    }

    #[test]
    fn conversions() {
        check("degC", "K", 20.0, 293.15);
        check("K", "degC", 293.15, 20.0);
        check("degF", "K", 212.0, 373.15);
        check("knots", "m s-1", 3600.0, 1852.0);
        check("hPa", "Pa", 500.0, 50_000.0);
        check("km/h", "m s-1", 36.0, 10.0);
        check("g kg-1", "kg kg-1", 8.0, 0.008);
        check("gpm", "m", 5500.0, 5500.0);
        check("%", "1", 50.0, 0.5);
        check("m s-1", "m s**-1", 1.0, 1.0);
    }

    #[test]
    fn unlike_or_unknown_units_are_refused() {
        assert!(conversion("K", "m").is_err());
        assert!(conversion("m s-2", "m s-1").is_err());
        assert!(conversion("furlong", "m").is_err());
        assert!(conversion("", "m").is_err());
    }
}
