//! A current on one edge radiates as a Hertzian dipole: `P = eta k^2 |I l|^2 / (12 pi)`, D = 1.5.

use super::Table;
use curlwind_solvers::Result;
use curlwind_solvers::maxwell::constants::SPEED_OF_LIGHT;
use curlwind_solvers::maxwell::{
    Component, Cpml, FarFieldBox, Mesh, Model, Scheme, Simulation, Wall, Waveform, dipole,
    electric_dipole_power,
};
use ndarray::Array2;
use num_complex::Complex64;
use std::f64::consts::PI;

const D: f64 = 1e-3;

pub fn run(table: &mut Table) -> Result<()> {
    let frequencies = [10.0, 20.0, 40.0].map(|cells| SPEED_OF_LIGHT / (cells * D));
    let walls = [[Wall::Cpml(Cpml::new(10)); 2]; 3];
    let mut model = Model::vacuum(Mesh::uniform([44; 3], [D; 3])?, walls);
    let dt = model.time_step;
    let waveform = Waveform::ModulatedGaussian {
        centre: frequencies[1],
        bandwidth: 2.0 * frequencies[1],
    };
    let samples = waveform.sample(dt, 10_000);
    let moment = |f: f64| -> f64 {
        let phasors = samples
            .iter()
            .enumerate()
            .map(|(n, x)| Complex64::from_polar(x * dt, -2.0 * PI * f * n as f64 * dt));
        phasors.sum::<Complex64>().norm()
    };
    let moments = frequencies.map(moment);
    let steps = samples.len();
    let column = Array2::from_shape_fn((steps, 1), |(n, _)| samples[n]);
    let first = model.add_waveforms(column.view());
    let source = dipole(&model, Component::Ez, [22, 22, 21], first)?;
    model.sources.push(source);
    let surface = FarFieldBox::closed([Some([15, 29]); 3]);
    let monitor = surface.install(&mut model, &frequencies, 1)?;
    let mut simulation = Simulation::<f64>::new(&model, Scheme::Fastest)?;
    simulation.advance(steps + 400);
    let field = monitor.evaluate(&simulation)?;
    for (n, cells) in [10, 20, 40].into_iter().enumerate() {
        let case = |what: &str| format!("Hertzian dipole, {cells} cells per wavelength: {what}");
        let d = field.directivity(n, PI / 2.0, 0.4);
        table.near(&case("directivity"), 1.5, 0.01, d);
        let exact = electric_dipole_power(moments[n], frequencies[n]);
        let ratio = field.radiated_power(n) / exact;
        table.near(&case("radiated power over exact"), 1.0, 0.01, ratio);
        // what the source delivers on the mesh, whose waves are slower than light: the square of
        // the cells per wavelength decides
        if cells == 40 {
            let ratio = field.flux(n) / exact;
            table.near(&case("flux through a box over exact"), 1.0, 0.01, ratio);
        }
    }
    Ok(())
}
