//! A dipole at the corner of a conducting plate, three cells from an absorbing layer: the plate of
//! A. Taflove and S. C. Hagness, Computational Electrodynamics, 3rd ed., section 7.11.2 (25 mm by
//! 100 mm, cells of 1 mm, a differentiated Gaussian of 53 ps, 2100 steps).

use super::Table;
use curlwind_solvers::Result;
use curlwind_solvers::maxwell::{
    Component, Cpml, EdgeMedium, Mesh, Model, Probe, Scheme, Simulation, Wall, dipole,
};
use ndarray::Array2;

const PLATE: [usize; 2] = [25, 100];
const STEPS: usize = 2100;

/// E across the plate's edge at the far corner, in each step.
fn plate(layer: Cpml, margin: usize, steps: usize) -> Result<Vec<f64>> {
    let d = layer.cells + margin;
    let cells = [PLATE[0] + 2 * d, PLATE[1] + 2 * d, 2 * d];
    let mesh = Mesh::uniform(cells, [1e-3; 3])?;
    let mut model = Model::vacuum(mesh, [[Wall::Cpml(layer); 2]; 3]);
    model.edge_media.push(EdgeMedium::Pec);
    for j in d..=d + PLATE[1] {
        for i in d..=d + PLATE[0] {
            if i < d + PLATE[0] {
                model.edges[0][[d, j, i]] = 1;
            }
            if j < d + PLATE[1] {
                model.edges[1][[d, j, i]] = 1;
            }
        }
    }
    let (width, dt) = (53e-12, model.time_step);
    let samples = Array2::from_shape_fn((STEPS, 1), |(n, _)| {
        let t = ((n as f64 + 0.5) * dt - 4.0 * width) / width;
        -2.0 * t * (-t * t).exp()
    });
    let first = model.add_waveforms(samples.view());
    // upright on the corner, and upright on the corner across
    let source = dipole(&model, Component::Ez, [d, d, d], first)?;
    model.sources.push(source);
    model.probes.push(Probe {
        component: Component::Ez,
        index: [d + PLATE[0], d + PLATE[1], d],
    });
    let mut simulation = Simulation::<f64>::new(&model, Scheme::Fastest)?;
    simulation.advance(steps);
    Ok(simulation.probe(0).to_vec())
}

/// Largest difference in dB of the largest value.
fn decibel(values: &[f64], reference: &[f64]) -> f64 {
    let largest = reference.iter().fold(0.0f64, |a, x| a.max(x.abs()));
    let difference = values
        .iter()
        .zip(reference)
        .fold(0.0f64, |a, (x, y)| a.max((x - y).abs()));
    20.0 * (difference / largest).log10()
}

/// -60 dB with 8 cells and -80 dB with 10, against a space with the layer far away.
pub fn run(table: &mut Table) -> Result<()> {
    let reference = plate(reference_layer(), 50, STEPS)?;
    for (cells, target) in [(8, -60.0), (10, -80.0)] {
        let values = plate(Cpml::near_conductors(cells), 3, STEPS)?;
        table.below(
            &format!("CPML near conductors, {cells} cells: dipole and plate, dB"),
            target,
            decibel(&values, &reference),
        );
    }
    Ok(())
}

/// So thick and so far away that a better one changes the reference by less than -90 dB.
fn reference_layer() -> Cpml {
    Cpml {
        sigma: 1.0,
        kappa: 12.0,
        alpha: 0.004,
        ..Cpml::new(20)
    }
}
