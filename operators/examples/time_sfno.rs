//! Time of one SFNO training step: 32 x 64 points, batch 4, 3 channels, width 32, 4 layers.
//!
//! `cargo run --release -p curlwind-operators --example time_sfno [steps]`

use burn::optim::GradientsParams;
use burn::tensor::{DType, Device, Distribution, Tensor};
use curlwind_operators::loss::{GridLoss, LossKind};
use curlwind_operators::sfno::SfnoConfig;
use curlwind_operators::training::{AdamW, AdamWConfig};
use curlwind_solvers::sphere::grid::SphereGrid;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let steps: usize = std::env::args().nth(1).map_or(Ok(60), |s| s.parse())?;
    let device = Device::flex().autodiff();
    device.seed(1);
    let grid = SphereGrid::gaussian(32, 64)?;
    for (mlp_ratio, lifting_ratio) in [(0, 0), (1, 2)] {
        let config = SfnoConfig {
            degrees: 32,
            mlp_ratio,
            lifting_ratio,
            ..SfnoConfig::default()
        };
        let mut network = config.init(&grid, &device)?;
        let loss = GridLoss::sphere(LossKind::RelativeL2, &grid, &device, DType::F32)?;
        let mut optimiser = AdamW::new(AdamWConfig::default(), &network);
        let normal =
            || Tensor::<4>::random([4, 3, 32, 64], Distribution::Normal(0.0, 1.0), &device);
        let (x, y) = (normal(), normal());
        let mut times = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        for step in 0..steps {
            let start = Instant::now();
            let value = loss.forward(network.forward(x.clone()), y.clone());
            let forward = start.elapsed();
            let grads = value.backward();
            let backward = start.elapsed();
            let grads = GradientsParams::from_grads(grads, &network);
            let norm = AdamW::gradient_norm(&network, &grads);
            network = optimiser.step(network, grads, 1e-3, Some((&norm, 1.0)), 0.99);
            let total = start.elapsed();
            if step >= steps / 3 {
                let parts = [forward, backward - forward, total - backward, total];
                for (times, part) in times.iter_mut().zip(parts) {
                    times.push(part.as_secs_f64() * 1e3);
                }
            }
        }
        let [forward, backward, update, total] = times.map(median);
        println!(
            "mlp {mlp_ratio}, lifting {lifting_ratio}: {} parameters, forward {forward:.1} ms, backward \
             {backward:.1} ms, update {update:.1} ms, step {total:.1} ms (median)",
            burn::module::Module::num_params(&network)
        );
    }
    Ok(())
}
