//! Dispersive media: reflection of a plane wave from a half space in one dimension.

use super::super::{Scheme, Simulation};
use crate::maxwell::{
    Component, Cpml, EdgeMedium, FieldRegion, Mesh, Model, Pole, SourceTerm, Wall,
};
use ndarray::Array2;
use num_complex::Complex64;
use std::f64::consts::TAU;

fn susceptibility(pole: &Pole, omega: f64) -> Complex64 {
    pole.a / Complex64::new(pole.b - omega * omega * pole.d, omega * pole.c)
}

/// Domain: 1200 cells of 0.05 mm, 10-cell layers, the medium behind cell 600; the reflected wave is
/// the difference to empty space, `r = (1 - n) / (1 + n)`, `n = sqrt(eps_r)`, within 0.005 of its
/// value where there are 60 cells per wavelength or more, in the medium too. The edge on the interface
/// has half of the medium.
fn reflection(pole: Pole, eps_inf: f64) {
    let interface = 600;
    let frequencies = vec![2e9, 5e9, 10e9];
    let run = |with: bool| {
        let mesh = Mesh::uniform([1, 1, 1200], [5e-5; 3]).unwrap();
        let mut walls = [[Wall::Periodic; 2]; 3];
        // waves of thousands of cells need a small alpha
        let layer = Cpml {
            alpha: 3e-4,
            ..Cpml::new(10)
        };
        walls[2] = [Wall::Cpml(layer); 2];
        let mut model = Model::vacuum(mesh, walls);
        let half = Pole {
            a: 0.5 * pole.a,
            ..pole
        };
        model.edge_media.push(EdgeMedium::Dielectric {
            permittivity: 0.5 * (1.0 + eps_inf),
            conductivity: 0.0,
            poles: vec![half],
        });
        model.edge_media.push(EdgeMedium::Dielectric {
            permittivity: eps_inf,
            conductivity: 0.0,
            // two halves: several poles
            poles: vec![half, half],
        });
        if with {
            for k in interface..=1200 {
                model.edges[0][[k, 0, 0]] = if k == interface { 1 } else { 2 };
            }
        }
        let width = 120.0;
        model.waveforms = Array2::from_shape_fn((1000, 1), |(n, _)| {
            let t = (n as f64 - 500.0) / width;
            -t * (-t * t).exp()
        });
        model.sources.push(SourceTerm {
            component: Component::Ex,
            index: [0, 0, 300],
            waveform: 0,
            scale: 1.0,
        });
        model.regions.push(FieldRegion {
            component: Component::Ex,
            ranges: [0..1, 0..1, interface..interface + 1],
            frequencies: frequencies.clone(),
            interval: 1,
        });
        let mut simulation = Simulation::<f64>::new(&model, Scheme::Reference).unwrap();
        simulation.advance(6000);
        simulation.spectrum(0)
    };
    let (empty, medium) = (run(false), run(true));
    for (f, frequency) in frequencies.iter().enumerate() {
        let at = [f, 0, 0, 0];
        let found = medium[at] / empty[at] - 1.0;
        let n = (eps_inf + susceptibility(&pole, TAU * frequency)).sqrt();
        let expected = (1.0 - n) / (1.0 + n);
        assert!(
            (found - expected).norm() < 0.005,
            "{frequency:e}: {found} {expected}"
        );
    }
}

#[test]
fn debye_half_space() {
    reflection(Pole::debye(5.0, 2e-11), 2.0);
}

#[test]
fn drude_half_space() {
    reflection(Pole::drude(TAU * 8e9, 1e10), 1.0);
}

#[test]
fn lorentz_half_space() {
    reflection(Pole::lorentz(2.0, TAU * 6e9, 4e9), 1.5);
}
