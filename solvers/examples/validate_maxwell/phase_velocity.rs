//! Standing waves in a periodic cube along an axis, a face diagonal and the body diagonal: their
//! frequency from the samples at one edge gives the phase velocity of the scheme at that frequency.

use super::Table;
use curlwind_solvers::Result;
use curlwind_solvers::maxwell::{
    Component, DispersionRelation, Mesh, Model, Probe, Scheme, Simulation, Wall,
};
use ndarray::Array3;
use std::f64::consts::PI;

/// Cells along each side, which a wave spans once.
const SIDE: usize = 16;
const D: f64 = 1e-3;

pub fn run(table: &mut Table) -> Result<()> {
    for (name, waves, polarization) in [
        ("axis", [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]),
        ("face diagonal", [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]),
        ("body diagonal", [1.0, 1.0, 1.0], [1.0, 1.0, -2.0]),
    ] {
        let mesh = Mesh::uniform([SIDE; 3], [D; 3])?;
        let mut model = Model::vacuum(mesh, [[Wall::Periodic; 2]; 3]);
        model.probes.push(Probe {
            component: Component::Ez,
            index: [0; 3],
        });
        let mut simulation = Simulation::<f64>::new(&model, Scheme::Fastest)?;
        let k = waves.map(|m| 2.0 * PI * m / (SIDE as f64 * D));
        for (c, e) in Component::ALL[..3].iter().zip(polarization) {
            let shape = simulation.field(*c).raw_dim();
            let offset = c.offset();
            let field = Array3::from_shape_fn(shape, |(z, y, x)| {
                let at = [x, y, z];
                let phase: f64 = (0..3).map(|a| k[a] * (at[a] as f64 + offset[a]) * D).sum();
                e * phase.cos()
            });
            simulation.set_field(*c, field.view())?;
        }
        simulation.advance(2000);
        let (mut above, mut below) = (0.0, 0.0);
        for w in simulation.probe(0).windows(3) {
            above += (w[0] + w[2]) * w[1];
            below += 2.0 * w[1] * w[1];
        }
        let omega = (above / below).acos() / model.time_step;
        let length = k.iter().map(|k| k * k).sum::<f64>().sqrt();
        let relation = DispersionRelation::of(&model.mesh, model.time_step);
        let expected = relation
            .phase_velocity(omega / (2.0 * PI), k.map(|k| k / length))
            .unwrap_or(f64::NAN);
        let error = (omega / length / expected - 1.0).abs();
        let case = format!("numerical phase velocity along the {name}, relative");
        table.below(&case, 1e-6, error);
    }
    Ok(())
}
