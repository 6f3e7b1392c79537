//! Times of the direct solver of Helmholtz' equation: a rod in absorbing layers.
//!
//! `cargo run --release -p curlwind-solvers --example time_helmholtz [points along a side ...]`

use curlwind_solvers::helmholtz::{Helmholtz, Layer, Side, Solver};
use ndarray::{Array2, Array3};
use num_complex::Complex64;
use std::time::Instant;

/// Sources that are solved side by side.
const MANY: usize = 16;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sizes: Result<Vec<usize>, _> = std::env::args().skip(1).map(|n| n.parse()).collect();
    let sizes = match sizes? {
        sizes if sizes.is_empty() => vec![100, 200, 400],
        sizes => sizes,
    };
    println!("unknowns        factors   one source   each of {MANY}");
    for n in sizes {
        let side = Side::Absorbing(Layer::new(10));
        let equation = Helmholtz::at_frequency(3e9, 0.005, [n + 1; 2], side);
        let (x, y) = (equation.points(0), equation.points(1));
        let radius = 0.3 * x[n];
        let permittivity = Array2::from_shape_fn(equation.shape(), |(j, i)| {
            let inside = x[i].hypot(y[j]) < radius;
            Complex64::from(if inside { 3.0 } else { 1.0 })
        });
        let mut best = [f64::INFINITY; 3];
        for _ in 0..3 {
            let start = Instant::now();
            let solver = Solver::new(equation, permittivity.view())?;
            let made = start.elapsed().as_secs_f64();
            let start = Instant::now();
            solver.scattered(equation.plane_wave(0.3).view())?;
            let one = start.elapsed().as_secs_f64();
            let sources = Array3::from_shape_fn((MANY, n + 2, n + 2), |(s, j, i)| {
                Complex64::from(if (i, j) == (n / 3 + s, n / 2) {
                    1.0
                } else {
                    0.0
                })
            });
            let start = Instant::now();
            solver.solve_many(sources.view())?;
            let many = start.elapsed().as_secs_f64() / MANY as f64;
            for (best, time) in best.iter_mut().zip([made, one, many]) {
                *best = best.min(time);
            }
        }
        let [made, one, many] = best;
        println!("{n:>4} x {n:<4} {made:>10.3} s {one:>10.4} s {many:>10.4} s");
    }
    Ok(())
}
