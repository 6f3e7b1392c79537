//! Solver and residual mean the same two layers of quasi-geostrophic flow.
//!
//! Domain: 600 x 1000 km, f64, 40 x 48 points, vortices in both layers under an unstable shear, drag and
//! biharmonic dissipation. In space the two right-hand sides, in different forms and with the
//! streamfunction by different ways, agree to round-off. In time the residual of the solver's own
//! trajectory falls by 2^order when the interval between states is halved; the solver's steps are 10
//! times shorter than an interval. A coefficient that is one per cent off must show.

use burn::tensor::{DType, Device, Tensor, TensorData};
use curlwind_operators::residuals::{QuasiGeostrophicResidual, TimeDifference};
use curlwind_solvers::quasi_geostrophic::{QuasiGeostrophic, Solver};
use ndarray::{Array3, ArrayView4, Axis};
use std::f64::consts::TAU;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const POINTS: [usize; 2] = [40, 48];
const EQUATION: QuasiGeostrophic = QuasiGeostrophic {
    beta: 1.5e-11,
    deformation_radius: 30e3,
    depth_ratio: 0.4,
    velocities: [0.12, -0.02],
    drag: 5.787e-7,
    hyperviscosity: 2e10,
    order: 4,
    lengths: [6e5, 1e6],
};

fn initial(solver: &Solver) -> Result<Array3<f64>> {
    let [ly, lx] = EQUATION.lengths;
    let psi = solver.state(|x, y| {
        let (x, y) = (TAU * x / lx, TAU * y / ly);
        [
            5000.0 * ((2.0 * x + 0.3).sin() * y.cos() + 0.7 * (x - 2.0 * y + 1.0).cos()),
            3000.0 * ((x - 2.0 * y + 0.2).cos() + 0.5 * (3.0 * x - y + 0.5).cos()),
        ]
    });
    Ok(solver.potential_vorticity(psi.view())?)
}

fn tensor(states: ArrayView4<f64>) -> Tensor<4> {
    let (times, layers, ny, nx) = states.dim();
    let values: Vec<f64> = states.iter().copied().collect();
    Tensor::from_data(
        TensorData::new(values, [times, layers, ny, nx]),
        (&Device::flex(), DType::F64),
    )
}

#[test]
fn the_right_hand_sides_agree_to_round_off() -> Result<()> {
    let eighth = QuasiGeostrophic {
        hyperviscosity: 1e26,
        order: 8,
        ..EQUATION
    };
    for (points, equation) in [(POINTS, EQUATION), ([27, 16], eighth)] {
        let solver = Solver::new(equation, points, 3600.0)?;
        // every wavenumber kept is there, and a mean
        let rough = solver.state(|x, y| {
            let (a, b) = (x / 2e4, y / 2e4);
            let noise = |s: f64| ((s + 3.3 * a * a + 7.1 * b * b + a * b).sin() * 917.0).fract();
            [2e-5 * noise(0.1), 1e-5 * noise(0.7)]
        });
        let state = solver.fields(&solver.spectrum(rough.view())?);
        let expected = solver.tendency(state.view())?;
        let residual =
            QuasiGeostrophicResidual::new(equation, points, &Device::flex(), DType::F64)?;
        let found = residual.tendency(tensor(state.view().insert_axis(Axis(0))))?;
        let found = found.into_data().try_into_vec::<f64>()?;
        let per_layer = points[0] * points[1];
        for (layer, expected) in expected.outer_iter().enumerate() {
            let found = &found[layer * per_layer..(layer + 1) * per_layer];
            let size = expected.iter().fold(0.0f64, |s, v| s.max(v.abs()));
            let error = found.iter().zip(&expected);
            let error = error.fold(0.0f64, |s, (a, b)| s.max((a - b).abs())) / size;
            println!("{points:?}, layer {layer}: relative difference {error:.1e}");
            assert!(error < 1e-12, "{points:?}, {layer}: {error:e}");
        }
    }
    Ok(())
}

/// Root mean square of the residual around day 10, in 1e-6 per second and day.
fn size(interval: f64, difference: TimeDifference, equation: QuasiGeostrophic) -> Result<f64> {
    let margin = difference.margin();
    let solver = Solver::new(EQUATION, POINTS, interval / 10.0)?;
    let end = 864_000.0 + margin as f64 * interval;
    let states = solver.trajectory(initial(&solver)?.view(), end, interval)?;
    let from = states.dim().0 - 2 * margin - 1;
    let states = tensor(states.slice(ndarray::s![from.., .., .., ..]));
    let residual = QuasiGeostrophicResidual::new(equation, POINTS, &Device::flex(), DType::F64)?;
    let r = residual.residual(states, interval, difference)?;
    let r = r.mul_scalar(86400.0 * 1e6).powi_scalar(2).mean();
    Ok(r.into_scalar::<f64>().sqrt())
}

#[test]
fn the_residual_falls_at_the_order_of_the_time_difference() -> Result<()> {
    for difference in [TimeDifference::Second, TimeDifference::Fourth] {
        let sizes = [28800.0, 14400.0, 7200.0]
            .map(|interval| size(interval, difference, EQUATION))
            .into_iter()
            .collect::<Result<Vec<_>>>()?;
        let orders: Vec<f64> = sizes.windows(2).map(|p| (p[0] / p[1]).log2()).collect();
        println!("{difference:?}: residuals {sizes:?}, orders {orders:.3?}");
        let expected = difference.order() as f64;
        assert!((orders[1] - expected).abs() < 0.15, "{orders:?}");
    }
    Ok(())
}

#[test]
fn a_wrong_coefficient_shows() -> Result<()> {
    let difference = TimeDifference::Fourth;
    let right = size(7200.0, difference, EQUATION)?;
    let [upper, lower] = EQUATION.velocities;
    for (what, wrong) in [
        (
            "beta",
            QuasiGeostrophic {
                beta: 1.01 * EQUATION.beta,
                ..EQUATION
            },
        ),
        (
            "radius of deformation",
            QuasiGeostrophic {
                deformation_radius: 1.01 * EQUATION.deformation_radius,
                ..EQUATION
            },
        ),
        (
            "ratio of depths",
            QuasiGeostrophic {
                depth_ratio: 1.01 * EQUATION.depth_ratio,
                ..EQUATION
            },
        ),
        (
            "shear",
            QuasiGeostrophic {
                velocities: [1.01 * upper, 1.01 * lower],
                ..EQUATION
            },
        ),
        (
            "drag",
            QuasiGeostrophic {
                drag: 1.01 * EQUATION.drag,
                ..EQUATION
            },
        ),
        (
            "hyperviscosity",
            QuasiGeostrophic {
                hyperviscosity: 1.01 * EQUATION.hyperviscosity,
                ..EQUATION
            },
        ),
    ] {
        let found = size(7200.0, difference, wrong)?;
        println!("{what}: residual {found:.1e}, right {right:.1e}");
        assert!(found > 10.0 * right, "a wrong {what} passes: {found:e}");
    }
    Ok(())
}

#[test]
fn states_of_another_grid_are_refused() -> Result<()> {
    let device = Device::flex();
    let residual = QuasiGeostrophicResidual::new(EQUATION, [8, 6], &device, DType::F64)?;
    let zeros = |shape| Tensor::<4>::zeros(shape, (&device, DType::F64));
    assert_eq!(residual.tendency(zeros([1, 4, 8, 6]))?.dims(), [1, 4, 8, 6]);
    assert!(residual.tendency(zeros([1, 3, 8, 6])).is_err());
    assert!(residual.tendency(zeros([1, 2, 6, 8])).is_err());
    let second = TimeDifference::Second;
    assert!(residual.residual(zeros([2, 2, 8, 6]), 1.0, second).is_err());
    Ok(())
}
