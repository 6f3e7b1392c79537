//! Solver and residual mean the same two-dimensional flow.
//!
//! Domain: torus of side 2 pi, 48 x 48 points, Kolmogorov forcing and drag, f64. In space the two
//! right-hand sides agree to round-off, though one is in the form of Basdevant and the other in the
//! advective one. In time the residual of the solver's own trajectory falls by 2^order when the
//! interval between states is halved; the solver's steps are 10 times shorter. One per cent of
//! viscosity, drag or forcing must show.

use burn::tensor::{DType, Device, Tensor, TensorData};
use curlwind_operators::residuals::{NavierStokesResidual, TimeDifference};
use curlwind_solvers::navier_stokes::{Forcing, NavierStokes, Solver};
use ndarray::{Array2, ArrayView3};
use std::f64::consts::TAU;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const POINTS: usize = 48;
const EQUATION: NavierStokes = NavierStokes {
    viscosity: 2e-2,
    drag: 0.1,
    length: TAU,
    forcing: kolmogorov(1.0),
};

const fn kolmogorov(amplitude: f64) -> Forcing {
    Forcing::Kolmogorov {
        wavenumber: 4,
        amplitude,
    }
}

fn initial() -> Array2<f64> {
    let at = |i: usize| TAU * i as f64 / POINTS as f64;
    Array2::from_shape_fn((POINTS, POINTS), |(j, i)| {
        let (x, y) = (at(i), at(j));
        2.0 * (x + 0.3).sin() * (2.0 * y).cos()
            + 1.5 * (2.0 * x - y + 1.0).cos()
            + (x + 3.0 * y).sin()
    })
}

fn tensor(states: ArrayView3<f64>) -> Tensor<4> {
    let (times, ny, nx) = states.dim();
    let values: Vec<f64> = states.iter().copied().collect();
    Tensor::from_data(
        TensorData::new(values, [times, 1, ny, nx]),
        (&Device::flex(), DType::F64),
    )
}

#[test]
fn the_right_hand_sides_agree_to_round_off() -> Result<()> {
    for (points, forcing) in [
        (POINTS, EQUATION.forcing),
        (27, Forcing::Diagonal { amplitude: 0.1 }),
    ] {
        let equation = NavierStokes {
            forcing,
            ..EQUATION
        };
        let solver = Solver::new(equation, points, 1e-2)?;
        // only wavenumbers kept
        let rough = Array2::from_shape_fn((points, points), |(j, i)| {
            ((7 * i * i + 3 * j * j + i * j) % 17) as f64 / 17.0 - 0.5
        });
        let state = solver.field(&solver.spectrum(rough.view())?);
        let expected = solver.tendency(state.view())?;
        let residual = NavierStokesResidual::new(equation, points, &Device::flex(), DType::F64)?;
        let found = residual.tendency(tensor(state.view().insert_axis(ndarray::Axis(0))));
        let found = found
            .into_data()
            .try_into_vec::<f64>()
            .map_err(|e| format!("{e:?}"))?;
        let size = expected.iter().fold(0.0f64, |s, v| s.max(v.abs()));
        let error = found
            .iter()
            .zip(&expected)
            .fold(0.0f64, |s, (a, b)| s.max((a - b).abs()))
            / size;
        println!("{points} points: relative difference {error:.1e}");
        assert!(error < 1e-12, "{points}: {error:e}");
    }
    Ok(())
}

fn size(interval: f64, difference: TimeDifference, equation: NavierStokes) -> Result<f64> {
    let margin = difference.margin();
    let solver = Solver::new(EQUATION, POINTS, interval / 10.0)?;
    let end = 0.48 + margin as f64 * interval;
    let states = solver.trajectory(initial().view(), end, interval)?;
    let from = states.dim().0 - 2 * margin - 1;
    let states = tensor(states.slice(ndarray::s![from.., .., ..]));
    let residual = NavierStokesResidual::new(equation, POINTS, &Device::flex(), DType::F64)?;
    let r = residual.residual(states, interval, difference)?;
    Ok(r.powi_scalar(2).mean().into_scalar::<f64>().sqrt())
}

#[test]
fn the_residual_falls_at_the_order_of_the_time_difference() -> Result<()> {
    for difference in [TimeDifference::Second, TimeDifference::Fourth] {
        let sizes = [0.08, 0.04, 0.02]
            .map(|interval| size(interval, difference, EQUATION))
            .into_iter()
            .collect::<Result<Vec<_>>>()?;
        let orders: Vec<f64> = sizes.windows(2).map(|p| (p[0] / p[1]).log2()).collect();
        println!("{difference:?}: residuals {sizes:?}, orders {orders:.3?}");
        let expected = difference.order() as f64;
        assert!((orders[1] - expected).abs() < 0.2, "{orders:?}");
    }
    Ok(())
}

#[test]
fn a_wrong_coefficient_shows() -> Result<()> {
    let difference = TimeDifference::Fourth;
    let right = size(0.01, difference, EQUATION)?;
    for (what, wrong) in [
        (
            "viscosity",
            NavierStokes {
                viscosity: 1.01 * EQUATION.viscosity,
                ..EQUATION
            },
        ),
        (
            "drag",
            NavierStokes {
                drag: 1.01 * EQUATION.drag,
                ..EQUATION
            },
        ),
        (
            "forcing",
            NavierStokes {
                forcing: kolmogorov(1.01),
                ..EQUATION
            },
        ),
    ] {
        let found = size(0.01, difference, wrong)?;
        println!("{what}: residual {found:.1e}, right {right:.1e}");
        assert!(found > 10.0 * right, "a wrong {what} passes: {found:e}");
    }
    Ok(())
}
