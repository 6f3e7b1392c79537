//! Symmetries, conservation, gradients, files and learning of the stepping operator.

use super::{Stepping, SteppingConfig};
use crate::network::{Network, NetworkConfig};
use crate::surrogate::{Normalisation, Predict, Surrogate, SurrogateConfig};
use crate::training::{MemoryWindows, RunOptions, Stage, TrainingConfig, train};
use crate::weights;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{DType, Device, Tensor, TensorData};
use curlwind_solvers::sphere::grid::SphereGrid;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn config() -> SteppingConfig {
    SteppingConfig {
        truncation: 5,
        steps_truncation: 5,
        ..Default::default()
    }
}

/// Numbers of mean 0 and variance 1. Tests run side by side and share the device's generator, so
/// they draw from one of their own.
fn numbers(count: usize) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(count as u64);
    let width = 3f64.sqrt();
    (0..count)
        .map(|_| rng.random_range(-width..width))
        .collect()
}

fn noise(shape: [usize; 4], device: &Device, dtype: DType) -> Tensor<4> {
    let data = TensorData::new(numbers(shape.iter().product()), shape);
    Tensor::from_data(data, (device, dtype))
}

/// Adds noise to every parameter that is learned.
struct Disturb(f64);

impl ModuleMapper for Disturb {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D > 1 {
            return param;
        }
        param.map(|old| {
            let values = old.to_data().convert::<f64>().try_into_vec::<f64>();
            let values = values.expect("f64").into_iter();
            let noise = numbers(old.shape().num_elements()).into_iter();
            let moved: Vec<f64> = values.zip(noise).map(|(v, n)| v + self.0 * n).collect();
            let data = TensorData::new(moved, old.dims());
            weights::replaced(&old, data)
        })
    }
}

/// A fitted operator with arbitrary weights.
fn operator(config: &SteppingConfig, grid: &SphereGrid, device: &Device, dtype: DType) -> Stepping {
    let inputs = noise(
        [40, config.in_channels, grid.nlat(), grid.nlon()],
        &device.clone().without_autodiff(),
        dtype,
    );
    let network = config.init_with(grid, device, dtype).expect("network");
    assert!(!network.is_fitted());
    let network = network.fit(inputs).expect("fitted");
    assert!(network.is_fitted());
    network.map(&mut Disturb(0.02))
}

fn max_abs(x: Tensor<4>) -> f64 {
    x.abs().max().into_scalar::<f64>()
}

/// Shifts every row by one point to the east.
fn turned(x: Tensor<4>) -> Tensor<4> {
    let last = x.dims()[3] - 1;
    Tensor::cat(vec![x.clone().narrow(3, last, 1), x.narrow(3, 0, last)], 3)
}

/// Fields on the mirrored sphere.
fn mirrored(x: Tensor<4>) -> Tensor<4> {
    let signs = Tensor::from_data(
        TensorData::new(vec![1.0, -1.0, 1.0], [1, 3, 1, 1]),
        (&x.device(), x.dtype()),
    );
    x.flip([2]) * signs
}

#[test]
fn turning_and_mirroring_commute_with_the_step() {
    let device = Device::flex();
    for grid in [SphereGrid::gaussian(12, 24), SphereGrid::regular(18, 30)] {
        let grid = grid.expect("grid");
        let network = operator(&config(), &grid, &device, DType::F64);
        let x = noise([2, 3, grid.nlat(), grid.nlon()], &device, DType::F64);
        let y = network.forward(x.clone());
        let moved = max_abs(y.clone() - x.clone());
        assert!(moved > 0.1, "{moved}");
        let turn = max_abs(network.forward(turned(x.clone())) - turned(y.clone()));
        assert!(turn < 1e-10, "turned: {turn:e}");
        let mirror = max_abs(network.forward(mirrored(x)) - mirrored(y));
        assert!(mirror < 1e-10, "mirrored: {mirror:e}");
    }
}

/// The mean that a channel is normalised by only passes through.
#[test]
fn global_means_pass_through() {
    let device = Device::flex();
    let grid = SphereGrid::gaussian(12, 24).expect("grid");
    let network = operator(&config(), &grid, &device, DType::F64);
    let x = noise([1, 3, 12, 24], &device, DType::F64);
    let shifted = network.forward(x.clone() + 0.75) - network.forward(x) - 0.75;
    assert!(max_abs(shifted) < 1e-11);
}

/// A band-limited state steps the same on any grid that carries it.
#[test]
fn the_grid_does_not_matter() {
    let device = Device::flex();
    let coarse = SphereGrid::gaussian(12, 24).expect("grid");
    let network = operator(&config(), &coarse, &device, DType::F64);
    // The output is band-limited.
    let x = network.forward(noise([1, 3, 12, 24], &device, DType::F64));
    let fine = SphereGrid::regular(25, 48).expect("grid");
    let on = |grid: &SphereGrid| {
        use crate::spherical::HarmonicTransform;
        HarmonicTransform::new(grid, 6, 6, &device, DType::F64).expect("transform")
    };
    let carry = |x: Tensor<4>| on(&fine).synthesis(on(&coarse).analysis(x));
    let expected = carry(network.forward(x.clone()));
    let found = network.at_grid(&fine).expect("moved").forward(carry(x));
    let error = max_abs(found - expected.clone()) / max_abs(expected);
    assert!(error < 1e-10, "{error:e}");

    let config = SteppingConfig::default();
    let network = config
        .init(&SphereGrid::regular(32, 64).expect("grid"), &device)
        .expect("network");
    assert_eq!(network.truncation_and_steps(), (10, 3));
    assert_eq!(network.parameters(), 118);
    let finer = network.at_grid(&SphereGrid::regular(64, 128).expect("grid"));
    assert_eq!(finer.expect("moved").truncation_and_steps(), (21, 6));
}

/// Derivatives of a loss in every learned number against central differences.
#[test]
fn gradients_agree_with_differences() {
    let device = Device::flex().autodiff();
    let grid = SphereGrid::gaussian(8, 16).expect("grid");
    let config = SteppingConfig {
        truncation: 3,
        steps: 4,
        steps_truncation: 3,
        in_channels: 4,
        static_mirror: vec![1],
        static_reversal: vec![1],
        ..Default::default()
    };
    let network = operator(&config, &grid, &device, DType::F64);
    let x = noise([2, 4, 8, 16], &device, DType::F64);
    let loss = |network: &Stepping| network.forward(x.clone()).powi_scalar(2).mean();
    let grads = loss(&network).backward();
    struct Gradients<'a>(&'a burn::tensor::Gradients, Vec<Vec<f64>>);
    impl burn::module::ModuleVisitor for Gradients<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let gradient = param.val().grad(self.0);
            assert_eq!(gradient.is_some(), D == 1, "the whitening is no parameter");
            let values = gradient.map(|g| g.into_data_as::<f64>().try_into_vec());
            self.1.push(values.and_then(Result::ok).unwrap_or_default());
        }
    }
    let mut gradients = Gradients(&grads, Vec::new());
    network.visit(&mut gradients);

    /// Moves one number of one parameter.
    struct Nudge {
        parameter: usize,
        at: usize,
        by: f64,
        seen: usize,
    }
    impl ModuleMapper for Nudge {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            self.seen += 1;
            if self.seen - 1 != self.parameter {
                return param;
            }
            param.map(|old| {
                let shape = old.dims();
                let mut values: Vec<f64> = old.to_data().try_into_vec().expect("f64");
                values[self.at] += self.by;
                weights::replaced(&old, TensorData::new(values, shape))
            })
        }
    }
    for (parameter, gradient) in gradients.1.iter().enumerate() {
        for at in (0..gradient.len()).step_by(7) {
            let moved = |by| {
                let seen = 0;
                let nudged = network.clone().map(&mut Nudge {
                    parameter,
                    at,
                    by,
                    seen,
                });
                loss(&nudged).into_scalar::<f64>()
            };
            let difference = (moved(1e-6) - moved(-1e-6)) / 2e-6;
            let error = (difference - gradient[at]).abs();
            assert!(
                error < 1e-6 * (1.0 + difference.abs()),
                "{parameter} {at}: {difference} {}",
                gradient[at]
            );
        }
    }
}

fn surrogate(
    grid: &SphereGrid,
    data: &MemoryWindows,
    predict: Predict,
) -> crate::Result<Surrogate> {
    let config = SurrogateConfig {
        network: NetworkConfig::Stepping(config()),
        channels: ["geopotential", "vorticity", "divergence"]
            .map(String::from)
            .into(),
        static_channels: vec![],
        forcings: Vec::new(),
        channel_weights: Vec::new(),
        normalisation: Normalisation::fit(data).expect("statistics"),
        time_step: 3600.0,
        predict,
    };
    Surrogate::new(config, grid, &[], &Device::flex())
}

/// Pairs (state, next state) of an operator with given weights, in odd units.
fn windows(grid: &SphereGrid, samples: usize) -> MemoryWindows {
    let device = Device::flex();
    let teacher = operator(&config(), grid, &device, DType::F32);
    let (nlat, nlon) = (grid.nlat(), grid.nlon());
    // Smooth states: what one damped step leaves of noise.
    let x = teacher.forward(noise([samples, 3, nlat, nlon], &device, DType::F32));
    let y = teacher.forward(x.clone());
    let pairs: Tensor<5> = Tensor::stack(vec![x, y], 1);
    let scale = TensorData::new(vec![1e3f32, 1e-4, 1e-5], [1, 1, 3, 1, 1]);
    let mean = TensorData::new(vec![1e4f32, 0.0, 0.0], [1, 1, 3, 1, 1]);
    let pairs = pairs * Tensor::from_data(scale, &device) + Tensor::from_data(mean, &device);
    let values = pairs.into_data().try_into_vec::<f32>().expect("f32");
    MemoryWindows::new(values, 2, [3, nlat, nlon], 1).expect("windows")
}

/// Another operator's flows are learned through the trainer, the model survives its files, and a
/// fitted one is not fitted again.
#[test]
fn learns_saves_and_loads() {
    let device = Device::flex();
    let grid = SphereGrid::gaussian(10, 20).expect("grid");
    let data = windows(&grid, 32);
    let refused = surrogate(&grid, &data, Predict::Tendency).expect_err("refused");
    assert!(refused.to_string().contains("`predict`"), "{refused}");
    let model = surrogate(&grid, &data, Predict::State).expect("surrogate");
    let model = model.fitted(&data).expect("fitted");
    let folder = tempfile::tempdir().expect("folder");
    let training = TrainingConfig {
        stages: vec![Stage {
            roll_out: 1,
            epochs: 25,
            ..Stage::default()
        }],
        learning_rate: 2e-2,
        weight_decay: 0.0,
        ema_decay: 0.0,
        final_learning_rate: 0.0,
        ..Default::default()
    };
    let options = RunOptions {
        quiet: true,
        ..Default::default()
    };
    let outcome = train(model, &training, &data, None, folder.path(), options).expect("trained");
    assert!(
        outcome.facts.train_loss < 0.02,
        "{}",
        outcome.facts.train_loss
    );

    let folder = folder.path().join("model");
    let trained = outcome.model;
    trained.save(&folder).expect("saved");
    let loaded = Surrogate::load(&folder, &device).expect("loaded");
    let x = noise([1, 3, 10, 20], &device, DType::F32);
    let step = |model: &Surrogate| model.step_normalised(x.clone(), None).into_data();
    assert_eq!(step(&loaded), step(&trained));
    let again = loaded.fitted(&data).expect("left alone");
    assert_eq!(step(&again), step(&trained));
    assert!(matches!(again.network(), Network::Stepping(n) if n.is_fitted()));
}
