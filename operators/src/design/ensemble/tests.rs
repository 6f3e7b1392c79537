use super::*;
use crate::design::scores::{nearest_neighbour, relative_l2};
use std::sync::atomic::{AtomicBool, Ordering};

/// Series resonators whose length and quality vary: S11 over frequency, complex.
fn sweep(designs: usize, offset: f64) -> DesignData {
    let frequencies: Vec<f64> = (0..61).map(|i| 1e9 + 0.05e9 * i as f64).collect();
    // A quasi-random sequence fills the square (Roberts' R2).
    let place = |i: usize, p: usize| {
        let step = [0.754_877_666_246_693, 0.569_840_290_998_053][p];
        (offset + step * (i + 1) as f64).fract()
    };
    let parameters = Array2::from_shape_fn((designs, 2), |(i, p)| match p {
        0 => 0.04 + 0.03 * place(i, 0),
        _ => 2.0 + 6.0 * place(i, 1),
    });
    let s11 = |design: usize, f: usize| {
        let resonance = 1.1e8 / parameters[[design, 0]];
        let detuning = frequencies[f] / resonance - resonance / frequencies[f];
        let quality = parameters[[design, 1]];
        let z = Complex64::new(1.3, quality * detuning);
        (z - 1.0) / (z + 1.0)
    };
    let response = Array3::from_shape_fn((designs, 1, 61), |(i, _, f)| s11(i, f));
    DesignData {
        parameter_names: vec!["length".into(), "quality".into()],
        parameters,
        port_pairs: vec![[1, 1]],
        frequencies,
        response: Response::Complex(response),
    }
}

fn config(steps: usize) -> DesignSurrogateConfig {
    DesignSurrogateConfig {
        steps,
        members: 2,
        poles: 3,
        hidden: 16,
        frequencies_per_step: 24,
        ..Default::default()
    }
}

const QUIET: RunOptions = RunOptions {
    quiet: true,
    resume: false,
    stop: None,
    ranks: None,
};

fn train(data: &DesignData, config: &DesignSurrogateConfig) -> DesignSurrogate {
    let folder = tempfile::tempdir().expect("folder");
    let device = Device::flex();
    DesignSurrogate::train(data, config, &device, folder.path(), QUIET).expect("trained")
}

#[test]
fn learns_a_moving_resonance() {
    let (data, test) = (sweep(24, 0.0), sweep(20, 0.5));
    let truth = test.response.decibel();
    for complex in [true, false] {
        let data = DesignData {
            response: match complex {
                true => data.response.clone(),
                false => Response::Decibel(data.response.decibel()),
            },
            ..data.clone()
        };
        let surrogate = train(&data, &config(300));
        let prediction = surrogate.predict(&test.parameters).expect("predicted");
        let error = relative_l2(&prediction.decibel(), &truth);
        let nearest = nearest_neighbour(&data, &test.parameters).decibel();
        let baseline = relative_l2(&nearest, &truth);
        println!(
            "complex {complex}: {error:.3?}, nearest {baseline:.3?}, out of fold {:.3}",
            surrogate.description().out_of_fold_error
        );
        assert!(
            error.pooled < 0.1 * baseline.pooled,
            "{error:?} {baseline:?}"
        );
        if let Response::Complex(values) = &prediction.mean {
            assert!(values.iter().all(|s| s.norm() <= 1.0));
        }
    }
}

/// Few designs of a smooth law: the surface alone gives it, with a small error that is known, and
/// the search finds the design that the law says.
#[test]
fn few_smooth_designs_are_learned_and_optimised() {
    let config = DesignSurrogateConfig {
        steps: 0,
        members: 4,
        ..Default::default()
    };
    let surrogate = train(&sweep(16, 0.0), &config);
    let test = sweep(20, 0.5);
    let prediction = surrogate.predict(&test.parameters).expect("predicted");
    let error = distance(&prediction.mean, &test.response);
    let relative = (error.mapv(|e| e * e).sum() / squares(&test.response)).sqrt();
    let about = surrogate.description();
    println!("{relative:.5}, out of fold {:.5}", about.out_of_fold_error);
    assert!(!about.chosen.network && relative < 0.01 && about.out_of_fold_error < 0.02);
    // Least |S11| at 2 GHz: the length of that resonance, 1.1e8 / 2e9.
    let goal = |prediction: &crate::design::Prediction, design: usize| {
        prediction.decibel()[[design, 0, 20]]
    };
    let bounds = [[0.04, 0.07], [7.0, 7.0]];
    let optima = surrogate
        .optimise(&bounds, &crate::design::optimise::Search::default(), goal)
        .expect("found");
    let best = &optima[0].parameters;
    assert!((best[0] - 0.055).abs() < 3e-4 && best[1] == 7.0, "{best:?}");
}

#[test]
fn two_ports_share_their_poles() {
    let mut data = sweep(16, 0.0);
    // A series element in a line: S21 = 1 - S11, and a length of line behind port 2.
    if let Response::Complex(s11) = &data.response {
        let s21 = |(i, _, f): (usize, usize, usize)| {
            let delay = Complex64::from_polar(1.0, -0.4e-9 * data.frequencies[f]);
            (1.0 - s11[[i, 0, f]]) * delay
        };
        let s21 = Array3::from_shape_fn((16, 1, 61), s21);
        let both = ndarray::concatenate(Axis(1), &[s11.view(), s21.view()]).expect("shapes");
        data.response = Response::Complex(both);
    }
    data.port_pairs = vec![[1, 1], [2, 1]];
    let surrogate = train(&data, &config(200));
    assert_eq!(surrogate.description().form, Form::Rational);
    let prediction = surrogate.predict(&data.parameters).expect("predicted");
    assert_eq!(prediction.mean.shape(), [16, 2, 61]);
    let error = distance(&prediction.mean, &data.response);
    let relative = (error.mapv(|e| e * e).sum() / squares(&data.response)).sqrt();
    println!("two-port: {relative:.3}");
    assert!(relative < 0.02, "{relative}");
}

#[test]
fn saved_and_loaded_it_answers_the_same() {
    let surrogate = train(&sweep(8, 0.0), &config(3));
    let folder = tempfile::tempdir().expect("folder");
    surrogate.save(folder.path()).expect("saved");
    let loaded = DesignSurrogate::load(folder.path(), &Device::flex()).expect("loaded");
    assert_eq!(loaded.description(), surrogate.description());
    let asked = sweep(5, 0.3).parameters;
    let (a, b) = (
        surrogate.predict(&asked).expect("predicted"),
        loaded.predict(&asked).expect("predicted"),
    );
    assert_eq!((a.mean, a.radius), (b.mean, b.radius));

    let file = folder.path().join("model.json");
    let json = std::fs::read_to_string(&file).expect("json");
    let degree = surrogate.description().chosen.degree;
    let key = |degree| format!("\"degree\": {degree},\n    \"ridge\"");
    let other = json.replace(&key(degree), &key(degree + 1));
    std::fs::write(&file, other).expect("written");
    let error = DesignSurrogate::load(folder.path(), &Device::flex());
    let message = error.expect_err("refused").to_string();
    assert!(message.contains("expected shape"), "{message}");
}

#[test]
fn questions_that_do_not_fit_are_refused_and_far_ones_are_said_to_be() {
    let surrogate = train(&sweep(8, 0.0), &config(3));
    let refused = |asked: Array2<f64>| surrogate.predict(&asked).expect_err("refused").to_string();
    assert!(refused(Array2::zeros((2, 3))).contains("expected shape [2, 2], found [2, 3]"));
    assert!(refused(Array2::from_elem((1, 2), f64::NAN)).contains("`length` is NaN"));
    let far = Array2::from_shape_vec((1, 2), vec![10.0, 5.0]).expect("shape");
    let prediction = surrogate.predict(&far).expect("predicted");
    assert!(prediction.outside[0] > 100.0 && prediction.distance[0] > 100.0);
    assert!(prediction.decibel().iter().all(|v| v.is_finite()));
}

/// Stopped at its first step and continued, a run ends with the same bits; with other data its
/// checkpoint is refused.
#[test]
fn a_stopped_run_resumes_with_the_same_bits() {
    let data = sweep(12, 0.0);
    let config = config(40);
    let device = Device::flex();
    let folder = tempfile::tempdir().expect("folder");
    let stop = AtomicBool::new(true);
    let options = RunOptions {
        quiet: true,
        resume: true,
        stop: Some(&stop),
        ranks: None,
    };
    let run =
        |data: &DesignData| DesignSurrogate::train(data, &config, &device, folder.path(), options);
    for _ in 0..3 {
        let error = run(&data).expect_err("stopped");
        assert!(matches!(error, Error::Stopped { .. }), "{error}");
    }
    stop.store(false, Ordering::Relaxed);
    let resumed = run(&data).expect("resumed");
    let expected = train(&data, &config);
    let weights = |s: &DesignSurrogate| weights::collect(&s.members);
    assert_eq!(weights(&resumed), weights(&expected));
    assert_eq!(
        resumed.description().calibration,
        expected.description().calibration
    );
    let message = run(&sweep(12, 0.1)).expect_err("other data").to_string();
    assert!(message.contains("another configuration"), "{message}");
}

#[test]
fn shares_cover_all_designs_once() {
    let mut all = shares(11, 4, 3).concat();
    assert!(
        shares(11, 4, 3)
            .iter()
            .all(|s| s.len() == 2 || s.len() == 3)
    );
    all.sort_unstable();
    assert!(all.into_iter().eq(0..11));
}
