//! All engines give the numbers of the reference, bit for bit.

use super::super::kernels::InstructionSet;
use super::super::{Real, Scheme, Simulation};
use crate::maxwell::{
    Component, Cpml, EdgeMedium, FaceMedium, FieldRegion, Mesh, Model, Pole, Probe, SeriesElement,
    SourceTerm, Wall,
};
use ndarray::{Array2, Array3};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A model with everything in it at random.
pub(in crate::maxwell::engine) fn model(
    random: &mut ChaCha8Rng,
    cells: [usize; 3],
    walls: [[Wall; 2]; 3],
    media: usize,
) -> Model {
    let graded = random.random_bool(0.5);
    let mut lines = |n: usize| -> Vec<f64> {
        let mut x = 0.0;
        let mut all = vec![0.0];
        for _ in 0..n {
            x += 1e-3
                * if graded {
                    random.random_range(0.7..1.3)
                } else {
                    1.0
                };
            all.push(x);
        }
        all
    };
    let mesh = Mesh::new(cells.map(&mut lines)).unwrap();
    let mut model = Model::vacuum(mesh, walls);
    model.time_step *= 0.9;
    if media > 1 {
        model.edge_media = (0..media)
            .map(|m| match m {
                0 => EdgeMedium::vacuum(),
                1 => EdgeMedium::Pec,
                m => EdgeMedium::Dielectric {
                    permittivity: random.random_range(1.0..4.0),
                    conductivity: random.random_range(0.0..2.0),
                    poles: match m {
                        2 => vec![Pole::debye(2.0, 1e-11), Pole::lorentz(1.0, 3e10, 1e9)],
                        3 => vec![Pole::drude(4e10, 1e9)],
                        _ => Vec::new(),
                    },
                },
            })
            .collect();
        let count = media as u16;
        for edges in &mut model.edges {
            // whole rows of one medium among mixed ones
            for mut plane in edges.outer_iter_mut() {
                for mut row in plane.outer_iter_mut() {
                    if random.random_bool(0.3) {
                        row.fill(random.random_range(0..count));
                    } else {
                        row.mapv_inplace(|_| random.random_range(0..count));
                    }
                }
            }
        }
        model.face_media = vec![
            FaceMedium::VACUUM,
            FaceMedium {
                permeability: 1.7,
                magnetic_loss: 10.0,
            },
        ];
        let shape = model.mesh.shape();
        model.faces = random.random_bool(0.5).then(|| {
            std::array::from_fn(|_| {
                Array3::from_shape_simple_fn(shape, || u16::from(random.random_bool(0.1)))
            })
        });
    }
    model.waveforms = Array2::from_shape_simple_fn((13, 3), || random.random_range(-1.0..1.0));
    let place = |random: &mut ChaCha8Rng, c: Component| -> [usize; 3] {
        let extent = c.extent(cells);
        std::array::from_fn(|a| {
            // away from walls and periodic copies
            let last = extent[a].min(cells[a]) - 1;
            if last < 2 {
                0
            } else {
                random.random_range(1..=last - 1)
            }
        })
    };
    for n in 0..20 {
        let component = Component::ALL[n % 6];
        let index = place(random, component);
        model.sources.push(SourceTerm {
            component,
            index,
            waveform: n % 3,
            scale: if component.is_electric() { 1.0 } else { 1e-3 },
        });
        let component = Component::ALL[random.random_range(0..6)];
        model.probes.push(Probe {
            component,
            index: place(random, component),
        });
        let component = Component::ALL[n % 3];
        let index = place(random, component);
        let [i, j, k] = index;
        let medium = model.edges[n % 3][[k, j, i]];
        if model.edge_media[medium as usize] != EdgeMedium::Pec {
            model.elements.push(SeriesElement {
                component,
                index,
                resistance: 50.0,
                inductance: 1e-9,
                capacitance: if n % 2 == 0 { 1e-12 } else { f64::INFINITY },
                waveform: (n % 4 == 0).then_some(1),
            });
        }
    }
    for n in 0..8 {
        let component = Component::ALL[random.random_range(0..6)];
        let ranges = component.extent(cells).map(|e| {
            let first = random.random_range(0..e);
            first..random.random_range(first + 1..=e)
        });
        model.regions.push(FieldRegion {
            component,
            ranges,
            frequencies: vec![1e9, 3e9, 1e10],
            interval: 1 + n % 3,
        });
    }
    model
}

fn agree<T: Real>(model: &Model, steps: &[usize], name: &str) {
    let results = |scheme: Scheme, set: InstructionSet, threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let mut simulation = Simulation::<T>::new(model, scheme).unwrap();
        simulation.use_instructions(set);
        simulation.use_threads(threads);
        pool.install(|| steps.iter().for_each(|n| simulation.advance(*n)));
        let mut all: Vec<f64> = Vec::new();
        for c in Component::ALL {
            all.extend(simulation.field(c).iter().map(|v| v.to_f64()));
        }
        for p in 0..model.probes.len() {
            all.extend(simulation.probe(p).iter().map(|v| v.to_f64()));
        }
        for r in 0..model.regions.len() {
            all.extend(simulation.spectrum(r).iter().flat_map(|v| [v.re, v.im]));
        }
        all.push(simulation.energy());
        all
    };
    let reference = results(Scheme::Reference, InstructionSet::Portable, 1);
    assert!(reference.iter().all(|v| v.is_finite()));
    assert!(reference.iter().any(|v| *v != 0.0));
    for (n, scheme) in [Scheme::Sweeps, Scheme::Fused, Scheme::Blocked]
        .into_iter()
        .enumerate()
    {
        for (m, set) in InstructionSet::found().into_iter().enumerate() {
            let threads = 1 + (n + m) % 3;
            let found = results(scheme, set, threads);
            let wrong = found.iter().zip(&reference).position(|(a, b)| a != b);
            assert_eq!(
                wrong,
                None,
                "{name} {scheme:?} {set:?} {threads} threads, {}",
                T::NAME
            );
        }
    }
}

fn both(cells: [usize; 3], walls: [[Wall; 2]; 3], seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for media in [1, 7, 40] {
        let model = model(&mut random, cells, walls, media);
        let name = format!("{cells:?} {media} media, seed {seed}");
        agree::<f32>(&model, &[5, 16, 9], &name);
        agree::<f64>(&model, &[21, 2], &name);
    }
}

#[test]
fn layers_on_all_faces() {
    let walls = [
        [Wall::Cpml(Cpml::new(4)), Wall::Cpml(Cpml::new(6))],
        [Wall::Cpml(Cpml::new(3)), Wall::Cpml(Cpml::new(5))],
        [Wall::Cpml(Cpml::new(5)), Wall::Cpml(Cpml::new(3))],
    ];
    both([21, 16, 15], walls, 1);
    both([30, 13, 12], walls, 2);
}

#[test]
fn conducting_and_magnetic_walls() {
    both(
        [17, 11, 9],
        [
            [Wall::Pec, Wall::Pmc],
            [Wall::Pmc, Wall::Pec],
            [Wall::Pmc; 2],
        ],
        3,
    );
    both(
        [15, 9, 20],
        [
            [Wall::Cpml(Cpml::new(9)), Wall::Pmc],
            [Wall::Pec, Wall::Cpml(Cpml::new(4))],
            [Wall::Pmc, Wall::Cpml(Cpml::new(4))],
        ],
        4,
    );
}

#[test]
fn periodic_walls() {
    let layer = [Wall::Cpml(Cpml::new(4)); 2];
    let around = [Wall::Periodic; 2];
    both([13, 11, 12], [around, layer, layer], 5);
    both([13, 11, 12], [layer, layer, around], 6);
    both([9, 11, 14], [around, around, layer], 7);
    both([8, 7, 9], [around, around, around], 8);
}

#[test]
fn one_and_two_dimensions() {
    let layer = [Wall::Cpml(Cpml::new(4)); 2];
    let around = [Wall::Periodic; 2];
    both([1, 23, 19], [around, layer, layer], 9);
    both([23, 1, 19], [layer, around, [Wall::Pec; 2]], 10);
    both([23, 19, 1], [layer, layer, around], 11);
    both([23, 19, 1], [around, layer, around], 12);
    both([1, 40, 1], [around, layer, around], 13);
    both([1, 1, 40], [around, around, [Wall::Pmc, Wall::Pec]], 14);
}

/// An axis of six cells or more, fewer than `most`, between any walls but periodic ones.
pub(super) fn sided(most: usize) -> impl Strategy<Value = (usize, [Wall; 2])> {
    let wall = |cells: usize| {
        prop_oneof![
            Just(Wall::Pec),
            Just(Wall::Pmc),
            (1..=(cells - 2) / 2).prop_map(|n| Wall::Cpml(Cpml::new(n))),
        ]
    };
    (6..most).prop_flat_map(move |n| (Just(n), [wall(n), wall(n)]))
}

/// An axis: cells, at least six unless idle, and any walls.
fn axis() -> impl Strategy<Value = (usize, [Wall; 2])> {
    prop_oneof![
        1 => Just((1, [Wall::Periodic; 2])),
        2 => (6usize..40).prop_map(|n| (n, [Wall::Periodic; 2])),
        9 => sided(40),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn any_mesh_and_walls(
        axes in [axis(), axis(), axis()],
        media in prop_oneof![Just(1), Just(6), Just(30)],
        seed in 0u64..1 << 32,
        steps in 1usize..40,
    ) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let model = model(&mut random, axes.map(|a| a.0), axes.map(|a| a.1), media);
        let name = format!("{axes:?} {media} media, seed {seed}");
        if seed % 2 == 0 {
            agree::<f32>(&model, &[steps, 3], &name);
        } else {
            agree::<f64>(&model, &[steps, 3], &name);
        }
    }
}

#[test]
fn odd_sizes() {
    let layer = [Wall::Cpml(Cpml::new(3)); 2];
    both([7, 13, 29], [layer, layer, [Wall::Pec; 2]], 15);
    both([29, 7, 13], [[Wall::Pec; 2], layer, [Wall::Pmc; 2]], 16);
    both(
        [13, 29, 7],
        [[Wall::Pmc, Wall::Pec], [Wall::Pec; 2], layer],
        17,
    );
    // vectors that fill a row
    both([32, 7, 13], [[Wall::Pec; 2], layer, layer], 18);
    both([48, 13, 9], [layer, [Wall::Pec; 2], layer], 19);
}
