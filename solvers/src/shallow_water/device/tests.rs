//! Members on the device against the solver on the CPU, in every precision that the device has.

use super::Ensemble;
use crate::device::{Device, Real};
use crate::shallow_water::cases::{self, Case, RandomFlow};
use crate::shallow_water::state::relative_l2;
use crate::shallow_water::{
    Checkpoint, Forcing, Forecaster, Integrator, RawFilter, ShallowWater, Solver, State, ZonalJets,
};
use crate::sphere::{SphereGrid, SphericalTransform};
use crate::time_stepping::Diffusion;
use crate::{Error, Result};
use ndarray::{Array2, Array3, Axis};
use num_complex::Complex64;
use std::ops::ControlFlow;
use std::sync::Arc;

const DAY: f64 = 86400.0;
const TOP: usize = 21;

fn plan() -> Arc<SphericalTransform> {
    let grid = SphereGrid::for_truncation(TOP).unwrap();
    Arc::new(SphericalTransform::new(grid, TOP).unwrap())
}

fn random(plan: &Arc<SphericalTransform>, seed: u64) -> Case {
    let flow = RandomFlow {
        seed,
        unbalanced: 0.2,
        ..Default::default()
    };
    flow.generate(plan, ShallowWater::default()).unwrap()
}

fn end(solver: &Solver, state: &State, duration: f64) -> Checkpoint {
    let run = solver.run(state.clone(), duration, duration, |_| {
        ControlFlow::Continue(())
    });
    run.unwrap()
}

/// Relative l2 norms of the differences of vorticity and geopotential, and of divergence by the
/// size of the vorticity.
fn differences(a: &State, b: &State) -> [f64; 3] {
    let mut divergence = b.vorticity.clone();
    divergence += &(&a.divergence - &b.divergence);
    [
        relative_l2(&a.vorticity, &b.vorticity, TOP),
        relative_l2(&divergence, &b.vorticity, TOP),
        relative_l2(&a.geopotential, &b.geopotential, TOP),
    ]
}

/// A day (a part of it, as many steps as `of_day` says) of a solver on device and CPU.
fn compare<F: Real>(name: &str, solver: &Solver, state: &State, limit: f64) {
    let device = Device::tested();
    let steps = (DAY / solver.time_step()).round() as u64;
    let mut ensemble = Ensemble::<F>::new(solver, &device, 1).unwrap();
    ensemble.set(&[Checkpoint::start(state.clone())]).unwrap();
    ensemble.advance(steps).unwrap();
    let found = ensemble.states().unwrap().remove(0);
    let expected = end(solver, state, DAY);
    let [zeta, delta, phi] = differences(&found, &expected.state);
    println!(
        "{name} in {}, {steps} steps: vorticity {zeta:.1e}, divergence {delta:.1e}, geopotential \
         {phi:.1e}",
        F::NAME
    );
    for error in [zeta, delta, phi] {
        assert!(error < limit, "{name}: {error:e}");
    }
}

/// The cases with either integrator, over mountains and none, damped, forced, and with a frozen
/// wind.
fn solvers() -> Vec<(&'static str, Solver, State)> {
    let plan = plan();
    let semi_implicit = Integrator::SemiImplicit(RawFilter::default());
    let mut solvers = Vec::new();
    let mut add = |name, case: &Case, builder: crate::shallow_water::SolverBuilder| {
        solvers.push((name, builder.build().unwrap(), case.initial.clone()));
    };
    let case = cases::williamson_2(&plan, 0.3).unwrap();
    add(
        "Williamson 2, RK4",
        &case,
        case.solver(&plan).time_step(900.0),
    );
    let solver = case.solver(&plan).integrator(semi_implicit);
    add(
        "Williamson 2, semi-implicit",
        &case,
        solver.time_step(1200.0),
    );
    let case = cases::williamson_5(&plan).unwrap();
    add(
        "Williamson 5, RK4",
        &case,
        case.solver(&plan).time_step(900.0),
    );
    let solver = case.solver(&plan).integrator(semi_implicit);
    add(
        "Williamson 5, semi-implicit",
        &case,
        solver.time_step(1200.0),
    );
    let mountain = case.orography;
    let case = cases::williamson_1(&plan, 0.0).unwrap();
    add(
        "Williamson 1, RK4",
        &case,
        case.solver(&plan).time_step(1800.0),
    );
    let diffusion = Some(Diffusion::with_time(4, 6.0 * 3600.0).unwrap());
    let case = random(&plan, 1);
    let damped = case.solver(&plan).diffusion(diffusion).time_step(900.0);
    add("random flow, damped, RK4", &case, damped.clone());
    let jets = ZonalJets {
        speed: 40.0,
        latitude: 45f64.to_radians(),
        width: 14f64.to_radians(),
    };
    let jets = jets.balanced(&plan, case.equation, 5e4).unwrap();
    let forcing = Some(Forcing::new(jets, DAY, Some(2.0 * DAY)).unwrap());
    let forced = damped.forcing(forcing).orography(mountain);
    add(
        "random flow, forced over a mountain, RK4",
        &case,
        forced.clone(),
    );
    let forced = forced.integrator(semi_implicit).time_step(1200.0);
    add(
        "random flow, forced over a mountain, semi-implicit",
        &case,
        forced,
    );
    solvers
}

#[test]
fn f32_follows_the_cpu_for_a_day() {
    for (name, solver, state) in solvers() {
        compare::<f32>(name, &solver, &state, 1e-4);
    }
}

#[test]
fn f64_follows_the_cpu_for_a_day() {
    let device = Device::tested();
    if !device.has_f64() {
        println!("no f64 on this device");
        return;
    }
    for (name, solver, state) in solvers() {
        compare::<f64>(name, &solver, &state, 1e-12);
    }
}

/// An ensemble of several, in one go and resumed, and each member alone.
#[test]
fn members_are_what_they_are_alone() {
    let (plan, device) = (plan(), Device::tested());
    let cases: Vec<_> = (0..7).map(|seed| random(&plan, seed)).collect();
    for integrator in [
        Integrator::Rk4,
        Integrator::SemiImplicit(RawFilter::default()),
    ] {
        let solver = cases[0].solver(&plan).integrator(integrator);
        let solver = solver.time_step(900.0).build().unwrap();
        let starts: Vec<_> = cases
            .iter()
            .map(|case| Checkpoint::start(case.initial.clone()))
            .collect();
        let run = |starts: &[Checkpoint], steps| {
            let mut ensemble = Ensemble::<f32>::new(&solver, &device, starts.len()).unwrap();
            ensemble.set(starts).unwrap();
            ensemble.advance(steps).unwrap();
            ensemble.checkpoints().unwrap()
        };
        let together = run(&starts, 12);
        for (start, member) in starts.iter().zip(&together) {
            assert_eq!(run(std::slice::from_ref(start), 12)[0], *member);
        }
        // there are no mountains, so that a checkpoint is exact
        assert_eq!(run(&run(&starts, 5), 7), together);
    }
}

#[test]
fn a_run_on_a_device_is_that_of_the_cpu() {
    let plan = plan();
    let case = random(&plan, 3);
    let solver = case.solver(&plan).time_step(800.0).build().unwrap();
    let states = vec![case.initial.clone(), random(&plan, 4).initial];
    let run = |device: &str| {
        let mut seen = Vec::new();
        let ends = solver.run_on(
            device,
            states.clone(),
            10800.0,
            5400.0,
            |number, snapshot| {
                seen.push((number, snapshot.time, snapshot.step));
                ControlFlow::Continue(())
            },
        );
        seen.sort_by_key(|&(number, _, step)| (number, step));
        (ends.unwrap(), seen)
    };
    let (found, expected) = (run(Device::tested().name()), run("cpu"));
    assert_eq!(found.1, expected.1);
    for (a, b) in found.0.iter().zip(&expected.0) {
        assert_eq!((a.time, a.step), (b.time, b.step));
        for error in differences(&a.state, &b.state) {
            assert!(error < 1e-5, "{error:e}");
        }
    }
}

/// On a coarser and on a finer grid than the solver's, one batch after the other.
#[test]
fn forecasts_are_those_of_the_cpu() {
    let plan = plan();
    let cases = [1, 2, 3].map(|seed| random(&plan, seed));
    for integrator in [
        Integrator::Rk4,
        Integrator::SemiImplicit(RawFilter::default()),
    ] {
        let solver = cases[0].solver(&plan).integrator(integrator);
        let solver = solver.time_step(800.0).build().unwrap();
        for latitudes in [16, 32] {
            let grid = SphereGrid::gaussian(latitudes, 2 * latitudes).unwrap();
            let onto = Arc::new(SphericalTransform::new(grid, latitudes - 1).unwrap());
            let times = (10800.0, 5400.0);
            let name = Device::tested().name().to_string();
            // f64 only where there is such a device, to less than f32 of the fields either way
            let double = latitudes == 16;
            let mut forecaster =
                Forecaster::new(&solver, (&name, double), 2, times, onto.clone()).unwrap();
            for batch in cases.windows(2) {
                let starts: Vec<_> = batch.iter().map(|case| case.initial.clone()).collect();
                let found = forecaster.forecast(starts.clone()).unwrap();
                let mut expected = vec![Vec::new(); 2];
                let run = solver.run_on("cpu", starts, times.0, times.1, |number, snapshot| {
                    let cut = snapshot.state.truncated(TOP, latitudes - 1);
                    let mut spectra = Array2::zeros((3, cut.vorticity.len()));
                    let fields = [&cut.geopotential, &cut.vorticity, &cut.divergence];
                    for (mut row, field) in spectra.rows_mut().into_iter().zip(fields) {
                        row.assign(field);
                    }
                    let mut fields = Array3::zeros((3, latitudes, 2 * latitudes));
                    onto.synthesis(spectra.view(), fields.view_mut());
                    expected[number].push(fields);
                    ControlFlow::Continue(())
                });
                run.unwrap();
                for (found, expected) in found.iter().zip(&expected) {
                    assert_eq!((found.len(), expected.len()), (2, 3));
                    for (found, expected) in found.iter().zip(&expected[1..]) {
                        let points = 2 * latitudes * latitudes;
                        assert_eq!(found.len(), 3 * points);
                        // divergence is small beside the vorticity, which it comes from
                        for (field, scale) in [(0, 0), (1, 1), (2, 1)] {
                            let largest = expected.index_axis(Axis(0), scale);
                            let largest = largest.iter().fold(0.0f64, |s, x| s.max(x.abs()));
                            let pairs = found[field * points..][..points]
                                .iter()
                                .zip(expected.index_axis(Axis(0), field));
                            let error = pairs.fold(0.0f64, |e, (a, b)| {
                                e.max((f64::from(*a) - b).abs() / largest)
                            });
                            assert!(error < 2e-5, "field {field}: {error:e}");
                        }
                    }
                }
            }
            let one = vec![cases[0].initial.clone()];
            assert!(forecaster.forecast(one).is_err());
        }
    }
}

fn set<F: Real>(solver: &Solver, state: State, members: usize) -> Result<Ensemble<F>> {
    let device = Device::tested();
    let mut ensemble = Ensemble::<F>::new(solver, &device, members)?;
    ensemble.set(&vec![Checkpoint::start(state); members])?;
    Ok(ensemble)
}

#[test]
fn bad_input_and_blow_ups_are_told() {
    let plan = plan();
    let case = cases::williamson_6(&plan).unwrap();
    // far beyond the limit of stability
    let solver = case.solver(&plan).time_step(7200.0).build().unwrap();
    let mut ensemble = set::<f32>(&solver, case.initial.clone(), 2).unwrap();
    let error = ensemble.advance(300).unwrap_err();
    let Error::NotFinite { time, step, .. } = error else {
        panic!("{error}");
    };
    println!("{error}");
    assert!(step > 1 && step < 100 && time == step as f64 * 7200.0);
    assert!(matches!(
        solver.run_on(
            Device::tested().name(),
            vec![case.initial.clone()],
            DAY,
            DAY,
            |_, _| { ControlFlow::Continue(()) }
        ),
        Err(Error::UnstableTimeStep { .. })
    ));
    // products that overflow are told at the step, as on the CPU
    let frozen = case
        .solver(&plan)
        .frozen_wind(true)
        .time_step(600.0)
        .build()
        .unwrap();
    let mut state = case.initial.clone();
    state.geopotential[40] = Complex64::new(1e38, 0.0);
    let error = set::<f32>(&frozen, state, 1)
        .unwrap()
        .advance(3)
        .unwrap_err();
    let expected = Error::NotFinite {
        field: "geopotential",
        time: 600.0,
        step: 1,
    };
    assert_eq!(error, expected);

    let mut state = case.initial.clone();
    state.divergence[3] = Complex64::new(f64::NAN, 0.0);
    assert!(matches!(
        set::<f32>(&solver, state, 1).map(|_| ()),
        Err(Error::NotFinite { step: 0, .. })
    ));
    assert!(set::<f32>(&solver, State::zeros(5), 1).is_err());
    assert!(set::<f32>(&solver, case.initial.clone(), 0).is_err());
    let grid = SphereGrid::gaussian(48, 106).unwrap();
    let plan = Arc::new(SphericalTransform::new(grid, TOP).unwrap());
    let solver = Solver::builder(plan, case.equation).build().unwrap();
    let error = set::<f32>(&solver, case.initial, 1)
        .map(|_| ())
        .unwrap_err();
    assert!(error.to_string().contains("no prime factor"), "{error}");
}
