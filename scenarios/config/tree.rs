//! A configuration as a tree whose every key and value knows where it was written.

use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// Where a key or a value was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Origin {
    /// The bytes of the scenario's text.
    Text(Range<usize>),
    /// An override on the command line.
    Override,
}

/// A value and its origin.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub value: Value,
    pub origin: Origin,
    /// An override's value as typed, so that `name=42` can still be the text "42".
    pub raw: Option<String>,
}

/// A key and its origin.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub name: String,
    pub origin: Origin,
}

/// TOML's values; dates are kept as text.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    String(String),
    Integer(i128),
    Float(f64),
    Boolean(bool),
    Array(Vec<Node>),
    Table(Vec<(Key, Node)>),
}

impl Value {
    /// What the value is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::String(_) => "a text",
            Value::Integer(_) | Value::Float(_) => "a number",
            Value::Boolean(_) => "true or false",
            Value::Array(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

impl Node {
    /// The tree of a parsed TOML table.
    ///
    /// # Errors
    /// A number that no 64-bit type holds: its origin and a message.
    pub fn from_table(table: &DeTable<'_>, origin: Origin) -> Result<Self, (Origin, String)> {
        let mut entries = Vec::with_capacity(table.len());
        for (key, value) in table {
            let child = match origin {
                Origin::Text(_) => Origin::Text(value.span()),
                Origin::Override => Origin::Override,
            };
            let key_origin = match origin {
                Origin::Text(_) => Origin::Text(key.span()),
                Origin::Override => Origin::Override,
            };
            let key = Key {
                name: key.get_ref().to_string(),
                origin: key_origin,
            };
            entries.push((key, Self::from_value(value.get_ref(), child)?));
        }
        // The parser sorts keys; the order of the text reads better in messages.
        entries.sort_by_key(|(key, _)| match &key.origin {
            Origin::Text(span) => span.start,
            Origin::Override => usize::MAX,
        });
        Ok(Self {
            value: Value::Table(entries),
            origin,
            raw: None,
        })
    }

    /// The tree of a parsed TOML value.
    pub fn from_value(value: &DeValue<'_>, origin: Origin) -> Result<Self, (Origin, String)> {
        let value = match value {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Integer(number) => match i128::from_str_radix(number.as_str(), number.radix())
            {
                Ok(number) => Value::Integer(number),
                Err(_) => return Err((origin, format!("`{number}` is too large a number"))),
            },
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) => Value::Float(number),
                Err(_) => return Err((origin, format!("`{number}` is not a number"))),
            },
            DeValue::Boolean(boolean) => Value::Boolean(*boolean),
            DeValue::Datetime(date) => Value::String(date.to_string()),
            DeValue::Array(items) => {
                let mut nodes = Vec::with_capacity(items.len());
                for item in items.iter() {
                    let child = match origin {
                        Origin::Text(_) => Origin::Text(item.span()),
                        Origin::Override => Origin::Override,
                    };
                    nodes.push(Self::from_value(item.get_ref(), child)?);
                }
                Value::Array(nodes)
            }
            DeValue::Table(table) => return Self::from_table(table, origin),
        };
        Ok(Self {
            value,
            origin,
            raw: None,
        })
    }

    /// Lays `new` over the value at `path`, making the tables on the way.
    ///
    /// # Errors
    /// A step into a value that has no parts, or an entry that a list does not have.
    pub fn set(&mut self, path: &[&str], new: Node) -> Result<(), String> {
        let mut node = self;
        for (depth, &step) in path.iter().enumerate() {
            let here = path[..depth].join(".");
            node = match &mut node.value {
                Value::Table(entries) => {
                    let at = entries.iter().position(|(key, _)| key.name == step);
                    let at = at.unwrap_or_else(|| {
                        let key = Key {
                            name: step.to_string(),
                            origin: Origin::Override,
                        };
                        let empty = Value::Table(Vec::new());
                        let made = Node {
                            value: empty,
                            origin: Origin::Override,
                            raw: None,
                        };
                        entries.push((key, made));
                        entries.len() - 1
                    });
                    &mut entries[at].1
                }
                Value::Array(items) => {
                    let length = items.len();
                    match step.parse::<usize>().ok().and_then(|at| items.get_mut(at)) {
                        Some(item) => item,
                        None => {
                            return Err(format!(
                                "`{here}` is a list of {length}; `{step}` is not one of its \
                                 entries (they count from 0)"
                            ));
                        }
                    }
                }
                other => {
                    return Err(format!(
                        "`{here}` is {}, so `{}` cannot be set within it",
                        other.kind(),
                        path.join(".")
                    ));
                }
            };
        }
        *node = new;
        Ok(())
    }

    /// The origin of the key at `path`, or of the last step towards it that exists.
    pub fn origin_of(&self, path: &[&str]) -> Origin {
        let (mut node, mut origin) = (self, self.origin.clone());
        for &step in path {
            match &node.value {
                Value::Table(entries) => match entries.iter().find(|(key, _)| key.name == step) {
                    Some((_, value)) => node = value,
                    None => return origin,
                },
                Value::Array(items) => {
                    match step.parse::<usize>().ok().and_then(|at| items.get(at)) {
                        Some(item) => node = item,
                        None => return origin,
                    }
                }
                _ => return origin,
            }
            origin = node.origin.clone();
        }
        origin
    }

    /// The key `name` anywhere below, with the path to it.
    pub fn find_key(&self, name: &str) -> Option<(Vec<String>, &Key)> {
        match &self.value {
            Value::Table(entries) => entries.iter().find_map(|(key, value)| {
                if key.name == name {
                    return Some((vec![key.name.clone()], key));
                }
                let (mut path, found) = value.find_key(name)?;
                path.insert(0, key.name.clone());
                Some((path, found))
            }),
            Value::Array(items) => items.iter().enumerate().find_map(|(at, item)| {
                let (mut path, found) = item.find_key(name)?;
                path.insert(0, at.to_string());
                Some((path, found))
            }),
            _ => None,
        }
    }

    /// The text `wanted` as a value anywhere below, with the path to it.
    pub fn find_text(&self, wanted: &str) -> Option<(Vec<String>, &Node)> {
        match &self.value {
            Value::String(text) => (text == wanted).then(|| (Vec::new(), self)),
            Value::Table(entries) => entries.iter().find_map(|(key, value)| {
                let (mut path, found) = value.find_text(wanted)?;
                path.insert(0, key.name.clone());
                Some((path, found))
            }),
            Value::Array(items) => items.iter().enumerate().find_map(|(at, item)| {
                let (mut path, found) = item.find_text(wanted)?;
                path.insert(0, at.to_string());
                Some((path, found))
            }),
            _ => None,
        }
    }
}
