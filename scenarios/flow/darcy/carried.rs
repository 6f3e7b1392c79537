//! The small Darcy set of neuraloperator, which the program carries.

use crate::error::{Error, Result};
use crate::flow::samples::{Samples, TestSet};
use crate::run_folder::{RunFolder, write_atomically};
use curlwind_datasets::simulations::{Simulations, Windows};
use curlwind_datasets::store::{Grid, Split, SplitKind};
use curlwind_operators::field::{FieldPairs, FieldSamples as _};
use ndarray::{Array4, ArrayViewMut1, ArrayViewMut3, Axis};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

const SET: &[u8] = include_bytes!("../../../datasets/data/darcy_small.h5");

/// What the set is, found from its values. Where the class is 0, `-laplacian y = 50`, where it is 1
/// `50/18`; sample point i of n lies at `1/1024 + i/n`, with zero pressure on the unit square's
/// walls. So the permeabilities are 1 and 18 for a source of 50 (or any multiple of all three).
const PERMEABILITIES: [f64; 2] = [1.0, 18.0];
const OFFSET: f64 = 1.0 / 1024.0;

/// Training, validation and test samples; the two test sets are the same 50 media at 16 x 16 and
/// at 32 x 32. Inputs are permeabilities.
///
/// # Errors
/// A disk that is full, or shares that leave nothing to train on.
pub fn carried(folder: &RunFolder, validation: f64, seed: u64) -> Result<Samples> {
    let path = folder.folder("input")?.join("darcy_small.h5");
    write_atomically(&path, SET)?;
    folder.record_input(&path)?;
    let read = |group: &str| -> Result<FieldPairs> {
        let file = Simulations::open(&path, Some(group)).map_err(Error::failed)?;
        let windows = Windows::new(&file, 0, 1).map_err(Error::failed)?;
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for index in 0..windows.len() {
            let (x, y) = windows.read(index).map_err(Error::failed)?;
            let medium = x.iter();
            inputs.extend(medium.map(|class| PERMEABILITIES[usize::from(*class > 0.5)] as f32));
            outputs.extend(y);
        }
        let shape = (windows.len(), 1, file.shape()[0], file.shape()[1]);
        let array = |values| Array4::from_shape_vec(shape, values).map_err(Error::failed);
        FieldPairs::new(array(inputs)?, array(outputs)?).map_err(Error::failed)
    };
    let all = read("train_16")?;
    let indices: Vec<usize> = (0..all.len()).collect();
    let split = Split::new(
        &indices,
        1,
        SplitKind::Trajectories { seed },
        validation,
        0.0,
    )
    .map_err(Error::unusable)?;
    let part = |segments: &[curlwind_datasets::store::Segment]| -> Result<Option<FieldPairs>> {
        let chosen: Vec<usize> = segments.iter().map(|s| s.trajectory).collect();
        if chosen.is_empty() {
            return Ok(None);
        }
        let of = |fields: &Array4<f32>| fields.select(ndarray::Axis(0), &chosen);
        FieldPairs::new(of(all.inputs()), of(all.outputs()))
            .map(Some)
            .map_err(Error::failed)
    };
    let grid = |points: usize| {
        let lines: Vec<f64> = (0..points)
            .map(|i| OFFSET + i as f64 / points as f64)
            .collect();
        Grid::Plane {
            y_m: lines.clone(),
            x_m: lines,
        }
    };
    let test = |group: &str, points: usize| -> Result<TestSet> {
        Ok(TestSet {
            name: group.into(),
            grid: grid(points),
            samples: read(group)?,
            pairs: 1,
            seconds_before: 0.0,
        })
    };
    let nothing = || Error::unusable("no sample is left to train on");
    Ok(Samples {
        training: part(&split.train)?
            .ok_or_else(nothing)?
            .with_symmetry(Arc::new(symmetry)),
        withheld: None,
        validation: part(&split.validation)?,
        tests: vec![test("test_16", 16)?, test("test_32", 32)?],
        grid: grid(16),
    })
}

/// One of the eight symmetries of the square, where points lie at `OFFSET + i / n`.
fn symmetry(
    rng: &mut ChaCha8Rng,
    mut medium: ArrayViewMut3<f32>,
    mut pressure: ArrayViewMut3<f32>,
) {
    for axis in [1, 2] {
        if rng.random() {
            medium
                .lanes_mut(Axis(axis))
                .into_iter()
                .for_each(flip_medium);
            pressure
                .lanes_mut(Axis(axis))
                .into_iter()
                .for_each(flip_pressure);
        }
    }
    if rng.random() {
        for mut field in [medium, pressure] {
            let mut transposed = field.to_owned();
            transposed.swap_axes(1, 2);
            field.assign(&transposed);
        }
    }
}

/// What lies at `1 - x` has the nearest point's value.
fn flip_medium(mut line: ArrayViewMut1<f32>) {
    let old = line.to_vec();
    let count = old.len();
    for (i, value) in line.iter_mut().enumerate() {
        *value = old[(count - i).min(count - 1)];
    }
}

/// What lies at `1 - x` is between two points, or between the last and the wall.
fn flip_pressure(mut line: ArrayViewMut1<f32>) {
    let old = line.to_vec();
    let count = old.len();
    let away = (2.0 * OFFSET * count as f64) as f32;
    for (i, value) in line.iter_mut().enumerate() {
        *value = match i {
            0 => old[count - 1] * (OFFSET / (1.0 / count as f64 - OFFSET)) as f32,
            _ => (1.0 - away) * old[count - i] + away * old[count - i - 1],
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array1;

    /// A flip is the field of the mirrored pressure, to the error of a line between two points.
    #[test]
    fn flips_know_where_the_points_lie() {
        let pressure = |x: f64| x * (1.0 - x) * (1.0 + x);
        let points = (0..16).map(|i| OFFSET + f64::from(i) / 16.0);
        let values: Vec<f32> = points.clone().map(|x| pressure(x) as f32).collect();
        let mut line = Array1::from(values);
        flip_pressure(line.view_mut());
        for (x, found) in points.zip(&line) {
            let expected = pressure(1.0 - x);
            assert!(
                (f64::from(*found) - expected).abs() < 5e-4,
                "{x}: {found} {expected}"
            );
        }
        let mut line = Array1::from((0..16).map(|i| i as f32).collect::<Vec<_>>());
        flip_medium(line.view_mut());
        assert_eq!((line[0], line[1], line[15]), (15.0, 15.0, 1.0));
    }
}
