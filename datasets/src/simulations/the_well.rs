//! The layout of The Well.
//!
//! R. Ohana et al., The Well: a Large-Scale Collection of Diverse Physics Simulations for Machine
//! Learning (NeurIPS 2024): scalars in `t0_fields`, vectors in `t1_fields`, tensors of rank 2 in
//! `t2_fields`, each (sample, time, space.., component..); where a field does not vary with the sample
//! or the time, the attributes `sample_varying` and `time_varying` are false and the axis is not
//! there. `dimensions` has the coordinates, `boundary_conditions` says what is periodic.

use std::path::Path;

use super::{Channel, Found, Kind, Place, axis, times};
use crate::inspect::hdf5_attribute_text;
use crate::{Error, Result};

pub(super) fn read(path: &Path, file: &hdf5::File) -> Result<Found> {
    let names = dimensions(file);
    let mut states = Vec::new();
    let mut constants = Vec::new();
    let (mut samples, mut count, mut points) = (None, None, Vec::new());
    for rank in 0..3 {
        let group = format!("t{rank}_fields");
        let Ok(members) = file.group(&group).and_then(|g| g.datasets()) else {
            continue;
        };
        for dataset in members {
            let full = dataset.name();
            let name = full.rsplit('/').next().unwrap_or_default().to_string();
            let shape = dataset.shape();
            let sample = flag(&dataset, "sample_varying").then_some(0);
            let time = flag(&dataset, "time_varying").then_some(usize::from(sample.is_some()));
            let lead = usize::from(sample.is_some()) + usize::from(time.is_some());
            if shape.len() < lead + rank + 1 {
                return Err(Error::Shape {
                    what: format!("{}: data set '{group}/{name}'", path.display()),
                    expected: format!("sample, time, space and {rank} components"),
                    found: format!("{shape:?}"),
                });
            }
            let end = shape.len() - rank;
            let space = &shape[lead..end];
            // fields that are the same along a dimension are of no use on a grid
            if space.len() != names.len() && !names.is_empty() {
                continue;
            }
            if points.is_empty() {
                points = space.to_vec();
            }
            if sample.is_some() {
                samples.get_or_insert(shape[0]);
            }
            if let Some(axis) = time {
                count.get_or_insert(shape[axis]);
            }
            for fixed in components(&shape, end) {
                let suffix: String = fixed
                    .iter()
                    .map(|(_, c)| format!("_{}", names.get(*c).map_or(c.to_string(), Clone::clone)))
                    .collect();
                let channel = Channel {
                    name: format!("{name}{suffix}"),
                    place: Place {
                        dataset: format!("{group}/{name}"),
                        sample,
                        time,
                        fixed,
                    },
                };
                match time {
                    Some(_) => states.push(channel),
                    None => constants.push(channel),
                }
            }
        }
    }
    if states.is_empty() {
        return Err(Error::Unreadable {
            path: path.to_path_buf(),
            expected: "fields that vary with time in t0_fields, t1_fields or t2_fields",
            found: "it has none".into(),
        });
    }
    let axes = points.iter().enumerate().map(|(n, &points)| {
        let name = names.get(n).cloned().unwrap_or(format!("axis {}", n + 1));
        let mut axis = axis(file, &format!("dimensions/{name}"), &name, points);
        axis.periodic = periodic(file, &name);
        axis
    });
    let count = count.unwrap_or(1);
    Ok(Found {
        kind: Kind::TheWell,
        samples: samples.unwrap_or(1),
        groups: Vec::new(),
        states,
        constants,
        times: times(file, "dimensions/time", count),
        axes: axes.collect(),
    })
}

/// Names of the spatial dimensions, in order.
fn dimensions(file: &hdf5::File) -> Vec<String> {
    let Ok(group) = file.group("dimensions") else {
        return Vec::new();
    };
    let listed = group.attr("spatial_dims").ok();
    let listed = listed.as_ref().and_then(hdf5_attribute_text);
    if let Some(names) = listed {
        return names.split(", ").map(ToString::to_string).collect();
    }
    let mut names: Vec<String> = group
        .member_names()
        .unwrap_or_default()
        .into_iter()
        .filter(|name| name != "time")
        .collect();
    names.sort_unstable();
    names
}

/// A truth value; true where the attribute is missing.
fn flag(dataset: &hdf5::Dataset, name: &str) -> bool {
    let Ok(attribute) = dataset.attr(name) else {
        return true;
    };
    match hdf5_attribute_text(&attribute).as_deref() {
        Some("false" | "False" | "FALSE" | "0") => false,
        Some(_) => true,
        // an enumeration of another library
        None => attribute
            .read_raw::<i8>()
            .map_or(true, |v| v.first() != Some(&0)),
    }
}

/// Whether a dimension is said to be periodic.
fn periodic(file: &hdf5::File, dimension: &str) -> Option<bool> {
    let group = file.group("boundary_conditions").ok()?;
    let mut found = None;
    for name in group.member_names().ok()? {
        if name.split('_').next() == Some(dimension) {
            let kind = group.group(&name).ok()?.attr("bc_type").ok();
            let kind = kind.as_ref().and_then(hdf5_attribute_text)?;
            found = Some(kind.eq_ignore_ascii_case("periodic"));
        }
    }
    found
}

/// Every combination of the component axes from `end` on.
fn components(shape: &[usize], end: usize) -> Vec<Vec<(usize, usize)>> {
    let mut all = vec![Vec::new()];
    for (axis, &length) in shape.iter().enumerate().skip(end) {
        all = all
            .into_iter()
            .flat_map(|fixed| {
                (0..length).map(move |index| {
                    let mut fixed = fixed.clone();
                    fixed.push((axis, index));
                    fixed
                })
            })
            .collect();
    }
    all
}
