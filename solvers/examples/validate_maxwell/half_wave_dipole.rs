//! Half-wave dipoles of thin wire against nec2c: the frequency at which the reactance vanishes, and
//! the resistance there.
//!
//! The reference is that of `benches/peers/dipole_nec2c.py` with as many segments as edges; with
//! twice as many its resonance moves by up to 0.1 %, its resistance by up to 0.8 % (2 % for the
//! thickest wire), towards the limit of the thin-wire kernel.

use super::Table;
use curlwind_solvers::Result;
use curlwind_solvers::maxwell::geometry::{
    Margin, Material, MeshRules, Region, Shape, Solid, bare_radius, voxelise,
};
use curlwind_solvers::maxwell::ports::{Excitation, Port, Terminals, install};
use curlwind_solvers::maxwell::{
    Axis, Cpml, Engine, Mesh, Model, Scheme, Simulation, Stop, Wall, Waveform,
};
use std::ops::ControlFlow;

/// Absorbing cells.
const LAYER: usize = 10;

pub fn run(table: &mut Table) -> Result<()> {
    // edges, cell along the wire over cell across, radius over cell across (None: the edge's own),
    // resonance in MHz m, resistance in ohm
    for (edges, aspect, radius, resonance, resistance) in [
        (21, 1.0, None, 138.176, 72.258),
        (41, 1.0, None, 140.224, 72.085),
        (41, 1.0, Some(0.1), 141.846, 71.905),
        (41, 1.0, Some(0.3), 139.035, 72.408),
        (41, 3.0, None, 142.618, 71.883),
    ] {
        let [along, across] = [1.0 / f64::from(edges), 1.0 / (f64::from(edges) * aspect)];
        let own = radius.map_or(bare_radius(across, across), |r| r * across);
        let around = (15.0 * aspect) as usize + LAYER;
        let beyond = 15 + LAYER;
        let half = f64::from(edges) / 2.0 + beyond as f64;
        let lines = |n: usize, d: f64, centre: f64| -> Vec<f64> {
            (0..=n).map(|i| (i as f64 - centre) * d).collect()
        };
        let n = 2 * beyond + edges as usize;
        let flat = lines(2 * around, across, around as f64);
        let mesh = Mesh::new([flat.clone(), flat, lines(n, along, half)])?;
        let given = radius.map(|_| own);
        let [f, r] = solve(mesh, 1.0, along, given)?;
        let wire = if radius.is_some() { "given" } else { "edge's" };
        let case = format!(
            "dipole, {edges} edges of {aspect} cells, {wire} radius {:.4} %",
            100.0 * own
        );
        table.near(&format!("{case}: resonance, MHz m"), resonance, 0.005, f);
        table.near(&format!("{case}: resistance, ohm"), resistance, 0.03, r);
    }
    // as users mesh it: graded, the wire's radius above that of its edges, the gap shorter
    let length = 58e-3;
    let solids = arms(length, 1e-3, Some(0.25e-3));
    let mut rules = MeshRules::new(3.3e9);
    rules.ratio = 1.4;
    let open = Margin::Open {
        distance: 30e-3,
        absorbing: LAYER,
    };
    rules.margins = [[open; 2]; 3];
    rules.regions.push(Region {
        min: [-1e-3, -1e-3, -31e-3],
        max: [1e-3, 1e-3, 31e-3],
        cell: [1e-3, 1e-3, 1.5e-3],
    });
    let [f, r] = solve(rules.mesh(&solids)?, length, 1e-3, Some(0.25e-3))?;
    let case = "dipole of 58 mm on a graded mesh, radius 0.25 mm";
    table.near(&format!("{case}: resonance, MHz m"), 140.530, 0.005, f);
    table.near(&format!("{case}: resistance, ohm"), 72.033, 0.03, r);
    Ok(())
}

fn arms(length: f64, gap: f64, radius: Option<f64>) -> [Solid; 2] {
    [1.0, -1.0].map(|side| {
        let points = [gap, length].map(|z| [0.0, 0.0, side * z / 2.0]).to_vec();
        Solid::new("arm", Shape::Wire { points, radius }, Material::Pec)
    })
}

/// Resonance times length in MHz m, and resistance, of a dipole along z round the origin.
fn solve(mesh: Mesh, length: f64, gap: f64, radius: Option<f64>) -> Result<[f64; 2]> {
    let mut model = Model::vacuum(mesh, [[Wall::Cpml(Cpml::new(LAYER)); 2]; 3]);
    voxelise(&mut model, &arms(length, gap, radius))?;
    let terminals = Terminals {
        axis: Axis::Z,
        negative: [0.0, 0.0, -gap / 2.0],
        positive: [0.0, 0.0, gap / 2.0],
    };
    let steps = 60_000;
    let waveform = Waveform::Gaussian {
        bandwidth: 300e6 / length,
    };
    let excitation = Excitation {
        port: 0,
        waveform,
        steps,
    };
    let frequencies: Vec<f64> = (0..121)
        .map(|n| (125e6 + 0.25e6 * f64::from(n)) / length)
        .collect();
    let ports = [Port::lumped("feed", terminals, 73.0)];
    let probes = install(&mut model, &ports, Some(&excitation), &frequencies)?;
    let mut simulation = Simulation::<f32>::new(&model, Scheme::Fastest)?;
    let stop = Stop {
        max_steps: steps,
        energy_fraction: Some(1e-8),
        check_interval: 100,
    };
    simulation.run(&stop, &mut |_| ControlFlow::Continue(()))?;
    let z = probes[0].record(&simulation)?.input_impedance();
    let crossing = (1..z.len()).find(|&n| z[n - 1].im < 0.0 && z[n].im >= 0.0);
    Ok(crossing.map_or([f64::NAN; 2], |n| {
        let t = -z[n - 1].im / (z[n].im - z[n - 1].im);
        let f = frequencies[n - 1] + t * (frequencies[n] - frequencies[n - 1]);
        [f * length / 1e6, z[n - 1].re + t * (z[n].re - z[n - 1].re)]
    }))
}
