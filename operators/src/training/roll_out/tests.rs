use super::*;
use crate::network::NetworkConfig;
use crate::sfno::SfnoConfig;
use crate::surrogate::{Normalisation, Predict, SurrogateConfig};
use crate::training::MemoryWindows;
use crate::weights;
use curlwind_solvers::sphere::grid::SphereGrid;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const SHAPE: [usize; 3] = [2, 8, 16];

/// Waves that turn eastward, the second channel twice as fast.
fn trajectories(seed: usize) -> Vec<f32> {
    let mut values = Vec::new();
    for trajectory in 0..5 {
        for time in 0..6 {
            for channel in 0..2 {
                for j in 0..8 {
                    for i in 0..16 {
                        let phase = (trajectory * 7 + seed) as f32
                            + 0.2 * (channel + 1) as f32 * time as f32;
                        let lon = i as f32 * std::f32::consts::TAU / 16.0;
                        values.push(
                            100.0 + 10.0 * (lon - phase).sin() * ((j as f32 + 0.5) * 0.39).sin(),
                        );
                    }
                }
            }
        }
    }
    values
}

fn windows(seed: usize) -> MemoryWindows {
    MemoryWindows::new(trajectories(seed), 6, SHAPE, 2).expect("windows")
}

fn surrogate(data: &dyn Windows) -> Surrogate {
    let device = Device::flex();
    let grid = SphereGrid::gaussian(8, 16).expect("grid");
    let sfno = SfnoConfig {
        hidden_channels: 8,
        layers: 1,
        ..Default::default()
    };
    let config = SurrogateConfig {
        network: NetworkConfig::Sfno(sfno),
        channels: vec!["a".into(), "b".into()],
        static_channels: vec![],
        forcings: Vec::new(),
        channel_weights: Vec::new(),
        normalisation: Normalisation::fit(data).expect("statistics"),
        time_step: 1.0,
        predict: Predict::Tendency,
    };
    let surrogate = Surrogate::new(config, &grid, &[], &device).expect("surrogate");
    // Tests run side by side and share the device's generator: the start is set by hand.
    let mut weights = weights::collect(surrogate.network());
    for (shape, values) in weights.values_mut() {
        let size = if shape.len() > 1 { 0.3 } else { 0.0 };
        for (i, value) in values.iter_mut().enumerate() {
            *value = size * (12.9898 * i as f32 + shape[0] as f32).sin();
        }
    }
    let network = surrogate.network().clone();
    let network = weights::apply(network, &weights, Path::new("start")).expect("same names");
    surrogate.with_network(network)
}

fn config() -> TrainingConfig {
    let stage = |roll_out, epochs| Stage {
        roll_out,
        epochs,
        ..Stage::default()
    };
    TrainingConfig {
        stages: vec![stage(1, 3), stage(2, 1)],
        learning_rate: 5e-3,
        ..Default::default()
    }
}

fn bits(outcome: &Fitted<Surrogate>) -> Vec<(String, Vec<u32>)> {
    let weights = weights::collect(outcome.model.network());
    weights
        .into_iter()
        .map(|(n, (_, v))| (n, v.into_iter().map(f32::to_bits).collect()))
        .collect()
}

/// Data that fail after a number of reads, as a killed process would.
struct Failing<'a>(&'a MemoryWindows, AtomicUsize);

impl Windows for Failing<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn steps(&self) -> usize {
        self.0.steps()
    }
    fn state_shape(&self) -> [usize; 3] {
        self.0.state_shape()
    }
    fn read(&self, index: usize, steps: usize, out: &mut [f32]) -> Result<()> {
        let left = self
            .1
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        left.map_err(|_| Error::Data("killed".into()))?;
        self.0.read(index, steps, out)
    }
}

#[test]
fn learns_and_writes_metrics() {
    let data = windows(0);
    let validation = windows(3);
    let folder = tempfile::tempdir().expect("folder");
    let config = TrainingConfig {
        stages: vec![Stage {
            roll_out: 1,
            epochs: 12,
            ..Stage::default()
        }],
        ..config()
    };
    let options = RunOptions {
        quiet: true,
        ..Default::default()
    };
    let outcome = train(
        surrogate(&data),
        &config,
        &data,
        Some(&validation),
        folder.path(),
        options,
    )
    .expect("trained");
    let loss = outcome.facts.validation_loss.expect("validated");
    // Persistence is wrong by 0.28 here.
    assert!(outcome.facts.finished && loss < 0.1, "{loss}");
    let lines = std::fs::read_to_string(folder.path().join("metrics.jsonl")).expect("metrics");
    assert_eq!(
        lines
            .lines()
            .filter(|l| l.contains("validation_loss"))
            .count(),
        12
    );
    assert_eq!(outcome.facts.steps, 12 * 5);
}

#[test]
fn a_killed_run_resumes_with_the_same_bits() {
    let data = windows(0);
    let run = |folder: &Path, data: &dyn Windows, config: &TrainingConfig| {
        let options = RunOptions {
            quiet: true,
            resume: true,
            stop: None,
            ranks: None,
        };
        train(
            surrogate(&windows(0)),
            config,
            data,
            Some(&windows(3)),
            folder,
            options,
        )
    };
    // Checkpoints at the end of epochs, and every 3 steps (5 steps make an epoch).
    for (interval, reads) in [(0, 2 * 20 + 9), (3, 20 + 14), (3, 3 * 20 + 10)] {
        let config = TrainingConfig {
            checkpoint_interval: interval,
            ..config()
        };
        let whole = tempfile::tempdir().expect("folder");
        let expected = run(whole.path(), &data, &config).expect("trained");
        let parts = tempfile::tempdir().expect("folder");
        let failing = Failing(&data, AtomicUsize::new(reads));
        assert!(
            run(parts.path(), &failing, &config)
                .expect_err("killed")
                .to_string()
                .contains("killed")
        );
        let resumed = run(parts.path(), &data, &config).expect("resumed");
        assert_eq!(bits(&expected), bits(&resumed));
        assert_eq!(
            expected.facts.train_loss.to_bits(),
            resumed.facts.train_loss.to_bits()
        );
        assert_eq!(expected.facts.steps, 20);
        let read = |folder: &Path| {
            std::fs::read_to_string(folder.join("metrics.jsonl"))
                .expect("metrics")
                .lines()
                .count()
        };
        assert_eq!(read(whole.path()), read(parts.path()));
    }
}

#[test]
fn stops_from_outside_and_continues() {
    let data = windows(0);
    let folder = tempfile::tempdir().expect("folder");
    let stop = AtomicBool::new(true);
    let options = RunOptions {
        quiet: true,
        resume: true,
        stop: Some(&stop),
        ranks: None,
    };
    let run = |options| {
        train(
            surrogate(&data),
            &config(),
            &data,
            None,
            folder.path(),
            options,
        )
        .expect("run")
    };
    let first = run(options);
    assert!(!first.facts.finished && first.facts.steps == 1);
    let rest = run(RunOptions {
        stop: None,
        ..options
    });
    let whole = tempfile::tempdir().expect("folder");
    let expected = train(
        surrogate(&data),
        &config(),
        &data,
        None,
        whole.path(),
        RunOptions {
            stop: None,
            ..options
        },
    )
    .expect("run");
    assert_eq!(bits(&rest), bits(&expected));
}

#[test]
fn a_loss_that_is_not_finite_stops_with_the_reason() {
    let mut values = trajectories(0);
    let last = values.len() - 1;
    let clean = windows(0);
    values[last] = f32::NAN;
    let data = MemoryWindows::new(values, 6, SHAPE, 2).expect("windows");
    let folder = tempfile::tempdir().expect("folder");
    let options = RunOptions {
        quiet: true,
        ..Default::default()
    };
    let error = train(
        surrogate(&clean),
        &config(),
        &data,
        None,
        folder.path(),
        options,
    );
    let message = error.expect_err("stopped").to_string();
    assert!(
        message.contains("the loss became NaN at step") && message.contains("learning rate"),
        "{message}"
    );
}

#[test]
fn data_that_do_not_fit_are_refused() {
    let data = windows(0);
    let folder = tempfile::tempdir().expect("folder");
    let options = RunOptions::default();
    let other = MemoryWindows::new(vec![0.0; 3 * 8 * 16 * 6], 6, [3, 8, 16], 2).expect("windows");
    let error = train(
        surrogate(&data),
        &config(),
        &other,
        None,
        folder.path(),
        options,
    );
    assert!(
        error
            .expect_err("refused")
            .to_string()
            .contains("expected shape [2, 8, 16]")
    );
    let stage = Stage {
        roll_out: 5,
        epochs: 1,
        ..Stage::default()
    };
    let config = TrainingConfig {
        stages: vec![stage],
        ..config()
    };
    let error = train(
        surrogate(&data),
        &config,
        &data,
        None,
        folder.path(),
        options,
    );
    assert!(
        error
            .expect_err("refused")
            .to_string()
            .contains("at most the 2 steps")
    );
}
