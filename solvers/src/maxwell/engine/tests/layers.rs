//! A pulse that leaves through absorbing layers.

use super::super::{Scheme, Simulation};
use crate::maxwell::{Component, Cpml, Mesh, Model, Probe, SourceTerm, Wall};
use ndarray::Array2;

fn pulse(model: &mut Model, steps: usize, width: f64) {
    model.waveforms = Array2::from_shape_fn((steps, 1), |(n, _)| {
        let t = (n as f64 - 4.0 * width) / width;
        -t * (-t * t).exp()
    });
}

/// Domain: 200 cells along one axis, a 10-cell layer at each end, a pulse of 20 cells' width from
/// the middle. Reflections at normal incidence are the layer's own, below -80 dB (1e-4).
#[test]
fn a_pulse_leaves_in_one_dimension() {
    for axis in 0..3 {
        for electric in 0..3 {
            if electric == axis {
                continue;
            }
            let mut cells = [1; 3];
            cells[axis] = 200;
            let mut walls = [[Wall::Periodic; 2]; 3];
            walls[axis] = [Wall::Cpml(Cpml::new(10)); 2];
            let mut model = Model::vacuum(Mesh::uniform(cells, [1e-3; 3]).unwrap(), walls);
            pulse(&mut model, 400, 20.0);
            let mut index = [0; 3];
            index[axis] = 100;
            let component = Component::ALL[electric];
            model.sources.push(SourceTerm {
                component,
                index,
                waveform: 0,
                scale: 1.0,
            });
            index[axis] = 60;
            model.probes.push(Probe { component, index });
            let mut simulation = Simulation::<f64>::new(&model, Scheme::Reference).unwrap();
            simulation.advance(700);
            let peak = |range: std::ops::Range<usize>| {
                simulation.probe(0)[range]
                    .iter()
                    .fold(0.0f64, |m, v| m.max(v.abs()))
            };
            // the pulse is centred at step 80, 40 cells away it has passed by step 220
            let (passed, back) = (peak(0..240), peak(240..700));
            assert!(passed > 0.1);
            assert!(
                back < 1e-4 * passed,
                "{axis} {electric}: {back:e} of {passed:e}"
            );
        }
    }
}

/// Domain: 26^3 cells with 8-cell layers against 62^3, a dipole in the middle of both. Until a wave
/// could return from the large one's walls, the field near the dipole differs by less than -60 dB
/// of its peak.
#[test]
fn a_small_box_is_like_a_large_one() {
    let record = |n: usize, cells: usize| {
        let walls = [[Wall::Cpml(Cpml::new(cells)); 2]; 3];
        let mut model = Model::vacuum(Mesh::uniform([n; 3], [1e-3; 3]).unwrap(), walls);
        pulse(&mut model, 120, 8.0);
        let middle = n / 2;
        model.sources.push(SourceTerm {
            component: Component::Ez,
            index: [middle; 3],
            waveform: 0,
            scale: 1.0,
        });
        model.probes.push(Probe {
            component: Component::Ez,
            index: [middle + 2, middle + 2, middle],
        });
        let mut simulation = Simulation::<f64>::new(&model, Scheme::Reference).unwrap();
        simulation.advance(100);
        simulation.probe(0).to_vec()
    };
    let (large, small) = (record(62, 4), record(26, 8));
    let peak = large.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let error = large
        .iter()
        .zip(&small)
        .fold(0.0f64, |m, (a, b)| m.max((a - b).abs()));
    assert!(error < 1e-3 * peak, "{error:e} of {peak:e}");
}
