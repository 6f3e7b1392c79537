//! The scenario file of a table, as types.

use crate::config::Hertz;
use crate::electromagnetics::maxwell::scene::{Goal, SurrogateEntry};
use curlwind_datasets::design_table::{Columns, ResponseColumns};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A table and what to do with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A line for tables and figures.
    pub title: String,
    /// What kind of scenario.
    pub physics: Physics,
    /// Seed of everything random; `--seed` overrides it.
    #[serde(default)]
    pub seed: u64,
    /// Where the designs are.
    pub table: TableEntry,
    /// How the surrogate is judged.
    #[serde(default)]
    pub evaluation: Evaluation,
    /// What it is asked.
    #[serde(default)]
    pub candidates: Candidates,
    /// The surrogate.
    #[serde(default)]
    pub surrogate: SurrogateEntry,
}

/// The kind of scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Physics {
    /// Solved or measured elsewhere.
    DesignTable,
}

/// Where the designs are: one of the four sources, and the columns of all but Touchstone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableEntry {
    /// A table inside the program.
    #[serde(default)]
    pub carried: Option<CarriedTable>,
    /// A folder of Touchstone files.
    #[serde(default)]
    pub touchstone: Option<PathBuf>,
    /// A file of comma-separated values.
    #[serde(default)]
    pub csv: Option<PathBuf>,
    /// An HDF5 file.
    #[serde(default)]
    pub hdf5: Option<PathBuf>,
    /// HDF5: the array of designs.
    #[serde(default = "design")]
    pub design: String,
    /// Names of the parameters: the columns of a CSV, in order those of the array of designs.
    #[serde(default)]
    pub parameters: Vec<String>,
    /// The frequency.
    #[serde(default)]
    pub frequency: Option<FrequencyColumn>,
    /// S11.
    #[serde(default)]
    pub s11: Option<S11Columns>,
    /// Takes every so manieth frequency.
    #[serde(default = "one")]
    pub every: usize,
}

fn design() -> String {
    "design".into()
}

fn one() -> usize {
    1
}

/// A table that the program carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CarriedTable {
    /// The sweep of a bowtie by a commercial solver.
    Bowtie,
}

/// A column or array of frequencies.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrequencyColumn {
    /// Its name.
    pub column: String,
    /// Its unit: Hz, kHz, MHz, GHz, THz.
    pub unit: String,
}

/// The columns or arrays of S11: `decibel`, or `real` and `imaginary`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct S11Columns {
    /// `20 log10 |S11|`.
    pub decibel: Option<String>,
    /// Real part.
    pub real: Option<String>,
    /// Imaginary part.
    pub imaginary: Option<String>,
}

/// How the surrogate is judged.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Evaluation {
    /// Folds; 0 for none.
    pub folds: usize,
    /// Whether the edges of the table are held out as well.
    pub edges: bool,
    /// Designs of which the curves differ by no more than this, in dB, stay in the same fold.
    pub alike: f64,
}

impl Default for Evaluation {
    fn default() -> Self {
        Self {
            folds: 10,
            edges: true,
            alike: 0.01,
        }
    }
}

/// Designs that the surrogate is asked for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Candidates {
    /// How many, spread over the table's ranges.
    pub count: usize,
    /// How many of the best and of the most doubtful are shown.
    pub shown: usize,
    /// What is wanted; without it the lowest |S11| anywhere.
    pub goal: Option<Goal>,
}

impl Default for Candidates {
    fn default() -> Self {
        Self {
            count: 10_000,
            shown: 3,
            goal: None,
        }
    }
}

impl TableEntry {
    /// The columns, or the key that is wrong and why.
    pub fn columns(&self) -> Result<Columns, (&'static str, String)> {
        if self.parameters.is_empty() {
            return Err((
                "table.parameters",
                "expected the names of the parameters".into(),
            ));
        }
        let Some(frequency) = &self.frequency else {
            let expected = "expected `frequency = { column = \"...\", unit = \"GHz\" }`";
            return Err(("table.frequency", expected.into()));
        };
        let hertz = format!("1 {}", frequency.unit).parse::<Hertz>();
        let hertz = hertz.map_err(|error| ("table.frequency.unit", error.to_string()))?;
        let s11 = self.s11.clone().unwrap_or_default();
        let response = match (s11.decibel, s11.real, s11.imaginary) {
            (Some(decibel), None, None) => ResponseColumns::Decibel(decibel),
            (None, Some(re), Some(im)) => ResponseColumns::Complex(re, im),
            _ => {
                let expected = "expected `decibel`, or `real` and `imaginary`";
                return Err(("table.s11", expected.into()));
            }
        };
        Ok(Columns {
            parameters: self.parameters.clone(),
            design: self.design.clone(),
            frequency: frequency.column.clone(),
            hertz: hertz.si(),
            response,
        })
    }
}
