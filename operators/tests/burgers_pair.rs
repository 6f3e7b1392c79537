//! Solver and residual mean the same Burgers and Allen-Cahn equations.
//!
//! Domain: (0, 1) periodic, f64, 96 points, where the flow is resolved to round-off. The residual
//! of the solver's own trajectory falls by 2^order when the interval between states is halved; the
//! solver's steps are 20 times shorter than an interval. One per cent more viscosity, diffusivity or
//! rate must show.

use burn::tensor::{DType, Device, Tensor, TensorData};
use curlwind_operators::residuals::{AllenCahnResidual, BurgersResidual, TimeDifference};
use curlwind_solvers::{allen_cahn, burgers};
use ndarray::Array2;
use std::f64::consts::TAU;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const POINTS: usize = 96;
const EQUATION: burgers::Burgers = burgers::Burgers {
    viscosity: 0.03,
    length: 1.0,
    ends: burgers::Ends::Periodic,
};

fn initial() -> Vec<f64> {
    (0..POINTS)
        .map(|j| TAU * j as f64 / POINTS as f64)
        .map(|x| 0.4 + x.sin() + 0.3 * (2.0 * x + 1.0).cos())
        .collect()
}

/// States at `middle - margin interval` to `middle + margin interval`, as `[T, 1, 1, N]`.
fn around(
    middle: f64,
    interval: f64,
    difference: TimeDifference,
    run: impl Fn(f64, f64, f64) -> Result<Array2<f64>>,
) -> Result<Tensor<4>> {
    let margin = difference.margin();
    let states = run(middle + margin as f64 * interval, interval, interval / 20.0)?;
    let wanted = states.slice(ndarray::s![states.nrows() - 2 * margin - 1.., ..]);
    let data = TensorData::new(
        wanted.iter().copied().collect::<Vec<_>>(),
        [2 * margin + 1, 1, 1, POINTS],
    );
    Ok(Tensor::from_data(data, (&Device::flex(), DType::F64)))
}

fn root_mean_square(residual: Tensor<4>) -> f64 {
    residual.powi_scalar(2).mean().into_scalar::<f64>().sqrt()
}

fn orders(sizes: &[f64]) -> Vec<f64> {
    sizes.windows(2).map(|p| (p[0] / p[1]).log2()).collect()
}

#[test]
fn burgers_falls_at_the_order_of_the_time_difference() -> Result<()> {
    for difference in [TimeDifference::Second, TimeDifference::Fourth] {
        let size = |interval: f64, viscosity: f64| -> Result<f64> {
            let states = around(0.32, interval, difference, |end, interval, step| {
                let solver = burgers::Solver::new(EQUATION, POINTS, step)?;
                Ok(solver.trajectory(&initial(), end, interval)?)
            })?;
            let other = burgers::Burgers {
                viscosity,
                ..EQUATION
            };
            let line = burgers::Solver::new(other, POINTS, 1e-3)?.line().clone();
            let residual = BurgersResidual::new(other, &line, &Device::flex(), DType::F64)?;
            Ok(root_mean_square(
                residual.residual(states, interval, difference)?,
            ))
        };
        let nu = EQUATION.viscosity;
        let sizes = [
            size(0.02, nu)?,
            size(0.01, nu)?,
            size(0.005, nu)?,
            size(0.0025, nu)?,
        ];
        let found = orders(&sizes);
        println!("Burgers, {difference:?}: residuals {sizes:?}, orders {found:.3?}");
        let expected = difference.order() as f64;
        assert!((found[2] - expected).abs() < 0.15, "{found:?}");
        let wrong = size(0.0025, 1.01 * nu)?;
        assert!(
            wrong > 3.0 * sizes[3],
            "a wrong viscosity passes: {wrong:e} against {:e}",
            sizes[3]
        );
    }
    Ok(())
}

#[test]
fn allen_cahn_falls_at_the_order_of_the_time_difference() -> Result<()> {
    let equation = allen_cahn::AllenCahn {
        diffusivity: 1e-3,
        rate: 5.0,
        length: 1.0,
    };
    let difference = TimeDifference::Fourth;
    let size = |interval: f64, other: allen_cahn::AllenCahn| -> Result<f64> {
        let states = around(0.4, interval, difference, |end, interval, step| {
            let solver = allen_cahn::Solver::new(equation, POINTS, step)?;
            let start: Vec<f64> = initial().iter().map(|u| 0.4 * u).collect();
            Ok(solver.trajectory(&start, end, interval)?)
        })?;
        let solver = allen_cahn::Solver::new(other, POINTS, 1e-3)?;
        let residual = AllenCahnResidual::new(other, solver.line(), &Device::flex(), DType::F64);
        Ok(root_mean_square(
            residual.residual(states, interval, difference)?,
        ))
    };
    let sizes = [0.04, 0.02, 0.01]
        .map(|interval| size(interval, equation))
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    let found = orders(&sizes);
    println!("Allen-Cahn: residuals {sizes:?}, orders {found:.3?}");
    assert!((found[1] - 4.0).abs() < 0.2, "{found:?}");
    for (what, rate, diffusivity) in [("rate", 1.01, 1.0), ("diffusivity", 1.0, 1.01)] {
        let other = allen_cahn::AllenCahn {
            rate: rate * equation.rate,
            diffusivity: diffusivity * equation.diffusivity,
            ..equation
        };
        let wrong = size(0.01, other)?;
        println!("with another {what} {wrong:.1e}");
        assert!(wrong > 10.0 * sizes[2], "a wrong {what} passes: {wrong:e}");
    }
    Ok(())
}

/// The residual is a loss: its gradient with respect to the states is there and finite.
#[test]
fn the_residual_is_differentiable() -> Result<()> {
    let device = Device::flex().autodiff();
    let line = burgers::Solver::new(EQUATION, POINTS, 1e-3)?.line().clone();
    let residual = BurgersResidual::new(EQUATION, &line, &device, DType::F32)?;
    let x = Tensor::<4>::ones([3, 2, 1, POINTS], &device).mul_scalar(0.5);
    let x = x.require_grad();
    let r = residual.residual(x.clone(), 0.01, TimeDifference::Second)?;
    let grads = r.powi_scalar(2).mean().backward();
    let gradient = x.grad(&grads).ok_or("no gradient")?;
    assert!(gradient.abs().sum().into_scalar::<f32>().is_finite());
    Ok(())
}
