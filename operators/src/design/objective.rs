//! The training task of one member: S-parameters of its designs at frequencies drawn for each step.

use super::data::{DesignData, Response};
use super::domain::Domain;
use super::network::{ResonanceNetwork, Scattering};
use crate::error::Result;
use crate::loss::LossKind;
use crate::training::{Part, Stage, Task};
use burn::tensor::{DType, Device, Tensor, TensorData};
use ndarray::{ArrayView1, ArrayView2, Axis};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Curves as the network sees them, shared by all members.
pub(super) struct Curves {
    /// Scaled parameters `[design][parameter]`.
    pub parameters: Vec<Vec<f32>>,
    /// Frequencies in units of the highest.
    pub frequencies: Vec<f32>,
    pub pairs: usize,
    /// `[design][part][pair][frequency]`: the parts are real and imaginary, or dB alone.
    pub values: Vec<Vec<f32>>,
    pub complex: bool,
}

/// Beyond this many half-ranges from the centre a response surface means nothing; questions further
/// out are answered there.
const REACH: f64 = 2.0;

impl Curves {
    pub fn new(data: &DesignData, domain: &Domain) -> Self {
        let narrow = |values: ArrayView2<f64>| values.iter().map(|&v| v as f32).collect();
        let values = match &data.response {
            Response::Decibel(values) => values.axis_iter(Axis(0)).map(narrow).collect(),
            Response::Complex(values) => values
                .axis_iter(Axis(0))
                .map(|design| {
                    let re = design.iter().map(|s| s.re as f32);
                    re.chain(design.iter().map(|s| s.im as f32)).collect()
                })
                .collect(),
        };
        let rows = data.parameters.rows().into_iter();
        Self {
            parameters: rows.map(|row| scaled(domain, row)).collect(),
            frequencies: relative(&data.frequencies),
            pairs: data.port_pairs.len(),
            values,
            complex: matches!(data.response, Response::Complex(_)),
        }
    }

    /// A number that other data do not have (FNV-1a of all values).
    pub fn fingerprint(&self) -> u64 {
        let values = self.parameters.iter().chain(&self.values).flatten();
        let bytes = values
            .chain(&self.frequencies)
            .flat_map(|v| v.to_le_bytes());
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }
}

/// Parameters of a design on the scale of the network.
pub(super) fn scaled(domain: &Domain, design: ArrayView1<f64>) -> Vec<f32> {
    let values = design.iter().enumerate();
    values
        .map(|(p, v)| domain.scaled(p, *v).clamp(-REACH, REACH) as f32)
        .collect()
}

/// Frequencies in units of the highest.
pub(super) fn relative(frequencies: &[f64]) -> Vec<f32> {
    let highest = frequencies.last().copied().unwrap_or(1.0);
    frequencies.iter().map(|f| (f / highest) as f32).collect()
}

/// A member and the designs that it learns from.
pub(super) struct Objective<'a> {
    pub network: ResonanceNetwork,
    pub device: Device,
    pub curves: &'a Curves,
    pub designs: Vec<usize>,
    pub loss: LossKind,
    /// Frequencies per step; 0 for all.
    pub frequencies_per_step: usize,
    /// Configuration and fingerprint of the data.
    pub identity: String,
}

/// Values of a batch, frequencies innermost.
pub(super) struct Batch {
    parameters: Vec<f32>,
    frequencies: Vec<f32>,
    values: Vec<f32>,
    size: usize,
}

/// Keeps a response of 0 from dividing by zero.
const FLOOR: f64 = 1e-12;

impl Task for Objective<'_> {
    type Network = ResonanceNetwork;
    type Batch = Batch;

    fn network(&self) -> &ResonanceNetwork {
        &self.network
    }

    fn device(&self) -> Device {
        self.device.clone()
    }

    fn identity(&self) -> String {
        format!("{} {:?}", self.identity, self.designs)
    }

    /// What a member leaves out must not steer it: no validation.
    fn samples(&self, part: Part) -> usize {
        match part {
            Part::Training => self.designs.len(),
            Part::Validation => 0,
        }
    }

    fn read(
        &self,
        _part: Part,
        indices: &[usize],
        _stage: &Stage,
        rng: &mut ChaCha8Rng,
    ) -> Result<Batch> {
        let curves = self.curves;
        let points = draw(curves.frequencies.len(), self.frequencies_per_step, rng);
        let mut batch = Batch {
            parameters: Vec::new(),
            frequencies: points.iter().map(|&f| curves.frequencies[f]).collect(),
            values: Vec::new(),
            size: indices.len(),
        };
        for &index in indices {
            let design = self.designs[index];
            batch
                .parameters
                .extend_from_slice(&curves.parameters[design]);
            for curve in curves.values[design].chunks(curves.frequencies.len()) {
                batch.values.extend(points.iter().map(|&f| curve[f]));
            }
        }
        Ok(batch)
    }

    fn loss(
        &self,
        network: &ResonanceNetwork,
        batch: Batch,
        _stage: &Stage,
        device: &Device,
    ) -> Tensor<1> {
        let (size, pairs) = (batch.size, self.curves.pairs);
        let count = batch.frequencies.len();
        let d = batch.parameters.len() / size;
        let x = TensorData::new(batch.parameters, [size, d]);
        let x = Tensor::<2>::from_data(x, (device, DType::F32));
        let frequencies = TensorData::new(batch.frequencies, [count]);
        let frequencies = Tensor::<1>::from_data(frequencies, (device, DType::F32));
        let parts = if self.curves.complex { 2 } else { 1 };
        let values = TensorData::new(batch.values, [size, parts * pairs, count]);
        let target = Tensor::<3>::from_data(values, (device, DType::F32));
        let s = network.forward(x, frequencies);
        let prediction = match self.curves.complex {
            true => {
                let Scattering { re, im } = s;
                Tensor::cat(vec![re, im], 1)
            }
            false => s.decibel(),
        };
        let mean_square = |x: Tensor<3>| {
            let rows = x.reshape([size, parts * pairs * count]);
            rows.powi_scalar(2).mean_dim(1)
        };
        let error = mean_square(prediction - target.clone());
        match self.loss {
            LossKind::Mse => error.mean(),
            // the others are of fields, and refused
            LossKind::RelativeL2 | LossKind::RelativeH1 | LossKind::Spectral => {
                let norm = mean_square(target) + FLOOR;
                ((error + FLOOR * FLOOR) / norm).sqrt().mean()
            }
        }
    }
}

/// One of each of `wanted` equal shares of `count` points, in order; all of them for 0.
pub(super) fn draw(count: usize, wanted: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    if wanted == 0 || wanted >= count {
        return (0..count).collect();
    }
    let share = count as f64 / wanted as f64;
    (0..wanted)
        .map(|i| (((i as f64 + rng.random::<f64>()) * share) as usize).min(count - 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn frequencies_are_drawn_over_the_whole_band() {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let drawn = draw(1001, 96, &mut rng);
        assert_eq!(drawn.len(), 96);
        assert!(drawn.windows(2).all(|w| w[0] < w[1] && w[1] - w[0] < 21));
        assert!(drawn[0] < 11 && drawn[95] > 989);
        assert_eq!(draw(5, 0, &mut rng), [0, 1, 2, 3, 4]);
    }
}
