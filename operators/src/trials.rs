//! What every network of fields is tried on: gradients, refusals, a small map to learn.

use crate::error::Result;
use crate::field::{self, FieldNormalisation, FieldOperator, FieldOperatorConfig, FieldPairs};
use crate::network::{Network, NetworkConfig};
use crate::training::{RunOptions, Stage, TrainingConfig};
use crate::weights;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Distribution, FloatDType, Gradients, Tensor};
use ndarray::Array4;
use std::f64::consts::TAU;

/// The network on an autodiff device with weights of a seed.
pub(crate) fn network(config: &NetworkConfig, seed: u64) -> Network {
    let device = Device::flex().autodiff();
    device.seed(seed);
    config.init_plane(&device).expect("network")
}

/// Random fields of two samples.
pub(crate) fn noise(channels: usize, [rows, columns]: [usize; 2], dtype: DType) -> Tensor<4> {
    let device = Device::flex().autodiff();
    let normal = Distribution::Normal(0.0, 1.0);
    Tensor::random([2, channels, rows, columns], normal, (&device, dtype))
}

/// Every grid is kept, and every parameter has a gradient.
pub(crate) fn keeps_grids(config: &NetworkConfig, grids: &[[usize; 2]]) {
    let network = network(config, 1);
    let (inputs, outputs) = config.channels();
    let mut parameters = 0;
    weights::for_each(&network, |_, _| parameters += 1);
    for &[rows, columns] in grids {
        config.check_plane([rows, columns]).expect("dimensions");
        let y = network.forward(noise(inputs, [rows, columns], DType::F32));
        assert_eq!(y.dims(), [2, outputs, rows, columns]);
        let values = y.powi_scalar(2).mean();
        let grads = burn::optim::GradientsParams::from_grads(values.backward(), &network);
        assert_eq!(grads.len(), parameters, "{rows} x {columns}");
    }
}

/// The message of a configuration that cannot be built.
pub(crate) fn refusal(config: &NetworkConfig) -> String {
    let refused: Result<Network> = config.init_plane(&Device::flex());
    refused.expect_err("refused").to_string()
}

/// All weights in f64 and moved by `step` along a direction that follows from their places.
struct Moved {
    step: f64,
    seed: usize,
}

/// Numbers without a pattern in -1..1.
fn direction(shape: &[usize], seed: usize) -> Vec<f64> {
    let count: usize = shape.iter().product();
    let value = |n: usize| (1.7 * (n + 1) as f64 + (n * n % 89) as f64 + seed as f64).sin();
    (0..count).map(value).collect()
}

fn along<const D: usize>(like: &Tensor<D>, seed: usize) -> Tensor<D> {
    let values = direction(&like.dims(), seed);
    let data = burn::tensor::TensorData::new(values, like.dims());
    Tensor::from_data(data, (&like.device(), DType::F64))
}

impl ModuleMapper for Moved {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.seed += 1;
        let (step, seed) = (self.step, self.seed);
        param.map(|tensor| {
            let exact = tensor.detach().cast(FloatDType::F64);
            let direction = along(&exact, seed);
            (exact + direction * step).detach().require_grad()
        })
    }
}

/// Sum of the gradients times the direction.
struct Slope<'a> {
    grads: &'a Gradients,
    seed: usize,
    sum: f64,
}

impl ModuleVisitor for Slope<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.seed += 1;
        let gradient = param.val().grad(self.grads).expect("gradient");
        let product = gradient * along(&param.val().inner(), self.seed);
        self.sum += product.sum().into_scalar::<f64>();
    }
}

/// The derivative of a loss along a direction in the space of all weights, in f64, against its
/// difference.
pub(crate) fn gradients_match_differences(config: &NetworkConfig, grid: [usize; 2]) {
    let network = network(config, 2);
    let x = noise(config.channels().0, grid, DType::F64);
    let loss = |step: f64| {
        let moved = network.clone().map(&mut Moved { step, seed: 0 });
        let loss = moved.forward(x.clone()).powi_scalar(2).sum();
        (moved, loss)
    };
    let step = 3e-6;
    let [above, below] = [step, -step].map(|s| loss(s).1.into_scalar::<f64>());
    let difference = (above - below) / (2.0 * step);
    let (network, loss) = loss(0.0);
    let value = loss.clone().into_scalar::<f64>();
    let mut slope = Slope {
        grads: &loss.backward(),
        seed: 0,
        sum: 0.0,
    };
    network.visit(&mut slope);
    let error = (difference - slope.sum).abs() / slope.sum.abs().max(value);
    println!(
        "slope {:.6} and difference {difference:.6} of {value:.3}",
        slope.sum
    );
    assert!(error < 1e-6, "{difference} against {}", slope.sum);
}

/// A smooth field of a few waves, whose phases follow from the sample.
fn wave(sample: usize, y: f64, x: f64) -> f64 {
    let phase = 0.7 * sample as f64;
    let second = 1.9 * (sample as f64 + 0.3);
    (TAU * x + phase).sin() * (TAU * y + second).cos() + 0.5 * (TAU * (x + y) - second).sin()
}

/// Relative error on held-out samples after training on the map of a smooth periodic field `u` to
/// `u^2 - du/dx / 2 pi`.
pub(crate) fn learned(network: NetworkConfig, grid: [usize; 2], epochs: usize, rate: f64) -> f64 {
    let device = Device::flex();
    device.seed(3);
    let [rows, columns] = grid;
    let pairs = |samples: std::ops::Range<usize>| {
        let shape = (samples.len(), 1, rows, columns);
        let place = |r: usize, c: usize| (r as f64 / rows as f64, c as f64 / columns as f64);
        let input = Array4::from_shape_fn(shape, |(s, _, r, c)| {
            let (y, x) = place(r, c);
            wave(samples.start + s, y, x) as f32
        });
        let output = Array4::from_shape_fn(shape, |(s, _, r, c)| {
            let (y, x) = place(r, c);
            let sample = samples.start + s;
            let slope = (wave(sample, y, x + 1e-4) - wave(sample, y, x - 1e-4)) / 2e-4;
            (wave(sample, y, x).powi(2) - slope / TAU) as f32
        });
        FieldPairs::new(input, output).expect("pairs")
    };
    let (data, held) = (pairs(0..48), pairs(48..56));
    let config = FieldOperatorConfig {
        network,
        inputs: vec!["u".into()],
        outputs: vec!["v".into()],
        normalisation: FieldNormalisation::of(&data, false).expect("moments"),
        about: serde_json::Value::Null,
    };
    let operator = FieldOperator::new(config, &device).expect("operator");
    let training = TrainingConfig {
        stages: vec![Stage {
            epochs,
            ..Stage::default()
        }],
        batch_size: 8,
        learning_rate: rate,
        ..Default::default()
    };
    let folder = tempfile::tempdir().expect("folder");
    let options = RunOptions {
        quiet: true,
        ..Default::default()
    };
    let trained =
        field::train(operator, &training, &data, None, folder.path(), options).expect("trained");
    // Through a folder, as a user has it.
    let home = folder.path().join("model");
    trained.model.save(&home).expect("saved");
    let model = FieldOperator::load(&home, &device).expect("loaded");
    let found = model.predict(held.inputs()).expect("prediction");
    let (mut error, mut size) = (0.0, 0.0);
    for (found, exact) in found.iter().zip(held.outputs()) {
        error += f64::from(found - exact).powi(2);
        size += f64::from(*exact).powi(2);
    }
    let error = (error / size).sqrt();
    println!(
        "{} on {rows} x {columns}: {error:.4}",
        model.config().network.name()
    );
    error
}
