//! What a file holds: kind, dimensions, variables, units, attributes.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::arrays::open_hdf5;
use crate::netcdf::attributes;
use crate::netcdf::read::guarded;
use crate::simulations::{Kind, Simulations};
use crate::sniff::{FileKind, sniff};
use crate::{Error, Result};

/// A variable, dataset or tensor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VariableDescription {
    /// Name, with its groups.
    pub name: String,
    /// Element type: "f32", "i16", "text".
    pub element: String,
    /// `(dimension name, length)`; HDF5 dimensions have no names.
    pub dimensions: Vec<(String, usize)>,
    /// Unit.
    pub units: Option<String>,
    /// Attributes, as text.
    pub attributes: BTreeMap<String, String>,
}

/// A file described.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Description {
    /// The file.
    pub path: PathBuf,
    /// "NetCDF-4", "NetCDF classic", "HDF5" (with the layout of simulations where it is one known
    /// here: "HDF5, PDEBench"), "safetensors", "Touchstone", "training store", "JSON" or "unknown".
    pub kind: String,
    /// Size in bytes (of a store: of all its files).
    pub bytes: u64,
    /// Dimensions of a NetCDF file or store.
    pub dimensions: Vec<(String, usize)>,
    /// Variables, datasets or channels.
    pub variables: Vec<VariableDescription>,
    /// Global attributes.
    pub attributes: BTreeMap<String, String>,
}

/// Describes a file, or the folder of a training store.
///
/// # Errors
/// [`Error::Io`] if it cannot be opened, [`Error::Unreadable`] if it begins like
/// a NetCDF or HDF5 file but is damaged, or is empty.
pub fn inspect(path: impl AsRef<Path>) -> Result<Description> {
    let path = path.as_ref();
    if crate::store::is_store(path) {
        return store(path);
    }
    if crate::samples::is_store(path) {
        return samples(path);
    }
    let mut description = Description {
        path: path.to_path_buf(),
        kind: "unknown".into(),
        bytes: 0,
        dimensions: Vec::new(),
        variables: Vec::new(),
        attributes: BTreeMap::new(),
    };
    let kind = sniff(path)?;
    description.bytes = std::fs::metadata(path).map_or(0, |m| m.len());
    match kind {
        FileKind::Empty => {
            return Err(Error::Unreadable {
                path: path.to_path_buf(),
                expected: "a file with content",
                found: kind.found().into(),
            });
        }
        FileKind::NetcdfClassic => {
            description.kind = "NetCDF classic".into();
            guarded(path, || netcdf(path, &mut description))?;
        }
        FileKind::Hdf5 => {
            let file = open_hdf5(path)?;
            if is_netcdf4(&file) {
                drop(file);
                description.kind = "NetCDF-4".into();
                guarded(path, || netcdf(path, &mut description))?;
            } else {
                description.attributes = hdf5_attributes(&file);
                description.kind = match Kind::of(&file) {
                    Some(kind) => format!("HDF5, {}", kind.name()),
                    None => "HDF5".into(),
                };
                if let Ok(found) = Simulations::open(path, None) {
                    let summary = found.summary();
                    description.attributes.insert("simulations".into(), summary);
                }
                hdf5_group(&file, "", &mut description.variables);
            }
        }
        FileKind::Safetensors => {
            description.kind = "safetensors".into();
            safetensors(path, &mut description);
        }
        FileKind::Touchstone => {
            description.kind = "Touchstone".into();
            touchstone(path, &mut description);
        }
        FileKind::Json => description.kind = "JSON".into(),
        FileKind::Unknown => {}
    }
    Ok(description)
}

/// A folder of training pairs.
fn samples(path: &Path) -> Result<Description> {
    let store = crate::samples::SampleStore::open(path)?;
    let layout = store.layout();
    let dimensions = vec![
        ("sample".to_string(), store.complete().len()),
        ("y".to_string(), layout.y.len()),
        ("x".to_string(), layout.x.len()),
    ];
    let variable = |channel: &crate::store::Channel| VariableDescription {
        name: channel.name.clone(),
        element: "f32".into(),
        dimensions: dimensions.clone(),
        units: Some(channel.units.clone()),
        attributes: BTreeMap::new(),
    };
    let mut attributes = layout.attributes.clone();
    attributes.insert("samples when complete".into(), layout.samples.to_string());
    attributes.insert("fingerprint".into(), layout.fingerprint.clone());
    let files = std::fs::read_dir(path).into_iter().flatten().flatten();
    let sizes = files.filter_map(|f| f.metadata().ok()).map(|m| m.len());
    Ok(Description {
        path: path.to_path_buf(),
        kind: "store of training pairs".into(),
        bytes: sizes.sum(),
        variables: layout.channels.iter().map(variable).collect(),
        dimensions,
        attributes,
    })
}

/// The library marks its files; others write dimension scales or Conventions.
fn is_netcdf4(file: &hdf5::File) -> bool {
    file.attr("_NCProperties").is_ok()
        || file.attr("Conventions").is_ok()
        || file
            .datasets()
            .unwrap_or_default()
            .iter()
            .any(|d| d.attr("CLASS").is_ok() && d.attr("NAME").is_ok())
}

fn netcdf(path: &Path, description: &mut Description) -> Result<()> {
    let file = ::netcdf::open(path).map_err(|e| Error::Unreadable {
        path: path.to_path_buf(),
        expected: "a NetCDF file",
        found: format!("it is cut short or damaged ({e})"),
    })?;
    description.dimensions = file.dimensions().map(|d| (d.name(), d.len())).collect();
    description.attributes = file
        .attributes()
        .filter_map(|a| Some((a.name().to_string(), attributes::text(&a.value().ok()?))))
        .collect();
    description.variables = file
        .variables()
        .map(|v| {
            let mut texts: BTreeMap<String, String> = v
                .attributes()
                .filter_map(|a| Some((a.name().to_string(), attributes::text(&a.value().ok()?))))
                .collect();
            VariableDescription {
                name: v.name(),
                element: element(&v.vartype()),
                dimensions: v.dimensions().iter().map(|d| (d.name(), d.len())).collect(),
                units: texts.remove("units"),
                attributes: texts,
            }
        })
        .collect();
    Ok(())
}

fn element(kind: &::netcdf::types::NcVariableType) -> String {
    use ::netcdf::types::{FloatType, IntType, NcVariableType};
    match kind {
        NcVariableType::Float(FloatType::F32) => "f32".into(),
        NcVariableType::Float(FloatType::F64) => "f64".into(),
        NcVariableType::Int(int) => match int {
            IntType::U8 => "u8",
            IntType::U16 => "u16",
            IntType::U32 => "u32",
            IntType::U64 => "u64",
            IntType::I8 => "i8",
            IntType::I16 => "i16",
            IntType::I32 => "i32",
            IntType::I64 => "i64",
        }
        .into(),
        NcVariableType::String | NcVariableType::Char => "text".into(),
        _ => "compound".into(),
    }
}

fn hdf5_group(group: &hdf5::Group, prefix: &str, into: &mut Vec<VariableDescription>) {
    let leaf = |full: String| full.rsplit('/').next().unwrap_or_default().to_string();
    for dataset in group.datasets().unwrap_or_default() {
        let mut texts = hdf5_attributes(&dataset);
        into.push(VariableDescription {
            name: format!("{prefix}{}", leaf(dataset.name())),
            element: dataset
                .dtype()
                .and_then(|t| t.to_descriptor())
                .map_or("unknown".into(), |t| hdf5_element(&t)),
            dimensions: dataset
                .shape()
                .into_iter()
                .map(|n| (String::new(), n))
                .collect(),
            units: texts.remove("units"),
            attributes: texts,
        });
    }
    for inner in group.groups().unwrap_or_default() {
        let prefix = format!("{prefix}{}/", leaf(inner.name()));
        hdf5_group(&inner, &prefix, into);
    }
}

fn hdf5_element(descriptor: &hdf5::types::TypeDescriptor) -> String {
    use hdf5::types::TypeDescriptor as T;
    match descriptor {
        T::Integer(size) => format!("i{}", 8 * (*size as usize)),
        T::Unsigned(size) => format!("u{}", 8 * (*size as usize)),
        T::Float(size) => format!("f{}", 8 * (*size as usize)),
        T::Boolean => "bool".into(),
        T::FixedAscii(_) | T::FixedUnicode(_) | T::VarLenAscii | T::VarLenUnicode => "text".into(),
        T::Compound(_) => "compound".into(),
        _ => "other".into(),
    }
}

/// Attributes of an HDF5 object that are text or numbers.
pub(crate) fn hdf5_attributes(location: &hdf5::Location) -> BTreeMap<String, String> {
    location
        .attr_names()
        .unwrap_or_default()
        .into_iter()
        .filter_map(|name| {
            let value = hdf5_attribute_text(&location.attr(&name).ok()?)?;
            Some((name, value))
        })
        .collect()
}

/// An attribute as text; `None` if it is neither text nor numbers.
pub(crate) fn hdf5_attribute_text(attribute: &hdf5::Attribute) -> Option<String> {
    use hdf5::types::{FixedAscii, FixedUnicode, TypeDescriptor as T, VarLenAscii, VarLenUnicode};
    fn join<V: std::fmt::Display>(values: Vec<V>) -> String {
        let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
        texts.join(", ")
    }
    match attribute.dtype().ok()?.to_descriptor().ok()? {
        T::Integer(_) => attribute.read_raw::<i64>().ok().map(join),
        T::Unsigned(_) => attribute.read_raw::<u64>().ok().map(join),
        T::Float(_) => attribute.read_raw::<f64>().ok().map(join),
        T::Boolean => attribute.read_raw::<bool>().ok().map(join),
        T::VarLenUnicode => attribute.read_raw::<VarLenUnicode>().ok().map(join),
        T::VarLenAscii => attribute.read_raw::<VarLenAscii>().ok().map(join),
        T::FixedAscii(n) if n <= 4096 => attribute.read_raw::<FixedAscii<4096>>().ok().map(join),
        T::FixedUnicode(n) if n <= 4096 => {
            attribute.read_raw::<FixedUnicode<4096>>().ok().map(join)
        }
        _ => None,
    }
}

/// Tensors by the JSON header.
fn safetensors(path: &Path, description: &mut Description) {
    use std::io::Read;
    let header = || -> Option<serde_json::Value> {
        let mut file = std::fs::File::open(path).ok()?;
        let mut length = [0; 8];
        file.read_exact(&mut length).ok()?;
        let length = u64::from_le_bytes(length).min(64 << 20);
        let mut text = Vec::new();
        file.take(length).read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    };
    let Some(serde_json::Value::Object(entries)) = header() else {
        return;
    };
    for (name, entry) in entries {
        if name == "__metadata__" {
            for (key, value) in entry.as_object().into_iter().flatten() {
                let text = value.as_str().map_or(value.to_string(), String::from);
                description.attributes.insert(key.clone(), text);
            }
            continue;
        }
        let lengths = entry["shape"].as_array().cloned().unwrap_or_default();
        description.variables.push(VariableDescription {
            name,
            element: entry["dtype"].as_str().unwrap_or("unknown").to_lowercase(),
            dimensions: lengths
                .iter()
                .map(|n| (String::new(), n.as_u64().unwrap_or(0) as usize))
                .collect(),
            units: None,
            attributes: BTreeMap::new(),
        });
    }
}

/// The option line and the opening comments.
fn touchstone(path: &Path, description: &mut Description) {
    use std::io::{BufRead, BufReader};
    let Ok(file) = std::fs::File::open(path) else {
        return;
    };
    for line in BufReader::new(file)
        .lines()
        .map_while(std::result::Result::ok)
        .take(100)
    {
        if let Some(options) = line.trim().strip_prefix('#') {
            let text = options.trim().to_string();
            description.attributes.insert("options".into(), text);
            break;
        }
    }
}

fn store(path: &Path) -> Result<Description> {
    let store = crate::store::Store::open(path)?;
    let layout = store.layout();
    let files = std::fs::read_dir(path).into_iter().flatten().flatten();
    let bytes = files
        .filter_map(|f| f.metadata().ok())
        .map(|m| m.len())
        .sum();
    let [rows, columns] = layout.grid.coordinates();
    let dimensions = vec![
        ("trajectory".to_string(), layout.trajectories),
        ("time".to_string(), layout.steps),
        ("channel".to_string(), layout.channels.len()),
        (rows.0.to_string(), rows.2.len()),
        (columns.0.to_string(), columns.2.len()),
    ];
    let mut attributes = layout.attributes.clone();
    attributes.insert(
        "complete trajectories".into(),
        store.complete().len().to_string(),
    );
    attributes.insert(
        "time step".into(),
        format!("{} s", layout.time_step_seconds),
    );
    attributes.insert("fingerprint".into(), layout.fingerprint.clone());
    let each: Vec<(String, usize)> = dimensions
        .iter()
        .filter(|(name, _)| name != "channel")
        .cloned()
        .collect();
    Ok(Description {
        path: path.to_path_buf(),
        kind: "training store".into(),
        bytes,
        variables: layout
            .channels
            .iter()
            .map(|channel| VariableDescription {
                name: channel.name.clone(),
                element: "f32".into(),
                dimensions: each.clone(),
                units: Some(channel.units.clone()),
                attributes: BTreeMap::new(),
            })
            .collect(),
        dimensions,
        attributes,
    })
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {}, {}",
            self.path.display(),
            self.kind,
            size(self.bytes)
        )?;
        if !self.dimensions.is_empty() {
            let texts: Vec<String> = self
                .dimensions
                .iter()
                .map(|(n, l)| format!("{n} {l}"))
                .collect();
            writeln!(f, "dimensions: {}", texts.join(", "))?;
        }
        for v in &self.variables {
            let named = v.dimensions.iter().all(|(n, _)| !n.is_empty());
            let texts: Vec<String> = v
                .dimensions
                .iter()
                .map(|(n, l)| if named { n.clone() } else { l.to_string() })
                .collect();
            let units = v
                .units
                .as_ref()
                .map_or(String::new(), |u| format!(" [{u}]"));
            let name = v
                .attributes
                .get("standard_name")
                .or_else(|| v.attributes.get("long_name"));
            let meaning = name.map_or(String::new(), |n| format!("  {n}"));
            writeln!(
                f,
                "  {} {}({}){units}{meaning}",
                v.element,
                v.name,
                texts.join(", ")
            )?;
        }
        for (name, value) in &self.attributes {
            writeln!(f, "  :{name} = {value}")?;
        }
        Ok(())
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        10_000_000..10_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_other_formats() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let header = br#"{"__metadata__":{"model":"sfno"},"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#;
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header);
        bytes.extend([0; 24]);
        let d = inspect(write("m.safetensors", &bytes)).unwrap();
        assert_eq!(
            (d.kind.as_str(), d.variables[0].dimensions.len()),
            ("safetensors", 2)
        );
        assert_eq!(d.attributes["model"], "sfno");
        let d = inspect(write("a.s1p", b"! antenna\n# GHz S RI R 50\n1 0 0\n")).unwrap();
        assert_eq!(
            (d.kind.as_str(), d.attributes["options"].as_str()),
            ("Touchstone", "GHz S RI R 50")
        );
        assert!(inspect(write("empty", b"")).is_err());
        assert_eq!(inspect(write("x", b"??")).unwrap().kind, "unknown");
        let json = serde_json::to_string(&d).unwrap();
        assert!(json.contains("\"kind\":\"Touchstone\""));
    }

    #[test]
    fn hdf5_groups_and_attributes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.h5");
        {
            let file = hdf5::File::create(&path).unwrap();
            let group = file.create_group("train").unwrap();
            let x = group
                .new_dataset::<f32>()
                .shape((4, 2))
                .create("x")
                .unwrap();
            let units: hdf5::types::VarLenUnicode = "Pa".parse().unwrap();
            x.new_attr::<hdf5::types::VarLenUnicode>()
                .create("units")
                .unwrap()
                .write_scalar(&units)
                .unwrap();
        }
        let d = inspect(&path).unwrap();
        assert_eq!(d.kind, "HDF5");
        assert_eq!(
            (
                d.variables[0].name.as_str(),
                d.variables[0].element.as_str()
            ),
            ("train/x", "f32")
        );
        assert_eq!(d.variables[0].units.as_deref(), Some("Pa"));
        assert!(d.to_string().contains("f32 train/x(4, 2) [Pa]"), "{d}");
    }
}
