//! Exact solutions.

use super::{QuasiGeostrophic, Solver};
use ndarray::Array3;
use num_complex::Complex64;

/// A Rossby wave of any amplitude on layers that move as one, U1 = U2 = U:
///
/// ```text
/// psi_i = a_i cos(kx x + ky y - omega t) exp(-sigma t),   sigma = nu K^2p
/// barotropic   omega = U kx - beta kx / K^2                  a2 = a1
/// baroclinic   omega = U kx - beta kx / (K^2 + F1 + F2)      a2 = -(F2 / F1) a1
/// ```
///
/// (G. K. Vallis, Atmospheric and Oceanic Fluid Dynamics, 2nd ed., section 6.4.) One wave does not
/// advect itself, so the full equation has it as a solution as long as there is no drag and no shear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RossbyWave {
    /// Whole waves along y and x, not both 0.
    pub waves: [i32; 2],
    /// Amplitude a1 of the upper streamfunction in m^2/s.
    pub amplitude: f64,
    /// Whether the layers move against each other.
    pub baroclinic: bool,
}

impl RossbyWave {
    /// Frequency in rad/s.
    pub fn frequency(&self, equation: &QuasiGeostrophic) -> f64 {
        let [ky, kx] = super::phillips::wavenumbers(equation, self.waves);
        let square = kx * kx + ky * ky + self.stretching(equation);
        kx * (equation.velocities[0] - equation.beta / square)
    }

    /// What the layers' thickness adds to the squared wavenumber, in 1/m^2.
    fn stretching(&self, equation: &QuasiGeostrophic) -> f64 {
        match self.baroclinic {
            true => equation.stretching().iter().sum(),
            false => 0.0,
        }
    }

    /// The potential vorticity `[layer][y][x]` in 1/s at a time in s.
    pub fn at(&self, solver: &Solver, time: f64) -> Array3<f64> {
        let equation = solver.equation();
        let [ky, kx] = super::phillips::wavenumbers(equation, self.waves);
        let square = kx * kx + ky * ky;
        let lower = match self.baroclinic {
            true => -equation.depth_ratio,
            false => 1.0,
        };
        let vorticity = -(square + self.stretching(equation)) * self.amplitude;
        let decayed = vorticity * (-equation.dissipation(square) * time).exp();
        let turned = self.frequency(equation) * time;
        solver.state(|x, y| {
            let wave = decayed * Complex64::cis(kx * x + ky * y - turned).re;
            [wave, lower * wave]
        })
    }
}
