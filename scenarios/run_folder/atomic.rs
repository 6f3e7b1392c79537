//! Writes that a killed process or a full disk cannot leave half done, and hashes of
//! files.
//!
//! A file is written beside its place, flushed to the disk and renamed over the old one;
//! then the folder's entry is flushed. Whoever reads sees the old or the new file, whole.

use super::RunError;
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Replaces the file at `path` by `contents`, or leaves it as it was.
///
/// # Errors
/// The folder cannot be written or the disk is full.
pub fn write_atomically(path: &Path, contents: &[u8]) -> Result<(), RunError> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = File::create(&part).and_then(|mut file| {
        file.write_all(contents)?;
        file.sync_all()?;
        fs::rename(&part, path)
    });
    if let Err(reason) = written {
        // The error that matters is the write's, not that of tidying up after it.
        let _ = fs::remove_file(&part);
        return Err(RunError::io("write", path, reason));
    }
    // Not every file system can flush a folder; the rename itself has succeeded.
    #[cfg(unix)]
    if let Some(Ok(folder)) = path.parent().map(File::open) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// SHA-256 of a file in lower-case hexadecimal, read in pieces.
///
/// # Errors
/// The file cannot be read.
pub fn sha256_file(path: &Path) -> Result<String, RunError> {
    let fail = |reason| RunError::io("read", path, reason);
    let mut file = File::open(path).map_err(fail)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer).map_err(fail)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
    }
    Ok(hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// A file of JSON values, one a line, that grows as a run goes on.
#[derive(Debug)]
pub struct JsonLines {
    path: PathBuf,
    file: File,
}

impl JsonLines {
    /// Opens the file for appending. A last line that a killed process left unfinished
    /// is cut off, so that every line that remains is whole.
    ///
    /// # Errors
    /// The file cannot be opened or written.
    pub fn append(path: &Path) -> Result<Self, RunError> {
        let fail = |reason| RunError::io("write", path, reason);
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(path)
            .map_err(fail)?;
        let whole = whole_lines(&mut file).map_err(fail)?;
        file.set_len(whole).map_err(fail)?;
        file.seek(SeekFrom::End(0)).map_err(fail)?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
        })
    }

    /// Appends one value as one line, in one write.
    ///
    /// # Errors
    /// The value is no JSON, or the disk is full.
    pub fn push<T: serde::Serialize>(&mut self, value: &T) -> Result<(), RunError> {
        let mut line = serde_json::to_vec(value).map_err(RunError::Configuration)?;
        line.push(b'\n');
        self.file
            .write_all(&line)
            .map_err(|reason| RunError::io("write", &self.path, reason))
    }

    /// Reads every whole line of a file.
    ///
    /// # Errors
    /// The file cannot be read, or a line is not the type asked for.
    pub fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>, RunError> {
        let text = fs::read_to_string(path).map_err(|reason| RunError::io("read", path, reason))?;
        let whole = text.rfind('\n').map_or(0, |at| at + 1);
        text[..whole]
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(at, line)| {
                serde_json::from_str(line).map_err(|error| RunError::Invalid {
                    path: path.to_path_buf(),
                    message: format!("line {}: {error}", at + 1),
                })
            })
            .collect()
    }
}

/// The length in bytes up to the end of the last finished line.
fn whole_lines(file: &mut File) -> std::io::Result<u64> {
    let mut reader = BufReader::new(file);
    let (mut whole, mut line) = (0, Vec::new());
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if read == 0 || line.last() != Some(&b'\n') {
            return Ok(whole);
        }
        whole += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_replaces_the_whole_file_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_atomically(&path, b"long old contents").unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let missing = write_atomically(&folder.path().join("none/a.json"), b"x").unwrap_err();
        assert!(missing.to_string().contains("cannot write"), "{missing}");
    }

    #[test]
    fn a_full_disk_is_told_apart() {
        // /dev/full takes every open and refuses every write for want of space.
        let full = Path::new("/dev/full");
        if !full.exists() {
            return;
        }
        let mut lines = JsonLines {
            path: full.to_path_buf(),
            file: OpenOptions::new().write(true).open(full).unwrap(),
        };
        let error = lines.push(&1).unwrap_err();
        assert!(matches!(error, RunError::DiskFull(_)), "{error}");
        assert!(error.to_string().contains("the disk is full"), "{error}");
    }

    #[test]
    fn hashes_are_those_of_the_standard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        fs::write(&path, "abc").unwrap();
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_file(&path).unwrap(), expected);
    }

    #[test]
    fn lines_survive_a_cut_off_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.jsonl");
        JsonLines::append(&path).unwrap().push(&1).unwrap();
        OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"{\"lo")
            .unwrap();
        assert_eq!(JsonLines::read::<i32>(&path).unwrap(), [1]);
        JsonLines::append(&path).unwrap().push(&2).unwrap();
        assert_eq!(JsonLines::read::<i32>(&path).unwrap(), [1, 2]);
    }
}
