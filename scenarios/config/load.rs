//! Reading a scenario: text, overrides, typed configuration.

use super::deserialize::Reader;
use super::error::{ConfigError, Place};
use super::expression;
use super::tree::{Node, Origin, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// Where a scenario's text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A scenario that the program carries.
    BuiltIn {
        /// Its name, as on the command line.
        name: String,
        /// Its text.
        text: String,
    },
    /// A file of the user's.
    File(PathBuf),
}

impl Source {
    /// A scenario that the program carries.
    pub fn built_in(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::BuiltIn {
            name: name.into(),
            text: text.into(),
        }
    }

    /// A file.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self::File(path.as_ref().to_path_buf())
    }

    /// The name in messages and in the manifest.
    pub fn name(&self) -> String {
        match self {
            Self::BuiltIn { name, .. } => name.clone(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// The text.
    ///
    /// # Errors
    /// The file cannot be read, or is not UTF-8.
    pub fn text(&self) -> Result<String, ConfigError> {
        match self {
            Self::BuiltIn { text, .. } => Ok(text.clone()),
            Self::File(path) => std::fs::read_to_string(path).map_err(|reason| ConfigError::Read {
                path: path.clone(),
                reason,
            }),
        }
    }
}

/// A scenario's text with its overrides laid over it.
///
/// Keep it beside the typed configuration to refuse values that only the application
/// can judge, with the place they were written: see [`Document::refuse`].
#[derive(Debug, Clone)]
pub struct Document {
    name: String,
    text: String,
    root: Node,
    presets: Presets,
}

impl Document {
    /// Reads the source and lays the overrides (`key.path=value`) over it in order.
    ///
    /// A value that is not TOML is a text, so that `duration=5 days` and `case=galewsky`
    /// need no quotes. Entries of a list are reached by their number, from 0.
    ///
    /// # Errors
    /// Unreadable file, text that is not TOML, an override without `=` or that does not
    /// fit the text, a formula that cannot be worked out.
    pub fn read(source: &Source, sets: &[String]) -> Result<Self, ConfigError> {
        let (name, text) = (source.name(), source.text()?);
        let place = |origin: &Origin| match origin {
            Origin::Text(span) => Place::new(&name, &text, span.clone()),
            Origin::Override => Place::new(&name, &text, 0..0),
        };
        let table = DeTable::parse(&text).map_err(|error| ConfigError::Text {
            place: Place::new(&name, &text, error.span().unwrap_or(0..0)),
            message: format!("not valid TOML: {}", error.message().replace('\n', ", ")),
        })?;
        let whole = Origin::Text(0..text.len());
        let mut root = Node::from_table(table.get_ref(), whole).map_err(|(origin, message)| {
            ConfigError::Text {
                place: place(&origin),
                message,
            }
        })?;
        let presets = take_presets(&mut root).map_err(|(origin, message)| ConfigError::Text {
            place: place(&origin),
            message,
        })?;
        for set in sets {
            lay_over(&mut root, set).map_err(|message| ConfigError::Override { message })?;
        }
        let resolved = expression::resolve(&mut root);
        let document = Self {
            name,
            text,
            root,
            presets,
        };
        match resolved {
            Ok(()) => Ok(document),
            Err((origin, message)) => Err(document.error(&origin, message)),
        }
    }

    /// The text at a key of the first level, where there is one.
    pub fn text(&self, key: &str) -> Option<&str> {
        match &self.root.value {
            Value::Table(entries) => match &entries.iter().find(|(k, _)| k.name == key)?.1.value {
                Value::String(text) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// The overrides that the scenario keeps under a name: `[presets]`, `small = ["key.path=value"]`.
    ///
    /// # Errors
    /// No such preset.
    pub fn preset(&self, name: &str) -> Result<&[String], ConfigError> {
        if let Some((_, sets)) = self.presets.iter().find(|(known, _)| known == name) {
            return Ok(sets);
        }
        let known: Vec<&str> = self.presets.iter().map(|(name, _)| name.as_str()).collect();
        let message = match known.as_slice() {
            [] => format!("there is no preset `{name}`: the scenario has none"),
            known => format!("there is no preset `{name}`; expected {}", known.join(", ")),
        };
        Err(ConfigError::Override { message })
    }

    /// The typed configuration.
    ///
    /// # Errors
    /// Unknown or missing keys, wrong types, wrong units, unknown choices.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        T::deserialize(Reader(&self.root)).map_err(|failure| {
            self.error(
                failure.origin().unwrap_or(&self.root.origin),
                failure.message(),
            )
        })
    }

    /// The error that refuses the value at `path` (`"solver.time_step"`) for a reason
    /// that only the application knows, e.g. a time step over the stability limit.
    ///
    /// A path that the text does not have, because the default was at fault, is
    /// reported for the nearest table that it has.
    pub fn refuse(&self, path: &str, message: impl std::fmt::Display) -> ConfigError {
        let steps: Vec<&str> = path.split('.').collect();
        self.error(&self.root.origin_of(&steps), format!("`{path}`: {message}"))
    }

    fn error(&self, origin: &Origin, message: String) -> ConfigError {
        match origin {
            Origin::Override => ConfigError::Override { message },
            origin if *origin == self.root.origin => ConfigError::Whole {
                source_name: self.name.clone(),
                message,
            },
            Origin::Text(span) => ConfigError::Text {
                place: Place::new(&self.name, &self.text, span.clone()),
                message,
            },
        }
    }
}

/// Names and the overrides that they stand for.
type Presets = Vec<(String, Vec<String>)>;

/// Takes the table `[presets]` out of a scenario.
fn take_presets(root: &mut Node) -> Result<Presets, (Origin, String)> {
    let Value::Table(entries) = &mut root.value else {
        return Ok(Vec::new());
    };
    let Some(at) = entries.iter().position(|(key, _)| key.name == "presets") else {
        return Ok(Vec::new());
    };
    let (_, node) = entries.remove(at);
    let refuse = |node: &Node| {
        let message = "`presets`: expected lists of texts, small = [\"key.path=value\"]";
        (node.origin.clone(), message.to_string())
    };
    let Value::Table(presets) = &node.value else {
        return Err(refuse(&node));
    };
    let texts = |node: &Node| match &node.value {
        Value::Array(items) => items
            .iter()
            .map(|item| match &item.value {
                Value::String(text) => Ok(text.clone()),
                _ => Err(refuse(item)),
            })
            .collect(),
        _ => Err(refuse(node)),
    };
    presets
        .iter()
        .map(|(key, node)| Ok((key.name.clone(), texts(node)?)))
        .collect()
}

fn lay_over(root: &mut Node, set: &str) -> Result<(), String> {
    let Some((path, typed)) = set.split_once('=') else {
        return Err(format!("`{set}` has no `=`; expected key.path=value"));
    };
    let (path, typed) = (path.trim(), typed.trim());
    let steps: Vec<&str> = path.split('.').map(str::trim).collect();
    if steps.iter().any(|step| step.is_empty()) {
        return Err(format!(
            "`{set}` does not name a key; expected key.path=value"
        ));
    }
    if typed.is_empty() {
        return Err(format!(
            "`{path}` is given no value; for an empty text write {path}=\"\""
        ));
    }
    let node = match DeValue::parse(typed) {
        Ok(value) => {
            let mut node = Node::from_value(value.get_ref(), Origin::Override)
                .map_err(|(_, message)| format!("`{path}`: {message}"))?;
            if !matches!(
                node.value,
                Value::String(_) | Value::Array(_) | Value::Table(_)
            ) {
                node.raw = Some(typed.to_string());
            }
            node
        }
        // Something that opens a list, a table or a quoted text was meant as one.
        Err(error) if typed.starts_with(['[', '{', '"', '\'']) => {
            let reason = error.message().replace('\n', ", ");
            return Err(format!("`{path}`: `{typed}` is not valid TOML: {reason}"));
        }
        Err(_) => Node {
            value: Value::String(typed.to_string()),
            origin: Origin::Override,
            raw: None,
        },
    };
    root.set(&steps, node)
}

/// Reads a scenario, lays the overrides `key.path=value` over it and decodes it.
///
/// # Errors
/// See [`Document::read`] and [`Document::decode`]; every message names the place and
/// what was expected.
pub fn load<T: DeserializeOwned + Serialize>(
    source: &Source,
    sets: &[String],
) -> Result<T, ConfigError> {
    Document::read(source, sets)?.decode()
}

/// A configuration as TOML text, with quantities in readable units; [`load`] reads it
/// back to the same values.
///
/// # Errors
/// A type that TOML cannot express, e.g. a list of nulls.
pub fn to_toml<T: Serialize>(config: &T) -> Result<String, ConfigError> {
    toml::to_string_pretty(config).map_err(|error| ConfigError::Whole {
        source_name: "configuration".to_string(),
        message: format!("cannot be written as TOML: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Quantity, Seconds};
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Scenario {
        name: String,
        #[serde(default)]
        orography: bool,
        solver: Solver,
        #[serde(default)]
        case: Case,
        #[serde(default)]
        leads: Vec<Seconds>,
        #[serde(default)]
        forcing: Option<Forcing>,
        #[serde(default)]
        ports: Vec<Port>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Solver {
        truncation: usize,
        time_step: Seconds,
        #[serde(default)]
        integrator: Integrator,
        #[serde(default)]
        filter: f64,
    }

    #[derive(Debug, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Integrator {
        #[default]
        Rk4,
        SemiImplicit,
    }

    #[derive(Debug, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Case {
        #[default]
        Rest,
        Galewsky {
            amplitude: f64,
        },
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
    enum Forcing {
        Steady { period: Seconds },
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Port {
        resistance: f64,
    }

    const GOOD: &str = "\
name = \"demo\"
leads = [\"6 h\", \"1 day\"]

[solver]
truncation = 42
time_step = \"15 min\"
";

    fn read(text: &str, sets: &[&str]) -> Result<Scenario, ConfigError> {
        let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
        load(&Source::built_in("demo.toml", text), &sets)
    }

    fn refusal(text: &str, sets: &[&str]) -> String {
        read(text, sets).unwrap_err().to_string()
    }

    #[test]
    fn good_scenarios_and_overrides() {
        let plain = read(GOOD, &[]).unwrap();
        assert_eq!(plain.solver.time_step.si(), 900.0);
        assert_eq!(plain.leads[1].si(), 86_400.0);
        let sets = [
            "solver.truncation=85",
            "solver.time_step=10 min",
            "solver.integrator=semi_implicit",
            "name=42",
            "leads.1=2 days",
            "orography=true",
            "solver.filter=1",
            "case={ galewsky = { amplitude = 0.5 } }",
            "forcing.kind=steady",
            "forcing.period=1 h",
        ];
        let set = read(GOOD, &sets).unwrap();
        assert_eq!(set.solver.truncation, 85);
        assert_eq!(set.solver.integrator, Integrator::SemiImplicit);
        assert_eq!(
            (set.name.as_str(), set.orography, set.solver.filter),
            ("42", true, 1.0)
        );
        assert_eq!(set.leads[1].si(), 172_800.0);
        assert_eq!(set.case, Case::Galewsky { amplitude: 0.5 });
        assert_eq!(
            set.forcing,
            Some(Forcing::Steady {
                period: Seconds::from_si(3600.0)
            })
        );
        // What is written reads back the same.
        assert_eq!(read(&to_toml(&set).unwrap(), &[]).unwrap(), set);
    }

    #[test]
    fn unknown_keys_name_the_place_and_the_nearest() {
        let text = refusal(&GOOD.replace("truncation", "trunction"), &[]);
        assert!(text.starts_with("demo.toml, line 5, column 1: unknown key `solver.trunction`; did you mean `solver.truncation`?"), "{text}");
        assert!(
            text.contains("5 | trunction = 42\n   | ^^^^^^^^^\n"),
            "{text}"
        );
        assert!(
            text.contains("= valid keys here: truncation, time_step, integrator"),
            "{text}"
        );
        let text = refusal(GOOD, &["solver.trunction=42"]);
        assert!(
            text.starts_with(
                "--set: unknown key `solver.trunction`; did you mean `solver.truncation`?"
            ),
            "{text}"
        );
        let text = refusal(GOOD, &["slover.truncation=42"]);
        assert!(
            text.starts_with("--set: unknown key `slover`; did you mean `solver`?"),
            "{text}"
        );
    }

    #[test]
    fn unknown_choices_name_the_nearest() {
        let text = refusal(&format!("{GOOD}integrator = \"rk5\"\n"), &[]);
        assert!(
            text.contains(
                "line 7, column 14: `solver.integrator` cannot be `rk5`; did you mean `rk4`?"
            ),
            "{text}"
        );
        let text = refusal(
            &format!("{GOOD}[case]\ngalewski = {{ amplitude = 1.0 }}\n"),
            &[],
        );
        assert!(
            text.contains("line 8") && text.contains("did you mean `galewsky`?"),
            "{text}"
        );
        let text = refusal(GOOD, &["solver.integrator=rk5"]);
        assert!(
            text.starts_with("--set: `solver.integrator` cannot be `rk5`"),
            "{text}"
        );
    }

    #[test]
    fn buffered_types_still_name_the_place() {
        let text = refusal(
            &format!("{GOOD}[forcing]\nkind = \"steady\"\nperiot = \"1 h\"\n"),
            &[],
        );
        assert!(
            text.contains(
                "line 9, column 1: unknown key `forcing.periot`; did you mean `forcing.period`?"
            ),
            "{text}"
        );
        let text = refusal(&format!("{GOOD}[forcing]\nkind = \"stady\"\n"), &[]);
        assert!(
            text.contains("line 8") && text.contains("did you mean `steady`?"),
            "{text}"
        );
    }

    #[test]
    fn wrong_units_types_and_missing_keys() {
        let text = refusal(&GOOD.replace("\"15 min\"", "900"), &[]);
        assert!(
            text.contains("line 6, column 13: `solver.time_step`: `900` has no unit"),
            "{text}"
        );
        let text = refusal(&GOOD.replace("15 min", "15 mm"), &[]);
        assert!(text.contains("`mm` is not a unit of time"), "{text}");
        let text = refusal(&GOOD.replace("42", "\"many\""), &[]);
        assert!(
            text.contains(
                "`solver.truncation`: expected a whole number, 0 or more, found the text \"many\""
            ),
            "{text}"
        );
        let text = refusal(&GOOD.replace("42", "-1"), &[]);
        assert!(
            text.contains("expected a whole number, 0 or more, found -1"),
            "{text}"
        );
        let text = refusal(&GOOD.replace("truncation = 42\n", ""), &[]);
        assert!(
            text.contains("line 4") && text.contains("`solver.truncation` is missing"),
            "{text}"
        );
        let text = refusal(&GOOD.replace("name = \"demo\"\n", ""), &[]);
        assert!(
            text.contains("demo.toml: the key `name` is missing"),
            "{text}"
        );
        let text = refusal(
            &format!("{GOOD}[[ports]]\nresistance = 50.0\n[[ports]]\nresistance = true\n"),
            &[],
        );
        assert!(
            text.contains("line 10, column 14: `ports.1.resistance`: expected a number"),
            "{text}"
        );
        let text = refusal("name = \"demo\nsolver = 1", &[]);
        assert!(
            text.contains("demo.toml, line 1") && text.contains("not valid TOML"),
            "{text}"
        );
    }

    #[test]
    fn overrides_that_do_not_fit() {
        assert!(refusal(GOOD, &["truncation"]).contains("has no `=`"));
        assert!(refusal(GOOD, &["solver..x=1"]).contains("does not name a key"));
        assert!(refusal(GOOD, &["name="]).contains("is given no value"));
        assert!(refusal(GOOD, &["name.first=x"]).contains("`name` is a text"));
        assert!(refusal(GOOD, &["leads.7=1 h"]).contains("is a list of 2"));
        assert!(refusal(GOOD, &["leads=[1"]).contains("not valid TOML"));
    }

    #[test]
    fn the_application_refuses_with_a_place() {
        let document = Document::read(&Source::built_in("demo.toml", GOOD), &[]).unwrap();
        let text = document
            .refuse("solver.time_step", "over the limit of 10 min")
            .to_string();
        assert!(
            text.starts_with("demo.toml, line 6, column 13: `solver.time_step`: over"),
            "{text}"
        );
        let text = document
            .refuse("solver.filter", "must be below 1")
            .to_string();
        assert!(text.contains("line 4"), "{text}");
        let sets = ["solver.time_step=1 h".to_string()];
        let document = Document::read(&Source::built_in("demo.toml", GOOD), &sets).unwrap();
        let text = document
            .refuse("solver.time_step", "over the limit")
            .to_string();
        assert_eq!(text, "--set: `solver.time_step`: over the limit");
    }

    #[test]
    fn a_file_that_is_not_there() {
        let missing = load::<Scenario>(&Source::file("/nowhere/x.toml"), &[]).unwrap_err();
        assert!(
            missing
                .to_string()
                .starts_with("cannot read the scenario file /nowhere/x.toml")
        );
    }

    proptest! {
        #[test]
        fn configurations_round_trip(truncation in 0usize..1000, step in 1e-6f64..1e9, filter in any::<f64>()) {
            prop_assume!(filter.is_finite());
            let made = Scenario {
                name: "x \"y\"".into(),
                orography: true,
                solver: Solver { truncation, time_step: Quantity::from_si(step), integrator: Integrator::Rk4, filter },
                case: Case::Galewsky { amplitude: filter },
                leads: vec![Quantity::from_si(step)],
                forcing: None,
                ports: vec![Port { resistance: step }],
            };
            prop_assert_eq!(read(&to_toml(&made).unwrap(), &[]).unwrap(), made);
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,40}", set in "\\PC{0,20}") {
            let _ = read(&text, &[&set]);
        }
    }
}
