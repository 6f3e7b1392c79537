use super::*;
use crate::navier_stokes::{Forcing, taylor_green};
use std::f64::consts::TAU;

const KOLMOGOROV: NavierStokes = NavierStokes {
    viscosity: 1e-2,
    drag: 0.1,
    length: TAU,
    forcing: Forcing::Kolmogorov {
        wavenumber: 4,
        amplitude: 1.0,
    },
};

/// An unsteady flow of a few waves.
fn flow(solver: &Solver) -> Array2<f64> {
    let n = solver.points();
    let at = |i: usize| TAU * i as f64 / n as f64;
    Array2::from_shape_fn((n, n), |(j, i)| {
        let (x, y) = (at(i), at(j));
        2.0 * (x + 0.3).sin() * (2.0 * y).cos()
            + 1.5 * (2.0 * x - y + 1.0).cos()
            + (x + 3.0 * y).sin()
    })
}

/// Domain: unit torus, nu = 0.01, one turn-over of 2 x 2 vortices; the exact solution decays and
/// its products vanish, so the error is round-off, with drag too and with either method's own order.
#[test]
fn taylor_green_vortices_decay_exactly() {
    let equation = NavierStokes {
        viscosity: 1e-2,
        drag: 0.2,
        ..Default::default()
    };
    for points in [16, 27] {
        let solver = Solver::new(equation, points, 2e-3).unwrap();
        let start = taylor_green(&solver, 2, 0.0);
        let states = solver.trajectory(start.view(), 1.0, 0.5).unwrap();
        let exact = taylor_green(&solver, 2, 1.0);
        let error = (&states.index_axis(Axis(0), 2) - &exact)
            .iter()
            .fold(0.0f64, |s, e| s.max(e.abs()));
        println!("Taylor-Green at {points} points: largest error {error:.1e}");
        assert!(error < 1e-11, "{error:e}");
    }
}

/// Successive differences under halving of the step, on an unsteady, forced flow.
#[test]
fn orders_in_time() {
    for (integrator, order, first) in [
        (Integrator::Etdrk4, 4.0, 0.02),
        (Integrator::CrankNicolsonHeun, 2.0, 0.005),
    ] {
        let end = |time_step| {
            let solver = Solver::new(KOLMOGOROV, 32, time_step)
                .unwrap()
                .with_integrator(integrator);
            let states = solver.trajectory(flow(&solver).view(), 1.0, 1.0).unwrap();
            states.index_axis(Axis(0), 1).to_owned()
        };
        let (coarse, middle, fine) = (end(first), end(first / 2.0), end(first / 4.0));
        let norm = |d: Array2<f64>| d.iter().map(|v| v * v).sum::<f64>().sqrt();
        let found = (norm(&coarse - &middle) / norm(&middle - &fine)).log2();
        println!("{}: order {found:.2}", integrator.name());
        assert!(
            (found - order).abs() < 0.3,
            "{}: {found}",
            integrator.name()
        );
    }
}

/// Against 96 points: the error falls faster than any power.
#[test]
fn spectral_in_space() {
    let end = |points: usize| {
        let solver = Solver::new(
            NavierStokes {
                viscosity: 5e-2,
                ..KOLMOGOROV
            },
            points,
            0.01,
        )
        .unwrap();
        let fine = Solver::new(*solver.equation(), 96, 0.01).unwrap();
        let every = 96 / points;
        let start = flow(&fine);
        let start = Array2::from_shape_fn((points, points), |(j, i)| start[[j * every, i * every]]);
        let states = solver.trajectory(start.view(), 0.5, 0.5).unwrap();
        let state = states.index_axis(Axis(0), 1).to_owned();
        Array2::from_shape_fn((16, 16), |(j, i)| state[[j * points / 16, i * points / 16]])
    };
    let fine = end(96);
    let errors = [16, 32, 48].map(|n| {
        let difference = end(n) - &fine;
        difference.iter().fold(0.0f64, |s, e| s.max(e.abs()))
    });
    println!("16, 32, 48 points against 96: {errors:?}");
    assert!(errors[1] < 0.1 * errors[0] && errors[2] < 0.05 * errors[1]);
}

/// The rates of the budget are those of the tendency: advection moves energy and enstrophy and
/// makes none.
#[test]
fn budgets_close() {
    let solver = Solver::new(KOLMOGOROV, 48, 0.01).unwrap();
    let vorticity = flow(&solver);
    let budget = solver.budget(vorticity.view()).unwrap();
    let h = 1e-5;
    let slope = solver.tendency(vorticity.view()).unwrap() * h;
    let [before, after] = [-1.0, 1.0].map(|sign| {
        let moved = &vorticity + &(&slope * sign);
        solver.budget(moved.view()).unwrap()
    });
    let energy = (after.energy - before.energy) / (2.0 * h);
    let enstrophy = (after.enstrophy - before.enstrophy) / (2.0 * h);
    assert!(
        (energy / budget.energy_rate - 1.0).abs() < 1e-8,
        "{energy} {budget:?}"
    );
    assert!(
        (enstrophy / budget.enstrophy_rate - 1.0).abs() < 1e-8,
        "{enstrophy} {budget:?}"
    );
}

#[test]
fn bad_input_is_refused() {
    let solver = Solver::new(KOLMOGOROV, 32, 1.0).unwrap();
    let start = flow(&solver);
    let error = solver.trajectory(start.view(), 2.0, 1.0).unwrap_err();
    assert!(matches!(error, Error::UnstableTimeStep { .. }), "{error}");
    let other = Array2::zeros((16, 16));
    assert!(solver.trajectory(other.view(), 1.0, 1.0).is_err());
    assert!(Solver::new(KOLMOGOROV, 12, 0.1).is_err());
    let negative = NavierStokes {
        drag: -1.0,
        ..KOLMOGOROV
    };
    assert!(Solver::new(negative, 32, 0.1).is_err());
    let mut broken = start.clone();
    broken[[3, 4]] = f64::NAN;
    assert!(solver.trajectory(broken.view(), 1.0, 1.0).is_err());
}
