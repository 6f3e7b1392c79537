//! The layouts of PDEBench.
//!
//! M. Takamoto et al., PDEBench: An Extensive Benchmark for Scientific Machine Learning (NeurIPS
//! 2022), and its data loaders: `tensor` (sample, time, x) for one variable; one data set for each
//! of `density`, `pressure`, `Vx`, .. for compressible flow; `nu` (sample, x, y) and `tensor`
//! (sample, 1, x, y) for Darcy flow; `velocity` (sample, time, x, y, component) with `force` for
//! incompressible flow; and a group for each sample with `data` (time, x, y, channel) for
//! reaction-diffusion and shallow water.

use std::path::Path;

use super::{Channel, Found, Kind, Place, axis, times};
use crate::arrays::damaged;
use crate::{Error, Result};

const COORDINATES: [&str; 3] = ["x-coordinate", "y-coordinate", "z-coordinate"];
const NAMES: [&str; 3] = ["x", "y", "z"];

pub(super) fn read(path: &Path, file: &hdf5::File) -> Result<Found> {
    if file.link_exists("tensor") {
        return tensor(path, file);
    }
    if file.link_exists("velocity") {
        return incompressible(path, file);
    }
    if file.link_exists("0000/data") {
        return grouped(path, file);
    }
    variables(path, file)
}

fn shape(path: &Path, file: &hdf5::File, name: &str, least: usize) -> Result<Vec<usize>> {
    let shape = file.dataset(name).map_err(|e| damaged(path, &e))?.shape();
    match shape.len() >= least {
        true => Ok(shape),
        false => Err(Error::Shape {
            what: format!("{}: data set '{name}'", path.display()),
            expected: format!("{least} dimensions or more"),
            found: format!("{shape:?}"),
        }),
    }
}

fn channel(name: &str, dataset: &str, time: Option<usize>) -> Channel {
    Channel {
        name: name.into(),
        place: Place {
            dataset: dataset.into(),
            sample: Some(0),
            time,
            fixed: Vec::new(),
        },
    }
}

fn space(file: &hdf5::File, points: &[usize]) -> Vec<super::Axis> {
    let names = COORDINATES.iter().zip(NAMES);
    points
        .iter()
        .zip(names)
        .map(|(&n, (dataset, name))| axis(file, dataset, name, n))
        .collect()
}

fn tensor(path: &Path, file: &hdf5::File) -> Result<Found> {
    let shape = shape(path, file, "tensor", 3)?;
    let constants = match file.link_exists("nu") {
        true => vec![channel("nu", "nu", None)],
        false => Vec::new(),
    };
    Ok(Found {
        kind: Kind::PdeBench,
        samples: shape[0],
        groups: Vec::new(),
        states: vec![channel("tensor", "tensor", Some(1))],
        constants,
        times: times(file, "t-coordinate", shape[1]),
        axes: space(file, &shape[2..]),
    })
}

fn variables(path: &Path, file: &hdf5::File) -> Result<Found> {
    let known = ["density", "pressure", "Vx", "Vy", "Vz"];
    let present: Vec<&str> = known.into_iter().filter(|n| file.link_exists(n)).collect();
    let shape = shape(path, file, present.first().copied().unwrap_or("density"), 3)?;
    Ok(Found {
        kind: Kind::PdeBench,
        samples: shape[0],
        groups: Vec::new(),
        states: present.iter().map(|n| channel(n, n, Some(1))).collect(),
        constants: Vec::new(),
        times: times(file, "t-coordinate", shape[1]),
        axes: space(file, &shape[2..]),
    })
}

fn incompressible(path: &Path, file: &hdf5::File) -> Result<Found> {
    let shape = shape(path, file, "velocity", 4)?;
    let space_end = shape.len() - 1;
    let components = |name: &str, dataset: &str, time: Option<usize>, axis: usize, count: usize| {
        let of = |c: usize| {
            let mut channel = channel(&format!("{name}_{}", NAMES[c.min(2)]), dataset, time);
            channel.place.fixed.push((axis, c));
            channel
        };
        (0..count).map(of).collect::<Vec<_>>()
    };
    let mut states = components("velocity", "velocity", Some(1), space_end, shape[space_end]);
    if file.link_exists("particles") {
        let mut particles = channel("particles", "particles", Some(1));
        particles.place.fixed.push((space_end, 0));
        states.push(particles);
    }
    let constants = match file.link_exists("force") {
        true => components("force", "force", None, space_end - 1, shape[space_end]),
        false => Vec::new(),
    };
    Ok(Found {
        kind: Kind::PdeBench,
        samples: shape[0],
        groups: Vec::new(),
        states,
        constants,
        // (sample, time): the first row
        times: times(file, "t", shape[1]),
        axes: space(file, &shape[2..space_end]),
    })
}

fn grouped(path: &Path, file: &hdf5::File) -> Result<Found> {
    let mut groups: Vec<String> = file
        .groups()
        .map_err(|e| damaged(path, &e))?
        .iter()
        .map(|group| group.name().trim_start_matches('/').to_string())
        .filter(|name| file.link_exists(&format!("{name}/data")))
        .collect();
    groups.sort_unstable();
    let shape = shape(path, file, "0000/data", 3)?;
    for group in &groups {
        let found = self::shape(path, file, &format!("{group}/data"), 3)?;
        if found != shape {
            return Err(Error::Shape {
                what: format!("{}: data set '{group}/data'", path.display()),
                expected: format!("{shape:?}, that of the first"),
                found: format!("{found:?}"),
            });
        }
    }
    let last = shape.len() - 1;
    let states = (0..shape[last]).map(|c| Channel {
        name: match shape[last] {
            1 => "data".into(),
            _ => format!("data_{c}"),
        },
        place: Place {
            dataset: "{sample}/data".into(),
            sample: None,
            time: Some(0),
            fixed: vec![(last, c)],
        },
    });
    let axes = shape[1..last].iter().zip(NAMES);
    Ok(Found {
        kind: Kind::PdeBench,
        samples: groups.len(),
        states: states.collect(),
        constants: Vec::new(),
        times: times(file, &format!("{}/grid/t", groups[0]), shape[0]),
        axes: axes
            .map(|(&n, name)| axis(file, &format!("{}/grid/{name}", groups[0]), name, n))
            .collect(),
        groups,
    })
}
