//! Training to a given error, as `benches/peers/fno_learn.py` does it with neuraloperator: the same
//! pairs, sizes, batches, loss, optimiser and learning rates.
//!
//! The file holds `train/x`, `train/y`, `test/x` and `test/y`, `[S, 1, H, W]`
//! (`benches/peers/fno_pairs.py`). The clock stands still while the test error is taken.

use crate::Result;
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{DType, Device, Tensor, TensorData};
use curlwind_operators::fno::{Fno, FnoConfig};
use curlwind_operators::loss::{GridLoss, LossKind};
use curlwind_operators::training::{AdamW, AdamWConfig, Stage, TrainingConfig};
use curlwind_operators::weights::{self, NamedTensors};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use std::path::Path;
use std::time::Instant;

/// Samples of a step and, without gradients, of a test.
const BATCH: usize = 16;

/// Inputs and outputs `[S, 1, H, W]`.
struct Pairs {
    x: Tensor<4>,
    y: Tensor<4>,
}

impl Pairs {
    fn read(file: &NamedTensors, set: &str) -> Result<Self> {
        let tensor = |part: &str| -> Result<Tensor<4>> {
            let name = format!("{set}/{part}");
            let found = file.get(&name);
            let (shape, values) = found.ok_or_else(|| format!("tensor `{name}` is missing"))?;
            let &[samples, 1, rows, columns] = shape.as_slice() else {
                return Err(format!("`{name}`: expected [S, 1, H, W], found {shape:?}").into());
            };
            let data = TensorData::new(values.clone(), [samples, 1, rows, columns]);
            Ok(Tensor::from_data(data, &Device::flex()))
        };
        Ok(Self {
            x: tensor("x")?,
            y: tensor("y")?,
        })
    }

    fn len(&self) -> usize {
        self.x.dims()[0]
    }

    fn batch(&self, indices: &[usize]) -> [Tensor<4>; 2] {
        [&self.x, &self.y].map(|all| {
            let samples = indices.iter().map(|&i| all.clone().narrow(0, i, 1));
            Tensor::cat(samples.collect(), 0)
        })
    }
}

/// Mean and standard deviation of all values.
fn moments(x: &Tensor<4>) -> (f64, f64) {
    let mean = x.clone().mean().into_scalar::<f64>();
    let square = (x.clone() - mean).powi_scalar(2).mean();
    (mean, square.into_scalar::<f64>().sqrt())
}

/// CPU seconds of all threads, where the system tells: what a machine at work with other things does
/// not lengthen as it does wall time.
fn cpu_seconds() -> f64 {
    let read = || {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        // Behind the name in brackets; user and system time in hundredths of a second.
        let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<f64>().ok();
        Some((ticks()? + ticks()?) / 100.0)
    };
    read().unwrap_or(f64::NAN)
}

/// Trains on the pairs of a file and prints seconds and test error after each epoch.
pub fn run(path: &str, epochs: usize, seed: u64) -> Result<()> {
    let (file, _) = weights::read(Path::new(path))?;
    let (train, test) = (Pairs::read(&file, "train")?, Pairs::read(&file, "test")?);
    let (of_x, of_y) = (moments(&train.x), moments(&train.y));
    let apply =
        |network: &Fno, x: Tensor<4>| network.forward((x - of_x.0) / of_x.1) * of_y.1 + of_y.0;
    let [_, _, rows, columns] = train.x.dims();
    let device = Device::flex().autodiff();
    let metric = GridLoss::uniform(
        LossKind::RelativeL2,
        [rows, columns],
        true,
        &Device::flex(),
        DType::F32,
    );
    device.seed(seed);
    let config = FnoConfig {
        n_modes: vec![12, 12],
        channel_mlp: 0.0,
        ..FnoConfig::default()
    };
    let mut network = config.init(&device)?;
    let stage = Stage {
        epochs,
        ..Stage::default()
    };
    // The default learning rates, on which the peer has its own copy.
    let training = TrainingConfig::default();
    let mut optimiser = AdamW::new(AdamWConfig::default(), &network);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..train.len()).collect();
    let steps = epochs * order.len().div_ceil(BATCH);
    let (mut step, mut seconds, mut cpu) = (0, 0.0, 0.0);
    println!("{} parameters, {} pairs", network.num_params(), train.len());
    for epoch in 1..=epochs {
        let (begin, cpu_begin) = (Instant::now(), cpu_seconds());
        order.shuffle(&mut rng);
        for indices in order.chunks(BATCH) {
            let rate = training.learning_rate_at(&stage, step, steps);
            let [x, y] = train.batch(indices);
            let loss = metric.relative_l2(apply(&network, x), y).mean();
            let grads = GradientsParams::from_grads(loss.backward(), &network);
            network = optimiser.step(network, grads, rate, None, 0.0);
            step += 1;
        }
        seconds += begin.elapsed().as_secs_f64();
        cpu += cpu_seconds() - cpu_begin;
        let valid = network.valid();
        let all: Vec<usize> = (0..test.len()).collect();
        let errors = all.chunks(BATCH).map(|indices| {
            let [x, y] = test.batch(indices);
            metric
                .relative_l2(apply(&valid, x), y)
                .sum()
                .into_scalar::<f64>()
        });
        let error = errors.sum::<f64>() / test.len() as f64;
        println!("epoch {epoch:3} {seconds:8.2} s, cpu {cpu:8.2} s, test error {error:.5}");
    }
    Ok(())
}
