//! Arrays of designs `[design, parameter]`, frequencies and responses `[design, frequency]`.

use super::{Columns, DesignTable, Response, ResponseColumns};
use crate::arrays::read_f64;
use crate::{Error, Result};
use ndarray::{Array2, Axis, Ix1, Ix2};
use num_complex::Complex64;
use std::path::Path;

impl DesignTable {
    /// Reads arrays of an HDF5 file.
    ///
    /// # Errors
    /// As [`crate::arrays::read_array`]; [`Error::Shape`] when the arrays do not belong together;
    /// [`Error::Unreadable`] for values that are no numbers.
    pub fn hdf5(path: &Path, columns: &Columns) -> Result<Self> {
        let matrix = |name: &str| -> Result<Array2<f64>> {
            let values = read_f64(path, name)?;
            let found = format!("{:?}", values.shape());
            values
                .into_dimensionality::<Ix2>()
                .map_err(|_| shape(path, name, "two dimensions".into(), found))
        };
        let parameters = matrix(&columns.design)?;
        let (designs, count) = parameters.dim();
        if count != columns.parameters.len() {
            return Err(shape(
                path,
                &columns.design,
                format!(
                    "[designs, {}]: a column for each name",
                    columns.parameters.len()
                ),
                format!("[{designs}, {count}]"),
            ));
        }
        let frequencies = read_f64(path, &columns.frequency)?;
        let found = format!("{:?}", frequencies.shape());
        let frequencies = frequencies
            .into_dimensionality::<Ix1>()
            .map_err(|_| shape(path, &columns.frequency, "one dimension".into(), found))?;
        let values = |name: &str| -> Result<Array2<f64>> {
            let values = matrix(name)?;
            let expected = (designs, frequencies.len());
            match values.dim() == expected {
                true => Ok(values),
                false => Err(shape(
                    path,
                    name,
                    format!("[{}, {}]", expected.0, expected.1),
                    format!("{:?}", values.shape()),
                )),
            }
        };
        let response = match &columns.response {
            ResponseColumns::Decibel(name) => Response::Decibel(values(name)?.insert_axis(Axis(1))),
            ResponseColumns::Complex(re, im) => {
                let (re, im) = (values(re)?, values(im)?);
                let both = ndarray::Zip::from(&re)
                    .and(&im)
                    .map_collect(|re, im| Complex64::new(*re, *im));
                Response::Complex(both.insert_axis(Axis(1)))
            }
        };
        Self {
            names: columns.parameters.clone(),
            units: vec![String::new(); count],
            parameters,
            port_pairs: vec![[1, 1]],
            frequencies: frequencies.iter().map(|f| f * columns.hertz).collect(),
            response,
        }
        .checked(path)
    }
}

fn shape(path: &Path, name: &str, expected: String, found: String) -> Error {
    Error::Shape {
        what: format!("{}: dataset '{name}'", path.display()),
        expected,
        found,
    }
}
