//! The solver against exact solutions, its order, and what it keeps.

use super::*;
use ndarray::{Array3, Axis};
use std::f64::consts::TAU;

fn largest(a: &Array3<f64>) -> f64 {
    a.iter().fold(0.0, |s, x| s.max(x.abs()))
}

/// Jets at any speed, on grids of all kinds: steady to rounding.
#[test]
fn balanced_jets_are_steady() {
    let equation = ShallowWater {
        lengths: [3e6, 5e6],
        ..Default::default()
    };
    for points in [[16, 12], [15, 9]] {
        let solver = Solver::new(equation, points, 400.0).unwrap();
        let start = jet(&solver, 40.0, 2);
        let states = solver.trajectory(start.view(), 172800.0, 86400.0).unwrap();
        let moved = largest(&(&states.index_axis(Axis(0), 2) - &start));
        println!("{points:?} points: moved by {moved:.1e}");
        assert!(moved < 1e-9, "{moved:e}");
    }
}

/// An oblique inertia-gravity wave after half a day, with and without diffusion: what is left of
/// the amplitude is of its own order, a / H, so halving it halves the relative error.
#[test]
fn a_small_wave_is_that_of_the_linear_theory() {
    for diffusivity in [0.0, 2e5] {
        let equation = ShallowWater {
            diffusivity,
            lengths: [3e6, 5e6],
            ..Default::default()
        };
        let solver = Solver::new(equation, [18, 20], 100.0).unwrap();
        let error = |amplitude: f64| {
            let wave = InertiaGravityWave {
                waves: [1, -2],
                amplitude,
            };
            let start = wave.at(&solver, 0.0);
            let states = solver.trajectory(start.view(), 43200.0, 43200.0).unwrap();
            let found = states.index_axis(Axis(0), 1);
            largest(&(&found - &wave.at(&solver, 43200.0))) / amplitude
        };
        let errors = [error(2e-2), error(1e-2)];
        println!("diffusivity {diffusivity}: relative errors {errors:?}");
        assert!(errors[1] < 1e-3, "{errors:?}");
        assert!((errors[0] / errors[1] - 2.0).abs() < 0.1, "{errors:?}");
    }
}

/// Vortices and waves, unsteady.
fn storm(solver: &Solver) -> Array3<f64> {
    let [ly, lx] = solver.equation().lengths;
    let depth = solver.equation().depth;
    solver.state(|x, y| {
        let (x, y) = (TAU * x / lx, TAU * y / ly);
        [
            12.0 * y.sin() + 5.0 * (x + 2.0 * y).cos(),
            8.0 * (2.0 * x + 0.3).sin() - 4.0 * (x - y).cos(),
            depth + 60.0 * (x + y).sin() + 40.0 * (2.0 * x - 0.5).cos(),
        ]
    })
}

/// Successive differences under halving of the step.
#[test]
fn fourth_order_in_time() {
    let equation = ShallowWater {
        diffusivity: 1e5,
        ..Default::default()
    };
    let end = |time_step| {
        let solver = Solver::new(equation, [24, 24], time_step).unwrap();
        let states = solver.trajectory(storm(&solver).view(), 21600.0, 21600.0);
        states.unwrap().index_axis(Axis(0), 1).to_owned()
    };
    let (coarse, middle, fine) = (end(600.0), end(300.0), end(150.0));
    let order = (largest(&(&coarse - &middle)) / largest(&(&middle - &fine))).log2();
    println!("order {order:.2}");
    assert!((order - 4.0).abs() < 0.3, "{order}");
}

/// A day of an unsteady flow: mass to rounding; energy and potential enstrophy by far less than
/// what moves between kinetic and potential energy.
#[test]
fn mass_energy_and_enstrophy_are_kept() {
    let solver = Solver::new(ShallowWater::default(), [48, 48], 50.0).unwrap();
    let start = storm(&solver);
    let states = solver.trajectory(start.view(), 86400.0, 86400.0).unwrap();
    let end = states.index_axis(Axis(0), 1);
    let of = |state: ndarray::ArrayView3<f64>| solver.invariants(state).unwrap();
    let (before, after) = (of(start.view()), of(end));
    let kinetic = |state: ndarray::ArrayView3<f64>| {
        let g = solver.equation().gravity;
        let potential = state
            .index_axis(Axis(0), 2)
            .mapv(|h| 0.5 * g * h * h)
            .mean();
        of(state).energy - potential.unwrap()
    };
    let mass = after.mass / before.mass - 1.0;
    let energy = (after.energy - before.energy) / kinetic(start.view());
    let exchanged = kinetic(end) / kinetic(start.view()) - 1.0;
    let enstrophy = after.potential_enstrophy / before.potential_enstrophy - 1.0;
    println!(
        "mass {mass:.1e}; energy {energy:.1e} of the kinetic, which changed by {exchanged:.2}; potential enstrophy {enstrophy:.1e}"
    );
    assert!(mass.abs() < 1e-13);
    assert!(energy.abs() < 1e-5 && enstrophy.abs() < 2e-6);
    assert!(exchanged.abs() > 0.01);
}

#[test]
fn batches_are_the_samples_and_bad_input_is_refused() {
    let equation = ShallowWater::default();
    let solver = Solver::new(equation, [12, 16], 300.0).unwrap();
    let (a, b) = (storm(&solver), jet(&solver, 10.0, 1));
    let both = ndarray::stack![Axis(0), a, b];
    let all = solver.trajectories(both.view(), 1200.0, 600.0).unwrap();
    assert_eq!(all.shape(), [2, 3, 3, 12, 16]);
    let alone = solver.trajectory(b.view(), 1200.0, 600.0).unwrap();
    assert_eq!(all.index_axis(Axis(0), 1), alone);

    assert!(
        solver
            .trajectory(Array3::ones((3, 16, 12)).view(), 1.0, 1.0)
            .is_err()
    );
    let dry = solver.state(|_, _| [0.0, 0.0, -1.0]);
    let message = solver.tendency(dry.view()).unwrap_err().to_string();
    assert!(message.contains("thickness"), "{message}");
    let hasty = Solver::new(equation, [64, 64], 3000.0).unwrap();
    let refused = hasty.trajectory(jet(&hasty, 10.0, 1).view(), 6000.0, 6000.0);
    assert!(matches!(
        refused,
        Err(crate::Error::UnstableTimeStep { .. })
    ));
    let limit = hasty.stable_time_step(jet(&hasty, 10.0, 1).view()).unwrap();
    assert!(limit > 300.0 && limit < 1000.0, "{limit}");
    for wrong in [
        ShallowWater {
            gravity: 0.0,
            ..equation
        },
        ShallowWater {
            diffusivity: -1.0,
            ..equation
        },
        ShallowWater {
            coriolis: f64::NAN,
            ..equation
        },
        ShallowWater {
            lengths: [1.0, 0.0],
            ..equation
        },
    ] {
        assert!(Solver::new(wrong, [8, 8], 1.0).is_err(), "{wrong:?}");
    }
}
