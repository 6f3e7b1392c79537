//! Times of the flow solvers, medians of seven on one thread, and errors that cost them.
//!
//!     cargo run --release -p curlwind-solvers --example time_flow

use curlwind_solvers::burgers::{self, Burgers, Ends, cole_hopf};
use curlwind_solvers::darcy::{self, Grid, Permeability};
use curlwind_solvers::navier_stokes::{Forcing, Integrator, NavierStokes, Solver};
use curlwind_solvers::torus::random_field::GaussianField;
use ndarray::Array2;
use std::f64::consts::PI;
use std::ops::ControlFlow;
use std::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Median milliseconds of seven calls.
fn median(mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..7 {
        let started = Instant::now();
        work()?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[3])
}

fn main() -> Result<()> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    pool.install(|| {
        navier_stokes()?;
        darcy_flow()?;
        burgers_shock()
    })
}

/// Milliseconds a step at the forcing of Li et al.
fn navier_stokes() -> Result<()> {
    for points in [64, 128, 256] {
        for integrator in [Integrator::Etdrk4, Integrator::CrankNicolsonHeun] {
            let equation = NavierStokes {
                viscosity: 1e-4,
                forcing: Forcing::Diagonal { amplitude: 0.1 },
                ..NavierStokes::default()
            };
            let solver = Solver::new(equation, points, 5e-3)?.with_integrator(integrator);
            let start = GaussianField::VORTICITY.plane(solver.plane(), 1);
            let steps = 20.0;
            let time = median(|| {
                let go_on = |_: f64, _: &[_]| ControlFlow::Continue(());
                solver.run(start.clone(), steps * 5e-3, steps * 5e-3, go_on)?;
                Ok(())
            })?;
            println!(
                "navier_stokes {points}^2, {}: {:.3} ms a step",
                integrator.name(),
                time / steps
            );
        }
    }
    Ok(())
}

fn darcy_flow() -> Result<()> {
    for cells in [64, 128, 420] {
        let grid = Grid::uniform(cells)?;
        let medium = Permeability::default().field(&grid, 1);
        let source = Array2::ones(medium.dim());
        let solver = darcy::Solver::new(grid);
        let mut iterations = 0;
        let time = median(|| {
            iterations = solver.solve(medium.view(), source.view())?.iterations;
            Ok(())
        })?;
        println!("darcy {cells}^2 cells: {time:.1} ms, {iterations} iterations to 1e-10");
    }
    Ok(())
}

/// The shock of -sin(pi x), nu = 0.01/pi, at t = 0.99, against the exact solution.
fn burgers_shock() -> Result<()> {
    let viscosity = 0.01 / PI;
    let velocity = |x: f64| -(PI * (x - 1.0)).sin();
    let potential = |x: f64| (PI * (x - 1.0)).cos() / PI;
    for cells in [255, 510, 1020, 2040] {
        let equation = Burgers {
            viscosity,
            length: 2.0,
            ends: Ends::Zero,
        };
        let solver = burgers::Solver::new(equation, cells + 1, 0.99 / 1000.0)?;
        let x = solver.coordinates();
        let mut initial: Vec<f64> = x.iter().map(|x| velocity(*x)).collect();
        (initial[0], initial[cells]) = (0.0, 0.0);
        let mut last = Vec::new();
        let time = median(|| {
            last = solver.trajectory(&initial, 0.99, 0.99)?.row(1).to_vec();
            Ok(())
        })?;
        let every = cells / 255;
        let (mut error, mut size) = (0.0, 0.0);
        for j in (0..=cells).step_by(every) {
            let exact = cole_hopf(viscosity, velocity, potential, x[j], 0.99);
            error += (last[j] - exact).powi(2);
            size += exact * exact;
        }
        println!(
            "burgers shock, {cells} cells: relative L2 {:.1e}, {time:.0} ms for 1000 steps",
            (error / size).sqrt()
        );
    }
    Ok(())
}
