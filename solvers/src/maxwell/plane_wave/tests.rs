//! An empty box: the total field is the incident one, and nothing leaks.

use super::*;
use crate::maxwell::{
    Axis, Component, Mesh, Model, Scheme, Simulation, Wall, constants::SPEED_OF_LIGHT,
};
use std::f64::consts::PI;

/// A Gaussian pulse whose spectrum is at -20 dB at ten cells per wavelength.
fn pulse(model: &Model, cells_per_wavelength: f64) -> Vec<f64> {
    let d = model.mesh.spacings(Axis::X)[0];
    let bandwidth = SPEED_OF_LIGHT / (cells_per_wavelength * d);
    let tau = (2.0 * 10f64.ln()).sqrt() / (2.0 * PI * bandwidth);
    let dt = model.time_step;
    (0..(16.0 * tau / dt) as usize)
        .map(|n| (-(((n as f64 + 0.5) * dt - 8.0 * tau) / tau).powi(2) / 2.0).exp())
        .collect()
}

/// Largest |E| outside the box over the run, in dB of the incident one, and largest difference
/// from the incident spectrum at a point inside, relative.
fn leakage(
    mut model: Model,
    lines: [Option<[usize; 2]>; 3],
    wave: &PlaneWave,
    cpw: f64,
) -> (f64, f64) {
    let samples = pulse(&model, cpw);
    let total = TotalField { lines };
    let incident = total.install(&mut model, wave, &samples).unwrap();
    let middle: [usize; 3] = std::array::from_fn(|a| lines[a].map_or(0, |[l, h]| (l + h) / 2));
    let f = SPEED_OF_LIGHT / (2.0 * cpw * model.mesh.spacings(Axis::X)[0]);
    for component in Component::ALL {
        model.regions.push(crate::maxwell::FieldRegion {
            component,
            ranges: middle.map(|i| i..i + 1),
            frequencies: vec![f],
            interval: 1,
        });
    }
    let steps = model.waveforms.nrows() + 50;
    let mut simulation = Simulation::<f64>::new(&model, Scheme::Reference).unwrap();
    let mut outside = 0.0f64;
    for _ in 0..steps.div_ceil(4) {
        simulation.advance(4);
        for component in &Component::ALL[..3] {
            let extent = component.extent(model.mesh.cells());
            for ((k, j, i), value) in simulation.field(*component).indexed_iter() {
                let index = [i, j, k];
                let used = (0..3).all(|a| index[a] < extent[a]);
                if used && !total.contains(*component, index) {
                    outside = outside.max(value.abs());
                }
            }
        }
    }
    let mut error = 0.0f64;
    for (n, component) in Component::ALL.into_iter().enumerate() {
        let scale = if component.is_electric() { 1.0 } else { 376.73 };
        let offset = component.offset();
        let at = std::array::from_fn(|a| {
            let x = model.mesh.lines(Axis::ALL[a]);
            let i = middle[a];
            x[i] + offset[a] * (x[i + 1] - x[i])
        });
        let expected = incident.field(component, at, f);
        let found = simulation.spectrum(n)[[0, 0, 0, 0]];
        error = error.max((found - expected).norm() * scale / incident.spectrum(f).norm());
    }
    (20.0 * outside.max(1e-30).log10(), error)
}

fn model(cells: [usize; 3]) -> Model {
    let mesh = Mesh::uniform(cells, [1e-3; 3]).unwrap();
    Model::vacuum(
        mesh,
        cells.map(|n| {
            if n == 1 {
                [Wall::Periodic; 2]
            } else {
                [Wall::Pec; 2]
            }
        }),
    )
}

#[test]
fn along_an_axis_the_wave_is_exact() {
    let wave = PlaneWave::new([1.0, 0.0, 0.0], [0.0, 0.6, 0.8]).unwrap();
    let (leak, error) = leakage(model([40, 1, 1]), [Some([5, 35]), None, None], &wave, 10.0);
    assert!(leak < -200.0, "{leak} dB");
    assert!(error < 1e-8, "{error}");
    let wave = PlaneWave::new([0.0, 0.0, -1.0], [0.0, 1.0, 0.0]).unwrap();
    let lines = [Some([3, 11]), Some([3, 12]), Some([3, 15])];
    let (leak, error) = leakage(model([14, 15, 18]), lines, &wave, 10.0);
    assert!(leak < -200.0, "{leak} dB");
    assert!(error < 1e-8, "{error}");
}

#[test]
fn oblique_waves_leak_next_to_nothing() {
    for (theta, phi, psi) in [
        (0.5, 0.3, 0.7),
        (1.2, 4.0, 0.0),
        (PI / 2.0, PI / 4.0, PI / 2.0),
    ] {
        let wave = PlaneWave::arriving_from(theta, phi, psi).unwrap();
        let lines = [Some([3, 17]), Some([3, 16]), Some([3, 18])];
        let (leak, error) = leakage(model([20, 19, 21]), lines, &wave, 10.0);
        println!("{theta} {phi} {psi}: {leak} dB {error}");
        assert!(leak < -110.0, "{theta} {phi} {psi}: {leak} dB");
        assert!(error < 1e-6, "{error}");
    }
}

#[test]
fn in_two_dimensions() {
    for polarization in [[0.0, 0.0, 1.0], [-0.5, 1.0, 0.0]] {
        let wave = PlaneWave::new([1.0, 0.5, 0.0], polarization).unwrap();
        let lines = [Some([4, 26]), Some([4, 30]), None];
        let (leak, error) = leakage(model([30, 34, 1]), lines, &wave, 10.0);
        println!("{leak} {error}");
        assert!(leak < -110.0, "{leak} dB");
        assert!(error < 1e-6, "{error}");
    }
}

#[test]
fn unusable_boxes_are_refused() {
    let mut m = model([20, 20, 20]);
    let wave = PlaneWave::new([1.0, 0.5, 0.0], [0.0, 0.0, 1.0]).unwrap();
    for lines in [
        [None, Some([3, 9]), Some([3, 9])],
        [Some([0, 9]), Some([3, 9]), Some([3, 9])],
        [Some([3, 20]), Some([3, 9]), Some([3, 9])],
        [Some([9, 9]), Some([3, 9]), Some([3, 9])],
    ] {
        assert!(TotalField { lines }.install(&mut m, &wave, &[1.0]).is_err());
    }
    assert!(PlaneWave::new([1.0, 0.0, 0.0], [2.0, 0.0, 0.0]).is_err());
    assert!(PlaneWave::new([0.0; 3], [2.0, 0.0, 0.0]).is_err());
    m.edge_media.push(crate::maxwell::EdgeMedium::Pec);
    m.edges[0][[5, 5, 5]] = 1;
    let lines = [Some([5, 12]); 3];
    assert!(TotalField { lines }.install(&mut m, &wave, &[1.0]).is_err());
    let lines = [Some([3, 12]); 3];
    assert!(TotalField { lines }.install(&mut m, &wave, &[1.0]).is_ok());
}
