//! Tables of numbers over named dimensions as CF-1.11 NetCDF: scores, spectra, what is no field.
//!
//! A dimension has a coordinate (numbers that increase) or labels (texts, an auxiliary coordinate that
//! variables name in their `coordinates`: CF-1.11 section 6.1). Values are double, NaN where there
//! are none.

use ::netcdf::{FileMut, VariableMut};
use std::path::Path;

use super::read::library_error;
use crate::{Error, Result};

/// Attributes: name and value.
pub type Attributes = Vec<(String, String)>;

/// What is along a dimension.
#[derive(Clone, Debug, PartialEq)]
pub enum Along {
    /// Numbers that increase or decrease: a coordinate of the dimension's own name.
    Coordinate(Vec<f64>, Attributes),
    /// Texts: an auxiliary coordinate, `NAME_name`, with this description.
    Labels(Vec<String>, String),
}

/// A dimension of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableDimension {
    /// Its name.
    pub name: String,
    /// What is along it.
    pub along: Along,
}

impl TableDimension {
    /// Number of places.
    pub fn len(&self) -> usize {
        match &self.along {
            Along::Coordinate(values, _) => values.len(),
            Along::Labels(labels, _) => labels.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A variable of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableVariable {
    /// Its name: letters, digits and underscores.
    pub name: String,
    /// Names of its dimensions.
    pub dimensions: Vec<String>,
    /// Its values, the last dimension fastest; NaN where there are none.
    pub values: Vec<f64>,
    /// `long_name`, `units` and others; empty ones are left out.
    pub attributes: Attributes,
}

/// A file of tables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tables {
    /// Global attributes besides `Conventions`.
    pub attributes: Attributes,
    /// Dimensions.
    pub dimensions: Vec<TableDimension>,
    /// Variables.
    pub variables: Vec<TableVariable>,
}

impl Tables {
    /// Writes the file whole or not at all; one that is there is replaced. The same tables give the same
    /// bytes.
    ///
    /// # Errors
    /// [`Error::Shape`] for values that do not fill their dimensions, [`Error::Invalid`] for a dimension
    /// that is not there, [`Error::Write`] or [`Error::Io`] when the disk refuses.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        self.check()?;
        let io = |source| Error::Io {
            path: path.to_path_buf(),
            source,
        };
        let temporary = path.with_extension("nc.partial");
        // the library only says "permission denied" or "no such file": ask first
        std::fs::File::create(&temporary).map_err(io)?;
        if let Err(error) = self.define(&temporary) {
            let _ = std::fs::remove_file(&temporary);
            return Err(Error::Write {
                path: path.to_path_buf(),
                reason: library_error(path, &error).to_string(),
            });
        }
        std::fs::rename(&temporary, path).map_err(io)
    }

    fn dimension(&self, name: &str) -> Option<&TableDimension> {
        self.dimensions.iter().find(|d| d.name == name)
    }

    fn check(&self) -> Result<()> {
        for variable in &self.variables {
            let mut expected = 1;
            for name in &variable.dimensions {
                let dimension = self.dimension(name).ok_or_else(|| {
                    let known: Vec<&str> = self.dimensions.iter().map(|d| &*d.name).collect();
                    let what = format!("dimension of '{}'", variable.name);
                    Error::invalid(what, format!("one of {}", known.join(", ")), name)
                })?;
                expected *= dimension.len();
            }
            if variable.values.len() != expected {
                return Err(Error::Shape {
                    what: format!("values of '{}'", variable.name),
                    expected: expected.to_string(),
                    found: variable.values.len().to_string(),
                });
            }
        }
        Ok(())
    }

    fn define(&self, path: &Path) -> ::netcdf::Result<()> {
        let mut file: FileMut = ::netcdf::create(path)?;
        file.add_attribute("Conventions", "CF-1.11")?;
        for (name, value) in self
            .attributes
            .iter()
            .filter(|(_, value)| !value.is_empty())
        {
            // text attributes end at the first NUL
            file.add_attribute(name, value.replace('\0', " "))?;
        }
        for dimension in &self.dimensions {
            let name = &dimension.name;
            file.add_dimension(name, dimension.len())?;
            match &dimension.along {
                Along::Coordinate(values, pairs) => {
                    let mut variable = file.add_variable::<f64>(name, &[name])?;
                    attributes(&mut variable, pairs)?;
                    variable.put_values(values, ..)?;
                }
                Along::Labels(labels, description) => {
                    let own = format!("{name}_name");
                    let mut variable = file.add_string_variable(&own, &[name])?;
                    variable.put_attribute("long_name", description.as_str())?;
                    for (k, label) in labels.iter().enumerate() {
                        variable.put_string(label, [k])?;
                    }
                }
            }
        }
        for meant in &self.variables {
            let dimensions: Vec<&str> = meant.dimensions.iter().map(String::as_str).collect();
            let mut variable = file.add_variable::<f64>(&meant.name, &dimensions)?;
            variable.set_fill_value(f64::NAN)?;
            attributes(&mut variable, &meant.attributes)?;
            let labelled = |name: &&String| {
                let along = self.dimension(name).map(|d| &d.along);
                matches!(along, Some(Along::Labels(..)))
            };
            let labels = meant.dimensions.iter().filter(labelled);
            let labels: Vec<String> = labels.map(|name| format!("{name}_name")).collect();
            if !labels.is_empty() {
                variable.put_attribute("coordinates", labels.join(" "))?;
            }
            variable.put_values(&meant.values, ..)?;
        }
        file.close()
    }
}

fn attributes(variable: &mut VariableMut<'_>, pairs: &Attributes) -> ::netcdf::Result<()> {
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        variable.put_attribute(name, value.as_str())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> Tables {
        let pair = |a: &str, b: &str| (a.to_string(), b.to_string());
        Tables {
            attributes: vec![pair("title", "a test")],
            dimensions: vec![
                TableDimension {
                    name: "region".into(),
                    along: Along::Labels(vec!["globe".into(), "tropics".into()], "region".into()),
                },
                TableDimension {
                    name: "lead".into(),
                    along: Along::Coordinate(vec![6.0, 12.0, 24.0], vec![pair("units", "hours")]),
                },
            ],
            variables: vec![TableVariable {
                name: "rmse".into(),
                dimensions: vec!["region".into(), "lead".into()],
                values: vec![1.0, 2.0, 3.0, 4.0, f64::NAN, 6.0],
                attributes: vec![pair("units", "m")],
            }],
        }
    }

    #[test]
    fn tables_are_written_and_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scores.nc");
        tables().write(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        tables().write(&path).unwrap();
        assert!(bytes == std::fs::read(&path).unwrap(), "the same bytes");
        let file = ::netcdf::open(&path).unwrap();
        let rmse = file.variable("rmse").unwrap();
        let values: Vec<f64> = rmse.get_values(..).unwrap();
        assert!(values[3] == 4.0 && values[4].is_nan());
        let names = file.variable("region_name").unwrap();
        assert_eq!(names.get_string([1]).unwrap(), "tropics");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn tables_that_do_not_fit_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scores.nc");
        let mut short = tables();
        short.variables[0].values.pop();
        let message = short.write(&path).unwrap_err().to_string();
        assert!(
            message.contains("'rmse'") && message.contains('6'),
            "{message}"
        );
        let mut other = tables();
        other.variables[0].dimensions[0] = "regoin".into();
        let message = other.write(&path).unwrap_err().to_string();
        assert!(
            message.contains("region, lead") && message.contains("regoin"),
            "{message}"
        );
        let nowhere = folder.path().join("none/scores.nc");
        assert!(
            tables()
                .write(nowhere)
                .unwrap_err()
                .to_string()
                .contains("none")
        );
    }
}
