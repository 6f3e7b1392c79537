//! A device gives the numbers of the f64 engine up to rounding.

use super::super::tests::agreement::model;
use super::super::{Engine, Scheme, Simulation};
use super::on_device;
use crate::device::Device;
use crate::maxwell::geometry::{Material, Shape, Solid, voxelise};
use crate::maxwell::ports::{Excitation, Port, Terminals, install};
use crate::maxwell::{
    Axis, Component, Cpml, Face, FarFieldBox, Mesh, Model, Network, Wall, Waveform,
};
use crate::ranks::Channels;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Largest difference of two runs of a model after some advances, over the largest value that each
/// kind of result has had: what is left of a pulse carries the rounding of all of it.
fn difference(model: &Model, mut found: Box<dyn Engine>, advances: &[usize]) -> f64 {
    let mut expected = Simulation::<f64>::new(model, Scheme::Fastest).unwrap();
    let mut peaks = [1e-300f64; 2];
    let mut peak_energy = 0.0f64;
    for n in advances {
        expected.advance(*n);
        found.advance(*n).unwrap();
        for c in Component::ALL {
            let peak = &mut peaks[usize::from(c.is_electric())];
            *peak = expected.field(c).iter().fold(*peak, |m, v| m.max(v.abs()));
        }
        peak_energy = peak_energy.max(expected.energy());
    }
    let expected: &dyn Engine = &expected;
    let found = found.as_ref();
    assert_eq!(found.step(), expected.step());
    let mut worst = 0.0f64;
    let mut compare = |name: &str, found: &[f64], expected: &[f64], scale: f64| {
        assert_eq!(found.len(), expected.len());
        for (a, b) in found.iter().zip(expected) {
            let error = (a - b).abs() / scale;
            assert!(error.is_finite(), "{name}: {a} for {b}");
            assert!(error < 1e-3, "{name}: {a} for {b}, largest {scale}");
            worst = worst.max(error);
        }
    };
    let largest = |all: &[f64]| all.iter().fold(1e-300, |m: f64, v| m.max(v.abs()));
    for kind in [true, false] {
        let of_kind = |c: &Component| c.is_electric() == kind;
        let fields: Vec<(Component, Vec<f64>, Vec<f64>)> = Component::ALL
            .into_iter()
            .filter(of_kind)
            .map(|c| {
                let of = |run: &dyn Engine| run.field(c).unwrap().iter().copied().collect();
                (c, of(found), of(expected))
            })
            .collect();
        let scale = peaks[usize::from(kind)];
        for (c, found, expected) in &fields {
            compare(&format!("{c:?}"), found, expected, scale);
        }
        let probes = model.probes.iter().enumerate();
        for (n, _) in probes.filter(|(_, p)| of_kind(&p.component)) {
            let (found, expected) = (found.probe(n).unwrap(), expected.probe(n).unwrap());
            let scale = scale.max(largest(&expected));
            compare("probe", &found, &expected, scale);
        }
        let parts = |run: &dyn Engine| -> Vec<Vec<f64>> {
            let regions = model.regions.iter().enumerate();
            let regions = regions.filter(|(_, r)| of_kind(&r.component));
            let of = |n: usize| run.spectrum(n).unwrap().into_raw_vec_and_offset().0;
            regions
                .map(|(n, _)| of(n).iter().flat_map(|v| [v.re, v.im]).collect())
                .collect()
        };
        let (found, expected) = (parts(found), parts(expected));
        let scale = largest(&expected.concat());
        for (found, expected) in found.iter().zip(&expected) {
            compare("region", found, expected, scale);
        }
    }
    let (found, expected) = (found.energy().unwrap(), expected.energy().unwrap());
    compare("energy", &[found], &[expected], peak_energy);
    worst
}

/// The device against f64 on processors; f32 may err as much as f32 does there.
fn agrees_on(model: &Model, name: &str, advances: &[usize]) {
    let device = Device::tested();
    let run = |double| on_device(model, double, &device, None).unwrap();
    let own = Box::new(Simulation::<f32>::new(model, Scheme::Fastest).unwrap());
    let own = difference(model, own, advances);
    let single = difference(model, run(false), advances);
    println!("{name}: f32 {single:.1e}, on processors {own:.1e}");
    assert!(
        single < (2.0 * own).max(1e-5),
        "{name}: {single}, on processors {own}"
    );
    if device.has_f64() {
        let double = difference(model, run(true), advances);
        println!("{name}: f64 {double:.1e}");
        assert!(double < 1e-12, "{name}: {double}");
    }
}

fn agrees(cells: [usize; 3], walls: [[Wall; 2]; 3], seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for media in [1, 7, 40] {
        let model = model(&mut random, cells, walls, media);
        let name = format!("{cells:?} {media} media");
        agrees_on(&model, &name, &[5, 7, 12, 40, 130]);
    }
}

#[test]
fn layers_on_all_faces() {
    let walls = [
        [Wall::Cpml(Cpml::new(4)), Wall::Cpml(Cpml::new(6))],
        [Wall::Cpml(Cpml::new(3)), Wall::Cpml(Cpml::new(5))],
        [Wall::Cpml(Cpml::new(5)), Wall::Cpml(Cpml::new(3))],
    ];
    agrees([21, 16, 15], walls, 1);
}

#[test]
fn conducting_and_magnetic_walls() {
    agrees(
        [37, 9, 11],
        [
            [Wall::Cpml(Cpml::new(9)), Wall::Pmc],
            [Wall::Pec, Wall::Cpml(Cpml::new(4))],
            [Wall::Pmc, Wall::Pec],
        ],
        4,
    );
}

#[test]
fn periodic_walls() {
    let layer = [Wall::Cpml(Cpml::new(4)); 2];
    let around = [Wall::Periodic; 2];
    agrees([13, 11, 12], [around, layer, layer], 5);
    agrees([9, 11, 14], [around, around, layer], 7);
    agrees([12, 7, 9], [layer, around, around], 8);
}

#[test]
fn one_and_two_dimensions() {
    let layer = [Wall::Cpml(Cpml::new(4)); 2];
    let around = [Wall::Periodic; 2];
    agrees([1, 23, 19], [around, layer, layer], 9);
    agrees([23, 19, 1], [around, layer, around], 12);
    agrees([1, 40, 1], [around, layer, around], 13);
}

#[test]
fn after_a_thousand_steps() {
    let layer = [Wall::Cpml(Cpml::new(5)); 2];
    let mut random = ChaCha8Rng::seed_from_u64(21);
    let model = model(&mut random, [24, 22, 20], [layer; 3], 7);
    agrees_on(&model, "a thousand steps", &[10, 20, 970]);
}

/// Each field, probe and transform of a run after some steps, and its energy.
fn found(mut engine: Box<dyn Engine>, model: &Model) -> (Vec<Vec<f64>>, f64) {
    for steps in [5, 16, 9] {
        engine.advance(steps).unwrap();
    }
    let mut all = Vec::new();
    for c in Component::ALL {
        all.push(engine.field(c).unwrap().into_raw_vec_and_offset().0);
    }
    for p in 0..model.probes.len() {
        all.push(engine.probe(p).unwrap());
    }
    for r in 0..model.regions.len() {
        let spectrum = engine.spectrum(r).unwrap();
        all.push(spectrum.iter().flat_map(|v| [v.re, v.im]).collect());
    }
    (all, engine.energy().unwrap())
}

/// Ranks with a device each for their parts of a model, against one device. Bits are the same where a
/// compiler rounds alike in kernels for other walls; software Vulkan does.
fn agrees_with_one(cells: [usize; 3], walls: [[Wall; 2]; 3], seed: u64) {
    let device = Device::tested();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for (media, ranks) in [(7, 2), (40, 4), (7, 6)] {
        let model = model(&mut random, cells, walls, media);
        for double in [false, true] {
            if double && !device.has_f64() {
                continue;
            }
            let run = |ranks| found(on_device(&model, double, &device, ranks).unwrap(), &model);
            let (expected, energy) = run(None);
            let all = Channels::run(ranks, |own| run(Some(Box::new(own) as _)));
            let (values, own_energy) = &all[0];
            assert!(all.iter().all(|other| other == &all[0]), "ranks disagree");
            let (mut worst, mut different) = (0.0f64, 0);
            for (values, expected) in values.iter().zip(&expected) {
                assert_eq!(values.len(), expected.len());
                let largest = expected.iter().fold(1e-300, |m: f64, v| m.max(v.abs()));
                for (a, b) in values.iter().zip(expected) {
                    different += usize::from(a != b);
                    worst = worst.max((a - b).abs() / largest);
                }
            }
            let energies = (own_energy / energy - 1.0).abs();
            println!(
                "{cells:?}, {ranks} ranks, f64 {double}: {different} values differ, by {worst:.1e}, \
                 energies by {energies:.1e}"
            );
            let limit = if double { 1e-12 } else { 1e-5 };
            assert!(worst < limit && energies < limit);
        }
    }
}

#[test]
fn several_ranks_give_the_numbers_of_one() {
    let layers = |cells: [usize; 2]| cells.map(|n| Wall::Cpml(Cpml::new(n)));
    let around = [Wall::Periodic; 2];
    agrees_with_one(
        [21, 16, 15],
        [layers([4, 6]), layers([3, 5]), layers([5, 3])],
        31,
    );
    agrees_with_one(
        [17, 11, 9],
        [[Wall::Pec, Wall::Pmc], [Wall::Pmc, Wall::Pec], around],
        32,
    );
    agrees_with_one([23, 1, 19], [layers([4, 4]), around, [Wall::Pec; 2]], 33);
}

/// A dipole of wire from its port to its S11 and its radiated power: an engine is a means to these.
#[test]
fn a_dipole_is_the_same() {
    let (length, gap, d) = (45e-3, 5e-3, 5e-3);
    let half = 10.5 * d;
    let lines = |n: usize, centre: f64| (0..=n).map(|i| i as f64 * d - centre).collect();
    let mesh = Mesh::new([lines(20, 10.0 * d), lines(20, 10.0 * d), lines(21, half)]).unwrap();
    let mut model = Model::vacuum(mesh, [[Wall::Cpml(Cpml::new(5)); 2]; 3]);
    let arms = [1.0, -1.0].map(|side| {
        let points = [gap, length].map(|z| [0.0, 0.0, side * z / 2.0]).to_vec();
        Solid::new(
            "arm",
            Shape::Wire {
                points,
                radius: None,
            },
            Material::Pec,
        )
    });
    voxelise(&mut model, &arms).unwrap();
    let terminals = Terminals {
        axis: Axis::Z,
        negative: [0.0, 0.0, -gap / 2.0],
        positive: [0.0, 0.0, gap / 2.0],
    };
    let steps = 600;
    let excitation = Excitation {
        port: 0,
        waveform: Waveform::Gaussian { bandwidth: 6e9 },
        steps,
    };
    let frequencies: Vec<f64> = (0..41).map(|n| 2e9 + 5e7 * f64::from(n)).collect();
    let ports = [Port::lumped("feed", terminals, 73.0)];
    let probes = install(&mut model, &ports, Some(&excitation), &frequencies).unwrap();
    let around = FarFieldBox {
        lines: [[6, 14], [6, 14], [6, 15]].map(Some),
        faces: [[Face::Recorded; 2]; 3],
    };
    let monitor = around.install(&mut model, &[3e9], 4).unwrap();
    let result = |run: &mut dyn Engine| {
        run.advance(steps).unwrap();
        let record = probes[0].record(run).unwrap();
        let network = Network::from_runs(&[vec![record]]).unwrap();
        let decibels = network.parameter(0, 0);
        let decibels: Vec<f64> = decibels.iter().map(|s| 20.0 * s.norm().log10()).collect();
        (decibels, monitor.evaluate(run).unwrap().radiated_power(0))
    };
    let (expected, energy) = result(&mut Simulation::<f64>::new(&model, Scheme::Fastest).unwrap());
    let least = expected.iter().copied().fold(0.0, f64::min);
    assert!(least < -10.0, "{expected:?}");
    let device = Device::tested();
    for double in [false, true] {
        if double && !device.has_f64() {
            continue;
        }
        let (found, own) = result(on_device(&model, double, &device, None).unwrap().as_mut());
        let differences = found.iter().zip(&expected).map(|(a, b)| (a - b).abs());
        let worst = differences.fold(0.0, f64::max);
        let power = (own / energy - 1.0).abs();
        println!(
            "f64 {double}: S11 to {worst:.1e} dB of {least:.1}, radiated energy to {power:.1e}"
        );
        assert!(worst < if double { 1e-9 } else { 0.01 }, "{worst} dB");
        assert!(power < if double { 1e-11 } else { 1e-4 }, "{power}");
    }
}
