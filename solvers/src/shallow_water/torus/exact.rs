//! Exact solutions.

use super::Solver;
use ndarray::Array3;
use num_complex::Complex64;
use std::f64::consts::TAU;

/// A wave of small amplitude on the layer at rest,
///
/// ```text
/// omega^2 = f^2 + g H k^2,  h' = a cos(k.x - omega t)
/// u' = g a (omega kx cos - f ky sin) / (omega^2 - f^2),  v' = g a (omega ky cos + f kx sin) / (...)
/// ```
///
/// with cos and sin of the same phase (G. K. Vallis, Atmospheric and Oceanic Fluid Dynamics, 2nd
/// ed., section 3.8.2), times `exp(-nu k^2 t)`: exact to the second order in a / H.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InertiaGravityWave {
    /// Whole waves along y and x, not both 0.
    pub waves: [i32; 2],
    /// Amplitude a of the thickness in m.
    pub amplitude: f64,
}

impl InertiaGravityWave {
    /// The state `[variable][y][x]` at a time in s.
    pub fn at(&self, solver: &Solver, time: f64) -> Array3<f64> {
        let equation = solver.equation();
        let [length_y, length_x] = equation.lengths;
        let ky = TAU * f64::from(self.waves[0]) / length_y;
        let kx = TAU * f64::from(self.waves[1]) / length_x;
        let square = kx * kx + ky * ky;
        let (g, f) = (equation.gravity, equation.coriolis);
        let excess = g * equation.depth * square;
        let omega = (f * f + excess).sqrt();
        let height = self.amplitude * (-equation.diffusivity * square * time).exp();
        solver.state(|x, y| {
            let wave = height * Complex64::cis(kx * x + ky * y - omega * time);
            let slope = wave * (g / excess);
            let u = slope * Complex64::new(omega * kx, f * ky);
            let v = slope * Complex64::new(omega * ky, -f * kx);
            [u.re, v.re, equation.depth + wave.re]
        })
    }
}

/// Jets along x in geostrophic balance, steady without diffusion at any speed:
///
/// ```text
/// u = U cos(l y),  v = 0,  h = H - f U / (g l) sin(l y),  l = 2 pi waves / Ly
/// ```
///
/// U in m/s, and as many pairs of jets as `waves`, 1 or more. The state is `[variable][y][x]`.
pub fn jet(solver: &Solver, speed: f64, waves: u32) -> Array3<f64> {
    let equation = solver.equation();
    let l = TAU * f64::from(waves) / equation.lengths[0];
    let height = equation.coriolis * speed / (equation.gravity * l);
    solver.state(|_, y| {
        let (sin, cos) = (l * y).sin_cos();
        [speed * cos, 0.0, equation.depth - height * sin]
    })
}
