//! scratch
use burn::tensor::Device;
use curlwind_operators::coordinate::cases::*;
use curlwind_operators::coordinate::*;
use ndarray::Array2;
use std::ops::ControlFlow;

fn get<T: std::str::FromStr>(key: &str, default: T) -> T {
    std::env::args()
        .find_map(|a| {
            a.strip_prefix(&format!("{key}="))
                .and_then(|v| v.parse().ok())
        })
        .unwrap_or(default)
}

fn main() {
    if get("gemm", false) {
        return gemm_speed();
    }
    let name: String = get("case", "burgers".to_string());
    let case: Box<dyn Case> = match name.as_str() {
        "interface" => Box::new(MaxwellInterface::default()),
        "ac" => Box::new(AllenCahnFronts::default()),
        "advection" => Box::new(Advection::default()),
        "cavity" => Box::new(MaxwellCavity::default()),
        "point" => Box::new(MaxwellPointSource {
            width: get("width", 0.02),
            ..Default::default()
        }),
        _ => Box::new(BurgersShock::default()),
    };
    let conditions = Conditions {
        exact: get("exact", true),
        interior: get("points", 4000),
        boundary: get("boundary", 400),
        weight: get("weight", 10.0),
    };
    let reference = case.reference().unwrap();
    if get("solver", false) {
        for n in case.solver().1 {
            let s = case.solve(n, &reference).unwrap();
            println!(
                "solver {n}: {:.4} s, errors {:?}",
                s.seconds,
                reference.errors(&s.values)
            );
        }
        return;
    }
    let d = reference.axes.len();
    let harmonics: usize = get("harmonics", 0);
    let network = NetworkConfig {
        hidden: get("hidden", 24),
        layers: get("layers", 3),
        input_scale: get("scale", 1.0),
        activation: if get("sine", false) {
            Activation::Sine
        } else {
            Activation::Tanh
        },
        gated: get("gated", false),
        factorised: get("factorised", false),
        fourier: (get("fourier", 0usize) > 0).then(|| Fourier {
            count: get("fourier", 0),
            scale: get("fscale", 1.0),
        }),
        periodic: if harmonics > 0 {
            vec![Periodic {
                axis: 1,
                harmonics,
                period: 1.0,
            }]
        } else {
            vec![]
        },
        seed: get("seed", 0),
        ..Default::default()
    };
    let tolerance: f64 = get("causal", 0.0);
    let config = TrainingConfig {
        stages: vec![Stage {
            steps: get("steps", 100),
            optimiser: match get("opt", 0) {
                1 => Optimiser::Adam,
                2 => Optimiser::Lbfgs,
                _ => Optimiser::GaussNewton,
            },
            ..Default::default()
        }],
        balance: match get("balance", 0) {
            1 => Balance::GradientNorm,
            2 => Balance::Ntk,
            3 => Balance::Relobralo,
            _ => Balance::None,
        },
        causal: (tolerance > 0.0).then(|| Causal {
            tolerances: vec![tolerance],
            ..Default::default()
        }),
        sampling: Sampling {
            interval: get("interval", 10),
            adaptive: get("adaptive", true),
            ..Default::default()
        },
        ..Default::default()
    };
    let windows: usize = get("windows", 1);
    let domain = case.domain().unwrap();
    let (t0, t1) = (domain.lower[0], domain.upper[0]);
    let mut before: Option<Field> = None;
    let points = reference.points();
    let mut all = Array2::zeros(reference.values.dim());
    let mut total = 0.0;
    for w in 0..windows {
        let window = [
            t0 + (t1 - t0) * w as f64 / windows as f64,
            t0 + (t1 - t0) * (w + 1) as f64 / windows as f64,
        ];
        let problem = case.problem(&conditions, window, before.as_ref()).unwrap();
        let inside: Vec<usize> = (0..points.len() / d)
            .filter(|n| {
                let t = points[n * d];
                t >= window[0] - 1e-12 && t <= window[1] + 1e-12
            })
            .collect();
        let mine: Vec<f64> = inside
            .iter()
            .flat_map(|n| points[n * d..(n + 1) * d].to_vec())
            .collect();
        let every: usize = get("every", 10);
        let score = |f: &Field, all: &mut Array2<f64>| {
            let v = f.values(&mine).unwrap();
            let (mut a, mut b) = (vec![0.0; v.ncols()], vec![0.0; v.ncols()]);
            for (row, n) in v.rows().into_iter().zip(&inside) {
                for q in 0..row.len() {
                    let t = reference.values[[*n, q]];
                    a[q] += (row[q] - t).powi(2);
                    b[q] += t * t;
                    all[[*n, q]] = row[q];
                }
            }
            a.iter()
                .zip(&b)
                .map(|(a, b)| format!("{:.2e}", (a / b).sqrt()))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let trained = train(&problem, &network, &config, None, &Device::flex(), |p| {
            if p.steps.0 % every == 0 || p.steps.0 < 3 {
                let f = Field::new(&problem, p.network.clone(), p.parameters.to_vec());
                println!(
                    "{w}: {:4} {:7.1}s loss {:.3e} error {} {:?}",
                    p.steps.0,
                    p.seconds,
                    p.loss,
                    score(&f, &mut all),
                    p.losses
                        .iter()
                        .map(|l| format!("{:.1e}", l.1))
                        .collect::<Vec<_>>()
                );
            }
            ControlFlow::Continue(())
        })
        .unwrap();
        score(&trained.field, &mut all);
        total += trained.seconds;
        println!(
            "parameters {} {:.1} s",
            trained.field.parameters.len(),
            trained.seconds
        );
        before = Some(trained.field);
    }
    println!("ALL {total:.1} s {:?}", reference.errors(&all));
}

#[allow(dead_code)]
pub fn gemm_speed() {
    use burn::tensor::{DType, Distribution, Tensor};
    let device = Device::flex();
    let (m, n) = (3500, 2400);
    let j = Tensor::<2>::random(
        [m, n],
        Distribution::Normal(0.0, 1.0),
        (&device, DType::F64),
    );
    for _ in 0..3 {
        let t = std::time::Instant::now();
        let a = j.clone().transpose().matmul(j.clone());
        let _ = a.into_data();
        let s = t.elapsed().as_secs_f64();
        println!(
            "full JtJ {s:.3} s {:.1} GFLOP/s",
            2.0 * (m * n * n) as f64 / s * 1e-9
        );
        let t = std::time::Instant::now();
        let left = j.clone().narrow(1, 400, n - 400).transpose();
        let right = j.clone().narrow(1, 400, 400);
        let a = left.matmul(right);
        let _ = a.into_data();
        let s = t.elapsed().as_secs_f64();
        println!(
            "block {s:.3} s {:.1} GFLOP/s",
            2.0 * (m * 400 * (n - 400)) as f64 / s * 1e-9
        );
        let k = Tensor::<2>::random(
            [n, m],
            Distribution::Normal(0.0, 1.0),
            (&device, DType::F64),
        );
        let t = std::time::Instant::now();
        let a = k.clone().matmul(j.clone());
        let _ = a.into_data();
        let s = t.elapsed().as_secs_f64();
        println!(
            "plain {s:.3} s {:.1} GFLOP/s",
            2.0 * (m * n * n) as f64 / s * 1e-9
        );
    }
}
