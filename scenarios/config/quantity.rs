//! Quantities with units: `"6 h"`, `"12.5 mm"`, `"2.4 GHz"`.
//!
//! A [`Quantity<D>`] holds a value in SI units and is written in a file as a number, a
//! blank and a unit of the dimension `D`. A bare number is refused, since nobody can
//! tell whether 6 means seconds or hours. A new dimension is an empty enum and a table:
//!
//! ```
//! use curlwind::config::{Dimension, Quantity, Unit};
//!
//! /// Electric resistance.
//! pub enum Resistance {}
//! impl Dimension for Resistance {
//!     const NAME: &'static str = "resistance";
//!     const UNITS: &'static [Unit] =
//!         &[Unit::new("ohm", &["Ω"], 1.0, 1.0), Unit::new("kohm", &["kΩ"], 1e3, 1.0)];
//! }
//! let load: Quantity<Resistance> = "50 ohm".parse().unwrap();
//! assert_eq!(load.si(), 50.0);
//! ```

use super::nearest;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// One unit of a dimension: `value [SI] = number * multiply / divide`.
///
/// One of the two factors is 1 for every unit that is a power of ten away from SI, so
/// that `12.5 mm` is 12.5 / 1000 rounded once, not multiplied by an inexact 0.001.
#[derive(Debug, Clone, Copy)]
pub struct Unit {
    symbol: &'static str,
    aliases: &'static [&'static str],
    multiply: f64,
    divide: f64,
}

impl Unit {
    /// A unit written `symbol`, also read from any of `aliases`.
    pub const fn new(
        symbol: &'static str,
        aliases: &'static [&'static str],
        multiply: f64,
        divide: f64,
    ) -> Self {
        Self {
            symbol,
            aliases,
            multiply,
            divide,
        }
    }

    /// The unit's symbol, as it is written.
    pub fn symbol(&self) -> &'static str {
        self.symbol
    }

    /// A number of this unit in SI units.
    pub fn to_si(&self, number: f64) -> f64 {
        number * self.multiply / self.divide
    }

    /// A value in SI units as a number of this unit.
    pub fn from_si(&self, value: f64) -> f64 {
        value * self.divide / self.multiply
    }

    pub(super) fn is_named(&self, name: &str) -> bool {
        self.symbol == name || self.aliases.contains(&name)
    }
}

/// A physical dimension and the units it is read in.
pub trait Dimension {
    /// The name in messages, e.g. `length`.
    const NAME: &'static str;
    /// The units. The first is the SI unit, with both factors 1.
    const UNITS: &'static [Unit];
}

/// A value of dimension `D`, in SI units.
pub struct Quantity<D> {
    value: f64,
    dimension: PhantomData<fn() -> D>,
}

impl<D> Quantity<D> {
    /// The quantity of a value in SI units.
    pub const fn from_si(value: f64) -> Self {
        Self {
            value,
            dimension: PhantomData,
        }
    }

    /// The value in SI units.
    pub const fn si(self) -> f64 {
        self.value
    }
}

impl<D> Clone for Quantity<D> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<D> Copy for Quantity<D> {}
impl<D> Default for Quantity<D> {
    /// Zero.
    fn default() -> Self {
        Self::from_si(0.0)
    }
}
impl<D> PartialEq for Quantity<D> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}
impl<D> PartialOrd for Quantity<D> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.value.partial_cmp(&other.value)
    }
}
impl<D: Dimension> fmt::Debug for Quantity<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not a quantity of the dimension asked for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum QuantityError {
    /// A number without a unit.
    #[error(
        "`{number}` has no unit; a {dimension} needs one of {units}, e.g. \"{number} {example}\""
    )]
    NoUnit {
        /// The number as written.
        number: String,
        /// The dimension expected.
        dimension: &'static str,
        /// The units accepted.
        units: String,
        /// The first of them.
        example: &'static str,
    },
    /// A unit of another dimension, or of none.
    #[error("`{unit}` is not a unit of {dimension}; expected one of {units}{hint}")]
    WrongUnit {
        /// The unit as written.
        unit: String,
        /// The dimension expected.
        dimension: &'static str,
        /// The units accepted.
        units: String,
        /// The nearest unit, if any is near.
        hint: String,
    },
    /// Text that does not begin with a number.
    #[error(
        "`{text}` is not a number with a unit; a {dimension} is written like \"1.5 {example}\" ({units})"
    )]
    NotANumber {
        /// The text.
        text: String,
        /// The dimension expected.
        dimension: &'static str,
        /// A unit for the example.
        example: &'static str,
        /// The units accepted.
        units: String,
    },
    /// A number that is infinite or not a number, or becomes so in SI units.
    #[error("`{text}` is not a finite {dimension}")]
    NotFinite {
        /// The text.
        text: String,
        /// The dimension expected.
        dimension: &'static str,
    },
}

fn unit_list<D: Dimension>() -> String {
    D::UNITS
        .iter()
        .map(|unit| unit.symbol)
        .collect::<Vec<_>>()
        .join(", ")
}

impl<D: Dimension> FromStr for Quantity<D> {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let text = text.trim();
        let example = D::UNITS[0].symbol;
        let (number, unit) = split_number(text);
        let parsed: f64 = number.parse().map_err(|_| QuantityError::NotANumber {
            text: text.to_string(),
            dimension: D::NAME,
            example,
            units: unit_list::<D>(),
        })?;
        if unit.is_empty() {
            return Err(QuantityError::NoUnit {
                number: number.to_string(),
                dimension: D::NAME,
                units: unit_list::<D>(),
                example,
            });
        }
        let Some(known) = D::UNITS.iter().find(|known| known.is_named(unit)) else {
            let hint = nearest(unit, D::UNITS.iter().map(|known| known.symbol))
                .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return Err(QuantityError::WrongUnit {
                unit: unit.to_string(),
                dimension: D::NAME,
                units: unit_list::<D>(),
                hint,
            });
        };
        let value = known.to_si(parsed);
        if !value.is_finite() {
            return Err(QuantityError::NotFinite {
                text: text.to_string(),
                dimension: D::NAME,
            });
        }
        Ok(Self::from_si(value))
    }
}

/// Splits `"1.5e3 mm"` into `"1.5e3"` and `"mm"`; the blank may be left out.
pub(super) fn split_number(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while at < bytes.len() && (bytes[at].is_ascii_digit() || bytes[at] == b'.') {
            at += 1;
        }
        at
    };
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let mut end = digits(sign);
    if end > sign && matches!(bytes.get(end), Some(b'e' | b'E')) {
        let exponent_sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = end + 1 + exponent_sign;
        if bytes.get(exponent).is_some_and(u8::is_ascii_digit) {
            end = exponent;
            while end < bytes.len() && bytes[end].is_ascii_digit() {
                end += 1;
            }
        }
    }
    (&text[..end], text[end..].trim())
}

impl<D: Dimension> fmt::Display for Quantity<D> {
    /// Writes the value in the unit that reads best and still parses back to the same
    /// bits: a number from 1 to 1000 where there is one, then the shortest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let best = D::UNITS
            .iter()
            .filter_map(|unit| {
                let number = unit.from_si(self.value);
                if unit.to_si(number).to_bits() != self.value.to_bits() {
                    return None;
                }
                let text = shortest(number);
                let size = number.abs();
                let comfortable = size == 0.0 || (1.0..1000.0).contains(&size);
                Some(((!comfortable, text.len()), text, unit.symbol))
            })
            // The first of equals wins, which is the SI unit.
            .min_by(|a, b| a.0.cmp(&b.0));
        match best {
            Some((_, text, symbol)) => write!(f, "{text} {symbol}"),
            // Only NaN gets here: its bits never compare equal through arithmetic.
            None => write!(f, "{} {}", self.value, D::UNITS[0].symbol),
        }
    }
}

/// The shortest decimal text that parses back to `number`.
fn shortest(number: f64) -> String {
    let plain = format!("{number}");
    let scientific = format!("{number:e}");
    if scientific.len() + 2 < plain.len() {
        scientific
    } else {
        plain
    }
}

impl<D: Dimension> Serialize for Quantity<D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, D: Dimension> Deserialize<'de> for Quantity<D> {
    fn deserialize<R: Deserializer<'de>>(deserializer: R) -> Result<Self, R::Error> {
        struct Visitor<D>(PhantomData<D>);
        impl<D: Dimension> Visitor<D> {
            fn bare<E: de::Error>(number: String) -> E {
                E::custom(QuantityError::NoUnit {
                    number,
                    dimension: D::NAME,
                    units: unit_list::<D>(),
                    example: D::UNITS[0].symbol,
                })
            }
        }
        impl<D: Dimension> de::Visitor<'_> for Visitor<D> {
            type Value = Quantity<D>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(
                    f,
                    "a {} with its unit in quotes ({})",
                    D::NAME,
                    unit_list::<D>()
                )
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Quantity<D>, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Quantity<D>, E> {
                Err(Self::bare(number.to_string()))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Quantity<D>, E> {
                Err(Self::bare(number.to_string()))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Quantity<D>, E> {
                Err(Self::bare(number.to_string()))
            }
        }
        deserializer.deserialize_any(Visitor(PhantomData))
    }
}

macro_rules! dimension {
    ($(#[$doc:meta])* $name:ident, $alias:ident, $text:literal, $units:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}
        impl Dimension for $name {
            const NAME: &'static str = $text;
            const UNITS: &'static [Unit] = &$units;
        }
        #[doc = concat!("A quantity of ", $text, " in SI units.")]
        pub type $alias = Quantity<$name>;
    };
}

const fn up(symbol: &'static str, factor: f64) -> Unit {
    Unit::new(symbol, &[], factor, 1.0)
}
const fn down(symbol: &'static str, factor: f64) -> Unit {
    Unit::new(symbol, &[], 1.0, factor)
}

dimension!(
    /// Time.
    Time, Seconds, "time",
    [
        Unit::new("s", &["sec", "second", "seconds"], 1.0, 1.0),
        Unit::new("days", &["day", "d"], 86_400.0, 1.0),
        Unit::new("h", &["hour", "hours"], 3600.0, 1.0),
        Unit::new("min", &["minute", "minutes"], 60.0, 1.0),
        down("ms", 1e3),
        Unit::new("us", &["µs", "μs"], 1.0, 1e6),
        down("ns", 1e9),
        down("ps", 1e12)
    ]
);
dimension!(
    /// Length.
    Length, Metres, "length",
    [
        up("m", 1.0),
        down("mm", 1e3),
        down("cm", 1e2),
        up("km", 1e3),
        Unit::new("um", &["µm", "μm"], 1.0, 1e6),
        down("nm", 1e9),
        Unit::new("in", &["inch"], 0.0254, 1.0),
        Unit::new("mil", &[], 25.4, 1e6)
    ]
);
dimension!(
    /// Electric resistance.
    Resistance, Ohms, "resistance",
    [Unit::new("ohm", &["Ω", "Ohm"], 1.0, 1.0), down("mohm", 1e3), Unit::new("kohm", &["kΩ"], 1e3, 1.0)]
);
dimension!(
    /// Inductance.
    Inductance, Henries, "inductance",
    [up("H", 1.0), down("mH", 1e3), Unit::new("uH", &["µH", "μH"], 1.0, 1e6), down("nH", 1e9), down("pH", 1e12)]
);
dimension!(
    /// Capacitance.
    Capacitance, Farads, "capacitance",
    [up("F", 1.0), Unit::new("uF", &["µF", "μF"], 1.0, 1e6), down("nF", 1e9), down("pF", 1e12), down("fF", 1e15)]
);
dimension!(
    /// Electric conductivity.
    Conductivity, SiemensPerMetre, "conductivity",
    [up("S/m", 1.0), up("MS/m", 1e6), down("mS/m", 1e3)]
);
dimension!(
    /// Angular frequency or rate.
    AngularFrequency, RadiansPerSecond, "angular frequency",
    [Unit::new("rad/s", &["1/s"], 1.0, 1.0)]
);
dimension!(
    /// Frequency.
    Frequency, Hertz, "frequency",
    [up("Hz", 1.0), up("kHz", 1e3), up("MHz", 1e6), up("GHz", 1e9), up("THz", 1e12)]
);
dimension!(
    /// Speed.
    Speed, MetresPerSecond, "speed",
    [
        Unit::new("m/s", &["m s-1", "m s^-1"], 1.0, 1.0),
        Unit::new("km/h", &[], 1.0, 3.6)
    ]
);
dimension!(
    /// Plane angle.
    Angle, Radians, "angle",
    [
        up("rad", 1.0),
        Unit::new("deg", &["degree", "degrees", "°"], std::f64::consts::PI, 180.0)
    ]
);
dimension!(
    /// Pressure.
    Pressure, Pascals, "pressure",
    [up("Pa", 1.0), Unit::new("hPa", &["mbar"], 100.0, 1.0), up("kPa", 1e3)]
);
dimension!(
    /// Kinematic viscosity or diffusivity.
    Viscosity, SquareMetresPerSecond, "viscosity",
    [Unit::new("m2/s", &["m^2/s", "m²/s", "m2 s-1"], 1.0, 1.0)]
);
dimension!(
    /// Hyperviscosity of the fourth order (coefficient of the squared Laplacian).
    HyperViscosity, QuarticMetresPerSecond, "hyperviscosity",
    [Unit::new("m4/s", &["m^4/s", "m⁴/s", "m4 s-1"], 1.0, 1.0)]
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seconds(text: &str) -> Result<f64, QuantityError> {
        text.parse::<Seconds>().map(Quantity::si)
    }

    #[test]
    fn units_convert_to_si() {
        assert_eq!(seconds("6 h"), Ok(21_600.0));
        assert_eq!(seconds("15min"), Ok(900.0));
        assert_eq!(seconds("5 days"), Ok(432_000.0));
        assert_eq!(seconds("-1.5e3 ms"), Ok(-1.5));
        assert_eq!("12.5 mm".parse::<Metres>().unwrap().si(), 0.0125);
        assert_eq!("2.4 GHz".parse::<Hertz>().unwrap().si(), 2.4e9);
        assert_eq!("500 hPa".parse::<Pascals>().unwrap().si(), 5e4);
        assert_eq!(
            "180 deg".parse::<Radians>().unwrap().si(),
            std::f64::consts::PI
        );
    }

    #[test]
    fn refusals_name_the_units() {
        let bare = seconds("600").unwrap_err().to_string();
        assert!(
            bare.contains("`600` has no unit") && bare.contains("min"),
            "{bare}"
        );
        let wrong = seconds("6 mm").unwrap_err().to_string();
        assert!(wrong.contains("`mm` is not a unit of time"), "{wrong}");
        let near = seconds("6 mi").unwrap_err().to_string();
        assert!(near.contains("did you mean `min`?"), "{near}");
        assert!(
            seconds("six hours")
                .unwrap_err()
                .to_string()
                .contains("not a number")
        );
        assert!(
            seconds("1e400 s")
                .unwrap_err()
                .to_string()
                .contains("finite")
        );
        assert!(seconds("").is_err());
        assert!(seconds("1.2.3 s").is_err());
        assert!(seconds("1e s").is_err());
    }

    #[test]
    fn written_in_a_readable_unit() {
        let show = |value: f64| Seconds::from_si(value).to_string();
        assert_eq!(show(21_600.0), "6 h");
        assert_eq!(show(900.0), "15 min");
        assert_eq!(show(432_000.0), "5 days");
        assert_eq!(show(0.0), "0 s");
        assert_eq!(show(1.0), "1 s");
        assert_eq!(Metres::from_si(0.0125).to_string(), "12.5 mm");
        assert_eq!(Hertz::from_si(2.4e9).to_string(), "2.4 GHz");
        assert_eq!(
            Quantity::<HyperViscosity>::from_si(1e16).to_string(),
            "1e16 m4/s"
        );
    }

    proptest! {
        #[test]
        fn text_round_trip_is_exact(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            fn check<D: Dimension>(value: f64) {
                let text = Quantity::<D>::from_si(value).to_string();
                let back: Quantity<D> = text.parse().unwrap();
                assert_eq!(back.si().to_bits(), value.to_bits(), "{text}");
            }
            check::<Time>(value);
            check::<Length>(value);
            check::<Frequency>(value);
            check::<Angle>(value);
            check::<HyperViscosity>(value);
        }

        #[test]
        fn parsing_never_panics(text in "\\PC{0,12}") {
            let _ = text.parse::<Seconds>();
        }
    }
}
