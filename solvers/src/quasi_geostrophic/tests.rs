//! The solver against exact solutions, its order, what it keeps, and published numbers.

mod reference;

use super::phillips::{self, NormalMode};
use super::*;
use ndarray::{Array3, Axis};
use std::f64::consts::TAU;

/// A shear of both signs of the gradient of potential vorticity, without drag and dissipation.
const SHEARED: QuasiGeostrophic = QuasiGeostrophic {
    beta: 1.5e-11,
    deformation_radius: 30e3,
    depth_ratio: 0.5,
    velocities: [0.12, -0.02],
    drag: 0.0,
    hyperviscosity: 0.0,
    order: 4,
    lengths: [0.6e6, 1e6],
};

fn largest(a: &Array3<f64>) -> f64 {
    a.iter().fold(0.0, |s, x| s.max(x.abs()))
}

/// Vortices in both layers, unsteady.
fn eddies(solver: &Solver) -> Array3<f64> {
    let [ly, lx] = solver.equation().lengths;
    let psi = solver.state(|x, y| {
        let (x, y) = (TAU * x / lx, TAU * y / ly);
        [
            3000.0 * ((2.0 * x + 0.3).sin() * y.cos() + 0.7 * (x - 2.0 * y + 1.0).cos()),
            2000.0 * ((x - 2.0 * y + 0.2).cos() + 0.5 * (3.0 * x - y + 0.5).cos()),
        ]
    });
    solver.potential_vorticity(psi.view()).unwrap()
}

/// Barotropic and baroclinic, steep and damped: the error falls at the order, and to round-off, after
/// some periods.
#[test]
fn rossby_waves_are_exact() {
    let equation = QuasiGeostrophic {
        velocities: [0.05; 2],
        hyperviscosity: 1e10,
        ..SHEARED
    };
    for (baroclinic, points) in [(false, [16, 18]), (true, [15, 16])] {
        let wave = RossbyWave {
            waves: [2, -3],
            amplitude: 2e4,
            baroclinic,
        };
        let end = 20.0 * 86400.0;
        let error = |time_step: f64| {
            let solver = Solver::new(equation, points, time_step).unwrap();
            let states = solver
                .trajectory(wave.at(&solver, 0.0).view(), end, end)
                .unwrap();
            let exact = wave.at(&solver, end);
            largest(&(&states.index_axis(Axis(0), 1) - &exact)) / largest(&exact)
        };
        let errors = [14400.0, 7200.0, 900.0].map(error);
        let order = (errors[0] / errors[1]).log2();
        println!("baroclinic {baroclinic}: errors {errors:?}, order {order:.2}");
        assert!((order - 4.0).abs() < 0.2, "{order}");
        assert!(errors[2] < 1e-11, "{errors:?}");
    }
}

/// The growth of a mode in 20 days against the eigenvalue, growing, decaying and
/// with drag and dissipation; and the frequency, by the whole field.
#[test]
fn normal_modes_grow_as_in_phillips_problem() {
    let mut fastest = f64::NEG_INFINITY;
    for (drag, hyperviscosity) in [(0.0, 0.0), (3e-7, 0.0), (5.787e-7, 1e9)] {
        let equation = QuasiGeostrophic {
            drag,
            hyperviscosity,
            ..SHEARED
        };
        let solver = Solver::new(equation, [24, 24], 3600.0).unwrap();
        for waves in [[0, 2], [0, 4], [1, 3], [2, 5], [0, 7]] {
            let modes = phillips::normal_modes(&equation, phillips::wavenumbers(&equation, waves));
            for mode in modes.unwrap() {
                let NormalMode { growth_rate, .. } = mode;
                fastest = fastest.max(growth_rate);
                let end = 20.0 * 86400.0;
                let start = mode.at(&solver, 1e-9, 0.0);
                let states = solver.trajectory(start.view(), end, end).unwrap();
                let found = states.index_axis(Axis(0), 1).to_owned();
                let exact = mode.at(&solver, 1e-9, end);
                let off = largest(&(&found - &exact)) / largest(&exact);
                let norm = |a: &Array3<f64>| a.iter().map(|v| v * v).sum::<f64>().sqrt();
                let rate = (norm(&found) / norm(&start)).ln() / end;
                println!(
                    "waves {waves:?}: growth {growth_rate:+.6e}, found {rate:+.6e}, field off {off:.1e}"
                );
                assert!(off < 1e-8, "{waves:?}: {off:e}");
                if growth_rate.abs() > 1e-8 {
                    assert!((rate / growth_rate - 1.0).abs() < 1e-7, "{waves:?}");
                }
            }
        }
    }
    assert!(fastest > 5e-7, "nothing grows: {fastest:e}");
}

/// Among the waves of the torus the solver's growth is largest where the theory's is, and random
/// noise ends up in that wave.
#[test]
fn noise_grows_into_the_most_unstable_wave() {
    let solver = Solver::new(SHEARED, [32, 32], 7200.0).unwrap();
    let rate = |waves: [i32; 2]| {
        phillips::inviscid_growth_rate(&SHEARED, phillips::wavenumbers(&SHEARED, waves))
    };
    let all = (0..10).flat_map(|kx| (-10..=10).map(move |ky| [ky, kx]));
    let all = all.filter(|waves| *waves != [0, 0]);
    let best = all.max_by(|a, b| rate(*a).total_cmp(&rate(*b))).unwrap();
    let noise = solver.state(|x, y| {
        let draw = |s: f64| ((s + 3.3e-9 * x * x + 7.1e-9 * y * y).sin() * 917.0).fract() - 0.5;
        [1e-13 * draw(0.1), 1e-13 * draw(0.7)]
    });
    let end = 120.0 * 86400.0;
    let start = solver.spectrum(noise.view()).unwrap();
    let mut before = Vec::new();
    let last = solver
        .run(start, end, 0.5 * end, |_, state| {
            before = std::mem::replace(&mut before, state.to_vec());
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    let at = (0..solver.plane().spectrum_len())
        .max_by(|a, b| last[*a].norm().total_cmp(&last[*b].norm()));
    let (kx, ky) = solver.plane().wavenumbers()[at.unwrap()];
    let [expected_y, expected_x] = phillips::wavenumbers(&SHEARED, best);
    println!("most unstable {best:?}: {expected_x:e} {expected_y:e}, found {kx:e} {ky:e}");
    assert!((kx - expected_x).abs() < 1e-12 && (ky.abs() - expected_y.abs()).abs() < 1e-12);
}

/// Successive differences under halving of the step. The Adams-Bashforth method is of third order, but
/// starts with a step of Euler's, whose error of second order is what is left here.
#[test]
fn orders_in_time() {
    let equation = QuasiGeostrophic {
        drag: 5e-7,
        hyperviscosity: 1e9,
        ..SHEARED
    };
    for (integrator, order, tolerance, first) in [
        (Integrator::Etdrk4, 4.0, 0.2, 21600.0),
        (Integrator::AdamsBashforth3, 2.0, 0.2, 5400.0),
    ] {
        let end = |time_step| {
            let solver = Solver::new(equation, [24, 24], time_step).unwrap();
            let solver = solver.with_integrator(integrator);
            let duration = 10.0 * 86400.0;
            let states = solver.trajectory(eddies(&solver).view(), duration, duration);
            states.unwrap().index_axis(Axis(0), 1).to_owned()
        };
        let (coarse, middle, fine) = (end(first), end(first / 2.0), end(first / 4.0));
        let found = (largest(&(&coarse - &middle)) / largest(&(&middle - &fine))).log2();
        println!("{}: order {found:.2}", integrator.name());
        assert!(
            (found - order).abs() < tolerance,
            "{}: {found}",
            integrator.name()
        );
    }
}

/// Without shear, drag and dissipation both are kept to round-off with short steps, though energy moves
/// between layers and forms.
#[test]
fn energy_and_enstrophy_are_kept() {
    let equation = QuasiGeostrophic {
        velocities: [0.03; 2],
        ..SHEARED
    };
    let change = |time_step: f64| {
        let solver = Solver::new(equation, [48, 48], time_step).unwrap();
        let start = solver.spectrum(eddies(&solver).view()).unwrap();
        let before = solver.budget(&start);
        let duration = 20.0 * 86400.0;
        let end = solver.run(start, duration, duration, |_, _| {
            std::ops::ControlFlow::Continue(())
        });
        let after = solver.budget(&end.unwrap());
        let moved = after.available_potential_energy / before.available_potential_energy - 1.0;
        let energy = after.energy / before.energy - 1.0;
        let enstrophy = after.total_enstrophy / before.total_enstrophy - 1.0;
        println!(
            "step {time_step} s: energy {energy:.1e}, enstrophy {enstrophy:.1e}, available potential energy {moved:.2}"
        );
        assert!(moved.abs() > 0.01, "nothing happens: {moved}");
        (energy.abs(), enstrophy.abs())
    };
    let (coarse, fine) = (change(7200.0), change(1800.0));
    assert!(fine.0 < 1e-13 && fine.1 < 1e-13, "{fine:?}");
    assert!(coarse.0 < 1e-11 && coarse.1 < 1e-11, "{coarse:?}");
}

/// The rates of the budget are those of the tendency.
#[test]
fn budgets_close() {
    let equation = QuasiGeostrophic {
        drag: 5e-7,
        hyperviscosity: 3e10,
        ..SHEARED
    };
    let solver = Solver::new(equation, [32, 32], 3600.0).unwrap();
    let state = eddies(&solver);
    let budget = |state: &Array3<f64>| solver.budget(&solver.spectrum(state.view()).unwrap());
    let now = budget(&state);
    let h = 1.0;
    let slope = solver.tendency(state.view()).unwrap() * h;
    let [before, after] = [-1.0, 1.0].map(|sign| budget(&(&state + &(&slope * sign))));
    let energy = (after.energy - before.energy) / (2.0 * h);
    let enstrophy = (after.total_enstrophy - before.total_enstrophy) / (2.0 * h);
    println!("{now:?}");
    assert!((energy / now.energy_rate - 1.0).abs() < 1e-6, "{energy}");
    assert!(
        (enstrophy / now.enstrophy_rate - 1.0).abs() < 1e-6,
        "{enstrophy}"
    );
    for part in [now.generation, now.drag_loss, now.dissipation_loss] {
        assert!(part.abs() > 0.01 * now.energy_rate.abs(), "{now:?}");
    }
}

/// Streamfunctions of potential vorticities of streamfunctions, and the energies of one wave by hand:
/// `K = a^2 K^2 / 4`, `A = d1 d2 (a1 - a2)^2 / (4 rd^2)`.
#[test]
fn inversion_and_energies_of_a_wave() {
    let solver = Solver::new(SHEARED, [20, 18], 3600.0).unwrap();
    let [ky, kx] = phillips::wavenumbers(&SHEARED, [2, 3]);
    let psi = solver.state(|x, y| {
        let wave = (kx * x + ky * y).cos();
        [500.0 * wave, -300.0 * wave]
    });
    let q = solver.potential_vorticity(psi.view()).unwrap();
    let again = solver.streamfunction(q.view()).unwrap();
    assert!(largest(&(&again - &psi)) < 1e-10);
    let budget = solver.budget(&solver.spectrum(q.view()).unwrap());
    let square = kx * kx + ky * ky;
    for (found, a) in budget.kinetic_energy.into_iter().zip([500.0, -300.0]) {
        assert!((found / (0.25 * a * a * square) - 1.0).abs() < 1e-12);
    }
    let potential = 800f64.powi(2) / 4.0 * (1.0 / 3.0) * (2.0 / 3.0) / 30e3f64.powi(2);
    assert!((budget.available_potential_energy / potential - 1.0).abs() < 1e-12);
    assert!(budget.generation.abs() < 1e-20, "{budget:?}");
}

#[test]
fn batches_are_the_samples_and_bad_input_is_refused() {
    let solver = Solver::new(SHEARED, [12, 16], 3600.0).unwrap();
    let a = eddies(&solver);
    let b = &a * 0.5;
    let both = ndarray::stack![Axis(0), a, b];
    let all = solver.trajectories(both.view(), 86400.0, 43200.0).unwrap();
    assert_eq!(all.shape(), [2, 3, 2, 12, 16]);
    let alone = solver.trajectory(b.view(), 86400.0, 43200.0).unwrap();
    assert_eq!(all.index_axis(Axis(0), 1), alone);

    assert!(solver.tendency(Array3::ones((2, 16, 12)).view()).is_err());
    assert!(
        solver
            .run(vec![Default::default(); 3], 1.0, 1.0, |_, _| {
                std::ops::ControlFlow::Continue(())
            })
            .is_err()
    );
    let mut broken = a.clone();
    broken[[1, 2, 3]] = f64::NAN;
    let message = solver
        .trajectory(broken.view(), 86400.0, 86400.0)
        .unwrap_err()
        .to_string();
    assert!(message.contains("potential vorticity"), "{message}");
    let hasty = Solver::new(SHEARED, [64, 64], 1e6).unwrap();
    let refused = hasty.trajectory(eddies(&hasty).view(), 1e6, 1e6);
    assert!(matches!(refused, Err(Error::UnstableTimeStep { .. })));
    let wrong = [
        QuasiGeostrophic {
            deformation_radius: 0.0,
            ..SHEARED
        },
        QuasiGeostrophic {
            depth_ratio: -1.0,
            ..SHEARED
        },
        QuasiGeostrophic {
            drag: -1e-7,
            ..SHEARED
        },
        QuasiGeostrophic {
            hyperviscosity: f64::NAN,
            ..SHEARED
        },
        QuasiGeostrophic {
            order: 3,
            ..SHEARED
        },
        QuasiGeostrophic {
            order: 0,
            ..SHEARED
        },
        QuasiGeostrophic {
            beta: f64::INFINITY,
            ..SHEARED
        },
        QuasiGeostrophic {
            velocities: [0.1, f64::NAN],
            ..SHEARED
        },
        QuasiGeostrophic {
            lengths: [1e6, 0.0],
            ..SHEARED
        },
    ];
    for equation in wrong {
        assert!(Solver::new(equation, [8, 8], 1.0).is_err(), "{equation:?}");
    }
    assert!(Solver::new(SHEARED, [3, 8], 1.0).is_err());
    assert!(Solver::new(SHEARED, [8, 8], 0.0).is_err());
    for (strength, cut_off) in [(-1.0, 2.0), (f64::NAN, 2.0), (1.0, 0.0)] {
        let filter = ExponentialFilter { strength, cut_off };
        assert!(solver.clone().with_filter(filter).is_err());
    }
}
