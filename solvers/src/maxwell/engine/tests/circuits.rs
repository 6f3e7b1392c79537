//! Lumped elements against circuit theory.

use super::super::{Scheme, Simulation};
use crate::maxwell::constants::VACUUM_PERMITTIVITY;
use crate::maxwell::{Component, EdgeMedium, Mesh, Model, Probe, SeriesElement, Wall};
use ndarray::Array2;

/// One cell of one edge in a box of magnetic walls is a capacitor `C_0 = eps A / l` alone: without a
/// magnetic field the edge's voltage obeys `C_0 V' = -I`, `V + v_s = L I' + R I + Q / C`.
fn cell(element: SeriesElement, source: Vec<f64>, dt: f64) -> Vec<f64> {
    // periodic along all axes: all four edges of the cell are one, and no curl
    let mesh = Mesh::uniform([1; 3], [1e-3, 2e-3, 3e-3]).unwrap();
    let mut model = Model::vacuum(mesh, [[Wall::Periodic; 2]; 3]);
    model.time_step = dt;
    model.edge_media = vec![EdgeMedium::lossless(2.0)];
    let steps = source.len();
    model.waveforms = Array2::from_shape_vec((steps, 1), source).unwrap();
    model.elements.push(element);
    model.probes.push(Probe {
        component: Component::Ez,
        index: [0; 3],
    });
    let mut simulation = Simulation::<f64>::new(&model, Scheme::Reference).unwrap();
    simulation.advance(steps);
    simulation.probe(0).iter().map(|e| -3e-3 * e).collect()
}

fn element(resistance: f64, inductance: f64, capacitance: f64) -> SeriesElement {
    SeriesElement {
        component: Component::Ez,
        index: [0; 3],
        resistance,
        inductance,
        capacitance,
        waveform: Some(0),
    }
}

const CELL: f64 = 2.0 * VACUUM_PERMITTIVITY * 2e-6 / 3e-3;

/// A step of 1 V through R charges the cell as `1 - exp(-t / R C_0)`; the trapezoidal rule at
/// 200 steps per time constant errs by 1e-5.
#[test]
fn a_resistor_charges_the_cell() {
    let r = 75.0;
    let dt = r * CELL / 200.0;
    let found = cell(element(r, 0.0, f64::INFINITY), vec![1.0; 1000], dt);
    for (n, v) in found.iter().enumerate() {
        let t = (n as f64 + 1.0) * dt;
        assert!((v - (1.0 - (-t / (r * CELL)).exp())).abs() < 1e-5);
    }
}

/// R, L, C in series with the cell's own capacitance: `V_0(t)` of a damped oscillation,
/// `V = C' / C_0 (1 - exp(-a t) (cos w t + a / w sin w t))` with `a = R / 2L`, `w^2 = 1 / L C' - a^2`,
/// `1 / C' = 1 / C + 1 / C_0`; tolerance 1e-4 at 1500 steps per period.
#[test]
fn a_series_resonance_rings() {
    let (r, l, c) = (10.0, 2e-9, 3.0 * CELL);
    let both = 1.0 / (1.0 / c + 1.0 / CELL);
    let a = r / (2.0 * l);
    let w = (1.0 / (l * both) - a * a).sqrt();
    let dt = std::f64::consts::TAU / w / 1500.0;
    let found = cell(element(r, l, c), vec![1.0; 7500], dt);
    for (n, v) in found.iter().enumerate() {
        let t = (n as f64 + 1.0) * dt;
        let ring = (-a * t).exp() * ((w * t).cos() + a / w * (w * t).sin());
        let expected = both / CELL * (1.0 - ring);
        assert!((v - expected).abs() < 1e-4, "{n}: {v} {expected}");
    }
}

/// Without R, at steps far beyond the branch's own period, the oscillation neither grows nor decays.
#[test]
fn a_coarse_step_is_stable() {
    let (l, c) = (1e-13, 0.01 * CELL);
    let dt = 50.0 * (l * c).sqrt();
    let mut source = vec![0.0; 20000];
    source[0] = 1.0;
    let found = cell(element(0.0, l, c), source, dt);
    let peak = |v: &[f64]| v.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    assert!(peak(&found[19000..]) <= 1.001 * peak(&found[..1000]));
}
