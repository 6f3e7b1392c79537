//! Solver and residual mean the same shallow-water equations.
//!
//! Domain: the sphere at T15 with a mountain and a tilted axis, f64. In space the two right-hand
//! sides agree to round-off (1e-11 of the largest coefficient: products of the order of the mean
//! geopotential cancel). In time the residual of the solver's own trajectory falls by 2^order when
//! the interval between states is halved; the trajectory itself is integrated by RK4 with steps
//! 20 times shorter than an interval, so its error does not show. A rotation, radius, axis or
//! mountain that is one per cent off does. So does a relaxation or drag that the residual does not
//! know, or knows one per cent wrong.

use burn::tensor::{DType, Device, Tensor};
use curlwind_operators::residuals::{ShallowWaterFields, ShallowWaterResidual, TimeDifference};
use curlwind_solvers::shallow_water::{Forcing, ShallowWater, State, Tendency};
use curlwind_solvers::sphere::{SphereGrid, SphericalTransform};
use ndarray::Array1;
use num_complex::Complex64;
use std::sync::Arc;

const TRUNCATION: usize = 15;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A smooth spectrum: coefficients fall with the degree, order 0 is real.
fn spectrum(seed: f64, mean: f64, size: f64) -> Array1<Complex64> {
    let mut values = Vec::new();
    for m in 0..=TRUNCATION {
        for l in m..=TRUNCATION {
            let phase = seed + 1.3 * m as f64 + 0.7 * l as f64;
            let amplitude = size / (1.0 + (l * l * l) as f64);
            let imaginary = if m == 0 { 0.0 } else { phase.cos() };
            values.push(amplitude * Complex64::new(phase.sin(), imaginary));
        }
    }
    values[0] = mean.into();
    Array1::from_vec(values)
}

fn initial() -> State {
    State {
        vorticity: spectrum(0.0, 0.0, 2e-4),
        divergence: spectrum(1.0, 0.0, 1e-5),
        geopotential: spectrum(2.0, 5e4, 5e3),
    }
}

struct Pair {
    tendency: Tendency,
    residual: ShallowWaterResidual,
    device: Device,
}

const EQUATION: ShallowWater = ShallowWater {
    radius: 6.37122e6,
    rotation: 7.292e-5,
    gravity: 9.80616,
    rotation_pole_angle: 0.4,
};

/// The solver's equation, and a residual with parameters and a mountain of its own.
fn pair(of_residual: ShallowWater, mountain: f64) -> Result<Pair> {
    let grid = SphereGrid::for_truncation(TRUNCATION)?;
    let orography = spectrum(3.0, 500.0, 3e3);
    let transform = Arc::new(SphericalTransform::new(grid.clone(), TRUNCATION)?);
    let device = Device::flex();
    let tendency = Tendency::new(transform, EQUATION, Some(&orography), false)?;
    let residual = ShallowWaterResidual::new(
        of_residual,
        &grid,
        TRUNCATION,
        orography.mapv(|c| mountain * c).as_slice(),
        &device,
        DType::F64,
    )?;
    Ok(Pair {
        tendency,
        residual,
        device,
    })
}

/// A relaxation within a tenth of a day to another smooth state, and a drag within a day.
fn forcing(relaxation_time: f64, drag_time: f64) -> Result<Forcing> {
    let equilibrium = State {
        vorticity: spectrum(4.0, 0.0, 1e-4),
        divergence: spectrum(5.0, 0.0, 1e-6),
        geopotential: spectrum(6.0, 9e4, 3e3),
    };
    Ok(Forcing::new(equilibrium, relaxation_time, Some(drag_time))?)
}

/// The forced pair; the residual has a forcing of its own, or none.
fn forced(of_residual: Option<Forcing>) -> Result<Pair> {
    let Pair {
        tendency,
        mut residual,
        device,
    } = pair(EQUATION, 1.0)?;
    if let Some(forcing) = of_residual {
        residual = residual.with_forcing(&forcing, &device, DType::F64)?;
    }
    Ok(Pair {
        tendency: tendency.with_forcing(Some(forcing(8640.0, 86400.0)?))?,
        residual,
        device,
    })
}

impl Pair {
    fn tensors(&self, states: &[State]) -> Result<ShallowWaterFields> {
        let tensor = |field: fn(&State) -> &Array1<Complex64>| -> Result<Tensor<4>> {
            let spectra: Vec<&[Complex64]> =
                states.iter().filter_map(|s| field(s).as_slice()).collect();
            let scalar = self.residual.transform().scalar();
            Ok(scalar.from_coefficients(&spectra, &self.device, DType::F64)?)
        };
        Ok(ShallowWaterFields {
            vorticity: tensor(|s| &s.vorticity)?,
            divergence: tensor(|s| &s.divergence)?,
            geopotential: tensor(|s| &s.geopotential)?,
        })
    }

    /// One classical Runge-Kutta step.
    fn advance(&self, state: &State, step: f64) -> Result<State> {
        let shifted = |k: &State, h: f64| State {
            vorticity: &state.vorticity + &k.vorticity.mapv(|x| x * h),
            divergence: &state.divergence + &k.divergence.mapv(|x| x * h),
            geopotential: &state.geopotential + &k.geopotential.mapv(|x| x * h),
        };
        let k1 = self.tendency.evaluate(state)?;
        let k2 = self.tendency.evaluate(&shifted(&k1, step / 2.0))?;
        let k3 = self.tendency.evaluate(&shifted(&k2, step / 2.0))?;
        let k4 = self.tendency.evaluate(&shifted(&k3, step))?;
        let sum = |f: fn(&State) -> &Array1<Complex64>| {
            (f(&k1) + &f(&k2).mapv(|x| 2.0 * x) + f(&k3).mapv(|x| 2.0 * x) + f(&k4))
                .mapv(|x| x / 6.0)
        };
        let mean = State {
            vorticity: sum(|s| &s.vorticity),
            divergence: sum(|s| &s.divergence),
            geopotential: sum(|s| &s.geopotential),
        };
        Ok(shifted(&mean, step))
    }

    /// Root mean square of the scaled residual of a trajectory with states `interval` seconds apart.
    fn residual_of(&self, interval: f64, difference: TimeDifference) -> Result<f64> {
        let mut states = vec![initial()];
        // All trajectories are centred on the same time, 2400 s.
        let start = 2400.0 - difference.margin() as f64 * interval;
        let mut state = initial();
        let count = (start / 15.0).round() as usize;
        for _ in 0..count {
            state = self.advance(&state, start / count as f64)?;
        }
        states[0] = state.clone();
        for _ in 0..2 * difference.margin() {
            for _ in 0..20 {
                state = self.advance(&state, interval / 20.0)?;
            }
            states.push(state.clone());
        }
        let trajectory = self.tensors(&states)?;
        let r = self.residual.residual(&trajectory, interval, difference)?;
        Ok(self.residual.loss(&r, 5e4).into_scalar::<f64>().sqrt())
    }
}

#[test]
fn the_right_hand_sides_agree_to_round_off() -> Result<()> {
    agree(&pair(EQUATION, 1.0)?)?;
    agree(&forced(Some(forcing(8640.0, 86400.0)?))?)
}

fn agree(pair: &Pair) -> Result<()> {
    let state = initial();
    let expected = pair.tensors(&[pair.tendency.evaluate(&state)?])?;
    let found = pair.residual.tendency(&pair.tensors(&[state])?);
    for (name, a, b) in [
        ("vorticity", found.vorticity, expected.vorticity),
        ("divergence", found.divergence, expected.divergence),
        ("geopotential", found.geopotential, expected.geopotential),
    ] {
        let size = b.clone().abs().max().into_scalar::<f64>();
        let error = (a - b).abs().max().into_scalar::<f64>() / size;
        println!("{name}: relative difference {error:.2e}");
        assert!(error < 1e-11, "{name}: {error:e}");
    }
    Ok(())
}

#[test]
fn the_residual_falls_at_the_order_of_the_time_difference() -> Result<()> {
    falls(&pair(EQUATION, 1.0)?)?;
    falls(&forced(Some(forcing(8640.0, 86400.0)?))?)
}

fn falls(pair: &Pair) -> Result<()> {
    for difference in [TimeDifference::Second, TimeDifference::Fourth] {
        let residuals = [600.0, 300.0, 150.0]
            .map(|interval| pair.residual_of(interval, difference))
            .into_iter()
            .collect::<Result<Vec<_>>>()?;
        let orders: Vec<f64> = residuals.windows(2).map(|w| (w[0] / w[1]).log2()).collect();
        println!("{difference:?}: residuals {residuals:?}, orders {orders:.3?}");
        let expected = difference.order() as f64;
        assert!(
            (orders[1] - expected).abs() < 0.1,
            "{difference:?}: orders {orders:?}"
        );
    }
    Ok(())
}

#[test]
fn a_wrong_coefficient_shows() -> Result<()> {
    let difference = TimeDifference::Fourth;
    let right = pair(EQUATION, 1.0)?.residual_of(150.0, difference)?;
    let of = |change: &dyn Fn(&mut ShallowWater)| {
        let mut equation = EQUATION;
        change(&mut equation);
        equation
    };
    for (what, equation, mountain) in [
        ("rotation", of(&|e| e.rotation *= 1.01), 1.0),
        ("radius", of(&|e| e.radius *= 1.01), 1.0),
        ("axis", of(&|e| e.rotation_pole_angle += 0.01), 1.0),
        ("mountain", EQUATION, 1.01),
    ] {
        let wrong = pair(equation, mountain)?;
        let found = [300.0, 150.0]
            .map(|interval| wrong.residual_of(interval, difference))
            .into_iter()
            .collect::<Result<Vec<_>>>()?;
        println!("{what}: residuals {found:?}, right {right:.1e}");
        assert!(found[1] > 0.5 * found[0], "a wrong {what} falls: {found:?}");
        assert!(found[1] > 10.0 * right, "a wrong {what} passes: {found:?}");
    }
    Ok(())
}

#[test]
fn a_wrong_or_missing_forcing_shows() -> Result<()> {
    let difference = TimeDifference::Fourth;
    let right = forced(Some(forcing(8640.0, 86400.0)?))?.residual_of(150.0, difference)?;
    for (what, forcing) in [
        ("no forcing", None),
        ("relaxation", Some(forcing(8640.0 * 1.01, 86400.0)?)),
        ("drag", Some(forcing(8640.0, 86400.0 * 1.01)?)),
    ] {
        let wrong = forced(forcing)?;
        let found = [300.0, 150.0]
            .map(|interval| wrong.residual_of(interval, difference))
            .into_iter()
            .collect::<Result<Vec<_>>>()?;
        println!("{what}: residuals {found:?}, right {right:.1e}");
        assert!(found[1] > 0.5 * found[0], "a wrong {what} falls: {found:?}");
        assert!(found[1] > 10.0 * right, "a wrong {what} passes: {found:?}");
    }
    Ok(())
}
