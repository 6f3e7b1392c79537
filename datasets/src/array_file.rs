//! Named arrays with units and dimensions, written to one HDF5 file at once.
//!
//! A name with a `/` puts the array into a group. Units, names of dimensions and whatever else is
//! said of an array are text attributes, so that a plain HDF5 reader shows them.

use hdf5::types::VarLenUnicode;
use ndarray::ArrayD;
use std::collections::BTreeMap;
use std::path::Path;

use crate::arrays::reason;
use crate::{Error, Result, disk};

/// Level 1: float fields hardly shrink further, and it reads fast.
const DEFLATE: u8 = 1;

/// An array of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedArray {
    /// Name, with its group: `plane/ez_re`.
    pub name: String,
    /// Values.
    pub values: ArrayD<f64>,
    /// Names of the dimensions, slowest first, apart by spaces.
    pub dimensions: String,
    /// Unit; empty for a pure number.
    pub units: String,
    /// A line about it.
    pub long_name: String,
}

/// Writes the arrays and the texts about the whole; the file appears when it is complete.
///
/// # Errors
/// [`Error::Invalid`] for a value that is not finite; [`Error::Write`] when the file cannot be
/// written, e.g. as the disk is full.
pub fn write_arrays(
    path: &Path,
    arrays: &[NamedArray],
    attributes: &BTreeMap<String, String>,
) -> Result<()> {
    for array in arrays {
        if let Some(bad) = array.values.iter().find(|v| !v.is_finite()) {
            return Err(Error::invalid(&array.name, "finite numbers", bad));
        }
    }
    let bytes: usize = arrays.iter().map(|a| a.values.len() * 8).sum();
    let folder = path.parent().unwrap_or(Path::new("."));
    disk::require(folder, bytes as u64, path)?;
    let temporary = path.with_extension("h5.partial");
    write(&temporary, arrays, attributes).map_err(|e| {
        let _ = std::fs::remove_file(&temporary);
        Error::Write {
            path: path.to_path_buf(),
            reason: reason(&e),
        }
    })?;
    std::fs::rename(&temporary, path).map_err(|source| Error::Io {
        path: path.to_path_buf(),
        source,
    })
}

fn write(
    path: &Path,
    arrays: &[NamedArray],
    attributes: &BTreeMap<String, String>,
) -> hdf5::Result<()> {
    let file = create_file(path)?;
    for (name, text) in attributes {
        put_text(&file, name, text)?;
    }
    for array in arrays {
        if let Some((group, _)) = array.name.rsplit_once('/')
            && file.group(group).is_err()
        {
            file.create_group(group)?;
        }
        let large = array.values.len() > 4096;
        let builder = file.new_dataset_builder();
        // small arrays are not worth a filter
        let dataset = match large {
            true => builder
                .shuffle()
                .deflate(DEFLATE)
                .with_data(&array.values)
                .create(array.name.as_str())?,
            false => builder
                .with_data(&array.values)
                .create(array.name.as_str())?,
        };
        put_text(&dataset, "dimensions", &array.dimensions)?;
        put_text(
            &dataset,
            "units",
            if array.units.is_empty() {
                "1"
            } else {
                &array.units
            },
        )?;
        put_text(&dataset, "long_name", &array.long_name)?;
    }
    file.flush()?;
    file.close()
}

/// A new file without times in it, so that the same content has the same bytes.
pub(crate) fn create_file(path: &Path) -> hdf5::Result<hdf5::File> {
    let mut builder = hdf5::File::with_options();
    builder.fcpl().obj_track_times(false);
    builder.create(path)
}

/// A text attribute.
pub(crate) fn put_text(location: &hdf5::Location, name: &str, text: &str) -> hdf5::Result<()> {
    // HDF5 strings end at the first NUL
    let text: String = text.chars().filter(|c| *c != '\0').collect();
    let value: VarLenUnicode = text
        .parse()
        .map_err(|_| hdf5::Error::from("text with a NUL"))?;
    location
        .new_attr::<VarLenUnicode>()
        .create(name)?
        .write_scalar(&value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrays::read_array;

    #[test]
    fn what_is_written_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fields.h5");
        let array = |name: &str, shape: &[usize]| NamedArray {
            name: name.into(),
            values: ndarray::Array1::from_iter(
                (0..shape.iter().product()).map(|i: usize| i as f64),
            )
            .into_shape_with_order(shape)
            .unwrap(),
            dimensions: "y x".into(),
            units: "V/m".into(),
            long_name: "a field".into(),
        };
        let mut arrays = vec![array("x", &[5]), array("plane/ez", &[70, 80])];
        let about = BTreeMap::from([("title".to_string(), "test".to_string())]);
        write_arrays(&path, &arrays, &about).unwrap();
        let found = read_array(&path, "plane/ez", Some(&[Some(70), Some(80)])).unwrap();
        assert_eq!(found[[69, 79]], 5599.0);
        let text = crate::inspect::inspect(&path).unwrap().to_string();
        assert!(text.contains("plane/ez") && text.contains("V/m"), "{text}");
        arrays[0].values[[2]] = f64::NAN;
        let other = folder.path().join("other.h5");
        assert!(write_arrays(&other, &arrays, &about).is_err());
        assert!(!other.exists());
    }
}
