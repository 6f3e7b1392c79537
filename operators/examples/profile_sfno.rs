//! Where the time of an SFNO training step goes, section by section.
//!
//! `cargo run --release -p curlwind-operators --example profile_sfno`

use burn::tensor::{DType, Device, Distribution, Tensor};
use curlwind_operators::kernels;
use curlwind_operators::spherical::HarmonicTransform;
use curlwind_solvers::sphere::grid::SphereGrid;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn time<T>(name: &str, mut f: impl FnMut() -> T) {
    let mut times: Vec<f64> = (0..60)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(f());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{name:40} {:8.3} ms", times[30]);
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = Device::flex();
    let grid = SphereGrid::gaussian(32, 64)?;
    let transform = HarmonicTransform::new(&grid, 32, 32, &device, DType::F32)?;
    let normal4 = |s: [usize; 4]| Tensor::<4>::random(s, Distribution::Normal(0.0, 1.0), &device);
    let normal3 = |s: [usize; 3]| Tensor::<3>::random(s, Distribution::Normal(0.0, 1.0), &device);
    let field = normal4([4, 32, 32, 64]);
    let spectrum = transform.analysis(field.clone());
    let weight = normal3([32, 64, 64]);
    time("analysis", || transform.analysis(field.clone()));
    time("synthesis", || transform.synthesis(spectrum.clone()));
    time("degree mix", || {
        kernels::degree_mix(spectrum.clone(), weight.clone())
    });
    let mixed = kernels::degree_mix(spectrum.clone(), weight.clone());
    time("synthesis of a mixed spectrum", || {
        transform.synthesis(mixed.clone())
    });
    let x = normal3([4, 32, 2048]);
    let skip = normal3([1, 32, 32]);
    time("skip", || skip.clone().matmul(x.clone()));
    time("skip, gradient of the weight", || {
        x.clone().matmul(x.clone().swap_dims(1, 2)).sum_dim(0)
    });
    time("skip, gradient of the input", || {
        skip.clone().swap_dims(1, 2).matmul(x.clone())
    });
    let bias = Tensor::<1>::zeros([32], &device);
    time("bias and gelu", || {
        kernels::bias_gelu(x.clone(), bias.clone())
    });
    time("burn's gelu", || burn::tensor::activation::gelu(x.clone()));
    time("sum of two fields", || x.clone() + x.clone());
    time("bias by broadcast", || {
        x.clone() + bias.clone().reshape([1, 32, 1])
    });
    let real = normal3([32, 32, 32]);
    time("stacking the weights", || {
        let rotated = Tensor::cat(vec![-real.clone(), real.clone()], 2);
        let rows = Tensor::cat(vec![real.clone(), real.clone()], 2);
        Tensor::cat(vec![rows, rotated], 1)
    });
    let lat = normal3([4, 64, 1024]);
    let lines = normal3([4, 1024, 64]);
    let dft = normal3([1, 64, 64]);
    time("dft, as in the analysis", || {
        dft.clone().matmul(lines.clone().swap_dims(1, 2))
    });
    time("dft, as in the synthesis", || {
        lat.clone().swap_dims(1, 2).matmul(dft.clone())
    });
    let flat = normal3([1, 4096, 64]).reshape([4096, 64]);
    let dft2 = dft.clone().reshape([64, 64]);
    time("dft, one product", || flat.clone().matmul(dft2.clone()));
    time("legendre, as in the analysis", || {
        normal_like(&transform, &lat)
    });
    Ok(())
}

fn normal_like(transform: &HarmonicTransform, x: &Tensor<3>) -> Tensor<4> {
    let p = Tensor::<4>::zeros([1, 32, 32, 32], &Device::flex());
    let _ = transform;
    p.matmul(x.clone().reshape([4, 32, 64, 32]).swap_dims(2, 3))
}
