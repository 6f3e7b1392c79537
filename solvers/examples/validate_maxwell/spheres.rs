//! Spheres in a plane wave against Mie's series: radar cross section of a perfect conductor, and the
//! scattered power of a dielectric, for circumferences of 1 to 5 wavelengths.

use super::Table;
use curlwind_solvers::Result;
use curlwind_solvers::maxwell::analytic::{Body, Sphere};
use curlwind_solvers::maxwell::constants::SPEED_OF_LIGHT;
use curlwind_solvers::maxwell::geometry::{Material, Medium, Shape, Solid, voxelise};
use curlwind_solvers::maxwell::{
    Cpml, Engine, FarFieldBox, Mesh, Model, PlaneWave, Scheme, Simulation, Stop, TotalField, Wall,
    Waveform,
};
use std::f64::consts::PI;
use std::ops::ControlFlow;

const PERMITTIVITY: f64 = 4.0;
/// Radius in m.
const RADIUS: f64 = 10e-3;
/// Absorbing cells, cells to the far field's surface, to the total field's, to the sphere.
const LAYERS: [usize; 4] = [10, 2, 2, 4];

pub fn run(table: &mut Table) -> Result<()> {
    let sizes: Vec<f64> = (2..=10).map(|n| 0.5 * f64::from(n)).collect();
    let frequencies: Vec<f64> = sizes
        .iter()
        .map(|x| x * SPEED_OF_LIGHT / (2.0 * PI * RADIUS))
        .collect();
    for (name, body, cells) in [
        ("PEC sphere", Body::Pec, 45),
        (
            "sphere of eps_r 4",
            Body::Dielectric(PERMITTIVITY.into()),
            40,
        ),
    ] {
        let d = RADIUS / cells as f64;
        let margin: usize = LAYERS.iter().sum();
        let n = 2 * (cells + margin);
        let lines = || -> Vec<f64> { (0..=n).map(|i| (i as f64 - n as f64 / 2.0) * d).collect() };
        let mesh = Mesh::new([lines(), lines(), lines()])?;
        let mut model = Model::vacuum(mesh, [[Wall::Cpml(Cpml::new(LAYERS[0])); 2]; 3]);
        let material = match body {
            Body::Pec => Material::Pec,
            Body::Dielectric(_) => Material::Medium(Medium::dielectric(PERMITTIVITY)),
        };
        let shape = Shape::Sphere {
            centre: [0.0; 3],
            radius: RADIUS,
        };
        voxelise(&mut model, &[Solid::new(name, shape, material)])?;
        let waveform = Waveform::ModulatedGaussian {
            centre: (frequencies[0] + frequencies[sizes.len() - 1]) / 2.0,
            bandwidth: 1.6 * (frequencies[sizes.len() - 1] - frequencies[0]),
        };
        let steps = 40_000;
        let samples = waveform.sample(model.time_step, steps);
        // comes from above, E along x
        let wave = PlaneWave::new([0.0, 0.0, -1.0], [1.0, 0.0, 0.0])?;
        let inset = LAYERS[0] + LAYERS[1];
        let surface = FarFieldBox::closed([Some([inset, n - inset]); 3]);
        let inset = inset + LAYERS[2];
        let total = TotalField {
            lines: [Some([inset, n - inset]); 3],
        };
        let incident = total.install(&mut model, &wave, &samples)?;
        let highest = waveform.highest_frequency().unwrap_or(frequencies[8]);
        let interval = (1.0 / (8.0 * highest * model.time_step)).max(1.0) as usize;
        let monitor = surface.install(&mut model, &frequencies, interval)?;
        let mut simulation = Simulation::<f32>::new(&model, Scheme::Fastest)?;
        let stop = Stop {
            max_steps: steps,
            energy_fraction: Some(1e-9),
            check_interval: 100,
        };
        simulation.run(&stop, &mut |_| ControlFlow::Continue(()))?;
        let field = monitor.evaluate(&simulation)?;
        let (mut back, mut around, mut scattered) = (0.0f64, 0.0f64, 0.0f64);
        for (i, &f) in frequencies.iter().enumerate() {
            let mie = Sphere::new(RADIUS, body, f);
            let decibel = |theta: f64, phi: f64| {
                // theta of the exact series is counted from the direction of travel
                let found = field.cross_section(i, PI - theta, phi, &incident);
                (10.0 * (found / mie.cross_section(theta, phi)).log10()).abs()
            };
            back = back.max(decibel(PI, 0.0));
            // bistatic, weighed by what is scattered there
            for phi in [0.0, PI / 2.0] {
                for t in 0..=18 {
                    let theta = PI * f64::from(t) / 18.0;
                    let area = PI * RADIUS * RADIUS;
                    if mie.cross_section(theta, phi) > 0.1 * area {
                        around = around.max(decibel(theta, phi));
                    }
                }
            }
            let area = PI * RADIUS * RADIUS;
            let q = field.scattering_cross_section(i, &incident) / area;
            scattered = scattered.max((q / mie.scattering_efficiency() - 1.0).abs());
        }
        let case = |what: &str| format!("{name}, ka 1 to 5, {cells} cells in its radius: {what}");
        if body == Body::Pec {
            table.below(&case("RCS, dB"), 0.5, back);
            table.note(&case("bistatic above a tenth of pi a^2, dB"), around);
        }
        table.below(&case("Q_sca, relative"), 0.03, scattered);
    }
    Ok(())
}
