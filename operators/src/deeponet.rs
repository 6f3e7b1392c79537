//! The deep operator network.
//!
//! Lu, Jin, Pang, Zhang and Karniadakis, Learning nonlinear operators via DeepONet (Nature Machine
//! Intelligence 3, 2021, eq. 2): `y(x) = sum_k b_k(u) t_k(x) + b_0`. The branch `b` sees the input
//! field `u` at fixed sensors, the trunk `t` the coordinates, so that the output is a sum of learned
//! functions and may be asked for anywhere. With several outputs the branch has `basis` numbers for
//! each and they share the trunk (Lu et al., A comprehensive and fair comparison of two neural
//! operators, Comput. Methods Appl. Mech. Engrg. 393, 2022, section 3.1.6).
//!
//! Sensors and coordinates are in units of the field's length: of `n` points along an axis the first
//! is at 0 and the last at `1 - 1/n`.

use crate::buffers::{GridCache, matrix};
use crate::error::{Error, Result};
use crate::fno::{at_least_one, coordinates};
use crate::pointwise::{Bias, BiasGelu, ChannelMix, GELU_GAIN};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Configuration of [`DeepOnet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeepOnetConfig {
    /// Input channels; set from the data.
    pub in_channels: usize,
    /// Output channels; set from the data.
    pub out_channels: usize,
    /// Rows and columns of the sensors, evenly spaced over the field; one number for lines. Fields on
    /// another grid are interpolated linearly.
    pub sensors: Vec<usize>,
    /// Products in the sum.
    pub basis: usize,
    /// Widths of the hidden layers of the branch.
    pub branch: Vec<usize>,
    /// Widths of the hidden layers of the trunk.
    pub trunk: Vec<usize>,
    /// Whether fields are periodic: the trunk then sees sines and cosines of the coordinates.
    pub periodic: bool,
}

impl Default for DeepOnetConfig {
    fn default() -> Self {
        Self {
            in_channels: 1,
            out_channels: 1,
            sensors: vec![32, 32],
            basis: 128,
            branch: vec![256, 256],
            trunk: vec![128, 128, 128],
            periodic: false,
        }
    }
}

impl burn::config::Config for DeepOnetConfig {}

/// Deep operator network `[B, Ci, H, W]` to `[B, Co, H, W]`, on any grid size; lines have H = 1.
#[derive(Module, Debug)]
pub struct DeepOnet {
    /// From the values at the sensors to the coefficients of the basis.
    pub branch: Perceptron,
    /// From the coordinates to the basis.
    pub trunk: Perceptron,
    /// Activation of the trunk's last layer.
    pub activation: BiasGelu,
    /// `b_0` of each output.
    pub bias: Bias,
    #[module(skip)]
    sensors: Vec<usize>,
    #[module(skip)]
    periodic: bool,
    #[module(skip)]
    interpolation: GridCache<Tensor<2>>,
    #[module(skip)]
    features: GridCache<Tensor<3>>,
}

/// Dense layers with GELU between, of columns of numbers: `[1, inputs, N]` to `[1, outputs, N]`.
#[derive(Module, Debug)]
pub struct Perceptron {
    /// The hidden layers.
    pub hidden: Vec<Dense>,
    /// To the output, without bias.
    pub last: ChannelMix,
}

/// A hidden layer.
#[derive(Module, Debug)]
pub struct Dense {
    /// Its matrix.
    pub mix: ChannelMix,
    /// Its bias, and GELU.
    pub activation: BiasGelu,
}

impl Perceptron {
    fn new(inputs: usize, widths: &[usize], outputs: usize, gain: f64, device: &Device) -> Self {
        let (mut before, mut scale) = (inputs, 1.0);
        let mut hidden = Vec::with_capacity(widths.len());
        for &width in widths {
            hidden.push(Dense {
                mix: ChannelMix::new(before, width, scale, device),
                activation: BiasGelu::new(width, device),
            });
            (before, scale) = (width, GELU_GAIN);
        }
        Self {
            hidden,
            last: ChannelMix::new(before, outputs, gain * scale, device),
        }
    }

    fn forward(&self, mut x: Tensor<3>) -> Tensor<3> {
        for layer in &self.hidden {
            x = layer.activation.forward(layer.mix.forward(x));
        }
        self.last.forward(x)
    }
}

/// Values at all sensors and channels at most: their layer alone would have a weight for each and each
/// unit of the branch.
const SENSORS: usize = 1 << 20;

impl DeepOnetConfig {
    /// Creates the network with fresh weights.
    ///
    /// # Errors
    /// When a size is zero, `sensors` has not one or two numbers, or they are more than a million.
    pub fn init(&self, device: &Device) -> Result<DeepOnet> {
        if !(1..=2).contains(&self.sensors.len()) {
            let expected = "[columns] for lines, [rows, columns] for planes";
            return Err(Error::config(
                "sensors",
                expected,
                format!("{:?}", self.sensors),
            ));
        }
        let least = |values: &[usize]| values.iter().copied().min().unwrap_or(1);
        at_least_one(&[
            ("in_channels", self.in_channels),
            ("out_channels", self.out_channels),
            ("sensors", least(&self.sensors)),
            ("basis", self.basis),
            ("branch", least(&self.branch)),
            ("trunk", least(&self.trunk)),
        ])?;
        let all = [self.in_channels].into_iter().chain(self.sensors.clone());
        let values = all.fold(1usize, usize::saturating_mul);
        if values > SENSORS {
            let expected = format!("at most {SENSORS} values of all channels");
            return Err(Error::config("sensors", expected, values));
        }
        let dimensions = self.sensors.len();
        let inputs = dimensions * if self.periodic { 2 } else { 1 };
        // The sum of `basis` products of variance 1 in all.
        let gain = GELU_GAIN / (self.basis as f64).sqrt();
        let coefficients = self.out_channels * self.basis;
        Ok(DeepOnet {
            branch: Perceptron::new(values, &self.branch, coefficients, gain, device),
            trunk: Perceptron::new(inputs, &self.trunk, self.basis, 1.0, device),
            activation: BiasGelu::new(self.basis, device),
            bias: Bias::new(self.out_channels, device),
            sensors: self.sensors.clone(),
            periodic: self.periodic,
            interpolation: GridCache::default(),
            features: GridCache::default(),
        })
    }

    /// Whether fields of `rows` x `columns` points have the dimensions of the sensors.
    ///
    /// # Errors
    /// When they have not.
    pub(crate) fn check_plane(&self, [rows, columns]: [usize; 2]) -> Result<()> {
        let expected = match (rows > 1, self.sensors.len()) {
            (true, 2) | (false, 1) => return Ok(()),
            (true, _) => "[rows, columns]",
            (false, _) => "[columns]",
        };
        let expected = format!("{expected} for fields of {rows} x {columns} points");
        Err(Error::config(
            "sensors",
            expected,
            format!("{:?}", self.sensors),
        ))
    }
}

impl DeepOnet {
    /// Applies the network to `[B, Ci, H, W]`.
    ///
    /// # Panics
    /// When a network for lines is given more than one row.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, _, rows, columns] = x.dims();
        assert!(
            self.sensors.len() == 2 || rows == 1,
            "a network for lines, a field of {rows} rows"
        );
        let basis = self
            .activation
            .forward(self.trunk.forward(self.features(&x)));
        let [_, count, points] = basis.dims();
        let sensed = self.sense(x);
        let [_, values] = sensed.dims();
        let sensed = sensed.transpose().reshape([1, values, batch]);
        let coefficients = self.branch.forward(sensed).squeeze_dim::<2>(0).transpose();
        let outputs = coefficients.dims()[1] / count;
        let coefficients = coefficients.reshape([batch * outputs, count]);
        let y = coefficients.matmul(basis.squeeze_dim::<2>(0));
        let y = self.bias.forward(y.reshape([batch, outputs, points]));
        y.reshape([batch, outputs, rows, columns])
    }

    /// What the trunk sees at the points of a field, `[1, features, P]`.
    fn features(&self, x: &Tensor<4>) -> Tensor<3> {
        let [_, _, rows, columns] = x.dims();
        let sizes = [rows, columns];
        let own = &sizes[2 - self.sensors.len()..];
        let dtype = x.dtype();
        let found = self.features.get(sizes, &x.device(), dtype, |device| {
            let mut values = coordinates(own);
            if self.periodic {
                let waves = |of: fn(f64) -> f64| values.iter().map(move |x| of(TAU * x));
                values = waves(f64::sin).chain(waves(f64::cos)).collect();
            }
            let points = rows * columns;
            let features = values.len() / points;
            matrix(values, [1, features, points], device, dtype)
        });
        constant(&found, x)
    }

    /// The values at the sensors, `[B, Ci S]`.
    fn sense(&self, x: Tensor<4>) -> Tensor<2> {
        let [batch, inputs, rows, columns] = x.dims();
        let along = |from: usize, to: usize| {
            let (device, dtype) = (x.device(), x.dtype());
            let found = self
                .interpolation
                .get([from, to], &device, dtype, |device| {
                    let values = linear_interpolation(from, to, self.periodic);
                    matrix(values, [to, from], device, dtype)
                });
            constant(&found, &x)
        };
        let sensors = match *self.sensors {
            [down, across] => [down, across],
            _ => [1, self.sensors[0]],
        };
        let mut values = x.clone().reshape([batch * inputs, rows, columns]);
        if sensors[0] != rows {
            values = along(rows, sensors[0]).unsqueeze::<3>().matmul(values);
        }
        if sensors[1] != columns {
            let lines: Tensor<2> = values.reshape([batch * inputs * sensors[0], columns]);
            values = lines
                .matmul(along(columns, sensors[1]).transpose())
                .unsqueeze();
        }
        values.reshape([batch, inputs * sensors[0] * sensors[1]])
    }
}

/// A constant beside a field.
fn constant<const D: usize>(values: &Tensor<D>, beside: &Tensor<4>) -> Tensor<D> {
    match beside.is_autodiff() {
        true => values.clone().autodiff(),
        false => values.clone(),
    }
}

/// Matrix `[to, from]` from the values of a field at `from` evenly spaced points, the first at 0, to
/// those at `to`. Beyond the last point the field goes on with the first if it is periodic, and stays
/// as it is otherwise.
fn linear_interpolation(from: usize, to: usize, periodic: bool) -> Vec<f64> {
    let mut matrix = vec![0.0; to * from];
    for (n, row) in matrix.chunks_exact_mut(from).enumerate() {
        let (below, rest) = (n * from / to, n * from % to);
        let above = match periodic {
            true => (below + 1) % from,
            false => (below + 1).min(from - 1),
        };
        let weight = rest as f64 / to as f64;
        row[below] += 1.0 - weight;
        row[above] += weight;
    }
    matrix
}

#[cfg(test)]
mod tests;
