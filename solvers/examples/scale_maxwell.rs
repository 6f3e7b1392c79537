//! Times the Maxwell engine over ranks:
//! `mpirun -n N scale_maxwell [cells=96] [steps=100] [runs=7] [device=cpu]`.
//!
//! Weak scaling: each rank has a cube of `cells`^3 cells of vacuum with conducting walls around all
//! of them, cut along y and z as the engine likes. In turn, and all ranks at the same time, the runs
//! are of the shared mesh and of a mesh of each rank's own, which differ in the exchange alone.
//! Prints milliseconds for a step, medians over the runs with least and most, million cells per
//! second, the bytes that the busiest rank sends in a step, and what is left for the exchange.
//! `f64` as a word takes double precision; without the feature `mpi` there is one rank. With a device
//! (`cuda`, of which each rank takes the one of its number; `wgpu`) parts are computed there, and bytes
//! are not counted.

use curlwind_solvers::maxwell::{
    Component, Distributed, Engine, Mesh, Model, SourceTerm, Wall, shared_engine,
};
use curlwind_solvers::ranks::{Channels, Communicator};
use ndarray::Array2;
use std::time::Instant;

type Failure = Box<dyn std::error::Error>;

fn model(cells: [usize; 3]) -> Result<Model, Failure> {
    let mesh = Mesh::uniform(cells, [1e-3; 3])?;
    let mut model = Model::vacuum(mesh, [[Wall::Pec; 2]; 3]);
    model.waveforms =
        Array2::from_shape_fn((50, 1), |(n, _)| (-(n as f64 - 25.0).powi(2) / 50.0).exp());
    model.sources.push(SourceTerm {
        component: Component::Ez,
        index: cells.map(|n| n / 2),
        waveform: 0,
        scale: 1.0,
    });
    Ok(model)
}

/// Communicators of this process: all ranks', and one with itself alone.
fn all() -> Box<dyn Communicator> {
    #[cfg(feature = "mpi")]
    return Box::new(curlwind_solvers::ranks::Processes::new());
    #[cfg(not(feature = "mpi"))]
    alone()
}

fn alone() -> Box<dyn Communicator> {
    Box::new(Channels::new(1).remove(0))
}

/// The most nearly square `[along y, along z]` of so many.
fn grid(ranks: usize) -> [usize; 2] {
    let mut y = ranks.isqrt();
    while !ranks.is_multiple_of(y) {
        y -= 1;
    }
    [y, ranks / y]
}

/// A device is done when an answer is there; the processors are done already.
fn finish(engine: &dyn Engine, device: &str) -> Result<(), Failure> {
    if device != "cpu" {
        engine.energy()?;
    }
    Ok(())
}

fn median(mut times: Vec<f64>) -> [f64; 3] {
    times.sort_by(f64::total_cmp);
    [times[times.len() / 2], times[0], times[times.len() - 1]]
}

fn run([cells, steps, runs]: [usize; 3], double: bool, device: &str) -> Result<(), Failure> {
    let mut ranks = all();
    let (rank, size) = (ranks.rank(), ranks.size());
    let device = match device {
        "cuda" => format!("cuda:{rank}"),
        name => name.to_string(),
    };
    let [y, z] = grid(size);
    let shared = model([cells, cells * y, cells * z])?;
    let own = model([cells; 3])?;
    let bytes = match (device.as_str(), double) {
        ("cpu", false) => Distributed::<f32>::new(&shared, all())?.bytes_in_a_step(),
        ("cpu", true) => Distributed::<f64>::new(&shared, all())?.bytes_in_a_step(),
        _ => 0,
    };
    let mut together = shared_engine(&shared, double, &device, all())?;
    let mut apart = shared_engine(&own, double, &device, alone())?;
    let mut times = [Vec::new(), Vec::new()];
    for engine in [&mut together, &mut apart] {
        engine.advance(steps.min(20))?;
        finish(engine.as_ref(), &device)?;
    }
    for _ in 0..runs {
        for (engine, times) in [&mut together, &mut apart].into_iter().zip(&mut times) {
            ranks.sum_integers(&mut [0])?;
            let start = Instant::now();
            engine.advance(steps)?;
            finish(engine.as_ref(), &device)?;
            // the slowest rank counts
            ranks.sum_integers(&mut [0])?;
            times.push(start.elapsed().as_secs_f64() * 1e3 / steps as f64);
        }
    }
    if rank == 0 {
        let [[together, least, most], [apart, least_apart, most_apart]] = times.map(median);
        let rate = |ms: f64| (cells.pow(3) * size) as f64 / ms / 1e3;
        println!(
            "{size} ranks as {y} x {z}, {cells}^3 cells each, {}, {device}: together {together:.3} \
             ({least:.3} to {most:.3}) ms, {:.0} Mcells/s; apart {apart:.3} ({least_apart:.3} to \
             {most_apart:.3}) ms, {:.0} Mcells/s; {bytes} bytes sent by rank 0, exchange {:.3} ms",
            if double { "f64" } else { "f32" },
            rate(together),
            rate(apart),
            together - apart
        );
    }
    Ok(())
}

fn main() -> Result<(), Failure> {
    #[cfg(feature = "mpi")]
    let _world = curlwind_solvers::ranks::World::start()?;
    let ([mut cells, mut steps, mut runs], mut double) = ([96, 100, 7], false);
    let mut device = "cpu".to_string();
    for argument in std::env::args().skip(1) {
        match argument.split_once('=') {
            Some(("cells", n)) => cells = n.parse()?,
            Some(("steps", n)) => steps = n.parse()?,
            Some(("runs", n)) => runs = n.parse()?,
            Some(("device", name)) => device = name.into(),
            None if argument == "f64" => double = true,
            _ => {
                return Err(format!(
                    "expected cells, steps, runs, device or f64, found {argument}"
                )
                .into());
            }
        }
    }
    // one thread for each rank
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build_global()?;
    run([cells, steps, runs], double, &device)
}
