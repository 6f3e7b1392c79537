//! Solver and residual mean the same advection equation.
//!
//! Domain: (0, 2) periodic, f64, 48 points, where the field is resolved to round-off; one and a
//! third turns. The solver is exact in time, so the residual of its trajectory is the error of the
//! time difference alone and falls by 2^order when the interval between states is halved. One per
//! cent more speed must show.

use burn::tensor::{DType, Device, Tensor, TensorData};
use curlwind_operators::residuals::{AdvectionResidual, TimeDifference};
use curlwind_solvers::advection::{Advection, Solver};
use std::f64::consts::PI;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const POINTS: usize = 48;
const EQUATION: Advection = Advection {
    speed: 0.8,
    length: 2.0,
};

/// Root mean square of the residual of five states around 3.2 s.
fn size(interval: f64, difference: TimeDifference, speed: f64) -> Result<f64> {
    let solver = Solver::new(EQUATION, POINTS)?;
    let x = solver.line().coordinates();
    let initial: Vec<f64> = x.iter().map(|x| (PI * x).sin().exp()).collect();
    let states = solver.trajectory(&initial, 3.2 + 2.0 * interval, interval)?;
    let last = states.slice(ndarray::s![states.nrows() - 5.., ..]);
    let values: Vec<f64> = last.iter().copied().collect();
    let data = TensorData::new(values, [5, 1, 1, POINTS]);
    let states = Tensor::from_data(data, (&Device::flex(), DType::F64));
    let equation = Advection { speed, ..EQUATION };
    let residual = AdvectionResidual::new(equation, solver.line(), &Device::flex(), DType::F64)?;
    let r = residual.residual(states, interval, difference)?;
    Ok(r.powi_scalar(2).mean().into_scalar::<f64>().sqrt())
}

#[test]
fn the_residual_falls_at_the_order_of_the_time_difference() -> Result<()> {
    for difference in [TimeDifference::Second, TimeDifference::Fourth] {
        let sizes = [0.04, 0.02, 0.01]
            .map(|interval| size(interval, difference, EQUATION.speed))
            .into_iter()
            .collect::<Result<Vec<_>>>()?;
        let orders: Vec<f64> = sizes.windows(2).map(|p| (p[0] / p[1]).log2()).collect();
        let wrong = size(0.01, difference, 1.01 * EQUATION.speed)?;
        println!("{difference:?}: residuals {sizes:?}, orders {orders:.3?}, wrong {wrong:.1e}");
        let expected = difference.order() as f64;
        assert!((orders[1] - expected).abs() < 0.05, "{orders:?}");
        assert!(wrong > 10.0 * sizes[2], "a wrong speed passes: {wrong:e}");
    }
    Ok(())
}
