//! Comma-separated values with one line for each design and frequency, as solvers export a
//! parametric sweep.
//!
//! Designs are told apart by the values of their parameters; their order is that of their first
//! lines. Every design must have the same frequencies.

use super::{Columns, DesignTable, Response, ResponseColumns};
use crate::{Error, Result};
use ndarray::{Array2, Array3};
use num_complex::Complex64;
use std::collections::HashMap;
use std::path::Path;

/// A design's lines: frequency, and dB or real and imaginary part.
type Lines = Vec<(f64, [f64; 2])>;

impl DesignTable {
    /// Reads a CSV with a header.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::VariableMissing`] with the columns there are; [`Error::Unreadable`]
    /// with the line for what is no number, and when a design lacks frequencies of the others.
    pub fn csv(path: &Path, columns: &Columns) -> Result<Self> {
        let unreadable = |found: String| Error::Unreadable {
            path: path.to_path_buf(),
            expected: "a table of designs in comma-separated values",
            found,
        };
        let file = std::fs::File::open(path).map_err(|source| Error::Io {
            path: path.to_path_buf(),
            source,
        })?;
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(file);
        let header = reader
            .headers()
            .map_err(|error| unreadable(error.to_string()))?
            .clone();
        let column = |name: &str| -> Result<usize> {
            header.iter().position(|h| h == name).ok_or_else(|| {
                let near = |h: &&str| h.eq_ignore_ascii_case(name) || h.starts_with(name);
                Error::VariableMissing {
                    path: path.to_path_buf(),
                    wanted: format!("column '{name}'"),
                    present: header.iter().collect::<Vec<_>>().join(", "),
                    nearest: header.iter().find(near).map(String::from),
                }
            })
        };
        let of_parameters = columns
            .parameters
            .iter()
            .map(|name| column(name))
            .collect::<Result<Vec<_>>>()?;
        let of_frequency = column(&columns.frequency)?;
        let of_response = match &columns.response {
            ResponseColumns::Decibel(db) => vec![column(db)?],
            ResponseColumns::Complex(re, im) => vec![column(re)?, column(im)?],
        };
        let mut order: Vec<Vec<f64>> = Vec::new();
        let mut places: HashMap<Vec<u64>, usize> = HashMap::new();
        let mut lines: Vec<Lines> = Vec::new();
        for (n, record) in reader.records().enumerate() {
            let record = record.map_err(|error| unreadable(error.to_string()))?;
            // the header is line 1
            let line = record.position().map_or(n as u64 + 2, csv::Position::line);
            let number = |at: usize| -> Result<f64> {
                let text = record.get(at).unwrap_or_default();
                text.parse().map_err(|_| {
                    unreadable(format!(
                        "in line {line} `{}` is {text:?}, not a number",
                        &header[at]
                    ))
                })
            };
            let values = of_parameters
                .iter()
                .map(|&at| number(at))
                .collect::<Result<Vec<_>>>()?;
            let key = values.iter().map(|v| v.to_bits()).collect();
            let place = *places.entry(key).or_insert_with(|| {
                order.push(values);
                lines.push(Vec::new());
                order.len() - 1
            });
            let frequency = number(of_frequency)? * columns.hertz;
            let mut response = [0.0; 2];
            for (slot, &at) in response.iter_mut().zip(&of_response) {
                *slot = number(at)?;
            }
            lines[place].push((frequency, response));
        }
        for lines in &mut lines {
            lines.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        let frequencies: Vec<f64> = lines
            .first()
            .map(|lines| lines.iter().map(|l| l.0).collect())
            .unwrap_or_default();
        for (design, lines) in lines.iter().enumerate() {
            let same = lines.len() == frequencies.len()
                && lines.iter().zip(&frequencies).all(|(l, f)| l.0 == *f);
            if !same {
                return Err(unreadable(format!(
                    "design {} ({}) has other frequencies than the first: {} of them, the first {}",
                    design + 1,
                    described(&columns.parameters, &order[design]),
                    lines.len(),
                    frequencies.len()
                )));
            }
        }
        let shape = (order.len(), 1, frequencies.len());
        let response = match columns.response {
            ResponseColumns::Decibel(_) => {
                Response::Decibel(Array3::from_shape_fn(shape, |(d, _, f)| lines[d][f].1[0]))
            }
            ResponseColumns::Complex(..) => {
                Response::Complex(Array3::from_shape_fn(shape, |(d, _, f)| {
                    let [re, im] = lines[d][f].1;
                    Complex64::new(re, im)
                }))
            }
        };
        let count = columns.parameters.len();
        Self {
            names: columns.parameters.clone(),
            units: vec![String::new(); count],
            parameters: Array2::from_shape_fn((order.len(), count), |(d, p)| order[d][p]),
            port_pairs: vec![[1, 1]],
            frequencies,
            response,
        }
        .checked(path)
    }
}

fn described(names: &[String], values: &[f64]) -> String {
    let parts = names.iter().zip(values);
    let parts: Vec<String> = parts.map(|(n, v)| format!("{n} = {v}")).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\"a [mm]\",\"Freq [GHz]\",\"dB(S(1,1)) []\"\n\
        1, 2.0, -3\n1, 2.5, -10\n2, 2.5, -9\n2, 2.0, -4\n";

    fn columns() -> Columns {
        Columns {
            parameters: vec!["a [mm]".into()],
            design: String::new(),
            frequency: "Freq [GHz]".into(),
            hertz: 1e9,
            response: ResponseColumns::Decibel("dB(S(1,1)) []".into()),
        }
    }

    fn read(text: &str) -> Result<DesignTable> {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("sweep.csv");
        std::fs::write(&path, text).expect("written");
        DesignTable::csv(&path, &columns())
    }

    #[test]
    fn lines_become_designs() {
        let table = read(TEXT).expect("read");
        assert_eq!(table.parameters, ndarray::array![[1.0], [2.0]]);
        assert_eq!(table.frequencies, [2e9, 2.5e9]);
        let expected = ndarray::array![[[-3.0, -10.0]], [[-4.0, -9.0]]];
        assert_eq!(table.response, Response::Decibel(expected));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let message = |text: &str| read(text).expect_err("refused").to_string();
        let wrong = message(&TEXT.replace("-10", "low"));
        assert!(
            wrong.contains("line 3") && wrong.contains("\"low\""),
            "{wrong}"
        );
        let missing = message(&TEXT.replace("a [mm]", "b [mm]"));
        assert!(
            missing.contains("column 'a [mm]'") && missing.contains("b [mm]"),
            "{missing}"
        );
        let short = message(&TEXT.replace("2, 2.0, -4\n", ""));
        assert!(
            short.contains("design 2") && short.contains("a [mm] = 2"),
            "{short}"
        );
        assert!(message("\"a [mm]\",\"Freq [GHz]\",\"dB(S(1,1)) []\"\n").contains("no designs"));
    }
}
