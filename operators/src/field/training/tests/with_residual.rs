//! Domain: Burgers' equation on a line of 16 points with viscosity 0.02, five states a tenth of a second
//! apart from waves of random phases.

use super::*;
use crate::field::{FieldEquation, FieldResidual, Law, Refinement, refine};
use crate::training::ResidualConfig;
use curlwind_solvers::burgers::{Burgers, Solver};
use ndarray::Axis;

const VISCOSITY: f64 = 0.02;

fn equation(viscosity: f64) -> FieldEquation {
    FieldEquation {
        law: Law::Burgers(Burgers::new(viscosity, 1.0).expect("equation")),
        interval: 0.1,
    }
}

/// Samples `first ..` of the solver.
fn solved(first: usize, count: usize) -> FieldPairs {
    let law = Burgers::new(VISCOSITY, 1.0).expect("equation");
    let solver = Solver::new(law, 16, 2e-3).expect("solver");
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    for sample in first..first + count {
        let start: Vec<f64> = (0..16)
            .map(|i| std::f64::consts::TAU * i as f64 / 16.0)
            .map(|x| 0.4 * (x + 2.4 * sample as f64).sin() + 0.2 * (2.0 * x + sample as f64).cos())
            .collect();
        let states = solver.trajectory(&start, 0.4, 0.1).expect("solved");
        let values: Vec<f32> = states.iter().map(|u| *u as f32).collect();
        inputs.extend_from_slice(&values[..16]);
        outputs.extend_from_slice(&values[16..]);
    }
    let inputs = Array4::from_shape_vec((count, 1, 1, 16), inputs).expect("shape");
    let outputs = Array4::from_shape_vec((count, 4, 1, 16), outputs).expect("shape");
    FieldPairs::new(inputs, outputs)
        .expect("pairs")
        .on_a_torus()
}

fn network(data: &FieldPairs) -> FieldOperator {
    let device = Device::flex();
    device.seed(3);
    let moments = FieldNormalisation::of(data, false).expect("moments");
    let config = FieldOperatorConfig {
        network: NetworkConfig::Fno(FnoConfig {
            n_modes: vec![10],
            hidden_channels: 12,
            layers: 3,
            positional_embedding: false,
            ..Default::default()
        }),
        inputs: vec!["velocity".into()],
        outputs: (1..5).map(|k| format!("velocity_{k}")).collect(),
        // without a look at labels
        normalisation: FieldNormalisation {
            output_mean: vec![moments.input_mean[0]; 4],
            output_std: vec![moments.input_std[0]; 4],
            ..moments
        },
        about: serde_json::Value::Null,
    };
    FieldOperator::new(config, &device).expect("operator")
}

fn alone(epochs: usize) -> TrainingConfig {
    TrainingConfig {
        residual: Some(ResidualConfig {
            weight: 1.0,
            labels: false,
            ..Default::default()
        }),
        batch_size: 8,
        learning_rate: 1e-2,
        ..config(epochs)
    }
}

fn learn(
    operator: &FieldOperator,
    config: &TrainingConfig,
    data: &FieldPairs,
    physics: Option<Physics>,
    folder: &Path,
    stop: Option<&AtomicBool>,
) -> Result<Fitted<FieldOperator>> {
    let options = RunOptions {
        quiet: true,
        resume: true,
        stop,
        ranks: None,
    };
    train_with_residual(
        operator.clone(),
        config,
        data,
        None,
        physics,
        folder,
        options,
    )
}

fn fresh(
    operator: &FieldOperator,
    config: &TrainingConfig,
    data: &FieldPairs,
    physics: Option<Physics>,
) -> Result<Fitted<FieldOperator>> {
    let folder = tempfile::tempdir().expect("folder");
    learn(operator, config, data, physics, folder.path(), None)
}

fn of(equation: FieldEquation) -> Option<Physics<'static>> {
    Some(Physics {
        equation,
        unlabelled: None,
    })
}

/// Relative error of all states.
fn error_of(outputs: &Array4<f32>, truth: &Array4<f32>) -> f64 {
    let square = |fields: &mut dyn Iterator<Item = f32>| -> f64 {
        fields.map(|v| f64::from(v).powi(2)).sum()
    };
    let wrong = square(&mut outputs.iter().zip(truth).map(|(a, b)| a - b));
    (wrong / square(&mut truth.iter().copied())).sqrt()
}

fn error(operator: &FieldOperator, test: &FieldPairs) -> f64 {
    error_of(
        &operator.predict(test.inputs()).expect("said"),
        test.outputs(),
    )
}

/// The residual alone teaches what the solver would say, the wrong viscosity something else, and a
/// sample is refined without a look at its labels.
#[test]
fn the_residual_alone_teaches_the_solver() {
    let (data, test) = (solved(0, 48), solved(100, 16));
    let start = network(&data);
    let before = error(&start, &test);
    let taught = |viscosity: f64| {
        fresh(&start, &alone(60), &data, of(equation(viscosity)))
            .expect("trained")
            .model
    };
    let right = taught(VISCOSITY);
    let (after, wrong) = (error(&right, &test), error(&taught(0.04), &test));
    println!("{before:.3} to {after:.4}, wrong viscosity {wrong:.4}");
    assert!(after < 0.06 && before > 10.0 * after);
    assert!(wrong > 2.0 * after);

    let residual = FieldResidual::of_operator(
        &right,
        &equation(VISCOSITY),
        [1, 16],
        true,
        &ResidualConfig::default(),
    )
    .expect("residual");
    let input = test.inputs().select(Axis(0), &[3]);
    let truth = test.outputs().select(Axis(0), &[3]);
    let how = Refinement {
        steps: 60,
        learning_rate: 1e-3,
    };
    let found = refine(&right, &residual, &input, how).expect("refined");
    let before = error_of(&right.predict(&input).expect("said"), &truth);
    let after = error_of(&found.outputs, &truth);
    println!("one sample: {before:.4} to {after:.4}");
    assert!(found.losses[1] < found.losses[0] && after < 0.7 * before);
    let none = Refinement { steps: 0, ..how };
    let refused = refine(&right, &residual, &input, none).expect_err("refused");
    assert!(refused.to_string().contains("`refine.steps`"), "{refused}");
}

/// Without a weight nothing changes, and a residual with unlabelled inputs, on a finer grid, in parts
/// and with its run interrupted has the bits of the run that was not.
#[test]
fn no_weight_no_change_and_resumed_the_same_bits() {
    let (data, further) = (solved(0, 20), solved(50, 12));
    let start = network(&data);
    let physics = Some(Physics {
        equation: equation(VISCOSITY),
        unlabelled: Some(&further),
    });
    let bits = |t: &Fitted<FieldOperator>| weights::collect(t.model.network());
    let plain = fresh(&start, &config(2), &data, None).expect("trained");
    let with = |weight: f64| TrainingConfig {
        residual: Some(ResidualConfig {
            weight,
            unlabelled: 12,
            points: Some(32),
            ..Default::default()
        }),
        accumulate: 2,
        ..config(2)
    };
    let off = TrainingConfig {
        accumulate: 1,
        ..with(0.0)
    };
    let off = fresh(&start, &off, &data, physics).expect("trained");
    assert!(bits(&plain) == bits(&off));
    let whole = fresh(&start, &with(0.5), &data, physics).expect("trained");
    assert!(bits(&plain) != bits(&whole));
    let folder = tempfile::tempdir().expect("folder");
    let stop = AtomicBool::new(true);
    let part = |stop| learn(&start, &with(0.5), &data, physics, folder.path(), stop);
    part(Some(&stop)).expect("stopped");
    part(Some(&stop)).expect("stopped");
    assert!(bits(&whole) == bits(&part(None).expect("trained")));
}

/// What has no residual, or cannot be trained with one, is told so; what is not finite is named.
#[test]
fn residuals_that_do_not_fit_are_refused() {
    let data = solved(0, 8);
    let start = network(&data);
    let refused = |config: &TrainingConfig, physics| {
        let found = fresh(&start, config, &data, physics);
        found.expect_err("refused").to_string()
    };
    let message = refused(&alone(1), None);
    assert!(
        message.contains("`residual`") && message.contains("none"),
        "{message}"
    );
    let changed = |change: &dyn Fn(&mut TrainingConfig)| {
        let mut config = alone(1);
        change(&mut config);
        refused(&config, of(equation(VISCOSITY)))
    };
    let residual = |change: &dyn Fn(&mut ResidualConfig)| {
        changed(&|config| config.residual.iter_mut().for_each(change))
    };
    for (message, words) in [
        (residual(&|r| r.weight = -1.0), "`residual.weight`"),
        (residual(&|r| r.weight = 0.0), "above 0 without labels"),
        (residual(&|r| r.points = Some(8)), "`residual.points`"),
        (residual(&|r| r.unlabelled = 5), "`residual.unlabelled`"),
        (
            changed(&|c| c.checkpoint_activations = true),
            "`checkpoint_activations`",
        ),
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
    // a viscosity whose square leaves 32 bits
    let message = refused(&alone(1), of(equation(1e38)));
    assert!(message.contains("the residual loss became"), "{message}");
}
