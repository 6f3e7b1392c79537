//! Plain arrays in HDF5 files, by the name of the dataset.

use ndarray::ArrayD;
use std::path::Path;

use crate::sniff::{FileKind, sniff};
use crate::{Error, Result};

/// Opens an HDF5 file to read.
///
/// # Errors
/// [`Error::Io`] if it cannot be opened, [`Error::Unreadable`] if it is not an
/// HDF5 file, is cut short or is damaged.
pub(crate) fn open_hdf5(path: &Path) -> Result<hdf5::File> {
    let kind = sniff(path)?;
    if kind != FileKind::Hdf5 {
        return Err(Error::Unreadable {
            path: path.to_path_buf(),
            expected: "an HDF5 file",
            found: kind.found().into(),
        });
    }
    hdf5::File::open(path).map_err(|e| damaged(path, &e))
}

/// An HDF5 error on reading.
pub(crate) fn damaged(path: &Path, error: &hdf5::Error) -> Error {
    Error::Unreadable {
        path: path.to_path_buf(),
        expected: "an HDF5 file",
        found: format!("it is cut short or damaged ({})", reason(error)),
    }
}

/// What HDF5 says, without its advice to report bugs; a full disk by its name.
pub(crate) fn reason(error: &hdf5::Error) -> String {
    let mut text = error.to_string();
    let innermost = error.stack().and_then(|stack| {
        let frame = stack.iter().find(|f| f.desc().contains("errno"))?;
        Some(frame.desc().to_string())
    });
    if let Some(cause) = innermost.filter(|cause| !text.contains(cause.as_str())) {
        text = format!("{text}; {cause}");
    }
    if text.contains("errno = 28") || text.contains("No space left") {
        return format!("no space left on the disk ({text})");
    }
    text
}

/// Reads dataset `name` (with groups, `a/b`), converting its numbers to f32.
/// `shape`, if given, is checked; `None` in it stands for any length.
///
/// # Errors
/// As for opening; [`Error::VariableMissing`] with the names present;
/// [`Error::Shape`] if the shape differs.
///
/// ```no_run
/// let x = curlwind_datasets::arrays::read_array("darcy.h5", "train_16/x", Some(&[None, Some(16), Some(16)]))?;
/// assert_eq!(x.ndim(), 3);
/// # Ok::<(), curlwind_datasets::Error>(())
/// ```
pub fn read_array(
    path: impl AsRef<Path>,
    name: &str,
    shape: Option<&[Option<usize>]>,
) -> Result<ArrayD<f32>> {
    let path = path.as_ref();
    let (_file, dataset) = dataset(path, name)?;
    let found = dataset.shape();
    if let Some(expected) = shape {
        let fits = expected.len() == found.len()
            && expected
                .iter()
                .zip(&found)
                .all(|(e, f)| e.is_none_or(|e| e == *f));
        if !fits {
            let text: Vec<String> = expected
                .iter()
                .map(|e| e.map_or("any".into(), |n| n.to_string()))
                .collect();
            return Err(Error::Shape {
                what: format!("{}: dataset '{name}'", path.display()),
                expected: format!("[{}]", text.join(", ")),
                found: format!("{found:?}"),
            });
        }
    }
    dataset.read_dyn::<f32>().map_err(|e| damaged(path, &e))
}

/// Reads dataset `name` as f64.
///
/// # Errors
/// As [`read_array`].
pub(crate) fn read_f64(path: &Path, name: &str) -> Result<ArrayD<f64>> {
    let (_file, dataset) = dataset(path, name)?;
    dataset.read_dyn::<f64>().map_err(|e| damaged(path, &e))
}

/// A dataset by its name, with the file that it is in.
fn dataset(path: &Path, name: &str) -> Result<(hdf5::File, hdf5::Dataset)> {
    let file = open_hdf5(path)?;
    let dataset = file.dataset(name).map_err(|_| {
        let present = dataset_names(&file, "");
        Error::VariableMissing {
            path: path.to_path_buf(),
            wanted: format!("'{name}'"),
            nearest: present
                .iter()
                .find(|p| p.ends_with(name) || p.eq_ignore_ascii_case(name))
                .cloned(),
            present: present.join(", "),
        }
    })?;
    Ok((file, dataset))
}

/// Names of all datasets below a group.
pub(crate) fn dataset_names(group: &hdf5::Group, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    let leaf = |full: String| full.rsplit('/').next().unwrap_or_default().to_string();
    for dataset in group.datasets().unwrap_or_default() {
        names.push(format!("{prefix}{}", leaf(dataset.name())));
    }
    for inner in group.groups().unwrap_or_default() {
        let prefix = format!("{prefix}{}/", leaf(inner.name()));
        names.extend(dataset_names(&inner, &prefix));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_by_name_with_their_shape_checked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.h5");
        {
            let file = hdf5::File::create(&path).unwrap();
            let group = file.create_group("train").unwrap();
            let data: Vec<f64> = (0..12).map(f64::from).collect();
            let array = ndarray::Array::from_shape_vec((3, 2, 2), data).unwrap();
            group
                .new_dataset_builder()
                .with_data(&array)
                .create("x")
                .unwrap();
        }
        let x = read_array(&path, "train/x", Some(&[None, Some(2), Some(2)])).unwrap();
        assert_eq!((x.shape(), x[[2, 1, 1]]), (&[3, 2, 2][..], 11.0));
        let message = read_array(&path, "train/x", Some(&[None, Some(4), Some(2)]))
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("[any, 4, 2]") && message.contains("[3, 2, 2]"),
            "{message}"
        );
        let message = read_array(&path, "x", None).unwrap_err().to_string();
        assert!(message.contains("'train/x'"), "{message}");
    }

    #[test]
    fn damaged_and_foreign_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let whole = folder.path().join("whole.h5");
        {
            let file = hdf5::File::create(&whole).unwrap();
            let data = ndarray::Array1::from_vec(vec![1.0f32; 10_000]);
            file.new_dataset_builder()
                .with_data(&data)
                .create("x")
                .unwrap();
        }
        let bytes = std::fs::read(&whole).unwrap();
        let cases: [(&str, &[u8]); 3] = [
            ("cut.h5", &bytes[..bytes.len() / 2]),
            ("empty.h5", b""),
            ("text.h5", b"not an array"),
        ];
        for (name, content) in cases {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            let message = read_array(&path, "x", None).unwrap_err().to_string();
            assert!(message.contains(name), "{message}");
        }
    }
}
