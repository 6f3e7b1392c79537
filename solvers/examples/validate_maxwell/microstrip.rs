//! A lossless microstrip line with a wide section, in a closed box of perfect conductor, between two
//! ports: what enters comes out, and both ways are the same.

use super::Table;
use curlwind_solvers::Result;
use curlwind_solvers::maxwell::geometry::{Material, Medium, Shape, Solid, voxelise};
use curlwind_solvers::maxwell::ports::{Excitation, Port, PortKind, Terminals, install};
use curlwind_solvers::maxwell::{
    Axis, Engine, Mesh, Model, Network, Scheme, Simulation, Stop, Wall, Waveform,
};
use std::ops::ControlFlow;

/// S of a model, one run for each port, until the energy has fallen to a fraction.
pub fn network(
    model: &Model,
    ports: &[Port],
    waveform: &Waveform,
    frequencies: &[f64],
    fraction: f64,
) -> Result<Network> {
    let mut runs = Vec::new();
    for port in 0..ports.len() {
        let mut model = model.clone();
        let steps = 200_000;
        let excitation = Excitation {
            port,
            waveform: waveform.clone(),
            steps,
        };
        let probes = install(&mut model, ports, Some(&excitation), frequencies)?;
        let mut simulation = Simulation::<f64>::new(&model, Scheme::Fastest)?;
        let stop = Stop {
            max_steps: steps,
            energy_fraction: Some(fraction),
            check_interval: 200,
        };
        let outcome = simulation.run(&stop, &mut |_| ControlFlow::Continue(()))?;
        if !outcome.reached() {
            println!(
                "    the fields have not decayed: {:e}",
                outcome.energy_fraction()
            );
        }
        runs.push(
            probes
                .iter()
                .map(|p| p.record(&simulation))
                .collect::<Result<_>>()?,
        );
    }
    Network::from_runs(&runs)
}

const MM: f64 = 1e-3;
const D: f64 = 0.4 * MM;
/// Inside of the box along x, y, z; the substrate below, the line along x in the middle. So narrow
/// that the box's own waves, far below their cutoff, are gone between the wide section and the planes:
/// in a box of 9.6 by 4 mm with 8 mm between them they spoil the reciprocity by 2e-4.
const BOX: [f64; 3] = [88.0 * MM, 6.4 * MM, 2.4 * MM];
const SUBSTRATE: f64 = 0.8 * MM;
const WIDTH: f64 = 2.4 * MM;
const ENDS: [f64; 2] = [2.0 * MM, 86.0 * MM];

pub fn run(table: &mut Table) -> Result<()> {
    let mesh = Mesh::uniform(BOX.map(|l| (l / D).round() as usize), [D; 3])?;
    let mut model = Model::vacuum(mesh, [[Wall::Pec; 2]; 3]);
    let strip = |name: &str, [from, to]: [f64; 2], width: f64| {
        let shape = Shape::Sheet {
            axis: Axis::Z,
            offset: SUBSTRATE,
            min: [from, (BOX[1] - width) / 2.0],
            max: [to, (BOX[1] + width) / 2.0],
        };
        Solid::new(name, shape, Material::Pec)
    };
    let substrate = Shape::Box {
        min: [0.0; 3],
        max: [BOX[0], BOX[1], SUBSTRATE],
    };
    let solids = [
        Solid::new(
            "substrate",
            substrate,
            Material::Medium(Medium::dielectric(2.2)),
        ),
        strip("line", ENDS, WIDTH),
        strip("wide section", [42.4 * MM, 49.2 * MM], 4.0 * MM),
    ];
    voxelise(&mut model, &solids)?;
    let frequencies: Vec<f64> = (0..31).map(|n| 1e9 + 0.2e9 * f64::from(n)).collect();
    let waveform = Waveform::Gaussian { bandwidth: 7e9 };
    for (name, on_planes) in [("at its ends", false), ("on planes", true)] {
        let port = |name: &str, x: f64, forward: bool| {
            let terminals = Terminals {
                axis: Axis::Z,
                negative: [x, (BOX[1] - WIDTH) / 2.0, 0.0],
                positive: [x, (BOX[1] + WIDTH) / 2.0, SUBSTRATE],
            };
            let mut port = Port::lumped(name, terminals, 50.0);
            if on_planes {
                port.kind = PortKind::Microstrip {
                    terminals,
                    line: Axis::X,
                    forward,
                    shift: 18.0 * MM,
                    resistance: 50.0,
                };
            }
            port
        };
        let ports = [port("left", ENDS[0], true), port("right", ENDS[1], false)];
        let found = network(&model, &ports, &waveform, &frequencies, 1e-13)?;
        let case = |what: &str| format!("microstrip with a wide section, ports {name}: {what}");
        table.below(&case("power balance"), 0.005, found.power_imbalance());
        let largest = found
            .parameter(0, 0)
            .iter()
            .map(|s| s.norm())
            .fold(0.0, f64::max);
        table.below(&case("largest |S11|"), 1.001, largest);
        table.below(&case("reciprocity"), 1e-6, found.reciprocity_error());
    }
    Ok(())
}
