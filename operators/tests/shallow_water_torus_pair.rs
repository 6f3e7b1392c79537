//! Solver and residual mean the same shallow-water equations on a rotating torus.
//!
//! Domain: 3000 x 5000 km, f64, 36 x 40 points, vortices and waves. In space the two right-hand sides,
//! in different forms, agree to round-off. In time the residual of the solver's own trajectory falls
//! by 2^order when the interval between states is halved; the solver's steps are 10 times shorter
//! than an interval. A coefficient that is one per cent off must show.

use burn::tensor::{DType, Device, Tensor, TensorData};
use curlwind_operators::residuals::{ShallowWaterTorusResidual, TimeDifference};
use curlwind_solvers::shallow_water::torus::{ShallowWater, Solver};
use ndarray::{Array3, ArrayView4, Axis};
use std::f64::consts::TAU;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const POINTS: [usize; 2] = [36, 40];
const EQUATION: ShallowWater = ShallowWater {
    gravity: 9.80616,
    coriolis: 1.03e-4,
    depth: 1000.0,
    diffusivity: 1e5,
    lengths: [3e6, 5e6],
};

fn initial(solver: &Solver) -> Array3<f64> {
    solver.state(|x, y| {
        let (x, y) = (TAU * x / 5e6, TAU * y / 3e6);
        [
            12.0 * y.sin() + 5.0 * (x + 2.0 * y).cos(),
            8.0 * (2.0 * x + 0.3).sin() - 4.0 * (x - y).cos(),
            1000.0 + 60.0 * (x + y).sin() + 40.0 * (2.0 * x - 0.5).cos(),
        ]
    })
}

fn tensor(states: ArrayView4<f64>) -> Tensor<4> {
    let (times, variables, ny, nx) = states.dim();
    let values: Vec<f64> = states.iter().copied().collect();
    Tensor::from_data(
        TensorData::new(values, [times, variables, ny, nx]),
        (&Device::flex(), DType::F64),
    )
}

#[test]
fn the_right_hand_sides_agree_to_round_off() -> Result<()> {
    for points in [POINTS, [27, 16]] {
        let solver = Solver::new(EQUATION, points, 100.0)?;
        // every wavenumber kept is there
        let rough = solver.state(|x, y| {
            let (a, b) = (x / 1e5, y / 1e5);
            let noise = |s: f64| ((s + 3.3 * a * a + 7.1 * b * b + a * b).sin() * 917.0).fract();
            [
                10.0 * noise(0.1),
                10.0 * noise(0.7),
                1000.0 + 50.0 * noise(1.9),
            ]
        });
        let state = solver.fields(&solver.spectrum(rough.view())?);
        let expected = solver.tendency(state.view())?;
        let residual =
            ShallowWaterTorusResidual::new(EQUATION, points, &Device::flex(), DType::F64)?;
        let found = residual.tendency(tensor(state.view().insert_axis(Axis(0))))?;
        let found = found.into_data().try_into_vec::<f64>()?;
        let per_variable = points[0] * points[1];
        for (variable, expected) in expected.outer_iter().enumerate() {
            let found = &found[variable * per_variable..(variable + 1) * per_variable];
            let size = expected.iter().fold(0.0f64, |s, v| s.max(v.abs()));
            let error = found.iter().zip(&expected);
            let error = error.fold(0.0f64, |s, (a, b)| s.max((a - b).abs())) / size;
            println!("{points:?}, variable {variable}: relative difference {error:.1e}");
            assert!(error < 1e-11, "{points:?}, {variable}: {error:e}");
        }
    }
    Ok(())
}

/// Root mean square of the residual around 6 h, u and v in m/s/h, h in units of 10 m/h.
fn size(interval: f64, difference: TimeDifference, equation: ShallowWater) -> Result<f64> {
    let margin = difference.margin();
    let solver = Solver::new(EQUATION, POINTS, interval / 10.0)?;
    let end = 21600.0 + margin as f64 * interval;
    let states = solver.trajectory(initial(&solver).view(), end, interval)?;
    let from = states.dim().0 - 2 * margin - 1;
    let states = tensor(states.slice(ndarray::s![from.., .., .., ..]));
    let residual = ShallowWaterTorusResidual::new(equation, POINTS, &Device::flex(), DType::F64)?;
    let r = residual.residual(states, interval, difference)?;
    let wind = r.clone().narrow(1, 0, 2).powi_scalar(2).mean();
    let height = r.narrow(1, 2, 1).div_scalar(10.0).powi_scalar(2).mean();
    Ok(3600.0 * (wind + height).into_scalar::<f64>().sqrt())
}

#[test]
fn the_residual_falls_at_the_order_of_the_time_difference() -> Result<()> {
    for difference in [TimeDifference::Second, TimeDifference::Fourth] {
        let sizes = [600.0, 300.0, 150.0]
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
    let right = size(100.0, difference, EQUATION)?;
    for (what, wrong) in [
        (
            "gravity",
            ShallowWater {
                gravity: 1.01 * EQUATION.gravity,
                ..EQUATION
            },
        ),
        (
            "Coriolis parameter",
            ShallowWater {
                coriolis: 1.01 * EQUATION.coriolis,
                ..EQUATION
            },
        ),
        (
            "diffusivity",
            ShallowWater {
                diffusivity: 1.01 * EQUATION.diffusivity,
                ..EQUATION
            },
        ),
    ] {
        let found = size(100.0, difference, wrong)?;
        println!("{what}: residual {found:.1e}, right {right:.1e}");
        assert!(found > 10.0 * right, "a wrong {what} passes: {found:e}");
    }
    Ok(())
}

#[test]
fn states_of_another_grid_are_refused() -> Result<()> {
    let device = Device::flex();
    let residual = ShallowWaterTorusResidual::new(EQUATION, [8, 6], &device, DType::F64)?;
    let zeros = |shape| Tensor::<4>::zeros(shape, (&device, DType::F64));
    assert_eq!(residual.tendency(zeros([1, 6, 8, 6]))?.dims(), [1, 6, 8, 6]);
    assert!(residual.tendency(zeros([1, 4, 8, 6])).is_err());
    assert!(residual.tendency(zeros([1, 3, 6, 8])).is_err());
    let second = TimeDifference::Second;
    assert!(residual.residual(zeros([2, 3, 8, 6]), 1.0, second).is_err());
    Ok(())
}
