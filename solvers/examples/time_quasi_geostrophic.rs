//! Times steps of two quasi-geostrophic layers and writes states, as `benches/peers/quasi_geostrophic_pyqg.py`
//! does with pyqg: `time_quasi_geostrophic [FOLDER]`.
//!
//! Prints, for 64, 128 and 256 points along a side, the median of milliseconds per step of both methods
//! on one thread. With a folder, the potential vorticities after 10 days (ours: 2) from the same smooth start
//! go there as raw f64 `[layer][y][x]`: `N_SECONDS_METHOD.f64`.

use curlwind_solvers::quasi_geostrophic::{
    ExponentialFilter, Integrator, QuasiGeostrophic, Solver,
};
use ndarray::Array3;
use std::f64::consts::TAU;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const DAY: f64 = 86400.0;

/// A few waves in both layers, in 1/s.
fn start(solver: &Solver) -> Array3<f64> {
    let [ly, lx] = solver.equation().lengths;
    solver.state(|x, y| {
        let (x, y) = (TAU * x / lx, TAU * y / ly);
        [
            1e-5 * ((3.0 * x + y).cos()
                + 0.5 * (2.0 * x - 3.0 * y + 1.0).sin()
                + 0.3 * (5.0 * y).cos()),
            2e-6 * ((2.0 * x + 3.0 * y).sin() + 0.7 * (4.0 * x - y + 0.5).cos()),
        ]
    })
}

/// pyqg's method, or ours.
fn solver(points: usize, time_step: f64, peer: bool) -> Result<Solver, Failure> {
    let solver = Solver::new(QuasiGeostrophic::default(), [points; 2], time_step)?;
    Ok(match peer {
        true => solver
            .with_integrator(Integrator::AdamsBashforth3)
            .with_filter(ExponentialFilter::default())?,
        false => solver,
    })
}

fn time(points: usize, peer: bool) -> Result<(), Failure> {
    let time_step = 7200.0 * 64.0 / points as f64;
    let solver = solver(points, time_step, peer)?;
    // short enough to find a quiet moment of a busy machine
    let (block, blocks) = (8.0, 80.0);
    let mut milliseconds = Vec::new();
    let mut mark = Instant::now();
    let state = solver.spectrum(start(&solver).view())?;
    solver.run(
        state,
        blocks * block * time_step,
        block * time_step,
        |_, _| {
            milliseconds.push(mark.elapsed().as_secs_f64() * 1e3 / block);
            mark = Instant::now();
            ControlFlow::Continue(())
        },
    )?;
    // the first interval is the start itself
    let times = &mut milliseconds[1..];
    times.sort_by(f64::total_cmp);
    let method = if peer {
        Integrator::AdamsBashforth3.name()
    } else {
        Integrator::Etdrk4.name()
    };
    println!(
        "{points:>4} points, {method:<18} {:>9.4} ms a step ({:.4} to {:.4})",
        times[times.len() / 2],
        times[0],
        times[times.len() - 1]
    );
    Ok(())
}

fn write(
    folder: &Path,
    points: usize,
    time_step: f64,
    days: f64,
    peer: bool,
) -> Result<(), Failure> {
    let solver = solver(points, time_step, peer)?;
    let state = solver.spectrum(start(&solver).view())?;
    let end = solver.run(state, days * DAY, days * DAY, |_, _| {
        ControlFlow::Continue(())
    })?;
    let bytes: Vec<u8> = solver
        .fields(&end)
        .iter()
        .flat_map(|q| q.to_le_bytes())
        .collect();
    let method = if peer { "ab3" } else { "etdrk4" };
    std::fs::write(
        folder.join(format!("{points}_{time_step}_{method}.f64")),
        bytes,
    )?;
    Ok(())
}

fn main() -> Result<(), Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    pool.install(|| {
        if let Some(folder) = std::env::args().nth(1) {
            let folder = Path::new(&folder);
            std::fs::create_dir_all(folder)?;
            for (points, time_step) in [(64, 7200.0), (128, 3600.0), (128, 450.0)] {
                write(folder, points, time_step, 10.0, true)?;
            }
            // before filaments reach the scales that one side filters and the other cuts off
            write(folder, 128, 3600.0, 2.0, false)?;
        }
        for points in [64, 128, 256] {
            for peer in [true, false] {
                time(points, peer)?;
            }
        }
        Ok(())
    })
}
