use super::*;
use crate::field::{FieldNormalisation, FieldOperatorConfig, FieldPairs};
use crate::fno::FnoConfig;
use crate::network::NetworkConfig;
use crate::weights;
use ndarray::Array4;
use rand::Rng;
use std::sync::atomic::AtomicBool;

/// Smooth random fields and their negatives shifted by a column.
struct Shifted(usize);

impl FieldSamples for Shifted {
    fn len(&self) -> usize {
        self.0
    }

    fn shape(&self) -> [usize; 4] {
        [1, 1, 8, 12]
    }

    fn read(
        &self,
        index: usize,
        symmetry: Option<&mut ChaCha8Rng>,
        input: &mut [f32],
        output: &mut [f32],
    ) -> Result<()> {
        let sign = match symmetry {
            Some(rng) => 1.0 - 2.0 * f32::from(u8::from(rng.random::<bool>())),
            None => 1.0,
        };
        let value = |row: usize, column: usize| {
            let phase = index as f32 * 0.7 + row as f32 * 0.8;
            sign * (phase + column as f32 * std::f32::consts::TAU / 12.0).sin()
        };
        for row in 0..8 {
            for column in 0..12 {
                input[row * 12 + column] = value(row, column);
                output[row * 12 + column] = -3.0 * value(row, column + 1);
            }
        }
        Ok(())
    }
}

fn operator(seed: u64) -> FieldOperator {
    let device = Device::flex();
    device.seed(seed);
    let normalisation = FieldNormalisation::of(&Shifted(10), true).expect("sizes");
    let ratio = normalisation.output_std[0] / normalisation.input_std[0];
    assert!((ratio - 3.0).abs() < 1e-3);
    let config = FieldOperatorConfig {
        network: NetworkConfig::Fno(FnoConfig {
            n_modes: vec![4, 4],
            hidden_channels: 8,
            layers: 2,
            domain_padding: 0.25,
            ..Default::default()
        }),
        inputs: vec!["in".into()],
        outputs: vec!["out".into()],
        normalisation,
        about: serde_json::Value::Null,
    };
    FieldOperator::new(config, &device).expect("operator")
}

fn config(epochs: usize) -> TrainingConfig {
    TrainingConfig {
        stages: vec![Stage {
            roll_out: 1,
            epochs,
            ..Stage::default()
        }],
        learning_rate: 5e-3,
        ..Default::default()
    }
}

#[test]
fn it_learns_and_survives_a_folder() {
    let folder = tempfile::tempdir().expect("folder");
    let options = RunOptions {
        quiet: true,
        ..Default::default()
    };
    let (data, held) = (Shifted(24), Shifted(4));
    let trained = train(
        operator(1),
        &config(30),
        &data,
        Some(&held),
        folder.path(),
        options,
    )
    .expect("trained");
    let loss = trained.facts.validation_loss.expect("validation");
    println!("validation loss {loss:.4}");
    assert!(loss < 0.1, "{loss}");
    let home = folder.path().join("model");
    trained.model.save(&home).expect("saved");
    let again = FieldOperator::load(&home, &Device::flex()).expect("loaded");
    let mut input = Array4::zeros((1, 1, 8, 12));
    let mut output = vec![0.0; 96];
    let values = input.as_slice_mut().expect("contiguous");
    held.read(1, None, values, &mut output).expect("read");
    let predict = |operator: &FieldOperator| operator.predict(&input).expect("values");
    assert_eq!(predict(&again), predict(&trained.model));
    assert!(again.predict(&Array4::zeros((1, 2, 8, 12))).is_err());
}

/// Stopped and continued, the weights are those of the run that was not, bit for bit.
#[test]
fn a_resumed_run_has_the_same_bits() {
    let data = Shifted(20);
    // other tests draw from the same generator
    let start = operator(1);
    let run = |folder: &Path, stop: Option<&AtomicBool>, resume: bool| {
        let options = RunOptions {
            quiet: true,
            resume,
            stop,
            ranks: None,
        };
        train(start.clone(), &config(3), &data, None, folder, options).expect("trained")
    };
    let folder = tempfile::tempdir().expect("folder");
    let whole = run(&folder.path().join("whole"), None, false);
    let parts = folder.path().join("parts");
    let stop = AtomicBool::new(true);
    run(&parts, Some(&stop), false);
    run(&parts, Some(&stop), true);
    let resumed = run(&parts, None, true);
    let bits = |t: &Fitted<FieldOperator>| weights::collect(t.model.network());
    assert!(bits(&whole) == bits(&resumed));
}

#[test]
fn what_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let mut long = config(1);
    long.stages[0].roll_out = 2;
    let refused = train(
        operator(1),
        &long,
        &Shifted(4),
        None,
        folder.path(),
        RunOptions::default(),
    );
    let message = refused.expect_err("refused").to_string();
    assert!(message.contains("`stages.roll_out`"), "{message}");
}

fn waves(count: usize) -> FieldPairs {
    let wave = |s: usize, i: usize, shift: f64| {
        let phase = 0.7 * s as f64 + std::f64::consts::TAU * i as f64 / 16.0;
        (3.0 + 2.0 * (phase + shift).sin()) as f32
    };
    let fields = |shift| Array4::from_shape_fn((count, 1, 1, 16), |(s, _, _, i)| wave(s, i, shift));
    FieldPairs::new(fields(0.0), fields(0.5)).expect("samples")
}

/// A shifted wave is learned on a line, saved, loaded, and the prediction is physical.
#[test]
fn a_map_on_a_line_is_learned() {
    let device = Device::flex();
    device.seed(1);
    let data = waves(24);
    let config = FieldOperatorConfig {
        network: NetworkConfig::Fno(FnoConfig {
            n_modes: vec![6],
            hidden_channels: 8,
            layers: 2,
            ..Default::default()
        }),
        inputs: vec!["before".into()],
        outputs: vec!["after".into()],
        normalisation: FieldNormalisation::of(&data, false).expect("moments"),
        about: serde_json::Value::Null,
    };
    let operator = FieldOperator::new(config, &device).expect("operator");
    let training = TrainingConfig {
        stages: vec![Stage {
            roll_out: 1,
            epochs: 60,
            ..Stage::default()
        }],
        batch_size: 8,
        learning_rate: 1e-2,
        ..Default::default()
    };
    let folder = tempfile::tempdir().expect("folder");
    let options = RunOptions {
        quiet: true,
        ..Default::default()
    };
    let trained = train(operator, &training, &data, None, folder.path(), options).expect("trained");
    trained
        .model
        .save(&folder.path().join("model"))
        .expect("saved");
    let loaded = FieldOperator::load(&folder.path().join("model"), &device).expect("loaded");
    let predicted = loaded.predict(data.inputs()).expect("predicted");
    let (mut error, mut size) = (0.0, 0.0);
    for (p, t) in predicted.iter().zip(data.outputs()) {
        error += f64::from(p - t).powi(2);
        size += f64::from(*t).powi(2);
    }
    let error = (error / size).sqrt();
    println!("relative error {error:.4}");
    assert!(error < 0.03, "{error}");
}

/// A flow at constant speed on a torus: six states of each of twelve samples, an eighth of the side
/// apart.
fn drifting() -> FieldPairs {
    let state = |sample: usize, step: usize, j: usize, i: usize| {
        let x = (i as f64 / 16.0 - step as f64 / 8.0) * std::f64::consts::TAU;
        let y = j as f64 / 16.0 * std::f64::consts::TAU;
        let phase = sample as f64;
        ((x + phase).sin() * (1.0 + 0.3 * (y - phase).cos()) + 0.2 * (2.0 * x).cos()) as f32
    };
    let fields = |later: usize| {
        Array4::from_shape_fn((60, 1, 16, 16), |(n, _, j, i)| {
            state(n / 5, n % 5 + later, j, i)
        })
    };
    let pairs = FieldPairs::new(fields(0), fields(1)).expect("pairs");
    pairs.on_a_torus().in_sequences(5).expect("sequences")
}

fn stepper(data: &FieldPairs, network: NetworkConfig) -> FieldOperator {
    let device = Device::flex();
    device.seed(5);
    let config = FieldOperatorConfig {
        network,
        inputs: vec!["now".into()],
        outputs: vec!["next".into()],
        normalisation: FieldNormalisation::of(data, false).expect("moments"),
        about: serde_json::Value::Null,
    };
    FieldOperator::new(config, &device).expect("operator")
}

fn small_fno() -> NetworkConfig {
    NetworkConfig::Fno(FnoConfig {
        n_modes: vec![6, 6],
        hidden_channels: 8,
        layers: 3,
        positional_embedding: false,
        ..Default::default()
    })
}

fn trained(
    operator: &FieldOperator,
    config: &TrainingConfig,
    data: &FieldPairs,
) -> Fitted<FieldOperator> {
    let folder = tempfile::tempdir().expect("folder");
    let options = RunOptions {
        quiet: true,
        ..Default::default()
    };
    let operator = operator.clone();
    train(operator, config, data, Some(data), folder.path(), options).expect("trained")
}

fn distance(a: &Fitted<FieldOperator>, b: &Fitted<FieldOperator>) -> f32 {
    let weights = |f: &Fitted<FieldOperator>| weights::collect(f.model.network());
    let (a, b) = (weights(a), weights(b));
    let pairs = a.values().zip(b.values());
    let differences = pairs.flat_map(|(a, b)| a.1.iter().zip(&b.1).map(|(a, b)| (a - b).abs()));
    differences.fold(0.0, f32::max)
}

/// Parts of batches and forgotten activations change the rounding alone.
#[test]
fn memory_is_saved_without_another_result() {
    let data = drifting();
    let base = TrainingConfig {
        batch_size: 6,
        ..config(1)
    };
    let start = stepper(&data, small_fno());
    let whole = trained(&start, &base, &data);
    let other = |change: &dyn Fn(&mut TrainingConfig)| {
        let mut config = base.clone();
        change(&mut config);
        distance(&whole, &trained(&start, &config, &data))
    };
    let accumulated = other(&|c| c.accumulate = 4);
    let checkpointed = other(&|c| c.checkpoint_activations = true);
    println!("accumulated {accumulated:.1e}, checkpointed {checkpointed:.1e}");
    assert!(accumulated < 1e-4 && checkpointed < 1e-4);
    assert!(other(&|c| c.batch_size = 5) > 1e-4);
}

/// Fields of 16 bits learn the same.
#[test]
fn half_the_bits_learn_as_well() {
    let data = drifting();
    let start = stepper(&data, small_fno());
    let full = trained(&start, &config(12), &data);
    let half = TrainingConfig {
        precision: Precision::Bf16,
        ..config(12)
    };
    let half = trained(&start, &half, &data);
    let loss = |f: &Fitted<FieldOperator>| f.facts.validation_loss.expect("validation");
    println!("f32 {:.4}, bf16 {:.4}", loss(&full), loss(&half));
    assert!(loss(&full) < 0.1 && loss(&half) < 1.2 * loss(&full));
    assert!(distance(&full, &half) > 0.0);
}

/// Roll-outs, push-forward, few modes first, several resolutions: each learns the flow, and an
/// operator trained on two grids is as good on both.
#[test]
fn every_way_of_training_learns() {
    let data = drifting();
    let stages = |stages: &[Stage]| TrainingConfig {
        stages: stages.to_vec(),
        ..config(1)
    };
    let stage = |roll_out, epochs| Stage {
        roll_out,
        epochs,
        ..Default::default()
    };
    let ways = [
        ("roll-out", stages(&[stage(1, 8), stage(3, 4)])),
        (
            "push-forward",
            stages(&[
                stage(1, 8),
                Stage {
                    push_forward: true,
                    ..stage(2, 6)
                },
            ]),
        ),
        (
            "modes",
            stages(&[
                Stage {
                    modes: Some(2),
                    ..stage(1, 4)
                },
                stage(1, 10),
            ]),
        ),
        (
            "resolutions",
            TrainingConfig {
                resolutions: vec![12, 16],
                ..config(14)
            },
        ),
    ];
    for (name, config) in ways {
        let found = trained(&stepper(&data, small_fno()), &config, &data);
        let loss = found.facts.validation_loss.expect("validation");
        println!("{name}: {loss:.4}");
        assert!(loss < 0.15, "{name}: {loss}");
    }
}

/// What a network, the data or another key cannot do is refused with its key.
#[test]
fn ways_that_do_not_fit_are_refused() {
    let data = drifting();
    let folder = tempfile::tempdir().expect("folder");
    let refused = |network: NetworkConfig, change: &dyn Fn(&mut TrainingConfig)| {
        let mut config = config(1);
        change(&mut config);
        let operator = stepper(&data, network);
        let run = RunOptions::default();
        let error = train(operator, &config, &data, None, folder.path(), run);
        error.expect_err("refused").to_string()
    };
    type Change = fn(&mut TrainingConfig);
    let changes: [(&str, Change); 5] = [
        ("`stages.roll_out`", |c| c.stages[0].roll_out = 6),
        ("`resolutions`", |c| c.resolutions = vec![3]),
        ("`accumulate`", |c| c.accumulate = 0),
        ("`stages[0].roll_out`", |c| c.stages[0].push_forward = true),
        ("`stages[0].modes`", |c| c.stages[0].modes = Some(0)),
    ];
    for (key, change) in changes {
        let message = refused(small_fno(), &change);
        assert!(message.contains(key), "{key}: {message}");
    }
}

mod with_residual;
