//! Solver and residual mean the same barotropic vorticity equation.
//!
//! Domain: the sphere at T15, f64, an unsteady flow. In space the two right-hand sides agree to
//! round-off. In time the residual of the solver's own trajectory falls by 2^order when the interval
//! between states is halved; the solver's steps are 20 times shorter. A rotation that is one
//! per cent off must show; the radius cancels out of this equation.

use burn::tensor::{DType, Device, Tensor};
use curlwind_operators::residuals::{BarotropicResidual, TimeDifference};
use curlwind_solvers::barotropic::{Barotropic, Solver};
use curlwind_solvers::sphere::{SphereGrid, SphericalTransform};
use ndarray::Array1;
use num_complex::Complex64;
use std::ops::ControlFlow;
use std::sync::Arc;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const TRUNCATION: usize = 15;

/// Coefficients in 1/s that fall with the degree, order 0 real.
fn initial() -> Array1<Complex64> {
    let mut values = Vec::new();
    for m in 0..=TRUNCATION {
        for l in m..=TRUNCATION {
            let phase = 1.3 * m as f64 + 0.7 * l as f64;
            let amplitude = 5e-5 / (1.0 + (l * l * l) as f64);
            let imaginary = if m == 0 { 0.0 } else { phase.cos() };
            values.push(amplitude * Complex64::new(phase.sin(), imaginary));
        }
    }
    values[0] = Complex64::ZERO;
    Array1::from_vec(values)
}

fn solver(time_step: f64) -> Result<Solver> {
    let grid = SphereGrid::for_truncation(TRUNCATION)?;
    let transform = Arc::new(SphericalTransform::new(grid, TRUNCATION)?);
    let builder = Solver::builder(transform, Barotropic::default());
    Ok(builder.time_step(time_step).build()?)
}

fn residual(equation: Barotropic) -> Result<BarotropicResidual> {
    let grid = SphereGrid::for_truncation(TRUNCATION)?;
    let device = Device::flex();
    let residual = BarotropicResidual::new(equation, &grid, TRUNCATION, &device, DType::F64)?;
    Ok(residual)
}

fn tensor(residual: &BarotropicResidual, states: &[Array1<Complex64>]) -> Result<Tensor<4>> {
    let spectra: Vec<&[Complex64]> = states.iter().filter_map(|s| s.as_slice()).collect();
    let scalar = residual.transform().scalar();
    Ok(scalar.from_coefficients(&spectra, &Device::flex(), DType::F64)?)
}

#[test]
fn the_right_hand_sides_agree_to_round_off() -> Result<()> {
    let residual = residual(Barotropic::default())?;
    let expected = tensor(&residual, &[solver(600.0)?.tendency(&initial())?])?;
    let found = residual.tendency(tensor(&residual, &[initial()])?);
    let size = expected.clone().abs().max().into_scalar::<f64>();
    let error = (found - expected).abs().max().into_scalar::<f64>() / size;
    println!("relative difference {error:.1e}");
    assert!(error < 1e-12, "{error:e}");
    Ok(())
}

/// Root mean square of the residual around 12 h, in 1/s/day.
fn size(interval: f64, difference: TimeDifference, equation: Barotropic) -> Result<f64> {
    let margin = difference.margin();
    let end = 43200.0 + margin as f64 * interval;
    let mut states = Vec::new();
    let solver = solver(interval / 20.0)?;
    solver.run(initial(), end, interval, |snapshot| {
        states.push(snapshot.vorticity.clone());
        ControlFlow::Continue(())
    })?;
    let residual = residual(equation)?;
    let last = &states[states.len() - 2 * margin - 1..];
    let r = residual.residual(tensor(&residual, last)?, interval, difference)?;
    Ok(86400.0 * r.powi_scalar(2).mean().into_scalar::<f64>().sqrt())
}

#[test]
fn the_residual_falls_at_the_order_of_the_time_difference() -> Result<()> {
    for difference in [TimeDifference::Second, TimeDifference::Fourth] {
        let sizes = [1200.0, 600.0, 300.0]
            .map(|interval| size(interval, difference, Barotropic::default()))
            .into_iter()
            .collect::<Result<Vec<_>>>()?;
        let orders: Vec<f64> = sizes.windows(2).map(|p| (p[0] / p[1]).log2()).collect();
        println!("{difference:?}: residuals {sizes:?}, orders {orders:.3?}");
        let expected = difference.order() as f64;
        assert!((orders[1] - expected).abs() < 0.1, "{orders:?}");
    }
    Ok(())
}

#[test]
fn a_wrong_coefficient_shows() -> Result<()> {
    let difference = TimeDifference::Fourth;
    let right = size(300.0, difference, Barotropic::default())?;
    let wrong = Barotropic {
        rotation: 1.01 * Barotropic::default().rotation,
        ..Default::default()
    };
    let found = [
        size(600.0, difference, wrong)?,
        size(300.0, difference, wrong)?,
    ];
    println!("rotation: residuals {found:?}, right {right:.1e}");
    assert!(
        found[1] > 0.5 * found[0],
        "a wrong rotation falls: {found:?}"
    );
    assert!(
        found[1] > 10.0 * right,
        "a wrong rotation passes: {found:?}"
    );
    Ok(())
}
