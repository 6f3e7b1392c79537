//! A closed box of perfect conductor filled with noise: energy, and the frequency of every mode.
//!
//! The modes of the mesh are products of sines and cosines with the frequencies of the scheme's own
//! dispersion relation. A field projected on one of them oscillates alone, so that
//! `x(n+1) + x(n-1) = 2 cos(omega dt) x(n)` gives omega by least squares.

use super::Table;
use curlwind_solvers::Result;
use curlwind_solvers::maxwell::{
    Component, DispersionRelation, Mesh, Model, Scheme, Simulation, Wall,
};
use ndarray::Array3;
use rand::{Rng, SeedableRng};
use std::f64::consts::PI;

const CELLS: [usize; 3] = [20, 16, 12];
const SPACING: [f64; 3] = [1e-3, 1.3e-3, 0.8e-3];

pub fn run(table: &mut Table) -> Result<()> {
    let model = Model::vacuum(Mesh::uniform(CELLS, SPACING)?, [[Wall::Pec; 2]; 3]);
    let mut simulation = Simulation::<f64>::new(&model, Scheme::Fastest)?;
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    for c in Component::ALL {
        let scale = if c.is_electric() { 1.0 } else { 1.0 / 377.0 };
        let noise = Array3::from_shape_simple_fn(simulation.field(c).raw_dim(), || {
            scale * random.random_range(-1.0..1.0)
        });
        simulation.set_field(c, noise.view())?;
    }
    simulation.advance(2);
    let start = simulation.energy();
    let mut drift: f64 = 0.0;
    let mut history = Vec::new();
    for _ in 0..40 {
        simulation.advance(1);
        history.push(simulation.field(Component::Ez));
        drift = drift.max((simulation.energy() / start - 1.0).abs());
    }
    for _ in 0..100 {
        simulation.advance(100);
        drift = drift.max((simulation.energy() / start - 1.0).abs());
    }
    let relation = DispersionRelation::of(&model.mesh, model.time_step);
    let (mut worst, mut modes) = (0.0f64, 0);
    for p in 1..CELLS[0] {
        for q in 1..CELLS[1] {
            for r in 0..CELLS[2] {
                let found = angle(&history, [p, q, r]) / (2.0 * PI * model.time_step);
                let expected = relation.cavity_frequency([p, q, r], CELLS);
                worst = worst.max((found / expected - 1.0).abs());
                modes += 1;
            }
        }
    }
    let case = format!("PEC cavity: frequencies of {modes} modes, relative");
    table.below(&case, 1e-5, worst);
    table.below("PEC cavity: change of energy in 10,000 steps", 1e-12, drift);
    Ok(())
}

/// `omega dt` of one mode of Ez.
fn angle(history: &[Array3<f64>], modes: [usize; 3]) -> f64 {
    let phase = |a: usize, x: f64| PI * modes[a] as f64 * x / CELLS[a] as f64;
    let x: Vec<f64> = (0..CELLS[0]).map(|i| phase(0, i as f64).sin()).collect();
    let y: Vec<f64> = (0..CELLS[1]).map(|j| phase(1, j as f64).sin()).collect();
    let z: Vec<f64> = (0..CELLS[2])
        .map(|k| phase(2, k as f64 + 0.5).cos())
        .collect();
    let project = |field: &Array3<f64>| {
        let mut sum = 0.0;
        for (k, z) in z.iter().enumerate() {
            for (j, y) in y.iter().enumerate() {
                let row: f64 = x
                    .iter()
                    .enumerate()
                    .map(|(i, x)| x * field[[k, j, i]])
                    .sum();
                sum += z * y * row;
            }
        }
        sum
    };
    let all: Vec<f64> = history.iter().map(project).collect();
    // the charges of the noise stand still with their field: only changes oscillate
    let changes: Vec<f64> = all.windows(2).map(|w| w[1] - w[0]).collect();
    let (mut above, mut below) = (0.0, 0.0);
    for w in changes.windows(3) {
        above += (w[0] + w[2]) * w[1];
        below += 2.0 * w[1] * w[1];
    }
    (above / below).acos()
}
