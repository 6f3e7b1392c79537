//! Time of one training step and of the forward pass, as `benches/peers/fno_torch.py` and
//! `benches/peers/networks_torch.py` have them.

use crate::Result;
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Distribution, FloatDType, Tensor};
use curlwind_operators::deeponet::DeepOnetConfig;
use curlwind_operators::fno::FnoConfig;
use curlwind_operators::network::{Network, NetworkConfig};
use curlwind_operators::spectral::Factorization;
use curlwind_operators::training::{AdamW, AdamWConfig, recomputed_gradients};
use curlwind_operators::unet::UnetConfig;
use curlwind_operators::uno::UnoConfig;
use curlwind_operators::weights;
use std::time::Instant;

struct Case {
    name: &'static str,
    batch: usize,
    sizes: &'static [usize],
    network: NetworkConfig,
    way: Way,
}

/// How a step is taken.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Plain,
    /// Fields of 16 bits between layers.
    Half,
    /// Activations forgotten, and computed again.
    Recomputed,
}

/// `full` counts modes as the paper does; `mlp` has channel layers; `tucker` and `cp` have a tenth of
/// the spectral weights. Networks other than the FNO have their defaults.
fn cases() -> Vec<Case> {
    vec![
        fno("2d-64", 16, &[64, 64], &[12, 12], 32, 0.0),
        fno("2d-64-full", 16, &[64, 64], &[24, 24], 32, 0.0),
        fno("2d-64-mlp", 16, &[64, 64], &[12, 12], 32, 0.5),
        fno("2d-64-wide", 16, &[64, 64], &[12, 12], 64, 0.0),
        fno("2d-256", 2, &[256, 256], &[32, 32], 32, 0.0),
        fno("2d-256-full", 2, &[256, 256], &[64, 64], 32, 0.0),
        fno("2d-256-wide", 2, &[256, 256], &[32, 32], 64, 0.0),
        fno("1d", 32, &[1024], &[16], 64, 0.0),
        factorised("2d-64-tucker", Factorization::Tucker),
        factorised("2d-64-cp", Factorization::Cp),
        Case {
            name: "2d-64-bf16",
            way: Way::Half,
            ..fno("", 16, &[64, 64], &[12, 12], 32, 0.0)
        },
        Case {
            name: "2d-64-recomputed",
            way: Way::Recomputed,
            ..fno("", 16, &[64, 64], &[12, 12], 32, 0.0)
        },
        Case {
            name: "2d-256-bf16",
            way: Way::Half,
            ..fno("", 2, &[256, 256], &[32, 32], 32, 0.0)
        },
        Case {
            name: "2d-256-recomputed",
            way: Way::Recomputed,
            ..fno("", 2, &[256, 256], &[32, 32], 32, 0.0)
        },
        at_64("unet-64", NetworkConfig::Unet(UnetConfig::default())),
        at_64("uno-64", NetworkConfig::Uno(UnoConfig::default())),
        at_64(
            "deeponet-64",
            NetworkConfig::DeepOnet(DeepOnetConfig::default()),
        ),
    ]
}

fn fno(
    name: &'static str,
    batch: usize,
    sizes: &'static [usize],
    modes: &[usize],
    hidden_channels: usize,
    channel_mlp: f64,
) -> Case {
    let network = NetworkConfig::Fno(FnoConfig {
        n_modes: modes.to_vec(),
        hidden_channels,
        channel_mlp,
        ..FnoConfig::default()
    });
    Case {
        name,
        batch,
        sizes,
        network,
        way: Way::Plain,
    }
}

fn factorised(name: &'static str, factorization: Factorization) -> Case {
    let network = FnoConfig {
        n_modes: vec![12, 12],
        factorization,
        rank: 0.1,
        ..FnoConfig::default()
    };
    at_64(name, NetworkConfig::Fno(network))
}

fn at_64(name: &'static str, network: NetworkConfig) -> Case {
    Case {
        name,
        batch: 16,
        sizes: &[64, 64],
        network,
        way: Way::Plain,
    }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Times the cases of that name.
pub fn run(wanted: &str, steps: usize, device: &Device) -> Result<()> {
    let mut known = false;
    for case in cases() {
        if wanted == case.name || wanted == "all" {
            known = true;
            run_case(&case, steps, device)?;
        }
    }
    let names = || cases().iter().map(|case| case.name).collect::<Vec<_>>();
    match known {
        true => Ok(()),
        false => Err(format!("no case `{wanted}`: {:?}", names()).into()),
    }
}

fn run_case(case: &Case, steps: usize, device: &Device) -> Result<()> {
    let device = device.clone().autodiff();
    device.seed(1);
    let mut network = case.network.init_plane(&device)?;
    let mut parameters = 0;
    weights::for_each(&network, |_, data| {
        parameters += data.shape().iter().product::<usize>();
    });
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
    let wait = || device.sync().map_err(|e| format!("{e:?}"));
    let mut step = |network: &mut Option<Network>| -> Result<()> {
        let current = network.take().ok_or("a network")?;
        let loss = |output: Tensor<4>| (output - y.clone()).powi_scalar(2).mean();
        let grads = match case.way {
            Way::Plain => {
                let value = loss(current.forward(x.clone()));
                GradientsParams::from_grads(value.backward(), &current)
            }
            Way::Half => {
                let output = current.forward(x.clone().cast(FloatDType::BF16));
                let value = loss(output.cast(FloatDType::F32));
                GradientsParams::from_grads(value.backward(), &current)
            }
            Way::Recomputed => {
                let (_, grads) = recomputed_gradients(&current, x.clone(), loss)
                    .ok_or("a network that is a chain")?;
                grads
            }
        };
        *network = Some(optimiser.step(current, grads, 1e-3, None, 0.99));
        Ok(())
    };
    let mut slot = Some(network);
    for _ in 0..steps.div_ceil(4).max(3) {
        step(&mut slot)?;
    }
    wait()?;
    // One by one, each waited for; then in one go, as training runs.
    let mut times = Vec::new();
    for _ in 0..steps {
        let start = Instant::now();
        step(&mut slot)?;
        wait()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let start = Instant::now();
    for _ in 0..steps {
        step(&mut slot)?;
    }
    wait()?;
    let flow = start.elapsed().as_secs_f64() * 1e3 / steps as f64;
    network = slot.ok_or("a network")?;
    let inference = network.valid();
    let input = x.inner();
    let mut forward = Vec::new();
    for _ in 0..steps.div_ceil(2) {
        let start = Instant::now();
        let y = inference.forward(input.clone());
        drop(y);
        wait()?;
        forward.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let least = times.iter().copied().fold(f64::INFINITY, f64::min);
    println!(
        "{:16} {} step {:.3} ms (least {least:.3}, in one go {flow:.3}), forward {:.3}, peak memory of the host {:.0} MB, {parameters} parameters",
        case.name,
        curlwind_operators::device::name(&device),
        median(&mut times),
        median(&mut forward),
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
