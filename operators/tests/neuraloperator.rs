//! Networks trained with PyTorch's neuraloperator give the same output here.
//!
//! The files are written by `benches/peers/fno_weights.py` with the package itself: weights, an input
//! and the output that the package computes from it. All sizes but the last are even, since version
//! 2.0.0 of the package leaves modes one place off along odd ones (it undoes a shift by the same shift).

use burn::tensor::{Device, Tensor, TensorData};
use curlwind_operators::fno::{Fno, FnoConfig};
use curlwind_operators::spectral::Factorization;
use curlwind_operators::{neuraloperator, weights};
use std::path::{Path, PathBuf};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(format!("{name}.safetensors"))
}

type Tensors = weights::NamedTensors;
/// Shape and values.
type Array = (Vec<usize>, Vec<f32>);

fn read(name: &str) -> (Tensors, Array, Vec<f32>) {
    let (mut tensors, _) = weights::read(&file(name)).expect("file");
    let input = tensors.remove("input").expect("input");
    let output = tensors.remove("output").expect("output").1;
    (tensors, input, output)
}

fn largest_difference<const D: usize>(
    network: &Fno,
    (shape, values): Array,
    expected: &[f32],
) -> f32 {
    let input = Tensor::<D>::from_data(TensorData::new(values, shape), &Device::flex());
    let output = network.forward(input).into_data_as::<f32>();
    let output = output.try_into_vec::<f32>().expect("numbers");
    assert_eq!(output.len(), expected.len());
    let differences = output.iter().zip(expected).map(|(a, b)| (a - b).abs());
    let largest = differences.fold(0.0, f32::max);
    println!("{}-D: largest difference {largest:.1e}", D - 2);
    largest
}

fn load(name: &str) -> (FnoConfig, Fno, Array, Vec<f32>) {
    let (tensors, input, output) = read(name);
    let (config, network) =
        neuraloperator::fno(tensors, true, &file(name), &Device::flex()).expect("network");
    (config, network, input, output)
}

#[test]
fn outputs_agree() {
    let (config, network, input, output) = load("fno_2d");
    assert_eq!((config.in_channels, config.layers), (2, 3));
    assert_eq!(config.n_modes, [6, 4]);
    let difference = largest_difference::<4>(&network, input, &output);
    assert!(difference < 1e-5, "2-D: {difference}");

    let (config, network, input, output) = load("fno_1d_plain");
    assert_eq!((config.out_channels, config.channel_mlp), (2, 0.0));
    let difference = largest_difference::<3>(&network, input, &output);
    assert!(difference < 1e-5, "1-D: {difference}");

    let (_, network, input, output) = load("fno_3d");
    let difference = largest_difference::<5>(&network, input, &output);
    assert!(difference < 1e-5, "3-D: {difference}");
}

#[test]
fn outputs_agree_with_weights_in_factors() {
    let (config, network, input, output) = load("tfno_2d");
    assert_eq!(config.factorization, Factorization::Tucker);
    assert_eq!(config.n_modes, [6, 4]);
    let difference = largest_difference::<4>(&network, input, &output);
    assert!(difference < 1e-5, "2-D: {difference}");

    let (_, network, input, output) = load("tfno_3d");
    let difference = largest_difference::<5>(&network, input, &output);
    assert!(difference < 1e-5, "3-D: {difference}");

    let (config, network, input, output) = load("fno_1d_cp");
    assert_eq!(config.factorization, Factorization::Cp);
    let difference = largest_difference::<3>(&network, input, &output);
    assert!(difference < 1e-5, "1-D: {difference}");
}

#[test]
fn what_does_not_fit_is_named() {
    let device = Device::flex();
    let refuse = |tensors: Tensors| {
        neuraloperator::fno(tensors, true, Path::new("net.safetensors"), &device)
            .expect_err("refused")
            .to_string()
    };
    let (good, ..) = read("fno_2d");

    let mut tensors = good.clone();
    tensors.remove("projection.fcs.1.bias");
    let message = refuse(tensors);
    assert!(
        message.contains("`projection.fcs.1.bias` is missing")
            && message.contains("net.safetensors"),
        "{message}"
    );

    let mut tensors = good.clone();
    tensors.insert("fno_blocks.norm.0.weight".into(), (vec![4], vec![1.0; 4]));
    assert!(refuse(tensors).contains("`fno_blocks.norm.0.weight`"));

    let mut tensors = good.clone();
    tensors.insert(
        "lifting.fcs.1.weight".into(),
        (vec![4, 7, 1], vec![0.0; 28]),
    );
    assert!(refuse(tensors).contains("lifting.double.second.weight"));

    let (good, ..) = read("tfno_2d");
    let factor = "fno_blocks.convs.1.weight.factors.factor_2";
    let mut tensors = good.clone();
    tensors.remove(factor);
    assert!(refuse(tensors).contains(&format!("`{factor}` is missing")));

    let mut tensors = good;
    tensors.insert(factor.into(), (vec![6, 1, 2], vec![0.0; 12]));
    let message = refuse(tensors);
    assert!(
        message.contains(factor) && message.contains("found shape [6, 1, 2]"),
        "{message}"
    );

    assert!(refuse(Tensors::new()).contains("not the state dict of an FNO"));
}
