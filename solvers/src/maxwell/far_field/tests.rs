//! Dipoles and line sources, whose far fields are known.

use super::*;
use crate::maxwell::Simulation;
use crate::maxwell::constants::{SPEED_OF_LIGHT, VACUUM_IMPEDANCE};
use crate::maxwell::{
    Component, Cpml, Mesh, Scheme, Waveform, dipole, electric_dipole_power, magnetic_dipole_power,
};
use num_complex::Complex64;
use std::f64::consts::PI;

const D: f64 = 1e-3;
/// Cells per wavelength.
const CELLS: f64 = 20.0;

fn frequency() -> f64 {
    SPEED_OF_LIGHT / (CELLS * D)
}

/// A model with one dipole of a pulse of unit amplitude, and the spectrum of its moment.
fn radiator(
    cells: [usize; 3],
    walls: [[Wall; 2]; 3],
    sources: &[(Component, [usize; 3])],
) -> (Model, f64) {
    let mut model = Model::vacuum(Mesh::uniform(cells, [D; 3]).unwrap(), walls);
    let waveform = Waveform::ModulatedGaussian {
        centre: frequency(),
        bandwidth: frequency(),
    };
    let dt = model.time_step;
    let samples = waveform.sample(dt, 10_000);
    let moment: Complex64 = samples
        .iter()
        .enumerate()
        .map(|(n, x)| Complex64::from_polar(x * dt, -2.0 * PI * frequency() * n as f64 * dt))
        .sum();
    let n = samples.len();
    let column = ndarray::Array2::from_shape_vec((n, 1), samples).unwrap();
    let first = model.add_waveforms(column.view());
    for &(component, index) in sources {
        let term = dipole(&model, component, index, first).unwrap();
        model.sources.push(term);
    }
    (model, moment.norm())
}

fn run(model: &Model) -> Simulation<f64> {
    let mut simulation = Simulation::new(model, Scheme::Fastest).unwrap();
    simulation.advance(model.waveforms.nrows() + 250);
    simulation
}

fn open(cells: usize) -> [[Wall; 2]; 3] {
    [[Wall::Cpml(Cpml::new(cells)); 2]; 3]
}

#[test]
fn hertzian_dipole() {
    let (mut model, moment) = radiator([32; 3], open(8), &[(Component::Ez, [16, 16, 15])]);
    let near = FarFieldBox::closed([Some([13, 19]), Some([14, 18]), Some([12, 20])]);
    let far = FarFieldBox::closed([Some([10, 22]); 3]);
    // a box without the source radiates nothing
    let empty = FarFieldBox::closed([Some([18, 22]), Some([10, 22]), Some([10, 22])]);
    let surfaces = [near, far, empty];
    let boxes = surfaces.map(|b| b.install(&mut model, &[frequency()], 2).unwrap());
    let fluxes =
        surfaces.map(|b| FluxMonitor::install_box(&mut model, b.lines, &[frequency()], 2).unwrap());
    let simulation = run(&model);
    let fluxes = fluxes.map(|m| m.evaluate(&simulation).unwrap()[0]);
    assert!((fluxes[0] / fluxes[1] - 1.0).abs() < 1e-7);
    assert!((fluxes[2] / fluxes[1]).abs() < 1e-7);
    let [near, far, empty] = boxes.map(|b| b.evaluate(&simulation).unwrap());
    assert!((far.flux(0) / fluxes[1] - 1.0).abs() < 1e-12);
    // the scheme conserves the flux, whatever the box
    assert!((near.flux(0) / far.flux(0) - 1.0).abs() < 1e-7);
    assert!((empty.flux(0) / far.flux(0)).abs() < 1e-7);
    let exact = electric_dipole_power(moment, frequency());
    for field in [&near, &far] {
        assert!((field.radiated_power(0) / exact - 1.0).abs() < 1e-6);
        assert!((field.flux(0) / exact - 1.0).abs() < 0.011);
        assert!((field.directivity(0, PI / 2.0, 0.3) / 1.5 - 1.0).abs() < 1e-6);
        assert!(field.directivity(0, 0.0, 0.0) < 1e-4);
        let (largest, towards) = field.peak(0);
        assert!((4.0 * PI * largest / exact / 1.5 - 1.0).abs() < 1e-5);
        assert!(towards[2].abs() < 3e-3);
        let [theta, phi] = field.amplitude(0, 1.0, 2.0);
        assert!(phi.norm() < 2e-3 * theta.norm());
    }
    for direction in [(0.3, 0.2), (1.3, 2.0), (PI / 2.0, 0.0)] {
        let [a, b, c] = [&near, &far, &empty].map(|f| f.amplitude(0, direction.0, direction.1)[0]);
        assert!((a - b).norm() < 1e-6 * b.norm());
        assert!(c.norm() < 1e-6 * b.norm());
    }
    let cut = near.pattern(0, Cut::Theta { phi: 0.0 }, 5);
    assert!((cut[1][1] - 10.0 * 1.5f64.log10()).abs() < 0.02 && cut[2][1] < -40.0);
}

#[test]
fn magnetic_dipole() {
    let (mut model, moment) = radiator([30; 3], open(8), &[(Component::Hx, [15, 14, 14])]);
    let surface = FarFieldBox::closed([Some([11, 19]); 3]);
    let monitor = surface.install(&mut model, &[frequency()], 1).unwrap();
    let field = monitor.evaluate(&run(&model)).unwrap();
    let exact = magnetic_dipole_power(moment, frequency());
    assert!((field.radiated_power(0) / exact - 1.0).abs() < 1e-6);
    assert!((field.directivity(0, 0.0, 0.0) / 1.5 - 1.0).abs() < 1e-6);
}

#[test]
fn above_a_ground_plane() {
    // half the Ez edges' dipole at height h: the array of itself and its image
    let mut walls = open(8);
    walls[2][0] = Wall::Pec;
    let height = 4;
    let (mut model, moment) = radiator([30, 30, 24], walls, &[(Component::Ez, [15, 15, height])]);
    let surface =
        FarFieldBox::closed([Some([11, 19]), Some([11, 19]), Some([0, 9])]).over_ground(Axis::Z, 0);
    let monitor = surface.install(&mut model, &[frequency()], 1).unwrap();
    let field = monitor.evaluate(&run(&model)).unwrap();
    let k = 2.0 * PI * frequency() / SPEED_OF_LIGHT;
    let h = (height as f64 + 0.5) * D;
    let intensity = |theta: f64| {
        let e = 2.0 * (k * h * theta.cos()).cos() * theta.sin() * VACUUM_IMPEDANCE * k * moment;
        (e / (4.0 * PI)).powi(2) / (2.0 * VACUUM_IMPEDANCE)
    };
    for theta in [0.4, 1.0, PI / 2.0] {
        let ratio = field.intensity(0, theta, 1.0) / intensity(theta);
        assert!((ratio - 1.0).abs() < 0.015, "{theta}: {ratio}");
    }
    assert_eq!(field.intensity(0, 2.0, 1.0), 0.0);
    // power of a vertical dipole above ground: F. W. Schulz's integral of the intensity
    let steps = 400;
    let power: f64 = (0..steps)
        .map(|n| PI / 2.0 * (n as f64 + 0.5) / steps as f64)
        .map(|t| 2.0 * PI * intensity(t) * t.sin() * PI / 2.0 / steps as f64)
        .sum();
    assert!((field.radiated_power(0) / power - 1.0).abs() < 0.01);
    assert!((field.flux(0) / power - 1.0).abs() < 0.02);
}

#[test]
fn line_source() {
    for idle in 0..3 {
        let mut cells = [40; 3];
        cells[idle] = 1;
        let mut walls = open(10);
        walls[idle] = [Wall::Periodic; 2];
        let mut at = [20; 3];
        at[idle] = 0;
        let component = Component::ALL[idle];
        let (mut model, moment) = radiator(cells, walls, &[(component, at)]);
        let mut lines = [Some([14, 25]); 3];
        lines[idle] = None;
        let surface = FarFieldBox::closed(lines);
        let monitor = surface.install(&mut model, &[frequency()], 1).unwrap();
        let field = monitor.evaluate(&run(&model)).unwrap();
        let k = 2.0 * PI * frequency() / SPEED_OF_LIGHT;
        let current = moment / D;
        let exact = k * VACUUM_IMPEDANCE * current * current / 8.0;
        assert!((field.radiated_power(0) / exact - 1.0).abs() < 1e-6);
        assert!((field.flux(0) / exact - 1.0).abs() < 0.011);
        let mut direction = [0.6; 3];
        direction[(idle + 1) % 3] = 0.8;
        direction[idle] = 0.0;
        let d = field.intensity_towards(0, direction) * 2.0 * PI / field.radiated_power(0);
        assert!((d - 1.0).abs() < 1e-6, "{d}");
    }
}

#[test]
fn unusable_boxes_are_refused() {
    let (mut model, _) = radiator([30; 3], open(8), &[]);
    let f = [frequency()];
    for lines in [
        [Some([8, 20]), Some([10, 20]), Some([10, 20])],
        [Some([10, 22]), Some([10, 20]), Some([10, 20])],
        [Some([10, 40]), Some([10, 20]), Some([10, 20])],
        [None, Some([10, 20]), Some([10, 20])],
        [None, None, Some([10, 20])],
    ] {
        assert!(
            FarFieldBox::closed(lines)
                .install(&mut model, &f, 1)
                .is_err()
        );
    }
    let surface = FarFieldBox::closed([Some([10, 20]); 3]);
    assert!(surface.install(&mut model, &[10.0 * f[0]], 1).is_err());
    assert!(surface.install(&mut model, &f, 1).is_ok());
}
