//! Attributes as text and numbers, whatever type the file gave them.

use ::netcdf::{AttributeValue, Variable};

/// The attribute as text.
pub(crate) fn text(value: &AttributeValue) -> String {
    fn join<T: std::fmt::Display>(values: &[T]) -> String {
        let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
        texts.join(", ")
    }
    match value {
        AttributeValue::Str(s) => s.trim_end_matches('\0').to_string(),
        AttributeValue::Strs(s) => join(s),
        AttributeValue::Uchar(x) => x.to_string(),
        AttributeValue::Schar(x) => x.to_string(),
        AttributeValue::Ushort(x) => x.to_string(),
        AttributeValue::Short(x) => x.to_string(),
        AttributeValue::Uint(x) => x.to_string(),
        AttributeValue::Int(x) => x.to_string(),
        AttributeValue::Ulonglong(x) => x.to_string(),
        AttributeValue::Longlong(x) => x.to_string(),
        AttributeValue::Float(x) => x.to_string(),
        AttributeValue::Double(x) => x.to_string(),
        AttributeValue::Uchars(x) => join(x),
        AttributeValue::Schars(x) => join(x),
        AttributeValue::Ushorts(x) => join(x),
        AttributeValue::Shorts(x) => join(x),
        AttributeValue::Uints(x) => join(x),
        AttributeValue::Ints(x) => join(x),
        AttributeValue::Ulonglongs(x) => join(x),
        AttributeValue::Longlongs(x) => join(x),
        AttributeValue::Floats(x) => join(x),
        AttributeValue::Doubles(x) => join(x),
    }
}

/// The attribute as numbers; empty for text that is none.
pub(crate) fn numbers(value: &AttributeValue) -> Vec<f64> {
    match value {
        AttributeValue::Uchar(x) => vec![f64::from(*x)],
        AttributeValue::Schar(x) => vec![f64::from(*x)],
        AttributeValue::Ushort(x) => vec![f64::from(*x)],
        AttributeValue::Short(x) => vec![f64::from(*x)],
        AttributeValue::Uint(x) => vec![f64::from(*x)],
        AttributeValue::Int(x) => vec![f64::from(*x)],
        AttributeValue::Ulonglong(x) => vec![*x as f64],
        AttributeValue::Longlong(x) => vec![*x as f64],
        AttributeValue::Float(x) => vec![f64::from(*x)],
        AttributeValue::Double(x) => vec![*x],
        AttributeValue::Uchars(x) => x.iter().map(|&x| f64::from(x)).collect(),
        AttributeValue::Schars(x) => x.iter().map(|&x| f64::from(x)).collect(),
        AttributeValue::Ushorts(x) => x.iter().map(|&x| f64::from(x)).collect(),
        AttributeValue::Shorts(x) => x.iter().map(|&x| f64::from(x)).collect(),
        AttributeValue::Uints(x) => x.iter().map(|&x| f64::from(x)).collect(),
        AttributeValue::Ints(x) => x.iter().map(|&x| f64::from(x)).collect(),
        AttributeValue::Ulonglongs(x) => x.iter().map(|&x| x as f64).collect(),
        AttributeValue::Longlongs(x) => x.iter().map(|&x| x as f64).collect(),
        AttributeValue::Floats(x) => x.iter().map(|&x| f64::from(x)).collect(),
        AttributeValue::Doubles(x) => x.clone(),
        AttributeValue::Str(s) => s.trim().parse().into_iter().collect(),
        AttributeValue::Strs(_) => Vec::new(),
    }
}

/// A text attribute of a variable.
pub(crate) fn variable_text(variable: &Variable<'_>, name: &str) -> Option<String> {
    variable.attribute_value(name)?.ok().map(|v| text(&v))
}

/// A number attribute of a variable, as all its elements.
pub(crate) fn variable_numbers(variable: &Variable<'_>, name: &str) -> Vec<f64> {
    match variable.attribute_value(name) {
        Some(Ok(value)) => numbers(&value),
        _ => Vec::new(),
    }
}
