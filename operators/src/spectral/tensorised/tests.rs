use super::*;
use crate::spectral::{Factorization, FourierLayer, FourierLayerConfig, SpectralWeight};
use burn::optim::GradientsParams;
use burn::tensor::{Distribution, TensorData};

const FORMS: [Factorization; 2] = [Factorization::Tucker, Factorization::Cp];

fn config(factorization: Factorization, n_modes: &[usize], rank: f64) -> FourierLayerConfig {
    FourierLayerConfig {
        in_channels: 4,
        out_channels: 3,
        n_modes: n_modes.to_vec(),
        factorization,
        rank,
        skip_gain: 1.0,
    }
}

fn factors(layer: &FourierLayer) -> &TensorisedWeight {
    match &layer.weight {
        SpectralWeight::Tensorised(weight) => weight,
        SpectralWeight::Dense(_) => panic!("weights in factors"),
    }
}

/// Shape without the axis of parts, and the complex numbers.
fn complex<const D: usize>(param: &Param<Tensor<D>>) -> (Vec<usize>, Vec<[f64; 2]>) {
    let shape = param.shape().iter().copied().take(D - 1).collect();
    let values = param.val().into_data_as::<f64>();
    let values = values.try_into_vec::<f64>().expect("numbers");
    (shape, values.chunks(2).map(|c| [c[0], c[1]]).collect())
}

fn times([a, b]: [f64; 2], [c, d]: [f64; 2]) -> [f64; 2] {
    [a * c - b * d, a * d + b * c]
}

/// The definition: the weight `R[z, y, x, i, o]` as the sum over all ranks.
fn multiplied_out(weight: &TensorisedWeight) -> (Vec<usize>, Vec<f64>) {
    let one = (vec![1, 1], vec![[1.0, 0.0]]);
    let [z, y, x] = weight
        .along()
        .map(|factor| factor.map_or(one.clone(), complex));
    let factors = [z, y, x, complex(&weight.input), complex(&weight.output)];
    let ranks: Vec<usize> = factors.iter().map(|(shape, _)| shape[1]).collect();
    let core = weight.core.as_ref().map(complex);
    // In the polyadic form one index stands for all ranks; the factor 1 of absent dimensions has one.
    let terms = match &core {
        Some((shape, _)) => shape.iter().product(),
        None => ranks[2],
    };
    let mut shape: Vec<usize> = factors.iter().map(|(shape, _)| shape[0]).collect();
    let count: usize = shape.iter().product();
    let mut values = Vec::with_capacity(2 * count);
    for entry in 0..count {
        let mut sum = [0.0; 2];
        for term in 0..terms {
            let mut product = core.as_ref().map_or([1.0, 0.0], |(_, core)| core[term]);
            let (mut entry, mut index) = (entry, term);
            for ((size, numbers), rank) in factors.iter().zip(&ranks).rev() {
                let at = match &core {
                    Some(_) => index % rank,
                    None => term % rank,
                };
                index /= rank;
                product = times(product, numbers[entry % size[0] * rank + at]);
                entry /= size[0];
            }
            sum = [sum[0] + product[0], sum[1] + product[1]];
        }
        values.extend(sum);
    }
    shape.push(2);
    (shape, values)
}

#[test]
fn as_the_dense_layer_with_the_weights_multiplied_out() {
    let device = Device::flex().autodiff();
    device.seed(5);
    let cases: [(&[usize], [usize; 3], Option<usize>); 7] = [
        (&[6], [1, 1, 12], None),
        (&[9], [1, 1, 7], None),
        (&[6, 6], [1, 9, 11], None),
        // A grid that carries fewer modes than there are, and a limit on them.
        (&[7, 8], [1, 5, 6], None),
        (&[7, 8], [1, 12, 13], Some(4)),
        (&[4, 3, 6], [5, 6, 7], None),
        (&[5, 6, 4], [4, 9, 3], Some(3)),
    ];
    let mut worst = 0.0f32;
    for factorization in FORMS {
        for (n_modes, sizes, limit) in cases {
            let mut layer = config(factorization, n_modes, 0.4)
                .init(&device)
                .expect("layer");
            layer.mode_limit = limit;
            let (shape, values) = multiplied_out(factors(&layer));
            let weight = Tensor::from_data(TensorData::new(values, shape), &device);
            let mut dense = layer.clone();
            dense.weight = SpectralWeight::Dense(Param::from_tensor(weight));
            let shape = [2, 4, sizes.iter().product()];
            let x = Tensor::<3>::random(shape, Distribution::Normal(0.0, 1.0), &device);
            for activate in [false, true] {
                let results = [&layer, &dense].map(|layer| {
                    let x = x.clone().require_grad();
                    let y = layer.forward(x.clone(), sizes, activate);
                    let grads = y.clone().powi_scalar(3).sum().backward();
                    [y.inner(), x.grad(&grads).expect("gradient")]
                });
                let [[y, dx], [dense_y, dense_dx]] = results;
                for (found, expected) in [(y, dense_y), (dx, dense_dx)] {
                    let scale = expected.clone().abs().max();
                    let difference = (found - expected).abs().max() / scale;
                    worst = worst.max(difference.into_scalar::<f32>());
                }
            }
        }
    }
    println!("largest difference {worst:.1e} of the largest value");
    assert!(worst < 1e-5, "{worst}");
}

/// The convolution is linear in each factor `F`, so `sum of F dL/dF` is a linear loss `L` itself.
#[test]
fn gradients_of_all_factors() {
    let device = Device::flex().autodiff();
    device.seed(6);
    for factorization in FORMS {
        let mut layer = config(factorization, &[4, 5, 6], 0.5)
            .init(&device)
            .expect("layer");
        layer.skip.weight = layer.skip.weight.map(|w| w.zeros_like().require_grad());
        let normal = Distribution::Normal(0.0, 1.0);
        let x = Tensor::<3>::random([2, 4, 7 * 6 * 5], normal, &device);
        let y = layer.forward(x, [7, 6, 5], false);
        let loss = (y.clone() * y.random_like(normal)).sum();
        let expected = loss.clone().into_scalar::<f64>();
        let grads = GradientsParams::from_grads(loss.backward(), &layer.weight);
        let weight = factors(&layer);
        let check = |name: &str, product: Option<Tensor<1>>| {
            let found = product.expect(name).into_scalar::<f64>();
            let error = (found - expected).abs() / expected.abs();
            assert!(error < 1e-4, "{name}: {found} != {expected}");
        };
        for (name, factor) in [
            ("z", weight.along_z.as_ref().expect("z")),
            ("y", weight.along_y.as_ref().expect("y")),
            ("x", &weight.along_x),
            ("input", &weight.input),
            ("output", &weight.output),
        ] {
            let grad = grads.get::<3>(factor.id);
            check(name, grad.map(|grad| (grad * factor.val().inner()).sum()));
        }
        if let Some(core) = &weight.core {
            let grad = grads.get::<6>(core.id);
            check("core", grad.map(|grad| (grad * core.val().inner()).sum()));
        }
    }
}

#[test]
fn parameters_are_the_share_asked_for() {
    let device = Device::flex();
    for factorization in FORMS {
        for (channels, n_modes, rank) in [
            (32, &[16, 16][..], 0.1),
            (64, &[12, 12, 12], 0.1),
            (64, &[16, 16], 0.02),
            (32, &[32, 32], 0.42),
            (48, &[32], 0.2),
        ] {
            let parameters = |factorization, rank| {
                let config = FourierLayerConfig {
                    in_channels: channels,
                    out_channels: channels,
                    ..config(factorization, n_modes, rank)
                };
                config.init(&device).expect("layer").weight.num_params() as f64
            };
            let share = parameters(factorization, rank) / parameters(Factorization::Dense, 1.0);
            println!("{factorization:?} {channels} {n_modes:?} {rank}: share {share:.4}");
            assert!((share / rank - 1.0).abs() < 0.1, "{n_modes:?}: {share}");
        }
    }
}

/// `E|R|^2 = 1 / Ci`, as of dense weights; a few ranks leave a scatter of some tens of percent.
#[test]
fn initial_variance_is_that_of_dense_weights() {
    let device = Device::flex();
    for factorization in FORMS {
        let (inputs, seeds) = (8, 10);
        let mut ratio = 0.0;
        for seed in 0..seeds {
            device.seed(seed);
            let config = FourierLayerConfig {
                in_channels: inputs,
                out_channels: 8,
                ..config(factorization, &[8, 8], 0.5)
            };
            let layer = config.init(&device).expect("layer");
            let (shape, values) = multiplied_out(factors(&layer));
            let count = shape.iter().product::<usize>() / 2;
            let squares: f64 = values.iter().map(|v| v * v).sum();
            ratio += squares / count as f64 * inputs as f64 / seeds as f64;
        }
        println!("{factorization:?}: {ratio:.3} of the variance");
        assert!((0.7..1.4).contains(&ratio), "{factorization:?}: {ratio}");
    }
}

#[test]
fn impossible_ranks_are_refused() {
    let refuse = |factorization, rank| {
        let refused = config(factorization, &[4], rank).init(&Device::flex());
        refused.expect_err("refused").to_string()
    };
    for rank in [0.0, -0.1, 1.5, f64::NAN, f64::INFINITY] {
        for factorization in FORMS {
            let message = refuse(factorization, rank);
            let expected = "`rank`: expected a share of the dense parameters";
            assert!(message.starts_with(expected), "{message}");
        }
    }
    let message = refuse(Factorization::Dense, 0.1);
    assert!(
        message.contains("factorization = \"dense\", found 0.1"),
        "{message}"
    );
    for factorization in FORMS {
        // A share so small that no rank has it is the smallest there is.
        config(factorization, &[4], 1e-12)
            .init(&Device::flex())
            .expect("rank 1");
    }
}
