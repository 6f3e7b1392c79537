//! Several ranks give the numbers of one, bit for bit: fields, probes, transforms and energies.
//!
//! Ranks are threads connected by channels. One rank is the plain [`Simulation`], whose schemes all
//! agree with the reference.

use super::agreement::{model, sided};
use crate::maxwell::{Component, Cpml, Distributed, Engine, Model, Real, Scheme, Simulation, Wall};
use crate::ranks::{Channels, Communicator};
use crate::{Error, Result};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// All that an engine can be asked for after some spans of steps, as bits.
fn found(engine: &mut dyn Engine, model: &Model, spans: &[usize]) -> Result<Vec<u64>> {
    let mut all = Vec::new();
    for steps in spans {
        engine.advance(*steps)?;
        all.push(engine.energy()?);
    }
    for c in Component::ALL {
        all.extend(engine.field(c)?);
    }
    for p in 0..model.probes.len() {
        all.extend(engine.probe(p)?);
    }
    for r in 0..model.regions.len() {
        all.extend(engine.spectrum(r)?.iter().flat_map(|v| [v.re, v.im]));
    }
    assert!(all.iter().all(|v| v.is_finite()));
    assert!(all.iter().any(|v| *v != 0.0));
    Ok(all.into_iter().map(f64::to_bits).collect())
}

fn agree<T: Real>(model: &Model, ranks: &[usize], spans: &[usize], name: &str) {
    let mut one = Simulation::<T>::new(model, Scheme::Sweeps).unwrap();
    let expected = found(&mut one, model, spans).unwrap();
    for &ranks in ranks {
        let all = Channels::run(ranks, |own| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(1)
                .build()
                .unwrap();
            pool.install(|| {
                let mut engine = Distributed::<T>::new(model, Box::new(own)).unwrap();
                found(&mut engine, model, spans).unwrap()
            })
        });
        for (rank, found) in all.iter().enumerate() {
            let wrong = found.iter().zip(&expected).position(|(a, b)| a != b);
            assert_eq!(wrong, None, "{name}: rank {rank} of {ranks}, {}", T::NAME);
        }
    }
}

fn both(cells: [usize; 3], walls: [[Wall; 2]; 3], seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for media in [1, 7, 40] {
        let model = model(&mut random, cells, walls, media);
        let name = format!("{cells:?} {media} media, seed {seed}");
        agree::<f32>(&model, &[1, 2, 3, 4, 6], &[5, 16, 9], &name);
        agree::<f64>(&model, &[2, 4, 6], &[21, 2], &name);
    }
}

fn layers(cells: [usize; 2]) -> [Wall; 2] {
    cells.map(|n| Wall::Cpml(Cpml::new(n)))
}

#[test]
fn layers_on_all_faces() {
    // blocks begin and end inside of layers
    both(
        [21, 16, 15],
        [layers([4, 6]), layers([3, 5]), layers([5, 3])],
        101,
    );
    both(
        [14, 12, 13],
        [layers([4, 6]), layers([5, 6]), layers([6, 6])],
        102,
    );
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
        103,
    );
    // rows that share their ends
    both(
        [32, 9, 12],
        [[Wall::Pec; 2], [Wall::Pec; 2], layers([3, 3])],
        104,
    );
}

#[test]
fn periodic_axes() {
    let around = [Wall::Periodic; 2];
    both([13, 11, 12], [around, layers([4, 4]), layers([4, 4])], 105);
    both([13, 11, 12], [layers([4, 4]), layers([4, 4]), around], 106);
    both([9, 11, 14], [around, around, layers([4, 4])], 107);
    both([8, 7, 9], [around; 3], 108);
}

#[test]
fn planes_and_long_meshes() {
    let around = [Wall::Periodic; 2];
    both([1, 23, 19], [around, layers([4, 4]), layers([4, 4])], 109);
    both([23, 1, 19], [layers([4, 4]), around, [Wall::Pec; 2]], 110);
    both([23, 19, 1], [layers([4, 4]), layers([4, 4]), around], 111);
    both(
        [7, 6, 40],
        [[Wall::Pec; 2], [Wall::Pmc; 2], layers([9, 9])],
        112,
    );
}

/// An axis: cells and any walls.
fn axis() -> impl Strategy<Value = (usize, [Wall; 2])> {
    prop_oneof![
        1 => (6usize..30).prop_map(|n| (n, [Wall::Periodic; 2])),
        4 => sided(30),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn any_mesh_walls_and_number_of_ranks(
        axes in [axis(), axis(), axis()],
        media in prop_oneof![Just(1), Just(6), Just(30)],
        seed in 0u64..1 << 32,
        ranks in 1usize..9,
        steps in 1usize..40,
    ) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let model = model(&mut random, axes.map(|a| a.0), axes.map(|a| a.1), media);
        let name = format!("{axes:?} {media} media, seed {seed}");
        if seed % 2 == 0 {
            agree::<f32>(&model, &[ranks], &[steps, 3], &name);
        } else {
            agree::<f64>(&model, &[ranks], &[steps, 3], &name);
        }
    }
}

#[test]
fn threads_in_a_rank_change_nothing() {
    let mut random = ChaCha8Rng::seed_from_u64(113);
    let model = model(&mut random, [60, 40, 30], [layers([6, 6]); 3], 7);
    let mut one = Simulation::<f32>::new(&model, Scheme::Sweeps).unwrap();
    let expected = found(&mut one, &model, &[40]).unwrap();
    let all = Channels::run(2, |own| {
        // in a pool of its own, with a thread for each 16384 cells
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(2)
            .build()
            .unwrap();
        pool.install(|| {
            let mut engine = Distributed::<f32>::new(&model, Box::new(own)).unwrap();
            found(&mut engine, &model, &[40]).unwrap()
        })
    });
    assert!(all.iter().all(|found| *found == expected));
}

#[test]
fn all_ranks_stop_at_the_same_step() {
    use crate::maxwell::{Stop, StopReason};
    let mut random = ChaCha8Rng::seed_from_u64(114);
    let model = model(&mut random, [16, 16, 16], [layers([4, 4]); 3], 1);
    let stop = Stop {
        max_steps: 4000,
        energy_fraction: Some(1e-3),
        check_interval: 10,
    };
    let run = |engine: &mut dyn Engine| {
        let go_on = &mut |_: &_| std::ops::ControlFlow::Continue(());
        engine.run(&stop, go_on).unwrap()
    };
    let expected = run(&mut Simulation::<f64>::new(&model, Scheme::Fastest).unwrap());
    assert_eq!(expected.reason, StopReason::Energy);
    let all = Channels::run(3, |own| {
        run(&mut Distributed::<f64>::new(&model, Box::new(own)).unwrap())
    });
    assert!(all.iter().all(|outcome| *outcome == expected));
}

#[test]
fn a_mesh_too_small_for_its_ranks_is_refused() {
    let mut random = ChaCha8Rng::seed_from_u64(115);
    let walls = [layers([3, 3]), [Wall::Periodic; 2], [Wall::Pec; 2]];
    let model = model(&mut random, [12, 1, 6], walls, 1);
    let errors = Channels::run(14, |own| {
        Distributed::<f64>::new(&model, Box::new(own)).err()
    });
    for error in errors {
        let error = error.expect("14 ranks");
        assert!(matches!(error, Error::Ranks { ranks: 14, .. }), "{error}");
        assert!(
            error.to_string().contains("take fewer processes"),
            "{error}"
        );
    }
}

#[test]
fn a_rank_that_fails_ends_the_others() {
    let mut random = ChaCha8Rng::seed_from_u64(116);
    let model = model(&mut random, [16, 16, 16], [layers([4, 4]); 3], 1);
    let all = Channels::run(3, |own| {
        let rank = own.rank();
        let mut engine = Distributed::<f64>::new(&model, Box::new(own)).unwrap();
        engine.advance(3).unwrap();
        if rank == 1 {
            return Ok(());
        }
        engine.advance(1000)
    });
    assert!(matches!(all[0], Err(Error::Ranks { .. })));
    assert!(matches!(all[2], Err(Error::Ranks { .. })));
}
