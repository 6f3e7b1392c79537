//! What kind of file this is, from its first bytes.
//!
//! Signatures: HDF5 file format specification III.A; NetCDF classic format
//! specification; safetensors header (u64 length, then JSON). Touchstone has
//! none, so its file name and option line decide.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::{Error, Result};

/// Kinds told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Hdf5,
    NetcdfClassic,
    Safetensors,
    Touchstone,
    Json,
    Empty,
    Unknown,
}

impl FileKind {
    /// As the end of "expected a NetCDF file, but ...".
    pub(crate) fn found(self) -> &'static str {
        match self {
            Self::Hdf5 => "it is an HDF5 file",
            Self::NetcdfClassic => "it is a NetCDF classic file",
            Self::Safetensors => "it is a safetensors file",
            Self::Touchstone => "it is a Touchstone file",
            Self::Json => "it is a JSON file",
            Self::Empty => "it is empty (0 bytes)",
            Self::Unknown => "its first bytes are of no format known here",
        }
    }
}

/// Reads the first bytes of a file.
///
/// # Errors
/// [`Error::Io`] if it cannot be opened or is a folder.
pub(crate) fn sniff(path: &Path) -> Result<FileKind> {
    let io = |source| Error::Io {
        path: path.to_path_buf(),
        source,
    };
    if path.is_dir() {
        return Err(io(std::io::Error::new(
            ErrorKind::IsADirectory,
            "is a folder, not a file",
        )));
    }
    let mut file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let mut head = Vec::with_capacity(4096);
    Read::by_ref(&mut file)
        .take(4096)
        .read_to_end(&mut head)
        .map_err(io)?;
    Ok(classify(path, &head, length))
}

fn classify(path: &Path, head: &[u8], length: u64) -> FileKind {
    if head.is_empty() {
        return FileKind::Empty;
    }
    // a user block may push the HDF5 signature to 512, 1024, 2048
    let signature = b"\x89HDF\r\n\x1a\n";
    if [0, 512, 1024, 2048]
        .iter()
        .any(|&at| head.get(at..at + 8) == Some(signature))
    {
        return FileKind::Hdf5;
    }
    if matches!(head, [b'C', b'D', b'F', 1 | 2 | 5, ..]) {
        return FileKind::NetcdfClassic;
    }
    if let [a, b, c, d, e, f, g, h, b'{', ..] = *head
        && u64::from_le_bytes([a, b, c, d, e, f, g, h]) < length
    {
        return FileKind::Safetensors;
    }
    let extension = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let ports = extension
        .strip_prefix('s')
        .and_then(|s| s.strip_suffix('p'));
    let text = String::from_utf8_lossy(head);
    let option_line = text.lines().any(|line| {
        let line = line.trim_start().to_uppercase();
        line.starts_with('#') && line.contains("HZ")
    });
    if option_line || ports.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    {
        return FileKind::Touchstone;
    }
    match text.trim_start().chars().next() {
        Some('{' | '[') => FileKind::Json,
        _ => FileKind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures() {
        let kind = |name: &str, head: &[u8]| classify(Path::new(name), head, 1000);
        assert_eq!(kind("a", b""), FileKind::Empty);
        assert_eq!(kind("a", b"\x89HDF\r\n\x1a\n..."), FileKind::Hdf5);
        assert_eq!(kind("a.nc", b"CDF\x02...."), FileKind::NetcdfClassic);
        assert_eq!(
            kind("a", b"\x10\0\0\0\0\0\0\0{\"w\":"),
            FileKind::Safetensors
        );
        assert_eq!(kind("a.s2p", b"! made by"), FileKind::Touchstone);
        assert_eq!(
            kind("a.txt", b"! x\n# GHz S RI R 50\n"),
            FileKind::Touchstone
        );
        assert_eq!(kind("a.txt", b"hello"), FileKind::Unknown);
        assert_eq!(kind("a.snp", b"hello"), FileKind::Unknown);
    }

    #[test]
    fn a_missing_file_is_named() {
        let message = sniff(Path::new("/no/such.nc")).unwrap_err().to_string();
        assert!(message.contains("/no/such.nc"), "{message}");
    }
}
