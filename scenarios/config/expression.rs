//! Values computed from parameters: `"= length / 2 - 0.5 mm"`.
//!
//! A table `[parameters]` names quantities once; any text elsewhere that begins with `=` is a
//! formula of them, worked out before the configuration is typed, so that its result meets the
//! same checks as a value written out. Dimensions are carried along: a length times a length
//! where a length belongs is refused, as is a sum of millimetres and gigahertz.
//!
//! ```text
//! sum     = product (("+" | "-") product)*
//! product = factor (("*" | "/") factor)*
//! factor  = "-" factor | atom ("^" integer)?
//! atom    = number unit? | name | function "(" sum ("," sum)* ")" | "(" sum ")"
//! ```

use super::nearest;
use super::quantity::{Dimension, Frequency, Length, Time, Unit};
use super::tree::{Node, Origin, Value};
use std::f64::consts::PI;

/// A number with its dimension: powers of metre and second.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Measure {
    value: f64,
    metre: i32,
    second: i32,
}

/// A function of a number, by name.
type Named = (&'static str, fn(f64) -> f64);

/// Functions of one argument without dimension.
const PLAIN: [Named; 5] = [
    ("sin", f64::sin),
    ("cos", f64::cos),
    ("tan", f64::tan),
    ("exp", f64::exp),
    ("log", f64::ln),
];

/// Works out every formula in the tree; parameters may use those above them.
///
/// # Errors
/// Where a formula stands that cannot be worked out, and why.
pub(super) fn resolve(root: &mut Node) -> Result<(), (Origin, String)> {
    let mut names: Vec<(String, Measure)> = Vec::new();
    if let Value::Table(entries) = &mut root.value
        && let Some((_, node)) = entries.iter_mut().find(|(key, _)| key.name == "parameters")
        && let Value::Table(parameters) = &mut node.value
    {
        for (key, node) in parameters {
            let origin = node.origin.clone();
            let fail = |message: String| {
                (
                    origin.clone(),
                    format!("`parameters.{}`: {message}", key.name),
                )
            };
            let measure = match &node.value {
                Value::String(text) => {
                    let formula = text.trim().strip_prefix('=').unwrap_or(text);
                    evaluate(formula, &names).map_err(fail)?
                }
                Value::Integer(number) => Measure::number(*number as f64),
                Value::Float(number) => Measure::number(*number),
                other => {
                    return Err(fail(format!(
                        "expected a number or a quantity with its unit, found {}",
                        other.kind()
                    )));
                }
            };
            if matches!(&node.value, Value::String(text) if text.trim().starts_with('=')) {
                node.value = measure.node().map_err(fail)?;
            }
            names.push((key.name.clone(), measure));
        }
    }
    replace(root, &names)
}

fn replace(node: &mut Node, names: &[(String, Measure)]) -> Result<(), (Origin, String)> {
    match &mut node.value {
        Value::Table(entries) => entries
            .iter_mut()
            .try_for_each(|(_, child)| replace(child, names)),
        Value::Array(items) => items.iter_mut().try_for_each(|item| replace(item, names)),
        Value::String(text) => {
            if let Some(formula) = text.trim().strip_prefix('=') {
                let (origin, written) = (node.origin.clone(), text.trim().to_string());
                let fail = |message| (origin, format!("`{written}`: {message}"));
                let value = evaluate(formula, names).and_then(Measure::node);
                node.value = value.map_err(fail)?;
                node.raw = None;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

impl Measure {
    fn number(value: f64) -> Self {
        Self {
            value,
            metre: 0,
            second: 0,
        }
    }

    fn has_dimension(self) -> bool {
        self.metre != 0 || self.second != 0
    }

    /// The value as it could have been written.
    fn node(self) -> Result<Value, String> {
        if !self.value.is_finite() {
            return Err(format!("the result is {}", self.value));
        }
        let unit = match (self.metre, self.second) {
            (0, 0) => return Ok(Value::Float(self.value)),
            (1, 0) => "m",
            (0, 1) => "s",
            (0, -1) => "Hz",
            (metre, second) => {
                return Err(format!(
                    "the result is in m^{metre} s^{second}; expected a number, a length, a time or a frequency"
                ));
            }
        };
        Ok(Value::String(format!("{:e} {unit}", self.value)))
    }
}

fn evaluate(formula: &str, names: &[(String, Measure)]) -> Result<Measure, String> {
    let mut reader = Reader {
        rest: formula.trim(),
        names,
    };
    let value = reader.sum()?;
    match reader.rest {
        "" => Ok(value),
        rest => Err(format!("expected an operator (+ - * / ^) before `{rest}`")),
    }
}

struct Reader<'a> {
    rest: &'a str,
    names: &'a [(String, Measure)],
}

impl<'a> Reader<'a> {
    fn take(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        match self.take(wanted) {
            true => Ok(()),
            false if self.rest.is_empty() => Err(format!("expected `{wanted}` at the end")),
            false => Err(format!("expected `{wanted}` before `{}`", self.rest)),
        }
    }

    fn sum(&mut self) -> Result<Measure, String> {
        let mut total = self.product()?;
        loop {
            let sign = match self.rest.chars().next() {
                Some('+') => 1.0,
                Some('-') => -1.0,
                _ => return Ok(total),
            };
            self.rest = self.rest[1..].trim_start();
            let other = self.product()?;
            if (total.metre, total.second) != (other.metre, other.second) {
                return Err("only values of the same dimension can be added".into());
            }
            total.value += sign * other.value;
        }
    }

    fn product(&mut self) -> Result<Measure, String> {
        let mut total = self.factor()?;
        loop {
            let power = if self.take('*') {
                1
            } else if self.take('/') {
                -1
            } else {
                return Ok(total);
            };
            let other = self.factor()?;
            match power {
                1 => total.value *= other.value,
                _ => total.value /= other.value,
            }
            total.metre += power * other.metre;
            total.second += power * other.second;
        }
    }

    fn factor(&mut self) -> Result<Measure, String> {
        if self.take('-') {
            let mut value = self.factor()?;
            value.value = -value.value;
            return Ok(value);
        }
        let mut value = self.atom()?;
        if self.take('^') {
            let negative = self.take('-');
            let exponent = self.number()?;
            let power = exponent as i32;
            if f64::from(power) != exponent {
                return Err(format!(
                    "expected a whole number after `^`, found {exponent}"
                ));
            }
            let power = if negative { -power } else { power };
            value.value = value.value.powi(power);
            value.metre *= power;
            value.second *= power;
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<f64, String> {
        let (text, rest) = super::quantity::split_number(self.rest);
        let number = text
            .parse()
            .map_err(|_| format!("expected a number before `{}`", self.rest))?;
        self.rest = rest;
        Ok(number)
    }

    fn word(&mut self) -> &'a str {
        let end = self
            .rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(self.rest.len());
        let word = &self.rest[..end];
        self.rest = self.rest[end..].trim_start();
        word
    }

    fn atom(&mut self) -> Result<Measure, String> {
        let Some(first) = self.rest.chars().next() else {
            return Err("a value is missing at the end".into());
        };
        if self.take('(') {
            let value = self.sum()?;
            self.expect(')')?;
            return Ok(value);
        }
        if first.is_ascii_digit() || first == '.' {
            let number = self.number()?;
            if !self.rest.starts_with(|c: char| c.is_alphabetic()) {
                return Ok(Measure::number(number));
            }
            let name = self.word();
            return unit(number, name).ok_or_else(|| {
                let units: Vec<&str> = [Length::UNITS, Frequency::UNITS, Time::UNITS]
                    .iter()
                    .flat_map(|units| units.iter().map(Unit::symbol))
                    .collect();
                format!(
                    "`{name}` after {number} is not a unit ({}); for a product write `{number} * {name}`",
                    units.join(", ")
                )
            });
        }
        if first.is_alphabetic() {
            let name = self.word();
            return match self.take('(') {
                true => self.function(name),
                false => self.name(name),
            };
        }
        Err(format!("expected a value before `{}`", self.rest))
    }

    fn name(&self, name: &str) -> Result<Measure, String> {
        if let Some((_, value)) = self.names.iter().find(|(known, _)| known == name) {
            return Ok(*value);
        }
        match name {
            "pi" => Ok(Measure::number(PI)),
            "c0" => Ok(Measure {
                value: 299_792_458.0,
                metre: 1,
                second: -1,
            }),
            _ => {
                let hint = nearest(name, self.names.iter().map(|(known, _)| known.as_str()))
                    .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                Err(format!("there is no parameter `{name}`{hint}"))
            }
        }
    }

    fn function(&mut self, name: &str) -> Result<Measure, String> {
        let mut arguments = vec![self.sum()?];
        while self.take(',') {
            arguments.push(self.sum()?);
        }
        self.expect(')')?;
        let first = arguments[0];
        match (name, arguments.as_slice()) {
            ("sqrt", [x]) if x.metre % 2 == 0 && x.second % 2 == 0 => Ok(Measure {
                value: x.value.sqrt(),
                metre: x.metre / 2,
                second: x.second / 2,
            }),
            ("min" | "max", many)
                if many
                    .iter()
                    .all(|m| (m.metre, m.second) == (first.metre, first.second)) =>
            {
                let pick = if name == "min" { f64::min } else { f64::max };
                Ok(Measure {
                    value: many.iter().map(|m| m.value).fold(first.value, pick),
                    ..first
                })
            }
            (name, [x]) if !x.has_dimension() => match PLAIN.iter().find(|(n, _)| *n == name) {
                Some((_, function)) => Ok(Measure::number(function(x.value))),
                None => Err(format!(
                    "there is no function `{name}`; there are sqrt, min, max, sin, cos, tan, exp, log"
                )),
            },
            _ => Err(format!("`{name}` does not take these values")),
        }
    }
}

fn unit(number: f64, name: &str) -> Option<Measure> {
    let in_units = |units: &[Unit]| {
        units
            .iter()
            .find(|u| u.is_named(name))
            .map(|u| u.to_si(number))
    };
    if let Some(value) = in_units(Length::UNITS) {
        return Some(Measure {
            value,
            metre: 1,
            second: 0,
        });
    }
    if let Some(value) = in_units(Frequency::UNITS) {
        return Some(Measure {
            value,
            metre: 0,
            second: -1,
        });
    }
    in_units(Time::UNITS).map(|value| Measure {
        value,
        metre: 0,
        second: 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<(String, Measure)> {
        let measure = |value, metre, second| Measure {
            value,
            metre,
            second,
        };
        vec![
            ("length".into(), measure(0.06, 1, 0)),
            ("f0".into(), measure(2e9, 0, -1)),
            ("n".into(), measure(3.0, 0, 0)),
        ]
    }

    #[test]
    fn formulas() {
        for (formula, value, metre, second) in [
            ("length/2 - 0.5 mm", 0.0295, 1, 0),
            ("-(length + 1 cm) * n", -0.21, 1, 0),
            ("c0 / f0 / 4", 299_792_458.0 / 8e9, 1, 0),
            ("sqrt(length^2 + (2*length)^2)", 0.06 * 5f64.sqrt(), 1, 0),
            ("2 - 3 - 4 * n", -13.0, 0, 0),
            ("max(length, 10 cm, 1mm)", 0.1, 1, 0),
            ("cos(pi / n)", 0.5, 0, 0),
            ("n^-2", 1.0 / 9.0, 0, 0),
        ] {
            let found = evaluate(formula, &names()).unwrap();
            assert!((found.value - value).abs() < 1e-12, "{formula}: {found:?}");
            assert_eq!((found.metre, found.second), (metre, second), "{formula}");
        }
    }

    #[test]
    fn what_cannot_be_worked_out_is_said() {
        for (formula, said) in [
            ("lenght / 2", "did you mean `length`?"),
            ("length + f0", "same dimension"),
            ("2 length", "for a product write `2 * length`"),
            ("(length", "expected `)` at the end"),
            ("length 2", "expected an operator"),
            ("", "missing at the end"),
            ("sin(length)", "does not take"),
            ("half(n)", "no function `half`"),
        ] {
            let error = evaluate(formula, &names()).unwrap_err();
            assert!(error.contains(said), "{formula}: {error}");
        }
        let square = evaluate("length * length", &names()).unwrap();
        assert!(square.node().unwrap_err().contains("m^2"));
    }
}
