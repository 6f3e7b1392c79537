//! State dicts of PyTorch, as `torch.save(model.state_dict(), file)` writes them.
//!
//! Such a file is a zip archive with a pickle, `*/data.pkl`, of an ordered dictionary of tensors, and
//! the bytes of each storage, `*/data/KEY`. A pickle is a program that may call any Python function;
//! here only what makes up plain tensors is understood, a call of anything else is refused by name and
//! nothing is executed. neuraloperator's notes on a model, `_metadata`, which may name functions, are
//! passed over.

mod numbers;
mod objects;
mod pickle;

use crate::error::{Error, Result};
use crate::weights::NamedTensors;
use objects::Value;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use zip::ZipArchive;

/// How a zip archive begins.
const ARCHIVE: &[u8] = b"PK\x03\x04";
/// How files of PyTorch before version 1.6 begin: the pickle of a magic number.
const LEGACY: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";

/// Whether a file begins like one that `torch.save` has written, in the present or the old format.
///
/// # Errors
/// When it cannot be read.
pub fn recognise(file: &Path) -> Result<bool> {
    let start = beginning(file)?;
    Ok(start.starts_with(ARCHIVE) || start.starts_with(LEGACY))
}

/// Reads a state dict. Numbers of all types become f32; complex tensors get a last axis of two.
///
/// # Errors
/// When the file is unreadable, no such archive, of the format before PyTorch 1.6, damaged, or holds
/// anything but tensors (which is named).
pub fn read(file: &Path) -> Result<NamedTensors> {
    let corrupt = |reason: String| Error::Corrupt {
        file: file.to_owned(),
        kind: "PyTorch state dict",
        reason,
    };
    if beginning(file)?.starts_with(LEGACY) {
        return Err(corrupt(
            "expected the zip archive that PyTorch writes since version 1.6, found the older format: \
             load it there and save it again"
                .into(),
        ));
    }
    let handle = File::open(file).map_err(|e| Error::io(file, e))?;
    let archive = ZipArchive::new(BufReader::new(handle));
    let archive = archive.map_err(|e| corrupt(format!("not a whole zip archive: {e}")))?;
    tensors(archive).map_err(corrupt)
}

/// The first bytes, fewer where the file has fewer.
fn beginning(file: &Path) -> Result<Vec<u8>> {
    let mut start = Vec::new();
    File::open(file)
        .and_then(|handle| handle.take(LEGACY.len() as u64).read_to_end(&mut start))
        .map_err(|e| Error::io(file, e))?;
    Ok(start)
}

fn tensors(mut archive: ZipArchive<BufReader<File>>) -> Result<NamedTensors, String> {
    let root = archive
        .file_names()
        .flatten()
        .filter_map(|name| name.strip_suffix("data.pkl").map(str::to_owned))
        .find(|root| root.is_empty() || root.ends_with('/'))
        .ok_or("the archive has no `data.pkl`")?;
    let order = format!("{root}byteorder");
    if archive.index_for_name(&order).is_some() && entry(&mut archive, &order)? != b"little" {
        return Err("expected little-endian numbers".into());
    }
    let pickle = pickle::load(&entry(&mut archive, &format!("{root}data.pkl"))?)?;
    let Value::Dict(dictionary) = pickle.root else {
        let found = pickle.root.kind();
        return Err(format!("expected a dictionary of tensors, found {found}"));
    };
    let mut tensors = NamedTensors::new();
    for pair in pickle.collections.items(dictionary).chunks_exact(2) {
        match pair {
            // Notes on the model by neuraloperator, no tensor.
            [Value::Text(name), Value::Dict(_)] if &**name == "_metadata" => {}
            [Value::Text(name), Value::Tensor(view)] => {
                let storage = &view.storage;
                let bytes = entry(&mut archive, &format!("{root}data/{}", storage.key));
                let values = bytes
                    .and_then(|bytes| view.gather(&bytes))
                    .map_err(|reason| format!("tensor `{name}`: {reason}"))?;
                let mut shape = view.sizes.clone();
                if storage.element.is_complex() {
                    shape.push(2);
                }
                tensors.insert(name.to_string(), (shape, values));
            }
            [Value::Text(name), other] => {
                return Err(format!(
                    "`{name}`: expected a tensor, found {}; save model.state_dict() alone",
                    other.kind()
                ));
            }
            _ => {
                let found = pair.first().map_or_else(String::new, Value::kind);
                return Err(format!("expected names of tensors, found {found}"));
            }
        }
    }
    Ok(tensors)
}

/// The bytes of an entry of the archive.
fn entry(archive: &mut ZipArchive<BufReader<File>>, name: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut entry = archive
        .by_name(name)
        .map_err(|e| format!("entry `{name}` of the archive: {e}"))?;
    entry
        .read_to_end(&mut bytes)
        .map_err(|e| format!("entry `{name}` of the archive: {e}"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
