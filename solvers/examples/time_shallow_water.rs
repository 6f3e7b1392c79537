//! Times the transform and an RK4 step of Williamson 5, as `benches/peers/transform_shtns.py` and
//! `benches/peers/shallow_water_shtns.py` do with shtns: `time_shallow_water [threads]`.
//!
//! Prints one line per measurement: name, median in milliseconds, least and most. The mean depth
//! and the rms vorticity after a day are printed so that both sides can be seen to do the same work.

use curlwind_solvers::shallow_water::cases;
use curlwind_solvers::sphere::{SphereGrid, SphericalTransform};
use ndarray::{Array2, Array3};
use num_complex::Complex64;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn report(name: &str, mut milliseconds: Vec<f64>) {
    milliseconds.sort_by(f64::total_cmp);
    let (least, most) = (milliseconds[0], milliseconds[milliseconds.len() - 1]);
    let median = milliseconds[milliseconds.len() / 2];
    println!("{name:<40} {median:>10.4} ms   ({least:.4} to {most:.4})");
}

fn repeat(name: &str, times: usize, mut work: impl FnMut()) {
    for _ in 0..3 {
        work();
    }
    let one = |_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64() * 1e3
    };
    report(name, (0..times).map(one).collect());
}

fn transforms(truncation: usize, fields: usize) -> Result<(), Failure> {
    let plan = SphericalTransform::new(SphereGrid::for_truncation(truncation)?, truncation)?;
    let (nlat, nlon) = (plan.grid().nlat(), plan.grid().nlon());
    let mut spectra = Array2::from_elem((fields, plan.spectrum_len()), Complex64::ZERO);
    spectra.column_mut(plan.index(0, 5)).fill(Complex64::ONE);
    let mut grid = Array3::zeros((fields, nlat, nlon));
    let name = |what: &str| format!("{what} T{truncation}, {fields} field(s)");
    repeat(&name("synthesis"), 101, || {
        plan.synthesis(spectra.view(), grid.view_mut())
    });
    repeat(&name("analysis"), 101, || {
        plan.analysis(grid.view(), spectra.view_mut())
    });
    Ok(())
}

fn steps(truncation: usize, time_step: f64) -> Result<(), Failure> {
    let plan = Arc::new(SphericalTransform::new(
        SphereGrid::for_truncation(truncation)?,
        truncation,
    )?);
    let case = cases::williamson_5(&plan)?;
    let solver = case.solver(&plan).time_step(time_step).build()?;
    let mut marks = vec![Instant::now()];
    let end = solver.run(case.initial.clone(), 86400.0, 10.0 * time_step, |_| {
        marks.push(Instant::now());
        ControlFlow::Continue(())
    });
    // A day is not always a whole number of ten steps.
    let end = match end {
        Ok(end) => end,
        Err(_) => {
            marks = vec![Instant::now()];
            solver.run(case.initial.clone(), 86400.0, time_step, |_| {
                marks.push(Instant::now());
                ControlFlow::Continue(())
            })?
        }
    };
    let each = if marks.len() > 90 { 1.0 } else { 10.0 };
    let times = marks[1..]
        .windows(2)
        .map(|w| (w[1] - w[0]).as_secs_f64() * 1e3 / each)
        .collect();
    report(&format!("RK4 step T{truncation}"), times);
    let square: f64 = end
        .state
        .vorticity
        .iter()
        .enumerate()
        .map(|(k, z)| if k <= truncation { 1.0 } else { 2.0 } * z.norm_sqr())
        .sum();
    let depth = end.state.geopotential[0].re / case.equation.gravity;
    println!(
        "  after a day: mean depth {depth:.12e} m, rms vorticity {:.12e} 1/s",
        square.sqrt()
    );
    Ok(())
}

fn main() -> Result<(), Failure> {
    let threads = std::env::args().nth(1).map_or(Ok(2), |n| n.parse())?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?;
    pool.install(|| -> Result<(), Failure> {
        println!("{threads} thread(s)");
        for fields in [1, 10] {
            for truncation in [42, 106, 170] {
                transforms(truncation, fields)?;
            }
        }
        for (truncation, time_step) in [(42, 900.0), (85, 450.0), (106, 360.0), (170, 225.0)] {
            steps(truncation, time_step)?;
        }
        Ok(())
    })
}
