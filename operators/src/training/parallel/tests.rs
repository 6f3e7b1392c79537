//! Several processes train as one does. Processes are threads connected by channels.

use super::super::{Part, RunOptions, Stage, Task, TrainingConfig, fit};
use super::DataParallel;
use crate::error::Result;
use crate::pointwise::ChannelMix;
use crate::weights;
use burn::tensor::{Device, Tensor, TensorData};
use curlwind_solvers::ranks::Channels;
use rand_chacha::ChaCha8Rng;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Learns `y = A x` from 22 samples; validated on 7.
struct Mixing {
    network: ChannelMix,
}

fn value(sample: usize, channel: usize) -> f32 {
    ((sample * 37 + channel * 101) % 64) as f32 / 32.0 - 1.0
}

impl Task for Mixing {
    type Network = ChannelMix;
    type Batch = (Vec<f32>, Vec<f32>);

    fn network(&self) -> &ChannelMix {
        &self.network
    }

    fn device(&self) -> Device {
        Device::flex()
    }

    fn identity(&self) -> String {
        "mixing".into()
    }

    fn samples(&self, part: Part) -> usize {
        match part {
            Part::Training => 22,
            Part::Validation => 7,
        }
    }

    fn read(
        &self,
        part: Part,
        indices: &[usize],
        _: &Stage,
        _: &mut ChaCha8Rng,
    ) -> Result<Self::Batch> {
        let offset = if part == Part::Training { 0 } else { 1000 };
        let x: Vec<f32> = indices
            .iter()
            .flat_map(|n| (0..3).map(move |c| value(n + offset, c)))
            .collect();
        let y = x
            .as_chunks::<3>()
            .0
            .iter()
            .flat_map(|[a, b, c]| [a - 0.5 * b, b * 2.0 + c])
            .collect();
        Ok((x, y))
    }

    fn loss(
        &self,
        network: &ChannelMix,
        (x, y): Self::Batch,
        _: &Stage,
        device: &Device,
    ) -> Tensor<1> {
        let samples = x.len() / 3;
        let tensor = |values: Vec<f32>, channels: usize| {
            Tensor::<3>::from_data(TensorData::new(values, [samples, channels, 1]), device)
        };
        (network.forward(tensor(x, 3)) - tensor(y, 2))
            .powi_scalar(2)
            .mean()
    }
}

fn task() -> Mixing {
    let device = Device::flex();
    let weight = Tensor::<2>::from_data([[0.1, -0.2, 0.3], [0.4, 0.1, -0.3]], &device);
    Mixing {
        network: ChannelMix {
            weight: burn::module::Param::from_tensor(weight),
        },
    }
}

fn config() -> TrainingConfig {
    TrainingConfig {
        stages: vec![Stage {
            epochs: 6,
            ..Stage::default()
        }],
        // the last batch has two samples
        batch_size: 5,
        accumulate: 2,
        learning_rate: 0.03,
        ..TrainingConfig::default()
    }
}

/// Weights, the facts of the run.
fn trained(folder: &Path, options: RunOptions) -> (Vec<f32>, super::super::TrainingFacts) {
    let fitted = fit(&task(), &config(), folder, options).expect("trained");
    let mut all = Vec::new();
    weights::for_each(&fitted.model, |_, data| {
        all.extend(data.try_into_vec::<f32>().expect("numbers"));
    });
    (all, fitted.facts)
}

fn quiet() -> RunOptions<'static> {
    RunOptions {
        quiet: true,
        resume: true,
        ..RunOptions::default()
    }
}

#[test]
fn several_ranks_take_the_steps_of_one() {
    let alone = tempfile::tempdir().expect("a folder");
    let (expected, facts) = trained(alone.path(), quiet());
    for ranks in [1, 2, 3, 4] {
        let folder = tempfile::tempdir().expect("a folder");
        let all = Channels::run(ranks, |own| {
            let together = DataParallel::new(Box::new(own));
            trained(
                folder.path(),
                RunOptions {
                    ranks: Some(&together),
                    ..quiet()
                },
            )
        });
        for (found, own) in &all {
            assert_eq!(found, &all[0].0, "{ranks} ranks have different weights");
            assert_eq!(own.steps, facts.steps);
            for (a, b) in found.iter().zip(&expected) {
                assert!((a - b).abs() < 1e-5, "{ranks} ranks: {a}, one: {b}");
            }
            let validation = own.validation_loss.expect("validated");
            let difference = validation - facts.validation_loss.expect("validated");
            assert!(difference.abs() < 1e-5, "{ranks} ranks: {difference}");
        }
        // one file of metrics, with each line once
        let text = std::fs::read_to_string(folder.path().join("metrics.jsonl")).expect("metrics");
        let alone = std::fs::read_to_string(alone.path().join("metrics.jsonl")).expect("metrics");
        assert_eq!(text.lines().count(), alone.lines().count());
    }
}

#[test]
fn a_stopped_training_goes_on_with_the_same_bits() {
    let whole = tempfile::tempdir().expect("a folder");
    let parts = tempfile::tempdir().expect("a folder");
    let run = |folder: &Path, stop: Option<&AtomicBool>| {
        Channels::run(2, |own| {
            let together = DataParallel::new(Box::new(own));
            let own_stop = stop.filter(|_| !together.writes());
            trained(
                folder,
                RunOptions {
                    ranks: Some(&together),
                    stop: own_stop,
                    ..quiet()
                },
            )
        })
    };
    let expected = run(whole.path(), None);
    // one rank is asked to stop, and both do
    let stopped = run(parts.path(), Some(&AtomicBool::new(true)));
    assert!(
        stopped
            .iter()
            .all(|(_, facts)| !facts.finished && facts.steps == 1)
    );
    let found = run(parts.path(), None);
    for ((weights, facts), (expected, _)) in found.iter().zip(&expected) {
        assert!(facts.finished);
        assert_eq!(weights, expected);
    }
}
