//! The standard cases at full length, against their targets:
//! `validate_shallow_water [williamson-2 williamson-5 galewsky rk4-order rossby-haurwitz-4]`, all
//! without arguments. The exit status is 1 when a target is missed.

use curlwind_solvers::Result;
use curlwind_solvers::barotropic::{self, Barotropic, rossby_haurwitz};
use curlwind_solvers::shallow_water::cases::{self, RandomFlow};
use curlwind_solvers::shallow_water::state::relative_l2;
use curlwind_solvers::shallow_water::{Invariants, ShallowWater, State};
use curlwind_solvers::sphere::{SphereGrid, SphericalTransform};
use ndarray::Array1;
use num_complex::Complex64;
use std::f64::consts::PI;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

const DAY: f64 = 86400.0;

struct Table {
    missed: usize,
}

impl Table {
    fn row(&mut self, case: &str, target: f64, measured: f64) {
        let met = measured < target;
        self.missed += usize::from(!met);
        println!(
            "{case:<52} {target:>9.1e} {measured:>11.3e}  {}",
            if met { "met" } else { "MISSED" }
        );
    }
}

fn transform(truncation: usize) -> Result<Arc<SphericalTransform>> {
    Ok(Arc::new(SphericalTransform::new(
        SphereGrid::for_truncation(truncation)?,
        truncation,
    )?))
}

fn main() -> Result<()> {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|n| n == name);
    let mut table = Table { missed: 0 };
    println!("{:<52} {:>9} {:>11}", "case", "target", "measured");
    if wanted("williamson-2") {
        williamson_2(&mut table)?;
    }
    if wanted("rk4-order") {
        rk4_order(&mut table)?;
    }
    if wanted("rossby-haurwitz-4") {
        rossby_haurwitz_4(&mut table)?;
    }
    if wanted("williamson-5") {
        williamson_5(&mut table)?;
    }
    if wanted("galewsky") {
        galewsky(&mut table)?;
    }
    std::process::exit(i32::from(table.missed > 0));
}

fn williamson_2(table: &mut Table) -> Result<()> {
    let transform = transform(42)?;
    for (name, alpha) in [
        ("0", 0.0),
        ("0.05", 0.05),
        ("pi/2 - 0.05", PI / 2.0 - 0.05),
        ("pi/2", PI / 2.0),
    ] {
        let case = cases::williamson_2(&transform, alpha)?;
        let solver = case.solver(&transform).time_step(1200.0).build()?;
        let end = solver.run(case.initial.clone(), 5.0 * DAY, DAY, |_| {
            ControlFlow::Continue(())
        })?;
        let g = Complex64::from(case.equation.gravity);
        let (found, exact) = (&end.state.geopotential / g, &case.initial.geopotential / g);
        let error = relative_l2(&found, &exact, 42);
        table.row(
            &format!("Williamson 2, T42, 5 days, alpha {name}: h l2"),
            1e-12,
            error,
        );
    }
    Ok(())
}

fn rk4_order(table: &mut Table) -> Result<()> {
    let transform = transform(42)?;
    let flow = RandomFlow {
        seed: 1,
        unbalanced: 0.2,
        ..Default::default()
    };
    let case = flow.generate(&transform, ShallowWater::default())?;
    let end = |time_step: f64| -> Result<Array1<Complex64>> {
        let solver = case.solver(&transform).time_step(time_step).build()?;
        let end = solver.run(
            case.initial.clone(),
            DAY,
            DAY,
            |_| ControlFlow::Continue(()),
        )?;
        Ok(end.state.geopotential)
    };
    let (coarse, middle, fine) = (end(300.0)?, end(150.0)?, end(75.0)?);
    let order = (relative_l2(&coarse, &middle, 42) / relative_l2(&middle, &fine, 42)).log2();
    table.row(
        "RK4, unsteady random flow, T42: |order - 4|",
        0.1,
        (order - 4.0).abs(),
    );
    Ok(())
}

fn rossby_haurwitz_4(table: &mut Table) -> Result<()> {
    let transform = transform(42)?;
    let equation = Barotropic::default();
    let wave = rossby_haurwitz(&transform, equation, 4, 7.848e-6, 7.848e-6)?;
    let solver = barotropic::Solver::builder(transform, equation)
        .time_step(900.0)
        .build()?;
    let (mut turned, mut last, mut shape) = (0.0, 0.0, 0.0f64);
    let end = solver.run(wave.at(0.0), 14.0 * DAY, DAY / 4.0, |snapshot| {
        let (angle, distance) = wave.displacement(snapshot.vorticity);
        turned += (angle - last + PI / 4.0).rem_euclid(PI / 2.0) - PI / 4.0;
        last = angle;
        shape = shape.max(distance);
        ControlFlow::Continue(())
    })?;
    let error = (turned / end.time / wave.rate - 1.0).abs();
    table.row(
        "Rossby-Haurwitz 4, 14 days: relative error of rate",
        1e-5,
        error,
    );
    table.row(
        "Rossby-Haurwitz 4, 14 days: change of shape, l2",
        1e-5,
        shape,
    );
    Ok(())
}

/// Height of the free surface at `duration`, with the relative drifts of mass and energy.
fn evolve(
    case: &cases::Case,
    transform: &Arc<SphericalTransform>,
    time_step: f64,
    duration: f64,
) -> Result<(State, f64, f64)> {
    let solver = case.solver(transform).time_step(time_step).build()?;
    let orography = solver.tendency().orography().to_vec();
    let of = |state: &State| Invariants::of(transform, &case.equation, &orography, state);
    let first = of(&case.initial)?;
    let (mut mass, mut energy) = (0.0f64, 0.0f64);
    let start = Instant::now();
    let end = solver.run(case.initial.clone(), duration, DAY, |snapshot| {
        if let Ok(now) = of(snapshot.state) {
            mass = mass.max((now.mass / first.mass - 1.0).abs());
            energy = energy.max((now.energy / first.energy - 1.0).abs());
        }
        ControlFlow::Continue(())
    })?;
    let seconds = start.elapsed().as_secs_f64();
    eprintln!(
        "  {} T{}: {} steps in {seconds:.1} s, {:.2} ms each",
        case.name,
        transform.truncation(),
        end.step,
        1e3 * seconds / end.step as f64
    );
    let mut state = end.state;
    for (phi, bottom) in state.geopotential.iter_mut().zip(&orography) {
        *phi += bottom;
    }
    Ok((state, mass, energy))
}

fn williamson_5(table: &mut Table) -> Result<()> {
    let fine = transform(213)?;
    let (reference, _, _) = evolve(&cases::williamson_5(&fine)?, &fine, 240.0, 15.0 * DAY)?;
    let mut last = f64::INFINITY;
    for (truncation, time_step) in [(42, 450.0), (63, 400.0), (85, 300.0), (106, 300.0)] {
        let transform = transform(truncation)?;
        let case = cases::williamson_5(&transform)?;
        let (state, mass, energy) = evolve(&case, &transform, time_step, 15.0 * DAY)?;
        let name = |what: &str| format!("Williamson 5, T{truncation}, 15 days: {what}");
        let cut = reference.truncated(213, truncation);
        let error = relative_l2(&state.geopotential, &cut.geopotential, truncation);
        table.row(&name("h l2 against T213"), 1e-4_f64.min(last), error);
        last = error;
        table.row(&name("drift of mass"), 1e-13, mass);
        table.row(&name("drift of energy"), 3e-8, energy);
    }
    Ok(())
}

fn galewsky(table: &mut Table) -> Result<()> {
    let fine = transform(170)?;
    let (reference, _, _) = evolve(&cases::galewsky(&fine)?, &fine, 100.0, 6.0 * DAY)?;
    for (truncation, time_step, target) in
        [(42, 300.0, 1.3e-3), (85, 200.0, 5e-5), (106, 150.0, 1e-5)]
    {
        let transform = transform(truncation)?;
        let case = cases::galewsky(&transform)?;
        let (state, mass, _) = evolve(&case, &transform, time_step, 6.0 * DAY)?;
        let cut = reference.truncated(170, truncation);
        let error = relative_l2(&state.geopotential, &cut.geopotential, truncation);
        let name = |what: &str| format!("Galewsky, T{truncation}, day 6: {what}");
        table.row(&name("h l2 against T170"), target, error);
        table.row(&name("drift of mass"), 1e-13, mass);
    }
    Ok(())
}
