//! Ports against transmission-line and network theory.

use super::{Excitation, Port, PortKind, PortProbes, install};
use crate::maxwell::constants::SPEED_OF_LIGHT;
use crate::maxwell::geometry::{Material, Medium, Shape, Solid, voxelise};
use crate::maxwell::{
    Axis, Cpml, Engine, Mesh, Model, Network, Scheme, Simulation, Stop, Wall, Waveform,
};
use num_complex::Complex64;
use std::f64::consts::PI;
use std::ops::ControlFlow;

/// Runs a model until its energy has fallen to `fraction`.
fn run(model: &Model, steps: usize, fraction: f64) -> Simulation<f64> {
    let mut simulation = Simulation::new(model, Scheme::Fastest).unwrap();
    let stop = Stop {
        max_steps: steps,
        energy_fraction: Some(fraction),
        check_interval: 100,
    };
    let outcome = simulation
        .run(&stop, &mut |_| ControlFlow::Continue(()))
        .unwrap();
    println!(
        "{} steps, energy {:e}",
        outcome.step,
        outcome.energy_fraction()
    );
    simulation
}

/// One run for each port of a model.
fn network(
    model: &Model,
    ports: &[Port],
    waveform: &Waveform,
    frequencies: &[f64],
    steps: usize,
    fraction: f64,
) -> Network {
    let runs: Vec<_> = (0..ports.len())
        .map(|port| {
            let mut model = model.clone();
            let excitation = Excitation {
                port,
                waveform: waveform.clone(),
                steps,
            };
            let probes = install(&mut model, ports, Some(&excitation), frequencies).unwrap();
            let simulation = run(&model, steps, fraction);
            probes
                .iter()
                .map(|p: &PortProbes| p.record(&simulation).unwrap())
                .collect()
        })
        .collect();
    Network::from_runs(&runs).unwrap()
}

/// WR-90 along z, `nz` cells of `d`, open at both ends.
fn guide(cells: [usize; 3], absorbing: usize) -> Model {
    let size = [22.86e-3, 10.16e-3];
    let d = [
        size[0] / cells[0] as f64,
        size[1] / cells[1] as f64,
        size[0] / cells[0] as f64,
    ];
    let mesh = Mesh::uniform(cells, d).unwrap();
    let absorber = Wall::Cpml(Cpml::new(absorbing));
    Model::vacuum(mesh, [[Wall::Pec; 2], [Wall::Pec; 2], [absorber; 2]])
}

fn guide_port(model: &Model, name: &str, forward: bool, source: usize, reference: usize) -> Port {
    let z = model.mesh.lines(Axis::Z);
    Port {
        name: name.into(),
        impedance: 50.0,
        kind: PortKind::Waveguide {
            axis: Axis::Z,
            forward,
            source: z[source],
            reference: z[reference],
            min: [0.0, 0.0],
            max: [22.86e-3, 10.16e-3],
            mode: [1, 0],
        },
    }
}

#[test]
fn waveguide_with_a_block() {
    let frequencies: Vec<f64> = (0..9).map(|n| 8.5e9 + 0.4375e9 * n as f64).collect();
    let n = 24;
    let cells = [n, 4, 120];
    let mut model = guide(cells, 24);
    let z = model.mesh.lines(Axis::Z).to_vec();
    // its faces off the lines of the mesh
    let (first, last) = (z[55] + 0.3 * z[1], z[65] + 0.7 * z[1]);
    let eps = 2.25;
    let block = Solid::new(
        "block",
        Shape::Box {
            min: [0.0, 0.0, first],
            max: [22.86e-3, 10.16e-3, last],
        },
        Material::Medium(Medium::dielectric(eps)),
    );
    voxelise(&mut model, &[block]).unwrap();
    let ports = [
        guide_port(&model, "left", true, 30, 40),
        guide_port(&model, "right", false, 90, 80),
    ];
    let waveform = Waveform::ModulatedGaussian {
        centre: 10.25e9,
        bandwidth: 4.5e9,
    };
    let network = network(&model, &ports, &waveform, &frequencies, 6000, 1e-9);
    println!(
        "reciprocity {:e} power {:e}",
        network.reciprocity_error(),
        network.power_imbalance()
    );
    let mut worst: f64 = 0.0;
    for (i, f) in frequencies.iter().enumerate() {
        let k = 2.0 * PI * f / SPEED_OF_LIGHT;
        let kc = PI / 22.86e-3;
        let empty = (k * k - kc * kc).sqrt();
        let filled = (eps * k * k - kc * kc).sqrt();
        // reflection at one face, multiple reflections, reference planes moved to the ports
        let r = (empty - filled) / (empty + filled);
        let p = Complex64::cis(-filled * (last - first));
        let s11 = r * (1.0 - p * p) / (1.0 - r * r * p * p)
            * Complex64::cis(-2.0 * empty * (first - z[40]));
        let s21 = p * (1.0 - r * r) / (1.0 - r * r * p * p)
            * Complex64::cis(-empty * (first - z[40] + z[80] - last));
        let (a, b) = (network.s[[i, 0, 0]], network.s[[i, 1, 0]]);
        println!(
            "{f:e} |S11| {:.5} {:.5} |S21| {:.5} {:.5} d {:.5} {:.5}",
            a.norm(),
            s11.norm(),
            b.norm(),
            s21.norm(),
            (a - s11).norm(),
            (b - s21).norm()
        );
        worst = worst
            .max((a.norm() - s11.norm()).abs())
            .max((b.norm() - s21.norm()).abs());
    }
    println!("worst {worst}");
}

#[test]
fn an_empty_guide_on_any_axis_is_a_phase() {
    let frequencies = [9e9, 10e9, 11.5e9];
    let model = guide([12, 4, 90], 24);
    let ports = [
        guide_port(&model, "left", true, 27, 30),
        guide_port(&model, "right", false, 63, 60),
    ];
    let waveform = Waveform::ModulatedGaussian {
        centre: 10.25e9,
        bandwidth: 4e9,
    };
    let network = network(&model, &ports, &waveform, &frequencies, 6000, 1e-9);
    let d = model.mesh.lines(Axis::Z)[1];
    let probes = install(&mut model.clone(), &ports, None, &frequencies).unwrap();
    for (i, &f) in frequencies.iter().enumerate() {
        let s21 = Complex64::cis(-30.0 * d * probes[0].phase_constant(f).unwrap());
        println!(
            "{:e} {:e}",
            network.s[[i, 0, 0]].norm(),
            (network.s[[i, 1, 0]] - s21).norm()
        );
    }
}
