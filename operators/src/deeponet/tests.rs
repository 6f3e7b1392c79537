use super::*;
use crate::network::NetworkConfig;
use crate::trials;
use burn::tensor::{DType, Tensor};

fn small(sensors: Vec<usize>, periodic: bool) -> DeepOnetConfig {
    DeepOnetConfig {
        in_channels: 2,
        out_channels: 3,
        sensors,
        basis: 5,
        branch: vec![6],
        trunk: vec![7, 6],
        periodic,
    }
}

#[test]
fn any_grid_and_gradients_everywhere() {
    for periodic in [false, true] {
        let plane = NetworkConfig::DeepOnet(small(vec![6, 5], periodic));
        trials::keeps_grids(&plane, &[[8, 8], [7, 11], [6, 5], [2, 1]]);
        let line = NetworkConfig::DeepOnet(small(vec![9], periodic));
        trials::keeps_grids(&line, &[[1, 9], [1, 16], [1, 2]]);
        let shallow = DeepOnetConfig {
            branch: vec![],
            trunk: vec![],
            ..small(vec![4, 4], periodic)
        };
        trials::keeps_grids(&NetworkConfig::DeepOnet(shallow), &[[4, 4]]);
    }
}

#[test]
fn gradients_match_differences() {
    for (sensors, grid) in [(vec![4, 5], [6, 5]), (vec![7], [1, 10])] {
        let config = NetworkConfig::DeepOnet(small(sensors, true));
        trials::gradients_match_differences(&config, grid);
    }
}

#[test]
fn sensors_lie_between_points() {
    // The last sensor lies a quarter beyond the last of three points.
    let open = linear_interpolation(3, 4, false);
    assert_eq!(open[..3], [1.0, 0.0, 0.0]);
    assert_eq!(open[3..6], [0.25, 0.75, 0.0]);
    assert_eq!(open[6..9], [0.0, 0.5, 0.5]);
    assert_eq!(open[9..], [0.0, 0.0, 1.0]);
    let periodic = linear_interpolation(3, 4, true);
    assert_eq!(periodic[9..], [0.25, 0.0, 0.75]);
    for (n, row) in linear_interpolation(5, 5, false).chunks(5).enumerate() {
        assert!(
            row.iter()
                .enumerate()
                .all(|(m, v)| *v == f64::from(u8::from(m == n)))
        );
    }
    assert_eq!(linear_interpolation(1, 3, true), [1.0; 3]);
}

/// Outputs of the same input on a finer grid agree where the grids do.
#[test]
fn outputs_on_any_grid() {
    let config = NetworkConfig::DeepOnet(small(vec![4, 4], true));
    let network = trials::network(&config, 1);
    let x = trials::noise(2, [4, 4], DType::F32);
    let doubled = |x: Tensor<4>, axis: usize| {
        // The mean between neighbours, around the edge.
        let n = x.dims()[axis];
        let next = Tensor::cat(
            vec![
                x.clone().narrow(axis, 1, n - 1),
                x.clone().narrow(axis, 0, 1),
            ],
            axis,
        );
        let between = (x.clone() + next) / 2.0;
        let rows = (0..n).flat_map(|k| {
            [
                x.clone().narrow(axis, k, 1),
                between.clone().narrow(axis, k, 1),
            ]
        });
        Tensor::cat(rows.collect(), axis)
    };
    let fine = network.forward(doubled(doubled(x.clone(), 2), 3));
    let coarse = network.forward(x);
    for (row, column) in [(0, 0), (1, 3), (3, 2)] {
        let value = |y: &Tensor<4>, row, column| y.clone().narrow(2, row, 1).narrow(3, column, 1);
        let off = value(&fine, 2 * row, 2 * column) - value(&coarse, row, column);
        assert!(off.abs().max().into_scalar::<f64>() < 1e-5);
    }
}

#[test]
fn a_small_map_is_learned() {
    let plane = DeepOnetConfig {
        sensors: vec![8, 8],
        basis: 32,
        branch: vec![64, 64],
        trunk: vec![32, 32],
        periodic: true,
        ..Default::default()
    };
    let line = DeepOnetConfig {
        sensors: vec![16],
        ..plane.clone()
    };
    let error = trials::learned(NetworkConfig::DeepOnet(plane), [16, 20], 60, 5e-3);
    assert!(error < 0.3, "{error}");
    let error = trials::learned(NetworkConfig::DeepOnet(line), [1, 32], 60, 5e-3);
    assert!(error < 0.3, "{error}");
}

#[test]
fn what_cannot_be_is_refused() {
    let base = DeepOnetConfig::default();
    for (config, message) in [
        (
            DeepOnetConfig {
                sensors: vec![8, 8, 8],
                ..base.clone()
            },
            "`sensors`: expected [columns] for lines, [rows, columns] for planes, found [8, 8, 8]",
        ),
        (
            DeepOnetConfig {
                sensors: vec![],
                ..base.clone()
            },
            "`sensors`: expected [columns] for lines, [rows, columns] for planes, found []",
        ),
        (
            DeepOnetConfig {
                sensors: vec![8, 0],
                ..base.clone()
            },
            "`sensors`: expected at least 1, found 0",
        ),
        (
            DeepOnetConfig {
                sensors: vec![usize::MAX, 2],
                ..base.clone()
            },
            "`sensors`: expected at most 1048576 values of all channels, found 18446744073709551615",
        ),
        (
            DeepOnetConfig {
                basis: 0,
                ..base.clone()
            },
            "`basis`: expected at least 1, found 0",
        ),
        (
            DeepOnetConfig {
                trunk: vec![64, 0],
                ..base.clone()
            },
            "`trunk`: expected at least 1, found 0",
        ),
    ] {
        assert_eq!(trials::refusal(&NetworkConfig::DeepOnet(config)), message);
    }
    let refused = base.check_plane([1, 64]).expect_err("a line").to_string();
    let expected = "`sensors`: expected [columns] for fields of 1 x 64 points, found [32, 32]";
    assert_eq!(refused, expected);
    let line = small(vec![16], false);
    let refused = line.check_plane([8, 8]).expect_err("a plane").to_string();
    let expected = "`sensors`: expected [rows, columns] for fields of 8 x 8 points, found [16]";
    assert_eq!(refused, expected);
}
