//! Antennas, guides and lines against theory and another code, printed as target and measured.
//!
//! ```text
//! cargo run --release -p curlwind-solvers --example validate_antennas [dipole|...]
//! ```

use curlwind_solvers::maxwell::geometry::{Material, Shape, Solid, voxelise};
use curlwind_solvers::maxwell::ports::{Excitation, Port, PortRecord, Terminals, install};
use curlwind_solvers::maxwell::{
    Axis, Cpml, Mesh, Model, Scheme, Simulation, Stop, Wall, Waveform,
};
use std::ops::ControlFlow;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<f64> = wanted
        .iter()
        .skip(1)
        .filter_map(|a| a.parse().ok())
        .collect();
    let (n, margin, ratio) = (args[0] as usize, args[1] as usize, args[2]);
    let radius = (ratio > 0.0).then_some(ratio);
    let record = dipole(n, margin, 10, radius)?;
    let z = record.input_impedance();
    for n in 1..z.len() {
        if z[n - 1].im < 0.0 && z[n].im >= 0.0 {
            let t = -z[n - 1].im / (z[n].im - z[n - 1].im);
            let f =
                record.frequencies[n - 1] + t * (record.frequencies[n] - record.frequencies[n - 1]);
            println!(
                "resonance {:.3} MHz m, resistance {:.3}",
                f / 1e6,
                z[n - 1].re + t * (z[n].re - z[n - 1].re)
            );
        }
    }
    Ok(())
}

/// A dipole of 1 m of `n` edges, the middle one its port.
fn dipole(n: usize, margin: usize, absorbing: usize, radius: Option<f64>) -> Outcome<PortRecord> {
    let d = 1.0 / n as f64;
    let around = 2 * (margin + absorbing);
    let mesh = Mesh::uniform([around, around, around + n], [d; 3])?;
    let centre = (around / 2) as f64 * d;
    let at = |edge: usize| [centre, centre, (around / 2 + edge) as f64 * d];
    let layer = Cpml {
        alpha: std::env::var("ALPHA").map_or(2e-3, |a| a.parse().unwrap_or(0.0)),
        ..Cpml::new(absorbing)
    };
    let mut model = Model::vacuum(mesh, [[Wall::Cpml(layer); 2]; 3]);
    let arm = |from, to| {
        let points = vec![at(from), at(to)];
        let radius = radius.map(|r| r * d);
        Solid::new("arm", Shape::Wire { points, radius }, Material::Pec)
    };
    let traces = voxelise(&mut model, &[arm(0, n / 2), arm(n / 2 + 1, n)])?;
    println!("radius {:?} cells", traces[0].radius.map(|r| r / d));
    let terminals = Terminals {
        axis: Axis::Z,
        negative: at(n / 2),
        positive: at(n / 2 + 1),
    };
    let steps = 60_000;
    let excitation = Excitation {
        port: 0,
        waveform: Waveform::Gaussian { bandwidth: 300e6 },
        steps,
    };
    let frequencies: Vec<f64> = (0..81).map(|n| 130e6 + 0.25e6 * n as f64).collect();
    let ports = [Port::lumped("feed", terminals, 73.0)];
    let probes = install(&mut model, &ports, Some(&excitation), &frequencies)?;
    let mut simulation = Simulation::<f32>::new(&model, Scheme::Fastest)?;
    let stop = Stop {
        max_steps: steps,
        energy_fraction: Some(1e-8),
        check_interval: 100,
    };
    let start = std::time::Instant::now();
    let outcome = simulation.run(&stop, |_| ControlFlow::Continue(()))?;
    println!(
        "{} steps in {:.1} s, energy {:.1e}",
        outcome.step,
        start.elapsed().as_secs_f64(),
        outcome.energy_fraction()
    );
    Ok(probes[0].record(&simulation))
}
