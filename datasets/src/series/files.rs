//! From patterns to files.

use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// The files that patterns such as `era5/*.nc` or `data/**/z_????.nc` stand for, relative ones from
/// `base`; sorted, none twice.
///
/// # Errors
/// [`Error::Invalid`] for a pattern that is none or finds nothing; [`Error::Io`] for a folder that
/// cannot be read.
pub fn expand(patterns: &[String], base: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for pattern in patterns {
        let full = base.join(pattern);
        let text = full.to_string_lossy();
        let paths = glob::glob(&text)
            .map_err(|e| Error::invalid("files", "a path or a pattern such as era5/*.nc", e))?;
        let before = files.len();
        for path in paths {
            let path = path.map_err(|e| Error::Io {
                path: e.path().to_path_buf(),
                source: std::io::Error::new(e.error().kind(), e.error().to_string()),
            })?;
            if path.is_file() {
                files.push(path);
            }
        }
        if files.len() == before {
            let expected = "a path or a pattern that files answer to";
            return Err(Error::invalid("files", expected, format!("`{text}`: none")));
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_find_files_once() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.nc", "a.nc", "c.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let all = expand(&["*.nc".into(), "a.*".into()], folder.path()).unwrap();
        let names: Vec<_> = all.iter().map(|p| p.file_name().unwrap()).collect();
        assert_eq!(names, ["a.nc", "b.nc"]);
        for bad in ["*.grib", "[", "none/a.nc"] {
            let error = expand(&[bad.into()], folder.path()).unwrap_err();
            assert!(error.to_string().starts_with("files"), "{error}");
        }
    }
}
