//! Tables of designs: the parameters of each and its S-parameters over frequency, from solvers and
//! measurements of any make.
//!
//! | source | what |
//! |---|---|
//! | [`DesignTable::touchstone`] | a folder of Touchstone files with `! name = value` lines |
//! | [`DesignTable::csv`] | one line for each design and frequency, as solvers export their sweeps |
//! | [`DesignTable::hdf5`] | arrays of designs, frequencies and responses |

mod hdf5;
mod lines;
mod touchstone;

use crate::{Error, Result};
use ndarray::{Array2, Array3};
use num_complex::Complex64;
use std::path::Path;

/// Designs and their S-parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct DesignTable {
    /// Names of the parameters.
    pub names: Vec<String>,
    /// Their units as the source has them; empty where it has none.
    pub units: Vec<String>,
    /// Values `[design, parameter]` in these units.
    pub parameters: Array2<f64>,
    /// Port pairs `[i, j]` of `S_ij`, counted from 1.
    pub port_pairs: Vec<[usize; 2]>,
    /// Hz, ascending.
    pub frequencies: Vec<f64>,
    /// S-parameters.
    pub response: Response,
}

/// S-parameters `[design, port pair, frequency]`.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// Complex amplitudes.
    Complex(Array3<Complex64>),
    /// `20 log10 |S|`, where the phase is not known.
    Decibel(Array3<f64>),
}

/// Where the columns or arrays of a table are.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    /// The parameters: columns of a CSV; of HDF5 the names of the columns of `design`.
    pub parameters: Vec<String>,
    /// HDF5: the array `[design, parameter]`.
    pub design: String,
    /// The frequency.
    pub frequency: String,
    /// One of its units in Hz.
    pub hertz: f64,
    /// S11.
    pub response: ResponseColumns,
}

/// The columns of S11.
#[derive(Clone, Debug, PartialEq)]
pub enum ResponseColumns {
    /// `20 log10 |S11|`.
    Decibel(String),
    /// Real and imaginary part.
    Complex(String, String),
}

impl DesignTable {
    /// Number of designs.
    pub fn designs(&self) -> usize {
        self.parameters.nrows()
    }

    /// The same at every `step`-th frequency from the first on.
    pub fn thinned(mut self, step: usize) -> Self {
        let kept: Vec<usize> = (0..self.frequencies.len()).step_by(step.max(1)).collect();
        let axis = ndarray::Axis(2);
        self.frequencies = kept.iter().map(|&f| self.frequencies[f]).collect();
        self.response = match self.response {
            Response::Complex(values) => Response::Complex(values.select(axis, &kept)),
            Response::Decibel(values) => Response::Decibel(values.select(axis, &kept)),
        };
        self
    }

    fn checked(self, path: &Path) -> Result<Self> {
        let refuse = |found: String| {
            Err(Error::Unreadable {
                path: path.to_path_buf(),
                expected: "a table of designs",
                found,
            })
        };
        if self.designs() == 0 || self.names.is_empty() || self.frequencies.is_empty() {
            return refuse("it has no designs, no parameters or no frequencies".into());
        }
        if let Some(pair) = self.frequencies.windows(2).find(|p| p[1] <= p[0]) {
            return refuse(format!(
                "its frequencies do not ascend: {} Hz after {} Hz",
                pair[1], pair[0]
            ));
        }
        if let Some((d, p)) = first(&self.parameters, |v| !v.is_finite()) {
            return refuse(format!(
                "`{}` of design {} is no number",
                self.names[p],
                d + 1
            ));
        }
        let bad = match &self.response {
            Response::Complex(values) => {
                let found = values.indexed_iter().find(|(_, v)| !v.is_finite());
                found.map(|(at, _)| at)
            }
            Response::Decibel(values) => {
                let found = values.indexed_iter().find(|(_, v)| !v.is_finite());
                found.map(|(at, _)| at)
            }
        };
        match bad {
            Some((d, _, f)) => refuse(format!(
                "S11 of design {} at {} Hz is no number",
                d + 1,
                self.frequencies[f]
            )),
            None => Ok(self),
        }
    }
}

fn first(values: &Array2<f64>, wrong: impl Fn(f64) -> bool) -> Option<(usize, usize)> {
    let found = values.indexed_iter().find(|(_, v)| wrong(**v));
    found.map(|(at, _)| at)
}
