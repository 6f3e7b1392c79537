//! Inputs and outputs as two arrays.

use std::path::Path;

use super::{Axis, Channel, Found, Kind, Place, some};
use crate::arrays::damaged;
use crate::{Error, Result};

/// Names of an input and an output that go together.
const PAIRS: [(&str, &str); 3] = [("x", "y"), ("a", "u"), ("input", "output")];

/// Groups that hold a pair; "" for the root.
pub(super) fn groups(file: &hdf5::File) -> Vec<String> {
    let root = std::iter::once(String::new());
    let inner = file.groups().unwrap_or_default().into_iter();
    let names = inner.map(|group| group.name().trim_start_matches('/').to_string());
    root.chain(names)
        .filter(|group| pair(file, group).is_some())
        .collect()
}

fn inside(group: &str, name: &str) -> String {
    match group {
        "" => name.into(),
        group => format!("{group}/{name}"),
    }
}

fn pair(file: &hdf5::File, group: &str) -> Option<(&'static str, &'static str)> {
    let shape = |name: &str| file.dataset(&inside(group, name)).ok().map(|d| d.shape());
    PAIRS.into_iter().find(|(x, y)| match (shape(x), shape(y)) {
        (Some(x), Some(y)) => x.len() > 1 && x[0] == y[0],
        _ => false,
    })
}

pub(super) fn read(path: &Path, file: &hdf5::File, group: Option<&str>) -> Result<Found> {
    let present = groups(file);
    let group = match (group, present.as_slice()) {
        (None, [only]) => only,
        (None, _) => {
            return Err(Error::VariableAmbiguous {
                path: path.to_path_buf(),
                wanted: "the pair of arrays".into(),
                candidates: some(&present),
            });
        }
        (Some(name), _) => {
            let missing = || Error::VariableMissing {
                path: path.to_path_buf(),
                wanted: format!("pair of arrays in group '{name}'"),
                present: some(&present),
                nearest: None,
            };
            present.iter().find(|g| *g == name).ok_or_else(missing)?
        }
    };
    let (input, output) = pair(file, group).unwrap_or(PAIRS[0]);
    let shape = |name: &str| -> Result<Vec<usize>> {
        let dataset = file.dataset(&inside(group, name));
        Ok(dataset.map_err(|e| damaged(path, &e))?.shape())
    };
    let shape = shape(output)?;
    let channel = |name: &str| Channel {
        name: name.into(),
        place: Place {
            dataset: inside(group, name),
            sample: Some(0),
            time: None,
            fixed: Vec::new(),
        },
    };
    let axes = shape[1..].iter().enumerate().map(|(n, &points)| Axis {
        name: format!("axis {}", n + 1),
        coordinates: Vec::new(),
        points,
        periodic: None,
    });
    Ok(Found {
        kind: Kind::Arrays,
        samples: shape[0],
        groups: Vec::new(),
        states: vec![channel(output)],
        constants: vec![channel(input)],
        times: vec![0.0],
        axes: axes.collect(),
    })
}
