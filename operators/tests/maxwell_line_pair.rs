//! Solver and residual mean the same Maxwell's equations in one dimension.
//!
//! A pulse of 40 mm on 1 m of line with a dielectric, a lossy and a magnetic section. With the
//! scheme's own stencil the residual of the solver's trajectory is zero to round-off, across the
//! interfaces too. With the fourth-order stencil it is the solver's own error in space and falls by
//! four when the cells are halved, away from the interfaces, where E and H have kinks. A permittivity,
//! permeability or conductivity that is one per cent off does not pass.

use burn::tensor::{DType, Device, Tensor, TensorData};
use curlwind_operators::residuals::{MaxwellLineFields, MaxwellLineResidual, Stencil};
use curlwind_solvers::maxwell::constants::{SPEED_OF_LIGHT, VACUUM_IMPEDANCE};
use curlwind_solvers::maxwell::line::{End, Section, Solver};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const STATES: usize = 4;
const ENDS: [End; 2] = [End::Conductor, End::Absorbing];

fn sections() -> Vec<Section> {
    vec![
        Section::vacuum(0.437),
        Section::dielectric(0.2, 4.0),
        Section {
            conductivity: 0.05,
            ..Section::dielectric(0.163, 2.0)
        },
        Section {
            permeability: 1.5,
            ..Section::vacuum(0.2)
        },
    ]
}

/// States one step apart round the step `middle`, of a pulse that goes right from 0.25 m.
fn trajectory(solver: &Solver, middle: u64) -> Result<MaxwellLineFields> {
    let mut state = solver.state(|x, t| {
        let e = (-((x - 0.25 - SPEED_OF_LIGHT * t) / 0.04).powi(2)).exp();
        [e, -e / VACUUM_IMPEDANCE]
    });
    solver.advance(&mut state, middle - STATES as u64 / 2)?;
    let (mut electric, mut magnetic) = (Vec::new(), Vec::new());
    for _ in 0..STATES {
        solver.advance(&mut state, 1)?;
        electric.extend(state.electric.iter().copied());
        magnetic.extend(state.magnetic.iter().copied());
    }
    let tensor = |values: Vec<f64>| {
        let shape = [STATES, 1, values.len() / STATES];
        let data = TensorData::new(values, shape);
        Tensor::<3>::from_data(data, (&Device::flex(), DType::F64))
    };
    Ok(MaxwellLineFields {
        electric: tensor(electric),
        magnetic: tensor(magnetic),
    })
}

fn residual(
    solver: &Solver,
    stencil: Stencil,
    states: &MaxwellLineFields,
) -> Result<[Vec<f64>; 2]> {
    let margin = stencil.margin();
    let residual = MaxwellLineResidual::new(solver, stencil, margin, &Device::flex(), DType::F64)?;
    let found = residual.residual(states, solver.time_step())?;
    let values = |field: Tensor<3>| field.into_data().try_into_vec::<f64>();
    let (electric, magnetic) = (values(found.electric)?, values(found.magnetic)?);
    let scaled = magnetic.iter().map(|h| VACUUM_IMPEDANCE * h);
    Ok([electric, scaled.collect()])
}

fn largest(values: &[Vec<f64>; 2]) -> f64 {
    values.iter().flatten().fold(0.0, |s, v| s.max(v.abs()))
}

#[test]
fn the_schemes_own_residual_is_zero() -> Result<()> {
    let solver = Solver::new(&sections(), ENDS, 400, 0.9)?;
    let states = trajectory(&solver, 330)?;
    // V/m/s: that of a pulse of 1 V/m
    let slope = SPEED_OF_LIGHT / 0.04;
    let own = largest(&residual(&solver, Stencil::Second, &states)?) / slope;
    println!("residual {own:.1e} of the slope");
    assert!(own < 1e-11, "{own:e}");
    for (what, at) in [
        ("permittivity", 1),
        ("conductivity", 2),
        ("permeability", 3),
    ] {
        let mut wrong = sections();
        match at {
            1 => wrong[at].permittivity *= 1.01,
            2 => wrong[at].conductivity *= 1.01,
            _ => wrong[at].permeability *= 1.01,
        }
        // the fastest section stays, and with it the time step
        let wrong = Solver::new(&wrong, ENDS, 400, 0.9)?;
        let found = largest(&residual(&wrong, Stencil::Second, &states)?) / slope;
        println!("with another {what} {found:.1e}");
        assert!(found > 1e-5, "a wrong {what} passes: {found:e}");
    }
    Ok(())
}

/// Root mean square at the places that are 20 mm or more from interfaces and ends.
fn away(solver: &Solver, values: &[Vec<f64>; 2]) -> f64 {
    let d = solver.spacing();
    let (mut sum, mut count) = (0.0, 0.0);
    for (field, first) in values.iter().zip([2.0, 1.5]) {
        let per_time = field.len() / (STATES - 1);
        for (n, value) in field.iter().enumerate() {
            let x = (first + (n % per_time) as f64) * d;
            let places = [0.0, 0.437, 0.637, 0.8, 1.0];
            if places.iter().all(|at| f64::abs(x - at) > 0.02) {
                sum += value * value;
                count += 1.0;
            }
        }
    }
    f64::sqrt(sum / count)
}

#[test]
fn another_stencil_shows_the_solvers_order() -> Result<()> {
    let mut sizes = Vec::new();
    let mut wrong = 0.0;
    for cells in [400, 800, 1600] {
        let solver = Solver::new(&sections(), ENDS, cells, 0.9)?;
        let states = trajectory(&solver, 330 * cells as u64 / 400)?;
        let size = |solver: &Solver| -> Result<f64> {
            Ok(away(solver, &residual(solver, Stencil::Fourth, &states)?))
        };
        sizes.push(size(&solver)?);
        let mut other = sections();
        other[1].permittivity *= 1.01;
        wrong = size(&Solver::new(&other, ENDS, cells, 0.9)?)?;
    }
    let orders: Vec<f64> = sizes.windows(2).map(|p| (p[0] / p[1]).log2()).collect();
    println!("residuals {sizes:?}, orders {orders:.3?}, wrong {wrong:.1e}");
    assert!((orders[1] - 2.0).abs() < 0.1, "{orders:?} of {sizes:?}");
    assert!(
        wrong > 3.0 * sizes[2],
        "a wrong permittivity passes: {wrong:e}"
    );
    Ok(())
}

#[test]
fn what_does_not_fit_is_refused() -> Result<()> {
    let solver = Solver::new(&sections(), ENDS, 10, 0.9)?;
    let device = Device::flex();
    let new =
        |stencil, margin| MaxwellLineResidual::new(&solver, stencil, margin, &device, DType::F64);
    assert!(new(Stencil::Fourth, 0).is_err() && new(Stencil::Second, 5).is_err());
    let residual = new(Stencil::Second, 0)?;
    let zeros = |times, count| Tensor::<3>::zeros([times, 2, count], (&device, DType::F64));
    let fields = |times, lines| MaxwellLineFields {
        electric: zeros(times, lines),
        magnetic: zeros(times, 10),
    };
    let found = residual.residual(&fields(3, 11), 1e-12)?;
    assert_eq!(found.electric.dims(), [2, 2, 9]);
    assert_eq!(found.magnetic.dims(), [2, 2, 10]);
    assert!(residual.residual(&fields(1, 11), 1e-12).is_err());
    assert!(residual.residual(&fields(3, 10), 1e-12).is_err());
    Ok(())
}
