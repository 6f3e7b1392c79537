//! What the operator is compared with: the trivial answers and the Born approximation.

use super::settings::SolverSettings;
use super::solve::{points, wave_number};
use super::train::StoredScenes;
use crate::error::{Error, Result};
use curlwind_operators::field::FieldSamples;
use curlwind_solvers::maxwell::scattering::born::BornApproximation;
use ndarray::Array2;
use num_complex::Complex64;

/// The training scenes in memory: the mean of their scattered fields, and the nearest of them.
pub struct TrainingScenes {
    inputs: Vec<Vec<f32>>,
    outputs: Vec<Vec<f32>>,
    /// Weight of each input channel in the distance: one over its mean square.
    weights: Vec<f64>,
    side: usize,
}

impl TrainingScenes {
    /// Reads them.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn read(scenes: &StoredScenes, input_scales: &[f64]) -> Result<Self> {
        let [inputs, outputs, side, _] = scenes.shape();
        let points = side * side;
        let mut own = Self {
            inputs: Vec::new(),
            outputs: Vec::new(),
            weights: input_scales.iter().map(|s| 1.0 / (s * s)).collect(),
            side,
        };
        for index in 0..scenes.len() {
            let (mut input, mut output) = (vec![0.0; inputs * points], vec![0.0; outputs * points]);
            scenes
                .read(index, None, &mut input, &mut output)
                .map_err(Error::failed)?;
            own.inputs.push(input);
            own.outputs.push(output);
        }
        Ok(own)
    }

    /// The mean scattered field.
    pub fn mean(&self) -> Array2<Complex64> {
        let mut mean = Array2::zeros([self.side, self.side]);
        for output in &self.outputs {
            mean = mean + complex(output, self.side);
        }
        mean / self.outputs.len().max(1) as f64
    }

    /// The scattered field of the training scene whose permittivity and incident field are nearest,
    /// each channel by its own spread.
    pub fn nearest(&self, input: &[f32]) -> Array2<Complex64> {
        let points = self.side * self.side;
        let distance = |other: &[f32]| -> f64 {
            let channels = input.chunks(points).zip(other.chunks(points));
            let squares = channels.zip(&self.weights).map(|((a, b), weight)| {
                let sum: f32 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
                weight * f64::from(sum)
            });
            squares.sum()
        };
        let nearest = self
            .inputs
            .iter()
            .enumerate()
            .min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)));
        match nearest {
            Some((index, _)) => complex(&self.outputs[index], self.side),
            None => Array2::zeros([self.side, self.side]),
        }
    }
}

/// Real and imaginary part `[2][y][x]` as one field.
pub fn complex(values: &[f32], side: usize) -> Array2<Complex64> {
    let (re, im) = values.split_at(side * side);
    Array2::from_shape_fn([side, side], |(j, i)| {
        let at = j * side + i;
        Complex64::new(re[at].into(), im[at].into())
    })
}

/// A scene as the operator's input, `[channel][y][x]`.
pub fn input(permittivity: &Array2<f64>, incident: &Array2<Complex64>) -> Vec<f32> {
    let contrast = permittivity.iter().map(|e| e - 1.0);
    let re = incident.iter().map(|u| u.re);
    let im = incident.iter().map(|u| u.im);
    contrast.chain(re).chain(im).map(|v| v as f32).collect()
}

/// The Born approximation on the points that are kept.
pub fn born(solver: &SolverSettings) -> BornApproximation {
    let points = points(solver.side.si(), solver.points);
    let k = wave_number(solver.frequency.si());
    BornApproximation::new(points.len(), points[1] - points[0], k)
}
