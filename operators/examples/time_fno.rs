//! Time of one training step of a Fourier neural operator, and of its forward pass.
//!
//! `cargo run --release -p curlwind-operators --example time_fno [CASE] [steps]`
//!
//! Cases, as `benches/peers/fno_torch.py` has them: `2d-64` (64 x 64, batch 16, width 32, modes 12),
//! `2d-64-full` (24 x 13 modes, as the paper counts 12), `2d-256` (256 x 256, batch 2, modes 32),
//! `1d` (1024 points, batch 32, width 64, modes 16), `2d-64-mlp` (with channel layers).

use burn::optim::GradientsParams;
use burn::tensor::{Device, Distribution, Tensor};
use curlwind_operators::fno::FnoConfig;
use curlwind_operators::training::{AdamW, AdamWConfig};
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Case {
    name: &'static str,
    batch: usize,
    sizes: &'static [usize],
    modes: &'static [usize],
    width: usize,
    channel_mlp: f64,
}

const CASES: [Case; 6] = [
    case("2d-64", 16, &[64, 64], &[12, 12], 32, 0.0),
    case("2d-64-full", 16, &[64, 64], &[24, 24], 32, 0.0),
    case("2d-64-mlp", 16, &[64, 64], &[12, 12], 32, 0.5),
    case("2d-256", 2, &[256, 256], &[32, 32], 32, 0.0),
    case("2d-256-full", 2, &[256, 256], &[64, 64], 32, 0.0),
    case("1d", 32, &[1024], &[16], 64, 0.0),
];

const fn case(
    name: &'static str,
    batch: usize,
    sizes: &'static [usize],
    modes: &'static [usize],
    width: usize,
    channel_mlp: f64,
) -> Case {
    Case {
        name,
        batch,
        sizes,
        modes,
        width,
        channel_mlp,
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let wanted = arguments.next();
    let steps: usize = arguments.next().map_or(Ok(40), |s| s.parse())?;
    for case in CASES {
        if wanted
            .as_ref()
            .is_some_and(|w| w != case.name && w != "all")
        {
            continue;
        }
        run(&case, steps)?;
    }
    Ok(())
}

fn run(case: &Case, steps: usize) -> Result<(), Box<dyn std::error::Error>> {
    let device = Device::flex().autodiff();
    device.seed(1);
    let mut network = FnoConfig {
        n_modes: case.modes.to_vec(),
        hidden_channels: case.width,
        channel_mlp: case.channel_mlp,
        ..FnoConfig::default()
    }
    .init(&device)?;
    let mut optimiser = AdamW::new(AdamWConfig::default(), &network);
    // A line is a plane of one row.
    let (height, width) = match *case.sizes {
        [width] => (1, width),
        [height, width] => (height, width),
        _ => return Err("one or two dimensions".into()),
    };
    let shape = [case.batch, 1, height, width];
    let normal = || Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
    let (x, y) = (normal(), normal());
    let mut times = [const { Vec::new() }; 5];
    for step in 0..steps {
        let start = Instant::now();
        let value = (network.forward(x.clone()) - y.clone())
            .powi_scalar(2)
            .mean();
        let forward = start.elapsed();
        let grads = value.backward();
        let backward = start.elapsed();
        let grads = GradientsParams::from_grads(grads, &network);
        let norm = AdamW::gradient_norm(&network, &grads);
        network = optimiser.step(network, grads, 1e-3, (&norm, 1.0), 0.99);
        let total = start.elapsed();
        if step >= steps / 4 {
            let parts = [forward, backward - forward, total - backward, total];
            for (times, part) in times.iter_mut().zip(parts) {
                times.push(part.as_secs_f64() * 1e3);
            }
        }
    }
    let inference = burn::module::Module::valid(&network);
    let input = x.inner();
    for _ in 0..steps / 4 {
        let start = Instant::now();
        let y = inference.forward(input.clone());
        let _ = y.sum().into_scalar::<f32>();
        times[4].push(start.elapsed().as_secs_f64() * 1e3);
    }
    let least = times[3].iter().copied().fold(f64::INFINITY, f64::min);
    let [forward, backward, update, total, inference] = times.map(median);
    println!(
        "{:12} step {total:6.1} ms (least {least:.1}): forward {forward:.1}, backward {backward:.1}, update \
         {update:.1}; forward alone {inference:.1}; peak memory {:.0} MB",
        case.name,
        peak_memory().unwrap_or(f64::NAN)
    );
    Ok(())
}

/// The most memory this process has had, in MB, where the system tells.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1e3)
}
