//! Designs that another solver or a measurement made: a surrogate of them, judged by designs left
//! out, and asked for thousands.
//!
//! The designs come from Touchstone files, comma-separated values or HDF5
//! ([`curlwind_datasets::design_table`]), the surrogate is that of sweeps
//! ([`curlwind_operators::design`]). There is no solver here to check what it answers: the folds do.

pub mod evaluate;
pub mod output;
pub mod predict;
pub mod run;
pub mod settings;

use crate::catalogue::BuiltIn;
use crate::config::{Configuration, Document};
use crate::error::{Error, Result};
use crate::run_folder::{RunFolder, write_atomically};
use curlwind_datasets::design_table::{DesignTable, Response as TableResponse};
use curlwind_operators::design::{DesignData, Response};
pub use settings::Settings;

/// The scenarios that the program carries.
pub const BUILT_IN: [BuiltIn; 1] = [BuiltIn {
    name: "bowtie-table",
    about: "surrogate of a commercial solver's sweep: a table in place of a solver",
    text: include_str!("bowtie-table.toml"),
}];

const BOWTIE: &[u8] = include_bytes!("../../../datasets/data/bowtie_s11.h5");

/// A scenario as read.
pub type Loaded = crate::config::Loaded<Settings>;

impl Configuration for Settings {
    fn decode(document: &Document) -> Result<Self> {
        Ok(document.decode()?)
    }

    fn seed(&mut self) -> &mut u64 {
        &mut self.seed
    }

    fn check(loaded: &Loaded) -> Result<()> {
        loaded.check()
    }
}

impl Loaded {
    fn check(&self) -> Result<()> {
        let s = &self.settings;
        let t = &s.table;
        let sources = [
            t.carried.is_some(),
            t.touchstone.is_some(),
            t.csv.is_some(),
            t.hdf5.is_some(),
        ];
        if sources.iter().filter(|given| **given).count() != 1 {
            return Err(self.refuse(
                "table",
                "expected one of `touchstone`, `csv`, `hdf5`, `carried`",
            ));
        }
        if t.touchstone.is_none() {
            t.columns()
                .map_err(|(path, reason)| self.refuse(path, reason))?;
        }
        for (path, wrong, expected) in [
            ("table.every", t.every == 0, "expected 1 or more"),
            (
                "evaluation.folds",
                s.evaluation.folds == 1,
                "expected 2 or more, or 0 for none",
            ),
            (
                "evaluation.alike",
                s.evaluation.alike.is_nan() || s.evaluation.alike < 0.0,
                "expected 0 dB or more",
            ),
            (
                "candidates.count",
                s.candidates.count == 0,
                "expected 1 or more",
            ),
        ] {
            if wrong {
                return Err(self.refuse(path, expected));
            }
        }
        s.surrogate
            .network
            .check()
            .map_err(|error| self.refuse("surrogate.network", error))
    }

    /// The designs, and the units of their parameters.
    ///
    /// # Errors
    /// Files that cannot be read or do not fit what the scenario says of them.
    pub fn data(&self, folder: &RunFolder) -> Result<(DesignData, Vec<String>)> {
        let entry = &self.settings.table;
        let columns = || {
            entry
                .columns()
                .map_err(|(path, reason)| self.refuse(path, reason))
        };
        let table = if let Some(path) = &entry.touchstone {
            DesignTable::touchstone(path)
        } else if let Some(path) = &entry.csv {
            folder.record_input(path)?;
            DesignTable::csv(path, &columns()?)
        } else if let Some(path) = &entry.hdf5 {
            folder.record_input(path)?;
            DesignTable::hdf5(path, &columns()?)
        } else {
            let path = folder.folder("input")?.join("bowtie_s11.h5");
            write_atomically(&path, BOWTIE)?;
            folder.record_input(&path)?;
            DesignTable::hdf5(&path, &columns()?)
        };
        let table = table.map_err(Error::unusable)?.thinned(entry.every);
        let data = DesignData {
            parameter_names: table.names,
            parameters: table.parameters,
            port_pairs: table.port_pairs,
            frequencies: table.frequencies,
            response: match table.response {
                TableResponse::Complex(values) => Response::Complex(values),
                TableResponse::Decibel(values) => Response::Decibel(values),
            },
        };
        data.check().map_err(Error::unusable)?;
        Ok((data, table.units))
    }
}
