use super::*;
use crate::network::NetworkConfig;
use crate::trials;
use burn::module::Module;
use burn::tensor::{DType, Tensor, TensorData};
use std::f64::consts::TAU;

fn small(dimensions: usize) -> UnoConfig {
    UnoConfig {
        in_channels: 2,
        out_channels: 3,
        hidden_channels: 4,
        channels: vec![4, 6, 5, 6, 3],
        n_modes: [6, 4, 4, 4, 6].map(|n| vec![n; dimensions]).to_vec(),
        ..Default::default()
    }
}

#[test]
fn any_grid_and_gradients_everywhere() {
    for domain_padding in [0.0, 0.25] {
        let of = |dimensions| {
            NetworkConfig::Uno(UnoConfig {
                domain_padding,
                ..small(dimensions)
            })
        };
        trials::keeps_grids(&of(2), &[[8, 8], [7, 11], [4, 30]]);
        trials::keeps_grids(&of(1), &[[1, 16], [1, 13]]);
    }
    // First coarser, in factors that multiply to 1 but for rounding.
    let config = UnoConfig {
        scalings: vec![0.667, 0.75, 1.0, 1.333, 1.5],
        positional_embedding: false,
        ..small(2)
    };
    trials::keeps_grids(&NetworkConfig::Uno(config), &[[9, 13]]);
    let config = UnoConfig {
        channels: vec![4; 4],
        n_modes: vec![vec![4, 4]; 4],
        scalings: vec![0.5, 0.5, 2.0, 2.0],
        ..small(2)
    };
    trials::keeps_grids(&NetworkConfig::Uno(config), &[[16, 12]]);
}

#[test]
fn gradients_match_differences() {
    for (dimensions, grid) in [(2, [6, 7]), (1, [1, 10])] {
        let config = UnoConfig {
            domain_padding: 0.2,
            ..small(dimensions)
        };
        trials::gradients_match_differences(&NetworkConfig::Uno(config), grid);
    }
}

#[test]
fn partners_lie_across() {
    let of = |layers| (0..layers).map(|n| partner(n, layers)).collect::<Vec<_>>();
    assert_eq!(of(5), [None, None, None, Some(1), Some(0)]);
    assert_eq!(of(4), [None, None, None, Some(0)]);
    assert_eq!(of(1), [None]);
}

/// The same weights are nearly the same function of a field that both grids carry. What is left is
/// from the activations, whose outputs no grid carries, and falls as the grid gets finer.
#[test]
fn the_function_does_not_depend_on_the_grid() {
    let config = UnoConfig {
        channels: vec![8, 16, 16, 16, 8],
        n_modes: vec![vec![4, 4]; 5],
        positional_embedding: false,
        ..Default::default()
    };
    let network = trials::network(&NetworkConfig::Uno(config), 1).valid();
    let outputs = |n: usize| -> Vec<f64> {
        let values: Vec<f64> = (0..n * n)
            .map(|p| {
                let (y, x) = ((p / n) as f64 / n as f64, (p % n) as f64 / n as f64);
                (TAU * x).sin() * (TAU * y).cos() + 0.5 * (TAU * (x - y)).cos()
            })
            .collect();
        let device = burn::tensor::Device::flex();
        let data = TensorData::new(values, [1, 1, n, n]);
        let y = network.forward(Tensor::from_data(data, (&device, DType::F32)));
        let y = y.into_data_as::<f64>().try_into_vec::<f64>();
        // The points of the coarsest grid.
        let (y, step) = (y.expect("values"), n / 32);
        (0..32 * 32)
            .map(|p| y[p / 32 * step * n + p % 32 * step])
            .collect()
    };
    let finest = outputs(128);
    let size = finest.iter().map(|v| v * v).sum::<f64>().sqrt();
    let [coarse, fine] = [32, 64].map(|n| {
        let other = outputs(n);
        let off = other.iter().zip(&finest).map(|(a, b)| (a - b).powi(2));
        off.sum::<f64>().sqrt() / size
    });
    println!("from 128 x 128: {coarse:.1e} at 32 x 32, {fine:.1e} at 64 x 64");
    assert!(coarse < 0.05 && fine < 0.1 * coarse, "{coarse} {fine}");
}

#[test]
fn a_small_map_is_learned() {
    let of = |dimensions| UnoConfig {
        hidden_channels: 8,
        channels: vec![8, 12, 12, 12, 8],
        n_modes: [6, 6, 6, 6, 6].map(|n| vec![n; dimensions]).to_vec(),
        ..Default::default()
    };
    let error = trials::learned(NetworkConfig::Uno(of(2)), [16, 20], 20, 1e-2);
    assert!(error < 0.1, "{error}");
    let error = trials::learned(NetworkConfig::Uno(of(1)), [1, 32], 20, 1e-2);
    assert!(error < 0.1, "{error}");
}

#[test]
fn what_cannot_be_is_refused() {
    let base = UnoConfig::default();
    for (config, message) in [
        (
            UnoConfig {
                channels: vec![],
                ..base.clone()
            },
            "`channels`: expected at least 1, found 0",
        ),
        (
            UnoConfig {
                channels: vec![32, 64, 0, 64, 32],
                ..base.clone()
            },
            "`channels`: expected at least 1, found 0",
        ),
        (
            UnoConfig {
                n_modes: vec![vec![8, 8]; 4],
                ..base.clone()
            },
            "`n_modes`: expected 5 entries, one for each of `channels`, found 4",
        ),
        (
            UnoConfig {
                n_modes: vec![vec![8, 0]; 5],
                ..base.clone()
            },
            "`n_modes`: expected at least 1, found 0",
        ),
        (
            UnoConfig {
                scalings: vec![1.0, 0.5, 1.0, 1.0, 1.0],
                ..base.clone()
            },
            "`scalings`: expected a product of 1, back to the grid of the input, found 0.5",
        ),
        (
            UnoConfig {
                scalings: vec![1.0, -0.5, 1.0, 1.0, -2.0],
                ..base.clone()
            },
            "`scalings`: expected numbers from 1/16 to 16, found -0.5",
        ),
        (
            UnoConfig {
                domain_padding: f64::NAN,
                ..base.clone()
            },
            "`domain_padding`: expected 0 to 1, found NaN",
        ),
    ] {
        assert_eq!(trials::refusal(&NetworkConfig::Uno(config)), message);
    }
    for n_modes in [vec![vec![8; 3]; 5], vec![vec![]; 5]] {
        let config = UnoConfig {
            n_modes,
            ..base.clone()
        };
        let message = trials::refusal(&NetworkConfig::Uno(config));
        assert!(
            message.starts_with("`n_modes`: expected one number"),
            "{message}"
        );
    }
    let refused = base.check_plane([1, 64]).expect_err("a line").to_string();
    let expected =
        "`n_modes`: expected modes along 1 dimensions for fields of 1 x 64 points, found [16, 16]";
    assert_eq!(refused, expected);
}
