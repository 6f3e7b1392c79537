//! Times the Maxwell engines:
//! `time_maxwell [cells=160] [layer=10] [threads=2] [runs=7] [device=NAME] [WORD...]`.
//!
//! A cube, empty or of random media, with an absorbing layer (0 cells: conducting walls) on all faces
//! inside it and a pulse in the middle. Prints million cells per second, those of the layers counted: median, least
//! and most over the runs. Before that the roofline: the measured memory bandwidth, and what it
//! allows if every field is read and written once per step. With words only the lines that hold
//! all of them run: `time_maxwell runs=15 f32 Blocked "no media"`; `transform` and `Reference` name
//! the last two parts, which otherwise run too. With a device (`cuda:0`, `wgpu`; cargo features `cuda`,
//! `wgpu`) its rates alone, with the bytes per second that the fields and numbers of a step make of
//! them.

use curlwind_solvers::maxwell::{
    Component, Cpml, EdgeMedium, FieldRegion, Mesh, Model, Probe, Real, Scheme, Simulation,
    SourceTerm, Wall, engine,
};
use ndarray::Array2;
use std::time::Instant;

type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Arguments {
    cells: usize,
    layer: usize,
    threads: usize,
    runs: usize,
    device: Option<String>,
    words: Vec<String>,
}

impl Arguments {
    fn parse() -> Result<Self, Failure> {
        let mut own = Self {
            cells: 160,
            layer: 10,
            threads: 2,
            runs: 7,
            device: None,
            words: Vec::new(),
        };
        for argument in std::env::args().skip(1) {
            match argument.split_once('=') {
                Some(("cells", n)) => own.cells = n.parse()?,
                Some(("layer", n)) => own.layer = n.parse()?,
                Some(("threads", n)) => own.threads = n.parse()?,
                Some(("runs", n)) => own.runs = n.parse::<usize>()?.max(1),
                Some(("device", name)) => own.device = Some(name.into()),
                Some((name, _)) => {
                    return Err(format!(
                        "expected cells, layer, threads, runs or device, found {name}"
                    )
                    .into());
                }
                None => own.words.push(argument),
            }
        }
        Ok(own)
    }

    fn wants(&self, line: &str) -> bool {
        self.words.iter().all(|w| line.contains(w.as_str()))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Media {
    None,
    Indexed,
    Many,
}

fn model(n: usize, layer: usize, media: Media) -> Result<Model, Failure> {
    let wall = match layer {
        0 => Wall::Pec,
        cells => Wall::Cpml(Cpml::new(cells)),
    };
    let walls = [[wall; 2]; 3];
    let mut model = Model::vacuum(Mesh::uniform([n; 3], [1e-3; 3])?, walls);
    model.waveforms = Array2::from_shape_fn((200, 1), |(n, _)| {
        let t = (n as f64 - 40.0) / 10.0;
        (-t * t).exp()
    });
    model.sources.push(SourceTerm {
        component: Component::Ez,
        index: [n / 2; 3],
        waveform: 0,
        scale: 1.0,
    });
    let count = match media {
        Media::None => return Ok(model),
        Media::Indexed => 12,
        Media::Many => 100,
    };
    model.edge_media = (0..count)
        .map(|m| EdgeMedium::Dielectric {
            permittivity: 1.0 + m as f64 * 0.1,
            conductivity: 1e-3 * m as f64,
            poles: Vec::new(),
        })
        .collect();
    let mut state = 1u64;
    for edges in &mut model.edges {
        edges.mapv_inplace(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
            ((state >> 33) % count) as u16
        });
    }
    Ok(model)
}

/// Seconds per step, sorted; the steps before the first run fill the mesh with the pulse.
fn seconds<T: Real>(model: &Model, scheme: Scheme, runs: usize) -> Result<Vec<f64>, Failure> {
    let mut simulation = Simulation::<T>::new(model, scheme)?;
    let cells: usize = model.mesh.cells().iter().product();
    let steps = match scheme {
        Scheme::Reference => 1,
        _ => (120_000_000 / cells).clamp(8, 4000).next_multiple_of(8),
    };
    simulation.advance(steps.max(if scheme == Scheme::Reference { 1 } else { 64 }));
    let mut all: Vec<f64> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            simulation.advance(steps);
            start.elapsed().as_secs_f64() / steps as f64
        })
        .collect();
    all.sort_by(f64::total_cmp);
    Ok(all)
}

fn report(name: &str, cells: f64, seconds: &[f64]) {
    let rate = |s: f64| cells / s / 1e6;
    println!(
        "{name:<48} {:>8.0} Mcells/s   ({:.0} to {:.0})",
        rate(seconds[seconds.len() / 2]),
        rate(seconds[seconds.len() - 1]),
        rate(seconds[0]),
    );
}

/// Bytes per second of `a = b + s c` over arrays far larger than the caches, all threads: the best
/// of twenty.
fn triad(threads: usize) -> f64 {
    const LEN: usize = 1 << 25;
    let mut a = vec![0.0f32; LEN];
    let (b, c) = (vec![1.0f32; LEN], vec![2.0f32; LEN]);
    let part = LEN.div_ceil(threads);
    let mut best = f64::INFINITY;
    for _ in 0..20 {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for ((a, b), c) in a.chunks_mut(part).zip(b.chunks(part)).zip(c.chunks(part)) {
                scope.spawn(move || {
                    for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
                        *a = b + 3.0 * c;
                    }
                });
            }
        });
        best = best.min(start.elapsed().as_secs_f64());
    }
    // the written line is read before
    4.0 * 4.0 * LEN as f64 / best
}

fn rates<T: Real>(wanted: &Arguments) -> Result<(), Failure> {
    let n = wanted.cells;
    for (media, name) in [
        (Media::None, "no media"),
        (Media::Indexed, "12 media"),
        (Media::Many, "100 media"),
    ] {
        let model = model(n, wanted.layer, media)?;
        for scheme in [Scheme::Sweeps, Scheme::Fused, Scheme::Blocked] {
            let title = format!("{} {scheme:?}, {name}", T::NAME);
            if wanted.wants(&title) {
                let times = seconds::<T>(&model, scheme, wanted.runs)?;
                report(&title, (n * n * n) as f64, &times);
            }
        }
    }
    Ok(())
}

/// What a running transform of a plane at 20 frequencies adds: two simulations in turns, so that
/// both see the same machine; the median of the ratios.
fn transform(wanted: &Arguments) -> Result<(), Failure> {
    let n = wanted.cells;
    for axis in [2, 0] {
        for interval in [1, 8] {
            let plain = model(n, wanted.layer, Media::None)?;
            let mut with = plain.clone();
            let mut ranges = [0..n, 0..n, 0..n];
            ranges[axis] = n / 2..n / 2 + 1;
            for component in [(axis + 1) % 3, (axis + 2) % 3] {
                with.regions.push(FieldRegion {
                    component: Component::ALL[component],
                    ranges: ranges.clone(),
                    frequencies: (1..=20).map(|f| f as f64 * 5e8).collect(),
                    interval,
                });
            }
            let steps = (240_000_000 / (n * n * n)).clamp(128, 4000);
            let mut both = [
                Simulation::<f32>::new(&plain, Scheme::Fastest)?,
                Simulation::<f32>::new(&with, Scheme::Fastest)?,
            ];
            let mut ratios: Vec<f64> = (0..=wanted.runs)
                .map(|_| {
                    let [without, with] = both.each_mut().map(|simulation| {
                        let start = Instant::now();
                        simulation.advance(steps);
                        start.elapsed().as_secs_f64()
                    });
                    with / without
                })
                .skip(1)
                .collect();
            ratios.sort_by(f64::total_cmp);
            println!(
                "transform of a plane across {}, two components, 20 frequencies, interval {interval}: {:+.1} %",
                ["x", "y", "z"][axis],
                100.0 * (ratios[ratios.len() / 2] - 1.0)
            );
        }
    }
    Ok(())
}

/// Rates of a device. A probe is read at the end of every run, which waits for all of its steps.
fn device(name: &str, wanted: &Arguments) -> Result<(), Failure> {
    let n = wanted.cells;
    let cells = (n * n * n) as f64;
    for (double, precision) in [(false, "f32"), (true, "f64")] {
        for (media, what, number) in [
            (Media::None, "no media", 1.0),
            (Media::Indexed, "12 media", 2.0),
        ] {
            let title = format!("{precision} {name}, {what}");
            if !wanted.wants(&title) {
                continue;
            }
            let mut model = model(n, wanted.layer, media)?;
            model.probes.push(Probe {
                component: Component::Ez,
                index: [n / 2; 3],
            });
            let mut run = match engine(&model, double, name) {
                Ok(run) => run,
                Err(error) => {
                    println!("{title:<48} {error}");
                    continue;
                }
            };
            let steps = (20e9 / cells).clamp(2.0, 512.0) as usize;
            let steps = if name == "wgpu" { steps.min(16) } else { steps };
            run.advance(steps)?;
            let mut all = Vec::new();
            for _ in 0..wanted.runs {
                let start = Instant::now();
                run.advance(steps)?;
                all.push(start.elapsed().as_secs_f64() / steps as f64);
            }
            all.sort_by(f64::total_cmp);
            report(&title, cells, &all);
            // both updates read six components and write three, and read a number
            let bytes = 18.0 * if double { 8.0 } else { 4.0 } + 1.0 + number;
            let rate = cells / all[all.len() / 2];
            println!(
                "{:<48} {:>8.0} GB/s at {bytes} bytes per cell and step",
                "",
                rate * bytes / 1e9
            );
        }
    }
    Ok(())
}

fn main() -> Result<(), Failure> {
    let wanted = Arguments::parse()?;
    if let Some(name) = &wanted.device {
        println!(
            "{}^3 cells, {}-cell layers on six faces among them, {} runs each",
            wanted.cells, wanted.layer, wanted.runs
        );
        return device(name, &wanted);
    }
    let (n, threads) = (wanted.cells, wanted.threads);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?;
    println!(
        "{n}^3 cells, {}-cell layers on six faces among them, {threads} threads, {} runs each",
        wanted.layer, wanted.runs
    );
    let bandwidth = triad(threads);
    println!("memory bandwidth (triad): {:.1} GB/s", bandwidth / 1e9);
    for (name, size) in [("f32", 4.0), ("f64", 8.0)] {
        // six components read and written; two sweeps read the other three once more
        let (fused, sweeps) = (12.0 * size, 18.0 * size);
        println!(
            "roofline {name}: {:.0} Mcells/s at {fused} bytes per cell (fused), {:.0} at {sweeps} (two sweeps)",
            bandwidth / fused / 1e6,
            bandwidth / sweeps / 1e6
        );
    }
    pool.install(|| {
        rates::<f32>(&wanted)?;
        rates::<f64>(&wanted)?;
        if wanted.wants("transform") {
            transform(&wanted)?;
        }
        let title = "f32 Reference, no media, 60^3, one thread";
        if wanted.wants(title) {
            let small = model(60.min(n), wanted.layer, Media::None)?;
            let cells: usize = small.mesh.cells().iter().product();
            report(
                title,
                cells as f64,
                &seconds::<f32>(&small, Scheme::Reference, 3)?,
            );
        }
        Ok(())
    })
}
