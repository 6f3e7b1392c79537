//! Networks of every kind against finite differences, rows against gradients, and whole trainings.

use super::evaluate::{System, TermPoints};
use super::*;
use crate::residuals::pointwise;
use burn::tensor::{Device, Tensor};
use std::ops::ControlFlow;

fn domain() -> Domain {
    Domain::new(&[("t", 0.0, 0.5), ("x", -1.0, 2.0)]).expect("domain")
}

fn kinds() -> Vec<NetworkConfig> {
    let small = NetworkConfig {
        hidden: 6,
        layers: 2,
        ..Default::default()
    };
    vec![
        small.clone(),
        NetworkConfig {
            activation: Activation::Sine,
            input_scale: 2.0,
            ..small.clone()
        },
        NetworkConfig {
            gated: true,
            factorised: true,
            ..small.clone()
        },
        NetworkConfig {
            fourier: Some(Fourier {
                count: 3,
                scale: 1.0,
            }),
            periodic: vec![Periodic {
                axis: 1,
                harmonics: 2,
                period: 1.0,
            }],
            ..small
        },
    ]
}

fn order() -> JetOrder {
    JetOrder::new(2, &[[0, 1], [1, 1]])
}

fn numbers(x: Tensor<2>) -> Vec<f64> {
    x.into_data().try_into_vec().expect("f64")
}

#[test]
fn derivatives_of_networks_are_exact() {
    for config in kinds() {
        let network = config.init(&domain(), order(), 2, &Device::flex());
        let (network, weights) = network.expect("network");
        let at = |t: f64, x: f64| network.at(&weights, &network.features(&[t, x]));
        let value = |t, x| numbers(at(t, x).value());
        let (t, x, h) = (0.2, 0.7, 1e-4);
        let jet = at(t, x);
        for channel in 0..2 {
            let v = |t, x| value(t, x)[channel];
            for (name, found, expected) in [
                ("t", jet.first(0), (v(t + h, x) - v(t - h, x)) / (2.0 * h)),
                ("x", jet.first(1), (v(t, x + h) - v(t, x - h)) / (2.0 * h)),
                (
                    "xx",
                    jet.second(1, 1),
                    (v(t, x + h) - 2.0 * v(t, x) + v(t, x - h)) / (h * h),
                ),
                (
                    "tx",
                    jet.second(0, 1),
                    (v(t + h, x + h) - v(t + h, x - h) - v(t - h, x + h) + v(t - h, x - h))
                        / (4.0 * h * h),
                ),
            ] {
                let found = numbers(found)[channel];
                let scale = 1.0 + expected.abs();
                assert!(
                    (found - expected).abs() < 2e-5 * scale,
                    "{config:?}, {name}: {found} {expected}"
                );
            }
        }
    }
}

#[test]
fn periodic_networks_are_periodic() {
    let config = &kinds()[3];
    let (network, weights) = config
        .init(&domain(), order(), 1, &Device::flex())
        .expect("network");
    let jet = network.at(&weights, &network.features(&[0.3, -1.0, 0.3, 2.0]));
    for part in [jet.value(), jet.first(1), jet.second(1, 1)] {
        let part = numbers(part);
        assert!((part[0] - part[1]).abs() < 1e-12, "{part:?}");
    }
}

/// `u_t + u u_x - u_xx` and `u - x t` as terms.
fn problem() -> Problem {
    let domain = domain();
    let equation = Term::equation("equation", Place::interior(&domain), 7, |u, _| {
        let u = u.channel(0);
        let burgers = u.first(0) + u.value() * u.first(1) - u.second(1, 1);
        Tensor::cat(vec![burgers, u.second(0, 1)], 1)
    });
    let condition = Term::values("condition", Place::slice(&domain, 1, 2.0), 5, 1, |p, to| {
        to[0] = p[0] * p[1]
    });
    Problem {
        domain,
        order: order(),
        outputs: 1,
        terms: vec![equation, condition.weighted(3.0)],
        lift: None,
        distance: None,
    }
}

/// The right-hand side of the normal equations is half the gradient of the loss, which is that of
/// finite differences; the matrix is that of the residuals' differences.
#[test]
fn rows_and_gradients_agree() {
    for config in kinds() {
        let problem = problem();
        let network = config.init(&problem.domain, problem.order, 1, &Device::flex());
        let (network, weights) = network.expect("network");
        let points = problem.terms.iter().map(|term| {
            let mut random = rand::SeedableRng::seed_from_u64(7);
            let places = super::sampling::points(&term.place, term.points, &mut random);
            TermPoints::new(&problem, term, &network, places)
        });
        let mut points: Vec<TermPoints> = points.collect();
        points[0].weights[2] = 0.25;
        let system = System {
            problem: &problem,
            network: &network,
            points,
            factors: vec![1.0, 3.0],
        };
        let normal = system.normal(&weights, 0.0).expect("normal");
        let terms = system.gradients(&weights).expect("gradients");
        let (loss, gradient) = system.sum(&terms);
        let direct = system.total(&system.losses(&weights).expect("losses"));
        assert!((loss - direct).abs() < 1e-12 * loss);
        let largest = gradient.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
        for (n, expected) in gradient.iter().enumerate() {
            let found = 2.0 * normal.gradient[[n, 0]];
            assert!(
                (found - expected).abs() < 1e-10 * largest,
                "{config:?}, weight {n}: {found} {expected} of {largest}"
            );
        }
        for n in (0..weights.len()).step_by(5) {
            let at = |h: f64| {
                let mut moved = weights.clone();
                moved[n] += h;
                system.total(&system.losses(&moved).expect("losses"))
            };
            let h = 1e-5;
            let slope = (at(h) - at(-h)) / (2.0 * h);
            assert!(
                (slope - gradient[n]).abs() < 1e-6 * largest.max(1.0),
                "{config:?}, weight {n}: {slope} {}",
                gradient[n]
            );
        }
    }
}

/// `u' = -u` with `u(0) = 1`, and a second coordinate that nothing depends on.
fn decay() -> Problem {
    let domain = Domain::new(&[("t", 0.0, 1.0)]).expect("domain");
    let equation = Term::equation("equation", Place::interior(&domain), 40, |u, _| {
        u.first(0) + u.value()
    });
    let start = Place::slice(&domain, 0, 0.0);
    let initial = Term::values("initial", start, 1, 1, |_, to| to[0] = 1.0);
    Problem {
        domain,
        order: JetOrder::new(1, &[]),
        outputs: 1,
        terms: vec![equation, initial],
        lift: None,
        distance: None,
    }
}

fn small() -> NetworkConfig {
    NetworkConfig {
        hidden: 8,
        layers: 2,
        ..Default::default()
    }
}

fn stages(stages: &[(Optimiser, usize)]) -> TrainingConfig {
    TrainingConfig {
        stages: stages
            .iter()
            .map(|&(optimiser, steps)| Stage {
                optimiser,
                steps,
                ..Default::default()
            })
            .collect(),
        ..Default::default()
    }
}

fn error(field: &Field) -> f64 {
    let points: Vec<f64> = (0..=20).map(|n| f64::from(n) / 20.0).collect();
    let values = field.values(&points).expect("values");
    let errors = values
        .iter()
        .zip(&points)
        .map(|(u, t)| (u - (-t).exp()).abs());
    errors.fold(0.0, f64::max)
}

#[test]
fn every_optimiser_solves_a_decay() {
    for (optimiser, steps, wanted) in [
        (Optimiser::GaussNewton, 60, 1e-5),
        (Optimiser::Lbfgs, 300, 1e-3),
        (Optimiser::Adam, 1500, 2e-2),
    ] {
        for balance in [
            Balance::None,
            Balance::GradientNorm,
            Balance::Ntk,
            Balance::Relobralo,
        ] {
            let config = TrainingConfig {
                balance,
                ..stages(&[(optimiser, steps)])
            };
            let go_on = |_: &Progress| ControlFlow::Continue(());
            let trained = train(&decay(), &small(), &config, None, &Device::flex(), go_on);
            let error = error(&trained.expect("trained").field);
            println!("{optimiser:?} {balance:?}: {error:.1e}");
            assert!(error < wanted, "{optimiser:?} {balance:?}: {error}");
        }
    }
}

#[test]
fn an_interrupted_run_ends_with_the_same_bits() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("checkpoint.json");
    let mut config = stages(&[(Optimiser::Adam, 30), (Optimiser::GaussNewton, 12)]);
    config.sampling = Sampling {
        interval: 5,
        adaptive: true,
        ..Default::default()
    };
    config.balance = Balance::Relobralo;
    config.causal = Some(Causal::default());
    let go = |file: Option<&std::path::Path>, last: usize| {
        train(
            &decay(),
            &small(),
            &config,
            file,
            &Device::flex(),
            |p| match p.steps.0 >= last {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            },
        )
    };
    let whole = go(None, usize::MAX).expect("trained");
    for stop in [13, 35] {
        let stopped = go(Some(&file), stop);
        assert!(matches!(stopped, Err(crate::Error::Stopped { .. })));
    }
    let resumed = go(Some(&file), usize::MAX).expect("trained");
    assert_eq!(whole.field.parameters, resumed.field.parameters);
    assert_eq!(whole.history.len(), resumed.history.len());
}

/// Windows of time: each begins exactly with the end of the one before.
#[test]
fn windows_of_time_are_continuous() {
    use super::cases::{Advection, Case, Conditions};
    let case = Advection { speed: 3.0 };
    let conditions = Conditions {
        interior: 400,
        ..Default::default()
    };
    let network = NetworkConfig {
        periodic: vec![Periodic {
            axis: 1,
            harmonics: 1,
            period: 1.0,
        }],
        hidden: 16,
        ..small()
    };
    let config = stages(&[(Optimiser::GaussNewton, 100)]);
    let mut before: Option<Field> = None;
    for window in [[0.0, 0.5], [0.5, 1.0]] {
        let problem = case
            .problem(&conditions, window, before.as_ref())
            .expect("problem");
        let go_on = |_: &Progress| ControlFlow::Continue(());
        let trained = train(&problem, &network, &config, None, &Device::flex(), go_on);
        let field = trained.expect("trained").field;
        for x in [0.0, 1.3, 4.0] {
            let start = field.values(&[window[0], x]).expect("values")[[0, 0]];
            let end = field.values(&[window[1], x]).expect("values")[[0, 0]];
            let expected = match &before {
                Some(before) => before.values(&[window[0], x]).expect("values")[[0, 0]],
                None => x.sin(),
            };
            assert!((start - expected).abs() < 1e-14);
            assert!(
                (end - (x - 3.0 * window[1]).sin()).abs() < 1e-3,
                "{x}: {end}"
            );
        }
        before = Some(field);
    }
}

#[test]
fn bad_input_is_named() {
    let mut broken = decay();
    broken.terms.push(Term::equation(
        "broken",
        Place::interior(&broken.domain),
        9,
        |u, _| (u.value() - 100.0).sqrt(),
    ));
    let go_on = |_: &Progress| ControlFlow::Continue(());
    let config = stages(&[(Optimiser::GaussNewton, 3)]);
    let found = train(&broken, &small(), &config, None, &Device::flex(), go_on);
    let message = found.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(
        message.contains("`broken` became NaN at the point ["),
        "{message}"
    );

    let trained = train(&decay(), &small(), &config, None, &Device::flex(), go_on);
    let outside = trained.expect("trained").field.values(&[0.5, 1.5]);
    let message = outside.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(message.contains("`t`: expected 0 to 1"), "{message}");

    let other = Problem {
        order: JetOrder::new(2, &[]),
        ..decay()
    };
    let found = train(&other, &small(), &config, None, &Device::flex(), go_on);
    let message = found.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(message.contains("1 coordinates, found 2"), "{message}");
    assert!(Domain::new(&[("x", 1.0, 1.0)]).is_err());
}

/// A residual with a wrong coefficient does not vanish on the solution, the right one does.
#[test]
fn the_equation_at_points_is_the_solver_s() {
    use curlwind_solvers::burgers::{Burgers, Ends, cole_hopf};
    use std::f64::consts::PI;
    let nu = 0.05;
    let u = |t: f64, x: f64| cole_hopf(nu, |y| -(PI * y).sin(), |y| (PI * y).cos() / PI, x, t);
    let (t, x) = (0.4, 0.3);
    let order = JetOrder::new(2, &[[1, 1]]);
    let jet = |h: f64| {
        let parts = vec![
            u(t, x),
            (u(t + h, x) - u(t - h, x)) / (2.0 * h),
            (u(t, x + h) - u(t, x - h)) / (2.0 * h),
            (u(t, x + h) - 2.0 * u(t, x) + u(t, x - h)) / (h * h),
        ];
        Jet {
            parts: crate::buffers::matrix(
                parts,
                [1, 4, 1],
                &Device::flex(),
                burn::tensor::DType::F64,
            ),
            order,
        }
    };
    let residual = |viscosity: f64, h: f64| {
        let equation = Burgers {
            viscosity,
            length: 2.0,
            ends: Ends::Zero,
        };
        numbers(pointwise::burgers(&equation, &jet(h)))[0].abs()
    };
    let (coarse, fine) = (residual(nu, 0.02), residual(nu, 0.01));
    let order = (coarse / fine).log2();
    assert!((order - 2.0).abs() < 0.1, "order {order}");
    let wrong = (residual(1.01 * nu, 0.02), residual(1.01 * nu, 0.01));
    assert!(wrong.1 > 0.5 * wrong.0 && wrong.1 > 2.0 * fine, "{wrong:?}");
}
