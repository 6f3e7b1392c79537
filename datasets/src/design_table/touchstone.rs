//! A folder of Touchstone files, each a design: its parameters are in `! name = value` lines.

use super::{DesignTable, Response};
use crate::touchstone::Network;
use crate::{Error, Result};
use ndarray::{Array2, Array3};
use std::path::{Path, PathBuf};

/// Name, value and unit of each parameter of a design.
type Measures = Vec<(String, f64, String)>;

impl DesignTable {
    /// Reads every Touchstone file in a folder and the folders in it, in the order of their names.
    ///
    /// # Errors
    /// [`Error::Io`]; what [`Network::read`] refuses; [`Error::Unreadable`] when there is none, or
    /// one has other parameters, units, frequencies or ports than the first.
    pub fn touchstone(folder: &Path) -> Result<Self> {
        let mut files = Vec::new();
        collect(folder, &mut files)?;
        files.sort();
        let refuse = |path: &Path, found: String| Error::Unreadable {
            path: path.to_path_buf(),
            expected: "Touchstone files of designs with `! name = value` lines",
            found,
        };
        let mut designs: Vec<(Measures, Network)> = Vec::new();
        for file in &files {
            let network = Network::read(file)?;
            let mut values = Vec::new();
            for (name, text) in &network.variables {
                let Some((value, unit)) = measure(text) else {
                    return Err(refuse(
                        file,
                        format!("`{name} = {text}` begins with no number"),
                    ));
                };
                values.push((name.clone(), value, unit));
            }
            if let Some((first, about)) = designs.first() {
                let same = first.len() == values.len()
                    && first
                        .iter()
                        .zip(&values)
                        .all(|(a, b)| a.0 == b.0 && a.2 == b.2);
                if !same {
                    return Err(refuse(
                        file,
                        format!("other parameters or units than {}", files[0].display()),
                    ));
                }
                if about.frequencies != network.frequencies || about.ports() != network.ports() {
                    return Err(refuse(
                        file,
                        format!("other frequencies or ports than {}", files[0].display()),
                    ));
                }
            }
            designs.push((values, network));
        }
        let Some((values, about)) = designs.first() else {
            return Err(refuse(folder, "the folder has none".into()));
        };
        let ports = about.ports();
        let port_pairs: Vec<[usize; 2]> = (1..=ports)
            .flat_map(|i| (1..=ports).map(move |j| [i, j]))
            .collect();
        let frequencies = about.frequencies.clone();
        Self {
            names: values.iter().map(|v| v.0.clone()).collect(),
            units: values.iter().map(|v| v.2.clone()).collect(),
            parameters: Array2::from_shape_fn((designs.len(), values.len()), |(d, p)| {
                designs[d].0[p].1
            }),
            response: Response::Complex(Array3::from_shape_fn(
                (designs.len(), port_pairs.len(), frequencies.len()),
                |(d, p, f)| {
                    let [i, j] = port_pairs[p];
                    designs[d].1.s[[f, i - 1, j - 1]]
                },
            )),
            port_pairs,
            frequencies,
        }
        .checked(folder)
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let io = |source| Error::Io {
        path: folder.to_path_buf(),
        source,
    };
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let ending = ending.to_ascii_lowercase();
        let digits = ending.strip_prefix('s').and_then(|e| e.strip_suffix('p'));
        if path.is_dir() {
            collect(&path, files)?;
        } else if digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit())) {
            files.push(path);
        }
    }
    Ok(())
}

/// `58 mm`: 58 and `mm`.
fn measure(text: &str) -> Option<(f64, String)> {
    let text = text.trim();
    let (number, unit) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    Some((number.parse().ok()?, unit.trim().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_complex::Complex64;

    fn write(folder: &Path, name: &str, length: &str, s: f64) {
        let s = Array3::from_elem((2, 1, 1), Complex64::new(s, 0.25));
        let mut network = Network::new(vec![1e9, 2e9], s, 50.0).expect("network");
        network.variables.push(("length".into(), length.into()));
        std::fs::create_dir_all(folder).expect("folder");
        network.write(&folder.join(name)).expect("written");
    }

    #[test]
    fn a_folder_is_a_table() {
        let folder = tempfile::tempdir().expect("folder");
        write(&folder.path().join("b"), "x.s1p", "62 mm", 0.5);
        write(&folder.path().join("a"), "x.s1p", "58 mm", -0.5);
        let table = DesignTable::touchstone(folder.path()).expect("table");
        assert_eq!(table.parameters, ndarray::array![[58.0], [62.0]]);
        assert_eq!(
            (table.names[0].as_str(), table.units[0].as_str()),
            ("length", "mm")
        );
        let Response::Complex(s) = &table.response else {
            panic!("complex");
        };
        assert_eq!(s[[1, 0, 1]], Complex64::new(0.5, 0.25));
        write(&folder.path().join("c"), "x.s1p", "6.3 cm", 0.5);
        let message = DesignTable::touchstone(folder.path()).expect_err("refused");
        assert!(message.to_string().contains("other parameters or units"));
    }

    #[test]
    fn an_empty_folder_is_refused() {
        let folder = tempfile::tempdir().expect("folder");
        let message = DesignTable::touchstone(folder.path()).expect_err("refused");
        assert!(message.to_string().contains("has none"));
    }
}
