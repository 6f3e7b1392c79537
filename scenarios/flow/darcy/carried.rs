//! The small Darcy set of neuraloperator, which the program carries.

use crate::error::{Error, Result};
use crate::flow::samples::{Samples, TestSet};
use crate::run_folder::{RunFolder, write_atomically};
use curlwind_datasets::simulations::{Simulations, Windows};
use curlwind_datasets::store::{Grid, Split, SplitKind};
use curlwind_operators::field::{FieldPairs, FieldSamples as _};
use ndarray::Array4;

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
        })
    };
    let nothing = || Error::unusable("no sample is left to train on");
    Ok(Samples {
        training: part(&split.train)?.ok_or_else(nothing)?,
        validation: part(&split.validation)?,
        tests: vec![test("test_16", 16)?, test("test_32", 32)?],
    })
}
