//! A closed box of perfect conductor: energy and frequencies.

use super::super::{Scheme, Simulation};
use crate::maxwell::constants::SPEED_OF_LIGHT;
use crate::maxwell::{Component, EdgeMedium, FaceMedium, Mesh, Model, Wall};
use ndarray::Array3;
use rand::{Rng, SeedableRng};

fn noise(simulation: &mut Simulation<f64>, seed: u64) {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    for c in Component::ALL {
        let shape = simulation.field(c).raw_dim();
        let scale = if c.is_electric() { 1.0 } else { 1.0 / 377.0 };
        let values = Array3::from_shape_fn(shape, |_| scale * random.random_range(-1.0..1.0));
        simulation.set_field(c, values.view()).unwrap();
    }
}

/// Domain: 12 x 9 x 7 cells, uniform or graded, empty or of random lossless media, all modes
/// excited by noise; walls PEC, PMC and periodic. The leapfrog energy is constant; tolerance 1e-12
/// for rounding.
#[test]
fn energy_is_conserved() {
    let graded = |n: usize| -> Vec<f64> {
        (0..=n)
            .map(|i| 1e-3 * (i as f64 + 0.3 * (i as f64).sin()))
            .collect()
    };
    let meshes = [
        Mesh::uniform([12, 9, 7], [1e-3, 1.2e-3, 0.9e-3]).unwrap(),
        Mesh::new([graded(12), graded(9), graded(7)]).unwrap(),
    ];
    let walls = [
        [[Wall::Pec; 2]; 3],
        [[Wall::Pmc; 2], [Wall::Pec, Wall::Pmc], [Wall::Periodic; 2]],
        [[Wall::Periodic; 2], [Wall::Periodic; 2], [Wall::Pmc; 2]],
    ];
    for mesh in &meshes {
        for walls in walls {
            for media in [false, true] {
                let mut model = Model::vacuum(mesh.clone(), walls);
                if media {
                    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
                    model.edge_media = vec![
                        EdgeMedium::vacuum(),
                        EdgeMedium::lossless(3.0),
                        EdgeMedium::Pec,
                        EdgeMedium::lossless(1.5),
                    ];
                    model.face_media = vec![
                        FaceMedium::VACUUM,
                        FaceMedium {
                            permeability: 2.5,
                            magnetic_loss: 0.0,
                        },
                    ];
                    for edges in &mut model.edges {
                        edges.mapv_inplace(|_| random.random_range(0..4));
                    }
                    let shape = mesh.shape();
                    model.faces = Some(std::array::from_fn(|_| {
                        Array3::from_shape_simple_fn(shape, || random.random_range(0..2))
                    }));
                }
                let mut simulation = Simulation::<f64>::new(&model, Scheme::Reference).unwrap();
                noise(&mut simulation, 7);
                simulation.advance(2);
                let start = simulation.energy();
                for _ in 0..4 {
                    simulation.advance(60);
                    let change = simulation.energy() / start - 1.0;
                    assert!(change.abs() < 1e-12, "{walls:?} {media} {change:e}");
                }
            }
        }
    }
}

/// Domain: 8 x 6 x 5 cells of unequal sides. The discrete modes are products of sines and cosines
/// with `sin^2(omega dt / 2) / (c dt)^2 = sum sin^2(m pi / 2 n) / d^2` (A. Taflove and
/// S. C. Hagness, 3rd ed., eq. 4.15). Noise excites them all; a field that is projected on one
/// mode oscillates with `x(n+1) + x(n-1) = 2 cos(omega dt) x(n)`, so omega follows from the
/// samples to rounding; tolerance 1e-9.
#[test]
fn frequencies_are_those_of_the_discrete_dispersion_relation() {
    let cells = [8usize, 6, 5];
    let d = [1e-3, 1.3e-3, 0.8e-3];
    let model = Model::vacuum(Mesh::uniform(cells, d).unwrap(), [[Wall::Pec; 2]; 3]);
    let mut simulation = Simulation::<f64>::new(&model, Scheme::Reference).unwrap();
    noise(&mut simulation, 3);
    let dt = simulation.time_step();
    let c = Component::Ez;
    let mut history = Vec::new();
    for _ in 0..40 {
        simulation.advance(1);
        history.push(simulation.field(c));
    }
    let angle = |a: usize, m: usize| m as f64 * std::f64::consts::PI / (2.0 * cells[a] as f64);
    let mut modes = 0;
    for p in 1..cells[0] {
        for q in 1..cells[1] {
            for r in 0..cells[2] {
                let sum: f64 = [p, q, r]
                    .iter()
                    .enumerate()
                    .map(|(a, m)| (angle(a, *m).sin() / d[a]).powi(2))
                    .sum();
                let expected = 2.0 * (SPEED_OF_LIGHT * dt * sum.sqrt()).asin();
                let project = |f: &Array3<f64>| -> f64 {
                    f.indexed_iter()
                        .filter(|((k, _, _), _)| *k < cells[2])
                        .map(|((k, j, i), v)| {
                            let x = (2.0 * angle(0, p) * i as f64).sin();
                            let y = (2.0 * angle(1, q) * j as f64).sin();
                            let z = (2.0 * angle(2, r) * (k as f64 + 0.5)).cos();
                            v * x * y * z
                        })
                        .sum()
                };
                let all: Vec<f64> = history.iter().map(project).collect();
                // the charges of the noise stand still with their field: only changes oscillate
                let x: Vec<f64> = all.windows(2).map(|w| w[1] - w[0]).collect();
                // least squares of x(n+1) + x(n-1) = 2 cos(omega dt) x(n)
                let (mut above, mut below) = (0.0, 0.0);
                for w in x.windows(3) {
                    above += (w[0] + w[2]) * w[1];
                    below += 2.0 * w[1] * w[1];
                }
                let found = (above / below).acos();
                assert!((found / expected - 1.0).abs() < 1e-9, "{p}{q}{r}");
                modes += 1;
            }
        }
    }
    assert_eq!(modes, 7 * 5 * 5);
}
