use super::*;
use crate::network::NetworkConfig;
use crate::trials;
use burn::tensor::{DType, Tensor};

fn small(dimensions: usize, padding: Padding) -> UnetConfig {
    UnetConfig {
        in_channels: 2,
        out_channels: 3,
        dimensions,
        hidden_channels: 4,
        levels: 2,
        padding,
        ..Default::default()
    }
}

#[test]
fn any_grid_and_gradients_everywhere() {
    for padding in [Padding::Zeros, Padding::Circular] {
        for positional_embedding in [false, true] {
            let of = |dimensions| {
                NetworkConfig::Unet(UnetConfig {
                    positional_embedding,
                    ..small(dimensions, padding)
                })
            };
            trials::keeps_grids(&of(2), &[[8, 8], [7, 11], [2, 5], [13, 1]]);
            trials::keeps_grids(&of(1), &[[1, 16], [1, 13], [1, 2]]);
        }
    }
}

#[test]
fn gradients_match_differences() {
    for (dimensions, padding, grid) in [
        (2, Padding::Circular, [5, 6]),
        (2, Padding::Zeros, [6, 5]),
        (1, Padding::Circular, [1, 9]),
    ] {
        let config = NetworkConfig::Unet(UnetConfig {
            positional_embedding: true,
            ..small(dimensions, padding)
        });
        trials::gradients_match_differences(&config, grid);
    }
}

/// With circular padding, a field shifted by as many points as the coarsest grid is apart comes out
/// shifted.
#[test]
fn periodic_fields_have_no_edge() {
    let network = trials::network(&NetworkConfig::Unet(small(2, Padding::Circular)), 1);
    let x = trials::noise(2, [8, 12], DType::F32);
    let shift = |x: Tensor<4>| {
        let [_, _, rows, columns] = x.dims();
        let parts = vec![x.clone().narrow(2, 4, rows - 4), x.narrow(2, 0, 4)];
        let x = Tensor::cat(parts, 2);
        let parts = vec![x.clone().narrow(3, 8, columns - 8), x.narrow(3, 0, 8)];
        Tensor::cat(parts, 3)
    };
    let after = shift(network.forward(x.clone()));
    let before = network.forward(shift(x));
    let worst = (after - before).abs().max().into_scalar::<f64>();
    assert!(worst < 1e-5, "{worst:.1e}");
}

#[test]
fn a_small_map_is_learned() {
    let plane = UnetConfig {
        hidden_channels: 8,
        levels: 2,
        padding: Padding::Circular,
        ..Default::default()
    };
    let line = UnetConfig {
        dimensions: 1,
        ..plane.clone()
    };
    let error = trials::learned(NetworkConfig::Unet(plane), [16, 20], 20, 1e-2);
    assert!(error < 0.15, "{error}");
    let error = trials::learned(NetworkConfig::Unet(line), [1, 32], 40, 1e-2);
    assert!(error < 0.15, "{error}");
}

#[test]
fn what_cannot_be_is_refused() {
    let base = UnetConfig::default();
    for (config, message) in [
        (
            UnetConfig {
                levels: 0,
                ..base.clone()
            },
            "`levels`: expected at least 1, found 0",
        ),
        (
            UnetConfig {
                levels: 70,
                ..base.clone()
            },
            "`levels`: expected at most 12, found 70",
        ),
        (
            UnetConfig {
                hidden_channels: 0,
                ..base.clone()
            },
            "`hidden_channels`: expected at least 1, found 0",
        ),
        (
            UnetConfig {
                hidden_channels: 4096,
                ..base.clone()
            },
            "`hidden_channels`: expected at most 2048 with 3 levels, found 4096",
        ),
        (
            UnetConfig {
                dimensions: 3,
                ..base.clone()
            },
            "`dimensions`: expected 1 or 2, found 3",
        ),
    ] {
        assert_eq!(trials::refusal(&NetworkConfig::Unet(config)), message);
    }
    let config = NetworkConfig::Unet(base);
    let refused = config.check_plane([1, 64]).expect_err("a line").to_string();
    let expected = "`dimensions`: expected 1 for fields of 1 x 64 points, found 2";
    assert_eq!(refused, expected);
    assert!(config.check_plane([64, 64]).is_ok());
    let wrong = serde_json::from_str::<UnetConfig>(r#"{"padding": "reflect"}"#);
    let message = wrong.expect_err("refused").to_string();
    assert!(message.contains("`zeros` or `circular`"), "{message}");
}
