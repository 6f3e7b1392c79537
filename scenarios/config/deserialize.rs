//! Serde's side of the tree: a deserialiser whose errors know the key they speak of.
//!
//! Serde's own errors are texts. Here an error keeps what was unknown or missing and
//! the names that would have been valid, and gathers its path while it travels up, so
//! that the message can say `solver.trunction` and offer `solver.truncation`.
//!
//! Internally tagged and flattened types are buffered by serde before they are read,
//! which loses the place; it is then looked up in the tree by the name at fault.

use super::nearest;
use super::tree::{Key, Node, Origin, Value};
use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};
use std::fmt;

/// What went wrong, and where as far as is known yet.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    /// Steps to the culprit, the outermost last while the error travels up.
    path: Vec<String>,
    origin: Option<Origin>,
}

#[derive(Debug)]
enum Kind {
    UnknownKey {
        name: String,
        valid: &'static [&'static str],
    },
    UnknownChoice {
        name: String,
        valid: &'static [&'static str],
    },
    MissingKey(&'static str),
    Other(String),
}

impl Failure {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            path: Vec::new(),
            origin: None,
        }
    }

    /// Fixes the place if it is not known yet, looking below `node` for a name at fault.
    fn at(mut self, node: &Node) -> Self {
        if self.origin.is_some() {
            return self;
        }
        let found = match &self.kind {
            Kind::UnknownKey { name, .. } => node
                .find_key(name)
                .map(|(path, key)| (path, key.origin.clone())),
            Kind::UnknownChoice { name, .. } => node
                .find_text(name)
                .map(|(path, value)| (path, value.origin.clone())),
            _ => None,
        };
        let (mut path, origin) = found.unwrap_or((Vec::new(), node.origin.clone()));
        path.reverse();
        self.path = path;
        self.origin = Some(origin);
        self
    }

    fn at_key(mut self, key: &Key) -> Self {
        if self.origin.is_none() {
            self.origin = Some(key.origin.clone());
        }
        self
    }

    fn within(mut self, step: &str) -> Self {
        self.path.push(step.to_string());
        self
    }

    /// Where the culprit was written; `None` for the whole of the text.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// The message: what is wrong, then notes on lines of their own.
    pub fn message(&self) -> String {
        let steps: Vec<&str> = self.path.iter().rev().map(String::as_str).collect();
        let path = steps.join(".");
        match &self.kind {
            Kind::UnknownKey { name, valid } => {
                let parent = steps.split_last().map_or(String::new(), |(_, parents)| {
                    parents.iter().map(|step| format!("{step}.")).collect()
                });
                let near = nearest(name, valid.iter().copied()).map_or(String::new(), |near| {
                    format!("; did you mean `{parent}{near}`?")
                });
                format!(
                    "unknown key `{path}`{near}\n{}",
                    list("valid keys here", valid)
                )
            }
            Kind::UnknownChoice { name, valid } => {
                let near = nearest(name, valid.iter().copied())
                    .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                format!(
                    "`{path}` cannot be `{name}`{near}\n{}",
                    list("valid values", valid)
                )
            }
            Kind::MissingKey(name) => {
                let parent = if path.is_empty() { path } else { path + "." };
                format!("the key `{parent}{name}` is missing and has no default")
            }
            Kind::Other(message) if path.is_empty() => message.clone(),
            Kind::Other(message) => format!("`{path}`: {message}"),
        }
    }
}

fn list(what: &str, names: &[&str]) -> String {
    if names.is_empty() {
        format!("{what}: none")
    } else {
        format!("{what}: {}", names.join(", "))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Kind::Other(message.to_string()))
    }
    fn unknown_field(name: &str, valid: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownKey {
            name: name.to_string(),
            valid,
        })
    }
    fn unknown_variant(name: &str, valid: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownChoice {
            name: name.to_string(),
            valid,
        })
    }
    fn missing_field(name: &'static str) -> Self {
        Self::new(Kind::MissingKey(name))
    }
    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format_args!(
            "expected {}, found {}",
            plain(expected),
            Found(found)
        ))
    }
    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }
}

/// Rust's type names in words.
fn plain(expected: &dyn de::Expected) -> String {
    let name = expected.to_string();
    match name.as_str() {
        "usize" | "u64" | "u32" | "u16" | "u8" => "a whole number, 0 or more".to_string(),
        "isize" | "i64" | "i32" | "i16" | "i8" => "a whole number".to_string(),
        "f64" | "f32" => "a number".to_string(),
        "a boolean" => "true or false".to_string(),
        "a string" | "string" => "a text in quotes".to_string(),
        "a sequence" => "a list in [ ]".to_string(),
        other => match other.strip_prefix("struct ") {
            Some(_) => "a table of keys".to_string(),
            None => other.to_string(),
        },
    }
}

/// A found value in words.
struct Found<'a>(de::Unexpected<'a>);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            de::Unexpected::Str(text) => write!(f, "the text \"{text}\""),
            de::Unexpected::Signed(number) => write!(f, "{number}"),
            de::Unexpected::Unsigned(number) => write!(f, "{number}"),
            de::Unexpected::Float(number) => write!(f, "{number}"),
            de::Unexpected::Bool(value) => write!(f, "{value}"),
            de::Unexpected::Seq => f.write_str("a list"),
            de::Unexpected::Map => f.write_str("a table"),
            other => write!(f, "{other}"),
        }
    }
}

/// Reads a value out of a node.
pub(crate) struct Reader<'t>(pub &'t Node);

impl<'t> Reader<'t> {
    fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let node = self.0;
        let read = match &node.value {
            Value::String(text) => visitor.visit_str(text),
            Value::Integer(number) => match (i64::try_from(*number), u64::try_from(*number)) {
                (Ok(number), _) => visitor.visit_i64(number),
                (_, Ok(number)) => visitor.visit_u64(number),
                _ => Err(de::Error::custom(format_args!(
                    "`{number}` is too large a number"
                ))),
            },
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::Array(items) => visitor.visit_seq(Items { items, at: 0 }),
            Value::Table(entries) => visitor.visit_map(Entries { entries, at: 0 }),
        };
        read.map_err(|failure: Failure| failure.at(node))
    }
}

impl<'de> de::Deserializer<'de> for Reader<'_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.visit(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match &self.0.raw {
            Some(raw) => visitor
                .visit_str(raw)
                .map_err(|failure: Failure| failure.at(self.0)),
            None => self.visit(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    /// TOML has no null: a key that is there has a value.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let node = self.0;
        visitor.visit_some(self).map_err(|failure| failure.at(node))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let node = self.0;
        visitor
            .visit_newtype_struct(self)
            .map_err(|failure| failure.at(node))
    }

    /// A choice is a text, or a table of one key for a choice with parameters.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let node = self.0;
        let read = match (&node.raw, &node.value) {
            (Some(text), _) | (None, Value::String(text)) => {
                visitor.visit_enum(text.as_str().into_deserializer())
            }
            (None, Value::Table(entries)) if entries.len() == 1 => visitor.visit_enum(Choice {
                key: &entries[0].0,
                value: &entries[0].1,
            }),
            (None, other) => Err(de::Error::custom(format_args!(
                "expected the name of a choice, or a table with one choice, found {}",
                other.kind()
            ))),
        };
        read.map_err(|failure: Failure| failure.at(node))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct ignored_any
    }
}

struct Items<'t> {
    items: &'t [Node],
    at: usize,
}

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Failure> {
        let Some(item) = self.items.get(self.at) else {
            return Ok(None);
        };
        let step = self.at.to_string();
        self.at += 1;
        seed.deserialize(Reader(item))
            .map(Some)
            .map_err(|failure| failure.at(item).within(&step))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.at)
    }
}

struct Entries<'t> {
    entries: &'t [(Key, Node)],
    at: usize,
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = Failure;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Failure> {
        let Some((key, _)) = self.entries.get(self.at) else {
            return Ok(None);
        };
        let name = key.name.as_str().into_deserializer();
        seed.deserialize(name)
            .map(Some)
            .map_err(|failure: Failure| failure.at_key(key).within(&key.name))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Failure> {
        let (key, value) = &self.entries[self.at];
        self.at += 1;
        seed.deserialize(Reader(value))
            .map_err(|failure| failure.at(value).within(&key.name))
    }
}

struct Choice<'t> {
    key: &'t Key,
    value: &'t Node,
}

impl<'de, 't> de::EnumAccess<'de> for Choice<'t> {
    type Error = Failure;
    type Variant = Parameters<'t>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Parameters<'t>), Failure> {
        let name = self.key.name.as_str().into_deserializer();
        match seed.deserialize(name) {
            Ok(variant) => Ok((
                variant,
                Parameters {
                    key: self.key,
                    value: self.value,
                },
            )),
            Err(failure) => Err(Failure::at_key(failure, self.key)),
        }
    }
}

struct Parameters<'t> {
    key: &'t Key,
    value: &'t Node,
}

impl<'de> de::VariantAccess<'de> for Parameters<'_> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        let message = format!(
            "`{}` takes no parameters: write it as a text",
            self.key.name
        );
        Err(<Failure as de::Error>::custom(message).at_key(self.key))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Failure> {
        seed.deserialize(Reader(self.value))
            .map_err(|failure| failure.at(self.value).within(&self.key.name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Failure> {
        Reader(self.value)
            .visit(visitor)
            .map_err(|failure| failure.within(&self.key.name))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        Reader(self.value)
            .visit(visitor)
            .map_err(|failure| failure.within(&self.key.name))
    }
}
