//! What a network sees of the coordinates.

use super::jet::Jet;
use super::problem::Domain;
use crate::buffers::matrix;
use crate::error::{Error, Result};
use crate::kernels::jets::Activation;
use burn::tensor::{DType, Device};
use rand::prelude::Distribution;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::f64::consts::{FRAC_PI_2, TAU};

/// Cosines and sines of random sums of the coordinates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fourier {
    /// Number of sums.
    pub count: usize,
    /// Standard deviation of their coefficients, radians over half the domain.
    pub scale: f64,
}

/// A coordinate replaced by its sines and cosines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Periodic {
    /// Index of the coordinate.
    pub axis: usize,
    /// Number of harmonics, from the first.
    pub harmonics: usize,
    /// Period, in units of the domain's length.
    #[serde(default = "one")]
    pub period: f64,
}

fn one() -> f64 {
    1.0
}

/// Sums of the coordinates: a matrix `[D, F]` row by row, and biases `[F]`.
#[derive(Clone, Debug)]
struct Affine {
    matrix: Vec<f64>,
    bias: Vec<f64>,
}

/// Features of the coordinates: sums that stay, and sums that go through a sine. There is one at
/// least.
#[derive(Clone, Debug)]
pub(super) struct Features {
    plain: Affine,
    waves: Affine,
}

impl Features {
    /// Of a domain: periodic coordinates by their harmonics, the others normalised to -1..1 and in
    /// random sums.
    ///
    /// # Errors
    /// When a number is out of its range.
    pub fn new(
        domain: &Domain,
        (fourier, all_periodic): (Option<&Fourier>, &[Periodic]),
        random: &mut ChaCha8Rng,
    ) -> Result<Self> {
        let d = domain.coordinates();
        // Columns `[D]` and biases.
        let mut plain: Vec<(Vec<f64>, f64)> = Vec::new();
        let mut waves: Vec<(Vec<f64>, f64)> = Vec::new();
        let periodic = |axis: usize| all_periodic.iter().find(|p| p.axis == axis);
        for p in all_periodic {
            if p.axis >= d {
                let expected = format!("a coordinate below {d}");
                return Err(Error::config("periodic.axis", expected, p.axis));
            }
            if p.harmonics == 0 || p.period.is_nan() || p.period <= 0.0 {
                let expected = "at least one harmonic of a positive period";
                return Err(Error::config("periodic", expected, format!("{p:?}")));
            }
        }
        let unit = |axis: usize, slope: f64| {
            let mut column = vec![0.0; d];
            column[axis] = slope;
            column
        };
        for axis in 0..d {
            let (low, high) = (domain.lower[axis], domain.upper[axis]);
            match periodic(axis) {
                Some(p) => {
                    for n in 1..=p.harmonics {
                        let slope = TAU * n as f64 / (p.period * (high - low));
                        for phase in [0.0, FRAC_PI_2] {
                            waves.push((unit(axis, slope), phase - slope * low));
                        }
                    }
                }
                None => {
                    let slope = 2.0 / (high - low);
                    plain.push((unit(axis, slope), -1.0 - slope * low));
                }
            }
        }
        if let Some(fourier) = fourier {
            if fourier.count == 0 || fourier.scale.is_nan() || fourier.scale <= 0.0 {
                let expected = "at least one feature of a positive scale";
                return Err(Error::config("fourier", expected, format!("{fourier:?}")));
            }
            let normal = rand_distr::Normal::new(0.0, fourier.scale)
                .map_err(|_| Error::config("fourier.scale", "a number", fourier.scale))?;
            for _ in 0..fourier.count {
                // Of normalised coordinates; those that are periodic stay out, and stay exact.
                let (mut column, mut bias) = (vec![0.0; d], 0.0);
                for (axis, slope) in column.iter_mut().enumerate() {
                    if periodic(axis).is_none() {
                        let (low, high) = (domain.lower[axis], domain.upper[axis]);
                        let by: f64 = normal.sample(random);
                        *slope = 2.0 * by / (high - low);
                        bias -= by * (low + high) / (high - low);
                    }
                }
                waves.push((column.clone(), bias));
                waves.push((column, bias + FRAC_PI_2));
            }
        }
        let packed = |columns: Vec<(Vec<f64>, f64)>| Affine {
            matrix: (0..d)
                .flat_map(|axis| columns.iter().map(move |column| column.0[axis]))
                .collect(),
            bias: columns.iter().map(|column| column.1).collect(),
        };
        Ok(Self {
            plain: packed(plain),
            waves: packed(waves),
        })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.plain.bias.len() + self.waves.bias.len()
    }

    /// Their jets `[N, C, F]` from the coordinates'.
    pub fn of(&self, at: &Jet, device: &Device) -> Jet {
        let through = |affine: &Affine, activation| {
            let count = affine.bias.len();
            let shape = [affine.matrix.len() / count, count];
            let weight = matrix(affine.matrix.clone(), shape, device, DType::F64);
            let bias = matrix(affine.bias.clone(), [count], device, DType::F64);
            at.linear(weight).activated(bias, activation)
        };
        match (self.plain.bias.is_empty(), self.waves.bias.is_empty()) {
            (false, true) => through(&self.plain, Activation::Identity),
            (true, _) => through(&self.waves, Activation::Sine),
            (false, false) => {
                let plain = through(&self.plain, Activation::Identity);
                plain.beside(through(&self.waves, Activation::Sine))
            }
        }
    }
}
